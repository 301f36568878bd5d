"""Section 8: accuracy under other preprocessing, corruptions, transforms and attacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reportgen.metrics.preprocessing import find_doubt, read_tried
from reportgen.metrics.robustness import (
    CorruptionMean,
    KindMean,
    Outcome,
    attack_values,
    mean_corruption,
    over_severities,
    read_outcomes,
)
from reportgen.metrics.values import share
from reportgen.plugins import Section
from reportgen.record.definitions import names_for_gates
from reportgen.record.metric_value import MetricValue
from reportgen.record.probes import why_missing
from reportgen.record.probes.robustness import CORRUPTED, PreparationCheck, RobustnessFacts
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.components import Figures, choose_figures
from reportgen.report.model import FigureFile, SectionView, Skipped
from reportgen.report.naming import name_kind, name_level, name_preparation
from reportgen.report.sections.robustness.findings import NAME, find_robustness
from reportgen.report.sections.robustness.methods import list_methods
from reportgen.report.table import NO_TABLE, Row, Table, numbers, words
from reportgen.report.wording import quote
from reportgen.text import numerals
from reportgen.text.i18n import _, join_names, join_rows, join_sentences, join_terms, ngettext, with_note

FIGURES = ("robustness_corruptions", "robustness_examples", "robustness_transforms")
SEVERITIES = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class RobustnessView(SectionView):
    """The values of sections/robustness.html.j2."""

    sample: str = ""
    gaps: tuple[str, ...] = ()
    preparations: Table = NO_TABLE
    corrupted: tuple[FigureFile | Skipped, ...] = ()
    corruptions: Table = NO_TABLE
    moved: tuple[FigureFile | Skipped, ...] = ()
    others: Table = NO_TABLE


def build(subject: Subject, figures: Figures) -> RobustnessView | Skipped:
    """The section from what the probe found, or why it found nothing."""
    record = subject.record
    facts = record.probes.robustness if record.probes else None
    if facts is None or "robustness.predicted" not in record.arrays:
        return Skipped(NAME, _("Robustness"), why_missing(record.probes, NAME))
    outcomes, kinds = read_outcomes(record, facts), over_severities(record, facts)
    mean, check = mean_corruption(record, facts), facts.preparation
    return RobustnessView(
        name=NAME,
        title=_("Robustness"),
        findings=tuple(find_robustness(record, facts, outcomes, kinds, mean, find_doubt(record), figures)),
        metrics=tuple(list_values(record, facts, outcomes, mean)),
        methods=tuple(list_methods(facts)),
        sample=format_sample(facts),
        gaps=tuple(gap.text for gap in facts.gaps),
        preparations=preparation_table(record, check) if check else NO_TABLE,
        corrupted=choose_figures(figures, *FIGURES[:2]) if kinds else (),
        corruptions=corruption_table(outcomes, kinds),
        moved=choose_figures(figures, FIGURES[2]) if outcomes else (),
        others=other_table(outcomes),
    )


def preparation_table(record: RunRecord, check: PreparationCheck) -> Table:
    """The same weights, prepared in other ways."""
    columns = (
        *words(_("Normalisation")),
        *numbers(_("Images"), _("Accuracy"), _("Interval"), _("Change"), _("Interval"), _("p")),
    )
    return Table(caption_preparations(check), columns, tuple(list_preparations(record, check)), dense=True)


def corruption_table(outcomes: Sequence[Outcome], kinds: Sequence[KindMean]) -> Table:
    """Every kind of corruption by severity."""
    columns = (*words(_("Corruption")), *numbers(*map(str, SEVERITIES), _("Mean change")))
    return Table(caption_corruptions(outcomes), columns, tuple(list_corruptions(outcomes, kinds)), dense=True)


def other_table(outcomes: Sequence[Outcome]) -> Table:
    """Every move and attack."""
    caption = _(
        "Accuracy with its interval, and the paired change against the same unmodified images; predictions changed: "
        "the share of images whose predicted class differs."
    )
    columns = (
        *words(_("Change"), _("Size")),
        *numbers(
            _("Images"), _("Accuracy"), _("Interval"), _("Change in accuracy"), _("Interval"), _("Predictions changed")
        ),
    )
    return Table(caption, columns, tuple(list_others(outcomes)), dense=True)


def read_values(record: RunRecord) -> tuple[MetricValue, ...]:
    """The numbers of a record that metrics.json lists; none where the probe found nothing."""
    facts = record.probes.robustness if record.probes else None
    if facts is None or "robustness.predicted" not in record.arrays:
        return ()
    return tuple(list_values(record, facts, read_outcomes(record, facts), mean_corruption(record, facts)))


def list_values(
    record: RunRecord, facts: RobustnessFacts, outcomes: Sequence[Outcome], mean: CorruptionMean | None
) -> Iterator[MetricValue]:
    """The numbers that metrics.json lists: the mean under corruptions, and what the strongest attacks leave."""
    if mean is not None:
        yield mean.accuracy
    yield from attack_values(record, facts, outcomes)


def format_sample(facts: RobustnessFacts) -> str:
    """Which images, and what was left out for want of time."""
    if not facts.conditions or facts.sampled is None:
        return ""
    text = ngettext(
        "On {count} test image, seed {seed}; the same one under every change.",
        "On {count} test images, drawn from the classes in turn, seed {seed}; the same images under every change.",
        max(condition.images for condition in facts.conditions),
        seed=facts.sampled.seed,
    )
    if not facts.left_out:
        return text
    more = ngettext(
        "{count} further change was left out to keep the time budget; run.probes: {{robustness: full}} measures it.",
        "{count} further changes were left out to keep the time budget; run.probes: {{robustness: full}} "
        "measures them.",
        facts.left_out,
    )
    return join_sentences([text, more, *format_left_out(facts)])


def format_left_out(facts: RobustnessFacts) -> Iterator[str]:
    """Which kinds there was no time for, and the strengths left out of those that were measured in part."""
    measured = {condition.kind for condition in facts.conditions}
    at: dict[str, list[str]] = {}
    for one in facts.conditions_left_out:
        if one.kind in measured:
            at.setdefault(one.kind, []).append(name_level(one))
    none = [name_kind(kind) for kind in facts.kinds_left_out if kind not in measured]
    part = [name_kind(kind) for kind in facts.kinds_left_out if kind in measured]
    if none:
        yield _("Not measured for lack of time: {kinds}.", kinds=join_names(none))
    if at:
        told = [with_note(name_kind(kind), join_terms(levels)) for kind, levels in at.items()]
        yield _("Strengths left out of what was measured: {kinds}.", kinds=join_rows(told))
    elif part:
        yield _("Measured at a part of the planned strengths: {kinds}.", kinds=join_names(part))


def list_preparations(record: RunRecord, check: PreparationCheck) -> Iterator[Row]:
    """The spec's own way, then the others, the best first."""
    own = share("preparation.spec", check.right, check.images)
    name = _("{name}, the spec’s", name=quote(record.data.normalize_name))
    yield name, numerals.count(check.images), own.display, own.display_interval, *(numerals.DASH,) * 3
    for one in read_tried(check):
        yield (
            name_preparation(one.preparation),
            numerals.count(one.preparation.images),
            one.accuracy.display,
            one.accuracy.display_interval,
            one.change.display,
            one.change.display_interval,
            numerals.p_number(one.p),
        )


def caption_preparations(check: PreparationCheck) -> str:
    """What was tried and on what."""
    text = _(
        "The same weights on the same test images under other normalisations, value ranges, channel orders and "
        "layouts. Changes are paired; intervals are 95 %. p: exact McNemar test, corrected for everything "
        "tried."
    )
    if check.stages == 1:
        return text
    more = _("Variants that might be better after {n} images were tried on more.", n=numerals.count(check.images))
    return join_sentences([text, more])


def list_corruptions(outcomes: Sequence[Outcome], kinds: Sequence[KindMean]) -> Iterator[Row]:
    """One row a kind of corruption: accuracy at each severity, and the mean change over those measured."""
    cells = {(one.condition.kind, one.condition.level): one.accuracy for one in outcomes}
    for kind in kinds:
        accuracies = (spell(cells.get((kind.kind, level))) for level in SEVERITIES)
        yield name_kind(kind.kind), *accuracies, spell_change(kind.change)


def spell(value: MetricValue | None) -> str:
    """An accuracy in per cent with its interval, without the unit: "84 (77–89)"."""
    if value is None or value.value is None:
        return numerals.DASH
    digits = 1 if value.n is None or value.n >= 400 else 0
    return bracket(numerals.fixed(100 * value.value, digits), value)


def spell_change(value: MetricValue) -> str:
    """A change of accuracy in points with its interval, without the unit: "−12.0 (−14.1 to −9.9)"."""
    if value.value is None:
        return numerals.DASH
    return bracket(numerals.signed_points(value.value, numerals.percent_digits(value.n)), value)


def bracket(text: str, value: MetricValue) -> str:
    """A number and its interval in brackets, where it has one."""
    return with_note(text, value.display_interval)


def caption_corruptions(outcomes: Sequence[Outcome]) -> str:
    """What the columns are."""
    clean = next((one.clean for one in outcomes if one.condition.family in CORRUPTED), None)
    return _(
        "Accuracy in per cent by severity with its interval; on the same unmodified images {clean}. Mean change: over "
        "the severities measured, in points, paired.",
        clean=clean.display_full if clean else numerals.DASH,
    )


def list_others(outcomes: Sequence[Outcome]) -> Iterator[Row]:
    """One row a move or attack."""
    for one in outcomes:
        if one.condition.family not in CORRUPTED:
            yield (
                name_kind(one.condition.kind),
                name_level(one.condition) or numerals.DASH,
                numerals.count(one.condition.images),
                one.accuracy.display,
                one.accuracy.display_interval,
                one.change.display,
                one.change.display_interval,
                one.moved.display,
            )


SECTION = Section(
    NAME, "Robustness", 80, FIGURES, build, names_for_gates(NAME), values=lambda subject: read_values(subject.record)
)
