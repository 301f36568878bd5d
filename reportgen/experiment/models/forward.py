"""One forward pass on random images, and a plain sentence when it fails."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.modules.module import register_module_forward_hook

from reportgen.errors import ModelError
from reportgen.experiment.faults import find_model_line
from reportgen.experiment.models.factories import first_line
from reportgen.system.memory import is_memory_error, memory_trouble
from reportgen.system.signals import INTERRUPTIONS, errors_passed_over
from reportgen.text.errors import words_of

OTHER_BATCHES = (2, 1, 4, 8, 32)
"""Numbers of images that a model is tried on that refused another."""
ANY_NUMBER = (
    "Images come in batches of any number, in training too: let its forward take them, such as by flatten(1) instead "
    "of squeeze(), with the number of images from x.shape[0] in every view."
)
LOGIT_NAMES = ("logits", "out")
"""Where models that return more than logits put them; otherwise the first tensor is taken."""


@dataclasses.dataclass(frozen=True)
class Failure:
    """The innermost module that an exception left."""

    path: str
    kind: str
    shapes: tuple[tuple[int, ...], ...]
    """Of its input tensors."""


def check_forward(module: torch.nn.Module, input_shape: tuple[int, ...], classes: int | None) -> None:
    """Run the model once on random images of `input_shape` (n, C, H, W), in evaluation mode and without gradients.

    Raises ModelError naming the module and the shapes where it fails, or both class counts when they differ.
    """
    with torch.random.fork_rng(devices=[]):
        images = torch.randn(input_shape)
        try:
            output = run_once(module, images)
        except ModelError as error:
            number = next((size for size in OTHER_BATCHES if answers(module, images, size)), None)
            if number is None:
                raise
            raise ModelError(
                f"the model takes no batch of {len(images)}, but one of {number}: {error.message}", ANY_NUMBER
            ) from error
    check_logits(logits_of(output), input_shape[0], classes)


def run_once(module: torch.nn.Module, images: Tensor) -> Any:
    """What the model returns for images (n, C, H, W), in evaluation mode and without gradients.

    Raises ModelError naming the module and the shapes where it fails, EnvironmentTrouble where memory is short.
    """
    place = next(module.parameters(), torch.zeros(0))
    with evaluating(module), failures(module) as failed:
        try:
            return module(images.to(place.device))
        except (ModelError, *INTERRUPTIONS):
            raise
        except BaseException as error:
            if is_memory_error(error):
                raise memory_trouble(error, "one forward pass", "Use a smaller model.") from error
            raise ModelError(*explain(failed.get(id(error)), tuple(images.shape), error)) from error


def answers(module: torch.nn.Module, images: Tensor, number: int) -> bool:
    """Whether the model, as it is, takes so many of these images (n, C, H, W), some of them several times."""
    with errors_passed_over(), evaluating(module):
        module(images[torch.arange(number) % len(images)].to(next(module.parameters(), torch.zeros(0)).device))
        return True
    return False


def check_logits(logits: Tensor, n: int, classes: int | None) -> None:
    """Raise ModelError unless the logits are (n, classes) and of a floating type."""
    shape = tuple(logits.shape)
    if len(shape) != 2 or shape[0] != n or not logits.is_floating_point():
        raise ModelError(
            f"the model gives {logits.dtype} {shape} for {n} images, not logits of shape ({n}, {classes or 'classes'})",
            "A classification model returns one row of logits per image.",
        )
    if classes is not None and shape[1] != classes:
        raise ModelError(
            f"the model gives {shape[1]:,} classes and the data set has {classes:,}",
            f"Set in the spec, under model: args: {{num_classes: {classes}}} (or the name your factory gives it).",
        )


def rows_of(output: Any, n: int, classes: int | None) -> Tensor:
    """The logits (n, classes) in what a model returns for n images; `classes` is None where any number is right.

    Raises ModelError where it gave such rows for other images and gives something else for these.
    """
    logits = logits_of(output)
    shape = tuple(logits.shape)
    if len(shape) == 2 and shape == (n, classes or shape[1]) and logits.is_floating_point():
        return logits
    kind = str(logits.dtype).removeprefix("torch.")
    raise ModelError(
        f"the model gives {kind} {shape} for {n} images, and for others it gave one row of {classes or 'the'} logits "
        "an image",
        "Its forward must return the same for every number of images and at every call; look at what depends on "
        "x.shape[0], on the mode, or on calls before.",
    )


def logits_of(output: Any) -> Tensor:
    """The logits (n, classes) in what a model returns: itself, its `logits` or `out`, or the first tensor.

    Raises ModelError where there is none.
    """
    found = next(tensors_in(find_usual_output(output) if find_usual_output(output) is not None else output), None)
    if found is None:
        raise ModelError(
            f"the model returns {type(output).__name__}, which holds no tensor",
            "Return the logits, or a dict or tuple that holds them.",
        )
    return found


def find_usual_output(output: Any) -> Any:
    """What stands under one of the usual names, or None."""
    for name in LOGIT_NAMES:
        value = output.get(name) if isinstance(output, Mapping) else getattr(output, name, None)
        if isinstance(value, Tensor):
            return value
    return None


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Every tensor in nested tuples, lists, mappings and dataclasses, in order."""
    if isinstance(value, Tensor):
        yield value
        return
    parts: Iterable[Any] = ()
    if isinstance(value, Mapping):
        parts = value.values()
    elif isinstance(value, tuple | list):
        parts = value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = [getattr(value, field.name) for field in dataclasses.fields(value)]
    for part in parts:
        yield from tensors_in(part)


@contextmanager
def evaluating(module: torch.nn.Module) -> Iterator[None]:
    """Evaluation mode and no gradients inside; each module's own mode comes back."""
    modes = [(child, child.training) for child in module.modules()]
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for child, training in modes:
            child.training = training


@contextmanager
def failures(module: torch.nn.Module) -> Iterator[dict[int, Failure]]:
    """Where each exception was first seen to leave a module, by its id()."""
    paths = {id(child): path for path, child in module.named_modules()}
    failed: dict[int, Failure] = {}
    seen: list[BaseException] = []  # keeps them alive, so that an id() is not given twice

    def leave(child: torch.nn.Module, inputs: Any, _output: Any) -> None:
        error = sys.exception()
        if error is not None and id(error) not in failed:
            shapes = tuple(tuple(tensor.shape) for tensor in tensors_in(inputs))
            failed[id(error)] = Failure(paths.get(id(child), ""), type(child).__name__, shapes)
            seen.append(error)

    handle = register_module_forward_hook(leave, always_call=True)
    try:
        yield failed
    finally:
        handle.remove()


def explain(failure: Failure | None, input_shape: tuple[int, ...], error: BaseException) -> tuple[str, str]:
    """Message and hint for a forward pass that raised."""
    reason = f"{type(error).__name__}: {first_line(error)}"
    image = "×".join(map(str, input_shape[1:]))
    if failure is None:
        return f"the model can't take {image} images: {reason}", "Look at the model's forward."
    got = " and ".join(map(str, failure.shapes)) or "no tensor"
    where, line = failure.path or "the model itself", find_model_line(error, None)
    at = f" (line {line.line} of {Path(line.file).name})" if line else ""
    return (
        f"the model can't take {image} images: {where} ({failure.kind}) got {got} and raised {reason}{at}",
        hint_for(error, input_shape),
    )


SIZES = ("size", "shape", "dimension", "channel", "kernel", "mat1", "match", "stride", "view", "expand", "expected")
"""Words of errors about shapes."""
CHANNELS = re.compile(r"to have (\d+) channels, but got (\d+) channels")
"""What a convolution says of channels that it has no weights for."""
FIXED_SIZE = re.compile(r"Input (?:height|size) \(?(\d+)[^)]*\)? doesn't match model \(?(\d+)")
"""What timm's patch embeddings say of images of another size than they were made for."""


BY_NAME = ("too many indices for tensor", "only integers, slices")
"""What a tensor says when a forward takes a text as its index, as of a dict."""


def hint_for_inputs(error: BaseException, text: str) -> str | None:
    """What to do where the model takes something else than images alone; None where that is not the reason."""
    if isinstance(error, NotImplementedError) and 'required "forward"' in text:
        return (
            "It has no forward for images, as a module that only trains another: let a factory return the network "
            "inside it (such as return Module().model), or give it a forward."
        )
    if isinstance(error, IndexError | TypeError) and any(words in text for words in BY_NAME):
        return (
            "The model is called with one tensor of images (n, C, H, W): where its forward takes a dict or more axes, "
            "wrap it in a factory whose model makes them from the images."
        )
    if isinstance(error, TypeError) and "argument" in text:
        return (
            "The model is called with the images alone: give the other arguments of its forward defaults, or wrap it "
            "in a factory whose model fills them in."
        )
    return None


def hint_for(error: BaseException, input_shape: tuple[int, ...] = ()) -> str:
    """What to do about a forward pass on images (n, C, H, W) that raised, by what it raised."""
    text = words_of(error)
    if hint := hint_for_inputs(error, text):
        return hint
    if any(word in text for word in ("NVIDIA", "CUDA", "cuda")) and not torch.cuda.is_available():
        return "Its code asks for CUDA by name, which this machine lacks: let it use the device of its input, x.device."
    asked = CHANNELS.search(text)
    if asked and asked.groups() in (("1", "3"), ("3", "1")):
        return f"Let the images have as many channels as the model takes, in the spec: data: {{channels: {asked[1]}}}."
    if asked and input_shape[1:2] == (int(asked[2]),):  # else of a convolution inside
        return (
            f"The model takes images of {asked[1]} channels, and these have {asked[2]}: give its factory the number of "
            "channels in model.args (in_channels, in_chans), or wrap it in a factory whose model begins with a layer "
            "that makes the one of the other."
        )
    if fixed := FIXED_SIZE.search(text):
        return (
            f"Resize the images to the model's size, in the spec: data: {{image_size: {fixed[2]}}}; or let the model "
            f"take theirs: model: {{args: {{img_size: {fixed[1]}}}}}, with a smaller patch_size where that is too few "
            "patches."
        )
    if any(word in text.lower() for word in SIZES):
        return (
            "If the image is too small there, try model.stem: cifar, give the model's own argument for the image size "
            "in model.args, or resize the images with data.image_size."
        )
    return "Look at what its forward does there."
