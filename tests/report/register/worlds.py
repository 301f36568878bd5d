"""Worlds in which there is nothing to find, and what the report says of them.

Each world is simulated report after report; a claim made in one is an error. `python -m tests.report.register.worlds`
prints the rates that the claims state.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from reportgen.comparison.accuracy import paired_changes
from reportgen.comparison.changes import score_changes
from reportgen.comparison.classes import compare_classes
from reportgen.comparison.decision import ALPHA, decide
from reportgen.comparison.history import Answers, compare_answers
from reportgen.comparison.latencies import paired_ratio
from reportgen.experiment.probes.weights.spectra import effective_rank
from reportgen.metrics.explanations import MapCheck, Votes, mean_estimate
from reportgen.metrics.intervals import newcombe
from reportgen.metrics.paired import holm, mcnemar_exact
from reportgen.metrics.predictions import Predictions, read_predictions
from reportgen.metrics.preprocessing import doubt_preparation
from reportgen.metrics.reliability import reliability_bins
from reportgen.metrics.responses import Responses
from reportgen.metrics.robustness import find_worst, read_outcomes
from reportgen.metrics.selection import label_errors
from reportgen.metrics.values import share, value_of
from reportgen.record.history import StepBack
from reportgen.record.latency import summarise
from reportgen.record.measurements import ClassScore
from reportgen.record.metric_value import MetricValue
from reportgen.record.probes.response import ResponseUnit
from reportgen.record.probes.robustness import CORRUPTED, KINDS, Condition, PreparationCheck
from reportgen.record.run import TEST_RIGHT
from reportgen.report.sections.baseline.findings import find_classes as find_changed_classes
from reportgen.report.sections.baseline.findings import find_latency, find_scores
from reportgen.report.sections.cost.findings import find_unsettled
from reportgen.report.sections.evaluation.calibration_wording import find_agreement, format_agreement
from reportgen.report.sections.evaluation.class_findings import find_classes
from reportgen.report.sections.evaluation.findings import (
    find_baseline,
    find_calibration,
    find_coverage,
    find_groups,
)
from reportgen.report.sections.explanations.findings import find_mistakes, find_overlap, find_separation, find_worth
from reportgen.report.sections.explanations.map_wording import format_gain, format_learnt
from reportgen.report.sections.history import Run, find_steps
from reportgen.report.sections.history import find_change as find_change_of_runs
from reportgen.report.sections.parameters.filter_findings import find_sparse
from reportgen.report.sections.parameters.findings import find_rank
from reportgen.report.sections.predictions.findings import find_label_errors, find_sure
from reportgen.report.sections.response.exposure_findings import find_oversure
from reportgen.report.sections.response.findings import find_layers
from reportgen.report.sections.robustness.findings import find_attack, find_half, find_loss, find_masking
from reportgen.report.sections.robustness.preprocessing_findings import find_preparation
from reportgen.report.sections.training.findings import find_gap, find_progress
from reportgen.report.sections.training.seed_findings import find_teacher
from tests.report.register.case import listening, said
from tests.support.layers import DRIVES, EXPOSURES
from tests.support.robustness_facts import preparation
from tests.support.weights import matrix, numbers

Generator = np.random.Generator
Report = Callable[[Generator], set[str]]
"""What one simulated report says."""
CLASSES = 10
NAMES = tuple(f"class {at}" for at in range(CLASSES))


def fake(**parts: object) -> Any:
    """Something with these attributes, in place of a record of which the rest does not matter."""
    return SimpleNamespace(**parts)


def measured(predictions: Predictions, *values: MetricValue) -> Any:
    """The counts of an evaluation that the findings read, without the rest of the measuring."""
    matrix = np.zeros((predictions.classes, predictions.classes), int)
    np.add.at(matrix, (predictions.labels, predictions.predicted), 1)
    scores = tuple(
        ClassScore.model_construct(index=at, name=f"class {at}", support=int(row.sum()), recall=recall(row, at))
        for at, row in enumerate(matrix)
    )
    known = {value.name: value for value in values}
    return fake(
        values=values,
        value=known.get,
        classes=scores,
        confusion=tuple(map(tuple, matrix.tolist())),
        calibration=fake(error=None, bins=()),
    )


def recall(row: NDArray[np.int64], at: int) -> MetricValue:
    """Of one row of the confusion matrix."""
    return share("accuracy", int(row[at]), int(row.sum()))


def called(predicted: NDArray[np.int64], labels: NDArray[np.int64]) -> Predictions:
    """Predictions of these classes, each with the same confidence."""
    logits = np.full((len(labels), CLASSES), -3.0)
    logits[np.arange(len(labels)), predicted] = 3.0
    return read_predictions(logits, labels)


def spoil(rng: Generator, labels: NDArray[np.int64], accuracy: float) -> NDArray[np.int64]:
    """The labels, wrong in the rest of the cases with every other class alike."""
    other = (labels + rng.integers(1, CLASSES, labels.shape)) % CLASSES
    return np.where(rng.random(labels.shape) < accuracy, labels, other)


def equal_classes(rng: Generator) -> set[str]:
    """1,000 images of ten classes of equal recall, 85 %, errors spread evenly."""
    labels = np.arange(1000) % CLASSES
    predictions = called(spoil(rng, labels, 0.85), labels)
    return said(find_classes(measured(predictions), predictions, {}))


def equal_pairs(rng: Generator) -> set[str]:
    """Two pairs of ten classes are confused equally often, the others not; with more equal ones it is said more
    seldom."""
    labels = np.arange(1000) % CLASSES
    other = np.where(labels < 4, labels ^ 1, labels)
    predictions = called(np.where(rng.random(1000) < 0.2, other, labels), labels)
    return said(find_classes(measured(predictions), predictions, {}))


def guesses(rng: Generator) -> set[str]:
    """500 images of ten classes in equal numbers, answered without looking."""
    labels = np.arange(500) % CLASSES
    predictions = called(rng.integers(0, CLASSES, 500), labels)
    accuracy = share("accuracy", int(predictions.correct.sum()), 500)
    return said([find_baseline(measured(predictions, accuracy))])


def drawn_from_its_own(rng: Generator) -> Predictions:
    """Predictions of 1,000 images whose labels are drawn from the probabilities themselves."""
    logits = rng.normal(0, 3, (1000, CLASSES))
    chances = np.exp(logits - logits.max(1, keepdims=True))
    edges = (chances / chances.sum(1, keepdims=True)).cumsum(1)
    labels = (rng.random((1000, 1)) > edges).sum(1).clip(max=CLASSES - 1)
    return read_predictions(logits, labels)


def calibrated(rng: Generator) -> set[str]:
    """1,000 images whose labels are drawn from the model's own probabilities."""
    predictions = drawn_from_its_own(rng)
    error = value_of("ece", 0.02, (0.01, 0.03), 1000)
    bins = reliability_bins(predictions.confidence, predictions.correct.astype(float))
    with listening() as heard:
        format_agreement(find_agreement(predictions, bins), bins)
    return said([find_calibration(measured(predictions, error), predictions, ""), find_sure(predictions)]) | set(heard)


def right_labels(rng: Generator) -> set[str]:
    """1,000 images whose labels are drawn from the model's own probabilities; what it confidently denies."""
    predictions = drawn_from_its_own(rng)
    fits, _order = label_errors(predictions, 1.0)
    selection = fake(groups=[fake(name="label_errors", candidates=int(fits.sum()))])
    return said([find_label_errors(predictions, selection, 1.0)])


def errors_alike(rng: Generator) -> set[str]:
    """120 errors of ten classes in three groups, each error any of the other classes alike."""
    labels = np.repeat(np.arange(CLASSES), 60)
    predictions = called(spoil(rng, labels, 0.8), labels)
    groups = np.array([0] * 5 + [1] * 3 + [2] * 2)
    arrays = {"eval.labels": labels, "eval.coarse_labels": groups[labels]}
    record = fake(arrays=arrays, data=fake(classes=NAMES, coarse_classes=("a", "b", "c")))
    return said([find_groups(record, predictions)])


def blind_confidence(rng: Generator) -> set[str]:
    """500 images, 80 % right whatever the confidence."""
    confidence = rng.uniform(0.55, 0.99, 500)
    logits = np.zeros((500, 2))
    logits[:, 0] = np.log(confidence / (1 - confidence))
    predictions = read_predictions(logits, (rng.random(500) > 0.8).astype(np.int64))
    return said([find_coverage(predictions, "")])


def changed_images(right: NDArray[np.bool_], clean: NDArray[np.bool_], conditions: list[tuple[str, int]]) -> Any:
    """A record of conditions (k, n) under which images are right or wrong, and the facts of its probe."""
    n = len(clean)
    families = {"fgsm": "attack", "pgd": "attack"}
    facts = fake(
        conditions=tuple(
            Condition(family=families.get(kind, "noise"), kind=kind, level=level, images=n)  # type: ignore[arg-type]
            for kind, level in conditions
        ),
        attack=None,
        kinds_left_out=(),
    )
    labels = np.arange(n) % CLASSES
    logits = np.zeros((n, CLASSES))
    logits[np.arange(n), np.where(clean, labels, (labels + 1) % CLASSES)] = 1
    arrays = {
        "robustness.rows": np.arange(n),
        "robustness.predicted": np.where(right, labels, (labels + 1) % CLASSES),
        "eval.labels": labels,
        "eval.logits": logits,
    }
    return fake(arrays=arrays, data=fake(classes=NAMES)), facts


COUNTED = [kind for kind in KINDS if kind not in ("fgsm", "pgd", "shift", "rotation")][:12]


def corrupted(rng: Generator, kinds: int, losses: dict[int, float]) -> set[str]:
    """So many kinds of corruption at some severities (severity -> share of the images lost), 300 images."""
    easy = rng.random(300)
    clean = easy < 0.9
    conditions = [(kind, level) for kind in COUNTED[:kinds] for level in losses]
    ease = np.array([losses[level] for _kind, level in conditions])[:, None]
    noise = rng.random((len(conditions), 300)) < 0.15
    right = np.where(noise, rng.random((len(conditions), 300)) < 0.9 - ease, easy < 0.9 - ease)
    record, facts = changed_images(right, clean, conditions)
    outcomes = [one for one in read_outcomes(record, facts) if one.condition.family in CORRUPTED]
    shown = [fake(kind=kind) for kind in COUNTED[:kinds]]
    return said([find_loss(find_worst(record, facts, outcomes), outcomes, shown, "")])


def equal_corruptions(rng: Generator) -> set[str]:
    """Two kinds at three severities cost the same: 5, 15 and 30 points; with more equal ones it is said more seldom."""
    return corrupted(rng, 2, {1: 0.05, 3: 0.15, 5: 0.3})


def harmless_corruptions(rng: Generator) -> set[str]:
    """Twelve kinds at three severities flip some images either way and cost nothing."""
    return corrupted(rng, 12, {1: 0.0, 3: 0.0, 5: 0.0})


def halving_corruptions(rng: Generator) -> set[str]:
    """Twelve kinds at three severities leave half of the accuracy on 90 % of 200 images, some images gained."""
    clean, conditions = rng.random(200) < 0.9, [(kind, level) for kind in COUNTED for level in (1, 3, 5)]
    right = rng.random((36, 200)) < np.where(clean, 0.47, 0.27)
    record, facts = changed_images(right, clean, conditions)
    outcomes = [one for one in read_outcomes(record, facts) if one.condition.family in CORRUPTED]
    return said([find_half(record, facts, outcomes, "")])


def attacks_to_chance(rng: Generator) -> set[str]:
    """Eight attacks leave as many of 200 images right as chance does."""
    conditions = [(kind, level) for kind in ("fgsm", "pgd") for level in (1, 2, 4, 8)]
    record, facts = changed_images(rng.random((8, 200)) < 1 / CLASSES, rng.random(200) < 0.9, conditions)
    return said([find_attack(record, facts, read_outcomes(record, facts), "")])


def equal_attacks(rng: Generator) -> set[str]:
    """One step and many steps leave 40 % of 200 images right, at four sizes."""
    conditions = [(kind, level) for kind in ("fgsm", "pgd") for level in (1, 2, 4, 8)]
    record, facts = changed_images(rng.random((8, 200)) < 0.4, rng.random(200) < 0.9, conditions)
    return said([find_masking(facts, read_outcomes(record, facts), "")])


def prepared(rng: Generator, n: int, up: list[float], down: float, **more: object) -> tuple[PreparationCheck, Any]:
    """A check of other ways, of which each gains and loses these shares of n images."""
    others = [
        preparation(int(0.8 * n) + gained - lost, gained, lost, name="imagenet", images=n)
        for share_up in up
        for gained, lost in [(int(rng.binomial(n, share_up)), int(rng.binomial(n, down)))]
    ]
    given = {"images": n, "right": int(0.8 * n), "others": tuple(others), "stages": 1, "loss_images": 0}
    check = PreparationCheck.model_validate(given | {"learned_here": False} | more)
    labels = np.arange(n) % CLASSES
    arrays = {"eval.labels": labels, "robustness.rows": np.arange(n)}
    return check, fake(arrays=arrays, data=fake(normalize_name="cifar10"))


def equal_preparations(rng: Generator) -> set[str]:
    """Eight other ways gain and lose 5 % of 500 images each."""
    check, record = prepared(rng, 500, [0.05] * 8, 0.05)
    doubt = doubt_preparation(check, 1 / CLASSES)
    learned, _unused = prepared(rng, 500, [0.05] * 8, 0.05, learned_here=True)
    found = said([find_preparation(record, check, doubt), find_preparation(record, learned, None)])
    return found | ({"banner.preparation"} if doubt is not None else set())


def better_preparation(rng: Generator) -> set[str]:
    """Seven other ways of 2,000 images are worse by ten points, one is better by two."""
    check, record = prepared(rng, 2000, [0.03, *[0.01] * 7], 0.01, complete=True)
    worse = [other.model_copy(update={"lost": other.lost + 200}) for other in check.others[1:]]
    check = check.model_copy(update={"others": (check.others[0], *worse)})
    return said([find_preparation(record, check, doubt_preparation(check, 1 / CLASSES))])


def equal_models(rng: Generator) -> set[str]:
    """Two models right on 90 % of 1,000 images of ten classes, on others each."""
    labels = np.arange(1000) % CLASSES
    models = [called(spoil(rng, labels, 0.9), labels) for _ in range(2)]
    (lost, gained) = (int((a.correct & ~b.correct).sum()) for a, b in (models, models[::-1]))
    matched = fake(names=NAMES, labels=labels, before=(models[0],), after=(models[1],), n=1000, identical=False)
    comparison = fake(
        classes=compare_classes(matched),
        mcnemar=fake(lost=lost, gained=gained),
        p=float(mcnemar_exact(lost, gained)),
        seeds=(1, 1),
        evaluations=(1, 1),
    )
    (verdict,) = verdicts_of(models)
    return said([find_changed_classes(comparison, "")]) | {f"baseline.{verdict}"}


def equal_comparison(rng: Generator) -> set[str]:
    """Two models whose outputs for 1,000 images are the same but for noise, by all scores, which all of them have."""
    labels = np.arange(1000) % CLASSES
    logits = 4 * rng.beta(4, 1.5, (1000, 1)) * np.eye(CLASSES)[labels] + rng.normal(0, 1, (1000, CLASSES))
    one, other = (read_predictions(logits + rng.normal(0, 0.7, logits.shape), labels) for _ in range(2))
    matched = fake(
        names=NAMES,
        labels=labels,
        before=(one,),
        after=(other,),
        drawn=((), ()),
        n=1000,
        identical=False,
    )
    lost, gained = (int((a.correct & ~b.correct).sum()) for a, b in ((one, other), (other, one)))
    comparison = fake(
        identical=False,
        scores=score_changes(matched),
        classes=compare_classes(matched),
        mcnemar=fake(lost=lost, gained=gained),
        p=float(mcnemar_exact(lost, gained)),
        seeds=(1, 1),
        evaluations=(1, 1),
    )
    return said([find_scores(comparison, ""), find_changed_classes(comparison, "")]) | {
        f"baseline.{verdict}" for verdict in verdicts_of([one, other])
    }


ANY_CHANGE = {"baseline.better", "baseline.worse", "baseline.scores", "baseline.classes"}
"""What is an error in it, whichever of them is said."""


def verdicts_of(models: list[Predictions]) -> list[str]:
    """The verdict on two models by the rule, at a margin of half a point."""
    difference = models[1].correct.astype(np.int8) - models[0].correct.astype(np.int8)

    return [decide(change, 0.005) for change in paired_changes(difference[:, None])]


def equal_latencies(rng: Generator) -> set[str]:
    """Six pairs of processes of two equally fast models, whose level differs by a tenth between processes."""
    before, after = np.exp(rng.normal(0, 0.1, (2, 6)))
    found = paired_ratio(before.tolist(), after.tolist())
    value = MetricValue(
        name="latency_p50.change_ratio",
        value=found.value,
        low=found.low,
        high=found.high,
        n=6,
        unit="ratio",
        method="alternated",
    )
    return said([find_latency(fake(value={value.name: value}.get))])


def change_at_margin(rng: Generator) -> set[str]:
    """The candidate gains 5 % and loses 2 % of 2,000 images, a change of three points, which is the margin."""

    chance = rng.random(2000)
    difference = (chance < 0.05).astype(np.int8) - (chance > 0.98).astype(np.int8)
    return {f"baseline.{decide(change, 0.03)}" for change in paired_changes(difference[:, None])}


SCORES = ("balanced_accuracy", "macro_f1", "top5_accuracy", "nll", "brier", "ece", "auroc", "aurc", "ece_scaled")


def equal_scores(rng: Generator) -> set[str]:
    """Accuracy and nine scores beside it change by chance alone, correlated at one half."""
    own, *z = (math.sqrt(0.5) * rng.normal() + math.sqrt(0.5) * rng.normal(size=1 + len(SCORES))).tolist()
    values = [
        value_of(f"{name}.change", change / 100, ((change - 1.96) / 100, (change + 1.96) / 100), 1000)
        for name, change in zip(SCORES, z, strict=True)
    ]
    return said([find_scores(fake(identical=False, scores=values, p=math.erfc(abs(own) / math.sqrt(2))), "")])


def equal_ranking(rng: Generator) -> set[str]:
    """Six models right on 90 % of 1,000 images, all 15 pairs tested with Holm's correction."""
    right = rng.random((6, 1000)) < 0.9
    first, second = np.triu_indices(6, 1)
    lost, gained = (right[first] & ~right[second]).sum(1), (right[second] & ~right[first]).sum(1)
    return {"baseline.ranking"} if holm(mcnemar_exact(lost, gained)).min() <= ALPHA else set()


def equal_runs(rng: Generator) -> set[str]:
    """Eleven runs right on 90 % of 600 images, each held against the one before."""
    answers = [Answers("", rng.random(600) < 0.9) for _run in range(11)]
    steps = [None, *compare_answers(answers[:-1], answers[1:])]
    backs = [
        None if step is None else StepBack(before=f"{at - 1}", change=step.change, p=step.p)
        for at, step in enumerate(steps)
    ]
    runs = [Run("", "2026-01-01", "abc", None, f"{at}", back) for at, back in enumerate(backs)]
    corrected, marks = find_steps(runs)
    return said([find_change_of_runs(runs, corrected, marks)])


def equal_teacher(rng: Generator) -> set[str]:
    """Teacher and student right on 80 % of 500 images, independently."""
    labels = np.arange(500) % CLASSES
    own, teacher = rng.random((2, 500)) < 0.8
    logits = np.zeros((500, CLASSES))
    logits[np.arange(500), np.where(own, labels, (labels + 1) % CLASSES)] = 1
    record = fake(
        training=fake(teacher=fake(source="a:b", parameters=1)),
        measured=fake(value=lambda _name: share("teacher_accuracy", int(teacher.sum()), 500)),
        arrays={"teacher.correct": teacher, "eval.logits": logits, "eval.labels": labels},
    )
    return said([find_teacher(record, "")])


def equal_splits(rng: Generator) -> set[str]:
    """1,000 training and 1,000 test images, 85 % right."""
    train, test = ((int(rng.binomial(1000, 0.85)), 1000) for _ in range(2))
    ends = newcombe(train, test)
    values = {
        "train_accuracy": share("train_accuracy", *train),
        "accuracy": share("accuracy", *test),
        "generalisation_gap": value_of("generalisation_gap", (train[0] - test[0]) / 1000, ends, 1000),
    }
    training = fake(divergence=None, steps=30, steps_per_epoch=10)
    return said([find_gap(fake(measured=fake(value=values.get)), training, "")])


def history(rng: Generator, lost: float, gained: float, n: int) -> set[str]:
    """A pass that is right on 80 % of the images before its last quarter, and loses and gains such shares of all n
    images in it."""
    fate = rng.choice(4, n, p=[0.8 - lost, lost, gained, 0.2 - gained])
    right = np.stack([fate <= 1, (fate == 0) | (fate == 2)])
    points = [
        fake(step=step, epoch=step / 10, test_accuracy=float(answers.mean()), test_n=n)
        for step, answers in zip((30, 40), right, strict=True)
    ]
    training = fake(divergence=None, steps=40, epochs=points)
    return said([find_progress(fake(arrays={TEST_RIGHT: np.packbits(right, axis=1)}), training, "")])


def flat_history(rng: Generator) -> set[str]:
    """5 % of 1,000 images are lost and as many gained."""
    return history(rng, 0.05, 0.05, 1000)


def rising_history(rng: Generator) -> set[str]:
    """4 % of 2,000 images are lost, 6 % gained."""
    return history(rng, 0.04, 0.06, 2000)


def proportional_layers(rng: Generator) -> set[str]:
    """20 layers whose response is proportional to their input for each of 16 images, before training and after, with
    the scatter between images and a tenth of noise."""
    units, images = 20, 16
    near = np.array([0.9, 1.0, 1.1])[None, :, None, None]
    scatter = np.exp(rng.normal(0, 0.3, (2, 1, units, images)) + rng.normal(0, 0.02, (2, 3, units, images)))
    power = (near * scatter) ** 2
    rms = np.abs(DRIVES)[None, :, None] * np.sqrt((scatter**2).mean((1, 3)))[:, None]
    at = [int(np.argmin(np.abs(DRIVES - one))) for one in (0.9, 1.0, 1.1)]
    rms[:, at] = np.sqrt(power.mean(3))
    facts = fake(
        units=[
            ResponseUnit(path=f"l{at}", kind="conv", channels=8, bends=True, normalises=False, dead=0, dead_before=0)
            for at in range(units)
        ],
        by_layer=fake(images=images),
        why_alone=None,
    )
    arrays = {
        "response.power": power,
        "response.rms": rms,
        "response.drives": DRIVES,
        "response.bend": np.ones((2, units)),
    }
    return said(find_layers(Responses(facts, cast(Any, arrays)), {}))


def honest_exposures(rng: Generator) -> set[str]:
    """100 images whose confidence is their probability of being right at each of ten exposures."""
    level = np.array([0.1, 0.3, 0.5, 0.7, 0.75, 0.8, 0.7, 0.6, 0.4, 0.2])[:, None]
    sure = np.clip(level + rng.uniform(-0.1, 0.1, (len(EXPOSURES), 100)), 0, 1)
    right = rng.random(sure.shape) < sure
    arrays = {
        "response.right": np.stack([right, right]).astype(float),
        "response.confidence": np.stack([sure, sure]),
        "response.exposures": EXPOSURES,
    }
    return said([find_oversure(Responses(fake(why_alone=None), cast(Any, arrays)), "")])


def checks(rng: Generator, rank: float, gain: float) -> set[str]:
    """Maps of 40 images with these means of their two checks."""
    values = [rng.normal(mean, spread, 40) for mean, spread in ((rank, 0.2), (0.4, 0.1), (0.4, 0.1), (gain, 0.05))]
    found = [mean_estimate(one) for one in values]
    check = MapCheck("ig", *found)  # type: ignore[arg-type]
    with listening() as heard:
        format_learnt(check, "")
        format_gain(check, "")
    return said([find_worth(check, fake(layer=None), "")]) | set(heard)


def maps_half_alike(rng: Generator) -> set[str]:
    """Rank correlation 0.5 with the maps of random weights."""
    return checks(rng, 0.5, 0.1)


def maps_by_chance(rng: Generator) -> set[str]:
    """No gain over a random order, of maps that differ from those of random weights and of maps half alike."""
    return checks(rng, 0.05, 0.0) | checks(rng, 0.5, 0.0)


def votes_as_good(rng: Generator) -> set[str]:
    """Neighbours and model right on 80 % of 300 images, independently."""
    labels = np.arange(300) % CLASSES
    votes = spoil(rng, labels, 0.8)
    found = Votes(labels, votes, votes == labels, rng.random(300) < 0.8)
    return said([find_separation(found, fake(embedding=fake(neighbours=5, train=fake(images=400))), "")])


def votes_at_margin(rng: Generator) -> set[str]:
    """Of 6,000 images neighbours are right on 0.25 % that the model gets wrong and wrong on 0.75 % that it gets right:
    half a point. With more images it is said more seldom, since the difference is then told from zero."""
    chance, labels = rng.random(6000), np.arange(6000) % CLASSES
    votes = np.where(chance < 0.0075, (labels + 1) % CLASSES, labels)
    found = Votes(labels, votes, votes == labels, chance < 0.9975)
    return said([find_separation(found, fake(embedding=fake(neighbours=5, train=fake(images=400))), "")])


def random_votes(rng: Generator) -> set[str]:
    """300 images of ten classes whose neighbours vote wrong in one case of five, for every other class alike."""
    labels = np.arange(300) % CLASSES
    votes = spoil(rng, labels, 0.8)
    record = fake(data=fake(classes=NAMES))
    return said([find_overlap(Votes(labels, votes, votes == labels, votes == labels), record, "")])


def neighbours_by_chance(rng: Generator) -> set[str]:
    """50 errors, each of whose five neighbours has its label or what it is called with equal probability."""
    labels = np.arange(50) % CLASSES
    logits = np.zeros((50, CLASSES))
    logits[np.arange(50), (labels + 1) % CLASSES] = 1
    near = np.where(rng.random((50, 5)) < 0.5, labels[:, None], (labels[:, None] + 1) % CLASSES)
    arrays = {
        "explanations.neighbours.rows": np.arange(50),
        "explanations.neighbours.labels": near,
        "explanations.neighbours.similarity": np.ones((50, 5)),
        "eval.labels": labels,
        "eval.logits": logits,
    }
    return said([find_mistakes(fake(arrays=arrays), fake(embedding=True), "")])


def random_weights(rng: Generator) -> set[str]:
    """20 matrices of independent normal weights, of 20 to 64 rows and columns."""
    sides = [(20, 20), (20, 64), (32, 144), (64, 64)] * 5
    drawn = [effective_rank(np.linalg.svd(rng.standard_normal(one), compute_uv=False)) for one in sides]
    found = [
        matrix(f"l{at}", one, False, final=numbers(0.1, *one, effective_rank=value))
        for at, (one, value) in enumerate(zip(sides, drawn, strict=True))
    ]
    return said([find_rank(fake(matrices=found, trained=False), "")])


def even_zeros(rng: Generator) -> set[str]:
    """20 matrices of 1,600 and 36,864 weights, each zero with probability 0.3."""
    sides = [(40, 40), (64, 576)] * 10
    found = [
        matrix(
            f"l{at}", one, False, final=numbers(0.1, *one, zeros=rng.binomial(one[0] * one[1], 0.3) / (one[0] * one[1]))
        )
        for at, one in enumerate(sides)
    ]
    return said([find_sparse(fake(matrices=found), "")])


def steady_times(rng: Generator) -> set[str]:
    """40 passes at each of eight batch sizes, whose times scatter by a tenth."""
    times = np.exp(rng.normal(0, 0.1, (8, 40)))
    return said([find_unsettled(tuple(summarise(2**at, row.tolist()) for at, row in enumerate(times)), "")])


CLAIMS: dict[str, tuple[str, ...]] = {
    "equal_classes": (
        "evaluation.order",
        "evaluation.weakest",
        "evaluation.strongest",
        "evaluation.highest_recall",
        "evaluation.differ",
    ),
    "equal_pairs": ("evaluation.pair",),
    "guesses": ("evaluation.above_chance", "evaluation.below_chance"),
    "calibrated": (
        "evaluation.over_confident",
        "evaluation.under_confident",
        "evaluation.bins_differ",
        "predictions.surely_wrong",
        "predictions.seldom_wrong",
    ),
    "right_labels": ("predictions.label_excess",),
    "errors_alike": ("evaluation.within_groups", "evaluation.across_groups"),
    "blind_confidence": ("evaluation.confidence_separates",),
    "equal_corruptions": ("robustness.worst",),
    "harmless_corruptions": ("robustness.loss",),
    "halving_corruptions": ("robustness.half_lost",),
    "attacks_to_chance": ("robustness.attack_below",),
    "equal_attacks": ("robustness.masking",),
    "equal_preparations": (
        "robustness.wrong_preparation",
        "robustness.better_preparation",
        "robustness.learned_here",
        "banner.preparation",
    ),
    "better_preparation": ("robustness.cleared",),
    "equal_models": ("baseline.better", "baseline.worse", "baseline.classes"),
    "change_at_margin": ("baseline.equivalent",),
    "equal_latencies": ("baseline.latency",),
    "equal_scores": ("baseline.scores",),
    "equal_ranking": ("baseline.ranking",),
    "equal_runs": ("history.changed",),
    "equal_teacher": ("training.teacher_better", "training.teacher_worse"),
    "equal_splits": ("training.fits_better", "training.test_easier"),
    "flat_history": ("training.improving", "training.worsening"),
    "rising_history": ("training.plateau",),
    "proportional_layers": ("response.saturated", "response.changed_gain"),
    "honest_exposures": ("response.oversure",),
    "maps_half_alike": ("explanations.not_learnt", "explanations.learnt"),
    "maps_by_chance": (
        "explanations.misleading",
        "explanations.informative",
        "explanations.maps_pass",
        "explanations.rank_open",
    ),
    "votes_as_good": ("explanations.features_more",),
    "votes_at_margin": ("explanations.features_alone",),
    "random_votes": ("explanations.overlap",),
    "neighbours_by_chance": ("explanations.own_side",),
    "random_weights": ("parameters.lowest_rank",),
    "even_zeros": ("parameters.sparsest",),
    "steady_times": ("cost.unsettled",),
}
"""World -> the claims that are errors in it."""
HEAVY = {
    "equal_pairs",
    "equal_corruptions",
    "harmless_corruptions",
    "attacks_to_chance",
    "halving_corruptions",
    "equal_attacks",
    "equal_preparations",
    "better_preparation",
    "equal_models",
    "change_at_margin",
    "equal_runs",
    "equal_teacher",
    "flat_history",
    "rising_history",
    "proportional_layers",
    "maps_half_alike",
    "maps_by_chance",
    "votes_as_good",
    "random_weights",
}
"""Worlds of which one report takes more than three thousandths of a second."""
DRAWS = 1000
"""For the rates that the claims state."""


def simulate(world: str, draws: int, seed: int = 0) -> dict[str, int]:
    """In how many simulated reports of a world each of its claims is made."""
    rng = np.random.default_rng(seed)
    report = cast(Report, globals()[world])
    found: Counter[str] = Counter()
    for _ in range(draws):
        found.update(report(rng))
    return {key: found[key] for key in CLAIMS[world]}


def main() -> None:
    """Print the rate of every claim."""
    for world in CLAIMS:
        for key, count in simulate(world, DRAWS).items():
            print(f"{key:35} {count / DRAWS:6.3f} {DRAWS:5} {world}")


if __name__ == "__main__":
    main()
