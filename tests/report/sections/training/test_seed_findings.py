"""Several seeds and a teacher in a report: what is said of them, where, and of which the numbers are."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.metrics import measure
from reportgen.metrics.paired import score_interval
from reportgen.pipeline.drawing import exit_code
from reportgen.record.run import Divergence, RunRecord, Teacher
from reportgen.report.banners import find_banners
from reportgen.report.sections.data.view import SECTION as DATA
from reportgen.report.sections.evaluation.view import SECTION as EVALUATION
from reportgen.report.sections.evaluation.view import EvaluationView
from reportgen.report.sections.reproduce.view import SECTION as REPRODUCE
from reportgen.report.sections.reproduce.view import ReproduceView
from reportgen.report.sections.summary import MOST_TILES, SummaryView
from reportgen.report.sections.summary import SECTION as SUMMARY
from reportgen.report.sections.training.view import SECTION, TrainingView
from reportgen.spec.types import LossSpec
from tests.report.sections.cases import build, change, evaluated, page
from tests.report.sections.training.test_view import passed
from tests.support.records import with_seeds

PROGRESS = "Progress in the last quarter"
"""A method of every record whose history reaches so far."""


def measured(record: RunRecord) -> RunRecord:
    return record.model_copy(update={"measured": measure(record)})


def seeded(record: RunRecord, *correct: int, **training: object) -> RunRecord:
    return measured(with_seeds(record, *correct, **training))


def fell(step: int = 12) -> Divergence:
    return Divergence(step=step, epoch=0.4, learning_rate=0.1, batch_ids=())


def test_the_mean_over_seeds_is_told_with_its_interval_and_the_seeds_at_both_ends(record: RunRecord) -> None:
    several = seeded(record, 430, 520)
    sentence = build(SECTION, several).sentence("Over 3 seeds")
    assert several.measured is not None
    mean = several.measured.value("accuracy_seeds")
    assert mean is not None
    plain = [text.replace("\u00a0", " ") for text in (mean.display, mean.display_interval)]
    counted = "counting images and seeds, n = 600 images and 3 seeds"
    assert f"the test accuracy is {plain[0]} on average ({plain[1]}, {counted})" in sentence
    deviation = several.measured.value("accuracy_seed_deviation")
    assert deviation is not None
    spread = [text.replace("\u00a0", " ") for text in (deviation.display, deviation.display_interval)]
    assert spread[1]
    assert f"the seed alone changes it by {spread[0]} ({spread[1]}, standard deviation)" in sentence
    assert "to 86.7 % with seed 2" in sentence
    assert "from 71.7 % with seed 1" in sentence
    assert sentence.endswith("Everything else here is about seed 0.")
    assert "Over" not in build(SECTION, record).text


def test_a_mean_over_seeds_on_few_images_says_that_it_has_no_interval(record: RunRecord) -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(30) % 10
    few = evaluated(record, rng.normal(size=(30, 10)) + 3 * np.eye(10)[labels], labels)
    few = few.model_copy(update={"training": record.training})
    sentence = build(SECTION, seeded(few, 20, 25)).sentence("Over 3 seeds")
    assert "on average (30 images, too few for an interval); the seed alone" in sentence


def test_every_seed_has_a_row_and_the_first_is_the_reports(record: RunRecord) -> None:
    view = build(SECTION, seeded(record, 430, 470)).view
    assert isinstance(view, TrainingView)
    plain = [[cell.replace("\u00a0", " ") for cell in row] for row in view.seeds]
    assert [row[0] for row in plain] == ["0", "1", "2"]
    assert plain[1][1:4] == ["71.7 %", "67.9–75.1", "0.800"]
    assert "Every seed in numbers" in page(SECTION, seeded(record, 430, 470))
    alone = build(SECTION, record).view
    assert isinstance(alone, TrainingView)
    assert not alone.seeds
    assert "Every seed in numbers" not in page(SECTION, record)


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_the_first_page_says_whose_numbers_they_are(record: RunRecord, medium: str) -> None:
    several = seeded(record, 430, 470)
    view = build(SUMMARY, several).view
    assert isinstance(view, SummaryView)
    names = [tile.value.name for tile in view.tiles]
    assert names[:2] == ["accuracy", "accuracy_seeds"]
    assert len(names) == MOST_TILES
    assert "train_seconds" in names
    shown = page(SUMMARY, several, medium).replace("\u00a0", " ")
    assert "n = 3 seeds" in shown
    assert "the numbers of this report are of this seed; trained with 1 and 2 too" in shown
    assert "Seed" not in [fact.label for fact in build(SUMMARY, record).view.facts]  # type: ignore[attr-defined]


def test_the_scores_name_the_interval_over_seeds(record: RunRecord) -> None:
    view = build(EVALUATION, seeded(record, 430, 470)).view
    assert isinstance(view, EvaluationView)
    assert [row[0] for row in view.scores][1:3] == ["Top-1, mean over seeds", "Top-1, standard deviation over seeds"]
    assert view.scores.caption.endswith(
        "Interval of the mean over the 3 seeds: Wilson’s for the images combined with Student’s t for the seeds; "
        "interval of the standard deviation between seeds: χ²."
    )
    assert "Student" not in build(EVALUATION, record).view.scores.caption  # type: ignore[attr-defined]


def test_a_seed_that_diverged_is_told_at_the_top_and_ends_with_4(record: RunRecord) -> None:
    several = seeded(record, 60, 470)
    runs = (
        several.seeds[0].model_copy(
            update={"training": several.seeds[0].training.model_copy(update={"divergence": fell()})}
        ),
        several.seeds[1],
    )
    broken = several.model_copy(update={"seeds": runs})
    finding = next(
        f for f in build(SECTION, broken).findings if "With 1 of the further seeds training diverged (1)" in f.text
    )
    assert finding.tone == "bad"
    assert any("With 1 other seed (1) the loss was not finite" in banner.text for banner in find_banners(broken))
    assert (exit_code(broken, ()), exit_code(several, ())) == (4, 0)
    assert not any("other seed" in banner.text for banner in find_banners(several))
    both = seeded(record, 60, 61, divergence=fell())
    assert "With 2 of the further seeds training diverged (1 and 2)" in build(SECTION, both).text
    assert any("With 2 other seeds (1, 2)" in banner.text for banner in find_banners(both))


def taught(record: RunRecord, right: np.ndarray) -> RunRecord:
    teacher = Teacher(
        source="builtin:cifar_resnet20",
        parameters=269_722,
        correct=int(right.sum()),
        n=len(right),
        loss=0.3,
        weights_file="best.pt",
        weights_sha256="a" * 64,
        source_sha256="b" * 64,
    )
    loss = LossSpec(name="kl_div", teacher={"source": "builtin:cifar_resnet20"})  # type: ignore[arg-type]
    run = record.spec.run.model_copy(update={"loss": loss})
    changed = change(record, training={"teacher": teacher}, arrays={"teacher.correct": right.astype(np.uint8)})
    return measured(changed.model_copy(update={"spec": record.spec.model_copy(update={"run": run})}))


def own(record: RunRecord) -> np.ndarray:
    right: np.ndarray = record.arrays["eval.logits"].argmax(1) == record.arrays["eval.labels"]
    return right


def test_a_better_teacher_is_told_with_its_accuracy_and_the_paired_gap(record: RunRecord) -> None:
    right = own(record)
    better = right.copy()
    better[np.flatnonzero(~right)[:50]] = True
    sentence = build(SECTION, taught(record, better)).sentence(
        "It was distilled from “cifar_resnet20” (269,722 parameters)"
    )
    assert f"classifies {100 * better.mean():.1f} % (" in sentence
    assert "8.3 points above its student (6.4–10.8, paired)" in sentence
    low, high = score_interval(0, 50, len(right))
    assert f"{100 * float(low):+.1f} to {100 * float(high):+.1f}" == "+6.4 to +10.8"


def test_a_teacher_that_is_worse_or_not_to_be_told_apart(record: RunRecord) -> None:
    right = own(record)
    worse = right & (np.arange(len(right)) % 3 > 0)
    finding = next(f for f in build(SECTION, taught(record, worse)).findings if "distilled from" in f.text)
    assert "there was little to gain from distillation" in finding.text
    assert finding.tone == "caution"
    other = right.copy()
    other[[np.flatnonzero(right)[0], np.flatnonzero(~right)[0]]] ^= True
    assert "Its student can’t be distinguished from it (−" in build(SECTION, taught(record, other)).sentence(
        "distilled from"
    )
    assert "distilled from" not in build(SECTION, record).text


def test_the_teacher_is_among_facts_methods_and_digests(record: RunRecord) -> None:
    pupil = taught(record, own(record))
    view, reproduced = build(SECTION, pupil).view, build(REPRODUCE, pupil).view
    assert isinstance(view, TrainingView)
    assert isinstance(reproduced, ReproduceView)
    facts = {fact.label: (fact.value, fact.note) for fact in view.facts}
    assert facts["Teacher"] == ("builtin:cifar_resnet20", "best.pt")
    assert "Distillation" in [note.name for note in view.methods]
    assert ("best.pt, of the teacher", "a" * 64) in reproduced.digests
    assert ("source of the teacher", "b" * 64) in reproduced.digests
    assert pupil.measured is not None
    value = pupil.measured.value("teacher_accuracy")
    assert value is not None
    assert value.value == own(record).mean()


def test_seeds_that_are_right_equally_often_say_why_the_deviation_has_no_interval(record: RunRecord) -> None:
    alike = seeded(record, int(own(record).sum()))
    sentence = build(SECTION, alike).sentence("Over 2 seeds").replace("\u00a0", " ")
    assert "changes it by 0.0 points (standard deviation, without an interval because all are equal), from" in sentence


def test_mixing_is_named_with_the_augmentation(record: RunRecord) -> None:
    mixed = change(record, data={"mixup": 0.2})
    for section in (SECTION, DATA):
        facts = {fact.label: fact.value for fact in build(section, mixed).view.facts}  # type: ignore[attr-defined]
        assert facts["Augmentation"] == "crop, flip, mixup (α 0.2)"
    assert [note.name for note in build(SECTION, mixed).view.methods] == [PROGRESS, "mixup"]
    bare = change(mixed, data={"augment": ()})
    assert "mixup (α 0.2)" in page(DATA, bare)


def test_methods_in_use_are_named(record: RunRecord) -> None:
    assert [note.name for note in build(SECTION, record).view.methods] == [PROGRESS]
    assert build(SECTION, passed(record, 0.5)).view.methods == ()
    names = [note.name for note in build(SECTION, seeded(record, 430)).view.methods]
    assert names == ["Several seeds", PROGRESS]
    run = record.spec.run.model_copy(update={"loss": LossSpec(name="focal")})
    focal = record.model_copy(update={"spec": record.spec.model_copy(update={"run": run})})
    assert [note.name for note in build(SECTION, focal).view.methods] == [PROGRESS, "Focal loss"]
