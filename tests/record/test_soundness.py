"""Arrays of the probes that nothing can have measured are found, by name, when a record is read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reportgen.errors import RecordError
from reportgen.record.probe_arrays import FORMS, find_wrong_probe_arrays
from reportgen.record.run import RunRecord
from reportgen.record.sketch import SKETCH_ARRAY, SKETCH_SIZE, SketchedLayer, WeightSketch
from reportgen.record.store import load_record
from tests.support.records import save_record
from tests.support.robustness_facts import facts_of, probed
from tests.support.weights import weighed

CLASSES, IMAGES = 3, 20
GOOD = {
    "dynamics.steps": np.arange(1, 5),
    "dynamics.gradient": np.ones((4, 2), np.float32),
    "dynamics.weight": np.ones((4, 2), np.float32),
    "explanations.rows": np.arange(6),
    "explanations.cam": np.ones((6, 4, 4), np.float32),
    "explanations.embedding.rows": np.arange(9),
    "explanations.embedding.xy": np.ones((9, 2), np.float32),
    "explanations.embedding.vote": np.arange(9) % CLASSES,
    "response.drives": np.ones(5, np.float32),
    "response.rms": np.ones((2, 5, 7), np.float32),
    "response.bend": np.ones((2, 7), np.float32),
    "robustness.rows": np.arange(8),
    "robustness.predicted": np.where(np.arange(16).reshape(2, 8) % 5 == 0, 65535, 1).astype(np.uint16),
    "weights.matrices": np.ones((3, 2, 4, 4), np.int8),
    "weights.ranges": np.ones(3),
}


def wrong(name: str, array: np.ndarray) -> list[str]:
    return list(find_wrong_probe_arrays({**GOOD, name: array}, IMAGES, CLASSES))


def test_arrays_as_the_probes_make_them_are_sound() -> None:
    assert list(find_wrong_probe_arrays(GOOD, IMAGES, CLASSES)) == []
    assert GOOD.keys() <= FORMS.keys()


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("dynamics.gradient", np.ones((3, 2), np.float32), "an axis has length 4, as dynamics.steps has"),
        ("dynamics.weight", np.ones((4, 3), np.float32), "length 2, as dynamics.gradient has"),
        ("explanations.rows", np.array([0, 1, 2, 3, 4, 20]), "values from 0 to 20, and there are 20 images"),
        ("explanations.rows", np.array([-1, 1, 2, 3, 4, 5]), "values from -1 to 5"),
        ("explanations.cam", np.ones((6, 4), np.float32), "2 dimensions instead of 3"),
        ("explanations.embedding.xy", np.ones((9, 3), np.float32), "an axis has length 2"),
        ("explanations.embedding.vote", np.full(9, 3), "there are 3 classes"),
        ("response.rms", np.ones((2, 4, 7), np.float32), "length 5, as response.drives has"),
        ("response.bend", np.ones((2, 7), np.int64), "numbers of type int64"),
        ("robustness.rows", np.arange(8) + 13, "there are 20 images"),
        ("robustness.predicted", np.full((2, 8), 4, np.uint16), "there are 3 classes"),
        ("weights.ranges", np.array(["a", "b", "c"]), "numbers of type <U1"),
    ],
)
def test_others_are_named(name: str, array: np.ndarray, words: str) -> None:
    found = wrong(name, array)
    assert any(words in said for said in found), found


def test_a_record_with_such_arrays_is_refused(record: RunRecord, tmp_path: Path) -> None:
    whole = probed(record)
    save_record(whole, tmp_path)
    assert load_record(tmp_path).probes == whole.probes
    many = len(record.arrays["eval.labels"])
    changed = whole.arrays.merged({"robustness.rows": whole.arrays["robustness.rows"] + many})
    save_record(whole.model_copy(update={"arrays": changed}), tmp_path)
    with pytest.raises(RecordError, match=r"arrays\.safetensors is damaged: robustness\.rows: values from"):
        load_record(tmp_path)
    fewer = facts_of(whole).model_copy(update={"conditions": facts_of(whole).conditions[1:]})
    assert whole.probes is not None
    probes = whole.probes.model_copy(update={"robustness": fewer})
    save_record(whole.model_copy(update={"probes": probes}), tmp_path)
    with pytest.raises(RecordError, match=r"record\.json is damaged: probes\.robustness\.conditions"):
        load_record(tmp_path)


def test_a_sketch_of_other_layers_or_of_no_numbers_is_refused(record: RunRecord, tmp_path: Path) -> None:
    layer = SketchedLayer(path="conv1", shapes=((64, 3, 3, 3),), norm=1.0)
    sketch = WeightSketch(layers=(layer,))
    for name, values in (
        ("whole", np.zeros((1, SKETCH_SIZE), np.float32)),
        ("rows", np.zeros((2, SKETCH_SIZE), np.float32)),
        ("numbers", np.full((1, SKETCH_SIZE), np.nan, np.float32)),
    ):
        arrays = record.arrays.merged({SKETCH_ARRAY: values})
        (tmp_path / name).mkdir()
        save_record(record.model_copy(update={"sketch": sketch, "arrays": arrays}), tmp_path / name)
    assert load_record(tmp_path / "whole").sketch == sketch
    for name in ("rows", "numbers"):
        with pytest.raises(RecordError, match=SKETCH_ARRAY):
            load_record(tmp_path / name)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("classes", "measured.classes: 2 of 10 classes"),
        ("confusion", "measured.confusion: no table of 10 by 10 classes"),
        ("risk_coverage", r"measured\.risk_coverage: \d+ values of x and 1 of y"),
        ("calibration", r"measured\.calibration: 1 bins of right predictions and \d+ of wrong ones"),
    ],
)
def test_tables_that_nothing_can_be_drawn_from_are_refused(
    record: RunRecord, tmp_path: Path, field: str, words: str
) -> None:
    measured = record.measured
    assert measured is not None
    other = {
        "classes": measured.classes[:2],
        "confusion": tuple(row[1:] for row in measured.confusion),
        "risk_coverage": measured.risk_coverage.model_copy(update={"y": (0.5,)}),
        "calibration": measured.calibration.model_copy(update={"right": (3,)}),
    }
    changed = measured.model_copy(update={field: other[field]})
    save_record(record.model_copy(update={"measured": changed}), tmp_path)
    with pytest.raises(RecordError, match=words):
        load_record(tmp_path)


def test_more_images_than_were_evaluated_are_refused(record: RunRecord, tmp_path: Path) -> None:
    measured = record.measured
    assert measured is not None
    first, *rest = measured.confusion
    changed = measured.model_copy(update={"confusion": ((10**18, *first[1:]), *rest)})
    save_record(record.model_copy(update={"measured": changed}), tmp_path)
    with pytest.raises(RecordError, match=r"measured\.confusion: 1,000,[\d,]+ images of \d+$"):
        load_record(tmp_path)


@pytest.mark.parametrize("moment", ["final", "initial"])
def test_a_tail_of_no_eigenvalues_is_refused(record: RunRecord, tmp_path: Path, moment: str) -> None:
    made = weighed(record)
    assert made.probes is not None
    facts = made.probes.weights
    assert facts is not None
    numbers = getattr(facts.matrices[0], moment)
    none = numbers.model_copy(update={"tail": numbers.tail.model_copy(update={"n": 0})})
    changed = facts.model_copy(
        update={"matrices": (facts.matrices[0].model_copy(update={moment: none}), *facts.matrices[1:])}
    )
    probes = made.probes.model_copy(update={"weights": changed})
    save_record(made.model_copy(update={"probes": probes}), tmp_path)
    with pytest.raises(RecordError, match=rf"probes\.weights\.matrices\.0\.{moment}\.tail\.n: 0 eigenvalues"):
        load_record(tmp_path)


def test_a_graph_that_leads_nowhere_is_refused(record: RunRecord, tmp_path: Path) -> None:
    edge = record.trace.edges[0].model_copy(update={"target": len(record.trace.operators)})
    trace = record.trace.model_copy(update={"edges": (edge,)})
    save_record(record.model_copy(update={"trace": trace}), tmp_path)
    with pytest.raises(RecordError, match=r"trace\.edges\.0: an edge beyond"):
        load_record(tmp_path)


def forged(record: RunRecord, what: str) -> RunRecord:
    """The record with one number that nothing can have measured."""
    measured = record.measured
    assert measured is not None
    one, first = measured.classes[0], measured.values[0]
    f1 = one.model_copy(update={"f1": one.f1.model_copy(update={"low": 1e18})})
    changes = {
        "class": {"classes": (f1, *measured.classes[1:])},
        "interval": {"values": (first.model_copy(update={"low": 0.9, "high": 0.2}), *measured.values[1:])},
        "n": {"values": (first.model_copy(update={"n": -3}), *measured.values[1:])},
        "support": {"classes": (one.model_copy(update={"support": -1}), *measured.classes[1:])},
        "curve": {"risk_coverage": measured.risk_coverage.model_copy(update={"x": (2.0,), "y": (0.5,)})},
    }
    if what in changes:
        return record.model_copy(update={"measured": measured.model_copy(update=changes[what])})
    times = record.latency[0]
    update = {"p95_seconds": times.p50_seconds / 2} if what == "percentiles" else {"n": 0}
    return record.model_copy(update={"latency": (times.model_copy(update=update), *record.latency[1:])})


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("class", r"measured\.classes\.0\.f1: 1e\+18 is not between 0 and 1"),
        ("interval", r"measured\.values\.0: 0\.9 is more than 0\.2"),
        ("n", r"measured\.values\.0\.n: -3 is negative"),
        ("support", r"measured\.classes\.0\.support: -1 is negative"),
        ("curve", r"measured\.risk_coverage: 2 is not between 0 and 1"),
        ("percentiles", r"latency\.0: .* is more than"),
        ("repeats", r"latency\.0: 0 repeats"),
    ],
)
def test_numbers_that_nothing_can_have_measured_are_refused_under_a_right_seal(
    record: RunRecord, tmp_path: Path, what: str, words: str
) -> None:
    save_record(forged(record, what), tmp_path)
    with pytest.raises(RecordError, match=words):
        load_record(tmp_path)


TRAINING = {
    "epochs": ({"epoch": 9e9}, r"training\.epochs\.0\.epoch: 9e\+09 after"),
    "row": ({"step": 10**6}, r"training\.epochs\.0\.step: 1000000 of"),
    "accuracy": ({"test_accuracy": 1.5}, r"training\.epochs\.0\.test_accuracy: 1\.5 is not between"),
    "loss": ({"test_loss": -2.0}, r"training\.epochs\.0\.test_loss: -2 is negative"),
    "row_time": ({"seconds": -1.0}, r"training\.epochs\.0\.seconds: -1 is negative"),
}
"""A row of the history, changed, and what is said of it."""
PASS = {
    "time": ({"seconds": -1.0}, r"training\.seconds: -1 is negative"),
    "endless": ({"seconds": float("inf")}, r"training\.seconds: inf is not a finite number"),
    "rate": ({"images_per_second": float("nan")}, r"training\.images_per_second: nan is not"),
    "batch": ({"batch_size": 0}, r"training\.batch_size: 0 is less than 1"),
    "planned": ({"planned_steps": 1}, r"training\.steps: \d+ of 1 planned"),
    "final": ({"train_loss": -0.5}, r"training\.train_loss: -0\.5 is negative"),
}
"""The same of the pass."""


@pytest.mark.parametrize("what", [*TRAINING, *PASS, "losses"])
def test_a_training_that_nothing_can_have_gone_through_is_refused(record: RunRecord, tmp_path: Path, what: str) -> None:
    training = record.training
    assert training is not None
    rows = training.epochs
    if what in PASS:
        changed, words = training.model_copy(update=PASS[what][0]), PASS[what][1]
    elif what == "losses":
        more = {"steps": training.steps + 1, "planned_steps": training.steps + 1}
        changed, words = training.model_copy(update=more), r"training\.steps: \d+ steps and \d+ entries in train\.loss"
    else:
        row = rows[0].model_copy(update=TRAINING[what][0])
        changed, words = training.model_copy(update={"epochs": (row, *rows[1:])}), TRAINING[what][1]
    save_record(record.model_copy(update={"training": changed}), tmp_path)
    with pytest.raises(RecordError, match=words):
        load_record(tmp_path)


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        (np.zeros((3, 63), np.uint8), r"test_accuracy: 155 images right, and 0 in train\.test_right"),
        (np.zeros((3, 62), np.uint8), r"train\.test_right: \(3, 62\) where the history has \(3, 63\)"),
        (np.zeros((2, 63), np.uint8), r"train\.test_right: \(2, 63\) where"),
        (np.zeros((3, 63), bool), r"train\.test_right: numbers of type bool"),
    ],
)
def test_answers_that_another_history_gave_are_refused(
    record: RunRecord, tmp_path: Path, bits: np.ndarray, words: str
) -> None:
    save_record(record.model_copy(update={"arrays": record.arrays.merged({"train.test_right": bits})}), tmp_path)
    with pytest.raises(RecordError, match=words):
        load_record(tmp_path)


@pytest.mark.parametrize(("name", "value", "words"), [("brier", 2.5, "brier can't be 2.5"), ("nll", -1.0, "-1 is neg")])
def test_scores_beyond_their_bounds_are_refused(
    record: RunRecord, tmp_path: Path, name: str, value: float, words: str
) -> None:
    measured = record.measured
    assert measured is not None
    values = tuple(
        one.model_copy(update={"value": value, "low": None, "high": None}) if one.name == name else one
        for one in measured.values
    )
    assert values != measured.values
    save_record(record.model_copy(update={"measured": measured.model_copy(update={"values": values})}), tmp_path)
    with pytest.raises(RecordError, match=words):
        load_record(tmp_path)
