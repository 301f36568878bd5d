"""Section 12: the runs of the same model on the same test images before this one, as far as the report carries them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from reportgen.comparison.history import Step, mark_changes
from reportgen.plugins import Section
from reportgen.record.history import StepBack
from reportgen.record.metric_value import MetricValue
from reportgen.record.subject import Subject
from reportgen.record.summary import headline_names
from reportgen.report.claims import UNDECIDED, Claim, ErrorRate
from reportgen.report.model import FigureFile, Finding, MethodNote, SectionView, Skipped
from reportgen.report.sparkline import draw_sparkline
from reportgen.report.table import NO_TABLE, Column, Table
from reportgen.text import numerals
from reportgen.text.dates import format_day
from reportgen.text.i18n import _, join_sentences, ngettext
from reportgen.text.shorten import one_line, shorten

NAME = "history"
ANCHOR = "section-history"
UNTESTED = Claim("history.untested", UNDECIDED, always=True)
UNCHANGED = Claim("history.unchanged", UNDECIDED, always=True)
CHANGED = Claim(
    "history.changed", "the accuracy never changed from one run to the next", ErrorRate(0.037, 1000, "equal_runs")
)
ACCURACY = ("accuracy", "accuracy_seeds")
"""What the first table and the drawing show."""
LOSS = "nll"
"""What the second table shows where its changes were tested."""
TIME = "seconds"
"""The unit of what is not compared between runs, which may be of other machines."""
LONGEST_TITLE = 40
SIZE = (336, 72)
"""Of the drawing, CSS pixels."""


@dataclass(frozen=True)
class Run:
    """One row: an earlier run or this one."""

    title: str
    created: str
    commit: str
    accuracy: MetricValue | None
    key: str
    step: StepBack | None
    values: tuple[MetricValue, ...] = ()
    """Its headline numbers."""
    loss_step: StepBack | None = None

    def value(self, name: str) -> MetricValue | None:
        """The headline number of that name, where it is known."""
        return next((value for value in self.values if value.name == name and value.value is not None), None)


@dataclass(frozen=True)
class HistoryView(SectionView):
    """The values of sections/history.html.j2."""

    chart: FigureFile | None = None
    """The accuracy over time; None where fewer than two are known."""
    runs: Table = NO_TABLE
    losses: Table = NO_TABLE
    """The changes of negative log-likelihood; without rows where none was tested."""
    others: Table = NO_TABLE
    """The other headline numbers; without times; without rows where no two runs have any."""


def build(subject: Subject, figures: Mapping[str, FigureFile | Skipped]) -> HistoryView | Skipped:
    """The runs in the order of time, this one last."""
    del figures
    if subject.judgement.history is None:
        return Skipped(NAME, _("History"), _("No earlier run of this model on these test images is known."))
    runs = list_runs(subject)
    steps, marks = find_steps(runs)
    losses = mark_changes([None, *(find_step(before, after.loss_step) for before, after in pairwise(runs))])
    return HistoryView(
        NAME,
        _("History"),
        methods=(describe_method(),),
        findings=(find_change(runs, steps, marks),),
        chart=draw_chart(runs, marks),
        runs=tabulate(runs, steps),
        losses=tabulate_losses(runs, losses),
        others=tabulate_others(runs, (*ACCURACY, LOSS) if any(losses) else ACCURACY),
    )


def draw_chart(runs: Sequence[Run], marks: Sequence[int]) -> FigureFile | None:
    """The accuracy over time."""
    caption = _("Top-1 accuracy over time: the line, its 95\u00a0% interval, and a triangle where it changed.")
    line = draw_sparkline([run.accuracy for run in runs], marks, describe(runs), SIZE)
    return line.figure(NAME, _("History"), caption) if line is not None else None


def list_runs(subject: Subject) -> list[Run]:
    """The earlier runs and this one."""
    history, record = subject.judgement.history, subject.record
    assert history is not None
    past = [
        Run(
            run.title,
            run.created,
            format_commit(run.commit, run.dirty),
            run.accuracy,
            run.key,
            run.step,
            run.values,
            run.loss_step,
        )
        for run in history.runs
    ]
    origin, measured = record.provenance, record.measured
    accuracy = (measured.value("accuracy_seeds") or measured.value("accuracy")) if measured is not None else None
    commit = format_commit(origin.commit, origin.dirty)
    values = measured.values if measured is not None else ()
    return [*past, Run(_("this report"), origin.created, commit, accuracy, "", history.step, values, history.loss_step)]


def find_steps(runs: Sequence[Run]) -> tuple[list[Step | None], list[int]]:
    """The change of accuracy at each run after correction, None for the first, and the runs at which it changed."""
    steps = mark_changes([None, *(find_step(before, after.step) for before, after in pairwise(runs))])
    return steps, [at for at, step in enumerate(steps) if step is not None and step.holds]


def find_step(before: Run, step: StepBack | None) -> Step | None:
    """The change from the run before, where these two were held against each other."""
    return Step(step.change, step.p) if step is not None and step.before == before.key else None


def describe_change(run: Run, change: MetricValue) -> str:
    """The newest change that the paired test finds; of a run outside git without its commit."""
    day, by, interval = format_day(run.created), change.display, change.display_interval
    if run.commit == numerals.DASH:
        return _("Top-1 accuracy last changed on {day}: {change} ({interval}).", day=day, change=by, interval=interval)
    return _(
        "Top-1 accuracy last changed on {day}, commit {commit}: {change} ({interval}).",
        day=day,
        commit=run.commit,
        change=by,
        interval=interval,
    )


def format_commit(commit: str | None, dirty: bool | None) -> str:
    """The first characters of a commit, with a mark where files differ from it."""
    return numerals.DASH if not commit else f"{one_line(commit)[:8]}+" if dirty else one_line(commit)[:8]


def find_change(runs: Sequence[Run], steps: Sequence[Step | None], marks: Sequence[int]) -> Finding:
    """How many runs there are and where the accuracy changed."""
    before = ngettext(
        "{count} earlier run of this model on the same test images is known.",
        "{count} earlier runs of this model on the same test images are known.",
        len(runs) - 1,
    )
    if not any(steps):
        return UNTESTED.finding(join_sentences([before, _("None of them was tested against the next.")]), 0.1, ANCHOR)
    if not marks:
        same = UNCHANGED.says(_("Top-1 accuracy did not change significantly from one to the next."))
        return UNCHANGED.finding(join_sentences([before, same]), 0.1, ANCHOR)
    last = steps[marks[-1]]
    assert last is not None
    changed = describe_change(runs[marks[-1]], last.change)
    return CHANGED.finding(join_sentences([before, changed]), 0.2, ANCHOR)


def describe(runs: Sequence[Run]) -> str:
    """The drawing in words."""
    known = [run.accuracy for run in runs if run.accuracy is not None]
    if not known:
        return ""
    return _(
        "Line of the top-1 accuracy of {count} runs in chronological order, from {first} to {last}.",
        count=numerals.count(len(known)),
        first=known[0].display,
        last=known[-1].display,
    )


def tabulate(runs: Sequence[Run], steps: Sequence[Step | None]) -> Table:
    """Every run, the newest first."""
    rows = [format_row(run, step) for run, step in zip(runs, steps, strict=True)]
    return Table(
        caption=_("Runs of this model on the same test images, the newest first; p after Holm’s correction."),
        columns=(
            Column(_("Run")),
            Column(_("Date"), "short"),
            Column(_("Commit"), "short"),
            Column(_("Top-1 accuracy"), "numeric"),
            Column(_("Change from the run before"), "numeric"),
            Column(_("p"), "numeric"),
        ),
        rows=tuple(rows[::-1]),
        dense=True,
    )


def tabulate_losses(runs: Sequence[Run], steps: Sequence[Step | None]) -> Table:
    """The runs whose negative log-likelihood was tested against the run before, the newest first."""
    rows = [
        (
            shorten(one_line(run.title), LONGEST_TITLE),
            format_day(run.created),
            run.commit,
            value.display_full if (value := run.value(LOSS)) is not None else numerals.DASH,
            step.change.display_full,
            numerals.p_number(step.p_adjusted),
            CHANGED.says(_("changed")) if step.holds else UNCHANGED.says(_("no significant change")),
        )
        for run, step in zip(runs, steps, strict=True)
        if step is not None
    ]
    return Table(
        caption=_(
            "Negative log-likelihood of the runs that were tested against the run before; p after Holm’s correction."
        ),
        columns=(
            Column(_("Run")),
            Column(_("Date"), "short"),
            Column(_("Commit"), "short"),
            Column(_("Negative log-likelihood"), "numeric"),
            Column(_("Change from the run before"), "numeric"),
            Column(_("p"), "numeric"),
            Column(_("Result")),
        ),
        rows=tuple(rows[::-1]),
        dense=True,
    )


def tabulate_others(runs: Sequence[Run], tested: Sequence[str]) -> Table:
    """The other headline numbers in the earliest run, the one before and this one: those of two runs, no times."""
    shown = runs if len(runs) < 3 else (runs[0], *runs[-2:])
    heads = (_("Earliest run"), _("Previous run"), _("This report"))[-len(shown) :]
    rows = []
    for name in headline_names():
        values = [run.value(name) for run in shown]
        known = [value for value in values if value is not None]
        if name not in tested and len(known) > 1 and known[-1].unit != TIME:
            cells = (value.display_full if value is not None else numerals.DASH for value in values)
            rows.append((known[-1].label, *cells))
    return Table(
        caption=_("Other headline numbers of these runs. Their changes are not tested, so none is marked."),
        columns=(Column(_("Number")), *(Column(head, "numeric") for head in heads)),
        rows=tuple(rows),
        dense=True,
    )


def format_row(run: Run, step: Step | None) -> tuple[str, ...]:
    """One run as texts."""
    return (
        shorten(one_line(run.title), LONGEST_TITLE),
        format_day(run.created),
        run.commit,
        run.accuracy.display_full if run.accuracy is not None else numerals.DASH,
        step.change.display_full if step is not None else numerals.DASH,
        numerals.p_number(step.p_adjusted) if step is not None else numerals.DASH,
    )


def describe_method() -> MethodNote:
    """How change points are found."""
    return MethodNote(
        _("History"),
        _(
            "Each run is compared with the run before it on the same test images, with the test of the comparison "
            "with a baseline. A change is marked where p is at most 0.05 after Holm’s correction over all pairs of "
            "neighbouring runs shown. Negative log-likelihood is tested too, between runs of one seed, by the paired t "
            "test over images with a correction of its own. Of the other headline numbers a report keeps earlier "
            "values, not the images behind them that a paired test needs. Runs on other test images, or of another "
            "model, are left out."
        ),
        "Holm 1979",
    )


def has_history(subject: Subject) -> bool:
    """Whether the report carries any earlier run."""
    return subject.judgement.history is not None


SECTION = Section(NAME, "History", 115, (), build, applies=has_history)
