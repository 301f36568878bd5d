"""Connections that pass parts by: those of residual and U-shaped models, kept, added and removed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from reportgen.comparison.architecture import compare_architectures
from reportgen.record.architecture import ArchitectureChange
from reportgen.record.trace import ModelTrace
from tests.comparison.architectures import Plan


def flat(middle: Sequence[int] = (16,), *, skip: bool = True, pool: str = "MaxPool2d") -> ModelTrace:
    """A first layer, some in the middle, a sum of both, and the classifier: no block around them."""
    plan = Plan()
    plan.conv("first", 16)
    came = plan.at
    for number, width in enumerate((*middle, 16)):
        plan.conv(f"middle{number}", width)
    if skip:
        plan.at = plan.bench.op("add", plan.at, came, shape=(1, 16, 8, 8))
    if pool == "Identity":  # which computes nothing
        with plan.bench.call("Identity", "shrink", shape=(1, 16, 8, 8)):
            pass
    else:
        plan.layer(pool, "shrink")
    plan.head()
    return plan.trace()


def skips(change: ArchitectureChange) -> list[tuple[str, str, str]]:
    """Status and the candidate's names at both ends, the cards checked to stand in that order."""
    assert all(-1 <= skip.source < skip.target < len(change.parts) for skip in change.skips)
    return [(skip.status, *skip.names) for skip in change.skips]


def test_a_sum_around_what_changed_stays() -> None:
    change = compare_architectures(flat((16, 16)), flat((24, 24)))
    assert skips(change) == [("same", "first", "add")]
    (skip,) = change.skips
    assert [change.parts[at].side.path for at in (skip.source, skip.target)] == ["first", "shrink"]


def test_within_what_stayed_none_is_told() -> None:
    assert skips(compare_architectures(flat(), flat())) == []


@pytest.mark.parametrize(("before", "status"), [(False, "added"), (True, "removed")])
def test_a_sum_that_comes_or_goes_is_told(*, before: bool, status: str) -> None:
    change = compare_architectures(flat((16, 16), skip=before), flat((16, 16), skip=not before))
    assert skips(change) == [(status, "first", "add")]


def test_a_layer_more_under_a_sum_changes_no_connection() -> None:
    assert skips(compare_architectures(flat((16,)), flat((16, 20, 24)))) == [("same", "first", "add")]


def test_two_families_share_none() -> None:
    statuses = {status for status, *_names in skips(compare_architectures(flat((16, 16)), flat((20, 20), skip=False)))}
    assert statuses <= {"removed"}


def test_an_identity_in_place_of_a_layer_rewires_nothing() -> None:
    change = compare_architectures(flat(), flat(pool="Identity"))
    assert skips(change) == []
    assert [part.side.path for part in change.parts if part.status == "changed"] == ["shrink"]
    assert not any(setting.name == "connections" for part in change.parts for setting in part.settings)


def branching(sizes: Sequence[int], first: int) -> ModelTrace:
    """A stem that branches of these sizes read, the first of another width, and a sum of them all."""
    plan = Plan()
    plan.conv("stem", 16)
    stem, total = plan.at, -1
    for size in sizes:
        plan.at = stem
        plan.width = 16
        plan.conv(f"branch{size}", first if size == sizes[0] else 16, size)
        total = plan.at if total < 0 else plan.bench.op("add", total, plan.at, shape=(1, 16, 8, 8))
    plan.at = total
    plan.head()
    return plan.trace()


def test_a_branch_reads_nothing_of_the_one_before() -> None:
    change = compare_architectures(branching((1, 3), 16), branching((1, 3, 5), 24))
    names = [one.path for part in change.parts if (one := part.after or part.before)]
    assert names == ["stem", "branch1", "branch3", "add", "branch5", "pool"]
    assert change.beside == (2, 4)
    assert compare_architectures(flat((16,)), flat((16, 16))).beside == ()


def test_below_an_identity_stands_what_reads_the_one_above_it() -> None:
    change = compare_architectures(flat((16,), pool="Identity"), flat((24,), pool="Identity"))
    assert [part.side.path for part in change.parts if part.status == "changed"] == ["middle0", "middle1"]
    assert change.beside == ()
