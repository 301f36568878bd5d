"""Which batch sizes are compared with each other."""

from __future__ import annotations

from reportgen.metrics.cost import saturation, timed_alike
from reportgen.record.latency import Latency


def timed(size: int, seconds: float, processes: int) -> Latency:
    return Latency(batch_size=size, p50_seconds=seconds, p95_seconds=seconds, n=40, processes=(seconds,) * processes)


def test_sizes_that_were_timed_in_fresh_processes_are_not_compared_with_those_that_were_not() -> None:
    seconds = {1: 0.001, 2: 0.0015, 4: 0.002, 64: 0.5, 128: 0.03}
    latency = tuple(timed(size, each, 5 if size in (1, 64) else 0) for size, each in seconds.items())
    assert [one.batch_size for one in timed_alike(latency)] == [2, 4, 128]
    found = saturation(latency)
    assert found is not None
    assert (found.best.batch_size, found.rising, found.falling, found.between_processes) == (128, True, False, False)
    assert saturation(latency[:3]) is None
    fresh = tuple(timed(size, each, 5) for size, each in seconds.items())
    assert timed_alike(fresh) == fresh
