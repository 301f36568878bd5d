"""The last layer of a model, and a new one of another width in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from reportgen.errors import ModelError
from reportgen.experiment.models.forward import evaluating, logits_of
from reportgen.record.message import N_, Message
from reportgen.system.memory import is_memory_error, memory_trouble
from reportgen.system.signals import INTERRUPTIONS
from reportgen.text.errors import words_of

Layer = nn.Linear | nn.Conv2d


def replace_head(module: nn.Module, path: str, classes: int) -> tuple[Message, ...]:
    """Put a new layer with `classes` outputs and fresh weights where the last layer was; returns what to say of it."""
    old = module.get_submodule(path)
    assert isinstance(old, Layer)
    place: dict[str, torch.device | torch.dtype] = {"device": old.weight.device, "dtype": old.weight.dtype}
    new: Layer
    if isinstance(old, nn.Linear):
        new, before = nn.Linear(old.in_features, classes, old.bias is not None, **place), old.out_features
    else:
        new = nn.Conv2d(old.in_channels, classes, 1, bias=old.bias is not None, **place)  # type: ignore[arg-type]
        before = old.out_channels
    module.set_submodule(path, new)
    if isinstance(getattr(module, "num_classes", None), int):
        module.num_classes = classes  # type: ignore[assignment]
    return (
        N_(
            "The last layer {layer} was replaced by a new one with fresh weights: {before} outputs before, {now} now.",
            layer=path,
            before=before,
            now=classes,
        ),
    )


def head_by_width(module: nn.Module, width: int) -> str:
    """The last linear layer or 1×1 convolution with `width` outputs; raises ModelError where there is none."""
    found = [path for path, layer in candidates(module) if outputs_of(layer) == width]
    if not found:
        raise ModelError(
            f"the last layer, with {width:,} outputs, was not found",
            "A linear layer or a 1×1 convolution can be replaced; let the factory take the class count instead.",
        )
    return found[-1]


def head_by_trace(module: nn.Module, image_shape: tuple[int, ...]) -> str:
    """The linear layer or 1×1 convolution whose output is the model's, seen in one forward pass of one image.

    `image_shape`: (C, H, W). Where none is the output itself (a temperature or a normalisation comes after it), the
    last one that ran with as many outputs. Raises ModelError where there is none, or where the pass fails.
    """
    ran: list[tuple[str, Tensor]] = []
    image = torch.randn((1, *image_shape))
    with torch.random.fork_rng(devices=[]), evaluating(module), watched(module, ran):
        try:
            logits = logits_of(module(image))
        except (ModelError, *INTERRUPTIONS):
            raise
        except BaseException as error:
            if is_memory_error(error):
                raise memory_trouble(error, "one forward pass", "Use a smaller model.") from error
            raise ModelError(
                f"model.head: the model can't take {'×'.join(map(str, image_shape))} images: "
                f"{type(error).__name__}: {next(iter(words_of(error).splitlines()), '')}",
                "The last layer is found by one forward pass; look at model.args and data.image_size.",
            ) from error
    width = logits.shape[-1]
    same = [path for path, output in ran if same_numbers(output, logits)]
    near = [path for path, output in ran if width in (output.shape[-1], output.shape[1])]
    if not (same or near):
        raise ModelError(
            f"model.head: no linear layer or 1×1 convolution gives the {width:,} outputs of the model",
            "Leave model.head out, and let the factory take the class count.",
        )
    return (same or near)[-1]


def same_numbers(output: Tensor, logits: Tensor) -> bool:
    """Whether a layer's output is the logits themselves, of a map of one position or of its mean as well."""
    flat = output.flatten(2).mean(2) if output.ndim == 4 else output
    return flat.shape == logits.shape and torch.allclose(flat, logits, rtol=1e-4, atol=1e-6)


@contextmanager
def watched(module: nn.Module, ran: list[tuple[str, Tensor]]) -> Iterator[None]:
    """Note every candidate that runs inside, with its output."""

    def note(path: str) -> Callable[[nn.Module, object, object], None]:
        def hook(_layer: nn.Module, _inputs: object, output: object) -> None:
            if isinstance(output, Tensor):
                ran.append((path, output.detach()))

        return hook

    handles = [layer.register_forward_hook(note(path)) for path, layer in candidates(module)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def candidates(module: nn.Module) -> Iterator[tuple[str, Layer]]:
    """Linear layers and 1×1 convolutions, in the order in which they are held."""
    for path, layer in module.named_modules():
        pointwise = isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1) and layer.groups == 1
        if path and (isinstance(layer, nn.Linear) or pointwise):
            yield path, layer


def outputs_of(layer: Layer) -> int:
    """How many numbers it gives at each position."""
    return layer.out_features if isinstance(layer, nn.Linear) else layer.out_channels
