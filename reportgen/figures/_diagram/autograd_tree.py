"""The autograd graph in the terms of the architecture's tree: operators in calls, parameters as their leaves."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.figures._diagram.tree import Tree, build_index
from reportgen.record.operators import BACKWARD_GLUE, plain_name
from reportgen.record.probes.autograd import AutogradFacts, GraphParameter
from reportgen.record.trace import Edge, ModelTrace, ModuleCall, Operator


@dataclass(frozen=True)
class BackwardTree(Tree):
    """Lookups over the graph's operators, in the order of the forward pass."""

    leaves: tuple[tuple[GraphParameter | None, ...], ...]
    """For each operator the parameters whose gradients come straight from it, and frozen ones of the module it runs
    in; None for a tensor without a name."""
    held: tuple[int, ...]
    """For each call how many leaves the operators inside it have together."""
    last_inside: int
    """The last operator that runs inside a child of the model; after it come those of the loss."""

    def word(self, index: int) -> str:
        """Operators with other leaves are other structures."""
        own = [
            "" if leaf is None else f"{leaf.names[0].rpartition('.')[2]}{leaf.trainable:d}"
            for leaf in self.leaves[index]
        ]
        return f"{super().word(index)}{own or ''}"

    def is_row(self, index: int) -> bool:
        """Never: what stands in the drawing are operators, not modules."""
        del index
        return False


def build_autograd_tree(facts: AutogradFacts) -> BackwardTree:
    """Index a graph: operators in the order of the forward pass, edges as tensors went then."""
    old = [place for place, node in enumerate(facts.nodes) if not node.is_leaf]
    number = {place: new for new, place in enumerate(old)}
    operators = tuple(
        Operator(
            index=new,
            name=facts.nodes[place].operator,
            module=facts.nodes[place].call,
            output_shapes=(facts.nodes[place].shape,),
            macs=0,
        )
        for new, place in enumerate(old)
    )
    edges = tuple(
        Edge(source=number[target], target=number[place], shape=())
        for place in old
        for target in dict.fromkeys(facts.nodes[place].next)
        if target in number
    )
    trace = as_trace(facts, operators, edges)
    kept = {op.index for op in operators if plain_name(op.name) not in BACKWARD_GLUE or op.index == len(operators) - 1}
    tree = build_index(trace, kept, frozenset(range(len(operators))), frozenset())
    leaves = [leaves_below(facts, place, kept, number) if number[place] in kept else [] for place in old]
    for parameter in facts.parameters:
        if not parameter.trainable:
            owners = {name.rpartition(".")[0] for name in parameter.names}
            at = next(
                (op.index for op in operators if op.index in kept and facts.calls[op.module].path in owners), None
            )
            if at is not None:
                leaves[at].append(parameter)
    held = [0] * len(facts.calls)
    for op in operators:
        for call in tree.ancestors[op.module]:
            held[call] += len(leaves[op.index])
    inside = max((op.index for op in operators if op.module), default=len(operators))
    return BackwardTree(**vars(tree), leaves=tuple(map(tuple, leaves)), held=tuple(held), last_inside=inside)


def as_trace(facts: AutogradFacts, operators: tuple[Operator, ...], edges: tuple[Edge, ...]) -> ModelTrace:
    """The graph as a trace of the calls that made it; what is not known of it is zero."""
    depths: list[int] = []
    for call in facts.calls:
        depths.append(0 if call.parent is None else depths[call.parent] + 1)
    modules = tuple(
        ModuleCall(
            index=place,
            path=call.path,
            name=call.path.rpartition(".")[2],
            kind=call.kind,
            call=call.call,
            depth=depths[place],
            parent=call.parent,
            output_shapes=(call.shape,) if call.shape else (),
            parameters=0,
            own_parameters=0,
            trainable=0,
            macs=0,
            own_macs=0,
            activation_bytes=0,
            is_leaf=False,
        )
        for place, call in enumerate(facts.calls)
    )
    return ModelTrace(
        name=facts.calls[0].kind,
        source="",
        input_shape=(),
        output_shapes=(),
        modules=modules,
        operators=operators,
        edges=edges,
        parameters=0,
        trainable_parameters=0,
        buffers=0,
        parameter_bytes=0,
        macs=0,
        activation_bytes_training=0,
        activation_bytes_inference=0,
    )


def leaves_below(
    facts: AutogradFacts, place: int, kept: set[int], number: dict[int, int]
) -> list[GraphParameter | None]:
    """The leaves that a node hands gradients to, straight or through operators that are not drawn, in the order in
    which the model holds them."""
    found: list[int | None] = []
    waiting, seen = [place], {place}
    while waiting:
        for target in facts.nodes[waiting.pop()].next:
            node = facts.nodes[target]
            if target in seen:
                continue
            seen.add(target)
            if node.is_leaf:
                found.append(node.parameter)
            elif number[target] not in kept:
                waiting.append(target)
    found.sort(key=lambda leaf: -1 if leaf is None else leaf)
    return [None if leaf is None else facts.parameters[leaf] for leaf in found]
