"""Section 11: this model against the baseline, on the same images."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reportgen.plugins import Section
from reportgen.record.comparison import ClassChange, Comparison, Refusal
from reportgen.record.metric_value import MetricValue
from reportgen.record.ranking import Ranking
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.architecture_wording import summarize
from reportgen.report.components import Fact, Figures, choose_figures
from reportgen.report.model import FigureFile, SectionView, Skipped
from reportgen.report.sections.baseline.findings import NAME, find_baseline
from reportgen.report.sections.baseline.flips import Album, FlipGroup
from reportgen.report.sections.baseline.methods import list_methods
from reportgen.report.sections.baseline.ranking import RankingView, find_ranking, note_ranking, view_ranking
from reportgen.report.table import NO_TABLE, Row, Table, numbers, words
from reportgen.report.verdict import format_verdict
from reportgen.report.wording import evidence, format_age, note_latency, quote
from reportgen.text import numerals
from reportgen.text.dates import format_minute
from reportgen.text.i18n import _, join_sentences, join_terms, ngettext
from reportgen.text.shorten import shorten

MOST_ROWS = 40
"""Differences shown; a report is no diff."""
LONGEST_VALUE = 160


@dataclass(frozen=True)
class BaselineView(SectionView):
    """The values of sections/baseline.html.j2."""

    facts: tuple[Fact, ...] = ()
    changes: tuple[FigureFile | Skipped, ...] = ()
    architecture: tuple[FigureFile | Skipped, ...] = ()
    """The drawing of what changed, and how far weights moved."""
    architecture_note: str = ""
    """In place of the drawing where there is nothing to draw."""
    architecture_columns: int = 1
    """2 where both are narrow, so that they stand side by side where there is room."""
    has_architecture: bool = False
    """Whether the architectures were compared."""
    by_class: tuple[FigureFile | Skipped, ...] = ()
    values: Table = NO_TABLE
    classes: Table = NO_TABLE
    ranking: RankingView | None = None
    """Where several candidates were compared."""
    ranks: tuple[FigureFile | Skipped, ...] = ()
    groups: tuple[FlipGroup, ...] = ()
    differences: Table = NO_TABLE
    differences_note: str = ""


def has_baseline(subject: Subject) -> bool:
    """Whether the section has anything to say; without a baseline a report is whole without it."""
    return subject.judgement.comparison is not None


def build(subject: Subject, figures: Figures) -> BaselineView | Skipped:
    """The section from the comparison, or why there is none."""
    record, judgement = subject.record, subject.judgement
    title, comparison = _("Against the baseline"), judgement.comparison
    if comparison is None:
        return Skipped(NAME, title, _("The spec names no baseline to compare with."))
    if isinstance(comparison, Refusal):
        refused = _("Not compared with “{title}”.", title=comparison.baseline.title)
        return Skipped(NAME, title, join_sentences([refused, comparison.reason.text, comparison.advice.text]))
    rows = [difference_row(one.part, str(one.key), str(one.before), str(one.after)) for one in comparison.differences]
    view = BaselineView(
        name=NAME,
        title=title,
        findings=tuple(find_baseline(record, comparison, figures)),
        methods=list_methods(comparison),
        facts=list_facts(record, comparison),
        changes=choose_figures(figures, "baseline_changes"),
        by_class=choose_figures(figures, "baseline_recall", "baseline_flips"),
        values=value_table(record, comparison),
        classes=class_table(comparison),
        groups=Album(record.data.classes, comparison, judgement.arrays).groups(),
        differences=difference_table(rows[:MOST_ROWS]),
        differences_note=note_differences(len(rows)),
    )
    view = add_architecture(view, comparison, figures)
    return view if judgement.ranking is None else add_ranking(view, judgement.ranking, figures)


def add_architecture(view: BaselineView, comparison: Comparison, figures: Figures) -> BaselineView:
    """The section with the drawing of both architectures as one, or a sentence where they are the same."""
    change = comparison.architecture
    if change is None:
        return view
    names = ("baseline_weights",) if change.is_same else ("baseline_architecture", "baseline_weights")
    shown = choose_figures(figures, *names)
    note = summarize(change) if change.is_same else ""
    narrow = all(isinstance(figure, FigureFile) and figure.is_narrow for figure in shown)
    return replace(
        view,
        architecture=shown,
        architecture_note=note,
        architecture_columns=2 if narrow and len(shown) > 1 else 1,
        has_architecture=True,
    )


def add_ranking(view: BaselineView, ranking: Ranking, figures: Figures) -> BaselineView:
    """The section with the ranking of all candidates, said after the verdict."""
    verdict, *others = view.findings
    finding = find_ranking(ranking, evidence(figures, "baseline_ranking", NAME))
    return replace(
        view,
        findings=(verdict, finding, *others),
        methods=(*view.methods, note_ranking()),
        ranking=view_ranking(ranking),
        ranks=choose_figures(figures, "baseline_ranking"),
    )


def list_facts(record: RunRecord, comparison: Comparison) -> tuple[Fact, ...]:
    """What was compared with, how old that is, and by which rule."""
    baseline, margin = comparison.baseline, numerals.points_apart(comparison.equivalence.margin)
    state = _("with uncommitted changes") if baseline.dirty else ""
    return (
        Fact(_("Verdict"), format_verdict(comparison), _("margin {margin}", margin=margin)),
        Fact(_("Baseline"), baseline.title),
        Fact(_("Its date"), format_minute(baseline.created), format_age(baseline.created, record.provenance.created)),
        Fact(_("Its commit"), baseline.commit or _("none (outside git)"), state),
        Fact(_("Its record"), baseline.digest[:16], "sha256"),
        Fact(_("Images"), numerals.count(comparison.n), _("the same in both, by the digest of their pixels")),
        *list_costs(record, comparison),
    )


def list_costs(record: RunRecord, comparison: Comparison) -> tuple[Fact, ...]:
    """Size and latency in multiples of the baseline's, or why the latency is not compared."""
    latency, times = comparison.value("latency_p50.change_ratio"), record.paired_latency
    found = [
        Fact(label, value.display, _("of the baseline’s"))
        for name, label in (("parameters", _("Parameters")), ("macs", _("MACs")))
        if (value := comparison.value(f"{name}.change_ratio")) is not None and value.value is not None
    ]
    if latency is None:
        return tuple(found)
    if latency.value is None:
        found.append(Fact(_("Latency, one image"), _("not compared"), comparison.why_not(latency.name)))
    elif times is not None and latency.method == "alternated":
        found.append(Fact(_("Latency, one image"), latency.display, describe_pairs(latency, times.threads)))
    return tuple(found)


def describe_pairs(latency: MetricValue, threads: int) -> str:
    """How sure a ratio of latencies is, and how both were timed."""
    return ngettext(
        "of the baseline’s ({sure}), both timed in turn here on {count} thread",
        "of the baseline’s ({sure}), both timed in turn here on {count} threads",
        threads,
        sure=latency.sureness,
    )


def value_table(record: RunRecord, comparison: Comparison) -> Table:
    """Every number that both have."""
    columns = (
        *words(_("Number")),
        *numbers(_("Baseline"), _("This model"), _("Change"), _("Interval or ratio")),
    )
    return Table(caption_values(record, comparison), columns, tuple(value_rows(record, comparison)))


def class_table(comparison: Comparison) -> Table:
    """Every class with images, the largest loss first."""
    columns = (
        *words(_("Class")),
        *numbers(
            _("Images"), _("Before"), _("Now"), _("Change"), _("Interval"), _("Lost"), _("Gained"), _("p"), _("p, Holm")
        ),
    )
    caption = _(
        "Recall of every class, the largest loss first. Lost and gained: images that turned wrong and right. p: exact "
        "McNemar test of the class alone, then corrected over all classes (Holm). Interval: 95 %, of the class alone."
    )
    rows = tuple(class_row(one) for one in sorted(comparison.classes, key=by_change) if one.support)
    return Table(caption, columns, rows, dense=True)


def difference_table(rows: list[Row]) -> Table:
    """What is not the same in the two records."""
    caption = _("Differences between the two records; title, card and appearance are not compared.")
    columns = words(_("Part"), _("Key"), _("Baseline"), _("This model"))
    return Table(caption, columns, tuple(rows), row_head=False)


def value_rows(record: RunRecord, comparison: Comparison) -> list[Row]:
    """(score, baseline, this model, change, interval) of every number that both have."""
    before = {value.name: value for value in comparison.before}
    rows: list[Row] = []
    for value in comparison.told:
        name, _unused, kind = value.name.rpartition(".")
        now = record.measured.value(name) if record.measured else None
        if kind == "change" and name in before and now is not None:
            ratio = comparison.value(f"{name}.change_ratio")
            rows.append((now.label, before[name].display, now.display, value.display, sure_of(value, ratio)))
    return rows


def sure_of(value: MetricValue, ratio: MetricValue | None) -> str:
    """The interval of a change, or for a cost what it is in multiples of the baseline's."""
    return value.display_interval or (ratio.display if ratio is not None else numerals.DASH)


def caption_values(record: RunRecord, comparison: Comparison) -> str:
    """Where the intervals come from, and why a change is not given."""
    told = [
        _(
            "Scores on the same {n} images; changes with paired 95\u00a0% intervals, costs as "
            "multiples of the baseline’s.",
            n=numerals.count(comparison.n),
        )
    ]
    if comparison.seed_spread is not None:
        told.append(_("Scores are those of the first seeds, their changes those of the means over seeds."))
    elif max(comparison.evaluations) > 1:
        told.append(_("Where a model is stochastic, its scores are means over its evaluations."))
    return join_sentences([*told, note_latency(comparison), *explain_gaps(record, comparison)])


def explain_gaps(record: RunRecord, comparison: Comparison) -> list[str]:
    """Why the change of a number is not given, with the rows of the table that this is about."""
    before = {value.name: value for value in comparison.before}
    shown: dict[str, list[str]] = {}
    for gap in comparison.not_compared:
        names = shown.setdefault(gap.reason.text, [])
        now = record.measured.value(gap.metric) if record.measured else None
        if gap.metric in before and now is not None and now.label not in names:
            names.append(now.label)
    return [
        _("No change is given for {rows}: {reason}", rows=join_terms([quote(name) for name in names]), reason=reason)
        if names
        else reason
        for reason, names in shown.items()
    ]


def by_change(one: ClassChange) -> tuple[float, int]:
    """The largest loss of recall first."""
    return one.change.value or 0.0, one.index


def class_row(one: ClassChange) -> Row:
    """One class of the table."""
    return (
        one.name,
        numerals.count(one.support),
        one.before.display,
        one.after.display,
        one.change.display,
        one.change.display_interval,
        numerals.count(one.lost),
        numerals.count(one.gained),
        numerals.fixed(one.p, 3),
        numerals.fixed(one.p_adjusted, 3),
    )


def difference_row(part: str, key: str, before: str, after: str) -> Row:
    """One difference; what only one side has is a dash on the other."""
    names = {
        "spec": _("spec"),
        "architecture": _("layer"),
        "weights": _("weights"),
        "data": _("data"),
        "device": _("machine"),
        "versions": _("version"),
        "source": _("source"),
    }
    cells = (shorten(text, LONGEST_VALUE) for text in (before, after))
    return (names[part], key, *(cell or numerals.DASH for cell in cells))


def note_differences(number: int) -> str:
    """How many differences are not shown; empty where all are."""
    if number <= MOST_ROWS:
        return ""
    more = ngettext("{count} more difference", "{count} more differences", number - MOST_ROWS)
    return _("{more} are in the record.", more=more)


FIGURES = (
    "baseline_changes",
    "baseline_architecture",
    "baseline_weights",
    "baseline_ranking",
    "baseline_recall",
    "baseline_flips",
)
ESSENTIAL = ("brief_change", "brief_flips")
SECTION = Section(NAME, "Against the baseline", 15, FIGURES, build, applies=has_baseline, essential=ESSENTIAL)
