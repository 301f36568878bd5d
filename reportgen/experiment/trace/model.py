"""From one watched forward pass to a frozen ModelTrace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from reportgen.errors import ModelError
from reportgen.experiment._torch_internals import mode_type
from reportgen.experiment.models import check_forward, tensors_in
from reportgen.experiment.models.batch_groups import find_group, group_of
from reportgen.experiment.models.outputs import unconverted
from reportgen.experiment.models.single_images import takes, unaccompanied
from reportgen.experiment.snapshot import preserved
from reportgen.experiment.trace.counting import ParameterCounts, count_parameters, own_elements, unused_modules
from reportgen.experiment.trace.drafts import OperatorDraft, Recording
from reportgen.experiment.trace.kinds import describe_kinds, kind_of, packed_weights, settings_of
from reportgen.experiment.trace.products import product_notes
from reportgen.experiment.trace.receptive import receptive_field
from reportgen.experiment.trace.sharing import TOGETHER, share, share_shapes
from reportgen.experiment.trace.tensors import shapes_of
from reportgen.experiment.trace.watching import record
from reportgen.record.calls import add_up
from reportgen.record.message import N_, Message
from reportgen.record.trace import Edge, ModelTrace, ModuleCall, Operator, Shape
from reportgen.system.memory import is_memory_error, memory_trouble
from reportgen.system.signals import INTERRUPTIONS, errors_passed_over


def trace_model(module: torch.nn.Module, example: Tensor, source: str) -> ModelTrace:
    """Run the model once on `example` (1, C, H, W) in evaluation mode and describe what happened.

    The model is left as it was: mode, parameters, buffers, hooks, gradients and the random state. Activation bytes are
    those of evaluation mode: masks of dropout are not among them. One that takes several images and no single one
    is run on as few as it takes, and the counts are divided. Raises ModelError when the forward pass fails.
    """
    notes: list[Message] = []
    with preserved(module), undisturbed(module, example.device), unconverted(), unaccompanied():
        recording, results = record_image(module, example, notes)
    if mode_type() is None:
        notes.append(uncounted_note())
    notes += describe_kinds(module)
    counts = count_parameters(module, recording.calls)
    paths = on_path(recording)
    modules = module_calls(recording, counts)
    notes += product_notes(recording.operators, modules[0].macs)
    unused = unused_modules(module, recording)
    parameters = list(module.parameters())
    tensors = [*parameters, *{id(buffer): buffer for buffer in module.buffers()}.values()]
    packed = packed_weights(module)
    return ModelTrace(
        name=type(module).__name__,
        source=source,
        input_shape=tuple(example.shape),
        output_shapes=results,
        modules=modules,
        operators=operators_of(recording, paths),
        edges=edges_of(recording.operators),
        parameters=sum(parameter.numel() for parameter in parameters) + sum(one.elements for one in packed),
        trainable_parameters=sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
        buffers=sum(tensor.numel() for tensor in tensors[len(parameters) :]),
        parameter_bytes=sum(tensor.numel() * tensor.element_size() for tensor in tensors)
        + sum(one.bytes for one in packed),
        macs=modules[0].macs,
        activation_bytes_training=modules[0].activation_bytes,
        activation_bytes_inference=largest_leaf(recording, modules),
        receptive_field=receptive_field(recording.operators, paths),
        uncounted=tuple(sorted(recording.uncounted)),
        unused=unused,
        unused_parameters=own_elements(module, unused),
        notes=tuple(notes),
    )


def record_image(module: torch.nn.Module, example: Tensor, notes: list[Message]) -> tuple[Recording, tuple[Shape, ...]]:
    """The recording of one image and the shapes of its outputs, of a model that takes several and no single one its
    share.

    Raises ModelError.
    """
    try:
        recording = record_twice(module, example, notes)
        return recording, shapes_of(tensors_in(recording.output))
    except ModelError:
        number = find_number(module, example) if len(example) == 1 else 1
        if number == 1:
            raise
    images = several(example, number)
    recording, double = record_twice(module, images, notes), None
    with errors_passed_over():
        double = record_twice(module, torch.cat([images, images]), [])
    outputs = [shapes_of(tensors_in(each.output)) if each else None for each in (recording, double)]
    share(recording, double, number)
    notes.append(note_of_share(number))
    return recording, share_shapes(outputs[0] or (), outputs[1], number)


def find_number(module: torch.nn.Module, example: Tensor) -> int:
    """How many images to trace with where one (1, C, H, W) is refused; 1 where no number is known that is taken."""
    if takes(module, several(example, TOGETHER)):
        return TOGETHER
    known = group_of(module)
    return known if known > 1 else find_group(module, example)


def several(example: Tensor, number: int) -> Tensor:
    """One image (1, C, H, W) so many times."""
    return example.expand(number, *example.shape[1:]).clone()


def note_of_share(number: int) -> Message:
    """With how many images a model was traced that takes no single one."""
    if number == TOGETHER:
        return N_(
            "The model takes no batch of one image, so it was traced with two: the multiply-accumulates and the bytes "
            "of one image are half of those of two."
        )
    return N_(
        "The model takes no batch of one image, so it was traced with {number}: the multiply-accumulates and the bytes "
        "of one image are those of {number} divided by {number}.",
        number=number,
    )


def record_twice(module: torch.nn.Module, example: Tensor, notes: list[Message]) -> Recording:
    """The recording with gradients, for what is kept for the backward pass; without, where the model refuses that.

    Raises ModelError.
    """
    try:
        return record(module, example, gradients=True)
    except INTERRUPTIONS:
        raise
    except BaseException as first:  # whatever a model raises where it can't run with gradients
        if is_memory_error(first):
            raise memory_trouble(first, "tracing", "Use a smaller model.") from first
        try:
            recording = record(module, example, gradients=False)
        except INTERRUPTIONS:
            raise
        except BaseException as error:
            if is_memory_error(error):
                raise memory_trouble(error, "tracing", "Use a smaller model.") from error
            check_forward(module, tuple(example.shape), None)  # names the module and the shapes, when it fails there
            raise ModelError(
                f"the model can't be traced: {type(error).__name__}: {error}", "It runs, but not while it is traced."
            ) from error
    notes.append(
        N_(
            "The model can't run with gradients in evaluation mode, so what it keeps for the backward pass is not "
            "known; the activation memory for training is missing."
        )
    )
    return recording


def uncounted_note() -> Message:
    """Why no multiply-accumulates were counted."""
    return N_(
        "Not measured: torch {version} has no way of tracing operators that reportgen supports, so "
        "multiply-accumulates are not counted.",
        version=torch.__version__,
    )


@contextmanager
def undisturbed(module: torch.nn.Module, device: torch.device) -> Iterator[None]:
    """Evaluation mode inside; modes, random state and the attention fast path come back."""
    modes = [(child, child.training) for child in module.modules()]
    fast = torch.backends.mha.get_fastpath_enabled()
    module.eval()
    torch.backends.mha.set_fastpath_enabled(False)  # it would hide the modules inside an encoder layer
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for child, training in modes:
            child.training = training


def module_calls(recording: Recording, counts: Sequence[ParameterCounts]) -> tuple[ModuleCall, ...]:
    """The rows of the layer table, sums over inner calls included."""
    calls = recording.calls
    parents = [call.parent for call in calls]
    macs = add_up(parents, [call.own_macs for call in calls])
    saved = add_up(parents, [call.saved_bytes for call in calls])
    return tuple(
        ModuleCall(
            index=call.index,
            path=call.path,
            name=call.path.rpartition(".")[2],
            kind=kind_of(call.module),
            settings=settings_of(call.module),
            call=call.call,
            depth=call.depth,
            parent=call.parent,
            input_shapes=call.input_shapes,
            output_shapes=call.output_shapes,
            parameters=count.parameters,
            own_parameters=count.own,
            trainable=count.trainable,
            shared=count.shared,
            macs=macs[call.index],
            own_macs=call.own_macs,
            activation_bytes=saved[call.index],
            is_leaf=call.index not in parents,
        )
        for call, count in zip(calls, counts, strict=True)
    )


def largest_leaf(recording: Recording, modules: Sequence[ModuleCall]) -> int:
    """Input and output bytes of the leaf module that moves most."""
    return max(call.moved_bytes for call, row in zip(recording.calls, modules, strict=True) if row.is_leaf)


def on_path(recording: Recording) -> list[bool]:
    """For each operator whether it lies on a path from the input to an output."""
    operators = recording.operators
    from_input = [operator.name == "input" for operator in operators]
    for operator in operators:
        from_input[operator.index] |= any(from_input[source] for source, _unused in operator.sources)
    to_output = [operator.index in recording.results for operator in operators]
    for operator in reversed(operators):
        for source, _unused in operator.sources:
            to_output[source] |= to_output[operator.index]
    return [a and b for a, b in zip(from_input, to_output, strict=True)]


def operators_of(recording: Recording, paths: Sequence[bool]) -> tuple[Operator, ...]:
    """The operators, frozen."""
    return tuple(
        Operator(
            index=draft.index,
            name=draft.name,
            module=draft.module,
            output_shapes=draft.output_shapes,
            macs=None if draft.uncounted else draft.macs,
            on_path=path,
        )
        for draft, path in zip(recording.operators, paths, strict=True)
    )


def edges_of(operators: Sequence[OperatorDraft]) -> tuple[Edge, ...]:
    """One edge per tensor that goes from one operator to another."""
    return tuple(
        Edge(source=source, target=draft.index, shape=shape) for draft in operators for source, shape in draft.sources
    )
