"""The layers that could explain: those whose output keeps the places of the image, and that everything passes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from reportgen.experiment.probes.explanations.grids import Grid, read_grid
from reportgen.record.trace import ModelTrace, ModuleCall


@dataclass(frozen=True)
class Candidate:
    """A layer whose output keeps the places of the image."""

    call: ModuleCall
    grid: Grid

    @property
    def path(self) -> str:
        """Its dotted name."""
        return self.call.path

    @property
    def channels(self) -> int:
        """Width of its output."""
        shape = self.call.output_shapes[0]
        return shape[1] if self.grid.form == "channels_first" else shape[-1]


def find_candidates(trace: ModelTrace) -> list[Candidate]:
    """Every layer with a grid that the whole image passes through, in order of completion.

    Left out are layers called twice, whose maps would be mixed; pooling to a single cell and what follows it; a grid
    finer than one before it, which is a map blown up from a smaller one; and layers inside a block that goes on to
    shrink the map, where a block before it has the same grid.
    """
    calls = Counter(call.path for call in trace.modules)
    image = trace.input_shape[2], trace.input_shape[3]
    narrow = find_passages(trace)
    found: list[Candidate] = []
    smallest: Grid | None = None
    for call in by_completion(trace.modules):
        if not call.path or len(call.output_shapes) != 1 or (narrow and call.index not in narrow):
            continue
        grid = read_grid(call.output_shapes[0], image, smallest)
        if grid is None or (smallest is not None and grid.cells > smallest.cells) or is_pooled(call, grid, image):
            continue
        smallest = grid if grid.cells > 1 else smallest
        if calls[call.path] == 1:
            found.append(Candidate(call, grid))
    known = {candidate.path: candidate for candidate in found}
    return [candidate for place, candidate in enumerate(found) if not gives_way(candidate, found[:place], known)]


def by_completion(modules: Sequence[ModuleCall]) -> list[ModuleCall]:
    """The calls in the order in which they ended: children before their parent."""
    ended: list[ModuleCall] = []
    running: list[ModuleCall] = []
    for call in modules:
        while running and call.parent != running[-1].index:
            ended.append(running.pop())
        running.append(call)
    return ended + running[::-1]


def find_passages(trace: ModelTrace) -> set[int]:
    """Indices of the calls whose last operator every path from input to output passes; empty without any.

    An operator is passed by all when no edge between two others reaches over it (operators are in order of execution).
    """
    edges = [
        (edge.source, edge.target)
        for edge in trace.edges
        if trace.operators[edge.source].on_path
        and trace.operators[edge.target].on_path
        and trace.operators[edge.source].name != "const"
    ]
    over = [0] * (len(trace.operators) + 1)
    for source, target in edges:
        over[source + 1] += 1
        over[target] -= 1
    over = list(accumulate(over))
    last: dict[int, int] = {}
    for operator in trace.operators:
        around: int | None = operator.module
        while around is not None:
            last[around] = operator.index
            around = trace.modules[around].parent
    touched = {end for edge in edges for end in edge}
    return {index for index, operator in last.items() if operator in touched and over[operator] == 0}


def is_pooled(call: ModuleCall, grid: Grid, image: tuple[int, int]) -> bool:
    """Whether a single cell is what a layer is for, or was all it was given."""
    if grid.cells > 1:
        return False
    given = read_grid(call.input_shapes[0], image) if call.input_shapes else None
    return "Pool" in call.kind or given is None or given.cells == 1


def gives_way(candidate: Candidate, before: Sequence[Candidate], known: Mapping[str, Candidate]) -> bool:
    """Whether a layer stands at the entrance of a block that shrinks the map, just behind a block of the same grid."""
    parts = candidate.path.split(".")
    around = [".".join(parts[:length]) for length in range(len(parts) - 1, 0, -1)]
    shrinking = next((path for path in around if path in known and known[path].grid.cells < candidate.grid.cells), None)
    if shrinking is None:
        return False
    previous = next((other for other in reversed(before) if not inside(other.path, shrinking)), None)
    return previous is not None and previous.grid.cells == candidate.grid.cells


def inside(path: str, other: str) -> bool:
    """Whether a module is, or is part of, another."""
    return path == other or path.startswith(f"{other}.")
