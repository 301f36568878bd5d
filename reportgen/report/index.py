"""What the index over many records shows: lines of one model on the same test images, and every record twice more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.comparison.history import Step
from reportgen.record.metric_value import MetricValue
from reportgen.record.summary import Summary, headline_names
from reportgen.report.sections.history import CHANGED, UNCHANGED
from reportgen.report.sparkline import Sparkline, draw_sparkline
from reportgen.text import numerals
from reportgen.text.dates import format_day
from reportgen.text.i18n import _, join_terms, ngettext
from reportgen.text.shorten import one_line, shorten, shorten_middle

LONGEST_NAME = 80
LONGEST_PLACE = 60
LONGEST_REASON = 300
MOST_HISTORIES = 640
"""Drawings of further numbers on one page, about half a megabyte; those with most records are told first."""
MOST_CHANGES = 12
"""Change points that are told in words below one line; all are marked."""
MOST_UNREAD = 200


@dataclass(frozen=True)
class Listed:
    """One record below the folder."""

    summary: Summary
    place: str
    """Where it was found, relative to the folder."""
    link: str
    """The address of its report, relative to the page; empty where there is only the record."""


@dataclass(frozen=True)
class Unread:
    """What looked like a record and can't be read."""

    place: str
    reason: str


@dataclass(frozen=True)
class Line:
    """Records of one model on the same test images, in the order of time."""

    records: tuple[Listed, ...]
    steps: tuple[Step | None, ...]
    """The change from the record before; None for the first, and where it could not be tested."""
    images: str
    """Digest of the test images; empty where the one record holds no evaluation."""
    n: int
    loss_steps: tuple[Step | None, ...] = ()
    """The same of the negative log-likelihood."""


@dataclass(frozen=True)
class RowView:
    """One record in a table."""

    name: str
    link: str
    place: str
    model: str
    data: str
    created: str
    """For sorting."""
    day: str
    commit: str
    accuracy: str
    sure: str
    order: str
    """The accuracy, for sorting; empty where it is unknown."""
    note: str


@dataclass(frozen=True)
class NumberView:
    """One headline number of a line."""

    label: str
    last: str
    sure: str
    first: str
    spark: Sparkline | None
    note: str = ""
    """That its changes are not tested, where they could be chance."""


@dataclass(frozen=True)
class LineView:
    """One line of the page."""

    anchor: str
    name: str
    model: str
    data: str
    count: str
    span: str
    last: RowView
    spark: Sparkline | None
    records: int
    marks: int
    """Change points."""
    numbers: tuple[NumberView, ...]
    changes: tuple[str, ...]
    verdict: str
    rows: tuple[RowView, ...]
    numbers_label: str
    records_label: str


@dataclass(frozen=True)
class GroupView:
    """Records evaluated on the same test images, the most accurate first."""

    title: str
    rows: tuple[RowView, ...]


@dataclass(frozen=True)
class IndexView:
    """The values of index.html.j2."""

    title: str
    summary: str
    unread_count: str
    """One sentence; empty where everything could be read."""
    note: str
    """How a line is made and read."""
    lines: tuple[LineView, ...]
    by_date: tuple[RowView, ...]
    by_accuracy: tuple[GroupView, ...]
    unread: tuple[Unread, ...]
    unread_more: str
    histories_note: str
    """How many lines stand in the table alone; empty where none does."""


def view_index(name: str, lines: Sequence[Line], unread: Sequence[Unread]) -> IndexView:
    """The page of these lines; every record is in one of them."""
    records = [record for line in lines for record in line.records]
    ordered = sorted(lines, key=lambda line: (-len(line.records), name_of(line.records[-1]), line.images))
    rows = {id(record): view_row(record) for record in records}
    left, views = MOST_HISTORIES, []
    for at, line in enumerate(ordered):
        numbers = view_numbers(line) if len(line.records) > 1 and left > 0 else ()
        left -= len(numbers)
        views.append(view_line(f"line-{at + 1}", line, numbers, rows))
    short = sum(1 for view in views if len(view.rows) > 1 and not view.numbers)
    newest = sorted(records, key=lambda record: (record.summary.created, record.place), reverse=True)
    return IndexView(
        title=_("Reports in {name}", name=shorten(one_line(name), LONGEST_NAME)),
        summary=format_counts(records, lines),
        unread_count=format_unread(unread),
        note=_(
            "A line holds the records of one model on the same test images, in chronological order; the band is the "
            "95\u00a0% interval. A triangle marks a change in top-1 accuracy, or in negative log-likelihood, from one "
            "record to the next: paired on the images (McNemar’s test, t test), with p at most 0.05 after Holm’s "
            "correction over all such pairs of the line, for each of the two. Other numbers are drawn and not tested."
        ),
        lines=tuple(views),
        by_date=tuple(rows[id(record)] for record in newest),
        by_accuracy=group_by_images(lines, rows),
        unread=tuple(
            Unread(shorten_middle(one_line(one.place), 160), shorten(one_line(one.reason), LONGEST_REASON))
            for one in unread[:MOST_UNREAD]
        ),
        unread_more=_("The first {most} of them.", most=MOST_UNREAD) if len(unread) > MOST_UNREAD else "",
        histories_note=ngettext(
            "{count} shorter line is shown only in this table, to keep the page small.",
            "{count} shorter lines are shown only in this table, to keep the page small.",
            short,
        )
        if short
        else "",
    )


def format_counts(records: Sequence[Listed], lines: Sequence[Line]) -> str:
    """How much there is, one sentence."""
    sets = len({(line.images, line.records[0].summary.data) for line in lines if line.images})
    return _(
        "{records}: {models}, evaluated on {sets}.",
        records=ngettext("{count} record", "{count} records", len(records)),
        models=ngettext("{count} model", "{count} models", len({identity(line) for line in lines})),
        sets=ngettext("{count} set of test images", "{count} sets of test images", sets),
    )


def format_unread(unread: Sequence[Unread]) -> str:
    """How many could not be read, one sentence; empty for none."""
    if not unread:
        return ""
    return ngettext(
        "{count} further record can’t be read and is not among them; it is named below.",
        "{count} further records can’t be read and are not among them; they are named below.",
        len(unread),
    )


def identity(line: Line) -> str:
    """What tells models apart."""
    return line.records[0].summary.model.model_dump_json()


def name_of(record: Listed) -> str:
    """The title of a record, one line of it."""
    return shorten(one_line(record.summary.name), LONGEST_NAME) or _("untitled")


def view_row(record: Listed) -> RowView:
    """One record as every table shows it."""
    summary, accuracy = record.summary, record.summary.accuracy
    notes = [
        _("diverged") if summary.diverged else "",
        _("unfinished") if summary.unfinished else "",
    ]
    return RowView(
        name=name_of(record),
        link=record.link,
        place=shorten_middle(one_line(record.place), LONGEST_PLACE),
        model=shorten_middle(one_line(summary.model.source), LONGEST_PLACE),
        data=shorten(one_line(str(summary.data_title)), LONGEST_PLACE),
        created=one_line(summary.created)[:20],
        day=format_day(one_line(summary.created)),
        commit=commit_of(summary),
        accuracy=accuracy.display if accuracy is not None else "—",
        sure=accuracy.sureness if accuracy is not None else "",
        order=f"{accuracy.value:.6f}" if accuracy is not None else "",
        note=join_terms(notes),
    )


def commit_of(summary: Summary) -> str:
    """The first characters of the commit, with a mark where files differ from it."""
    if not summary.commit:
        return "—"
    short = one_line(summary.commit)[:8]
    return f"{short}+" if summary.dirty else short


def view_line(anchor: str, line: Line, numbers: tuple[NumberView, ...], rows: dict[int, RowView]) -> LineView:
    """One line with its history."""
    last = line.records[-1]
    marks = find_marks(line.steps)
    return LineView(
        anchor=anchor,
        name=name_of(last),
        model=rows[id(last)].model,
        data=rows[id(last)].data,
        count=ngettext("{count} record", "{count} records", len(line.records)),
        span=format_span(line),
        last=rows[id(last)],
        spark=draw_history(line, "accuracy", marks),
        records=len(line.records),
        marks=len(marks),
        numbers=numbers,
        changes=tuple(format_change(line, at) for at in marks[::-1][:MOST_CHANGES]),
        verdict=format_verdict(line, marks) if len(line.records) > 1 else "",
        rows=tuple(rows[id(record)] for record in line.records[::-1]),
        numbers_label=_("Headline numbers of {name} ({anchor})", name=name_of(last), anchor=anchor),
        records_label=_("Records of {name} ({anchor})", name=name_of(last), anchor=anchor),
    )


def find_marks(steps: Sequence[Step | None]) -> list[int]:
    """The places of the change points."""
    return [at for at, step in enumerate(steps) if step is not None and step.holds]


def format_span(line: Line) -> str:
    """From when to when, and on what."""
    first, last = (format_day(record.summary.created) for record in (line.records[0], line.records[-1]))
    days = first if first == last else _("{first} to {last}", first=first, last=last)
    if not line.n:
        return _("{days}, not evaluated", days=days)
    return ngettext("{days}, the same {count} test image", "{days}, the same {count} test images", line.n, days=days)


def format_verdict(line: Line, marks: Sequence[int]) -> str:
    """How often the accuracy changed, one sentence."""
    tested = sum(step is not None for step in line.steps)
    if not tested:
        return _("No two of its records can be compared.")
    tests = ngettext("{count} paired test", "{count} paired tests", tested)
    if not marks:
        return UNCHANGED.says(
            _("No significant change in top-1 accuracy in {tests} after Holm’s correction.", tests=tests)
        )
    changes = ngettext("{count} change point", "{count} change points", len(marks))
    return CHANGED.says(
        _("{changes} in top-1 accuracy in {tests} after Holm’s correction.", changes=changes, tests=tests)
    )


def format_change(line: Line, at: int) -> str:
    """One change point, one sentence."""
    step, summary = line.steps[at], line.records[at].summary
    assert step is not None
    return _(
        "{day}, commit {commit}: {change} ({interval}), {p} after correction.",
        day=format_day(summary.created),
        commit=commit_of(summary),
        change=step.change.display,
        interval=step.change.display_interval,
        p=numerals.p_value(step.p_adjusted),
    )


def values_of(line: Line, name: str) -> list[MetricValue | None]:
    """One headline number through a line."""
    if name == "accuracy":
        return [record.summary.accuracy for record in line.records]
    return [record.summary.value(name) for record in line.records]


def draw_history(line: Line, name: str, marks: Sequence[int]) -> Sparkline | None:
    """The sparkline of one number."""
    values = values_of(line, name)
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    alt = _(
        "{label} of {count} records in chronological order, from {first} to {last}.",
        label=known[-1].label,
        count=numerals.count(len(known)),
        first=known[0].display,
        last=known[-1].display_full,
    )
    return draw_sparkline(values, marks, alt)


def view_numbers(line: Line) -> tuple[NumberView, ...]:
    """Every headline number of a line that at least two of its records have."""
    found = []
    marks = {"accuracy": find_marks(line.steps), "nll": find_marks(line.loss_steps)}
    for name in headline_names():
        if name == "accuracy_seeds":
            continue
        known = [value for value in values_of(line, name) if value is not None]
        if len(known) > 1:
            spark = draw_history(line, name, marks.get(name, ()))
            last = known[-1]
            estimated = any(value.low is not None for value in known)
            note = _("not tested") if estimated and name not in marks else ""
            found.append(NumberView(last.label, last.display, last.sureness, known[0].display, spark, note))
    return tuple(found)


def group_by_images(lines: Sequence[Line], rows: dict[int, RowView]) -> tuple[GroupView, ...]:
    """The records by what they were tested on, since accuracies on other images are other questions; the most accurate
    first in each."""
    groups: dict[tuple[str, str], list[Listed]] = {}
    sizes: dict[tuple[str, str], int] = {}
    for line in lines:
        for record in line.records:
            key = (line.images, "" if line.images else "none")
            groups.setdefault(key, []).append(record)
            sizes[key] = line.n
    titles = {key: format_group(members, sizes[key]) for key, members in groups.items()}
    ordered = sorted(groups, key=lambda key: (not key[0], -len(groups[key]), titles[key], key))
    same = Counter(titles.values())
    seen: Counter[str] = Counter()
    views = []
    for key in ordered:
        title = titles[key]
        seen[title] += 1
        if same[title] > 1:
            title = _("{title}, set {number} of test images", title=title, number=seen[title])
        members = sorted(groups[key], key=lambda one: (-share(one), one.summary.created, one.place))
        views.append(GroupView(title, tuple(rows[id(record)] for record in members)))
    return tuple(views)


def share(record: Listed) -> float:
    """The accuracy to sort by; unknown ones last."""
    value = record.summary.accuracy
    return value.value if value is not None and value.value is not None else -1.0


def format_group(members: Sequence[Listed], n: int) -> str:
    """What a group was tested on."""
    data = shorten(one_line(str(members[0].summary.data_title)), LONGEST_PLACE)
    if not n:
        return _("Not evaluated")
    return ngettext("{data}, {count} test image", "{data}, {count} test images", n, data=data)
