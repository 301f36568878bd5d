"""comment.md for a pull request, which stands alone without an image, junit.xml for any CI, check.json for GitHub's."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from reportgen.comparison.decision import level_of_others
from reportgen.outputs._comment.chart import draw_builds, draw_classes
from reportgen.outputs._comment.check_run import make_check
from reportgen.outputs._comment.shortening import (
    FOLDS,
    Cut,
    Room,
    choose_gates,
    cut_off,
    list_cuts,
    order_gates,
    say_cut,
)
from reportgen.outputs._comment.worth import changed_classes, changed_costs, weigh
from reportgen.outputs.junit import make_junit
from reportgen.outputs.markdown import Raw, bar
from reportgen.outputs.page import PageView
from reportgen.outputs.templating import Dialect, render_markdown
from reportgen.plugins import Output, OutputFile
from reportgen.record.comparison import ClassChange, Comparison, Flip, Refusal
from reportgen.record.definitions import shown_in
from reportgen.record.judgement import Judgement
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.report.comparison_claims import claim_of
from reportgen.report.model import Report
from reportgen.report.sections.baseline import claims
from reportgen.report.verdict import format_against, note_changes
from reportgen.report.wording import (
    count_flips,
    format_age,
    join_few,
    names_told_apart,
    note_first,
    note_latency,
    quote,
)
from reportgen.system.version import __version__
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, join_terms, ngettext, with_label, with_note
from reportgen.text.shorten import one_line, shorten

Platform = Literal["github", "gitlab", "bitbucket"]
MOST = 60_000
"""Characters; GitHub refuses a comment of more than 65,536."""
MOST_BITBUCKET = 30_000
"""Bitbucket refuses one of more than 32,768."""
HIGHLIGHTS = 5
CLASSES = 10
"""Weakest classes listed."""
DIFFERENCES = 12
SHOWN_FLIPS = 5
"""Images named, of each way."""
LONGEST_VALUE = 120
"""Characters of the title and of what was run."""


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
    """The comment and the JUnit file of a report, and for GitHub the payload of its check run.

    Raises RenderError for a template that fails.
    """
    del warn
    comment = make_comment(report)
    files = (OutputFile("comment.md", comment.encode("utf-8")), OutputFile("junit.xml", make_junit(report)))
    if platform_of(report) != "github":
        return files
    payload = make_check(report, headline(report.subject.judgement), partial(make_comment, report))
    return (*files, OutputFile("check.json", payload))


def platform_of(report: Report) -> Platform:
    """Whose Markdown the comment is written in."""
    platform = report.subject.presentation.comment.platform
    return "github" if platform == "auto" else platform


def make_comment(report: Report, room: Room | None = None) -> str:
    """The comment as Markdown, short enough for its platform, or for `room`: details are left out where it would be
    longer, which it says. Raises RenderError for a template that fails.
    """
    platform = platform_of(report)
    dialect: Dialect = "bitbucket" if platform == "bitbucket" else "markdown"
    room = room or Room(MOST_BITBUCKET if platform == "bitbucket" else MOST)
    worth = weigh(report.subject, report.banners)
    with names_told_apart(report.record):
        values = view(report)
    name = "comment.md.j2" if worth.whole else "comment_line.md.j2"
    text, own = "", report.templates is not None and (report.templates / name).is_file()
    for cut in list_cuts(len(report.gates), room.most, own):
        changed = {**values, **cut_values(report, cut), "posted": worth.posted}
        text = render_markdown(name, changed, report.templates, report.language, dialect).strip()
        if room.size(text) < room.most:
            return text + "\n"
    return cut_off(text, room, _("The rest is left out to keep this comment short; the report has everything."))


def cut_values(report: Report, cut: Cut) -> dict[str, object]:
    """What the template prints of what a comment can do without."""
    judgement, summary = report.subject.judgement, find_summary(report)
    compared = judgement.compared
    there = {
        "run": getattr(summary, "facts", ()),
        "differences": compared.differences if compared else (),
        "flips": (compared.lost or compared.gained) if compared else (),
        "classes": report.record.measured.classes if report.record.measured else (),
    }
    return {
        "left_out": cut.folds,
        "gates": order_gates(choose_gates(report.gates, cut.gates)),
        "highlights": () if cut.findings else getattr(summary, "highlights", ())[:HIGHLIGHTS],
        "cut": say_cut(cut, [fold for fold in FOLDS[-1] if there[fold]], report.gates),
    }


def find_summary(report: Report) -> object:
    """The section of that name, where the report has it."""
    return next((section for section in report.sections if section.name == "summary"), None)


def view(report: Report) -> dict[str, object]:
    """Everything that the template prints, but for what a comment can do without."""
    record, comparison = report.record, report.subject.judgement.comparison
    summary, platform = find_summary(report), platform_of(report)
    compared = comparison if isinstance(comparison, Comparison) else None
    builds, builds_said = draw_builds(report.subject.judgement.target, find_accuracy(record))
    return {
        "report": PageView.of(report),
        "marker": Raw(marker(report.title)),
        "folds": platform != "bitbucket",
        "headline": headline(report.subject.judgement),
        "line": format_line(report),
        "gates_note": note_changes(report.gates, compared is not None and compared.of_weights),
        "rows": tuple(make_rows(report, compared)),
        "compared": compared is not None,
        "refused": comparison if isinstance(comparison, Refusal) else None,
        "baseline": join_sentences([format_baseline(report), note_latency(compared) if compared else ""]),
        "builds": builds,
        "builds_said": builds_said,
        "title": shorten(one_line(report.title), LONGEST_VALUE),
        "facts": tuple(
            replace(fact, value=shorten(one_line(fact.value), LONGEST_VALUE)) for fact in getattr(summary, "facts", ())
        ),
        "classes": tuple(list_classes(record, compared)),
        "classes_title": title_classes(record, compared),
        "classes_note": note_classes(compared) if compared is not None else "",
        "classes_open": compared is not None and bool(changed_classes(compared)),
        "chart": draw_classes(choose_changes(compared)) if compared and platform != "bitbucket" else "",
        "flips": format_flips(record, compared) if compared else None,
        "differences": compared.differences[:DIFFERENCES] if compared else (),
        "more_differences": max(0, len(compared.differences) - DIFFERENCES) if compared else 0,
        "version": __version__,
    }


def find_accuracy(record: RunRecord) -> MetricValue | None:
    """Top-1 accuracy, over its seeds where there are several."""
    measured = record.measured
    return (measured.value("accuracy_seeds") or measured.value("accuracy")) if measured is not None else None


def format_line(report: Report) -> str:
    """What stands in the place of a comment that is not worth more: how the model stands, and what else there is to
    know."""
    judgement = report.subject.judgement
    compared = judgement.compared
    said = [format_against(compared) if compared is not None else report.verdict]
    costs = changed_costs(compared) if compared is not None else ()
    if costs:
        terms = [with_label(cost.label, cost.display) for cost in costs]
        said.append(_("Cost changed: {changes}.", changes=join_terms(terms)))
    moved = changed_classes(compared) if compared is not None else ()
    if compared is not None and moved:
        names = join_few([with_note(quote(one.name), one.change.display) for one in moved])
        said.append(
            claims.CLASSES.says(
                _(
                    "Recall changed significantly for {names} at {level} after Holm’s correction over all classes.",
                    names=names,
                    level=level_text(compared),
                )
            )
        )
        said.append(note_first(compared))
    undecided = sum(gate.outcome == "undecided" for gate in judgement.gates)
    if undecided:
        said.append(ngettext("{count} gate is undecided.", "{count} gates are undecided.", undecided))
    return join_sentences(said)


def format_baseline(report: Report) -> str:
    """Which build the run is compared with, and how old that is; empty without one."""
    comparison = report.subject.judgement.comparison
    if comparison is None:
        return ""
    baseline = comparison.baseline
    age = format_age(baseline.created, report.created)
    title = shorten(one_line(baseline.title), LONGEST_VALUE)
    if baseline.commit:
        return _("Baseline: “{title}”, commit {commit}, {age}.", title=title, commit=baseline.commit[:12], age=age)
    return _("Baseline: “{title}”, {age}.", title=title, age=age)


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
        claim = claim_of(comparison)
        if comparison.of_weights:
            return claim.says(headline_of_weights(comparison))
        return claim.says(headline_over_seeds(comparison))
    undecided = sum(gate.outcome == "undecided" for gate in judgement.gates)
    if undecided:
        return ngettext("? {count} gate is undecided", "? {count} gates are undecided", undecided)
    return _("✓ All gates passed") if judgement.gates else ""


def headline_of_weights(comparison: Comparison) -> str:
    """The verdict on one training of each, which is one on their weights."""
    return {
        "better": _("▲ These weights are better than the baseline’s"),
        "worse": _("▼ These weights are worse than the baseline’s"),
        "equivalent": _("= These weights are equivalent to the baseline’s"),
        "undecided": _("? Not enough evidence to distinguish these weights from the baseline’s"),
    }[comparison.verdict]


def headline_over_seeds(comparison: Comparison) -> str:
    """The verdict on several trainings of each."""
    return {
        "better": _("▲ Better than the baseline over seeds"),
        "worse": _("▼ Worse than the baseline over seeds"),
        "equivalent": _("= Equivalent to the baseline over seeds"),
        "undecided": _("? Not enough evidence over seeds to distinguish it from the baseline"),
    }[comparison.verdict]


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
    """A value with its interval, or with the few processes that it is a time of; a dash where there is none."""
    if value is None:
        return numerals.DASH
    return with_note(value.display, value.display_interval or value.few_processes)


def format_change(name: str, compared: Comparison | None) -> str:
    """How a metric changed, as a difference or a ratio."""
    return full(find_change(name, compared)) if compared is not None else ""


def find_change(name: str, compared: Comparison) -> MetricValue | None:
    """The change of a metric as a difference, else as a ratio; None where neither is known."""
    changes = (compared.value(f"{name}{ending}") for ending in (".change", ".change_ratio"))
    return next((change for change in changes if change is not None and change.value is not None), None)


def list_classes(record: RunRecord, compared: Comparison | None) -> list[ClassRow]:
    """The weakest classes of this run, or of many those that changed most, with the change of each."""
    changes = {change.index: change for change in choose_changes(compared)}
    classes = [
        score
        for score in (record.measured.classes if record.measured else ())
        if score.recall.value is not None and (not changes or score.index in changes)
    ]
    weakest = sorted(classes, key=lambda score: (score.recall.value, score.index))[:CLASSES]
    return [
        ClassRow(score.name, bar(score.recall.value), full(score.recall), format_class_change(changes.get(score.index)))
        for score in weakest
    ]


def choose_changes(compared: Comparison | None) -> tuple[ClassChange, ...]:
    """The classes whose recall changed most, the weakest first, as many as there is room for."""
    known = [one for one in (compared.classes if compared else ()) if one.change.value is not None]
    most = sorted(known, key=lambda one: (-abs(one.change.value or 0.0), one.index))[:CLASSES]
    return tuple(sorted(most, key=lambda one: (one.after.value or 0.0, one.index)))


def title_classes(record: RunRecord, compared: Comparison | None) -> str:
    """Which classes are listed."""
    if compared is not None and len(record.data.classes) > CLASSES:
        return _("Classes that changed most")
    return _("Weakest classes")


def note_classes(compared: Comparison) -> str:
    """Which of the listed changes hold when all classes are looked at together: each interval is of one alone."""
    moved = changed_classes(compared)
    if not moved:
        return join_sentences(
            [
                claims.NO_CLASS.says(
                    _(
                        "Each interval of a change is for one class alone; after Holm’s correction over all classes, "
                        "no class changed significantly at {level}.",
                        level=level_text(compared),
                    )
                ),
                note_first(compared),
            ]
        )
    text = claims.CLASSES.says(
        _(
            "Each interval of a change is for one class alone; after Holm’s correction over all classes, {names} "
            "changed significantly at {level}.",
            level=level_text(compared),
            names=join_few([quote(one.name) for one in moved]),
        )
    )
    return join_sentences([text, note_first(compared)])


def level_text(compared: Comparison) -> str:
    """The level at which classes are tested."""
    return numerals.whole_percent(level_of_others(compared))


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
        return _("No. {id}, {label}: was predicted as {before}, now right.", id=index, label=label, before=before)
    return _("No. {id}, {label}: was right, now predicted as {after}.", id=index, label=label, after=names[flip.after])


def check() -> None:
    """Text can always be written."""


OUTPUT = Output(
    "comment",
    "a pull request's comment, JUnit XML, and a GitHub check run",
    ("comment.md", "junit.xml", "check.json"),
    check,
    render,
    shows_figures=False,
)
