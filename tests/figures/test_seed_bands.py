"""Bands over seeds: the numbers they are drawn from, and that one seed has none."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.figures._seed_bands import OPACITY, band
from reportgen.figures.training_steps import line_of, loss_curves
from reportgen.record.run import RunRecord
from reportgen.spec.types import LossSpec
from tests.figures.drawing import drawn, texts
from tests.support.records import with_seeds


def bands(record: RunRecord, name: str) -> int:
    return drawn(record, name).data.count(f"opacity: {OPACITY}".encode())


def test_a_band_spans_all_curves_at_the_points_of_the_first() -> None:
    found = band([[(1, 2.0), (2, 4.0)], [(0, 0.0), (4, 8.0)], [(1.5, 9.0), (3, 9.0)]])
    assert found is not None
    x, low, high = found
    assert x.tolist() == [1, 2]
    assert low.tolist() == [2, 4]
    assert high.tolist() == [2, 9]


def test_curves_that_never_meet_have_no_band() -> None:
    assert band([[(1, 2.0)], [(3, 1.0), (4, 1.0)]]) is None
    assert band([[(1, 2.0)]]) is None
    assert band([[(1, 2.0)], []]) is None


@pytest.mark.slow
def test_curves_have_a_band_a_line_and_the_caption_says_of_what(record: RunRecord) -> None:
    seeded = with_seeds(record, 430, 470)
    assert bands(record, "training_curves") == 0
    assert bands(seeded, "training_curves") == 4
    figure = drawn(seeded, "training_curves")
    assert figure.caption.endswith("Lines: seed 0; bands: lowest to highest of all 3 seeds.")
    assert "Over 3 seeds the test accuracy ends between 75.0 and 79.0 per cent." in figure.alt
    assert "seed" not in drawn(record, "training_curves").caption


@pytest.mark.slow
def test_only_the_loss_by_step_has_a_band(record: RunRecord) -> None:
    seeded = with_seeds(record, 430, 470)
    assert bands(seeded, "training_steps") == 1
    assert bands(record, "training_steps") == 0
    assert "from the lowest to the highest of these lines over all 3 seeds" in drawn(seeded, "training_steps").caption


def test_a_history_kept_as_means_stands_at_its_steps(record: RunRecord) -> None:
    seeded = with_seeds(record, 430)
    means = record.arrays["train.loss"].reshape(30, 3).mean(1)
    thinned = seeded.model_copy(update={"arrays": seeded.arrays.merged({"seed.1.loss": means})})
    first, other = loss_curves(thinned, 5)
    assert [x for x, _ in first] == line_of(record.arrays["train.loss"].astype(float), 5)[0].tolist()
    assert np.allclose([x for x, _ in other], np.arange(30) * 3 + 2)  # the middle of steps 1 to 3, 4 to 6, …


@pytest.mark.slow
def test_a_diverged_seed_leaves_what_it_has(record: RunRecord) -> None:
    seeded = with_seeds(record, 430, epochs=())
    loss = np.full(90, np.nan, np.float32)
    loss[:4] = 2.0
    broken = seeded.model_copy(update={"arrays": seeded.arrays.merged({"seed.1.loss": loss})})
    assert bands(broken, "training_curves") == 0
    assert bands(broken, "training_steps") == 1


def test_losses_that_are_not_the_same_quantity_have_axes_of_their_own(record: RunRecord) -> None:
    run = record.spec.run.model_copy(update={"loss": LossSpec(name="focal")})
    focal = record.model_copy(update={"spec": record.spec.model_copy(update={"run": run})})
    assert {"Training loss", "Test loss", "Accuracy, %"} <= set(texts(drawn(focal, "training_curves")))
    assert {"Loss", "Accuracy, %"} <= set(texts(drawn(record, "training_curves")))
