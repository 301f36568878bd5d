"""How long each module call takes: hooks alone, in passes of their own."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import torch
from torch import Tensor

from reportgen.experiment.models.forward import evaluating
from reportgen.trace import ModelTrace

WARM_UP = 2
LEAST = 3
MOST = 50
"""Timed passes."""

Key = tuple[str, int]
"""(path, number of the call)."""


@dataclass
class Stopwatch:
    """Times of every module call, over all passes."""

    paths: dict[int, str]
    synchronise: Callable[[], None]
    seconds: dict[Key, list[float]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)
    running: list[tuple[Key, float]] = field(default_factory=list)

    def enter(self, module: torch.nn.Module, _args: Any) -> None:
        """A call begins."""
        path = self.paths[id(module)]
        key = (path, self.counts[path])
        self.counts[path] += 1
        self.synchronise()
        self.running.append((key, time.perf_counter()))

    def leave(self, _module: torch.nn.Module, _args: Any, _output: Any) -> None:
        """A call ends, or has raised."""
        self.synchronise()
        key, start = self.running.pop()
        self.seconds[key].append(time.perf_counter() - start)


def time_modules(
    module: torch.nn.Module,
    batch: Tensor,
    trace: ModelTrace,
    budget_seconds: float = 3.0,
    synchronise: Callable[[], None] = lambda: None,
) -> ModelTrace:
    """The trace with the median time of every call in forward passes of `batch` (n, C, H, W), without gradients.

    Two passes warm up; then 3 to 50 are timed, within the budget where 3 fit. `synchronise` waits for an accelerator.
    """
    began = time.perf_counter()
    watch = Stopwatch({id(child): path for path, child in module.named_modules()}, synchronise)
    with evaluating(module), torch.random.fork_rng(devices=[batch.device] if batch.is_cuda else []):
        for _ in range(WARM_UP):
            module(batch)
        with watched(module, watch):
            for done in range(MOST):
                if done >= LEAST and time.perf_counter() - began > budget_seconds:
                    break
                watch.counts.clear()
                module(batch)
    rows = tuple(
        row.model_copy(
            update={"seconds": median(times) if (times := watch.seconds.get((row.path, row.call))) else None}
        )
        for row in trace.modules
    )
    return trace.model_copy(update={"modules": rows, "timed_batch": int(batch.shape[0])})


@contextmanager
def watched(module: torch.nn.Module, watch: Stopwatch) -> Iterator[None]:
    """Hooks of the stopwatch on every module."""
    handles = []
    try:
        for child in module.modules():
            handles.append(child.register_forward_pre_hook(watch.enter))
            handles.append(child.register_forward_hook(watch.leave, always_call=True))
        yield
    finally:
        for handle in handles:
            handle.remove()
