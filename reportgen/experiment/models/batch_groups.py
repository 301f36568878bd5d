"""Models that take images in multiples of a number only, as where four views of one thing are one row: found by trying,
and given full groups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from reportgen.errors import ModelError
from reportgen.experiment._torch_internals import hooks_before
from reportgen.experiment.models.forward import run_once
from reportgen.experiment.models.single_images import ACCOMPANIES
from reportgen.experiment.snapshot import preserved
from reportgen.experiment.torch_settings import kept_settings
from reportgen.record.message import N_, Message

MOST_IMAGES = 1024
LARGEST = 256
"""Images of a group that others are filled up to."""
USUAL_BATCHES = (1, 2, 3, 8, 10, 16, 20, 32, 50, 64, 100, 128, 256)
ODD, EVEN = 3, (2, 4)


class Groups:
    """Two forward hooks that fill the images up to a multiple of `size` and keep the answers of those that were given.

    In evaluation mode with `others` (n, C, H, W), in training mode with images of the batch, shown again.
    """

    def __init__(self, size: int, others: Tensor) -> None:
        self.size, self.others = size, others
        self.given: int | None = None

    def before(self, module: torch.nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The inputs, with as many images as the model takes."""
        images = inputs[0] if inputs else None
        self.given = None
        if not isinstance(images, Tensor) or images.ndim != self.others.ndim or not ACCOMPANIES.get():
            return None
        lacking = -len(images) % self.size
        if not lacking:
            return None
        self.given = len(images)
        more = images.detach()
        if not module.training and self.others.shape[1:] == images.shape[1:]:
            more = self.others.to(images)
        rows = torch.arange(lacking, device=more.device) % len(more)
        return (torch.cat([images, more[rows]]), *inputs[1:])

    def after(self, _module: torch.nn.Module, _inputs: Any, output: Any) -> Any:
        """The rows of the images that were given."""
        return output[: self.given] if self.given is not None and isinstance(output, Tensor) else output


def settle_groups(module: torch.nn.Module, images: Tensor, size: int) -> tuple[Message, ...]:
    """Let a model that takes multiples of `size` images take any number; its output is a tensor of rows by now.

    Says what was done.
    """
    groups = Groups(size, images[:size].detach().cpu())
    module.register_forward_pre_hook(groups.before)
    module.register_forward_hook(groups.after)
    return (
        N_(
            "The model takes images in multiples of {size} only. Any other number, a single image or the last of a "
            "split, was filled up with other images whose answers were not used, in training with images of the same "
            "batch; the latency and the memory of one image are those of {size}.",
            size=size,
        ),
    )


def group_of(module: torch.nn.Module) -> int:
    """Of how many images the model is given multiples; 1 for any other."""
    held = (getattr(hook, "__self__", None) for hook in hooks_before(module))
    return next((one.size for one in held if isinstance(one, Groups)), 1)


def find_group(module: torch.nn.Module, images: Tensor) -> int:
    """The number of images of which the model takes multiples and no other number; 1 where it takes others as well, or
    where no such number is found."""
    error = refusal(module, images, ODD)
    if error is None:
        return 1
    if all(takes(module, images, number) for number in EVEN):
        return EVEN[0]
    found = next((number for number in likely_batches(module, error.message) if takes(module, images, number)), 1)
    for number in (*(part for part in range(2, found) if found % part == 0), found):
        if 1 < number <= LARGEST and all(takes(module, images, times * number) for times in (1, 2, 3)):
            return number
    return 1


def likely_batches(module: torch.nn.Module, message: str) -> Iterator[int]:
    """Numbers of images that a model may want: those of the error, of its buffers and attributes, and usual ones."""
    numbers = [int(text) for text in re.findall(r"\d+", message)[:20]]
    for child in module.modules():
        for name, value in vars(child).items():
            if isinstance(value, int) and not isinstance(value, bool) and ("batch" in name or name in ("n", "bs", "b")):
                numbers.append(value)
    numbers += [size for buffer in module.buffers() for size in buffer.shape[:2]][:20]
    yield from dict.fromkeys(number for number in (*numbers, *USUAL_BATCHES) if 0 < number <= MOST_IMAGES)


def takes(module: torch.nn.Module, images: Tensor, number: int) -> bool:
    """Whether the model gives anything for so many images."""
    return refusal(module, images, number) is None


def refusal(module: torch.nn.Module, images: Tensor, number: int) -> ModelError | None:
    """Why the model gives nothing for so many images, some of `images` (n, C, H, W) several times; None: it does."""
    rows = torch.arange(number) % len(images)
    try:
        with preserved(module), kept_settings():
            run_once(module, images[rows])
    except ModelError as error:
        return error
    return None
