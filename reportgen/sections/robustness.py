"""Section 8: accuracy under corruptions, small moves, attacks, and other preprocessing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reportgen import numerals
from reportgen.kinds import Section
from reportgen.metrics.definitions import share
from reportgen.metrics.robustness import (
    Outcome,
    doubt_preparation,
    mean_corruption_accuracy,
    paired_change,
    read_outcomes,
)
from reportgen.probes import why_missing
from reportgen.probes.robustness import CORRUPTED, PreparationCheck, RobustnessFacts
from reportgen.record import RunRecord
from reportgen.report import FigureFile, MethodNote, SectionView, Skipped
from reportgen.robustness_words import name_kind, name_level, name_preparation
from reportgen.sections.findings.robustness import NAME, find_robustness
from reportgen.sections.pieces import Figures, choose_figures
from reportgen.values import MetricValue
from reportgen.words import say, say_count

FIGURES = ("robustness_corruptions", "robustness_moves", "robustness_examples")
SEVERITIES = (1, 2, 3, 4, 5)
Row = tuple[str, ...]


@dataclass(frozen=True)
class RobustnessView(SectionView):
    """The values of sections/robustness.html.j2."""

    sample: str = ""
    corrupted: tuple[FigureFile | Skipped, ...] = ()
    moved: tuple[FigureFile | Skipped, ...] = ()
    examples: tuple[FigureFile | Skipped, ...] = ()
    corruptions: tuple[Row, ...] = ()
    corruptions_caption: str = ""
    others: tuple[Row, ...] = ()
    preparations: tuple[Row, ...] = ()
    preparations_caption: str = ""
    gaps: tuple[str, ...] = ()


def build(record: RunRecord, figures: Figures) -> RobustnessView | Skipped:
    """The section from what the probe found, or why it found nothing."""
    facts = record.probes.robustness if record.probes else None
    if facts is None or "robustness.predicted" not in record.arrays:
        return Skipped(NAME, say("Robustness"), why_missing(record.probes, NAME))
    outcomes = read_outcomes(record, facts)
    mean = mean_corruption_accuracy(record, facts)
    doubt = doubt_preparation(facts.preparation, len(record.data.classes)) if facts.preparation else None
    return RobustnessView(
        name=NAME,
        title=say("Robustness"),
        findings=tuple(find_robustness(record, facts, outcomes, doubt, mean, figures)),
        metrics=tuple(list_values(outcomes, mean)),
        methods=tuple(list_methods(facts)),
        sample=say_sample(facts, outcomes),
        corrupted=choose_figures(figures, "robustness_corruptions"),
        moved=choose_figures(figures, "robustness_moves"),
        examples=choose_figures(figures, "robustness_examples"),
        corruptions=tuple(list_corruptions(outcomes)),
        corruptions_caption=say("Accuracy in per cent by severity; — where it was not measured."),
        others=tuple(list_others(outcomes)),
        preparations=tuple(list_preparations(facts.preparation)) if facts.preparation else (),
        preparations_caption=caption_preparations(facts.preparation) if facts.preparation else "",
        gaps=facts.gaps,
    )


def list_values(outcomes: Sequence[Outcome], mean: MetricValue | None) -> Iterator[MetricValue]:
    """The numbers that metrics.json lists: the mean under corruptions, and what the strongest attacks leave."""
    if mean is not None:
        yield mean
    for kind in ("fgsm", "pgd"):
        found = [one for one in outcomes if one.condition.kind == kind]
        if found:
            strongest = max(found, key=lambda one: one.condition.level)
            label = say(
                "Accuracy under {attack}, {level}", attack=name_kind(kind), level=name_level(strongest.condition)
            )
            yield strongest.accuracy.model_copy(update={"name": f"{kind}_accuracy", "label": label})


def say_sample(facts: RobustnessFacts, outcomes: Sequence[Outcome]) -> str:
    """Which images, and what was left out for want of time."""
    number = max((one.condition.images for one in outcomes), default=facts.sampled.images if facts.sampled else 0)
    text = say_count(
        "On {count} test image, the classes in equal shares, seed {seed}; the same images under every change.",
        "On {count} test images, the classes in equal shares, seed {seed}; the same images under every change.",
        number, seed=facts.sampled.seed if facts.sampled else 0,
    )  # fmt: skip
    if not facts.left_out:
        return text
    more = say_count(
        "{count} further condition was left out for want of time; run.probes: {{robustness: full}} measures it.",
        "{count} further conditions were left out for want of time; run.probes: {{robustness: full}} measures them.",
        facts.left_out,
    )
    return f"{text} {more}"


def list_corruptions(outcomes: Sequence[Outcome]) -> Iterator[Row]:
    """One row a corruption, its accuracy at each severity."""
    by_kind: dict[str, dict[float, Outcome]] = {}
    for one in outcomes:
        if one.condition.family in CORRUPTED:
            by_kind.setdefault(one.condition.kind, {})[one.condition.level] = one
    for kind, levels in by_kind.items():
        cells = [levels[level].accuracy if level in levels else None for level in SEVERITIES]
        yield (name_kind(kind), *(spell(cell) for cell in cells))


def spell(value: MetricValue | None) -> str:
    """An accuracy with its interval."""
    return numerals.DASH if value is None else f"{value.display} ({value.display_interval})"


def list_others(outcomes: Sequence[Outcome]) -> Iterator[Row]:
    """One row a move or attack."""
    for one in outcomes:
        if one.condition.family not in CORRUPTED:
            level = name_level(one.condition) or numerals.DASH
            change = f"{one.change.display} ({one.change.display_interval})"
            yield (
                name_kind(one.condition.kind),
                level,
                numerals.count(one.condition.images),
                spell(one.accuracy),
                change,
            )


def list_preparations(check: PreparationCheck) -> Iterator[Row]:
    """The spec's own way, then the others, the best first."""
    yield say("the spec’s"), spell(share("own", "", check.right, check.images, True)), numerals.DASH
    for other in sorted(check.others, key=lambda one: -one.right):
        change = paired_change("change", other.gained, other.lost, check.images)
        accuracy = spell(share("other", "", other.right, check.images, True))
        yield name_preparation(other), accuracy, f"{change.display} ({change.display_interval})"


def caption_preparations(check: PreparationCheck) -> str:
    """What was tried and on what."""
    return say("The same weights on the same {n} test images under other normalisations, value ranges and channel "
               "orders; changes are paired.", n=numerals.count(check.images))  # fmt: skip


def list_methods(facts: RobustnessFacts) -> Iterator[MethodNote]:
    """How the numbers of this section are computed."""
    yield MethodNote(
        say("Corruptions"),
        say("Our own batched operators with the published parameters of CIFAR-10-C, severities 1 to 5, seeded; frost "
            "is left out, because it needs photographs of ice. Changes are paired: accuracy minus that on the same "
            "images as they are, normal interval for paired proportions."),
        "Hendrycks and Dietterich 2019, Benchmarking Neural Network Robustness to Common Corruptions and Perturbations",
    )  # fmt: skip
    if facts.attack is not None:
        yield MethodNote(
            say("Attacks"),
            say("Within ε of every pixel value (maximum norm), before normalisation, clipped to 0 to 255: FGSM takes "
                "one step; PGD {steps} steps of {share} ε from {restarts} random start. Both follow the gradient of "
                "the cross entropy; a model that hides its gradient looks more robust than it is.",
                steps=facts.attack.steps, share=numerals.significant(facts.attack.step_share, 2),
                restarts=facts.attack.restarts),
            "Goodfellow, Shlens and Szegedy 2015, Explaining and Harnessing Adversarial Examples; Madry et al. 2018, "
            "Towards Deep Learning Models Resistant to Adversarial Attacks",
        )  # fmt: skip
    yield MethodNote(
        say("Preprocessing check"),
        say("The same weights under other usual normalisations, value ranges and channel orders. The spec’s is doubted "
            "when another one is right on more of the same images by the exact McNemar test, p < 0.001 after "
            "Bonferroni’s correction for those tried; among near equals the one of lower loss on training images is "
            "named. Weights that this run trained from scratch are never doubted."),
        "McNemar 1947, Note on the sampling error of the difference between correlated proportions",
    )  # fmt: skip


SECTION = Section(NAME, "Robustness", 80, FIGURES, build, ("corruption_accuracy", "fgsm_accuracy", "pgd_accuracy"))
