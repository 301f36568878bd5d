"""The roofline: bytes and operations counted by hand, equal modules together, and what limits them."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.metrics.cost import whole_pass
from reportgen.metrics.roofline import Group, group_calls, place
from reportgen.record.run import RunRecord
from reportgen.record.trace import Edge, Operator
from reportgen.report.naming import name_group
from tests.support.cost_facts import roofs, timed, untimed


def group(flops: float, moved: float, seconds: float, operators: int = 1) -> Group:
    return Group("a", "Conv2d", False, 1, seconds, None, None, 0, 0, flops, moved, operators)


@pytest.mark.parametrize(
    ("flops", "moved", "seconds", "limit", "reach"),
    [
        (1e9, 1e6, 0.020, "arithmetic", 0.5),
        (1e6, 1e8, 0.020, "memory", 0.5),
        (0.0, 1e3, 0.000_005, "overhead", 0.8),
        (1e9, 1e6, 0.100, "none", 0.1),
        (0.0, 1e8, 0.005, "beyond", 2.0),
    ],
)
def test_the_longest_least_time_is_the_limit(
    flops: float, moved: float, seconds: float, limit: str, reach: float
) -> None:
    found = place(group(flops, moved, seconds), roofs(flops=100e9, bandwidth=10e9, call=4e-6))
    assert found.limit == limit
    assert found.reach == pytest.approx(reach)


def test_a_roof_is_no_bound_and_within_its_interval_it_is_still_a_limit() -> None:
    """Measured at 100, 80 to 130: a module at 120 may be limited by it, one at 140 is said to be above it."""
    uncertain = roofs(flops=100e9).model_copy(update={"flops_low": 80e9, "flops_high": 130e9, "rounds": 6})
    assert place(group(1e9, 1.0, 1 / 120), uncertain).limit == "arithmetic"
    assert place(group(1e9, 1.0, 1 / 140), uncertain).limit == "beyond"
    assert place(group(1e9, 1.0, 1 / 120), roofs(flops=100e9)).limit == "beyond"


def test_a_share_of_a_roof_counts_both_intervals(record: RunRecord) -> None:
    trace = timed(record.trace)
    sure = whole_pass(trace, roofs(flops=100e9))
    uncertain = whole_pass(trace, roofs(flops=100e9).model_copy(update={"flops_low": 80e9, "flops_high": 130e9}))
    assert sure is not None
    assert uncertain is not None
    assert uncertain.share == sure.share
    assert sure.low is not None
    assert sure.high is not None
    down, up = np.log(sure.share / sure.low), np.log(sure.high / sure.share)
    assert uncertain.low == pytest.approx(sure.share * np.exp(-np.hypot(down, np.log(1.3))))
    assert uncertain.high == pytest.approx(sure.share * np.exp(np.hypot(up, np.log(1 / 0.8))))


def test_bytes_and_operations_by_hand(record: RunRecord) -> None:
    groups = {found.name: found for found in group_calls(timed(record.trace), element_bytes=4)}
    stem = groups["conv1"]
    assert stem.flops == 2 * 442_368 * 8  # the trace was timed with eight images
    assert stem.moved == 4 * (8 * (3 * 32 * 32 + 16 * 32 * 32) + 448)
    assert stem.intensity == pytest.approx(stem.flops / stem.moved)
    assert stem.rate == pytest.approx(stem.flops / 0.0001)
    inner = groups["layer1.0.conv1"]
    assert inner.times == 4  # two blocks of two convolutions, all equal
    assert inner.moved == 4 * 4 * (8 * 2 * 16 * 32 * 32 + 2320)
    assert inner.seconds == pytest.approx(0.0004)
    assert (inner.low, inner.high) == (None, None)
    assert (stem.low, stem.high) == (pytest.approx(0.00009), pytest.approx(0.00011))
    assert inner.macs == 4 * 2_359_296
    assert inner.activation_bytes == 4 * 65_536


def test_what_a_module_does_beside_its_children(record: RunRecord) -> None:
    groups = group_calls(timed(record.trace), element_bytes=4)
    block = next(found for found in groups if found.kind == "BasicBlock")
    assert block.moved == 4 * 2 * 8 * 3 * 16 * 32 * 32  # two additions: two read, one written
    assert block.outer
    assert block.flops == 0
    assert name_group(block) == "layer1.0, itself ×2"
    whole = next(found for found in groups if found.kind == "TinyResNet")
    assert whole.name == "TinyResNet"
    assert whole.operators == 1  # the pooling; the flattening moves nothing and the input is none
    assert whole.moved == 4 * 8 * (16 * 32 * 32 + 16)
    calling = next(found for found in groups if not found.kind)
    assert name_group(calling) == "calls of modules that only call others"


def test_the_times_of_all_groups_are_the_pass(record: RunRecord) -> None:
    trace = timed(record.trace)
    assert sum(found.seconds for found in group_calls(trace, 4)) == pytest.approx(trace.modules[0].seconds)
    assert sum(found.macs for found in group_calls(trace, 4)) == trace.macs
    assert sum(found.activation_bytes for found in group_calls(trace, 4)) == trace.modules[0].activation_bytes


def test_what_was_not_timed_is_not_there(record: RunRecord) -> None:
    assert group_calls(untimed(record.trace), 4) == ()


def test_views_move_nothing(record: RunRecord) -> None:
    trace = timed(record.trace)
    shape = (1, 16, 32, 32)
    more = Operator(index=len(trace.operators), name="permute", module=1, output_shapes=(shape,), macs=0)
    edge = Edge(source=1, target=more.index, shape=shape)
    viewed = trace.model_copy(update={"operators": (*trace.operators, more), "edges": (*trace.edges, edge)})
    plain = next(found for found in group_calls(trace, 4) if found.name == "conv1")
    assert next(found for found in group_calls(viewed, 4) if found.name == "conv1") == plain
