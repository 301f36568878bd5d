"""One training step on two images, before anything expensive starts."""

from __future__ import annotations

import torch

from reportgen.errors import ModelError, about
from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.objective import Objective
from reportgen.experiment.optimizers import begin_momentum, make_optimizers, resolve_optimizer
from reportgen.experiment.snapshot import restored
from reportgen.spec.types import RunSpec
from reportgen.system.memory import is_memory_error, memory_trouble
from reportgen.system.signals import INTERRUPTIONS
from reportgen.text.errors import words_of

SPARSE = (
    "Some gradients are sparse, as of nn.Embedding(sparse=True), which few optimisers take: use sgd with weight_decay: "
    "0, or let the layers have dense ones (sparse=False)."
)
"""Of an optimiser that refuses them."""
NO_GRAPH = "does not require grad"
"""What autograd says of a loss that depends on no parameter."""
NO_GRADIENTS = (
    "The loss depends on no trainable parameter: in training mode the forward pass computes its outputs without "
    "gradients, as under torch.no_grad(), after torch.set_grad_enabled(False) or .detach(). Take that out of the "
    "forward pass, or evaluate the model as it is with run.mode: evaluate."
)
NOT_HERE = (
    "PyTorch has no gradient of that operator on this device: evaluate the model as it is with run.mode: evaluate, use "
    "another run.device, or another operator."
)
SMALLER = "Use a smaller model, or run.device: cpu."
TRAINING_MODE = "The evaluation step works, so look at what the model does in training mode and at run.loss."


def check_step(
    module: torch.nn.Module,
    data: LoadedData,
    run: RunSpec,
    device: ComputeDevice,
    teacher: torch.nn.Module | None = None,
) -> None:
    """For training, take one whole step; the model is what it was afterwards.

    Raises ModelError when the loss or the optimiser don't fit; EnvironmentTrouble when memory is short.
    """
    if run.mode == "evaluate":
        return
    trainable = [parameter for parameter in module.parameters() if parameter.requires_grad]
    if not trainable:
        raise ModelError("the model has no trainable parameters", "Use run.mode: evaluate, or unfreeze some of them.")
    state = torch.random.get_rng_state()
    try:
        with restored(module):
            step_once(module, data, run, device, teacher)
    except (RuntimeError, MemoryError) as error:
        if not is_memory_error(error):
            raise
        raise memory_trouble(error, "one training step", SMALLER) from error
    finally:
        torch.random.set_rng_state(state)


def step_once(
    module: torch.nn.Module, data: LoadedData, run: RunSpec, device: ComputeDevice, teacher: torch.nn.Module | None
) -> None:
    """One step on two training images (one where the batches are of one), in training mode; raises ModelError."""
    few = min(2, run.batch_size)
    device.place(module).train()
    images = data.normalization.apply(data.train_images[:few].to(device.torch_device), device.dtype)
    labels = data.train_labels[:few].to(device.torch_device)
    try:
        loss = Objective(run, data, device, teacher)(module, images, labels)
        torch.autograd.backward(loss)
    except INTERRUPTIONS:
        raise
    except BaseException as error:
        if is_memory_error(error):
            raise memory_trouble(error, "one training step", SMALLER) from error
        raise ModelError(
            f"one training step on {few} images fails: {type(error).__name__}: {error}",
            hint_for(error),
        ) from error
    with about("run.optimizer"):
        move_once([parameter for parameter in module.parameters() if parameter.requires_grad], run)


def hint_for(error: BaseException) -> str:
    """What to do about a training step that raised."""
    if NO_GRAPH in words_of(error):
        return NO_GRADIENTS
    return NOT_HERE if isinstance(error, NotImplementedError) else TRAINING_MODE


def move_once(parameters: list[torch.nn.Parameter], run: RunSpec) -> None:
    """One step of the optimiser; raises ModelError."""
    try:
        for optimizer in make_optimizers(resolve_optimizer(run.optimizer), parameters):
            begin_momentum(optimizer)
            optimizer.step()
    except ModelError:
        raise
    except Exception as error:
        if is_memory_error(error):
            raise memory_trouble(error, f"one step of {run.optimizer.title}", SMALLER) from error
        raise ModelError(
            f"one step of {run.optimizer.title} fails: {type(error).__name__}: {error}",
            SPARSE
            if any(p.grad is not None and p.grad.is_sparse for p in parameters)
            else "Change its arguments, or use another optimiser.",
        ) from error
