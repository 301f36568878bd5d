"""What a model does besides answering: what it writes into, what it keeps, how many images it takes; found by trying.

Public networks do all of this: images normalised in place, weights made binary by each forward pass, membranes of
spiking neurons that stay between calls, hidden states of one batch size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from reportgen.errors import ModelError
from reportgen.experiment.models.batch_groups import likely_batches, takes
from reportgen.experiment.models.forward import run_once, tensors_in
from reportgen.experiment.snapshot import preserved
from reportgen.experiment.torch_settings import (
    GradientModeKeeper,
    SettingsKeeper,
    kept_settings,
    put_back,
    settings_now,
)
from reportgen.record.message import N_, Message
from reportgen.system.signals import errors_passed_over

MOST_NAMED = 3
PUSH = 0.01
"""Share of a weight that is added to it, to see whether the next forward pass leaves it there."""
CHANGES_SETTINGS = N_(
    "The model’s forward pass changes the type or the device of new tensors for the whole process; they "
    "were set back each time."
)
SWITCHES_GRADIENTS = N_(
    "The model’s forward pass switches the recording of gradients on or off by itself; the setting of "
    "whoever called it was put back each time."
)
WRITES_IMAGES = N_("The model writes into the images that it is given; it was given a copy of them each time.")


def settle_habits(module: nn.Module, images: Tensor, group: int = 1) -> tuple[Message, ...]:
    """Let the model be used as any other on images (n, C, H, W); says what had to be done or known for it.

    `group`: of how many images it takes multiples, of which n is one, and not the smallest.

    Raises ModelError where the model takes no number of images but one, or keeps something of a batch that another
    number of images does not fit; and what a forward pass raises.
    """
    settings = settings_now()
    with preserved(module), kept_settings():
        given, weights, before = images.clone(), copies(module), attributes_of(module)
        originals = dict(module.named_parameters())
        try:
            run_once(module, given)
            sets = settings_now() != settings
            put_back(settings)
        except ModelError as error:
            named = name_batch_size(module, images, error)
            if named is None:
                raise
            raise named from error
        assigned = [name for name, weight in module.named_parameters() if changed(weights.get(name), weight)]
        undone = keeps_writing(module, images, assigned) if assigned else []
        undone += [name for name in replaced(module, originals) if name not in undone]
        check_state(module, images[:-group], before)
    if sets:
        module.register_forward_hook(SettingsKeeper(settings), always_call=True)
    notes = [CHANGES_SETTINGS] if sets else []
    notes += guard_gradient_mode(module, images)
    notes += guard_images(module, images, given)
    return (*notes, *note_assigned(undone))


def guard_gradient_mode(module: nn.Module, images: Tensor) -> list[Message]:
    """Put gradient recording back after each forward pass of a model that switches it; the note that says so."""
    if not switches_gradients(module, images):
        return []
    keeper = GradientModeKeeper()
    module.register_forward_pre_hook(keeper.before, prepend=True)
    module.register_forward_hook(keeper.after, always_call=True)
    return [SWITCHES_GRADIENTS]


def guard_images(module: nn.Module, images: Tensor, given: Tensor) -> list[Message]:
    """Give a copy to a model that writes into its images (n, C, H, W), as `given` to it shows; the note."""
    if torch.equal(given, images) and not writes_when_training(module, images):
        return []
    module.register_forward_pre_hook(give_copy)
    return [WRITES_IMAGES]


def note_assigned(undone: Sequence[str]) -> list[Message]:
    """The note about parameters that the forward pass assigns itself, if there are any."""
    if not undone:
        return []
    return [
        N_(
            "The model’s forward pass assigns some parameters itself ({names}): what an optimizer or a probe "
            "writes there is undone by the next forward pass.",
            names=[*undone[:MOST_NAMED], *(["…"] if len(undone) > MOST_NAMED else [])],
        )
    ]


def give_copy(_module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """A forward hook that keeps what is written into the inputs from those who hold them."""
    return tuple(value.clone() if isinstance(value, Tensor) else value for value in inputs)


def copies(module: nn.Module) -> dict[str, Tensor]:
    """What stands in the parameters."""
    return {name: parameter.detach().clone() for name, parameter in module.named_parameters()}


def replaced(module: nn.Module, originals: dict[str, nn.Parameter]) -> list[str]:
    """Those of the parameters that are others than before, so that who holds the originals writes for nobody."""
    return [name for name, now in module.named_parameters() if originals.get(name, now) is not now]


def changed(before: Tensor | None, now: Tensor) -> bool:
    """Whether a parameter has other values than before; one that is not a number stays so."""
    if before is None or before.shape != now.shape:
        return True
    values = now.detach()
    return not (torch.equal(before, values) or bool(((before == values) | (before.isnan() & values.isnan())).all()))


def keeps_writing(module: nn.Module, images: Tensor, names: list[str]) -> list[str]:
    """Those of some parameters that a forward pass makes again, whatever was written there since the last one."""
    parameters = dict(module.named_parameters())
    pushed = {}
    for name in names:
        if parameters[name].is_floating_point():
            parameters[name].data.add_(PUSH * (1 + parameters[name].data.abs()))
            pushed[name] = parameters[name].detach().clone()
    run_once(module, images.clone())
    return [name for name, before in pushed.items() if changed(before, parameters[name])]


def writes_when_training(module: nn.Module, images: Tensor) -> bool:
    """Whether the model, in training mode, writes into the images that it is given."""
    given = images.clone()
    with preserved(module), errors_passed_over(), torch.no_grad():  # a training step is tried too, and tells
        module.train()
        module(given)
    return not torch.equal(given, images)


def switches_gradients(module: nn.Module, images: Tensor) -> bool:
    """Whether a forward pass leaves the recording of gradients otherwise than it was, or records where none is."""
    for training, recorded in ((False, False), (False, True), (True, True)):
        with preserved(module), kept_settings(), errors_passed_over():
            module.train(training)
            torch.set_grad_enabled(recorded)
            output = module(images.clone())
            if torch.is_grad_enabled() != recorded:
                return True
            if not recorded and any(tensor.requires_grad for tensor in tensors_in(output)):
                return True
    return False


def check_state(module: nn.Module, fewer: Tensor, before: dict[str, dict[str, Any]]) -> None:
    """Raise ModelError where a forward pass leaves something that keeps the next, of `fewer` images, from working.

    Not of one, which would fit any number by broadcasting.
    """
    try:
        run_once(module, fewer.clone())
    except ModelError as error:
        refusal = error
    else:
        return
    with preserved(module):
        kept = forget(module, before)
        try:
            run_once(module, fewer.clone())
        except ModelError:
            return
    if kept:
        raise ModelError(
            f"the model keeps a state between calls ({', '.join(kept[:MOST_NAMED])}), which another number of images "
            f"does not fit: {refusal.message}",
            "Let its forward begin by resetting the state, as snntorch’s and spikingjelly’s reset functions do.",
        ) from refusal


def forget(module: nn.Module, before: dict[str, dict[str, Any]]) -> list[str]:
    """Put back what modules held, beside their parameters and buffers, before something was computed; name it."""
    kept = []
    for path, child in module.named_modules():
        for name, value in list(vars(child).items()):
            earlier = before.get(path, {}).get(name)
            if value is not earlier and (isinstance(value, Tensor) or holds_tensors(value)):
                setattr(child, name, earlier)
                kept.append(f"{path}.{name}" if path else name)
    return kept


def attributes_of(module: nn.Module) -> dict[str, dict[str, Any]]:
    """What each module holds by name."""
    return {path: dict(vars(child)) for path, child in module.named_modules()}


def holds_tensors(value: object) -> bool:
    """Whether a value is a tuple or list of tensors."""
    return isinstance(value, tuple | list) and bool(value) and all(isinstance(part, Tensor) for part in value)


def name_batch_size(module: nn.Module, images: Tensor, error: ModelError) -> ModelError | None:
    """The error of a model that takes one number of images and no other; None where none is found that it takes."""
    for number in likely_batches(module, error.message):
        if number == len(images) or not takes(module, images, number):
            continue
        exactly = "multiples of" if takes(module, images, 2 * number) else "exactly"
        return ModelError(
            f"the model takes {exactly} {number} image{'s' if number > 1 else ''} at once, and was given "
            f"{len(images)}: {error.message}",
            "Let its forward take the number of images from its input, as x.shape[0]: single images, the last batch of "
            "a split and the timing need other numbers. A program of torch.export needs a dynamic first axis "
            "(dynamic_shapes).",
        )
    return None
