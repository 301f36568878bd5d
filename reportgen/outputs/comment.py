"""comment.md for a pull request, which stands alone without an image, and junit.xml for any CI."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from reportgen import __version__
from reportgen.errors import RenderError
from reportgen.outputs.junit import make_junit
from reportgen.outputs.markdown import Raw, bar
from reportgen.outputs.page import PageView
from reportgen.outputs.templating import render_markdown
from reportgen.plugins import Output, OutputFile
from reportgen.record.comparison import ClassChange, Comparison, Flip, Refusal
from reportgen.record.definitions import shown_in
from reportgen.record.judgement import Judgement
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.report.model import Report
from reportgen.report.wording import count_flips
from reportgen.text import numerals
from reportgen.text.i18n import _, ngettext, with_note
from reportgen.text.shorten import one_line, shorten

MOST = 60_000
"""Characters; GitHub refuses a comment of more than 65,536."""
HIGHLIGHTS = 5
CLASSES = 10
"""Weakest classes listed."""
DIFFERENCES = 12
SHOWN_FLIPS = 5
LONGEST_VALUE = 120
"""Characters of the title and of what was run."""
"""Images named, of each way."""
FOLDS = (("run", "differences"), ("run", "differences", "flips"), ("run", "differences", "flips", "classes"))
"""What is left out, more and more, where a comment would be too long."""


@dataclass(frozen=True)
class Row:
    """One metric of this run, beside the baseline's where there is one."""

    label: str
    now: str
    before: str
    change: str


@dataclass(frozen=True)
class ClassRow:
    """One class: recall as a bar and a number, and its change."""

    name: str
    bar: Raw
    """Its recall as a bar of characters."""
    recall: str
    change: str


@dataclass(frozen=True)
class Flips:
    """The images on which only one model is right, in words."""

    counts: str
    shown: tuple[str, ...]


def render(report: Report, warn: Callable[[str], None]) -> tuple[OutputFile, ...]:
    """The comment and the JUnit file of a report.

    Raises RenderError for a template that fails, and for a comment that is too long even without its details.
    """
    del warn
    return (
        OutputFile("comment.md", make_comment(report).encode("utf-8")),
        OutputFile("junit.xml", make_junit(report)),
    )


def make_comment(report: Report) -> str:
    """The comment as Markdown, at most MOST characters: details are left out where it would be longer.

    Raises RenderError.
    """
    values = view(report)
    for left_out in ((), *FOLDS):
        text = render_markdown(
            "comment.md.j2", {**values, "left_out": left_out}, report.templates, report.language
        ).strip()
        if len(text) <= MOST:
            return text + "\n"
    raise RenderError(f"comment.md would have {len(text):,} characters, and {MOST:,} are allowed", "Name fewer gates.")


def view(report: Report) -> dict[str, object]:
    """Everything that the template prints."""
    record, comparison = report.record, report.subject.judgement.comparison
    summary = next((section for section in report.sections if section.name == "summary"), None)
    compared = comparison if isinstance(comparison, Comparison) else None
    return {
        "report": PageView.of(report),
        "marker": Raw(marker(report.title)),
        "headline": headline(report.subject.judgement),
        "gates": report.gates,
        "rows": tuple(make_rows(report, compared)),
        "compared": compared is not None,
        "refused": comparison if isinstance(comparison, Refusal) else None,
        "highlights": getattr(summary, "highlights", ())[:HIGHLIGHTS],
        "title": shorten(one_line(report.title), LONGEST_VALUE),
        "facts": tuple(
            replace(fact, value=shorten(one_line(fact.value), LONGEST_VALUE)) for fact in getattr(summary, "facts", ())
        ),
        "classes": tuple(list_classes(record, compared)),
        "flips": format_flips(record, compared) if compared else None,
        "differences": compared.differences[:DIFFERENCES] if compared else (),
        "more_differences": max(0, len(compared.differences) - DIFFERENCES) if compared else 0,
        "version": __version__,
    }


def marker(title: str) -> str:
    """What the first line holds, by which a later build of the same report finds its own comment."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-")
    return f"{words or 'report'}-{hashlib.sha256(title.encode()).hexdigest()[:8]}"


def headline(judgement: Judgement) -> str:
    """The outcome in one line: gates that failed first, then the verdict against the baseline."""
    failed = [gate for gate in judgement.gates if gate.outcome == "fail"]
    if failed:
        return ngettext(
            "✗ {count} gate of {all} failed", "✗ {count} gates of {all} failed", len(failed), all=len(judgement.gates)
        )
    comparison = judgement.compared
    if comparison is not None:
        return {
            "better": _("▲ These weights are better than the baseline’s")
            if comparison.of_weights
            else _("▲ Better than the baseline over seeds"),
            "worse": _("▼ These weights are worse than the baseline’s")
            if comparison.of_weights
            else _("▼ Worse than the baseline over seeds"),
            "equivalent": _("= Equivalent to the baseline"),
            "undecided": _("? Not enough evidence against the baseline"),
        }[comparison.verdict]
    undecided = sum(gate.outcome == "undecided" for gate in judgement.gates)
    if undecided:
        return ngettext("? {count} gate is undecided", "? {count} gates are undecided", undecided)
    return _("✓ All gates passed") if judgement.gates else ""


def make_rows(report: Report, compared: Comparison | None) -> list[Row]:
    """The headline numbers, with the baseline's and the change where they were compared."""
    now = {value.name: value for value in report.metrics}
    before = {value.name: value for value in compared.before} if compared else {}
    return [
        Row(now[name].label, full(now[name]), full(before.get(name)), format_change(name, compared))
        for name in (definition.name for definition in shown_in("comment"))
        if name in now and now[name].value is not None
    ]


def full(value: MetricValue | None) -> str:
    """A value with its interval; a dash where there is none."""
    if value is None:
        return numerals.DASH
    return with_note(value.display, value.display_interval)


def format_change(name: str, compared: Comparison | None) -> str:
    """How a metric changed, as a difference or a ratio."""
    return full(find_change(name, compared)) if compared is not None else ""


def find_change(name: str, compared: Comparison) -> MetricValue | None:
    """The change of a metric as a difference, else as a ratio; None where neither is known."""
    changes = (compared.value(f"{name}{ending}") for ending in (".change", ".change_ratio"))
    return next((change for change in changes if change is not None and change.value is not None), None)


def list_classes(record: RunRecord, compared: Comparison | None) -> list[ClassRow]:
    """The weakest classes of this run, with the change of each."""
    classes = [
        score for score in (record.measured.classes if record.measured else ()) if score.recall.value is not None
    ]
    weakest = sorted(classes, key=lambda score: (score.recall.value, score.index))[:CLASSES]
    changes = {change.index: change for change in (compared.classes if compared else ())}
    return [
        ClassRow(score.name, bar(score.recall.value), full(score.recall), format_class_change(changes.get(score.index)))
        for score in weakest
    ]


def format_class_change(change: ClassChange | None) -> str:
    """The change of one class's recall."""
    return full(change.change) if change is not None else ""


def format_flips(record: RunRecord, compared: Comparison) -> Flips:
    """The images on which only one model is right, in words."""
    names = record.data.classes
    shown = (*compared.lost[:SHOWN_FLIPS], *compared.gained[:SHOWN_FLIPS])
    return Flips(count_flips(compared), tuple(format_flip(flip, names) for flip in shown))


def format_flip(flip: Flip, names: tuple[str, ...]) -> str:
    """One image in words."""
    before = names[flip.before] if flip.before >= 0 else numerals.DASH
    index, label = numerals.count(flip.id), names[flip.label]
    if flip.after == flip.label:
        return _("No. {id}, {label}: was called {before}, now right.", id=index, label=label, before=before)
    return _("No. {id}, {label}: was right, now called {after}.", id=index, label=label, after=names[flip.after])


def check() -> None:
    """Text can always be written."""


OUTPUT = Output("comment", "a pull request's comment, and JUnit XML", ("comment.md", "junit.xml"), check, render)
