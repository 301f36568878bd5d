"""Two architectures as one: what stayed, was added, removed, changed, renamed and moved, in two families."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from reportgen.comparison.alignment import best_path
from reportgen.comparison.architecture import compare_architectures
from reportgen.record.architecture import ArchitectureChange, PartChange
from reportgen.record.trace import ModelTrace
from tests.comparison.architectures import Plan, mobile_net, residual_net

Told = list[tuple[str, str, int]]


def told(change: ArchitectureChange) -> Told:
    """(status, path in the candidate or of what was removed, how many) of each part."""
    return [(part.status, part.side.path, part.count) for part in change.parts]


def only(change: ArchitectureChange, status: str) -> PartChange:
    """The one part with this status."""
    (found,) = [part for part in change.parts if part.status == status]
    return found


def settings(part: PartChange) -> dict[str, tuple[str, str]]:
    return {one.name: (one.before, one.after) for one in part.settings}


FAMILIES = {
    "residual": (residual_net(), residual_net((16, 16, 16, 16, 16)), "body.4"),
    "mobile": (mobile_net(), mobile_net((16, 16, 24, 24, 24)), "features.4"),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_model_is_the_same_as_itself(name: str) -> None:
    trace = FAMILIES[name][0]
    change = compare_architectures(trace, trace)
    assert change.is_same
    assert [part.status for part in change.parts] == ["same"]
    assert change.parts[0].blocks == change.blocks == 4


@pytest.mark.parametrize("name", FAMILIES)
def test_a_block_more_is_added_and_nothing_else_changes(name: str) -> None:
    before, after, path = FAMILIES[name]
    change = compare_architectures(before, after)
    assert [part.status for part in change.parts] == ["same", "added", "same"]
    assert only(change, "added").side.path == path
    assert only(change, "added").parameters == after.parameters - before.parameters
    back = compare_architectures(after, before)
    assert [part.status for part in back.parts] == ["same", "removed", "same"]


def test_a_block_inserted_among_others_leaves_those_behind_it_unchanged_but_for_their_numbers() -> None:
    before = residual_net((16, 16, 24, 24))
    after = residual_net((16, 16, 16, 24, 24))
    change = compare_architectures(before, after)
    assert told(change) == [("same", "stem", 3), ("added", "body.2", 1), ("same", "body.3", 2), ("same", "pool", 2)]
    assert change.parts[2].is_renumbered
    assert not change.is_same


@pytest.mark.parametrize(
    "after", [residual_net(stem="first"), residual_net(body="trunk"), residual_net(head="classifier")]
)
def test_other_names_alone_are_renamed(after: ModelTrace) -> None:
    change = compare_architectures(residual_net(), after)
    assert {part.status for part in change.parts} == {"same", "renamed"}
    assert only(change, "renamed").parameters == only(change, "renamed").macs == 0


def test_other_names_inside_a_block_and_another_class_are_renamed() -> None:
    inside = only(compare_architectures(residual_net(), residual_net(names=("convolution", "batch"))), "renamed")
    assert (inside.blocks, settings(inside)) == (4, {"names": ("", "")})
    other = only(compare_architectures(residual_net(), residual_net(kind="BasicBlock")), "renamed")
    assert settings(other) == {"class": ("Block", "BasicBlock")}


def test_wider_blocks_are_changed_and_told_as_one() -> None:
    before, after = residual_net(), residual_net((16, 16, 24, 24))
    change = compare_architectures(before, after)
    wide = [part for part in change.parts if part.status == "changed"]
    assert [(part.side.path, settings(part)["out_channels"]) for part in wide[:2]] == [
        ("body.2", ("16", "24")),
        ("body.3", ("16", "24")),
    ]
    assert sum(part.parameters for part in change.parts) == after.parameters - before.parameters
    inner = {one.side.path: settings(one) for one in wide[0].inner if one.status == "changed"}
    assert inner["body.2.conv1"] == {"out_channels": ("16", "24")}
    all_wider = [p for p in compare_architectures(before, residual_net((24,) * 4)).parts if p.status == "changed"]
    assert [part.count for part in all_wider if part.blocks] == [1, 3]  # the first has an input of 16


def test_another_kernel_and_another_activation_are_settings_of_one_layer() -> None:
    kernel = only(compare_architectures(residual_net(), residual_net(size=5)), "changed")
    changed = [one for one in kernel.inner if one.status == "changed"]
    assert [settings(one) for one in changed] == [{"kernel_size": ("3", "5")}]
    assert kernel.count == 4
    act = only(compare_architectures(residual_net(), residual_net(act="GELU")), "changed")
    assert [settings(one) for one in act.inner if one.status == "changed"] == [{"kind": ("ReLU", "GELU")}]
    assert (act.parameters, act.macs) == (0, 0)


def test_a_layer_more_inside_of_each_block_is_added_there() -> None:
    change = only(compare_architectures(residual_net(), residual_net(squeeze=True)), "changed")
    assert [one.side.path for one in change.inner if one.status == "added"] == ["body.0.squeeze"]
    assert change.parameters == 4 * 16 * 16


def test_a_residual_sum_that_goes_is_seen_although_it_is_no_module() -> None:
    change = only(compare_architectures(residual_net(), residual_net(skip=False)), "changed")
    assert [(one.status, one.side.kind) for one in change.inner if one.status != "same"] == [("removed", "add")]


def test_the_same_layers_that_read_from_others_are_rewired() -> None:
    change = only(compare_architectures(residual_net(), residual_net(from_input=False)), "changed")
    assert settings(change) == {"connections": ("", "")}


def test_reordered_layers_are_moved() -> None:
    def net(*, first: bool) -> ModelTrace:
        plan = Plan()
        plan.conv("stem", 16)
        if first:
            plan.conv("mix", 16, size=1)
        plan.residual("a", 16)
        plan.residual("b", 16, size=5)
        if not first:
            plan.conv("mix", 16, size=1)
        plan.head()
        return plan.trace()

    change = compare_architectures(net(first=False), net(first=True))
    moved = only(change, "moved")
    assert (moved.side.path, moved.stood_after, moved.parameters) == ("mix", "b", 0)
    assert {part.status for part in change.parts} == {"same", "moved"}


def test_a_layer_that_moved_inside_a_block_says_after_what_it_stood_by_its_whole_name() -> None:
    def net(*, first: bool) -> ModelTrace:
        plan = Plan()
        plan.conv("stem", 16)
        with plan.bench.call("Sequential", "body", shape=(1, 16, 8, 8)):
            if first:
                plan.conv("mix", 16, size=1)
            plan.residual("0", 16)
            plan.residual("1", 16, size=5)
            if not first:
                plan.conv("mix", 16, size=1)
        plan.head()
        return plan.trace()

    moved = only(compare_architectures(net(first=False), net(first=True)), "moved")
    assert (moved.side.path, moved.stood_after) == ("body.mix", "body.1")


def test_equal_blocks_that_changed_places_are_moved_and_not_renamed() -> None:
    def net(order: str) -> ModelTrace:
        plan = Plan()
        plan.conv("stem", 16)
        for name in order:
            plan.residual(name, 16)
        plan.head()
        return plan.trace()

    change = compare_architectures(net("abc"), net("acb"))
    assert {part.status for part in change.parts} == {"same", "moved"}
    assert only(change, "moved").side.path in ("b", "c")


def test_a_block_that_stands_in_another_part_of_the_model_is_moved() -> None:
    def net(*, early: bool) -> ModelTrace:
        plan = Plan()
        for stage in ("one", "two"):
            with plan.bench.call("Stage", stage):
                plan.conv("enter", 16)
                if early == (stage == "one"):
                    plan.residual("extra", 16, size=7)
                plan.norm("leave")
        plan.head()
        return plan.trace()

    change = compare_architectures(net(early=True), net(early=False))
    inside = [one for part in change.parts for one in part.inner]
    assert [(one.status, one.side.path) for one in inside if one.status != "same"] == [("moved", "two.extra")]


def test_a_model_inside_of_a_wrapper_is_found_there() -> None:
    plan = Plan("Wrapper")
    with plan.bench.call("ResNet", "backbone"):
        plan.conv("stem", 16)
        with plan.bench.call("Sequential", "body"):
            for number in range(4):
                plan.residual(str(number), 16)
        plan.head()
    change = compare_architectures(residual_net(), plan.trace())
    assert told(change) == [("renamed", "backbone.stem", 7)]


def test_two_families_have_removed_and_added_blocks_and_the_head_in_common() -> None:
    before, after = residual_net(), mobile_net()
    change = compare_architectures(before, after)
    removed = [part for part in change.parts if part.status == "removed"]
    added = [part for part in change.parts if part.status == "added"]
    assert [(part.side.kind, part.blocks) for part in removed if part.blocks] == [("Block", 4)]
    assert {part.side.kind for part in added} == {"InvertedResidual"}
    assert sum(part.blocks for part in added) == 4
    statuses = {part.side.path: part.status for part in change.parts}
    assert statuses["first"] == "changed"
    assert statuses["classifier"] == "changed"


def test_maps_of_another_size_change_no_layer() -> None:
    before = residual_net()
    larger = before.model_copy(
        update={
            "modules": tuple(
                call.model_copy(
                    update={"output_shapes": ((*call.output_shapes[0][:2], 16, 16),), "macs": 4 * call.macs}
                )
                if call.output_shapes and call.output_shapes[0][2:] == (8, 8)
                else call
                for call in before.modules
            )
        }
    )
    change = compare_architectures(before, larger)
    assert [part.status for part in change.parts] == ["resized", "same"]


PAIRS = list(
    itertools.permutations([residual_net(), residual_net((16, 24, 24)), residual_net(size=5), mobile_net()], 2)
)


@pytest.mark.parametrize("number", range(len(PAIRS)))
def test_what_is_told_adds_up_and_names_every_layer_once(number: int) -> None:
    before, after = PAIRS[number]
    change = compare_architectures(before, after)
    assert sum(part.parameters for part in change.parts) == after.parameters - before.parameters
    assert sum(part.macs for part in change.parts) == after.macs - before.macs
    assert sum(part.count for part in change.parts if part.status != "removed") == change.blocks + change.layers
    assert change == ArchitectureChange.model_validate_json(change.model_dump_json())


def test_the_alignment_is_the_best_there_is() -> None:
    rng = np.random.default_rng(0)
    for _unused in range(40):
        rows, columns = rng.integers(1, 5, 2)
        scores = rng.random((rows, columns)) * (rng.random((rows, columns)) < 0.7)
        pairs = best_path(scores)
        assert pairs == sorted(pairs)
        assert all(a[1] < b[1] for a, b in itertools.pairwise(pairs))
        best = max(
            sum(scores[a, b] for a, b in zip(one, other, strict=True))
            for k in range(min(rows, columns) + 1)
            for one in itertools.combinations(range(rows), k)
            for other in itertools.combinations(range(columns), k)
        )
        assert sum(scores[a, b] for a, b in pairs) == pytest.approx(best)
