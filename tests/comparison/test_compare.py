"""Two records compared: numbers against plain loops and scikit-learn, matching, refusals, what is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score, log_loss

from reportgen.comparison import compare_with
from reportgen.comparison.numbers import SectionNumbers
from reportgen.metrics import measure
from reportgen.record.comparison import Refusal
from reportgen.record.metric_value import Method, MetricValue, Unit
from reportgen.record.run import RunRecord
from reportgen.record.store import load_stored
from reportgen.record.subject import Subject
from tests.comparison.cases import DIGEST, another_seed, compared, improved, judged, refused, with_logits, with_seeds
from tests.metrics.cases import softmax
from tests.report.sections.cases import change
from tests.support.records import TITLE, write_subject


def right(record: RunRecord) -> np.ndarray:
    return record.arrays["eval.logits"].argmax(1) == record.arrays["eval.labels"]


@pytest.fixture(scope="module")
def other(record: RunRecord) -> RunRecord:
    return with_logits(record, another_seed())


def test_a_record_is_equivalent_to_itself(record: RunRecord) -> None:
    found = compared(record, record)
    assert (found.verdict, found.identical, found.p) == ("equivalent", True, 1.0)
    assert (found.mcnemar.lost, found.mcnemar.gained) == (0, 0)
    assert {value.value for value in found.values} == {0.0, 1.0}
    assert all(value.low <= 0 <= value.high for value in found.values if value.low is not None)  # type: ignore[operator]
    assert all(value.value == 1.0 for value in found.values if value.name.endswith("_ratio"))
    assert found.differences == found.lost == found.gained == ()
    assert found.images_needed is None


def test_counts_are_those_of_a_loop(record: RunRecord, other: RunRecord) -> None:
    before, after = right(record), right(other)
    found = compared(other, record).mcnemar
    cells = [(a, b) for a, b in zip(before.tolist(), after.tolist(), strict=True)]
    assert (found.both_right, found.lost, found.gained, found.both_wrong) == tuple(
        cells.count(cell) for cell in [(True, True), (True, False), (False, True), (False, False)]
    )


def test_the_change_of_accuracy_lies_in_its_interval_and_has_its_n(record: RunRecord, other: RunRecord) -> None:
    value = compared(other, record).value("accuracy.change")
    assert value is not None
    assert value.value == pytest.approx(right(other).mean() - right(record).mean())
    assert value.low is not None
    assert value.high is not None
    assert value.low < value.value < value.high  # type: ignore[operator]
    assert (value.n, value.method) == (600, "paired")
    assert value.display.endswith("points")


def test_scores_change_by_what_scikit_learn_says(record: RunRecord, other: RunRecord) -> None:
    found, labels = compared(other, record), record.arrays["eval.labels"]
    f1 = [f1_score(labels, one.arrays["eval.logits"].argmax(1), average="macro") for one in (record, other)]
    loss = [log_loss(labels, softmax(one.arrays["eval.logits"])) for one in (record, other)]
    values = {name: found.value(f"{name}.change") for name in ("macro_f1", "nll")}
    assert values["macro_f1"] is not None
    assert values["nll"] is not None
    assert values["macro_f1"].value == pytest.approx(f1[1] - f1[0])
    assert values["nll"].value == pytest.approx(loss[1] - loss[0])


def test_every_change_is_the_difference_of_the_two_headline_numbers(record: RunRecord, other: RunRecord) -> None:
    found = compared(other, record)
    assert other.measured is not None
    untold = {value.name.rpartition(".")[0] for value in found.values if value.value is None}
    assert untold == {"latency_p50", "latency_p95", "throughput"}  # of two runs
    for value in found.values:
        name, _, kind = value.name.rpartition(".")
        if name in untold:
            continue
        before = next(item for item in found.before if item.name == name).value
        after = other.measured.value(name)
        assert after is not None
        expected = after.value - before if kind == "change" else after.value / before  # type: ignore[operator]
        assert value.value == pytest.approx(expected), value.name


def test_an_interval_of_a_change_is_paired(record: RunRecord, other: RunRecord) -> None:
    labels, rng = record.arrays["eval.labels"], np.random.default_rng(0)
    losses = [-np.log(softmax(one.arrays["eval.logits"])[np.arange(600), labels]) for one in (record, other)]
    classes = [(losses[1] - losses[0])[labels == label] for label in np.unique(labels)]
    resampled = [sum(rng.choice(one, one.size).sum() for one in classes) / 600 for _ in range(1000)]
    value = compared(other, record).value("nll.change")
    assert value is not None
    low, high = np.percentile(resampled, [2.5, 97.5])
    assert (value.low, value.high) == pytest.approx((low, high), abs=0.05 * (high - low))
    apart = [np.std(loss) for loss in losses]
    assert value.high - value.low < 2 * 1.96 * np.hypot(*apart) / np.sqrt(600)  # type: ignore[operator]


def test_better_and_worse_are_each_others_mirror(record: RunRecord) -> None:
    good = improved(record, 40)
    better, worse = compared(good, record), compared(record, good)
    assert (better.verdict, worse.verdict) == ("better", "worse")
    assert (better.mcnemar.gained, worse.mcnemar.lost) == (40, 40)
    assert [flip.id for flip in better.gained] == [flip.id for flip in worse.lost]
    assert better.images_needed is worse.images_needed is None


def test_too_little_to_tell_says_how_many_images_would(record: RunRecord) -> None:
    found = compared(improved(record, 3), record)
    assert found.verdict == "undecided"
    assert found.images_needed is not None
    assert 600 < found.images_needed < 2000


def test_a_wide_margin_makes_the_same_change_equivalent(record: RunRecord) -> None:
    assert compared(improved(record, 3), record, margin=0.05).verdict == "equivalent"


def test_the_order_of_the_images_does_not_matter(record: RunRecord, other: RunRecord) -> None:
    order = np.random.default_rng(3).permutation(600)
    names = ("eval.logits", "eval.labels", "eval.ids", "eval.digests")
    shuffled = change(record, arrays={name: record.arrays[name][order] for name in names})
    assert compared(other, shuffled) == compared(other, record)


def test_images_that_look_the_same_are_told_apart_by_their_labels(record: RunRecord) -> None:
    digests = record.arrays["eval.digests"].copy()
    digests[:30] = digests[0]
    twins = change(record, arrays={"eval.digests": digests})
    order = np.arange(600)[::-1]
    names = ("eval.logits", "eval.labels", "eval.ids", "eval.digests")
    found = compared(twins, change(twins, arrays={name: twins.arrays[name][order] for name in names}))
    assert found.mcnemar.lost == found.mcnemar.gained == 0


def test_classes_are_counted_and_corrected_together(record: RunRecord, other: RunRecord) -> None:
    labels, found = record.arrays["eval.labels"], compared(other, record).classes
    for one in found:
        rows = labels == one.index
        assert (one.support, one.name) == (rows.sum(), record.data.classes[one.index])
        assert one.lost == (right(record) & ~right(other) & rows).sum()
        assert one.change.value == pytest.approx((one.gained - one.lost) / rows.sum())
        assert one.change.value == pytest.approx(one.after.value - one.before.value)  # type: ignore[operator]
        assert one.p <= one.p_adjusted <= 1
    smallest = min(found, key=lambda one: one.p)
    assert smallest.p_adjusted == pytest.approx(min(1, 10 * smallest.p))


def test_a_class_without_images_has_no_change(record: RunRecord) -> None:
    names = (*record.data.classes, "nobody")
    wide = np.pad(record.arrays["eval.logits"], ((0, 0), (0, 1)), constant_values=-20)
    more = change(record, data={"classes": names}, arrays={"eval.logits": wide}, measured=None)
    last = compared(more, more).classes[-1]
    assert (last.support, last.change.value, last.change.display, last.p_adjusted) == (0, None, "—", 1.0)


def test_flips_carry_their_image_and_both_answers(record: RunRecord, other: RunRecord) -> None:
    whole = compare_with(other, Subject(record), DIGEST)
    found = whole.compared
    assert found is not None
    lost = np.flatnonzero(right(record) & ~right(other))
    assert set(whole.arrays["comparison.lost"].tolist()) == set(lost.tolist())
    assert len(found.lost) == len(found.gained) == 10
    for flip in (*found.lost, *found.gained):
        assert np.array_equal(whole.arrays["comparison.images"][flip.image], record.arrays["images"][flip.id])
        assert (flip.before == flip.label) != (flip.after == flip.label)
        probability = softmax(other.arrays["eval.logits"][flip.id : flip.id + 1]).max()
        assert flip.after_confidence == pytest.approx(probability)


def test_each_image_comes_from_the_record_that_was_wrong(record: RunRecord, other: RunRecord) -> None:
    def keeping(one: RunRecord) -> RunRecord:
        rows = np.flatnonzero(~right(one))
        return change(one, arrays={"images": record.arrays["images"][rows], "images.ids": rows})

    found = compared(keeping(other), keeping(record))
    assert len(found.lost) == len(found.gained) == 10
    none = {"images": np.zeros((0, 8, 8, 3), np.uint8), "images.ids": np.zeros(0, np.int64)}
    assert compared(change(other, arrays=none), change(record, arrays=none)).lost == ()


def test_outputs_that_are_not_finite_leave_accuracy_and_counts(record: RunRecord) -> None:
    logits = record.arrays["eval.logits"].copy()
    logits[::3] = np.nan
    found = compared(with_logits(record, logits), record)
    assert found.verdict == "worse"
    assert found.value("nll.change") is None
    assert found.value("macro_f1.change") is not None
    assert all(flip.after == -1 and flip.after_confidence is None for flip in found.lost)


@pytest.mark.slow
def test_several_seeds_count_their_scatter(record: RunRecord, other: RunRecord) -> None:
    one = compared(with_seeds(other, [1, 2, 3], 1.0), with_seeds(record, [4, 5, 6], 1.0))
    assert (one.seeds, one.seed_spread is None) == ((4, 4), False)
    value, alone = one.value("accuracy.change"), compared(other, record).value("accuracy.change")
    assert value is not None
    assert alone is not None
    assert value.method == "seeds"
    assert value.high - value.low > alone.high - alone.low  # type: ignore[operator]
    assert one.mcnemar == compared(other, record).mcnemar
    assert one.p != one.mcnemar.p
    assert one.images_needed is None


def test_the_change_over_seeds_is_that_of_the_means(record: RunRecord, other: RunRecord) -> None:
    many, labels = with_seeds(other, [1, 2]), record.arrays["eval.labels"]
    names = ("eval.logits", "seed.1.logits", "seed.2.logits")
    shares = [(many.arrays[name].argmax(1) == labels).mean() for name in names]
    found = compared(many, record)
    value = found.value("accuracy.change")
    assert value is not None
    assert value.value == pytest.approx(np.mean(shares) - right(record).mean())
    assert found.seed_spread == pytest.approx(np.std(shares, ddof=1))
    assert found.value("nll.change").method == "seeds"  # type: ignore[union-attr]


REFUSALS = {
    "600 images and this model on 500; 500 are the same": lambda r: change(
        r, arrays={name: r.arrays[name][:500] for name in ("eval.logits", "eval.labels", "eval.ids", "eval.digests")}
    ),
    "Only 590 of the 600": lambda r: change(
        r, arrays={"eval.digests": np.r_[np.arange(10, dtype=np.uint64), r.arrays["eval.digests"][10:]]}
    ),
    "2 images of the 600 have other labels": lambda r: change(
        r, arrays={"eval.labels": np.r_[(r.arrays["eval.labels"][:2] + 1) % 10, r.arrays["eval.labels"][2:]]}
    ),
    "10 classes and this model 11": lambda r: change(r, data={"classes": (*r.data.classes, "more")}),
    "“airplane” in the baseline and “plane” here": lambda r: change(
        r, data={"classes": ("plane", *r.data.classes[1:])}
    ),
    "in another order": lambda r: change(r, data={"classes": r.data.classes[::-1]}),
    "images are 3×32×32, those here 3×64×64": lambda r: change(
        r, data={"image_shape": (3, 64, 64)}, arrays={"eval.digests": r.arrays["eval.digests"] + np.uint64(1)}
    ),
    "This record holds no evaluation": lambda r: change(
        r, arrays={name: r.arrays[name][:0] for name in ("eval.logits", "eval.labels", "eval.ids", "eval.digests")}
    ),
}


def test_images_resized_for_the_model_are_the_same_images(record: RunRecord) -> None:
    resized = change(record, data={"image_shape": (3, 224, 224), "resized_from": (32, 32)})
    assert compared(resized, record).verdict == "equivalent"


@pytest.mark.parametrize("reason", REFUSALS)
def test_what_is_not_the_same_is_refused_with_a_reason_and_advice(record: RunRecord, reason: str) -> None:
    found = refused(REFUSALS[reason](record), record)  # type: ignore[no-untyped-call]
    assert reason in found.reason.text
    assert found.advice.text.endswith(".")
    assert found.baseline.title == TITLE


def test_times_of_one_model_twice_are_the_machine_s(record: RunRecord) -> None:
    slower = [one.model_copy(update={"p50_seconds": 9 * one.p50_seconds}) for one in record.latency]
    busy = record.model_copy(update={"latency": tuple(slower)})
    busy = busy.model_copy(update={"measured": measure(busy)})
    found = compared(busy, record)
    assert found.value("latency_p50.change_ratio").value is None  # type: ignore[union-attr]
    assert "model and code are those of the baseline" in found.why_not("latency_p50.change_ratio").lower()
    assert found.value("macs.change").value == 0  # type: ignore[union-attr]
    for other in ({"model_source_sha256": "0" * 64}, {"model_files": (("net.py", "1" * 64),)}):
        edited = compared(change(busy, provenance=other), record)
        assert edited.value("latency_p50.change_ratio").value is None  # type: ignore[union-attr]
        assert "from one run to the next" in edited.why_not("latency_p50.change_ratio")


def test_times_of_other_machines_are_not_compared(record: RunRecord) -> None:
    found = compared(change(record, device={"name": "Another CPU"}), record)
    value = found.value("latency_p50.change_ratio")
    assert value is not None
    assert (value.value, value.display) == (None, "—")
    assert "Example CPU and Another CPU" in found.why_not("latency_p50.change_ratio")
    assert found.value("parameters.change_ratio").value == 1.0  # type: ignore[union-attr]
    assert found.why_not("parameters.change_ratio") == ""
    threads = compared(change(record, device={"threads": 4}), record)
    assert "2 and 4" in threads.why_not("train_seconds.change")


def test_numbers_of_sections_change_where_both_have_them(record: RunRecord) -> None:
    def number(name: str, value: float | None, unit: Unit, method: Method) -> MetricValue:
        return MetricValue(name=name, value=value, unit=unit, method=method)

    before = (
        number("slow", 0.002, "seconds", "measured"),
        number("robust", 0.5, "share", "bootstrap"),
        number("gone", 1.0, "score", "exact"),
        number("none", 0.0, "bytes", "measured"),
    )
    after = (
        number("slow", 0.003, "seconds", "measured"),
        number("robust", 0.4, "share", "bootstrap"),
        number("new", 1.0, "score", "exact"),
        number("none", 5e6, "bytes", "measured"),
    )
    numbers = SectionNumbers(before, after)
    found = compare_with(
        record, Subject(change(record, provenance={"weights_sha256": "0" * 64})), DIGEST, numbers
    ).compared
    assert found is not None
    told = {value.name: (value.value, value.display.replace("\u00a0", " "), value.label) for value in found.values}
    assert told["slow.change"] == (pytest.approx(0.001), "+1.00 ms", "slow, change")
    assert told["slow.change_ratio"] == (pytest.approx(1.5), "×1.50", "slow, ratio")
    assert told["robust.change"] == (pytest.approx(-0.1), "−10.0 points", "robust, change")
    assert told["none.change"][:2] == (5e6, "+4.77 MiB")
    assert told["none.change_ratio"][:2] == (None, "—")
    assert not any(name.startswith(("gone", "new")) for name in told)
    elsewhere = compare_with(change(record, device={"name": "Another CPU"}), Subject(record), DIGEST, numbers).compared
    assert elsewhere is not None
    assert elsewhere.value("slow.change_ratio").value is None  # type: ignore[union-attr]
    assert "Another CPU" in elsewhere.why_not("slow.change_ratio")
    assert elsewhere.value("robust.change_ratio").value == pytest.approx(0.8)  # type: ignore[union-attr]


def test_what_only_one_side_measured_has_a_reason(record: RunRecord) -> None:
    bare = record.model_copy(update={"training": None})
    found = compared(with_logits(bare, record.arrays["eval.logits"]), record)
    assert found.why_not("train_seconds.change") == "It was not measured for this model."


def test_differences_are_found_by_part(record: RunRecord) -> None:
    trace = record.trace.modules
    modules = (*trace[:1], trace[1].model_copy(update={"settings": "3, 32"}), *trace[2:-1])
    spec = record.spec.model_copy(update={"run": record.spec.run.model_copy(update={"epochs": 5.0})})
    other = change(
        record,
        spec=spec,
        trace={"modules": modules},
        provenance={"commit": "f" * 40, "versions": {**record.provenance.versions, "torch": "2.15"}},
        device={"precision": "bfloat16"},
    )
    found = {(one.part, str(one.key)): (one.before, one.after) for one in compared(other, record).differences}
    assert found == {
        ("spec", "run.epochs"): ("3.0", "5.0"),
        ("source", "commit"): (record.provenance.commit, "f" * 40),
        ("architecture", "conv1"): (f"Conv2d({trace[1].settings})", "Conv2d(3, 32)"),
        ("architecture", "fc"): (f"Linear({trace[-1].settings})", ""),
        ("device", "numerical precision"): ("float32", "bfloat16"),
        ("versions", "torch"): ("2.14.1", "2.15"),
    }


def test_a_comparison_and_a_refusal_come_back_from_the_disk(
    record: RunRecord, other: RunRecord, tmp_path: Path
) -> None:
    for name, one in (("a", other), ("b", REFUSALS["in another order"](record))):  # type: ignore[no-untyped-call]
        whole = judged(one, record)
        write_subject(whole, tmp_path / name)
        assert load_stored(tmp_path / name).subject == whole
    assert isinstance(load_stored(tmp_path / "b").subject.judgement.comparison, Refusal)


def test_the_same_pair_gives_the_same_comparison(record: RunRecord, other: RunRecord) -> None:
    assert judged(other, record) == judged(other, record)
