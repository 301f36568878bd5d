"""Models that take several images at once and no single one: after `squeeze()`, with statistics of the batch, or where
halves of the batch are compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor

from reportgen.experiment._torch_internals import hooks_before
from reportgen.experiment.models.factories import first_line
from reportgen.experiment.models.forward import evaluating
from reportgen.experiment.snapshot import preserved
from reportgen.record.message import N_, Message
from reportgen.system.memory import is_memory_error
from reportgen.system.signals import INTERRUPTIONS, errors_passed_over

ACCOMPANIES = ContextVar("ACCOMPANIES", default=True)
"""Whether a single image is given together with another."""
FEW = 2


class Company:
    """Two forward hooks that give a single image together with another, in evaluation mode, and keep its answer alone.

    `other`: (1, C, H, W), what an image is put together with; an image of another shape is shown twice. `always`: in
    training mode too, of a model that stays in it whatever it is told.
    """

    def __init__(self, other: Tensor, always: bool = False) -> None:
        self.other, self.always, self.joined = other, always, False

    def before(self, module: torch.nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The inputs, two images where there was one."""
        images = inputs[0] if inputs else None
        single = isinstance(images, Tensor) and images.ndim == 4 and len(images) == 1
        self.joined = single and ACCOMPANIES.get() and (self.always or not module.training)
        if not self.joined or not isinstance(images, Tensor):
            return None
        other = self.other.to(images) if self.other.shape == images.shape else images.detach()
        return (torch.cat([images, other]), *inputs[1:])

    def after(self, _module: torch.nn.Module, _inputs: Any, output: Any) -> Any:
        """The first row of the logits, where there was one image."""
        return output[:1] if self.joined else output


@contextmanager
def unaccompanied() -> Iterator[None]:
    """Inside, a single image is given alone, whatever the model makes of it."""
    token = ACCOMPANIES.set(False)
    try:
        yield
    finally:
        ACCOMPANIES.reset(token)


def settle_single(module: torch.nn.Module, images: Tensor) -> tuple[Message, ...]:
    """Let a model of several images answer a single one too, if it answers two of `images` (n, C, H, W) and not one.

    Its output is a tensor of rows by now. The model is left as it was but for the hooks. Says what was done.
    """
    refusal = find_refusal(module, images)
    if refusal is None:
        return ()
    with preserved(module), evaluating(module):
        company = Company(images[-1:].detach().cpu(), always=module.training)
    module.register_forward_pre_hook(company.before)
    module.register_forward_hook(company.after)
    return (refusal,)


def takes_no_single(module: torch.nn.Module) -> bool:
    """Whether single images are accompanied."""
    return any(isinstance(getattr(hook, "__self__", None), Company) for hook in hooks_before(module))


def find_refusal(module: torch.nn.Module, images: Tensor) -> Message | None:
    """Why one image is refused where two are not; None where it is taken, or two are refused as well."""
    place = next(module.parameters(), torch.zeros(0)).device
    with preserved(module), evaluating(module):
        try:
            single = module(images[:1].to(place))
        except INTERRUPTIONS:
            raise
        except BaseException as error:  # whatever a model raises for a single image
            reason = None if is_memory_error(error) else f"{type(error).__name__}: {first_line(error)}"
        else:
            if not isinstance(single, Tensor) or bool(torch.isfinite(single).all()):
                return None
            reason = ""
    if reason is None or not takes(module, images[:FEW].to(place)):
        return None
    if not reason:
        return N_(
            "The model’s output for a single image is not finite. Where one image is asked for, it was therefore given "
            "together with another test image and the second answer was not used: the latency and the memory of one "
            "image are those of a batch of two."
        )
    return N_(
        "The model takes no batch of one image: with one it raises {reason}, and with two it works. Where one image is "
        "asked for, it was therefore given together with another test image and the second answer was not used: the "
        "latency and the memory of one image are those of a batch of two.",
        reason=reason,
    )


def takes(module: torch.nn.Module, images: Tensor) -> bool:
    """Whether the model answers images (n, C, H, W) with finite numbers."""
    with errors_passed_over(), preserved(module), evaluating(module):
        output = module(images)
        return not isinstance(output, Tensor) or bool(torch.isfinite(output).all())
    return False
