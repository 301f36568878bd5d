"""How long each module call takes: hooks alone, in passes of their own."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import torch
from torch import Tensor
from torch.utils.hooks import RemovableHandle

from reportgen.experiment.hooks import after_call, before_call, callable_modules, hooked
from reportgen.experiment.models.forward import evaluating
from reportgen.experiment.nominal import nominal_seconds, repeats
from reportgen.record.latency import median_interval
from reportgen.record.trace import ModelTrace, ModuleCall

WARM_UP = 2
LEAST = 6
"""Timed passes; fewer give no interval of the median."""
MOST = 50

Key = tuple[str, int]
"""(path, number of the call)."""


@dataclass
class Stopwatch:
    """Times of every module call, over all passes."""

    paths: dict[int, str]
    synchronise: Callable[[], None]
    seconds: dict[Key, list[float]] = field(default_factory=lambda: defaultdict(list))
    own: dict[Key, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Without what is inside child calls."""
    counts: Counter[str] = field(default_factory=Counter)
    running: list[tuple[Key, float]] = field(default_factory=list)
    inside: list[float] = field(default_factory=lambda: [0.0])
    """Time of the child calls that are done, of each running call; the first of what no call holds."""

    def enter(self, module: torch.nn.Module, _args: Any, _kwargs: Any) -> None:
        """A call begins."""
        path = self.paths[id(module)]
        key = (path, self.counts[path])
        self.counts[path] += 1
        self.synchronise()
        self.inside.append(0.0)
        self.running.append((key, time.perf_counter()))

    def leave(self, _module: torch.nn.Module, _args: Any, _output: Any) -> None:
        """A call ends, or has raised."""
        self.synchronise()
        key, start = self.running.pop()
        took = time.perf_counter() - start
        self.seconds[key].append(took)
        self.own[key].append(took - self.inside.pop())
        self.inside[-1] += took


def time_modules(
    module: torch.nn.Module,
    batch: Tensor,
    trace: ModelTrace,
    budget_seconds: float = 0.5,
    synchronise: Callable[[], None] = lambda: None,
) -> ModelTrace:
    """The trace with the median time of every call in forward passes of `batch` (n, C, H, W), without gradients.

    Two passes warm up; then 6 to 50 are timed, as many as fit into the nominal budget (`reportgen.experiment.nominal`),
    whatever time they take here. `synchronise` waits for an accelerator.
    """
    number = repeats(budget_seconds, len(batch) * nominal_seconds(trace), LEAST, MOST)
    watch = Stopwatch({id(child): path for path, child in module.named_modules()}, synchronise)
    with evaluating(module), torch.random.fork_rng(devices=[batch.device] if batch.is_cuda else []):
        for _ in range(WARM_UP):
            module(batch)
        with hooked(hooks(module, watch)):
            for _ in range(number):
                watch.counts.clear()
                module(batch)
    rows = tuple(with_times(row, watch) for row in trace.modules)
    whole = watch.seconds.get(("", 0), [])
    low, high = median_interval(whole) or (None, None)
    timed = {"timed_batch": int(batch.shape[0]), "timed_passes": len(whole), "timed_low": low, "timed_high": high}
    return trace.model_copy(update={"modules": rows, **timed})


def with_times(row: ModuleCall, watch: Stopwatch) -> ModuleCall:
    """The row with what the stopwatch saw of it; unknown where the call was not made."""
    times, own = (clock.get((row.path, row.call)) for clock in (watch.seconds, watch.own))
    if not times or not own:
        return row.model_copy(update={"seconds": None})
    low, high = median_interval(own) or (None, None)
    return row.model_copy(
        update={"seconds": median(times), "own_seconds": median(own), "own_low": low, "own_high": high}
    )


def hooks(module: torch.nn.Module, watch: Stopwatch) -> Iterator[RemovableHandle]:
    """Hooks of the stopwatch on every module."""
    for _path, child in callable_modules(module):
        yield before_call(child, watch.enter)
        yield after_call(child, watch.leave, always=True)
