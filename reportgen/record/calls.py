"""The module calls of a trace as a tree: what was called by what. Whoever needs more adds it to this one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from reportgen.record.trace import ModuleCall

CONTAINERS = frozenset(("Sequential", "ModuleList", "ModuleDict"))
"""Modules that are nothing but what they hold."""


@dataclass(frozen=True)
class CallTree:
    """Lookups over the calls; every list is in order of execution, in which a parent stands before its children."""

    modules: tuple[ModuleCall, ...]
    children: tuple[tuple[int, ...], ...]
    """Calls made by each call."""
    ancestors: tuple[tuple[int, ...], ...]
    """The calls around each call, outermost first, itself last."""
    last: tuple[int, ...]
    """Highest index of the calls inside each call, itself included; all between the two are inside."""

    @classmethod
    def of(cls, modules: Sequence[ModuleCall]) -> Self:
        """Index the calls of a trace."""
        children: list[list[int]] = [[] for _ in modules]
        ancestors: list[tuple[int, ...]] = []
        last = list(range(len(modules)))
        for call in modules:
            ancestors.append((*(() if call.parent is None else ancestors[call.parent]), call.index))
            if call.parent is not None:
                children[call.parent].append(call.index)
            for around in ancestors[-1]:
                last[around] = call.index
        return cls(tuple(modules), tuple(map(tuple, children)), tuple(ancestors), tuple(last))

    def call(self, index: int) -> ModuleCall:
        """The call with this index."""
        return self.modules[index]

    def inside(self, index: int) -> Sequence[ModuleCall]:
        """A call and all below it."""
        return self.modules[index : self.last[index] + 1]


def add_up(parents: Sequence[int | None], own: Sequence[int]) -> list[int]:
    """What each call and the calls inside it have together; a parent stands before its children."""
    total = list(own)
    for index in range(len(parents) - 1, -1, -1):
        parent = parents[index]
        if parent is not None:
            total[parent] += total[index]
    return total
