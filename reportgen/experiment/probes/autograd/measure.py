"""The autograd graph of the loss: `next_functions` followed from the loss of two training images to the parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.autograd.graph import Node

from reportgen.experiment._torch_internals import incoming_shapes, numbers_nodes, saved_tensors
from reportgen.experiment.backward import gradients_of
from reportgen.experiment.losses import describe_loss, make_loss
from reportgen.experiment.models import logits_of
from reportgen.experiment.probes.autograd.graph import CallStack, followers, made, walk, watching
from reportgen.experiment.probes.context import Allowance, Probe, ProbeContext, ProbeRefused, ProbeResult
from reportgen.experiment.snapshot import restored
from reportgen.record.message import N_
from reportgen.record.probes.autograd import LEAF, AutogradFacts, GraphCall, GraphNode, GraphParameter
from reportgen.record.trace import Shape
from reportgen.system.memory import is_memory_error

IMAGES = 2
"""Enough for batch statistics in training mode."""
LARGEST = 20_000
"""Nodes of a graph that is written down."""


def probe_autograd(context: ProbeContext, _allowance: Allowance) -> ProbeResult:
    """The graph of the spec's loss on two training images, in training mode; the model is what it was afterwards.

    A forward and a backward pass is all that is computed; there is no smaller sample. Raises ProbeRefused where
    nothing can be trained, the model can't be run in training mode, or torch does not number its nodes.
    """
    if not any(parameter.requires_grad for parameter in context.module.parameters()):
        raise ProbeRefused(N_("No parameter of the model is trainable, so its loss has no graph."))
    if not numbers_nodes():
        raise ProbeRefused(
            N_(
                "Not measured: torch {version} does not expose the order in which it created the nodes of a graph.",
                version=torch.__version__,
            )
        )
    rows, sampled = context.sample(min(IMAGES, context.spec.run.batch_size), "train")
    with restored(context.module):
        loss, stack = run_forward(context, rows)
        nodes = walk(loss)
        if len(nodes) > LARGEST:
            raise ProbeRefused(N_("The graph has {count} nodes, too many to be shown.", count=len(nodes)))
        written = write_down(context.module, loss, nodes, stack)
    return ProbeResult(AutogradFacts(sampled=sampled, loss=describe_loss(context.spec.run.loss), **written))


def run_forward(context: ProbeContext, rows: torch.Tensor) -> tuple[torch.Tensor, CallStack]:
    """The loss, one number, of some training images in training mode, and the calls that led there.

    Raises ProbeRefused.
    """
    module = context.module
    module.train()
    loss_of = make_loss(context.spec.run.loss, len(context.data.facts.classes))
    labels = context.data.train_labels[rows].to(context.device.torch_device)
    images = context.inputs(rows, "train")
    try:
        with torch.enable_grad(), watching(module) as stack, context.device.autocast():
            logits = logits_of(module(images))
        loss = loss_of(logits, labels)
    except Exception as error:
        if is_memory_error(error):
            raise
        raise ProbeRefused(N_("The model can't run in training mode: {error}.", error=first_words(error))) from error
    if loss.grad_fn is None:
        raise ProbeRefused(N_("The loss has no graph: the model's outputs are detached from its parameters."))
    return loss, stack


def first_words(error: Exception) -> str:
    """The first line of an error, short."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:120].rstrip('.') if lines else ''}".rstrip(": ")


def write_down(
    module: torch.nn.Module, loss: torch.Tensor, nodes: Sequence[Node], stack: CallStack
) -> dict[str, tuple[Any, ...]]:
    """Calls, nodes and parameters as the facts hold them."""
    names: dict[torch.nn.Parameter, list[str]] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        names.setdefault(parameter, []).append(name)
    order = {id(parameter): place for place, parameter in enumerate(names)}
    own = {parameter.untyped_storage().data_ptr() for parameter in names}
    place_of = {node: place for place, node in enumerate(nodes)}
    places = [stack.around(made(node)) for node in nodes]
    calls, renumbered = kept_calls(stack, places)
    written = tuple(
        GraphNode(
            name=LEAF if made(node) < 0 else node.name().rpartition("::")[2],
            call=renumbered[place],
            parameter=order.get(id(getattr(node, "variable", None))),
            shape=incoming(node),
            saved=saved_shapes(node, own),
            next=tuple(place_of[target] for target in followers(node)),
        )
        for node, place in zip(nodes, places, strict=True)
    )
    reached = {node.parameter for node in written}
    trainable = [parameter for parameter in names if parameter.requires_grad]
    gradients = gradients_of(loss, trainable)
    given = {id(one) for one, found in zip(trainable, gradients, strict=True) if found is not None}
    parameters = tuple(
        GraphParameter(
            names=tuple(found),
            shape=tuple(parameter.shape),
            trainable=parameter.requires_grad,
            reached=place in reached,
            gradient=id(parameter) in given,
        )
        for place, (parameter, found) in enumerate(names.items())
    )
    return {"calls": calls, "nodes": written, "parameters": parameters}


def kept_calls(stack: CallStack, places: Sequence[int]) -> tuple[tuple[GraphCall, ...], dict[int, int]]:
    """The calls in which a node was made or that stand around one, and their new numbers by the old ones."""
    needed = {0}
    for place in set(places):
        at: int | None = place
        while at is not None and at not in needed:
            needed.add(at)
            at = stack.calls[at].parent
    kept = [place for place in range(len(stack.calls)) if place in needed]
    number = {place: new for new, place in enumerate(kept)}
    calls = tuple(
        GraphCall(
            path=call.path,
            kind=call.kind,
            call=call.call,
            parent=None if call.parent is None else number[call.parent],
            shape=call.shape,
        )
        for call in (stack.calls[place] for place in kept)
    )
    return calls, number


def incoming(node: Node) -> Shape:
    """Shape of the first gradient that comes into an operator."""
    return next(iter(incoming_shapes(node)), ())


def saved_shapes(node: Node, own: set[int]) -> tuple[Shape, ...]:
    """Shapes of the tensors that a node keeps; not of parameters, and not of what was overwritten since."""
    kept = (tensor for tensor in saved_tensors(node) if tensor.dim() and tensor.untyped_storage().data_ptr() not in own)
    return tuple(tuple(tensor.shape) for tensor in kept)


PROBE = Probe("autograd", "Autograd graph", 20, 0.03, probe_autograd)
