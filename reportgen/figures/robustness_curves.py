"""Accuracy against the strength of corruptions, moves and attacks, all on one scale."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.figures._small_charts import Chart, Curve, Mark, draw_charts, height_of
from reportgen.figures._style import chart
from reportgen.figures._table import heads_of, percent_cells, write_csv
from reportgen.metrics.robustness import Outcome, read_outcomes
from reportgen.plugins import FigureKind
from reportgen.record.probes.robustness import CORRUPTED
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.naming import name_condition, name_kind
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences

MOST_COLUMNS = 5
SEVERITIES = 5
MIRRORED = ("flip_horizontal", "flip_vertical")


def read(record: RunRecord) -> tuple[Outcome, ...]:
    """What the record holds of robustness; nothing where it was not probed."""
    facts = record.probes.robustness if record.probes else None
    if facts is None or "robustness.predicted" not in record.arrays:
        return ()
    return read_outcomes(record, facts)


def by_kind(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """The outcomes of each kind, in their order."""
    found: dict[str, list[Outcome]] = {}
    for one in outcomes:
        found.setdefault(one.condition.kind, []).append(one)
    return found


def mark(one: Outcome, place: float) -> Mark:
    """An accuracy at a place."""
    value = one.accuracy
    return Mark(place, value.value or 0.0, value.low or 0.0, 1.0 if value.high is None else value.high)


def draw_corruptions(subject: Subject) -> FigureFile | Skipped:
    """One chart a kind of corruption, accuracy against severity."""
    record = subject.record
    name, title = "robustness_corruptions", _("Accuracy under corruptions")
    outcomes = [one for one in read(record) if one.condition.family in CORRUPTED]
    if not outcomes:
        return Skipped(name, title, _("No corruption was measured."))
    shown = list(by_kind(outcomes).values())
    columns = min(MOST_COLUMNS, len(shown))
    ticks = tuple(((level - 1) / (SEVERITIES - 1), f"{level}") for level in range(1, SEVERITIES + 1))
    charts = [
        Chart(
            title=name_kind(points[0].condition.kind),
            curves=(Curve(tuple(mark(one, (one.condition.level - 1) / (SEVERITIES - 1)) for one in points)),),
            reference=points[0].clean.value or 0.0,
            ticks=ticks,
        )
        for points in shown
    ]
    strongest = [max(points, key=lambda one: one.drop) for points in shown]
    worst, least = max(strongest, key=lambda one: one.drop), min(strongest, key=lambda one: one.drop)
    caption = _(
        "At the worst severity of each kind the accuracy is between {low} ({worst}) and {high} "
        "({least}). Accuracy in per cent against severity; dashed: the same unmodified images "
        "({clean}); bars: 95 % Wilson intervals.",
        worst=name_condition(worst.condition),
        low=worst.accuracy.display_full,
        least=name_condition(least.condition),
        high=least.accuracy.display,
        clean=worst.clean.display,
    )
    with chart(name, height_of(len(charts), columns)) as paper:
        draw_charts(paper, charts, columns)
        return paper.svg(title, caption, describe(outcomes), tabulate(outcomes))


def draw_transforms(subject: Subject) -> FigureFile | Skipped:
    """Shifts, rotations, mirror images and attacks, accuracy against their size."""
    record = subject.record
    name, title = "robustness_transforms", _("Accuracy under transforms and attacks")
    outcomes = [one for one in read(record) if one.condition.family not in CORRUPTED]
    if not outcomes:
        return Skipped(name, title, _("No transform or attack was measured."))
    kinds = by_kind(outcomes)
    charts = [
        sized(_("Shift, pixels"), kinds, ("shift",)),
        sized(_("Rotation, degrees"), kinds, ("rotation",)),
        mirrored(kinds),
        sized(_("Attack, ε in 1/255"), kinds, ("fgsm", "pgd")),
    ]
    shown = [one for one in charts if one is not None]
    worst = max(outcomes, key=lambda one: one.drop)
    caption = _(
        "Lowest: {worst}, {accuracy}. Accuracy in per cent; sizes are spaced evenly; dashed: the same unmodified "
        "images ({clean}); bars: 95 % Wilson intervals.",
        worst=name_condition(worst.condition),
        accuracy=worst.accuracy.display_full,
        clean=worst.clean.display,
    )
    if {"fgsm", "pgd"} <= kinds.keys():
        caption = join_sentences([caption, _("Attacks: FGSM in grey, PGD in colour.")])
    with chart(name, height_of(len(shown), len(shown))) as paper:
        draw_charts(paper, shown, len(shown))
        return paper.svg(title, caption, describe(outcomes), tabulate(outcomes))


def tabulate(outcomes: Sequence[Outcome]) -> str:
    """Every point, and the accuracy on the same images as they are; strengths are severities or sizes."""
    heads = ("kind", "strength", *heads_of("accuracy", "%"), "accuracy without it (%)", "images")
    rows = [
        (
            one.condition.kind,
            one.condition.level,
            *percent_cells(one.accuracy),
            percent_cells(one.clean)[0],
            one.condition.images,
        )
        for one in outcomes
    ]
    return write_csv(heads, rows)


def sized(title: str, kinds: dict[str, list[Outcome]], names: Sequence[str]) -> Chart | None:
    """A chart of one or two kinds with growing sizes, at even distances; of two, the first is the quiet one."""
    here = [name for name in names if name in kinds]
    if not here:
        return None
    levels = sorted({one.condition.level for name in here for one in kinds[name]})
    places = {level: (place + 0.5) / len(levels) for place, level in enumerate(levels)}
    curves = tuple(
        Curve(
            tuple(mark(one, places[one.condition.level]) for one in kinds[name]),
            quiet=len(here) > 1 and name == here[0],
        )
        for name in here
    )
    ticks = tuple((places[level], numerals.general(level)) for level in levels)
    return Chart(title, curves, kinds[here[0]][0].clean.value or 0.0, ticks)


def mirrored(kinds: dict[str, list[Outcome]]) -> Chart | None:
    """A chart of the mirror images, which have no size."""
    here = [kinds[name][0] for name in MIRRORED if name in kinds]
    if not here:
        return None
    places = [(place + 0.5) / len(here) for place in range(len(here))]
    words = {"flip_horizontal": _("left–right"), "flip_vertical": _("upside down")}
    marks = tuple(mark(one, place) for one, place in zip(here, places, strict=True))
    ticks = tuple((place, words[one.condition.kind]) for one, place in zip(here, places, strict=True))
    return Chart(_("Mirrored"), (Curve(marks, joined=False),), here[0].clean.value or 0.0, ticks)


def describe_points(points: Sequence[Outcome]) -> str:
    """The accuracy of one kind of change at its lowest and highest strength."""
    first, last = points[0], points[-1]
    if len(points) == 1:
        return _("{share} of them are right", share=first.accuracy.display)
    return _(
        "{first} of them are right at strength {weak} and {last} at strength {strong}",
        first=first.accuracy.display,
        weak=numerals.general(first.condition.level),
        last=last.accuracy.display,
        strong=numerals.general(last.condition.level),
    )


def describe(outcomes: Sequence[Outcome]) -> str:
    """The accuracy without a change, and under every kind of change."""
    told = join_rows(
        [
            _(
                "{kind}: {points}",
                kind=name_kind(kind),
                points=describe_points(points),
            )
            for kind, points in by_kind(outcomes).items()
        ]
    )
    clean = outcomes[0].clean
    return _(
        "Small charts of accuracy by strength. Of the unmodified images {clean} are classified correctly; {told}.",
        clean=clean.display or numerals.DASH,
        told=told,
    )


FIGURES = (
    FigureKind("robustness_corruptions", draw_corruptions, by_seaborn=True),
    FigureKind("robustness_transforms", draw_transforms, by_seaborn=True),
)
