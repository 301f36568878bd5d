"""Autograd's graph as it stands in memory: its nodes in order, and the module calls in which they were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Any

import torch
from torch.autograd.graph import Node
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from reportgen.experiment._torch_internals import next_number, number_of
from reportgen.experiment.hooks import hooked
from reportgen.experiment.models import tensors_in
from reportgen.record.probes.autograd import LEAF
from reportgen.record.trace import Shape


@dataclass
class Watched:
    """One call of a module under way, and which of autograd's nodes were made inside it."""

    path: str
    kind: str
    call: int
    parent: int | None
    first: int
    """Number of the next node when the call began; autograd numbers its nodes in the order they are made."""
    last: int = 0
    """Number of the next node when the call ended."""
    shape: Shape = ()


@dataclass
class CallStack:
    """The calls of all modules of one forward pass, in order."""

    paths: Mapping[int, str]
    calls: list[Watched] = field(default_factory=list)
    running: list[int] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def enter(self, module: torch.nn.Module, _args: Any) -> None:
        """A call begins; calls of modules from elsewhere belong to the one around them."""
        path = self.paths.get(id(module))
        if path is None:
            return
        parent = self.running[-1] if self.running else None
        self.running.append(len(self.calls))
        self.calls.append(Watched(path, type(module).__name__, self.counts[path], parent, next_number()))
        self.counts[path] += 1

    def leave(self, module: torch.nn.Module, _args: Any, output: Any) -> None:
        """A call ends, or has raised."""
        if id(module) in self.paths and self.running:
            call = self.calls[self.running.pop()]
            call.last = next_number()
            first = next(tensors_in(output), None)
            call.shape = () if first is None else tuple(first.shape)

    def around(self, number: int) -> int:
        """Index of the innermost call in which a node was made; 0, the model, for the loss."""
        inside = [place for place, call in enumerate(self.calls) if call.first <= number < call.last]
        return inside[-1] if inside else 0


@contextmanager
def watching(module: torch.nn.Module) -> Iterator[CallStack]:
    """Write down the calls of a model's modules."""
    stack = CallStack({id(child): path for path, child in module.named_modules()})
    enter, leave = register_module_forward_pre_hook, register_module_forward_hook
    with hooked((enter(stack.enter), leave(stack.leave, always_call=True))):
        yield stack


def walk(loss: torch.Tensor) -> list[Node]:
    """Every node that `next_functions` leads to from a loss: leaves first, then operators as the forward pass made
    them, each after those it hands gradients to; the loss's own is the last."""
    root = loss.grad_fn
    if root is None:
        return []
    readers: dict[Node, list[Node]] = {root: []}
    open_ends: dict[Node, int] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        targets = followers(node)
        open_ends[node] = len(targets)
        for target in targets:
            if target not in readers:
                readers[target] = []
                waiting.append(target)
            readers[target].append(node)
    places = {node: place for place, node in enumerate(readers)}
    ready = [(made(node), places[node], node) for node, count in open_ends.items() if not count]
    heapify(ready)
    found = []
    while ready:
        _, _, node = heappop(ready)
        found.append(node)
        for reader in readers[node]:
            open_ends[reader] -= 1
            if not open_ends[reader]:
                heappush(ready, (made(reader), places[reader], reader))
    return found


def followers(node: Node) -> list[Node]:
    """The nodes that a node hands gradients to, one for each input that wants one."""
    return [target for target, _ in node.next_functions if target is not None]


def made(node: Node) -> int:
    """When a node was made; leaves before everything."""
    return -1 if node.name().endswith(LEAF) else number_of(node)
