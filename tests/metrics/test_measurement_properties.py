"""What must hold of any evaluation, tried by hypothesis; and that the same input gives the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.metrics import measure
from reportgen.record.measurements import Measurements
from reportgen.record.metric_value import MetricValue
from tests.metrics.cases import Floats, Ints, any_record, evaluations, noisy, with_evaluation

QUICK = 40
ANY = settings(deadline=None, max_examples=30, derandomize=True)
SHARES = ("accuracy", "top5_accuracy", "balanced_accuracy", "macro_f1", "ece", "ece_scaled", "auroc")
FROM_LOGITS = (*SHARES, "nll", "brier")


def of(logits: Floats, labels: Ints, seed: int = 0) -> Measurements:
    """Measurements of these logits and labels."""
    return measure(with_evaluation(any_record(), logits, labels), seed=seed)


def known(measured: Measurements) -> list[MetricValue]:
    """Every number that has a value, headline and per class."""
    each = list(measured.values)
    each += [value for score in measured.classes for value in (score.recall, score.precision, score.f1)]
    each += [cell.share for cell in measured.confusions]
    return [value for value in each if value.value is not None]


@pytest.mark.slow
@ANY
@given(case=evaluations())
def test_every_value_is_in_its_range_and_in_its_interval(case: tuple[Floats, Ints]) -> None:
    measured = of(*case)
    for value in known(measured):
        assert value.value is not None
        if value.low is not None:
            assert value.high is not None
            assert value.low - 1e-12 <= value.value <= value.high + 1e-12, value
            assert value.low < value.high or value.method != "wilson", value
    for name in SHARES:
        value = measured.value(name)
        assert value is not None
        bounds = [end for end in (value.value, value.low, value.high) if end is not None]
        assert all(0 <= end <= 1 for end in bounds), value
    brier, nll = measured.value("brier"), measured.value("nll")
    assert brier is not None
    assert nll is not None
    assert brier.value is not None
    assert nll.value is not None
    assert 0 <= brier.value <= 2
    assert nll.value >= 0


@pytest.mark.slow
@ANY
@given(case=evaluations(), seed=st.integers(0, 1000))
def test_the_order_of_the_images_does_not_matter(case: tuple[Floats, Ints], seed: int) -> None:
    logits, labels = case
    order = np.random.default_rng(seed).permutation(len(labels))
    one, other = of(logits, labels), of(logits[order], labels[order])
    for name in FROM_LOGITS:
        if name != "ece_scaled":  # its two halves are rows, so that another order is another fit
            assert same(one.value(name), other.value(name)), name
    assert one.confusion == other.confusion
    assert one.confusions == other.confusions
    assert [b.n for b in one.calibration.bins] == [b.n for b in other.calibration.bins]
    for left, right in zip(one.classes, other.classes, strict=True):
        assert (left.recall, left.precision, left.support) == (right.recall, right.precision, right.support)
        assert left.auroc == pytest.approx(right.auroc, abs=1e-9)
        assert left.average_precision == pytest.approx(right.average_precision, abs=1e-9)


def same(one: MetricValue | None, other: MetricValue | None) -> bool:
    """Both unknown, or equal but for the order of a sum."""
    assert one is not None
    assert other is not None
    return one.value == (None if other.value is None else pytest.approx(other.value, abs=1e-9))


@pytest.mark.slow
@ANY
@given(case=evaluations(), shift=st.floats(-50, 50, width=32))
def test_a_shift_of_all_logits_changes_no_probability(case: tuple[Floats, Ints], shift: float) -> None:
    logits, labels = case
    rounded = np.round(logits * 8) / 8  # eighths, so that a shift by whole numbers is exact in float32
    one, other = of(rounded, labels), of(rounded + np.float32(round(shift)), labels)
    assert all(same(one.value(name), other.value(name)) for name in FROM_LOGITS)


@pytest.mark.slow
@ANY
@given(case=evaluations())
def test_counts_add_up(case: tuple[Floats, Ints]) -> None:
    _, labels = case
    n, measured = len(labels), of(*case)
    table = np.array(measured.confusion)
    accuracy = measured.value("accuracy")
    assert accuracy is not None
    assert table.sum() == n
    assert table.sum(1).tolist() == [score.support for score in measured.classes]
    assert np.trace(table) / n == accuracy.value
    assert sum(measured.calibration.right) == np.trace(table)
    assert sum(measured.calibration.wrong) == n - np.trace(table)
    assert sum(b.n for b in measured.calibration.bins) == sum(b.n for b in measured.calibration.scaled_bins) == n


def test_the_same_record_gives_the_same_measurements_and_another_seed_other_halves() -> None:
    case = noisy(1, 400, 6)
    one, again, other = of(*case), of(*case), of(*case, seed=1)
    assert one.model_dump_json() == again.model_dump_json()
    first, second = one.value("ece_scaled"), other.value("ece_scaled")
    assert first is not None
    assert second is not None
    assert first.value != second.value  # the halves that the temperature is fitted on
    assert one.value("macro_f1") == other.value("macro_f1")
    assert (one.seed, other.seed) == (0, 1)


@pytest.mark.slow
def test_another_process_gives_the_same_bytes() -> None:
    code = "from tests.support.records import small_record; print(small_record().measured.model_dump_json())"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "OMP_NUM_THREADS": threads},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone, threads in (("0", "UTC", "1"), ("4711", "Asia/Tokyo", "2"))
    }
    assert len(outputs) == 1
    assert '"accuracy"' in outputs.pop()


@pytest.mark.slow
def test_the_metrics_room_imports_no_torch_and_no_scikit_learn() -> None:
    code = (
        "import sys, tests.support.records as r; r.small_record(); "
        "print(sorted({'torch', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
