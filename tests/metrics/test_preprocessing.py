"""When another way to prepare the images is better, when that is doubtful, and when it can't be."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from reportgen.metrics.paired import mcnemar_exact
from reportgen.metrics.preprocessing import doubt_preparation, find_doubt, is_cleared, mcnemar, read_tried
from reportgen.record.probes.robustness import Preparation, PreparationCheck
from reportgen.record.run import RunRecord
from tests.support.robustness_facts import checked, preparation, probed

CHANCE = 0.1


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (7, 3), (3, 7), (250, 180), (500, 20), (1500, 1400)])
def test_mcnemar_is_the_exact_binomial_test(gained: int, lost: int) -> None:
    expected = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert mcnemar(gained, lost) == pytest.approx(expected)
    assert mcnemar(gained, lost) == pytest.approx(float(mcnemar_exact(lost, gained)))


def test_every_way_is_corrected_for_all_tried_and_for_a_second_look() -> None:
    others = (preparation(160, 20, 10), preparation(180, 35, 5), preparation(140, 5, 15))
    raw = sorted(binomtest(a, b).pvalue for a, b in ((20, 30), (35, 40), (5, 20)))
    once, twice = (read_tried(checked(*others, stages=stages)) for stages in (1, 2))
    assert [one.preparation.right for one in once] == [180, 160, 140]
    assert once[0].p == pytest.approx(3 * raw[0])
    assert twice[0].p == pytest.approx(6 * raw[0])
    assert once[1].change.value == pytest.approx(0.05)


def test_a_better_way_is_named_and_near_equals_are_told_apart_by_loss() -> None:
    others = (
        preparation(181, 36, 5, 0.9, "cifar10"),
        preparation(180, 35, 5, 0.4),
        preparation(90, 5, 65, name="half"),
    )
    doubt = doubt_preparation(checked(*others, loss_images=500), CHANCE)
    assert doubt is not None
    assert doubt.best.preparation.name == "imagenet"
    assert [one.preparation.name for one in doubt.rivals] == ["cifar10"]
    assert doubt.now.value == pytest.approx(150 / 200)
    assert doubt.best.change.value == pytest.approx(30 / 200)


@pytest.mark.parametrize(
    ("others", "learned"),
    [
        ([preparation(152, 6, 4)], False),
        ([preparation(180, 35, 5)], True),
        ([preparation(120, 5, 35)], False),
        ([], False),
        # Surely better, but by so little that near neighbours could be.
        ([preparation(1516, 20, 4, images=2000)], False),
        # Twenty ways tried: one of them stands out by chance.
        ([preparation(160, 13, 3), *[preparation(150, 10, 10)] * 19], False),
    ],
)
def test_no_alarm(others: list[Preparation], learned: bool) -> None:
    assert doubt_preparation(checked(*others, learned_here=learned), CHANCE) is None


@pytest.mark.parametrize("right", [26, 40])
def test_no_alarm_for_what_random_weights_may_do(right: int) -> None:
    others = preparation(right, right, 0)
    assert doubt_preparation(checked(others).model_copy(update={"right": 0}), CHANCE) is None
    assert doubt_preparation(checked(preparation(120, 120, 0)).model_copy(update={"right": 0}), CHANCE) is not None


def test_two_equal_ways_hardly_ever_raise_an_alarm() -> None:
    """Seven other ways that are as good as the spec's: of 2,000 such checks at most about one in a hundred alarms."""
    rng, alarms = np.random.default_rng(0), 0
    for _ in range(2000):
        gained, lost = rng.binomial(200, 0.1, (2, 7))
        others = [preparation(150 + int(a - b), int(a), int(b)) for a, b in zip(gained, lost, strict=True)]
        alarms += doubt_preparation(checked(*others), CHANCE) is not None
    assert alarms <= 20


def test_a_record_without_the_check_gives_no_doubt(record: RunRecord) -> None:
    assert find_doubt(record.model_copy(update={"probes": None})) is None
    assert find_doubt(probed(record, preparation(180, 35, 5))) is not None


@pytest.mark.parametrize(
    ("changed", "cleared"),
    [({}, True), ({"complete": False}, False), ({"right": 110}, False)],
)
def test_a_way_is_cleared_only_when_all_were_tried_none_can_be_better_and_it_is_above_chance(
    changed: dict[str, object], cleared: bool
) -> None:
    others = tuple(one(1000, 905 - lost, lost) for lost in (5, 400))
    fields = {"images": 1000, "right": 905, "others": others, "stages": 3, "complete": True, "learned_here": False}
    assert is_cleared(PreparationCheck.model_validate({**fields, **changed}), 0.1) is cleared


def test_few_images_clear_nothing() -> None:
    check = PreparationCheck(images=20, right=18, others=(one(20, 17, 1),), complete=True, learned_here=False)
    assert not is_cleared(check, 0.1)


def one(images: int, right: int, lost: int) -> Preparation:
    fields = {"name": "half", "order": "rgb", "mean": (0.5,) * 3, "std": (0.5,) * 3}
    return Preparation.model_validate({**fields, "images": images, "right": right, "gained": 0, "lost": lost})


def test_a_mirrored_twin_that_is_no_better_is_not_named() -> None:
    plain = preparation(178, 140, 2, name="centred_bytes")
    mirrored = preparation(180, 142, 2, name="centred_bytes").model_copy(update={"layout": "mirrored"})
    found = doubt_preparation(checked(mirrored, plain).model_copy(update={"right": 40}), 0.1)
    assert found is not None
    assert found.best.preparation is plain
    clearly = preparation(190, 152, 2, name="centred_bytes").model_copy(update={"layout": "mirrored"})
    found = doubt_preparation(checked(clearly, plain).model_copy(update={"right": 40}), 0.1)
    assert found is not None
    assert found.best.preparation is clearly


@pytest.mark.parametrize(
    ("losses", "named"), [((0.0067, 0.0095), "same"), ((0.05, 0.2), "mirrored"), ((0.25, 0.3), "same")]
)
def test_losses_tell_twins_apart_only_where_chance_does_not(losses: tuple[float, float], named: str) -> None:
    """Images learnt by heart have so small losses that their ratio says nothing."""
    mirrored, plain = (
        preparation(right, right - 38, 2, name="centred").model_copy(update={"layout": layout, "loss": loss})
        for right, layout, loss in zip((180, 181), ("mirrored", "same"), losses, strict=True)
    )
    found = doubt_preparation(checked(mirrored, plain).model_copy(update={"right": 40}), 0.1)
    assert found is not None
    assert found.best.preparation.layout == named


def test_a_half_turn_is_named_only_where_it_is_better_than_upside_down() -> None:
    """They differ by mirroring alone."""
    over = preparation(180, 142, 2, name="spec").model_copy(update={"layout": "upside_down"})
    for right, gained, named in ((183, 145, "upside_down"), (190, 152, "half_turn")):
        turned = preparation(right, gained, 2, name="spec").model_copy(update={"layout": "half_turn"})
        found = doubt_preparation(checked(turned, over).model_copy(update={"right": 40}), 0.1)
        assert found is not None
        assert found.best.preparation.layout == named
