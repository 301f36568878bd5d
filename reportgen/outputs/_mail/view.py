"""What a mail says, as plain values for its two templates."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from reportgen.outputs.comment import find_change, format_flips, full, headline
from reportgen.outputs.page import write_byline
from reportgen.record.comparison import Comparison, Difference, Refusal
from reportgen.record.definitions import shown_in
from reportgen.record.gate_result import GateResult
from reportgen.report.model import Banner, FigureFile, Report
from reportgen.report.sections.summary import choose_highlights
from reportgen.report.wording import note_latency
from reportgen.system.version import __version__
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, join_terms, ngettext
from reportgen.text.shorten import one_line, shorten, shorten_middle
from reportgen.text.wrapping import keep_whole

FINDINGS = 5
IMAGES = 3
DIFFERENCES = 6
GATES = 15
LONGEST_TITLE, LONGEST_SUBJECT_TITLE, LONGEST_RULE, LONGEST_VALUE = 160, 80, 120, 60
LONGEST_SENTENCE = 500
LONGEST_ALT = 400
"""Characters; a client that shows no images shows this in the place of each."""
OUTCOME_WIDTH, LABEL_WIDTH, LABEL_WIDTH_COMPARED = "26%", "42%", "28%"
"""Of the first columns of gates, of numbers, and of numbers that were compared, beside which there is more to say."""
HOST = "reportgen.invalid"
"""In the place of a host in the identifiers of messages and images, which ours would betray (RFC 2606)."""
NO_CHANGE = "0"
"""How the change of a number is written that is the baseline's."""
MARKS = {"good": "+", "caution": "!", "bad": "!", "plain": "–"}
KINDS = {"good": "pass", "caution": "fail", "bad": "fail", "plain": "muted"}


@dataclass(frozen=True)
class GateLine:
    """One gate."""

    mark: str
    word: str
    rule: str
    told: str
    """What was measured, and how far that is from the bound."""
    tone: str


@dataclass(frozen=True)
class NumberLine:
    """One number of this run, with its change where there is a baseline."""

    label: str
    now: str
    change: str = ""
    interval: str = ""
    """Of the change."""
    told_now: str = ""
    told_before: str = ""
    """Both numbers with whose they are; empty without a baseline."""


@dataclass(frozen=True)
class DifferenceLine:
    """One thing that is not the same as in the baseline."""

    key: str
    before: str
    after: str


@dataclass(frozen=True)
class FindingLine:
    """One finding."""

    text: str
    mark: str
    kind: str
    """The colour of its mark: a class of the style sheet."""


@dataclass(frozen=True)
class MailImage:
    """One image of a mail."""

    cid: str
    """Its Content-ID without brackets."""
    title: str
    caption: str
    alt: str
    png: bytes
    width: int = 400
    """Pixels that it is shown wide."""

    @property
    def file(self) -> str:
        """What its file is called."""
        return f"{self.cid.partition('.')[0]}.png"


@dataclass(frozen=True)
class MailView:
    """Everything that the templates print."""

    subject: str
    title: str
    byline: str
    outcome: str
    """In a few words: gates that failed, else the verdict; empty where nothing was judged."""
    outcome_sentence: str
    tone: str
    verdict: str
    banners: tuple[Banner, ...]
    refused: str
    """Why the run was not compared with its baseline."""
    gates: tuple[GateLine, ...]
    more_gates: str
    compared: bool
    rows: tuple[NumberLine, ...]
    latency: str
    unchanged: str
    """The numbers that are the baseline's."""
    flips: str
    differences: tuple[DifferenceLine, ...]
    more_differences: str
    findings: tuple[FindingLine, ...]
    images: tuple[MailImage, ...]
    logo: MailImage | None
    """One's own, above the title."""
    house: str
    """What stands in its place where it can't be drawn; empty for no logo."""
    enclosed: str
    """What is attached, and what is not although it could be."""
    version: str
    created: str
    outcome_width: str = OUTCOME_WIDTH
    label_width: str = LABEL_WIDTH
    """Of the first columns of gates and of numbers."""


def make_view(
    report: Report, images: tuple[MailImage, ...], enclosed: str, most: int = GATES, logo: MailImage | None = None
) -> MailView:
    """What the mail of a report says; `most`: gates and differences that are listed."""
    judgement = report.subject.judgement
    compared, refusal = judgement.compared, judgement.comparison
    title, outcome = one_line(report.title), headline(judgement)
    differences = compared.differences if compared else ()
    shown = min(DIFFERENCES, most)
    rows = list_numbers(report, compared)
    same = [row.label for row in rows if row.change == NO_CHANGE]
    return MailView(
        subject=write_subject(report, outcome),
        title=shorten(title, LONGEST_TITLE),
        byline=write_byline(report),
        outcome=outcome,
        outcome_sentence=_("{outcome}.", outcome=outcome) if outcome else "",
        tone=tone_of(report),
        verdict=as_sentence(report.verdict),
        banners=tuple(replace(one, text=as_sentence(one.text)) for one in report.banners[:most]),
        refused=join_sentences([refusal.reason.text, refusal.advice.text]) if isinstance(refusal, Refusal) else "",
        gates=tuple(gate_line(gate) for gate in sort_gates(report.gates)[:most]),
        more_gates=count_more(len(report.gates) - most),
        compared=compared is not None,
        rows=tuple(row for row in rows if row.change != NO_CHANGE),
        latency=note_latency(compared) if compared is not None else "",
        unchanged=_("Unchanged: {names}.", names=join_terms(same)) if same else "",
        flips=keep_whole(format_flips(report.record, compared).counts) if compared else "",
        differences=tuple(difference_line(one) for one in differences[:shown]),
        more_differences=count_more(len(differences) - shown),
        findings=tuple(
            FindingLine(as_sentence(one.text), MARKS[one.tone], KINDS[one.tone])
            for one in choose_highlights(report.sections)[:FINDINGS]
        ),
        images=images,
        logo=logo,
        house=shorten(report.logo.alt, LONGEST_TITLE) if report.logo is not None else "",
        enclosed=enclosed,
        version=__version__,
        created=report.created,
        label_width=LABEL_WIDTH if compared is None else LABEL_WIDTH_COMPARED,
    )


def write_subject(report: Report, outcome: str) -> str:
    """The outcome and the title in one line: gates, else the verdict with the change, else the accuracy."""
    title = shorten(one_line(report.title), LONGEST_SUBJECT_TITLE)
    judgement, record = report.subject.judgement, report.record
    change = judgement.compared.value("accuracy.change") if judgement.compared else None
    failed = any(gate.outcome == "fail" for gate in judgement.gates)
    accuracy = record.measured.value("accuracy") if record.measured else None
    if record.training is not None and record.training.divergence is not None:
        return _("✗ Training diverged: {title}", title=title)
    if outcome and change is not None and not failed:
        return _("{outcome} ({change}): {title}", outcome=outcome, change=change.display, title=title)
    if outcome:
        return _("{outcome}: {title}", outcome=outcome, title=title)
    if accuracy is None or accuracy.value is None:
        return _("Not evaluated: {title}", title=title)
    return _("Top-1 accuracy {accuracy}: {title}", accuracy=accuracy.display, title=title)


def tone_of(report: Report) -> str:
    """The colour of the outcome: a class of the style sheet."""
    judgement = report.subject.judgement
    verdict = judgement.compared.verdict if judgement.compared else ""
    if any(gate.outcome == "fail" for gate in judgement.gates) or verdict == "worse":
        return "fail"
    undecided = any(gate.outcome == "undecided" for gate in judgement.gates)
    return "undecided" if verdict in ("undecided", "equivalent") or undecided else "pass"


def sort_gates(gates: tuple[GateResult, ...]) -> list[GateResult]:
    """Failed ones first, then undecided ones, each in the order of the spec."""
    return sorted(gates, key=lambda gate: ("fail", "undecided", "pass").index(gate.outcome))


def gate_line(gate: GateResult) -> GateLine:
    """One gate in words."""
    if gate.distance:
        told = _(
            "{label}: {value}, {distance} from the bound", label=gate.label, value=gate.display, distance=gate.distance
        )
    else:
        told = _("{label}: {value}", label=gate.label, value=gate.display)
    rule = shorten_middle(one_line(gate.rule), LONGEST_RULE)
    return GateLine(gate.mark, gate.word, rule, keep_whole(shorten(told, 2 * LONGEST_RULE)), gate.outcome)


def list_numbers(report: Report, compared: Comparison | None) -> list[NumberLine]:
    """The headline numbers, with the baseline's and the change where they were compared."""
    now = {value.name: value for value in report.metrics if value.value is not None}
    names = [definition.name for definition in shown_in("comment") if definition.name in now]
    if compared is None:
        return [NumberLine(now[name].label, full(now[name])) for name in names]
    before = {value.name: value for value in compared.before}
    changes = {name: find_change(name, compared) for name in names}
    return [
        NumberLine(
            label=now[name].label,
            now=full(now[name]),
            change=change.display if change else numerals.DASH,
            interval=keep_whole(change.display_interval) if change else "",
            told_now=keep_whole(_("now {value}", value=full(now[name]))),
            told_before=keep_whole(_("baseline {value}", value=full(before.get(name)))),
        )
        for name, change in changes.items()
    ]


def difference_line(one: Difference) -> DifferenceLine:
    """One difference; what only one side has is a dash on the other."""
    texts = (shorten_middle(one_line(str(text)), LONGEST_VALUE) for text in (one.key, one.before, one.after))
    return DifferenceLine(*(text or numerals.DASH for text in texts))


def count_more(number: int) -> str:
    """How many more the report holds; empty for none."""
    return ngettext("{count} more in the report.", "{count} more in the report.", number) if number > 0 else ""


def name_image(figure: FigureFile, place: int) -> MailImage:
    """A figure as the mail's image at a place; its identifier is that of its bytes."""
    digest = hashlib.sha256(figure.data).hexdigest()[:24]
    return MailImage(
        cid=f"image{place}.{digest}@{HOST}",
        title=figure.title,
        caption=as_sentence(figure.caption),
        alt=keep_whole(shorten(figure.alt, LONGEST_ALT)),
        png=figure.data,
    )


def name_logo(png: bytes, width: int, alt: str) -> MailImage:
    """One's own logo as an image of the mail, shown so many pixels wide."""
    digest = hashlib.sha256(png).hexdigest()[:24]
    return MailImage(f"logo.{digest}@{HOST}", title="", caption="", alt=shorten(alt, LONGEST_ALT), png=png, width=width)


def as_sentence(text: str) -> str:
    """A sentence of the report, not too long, in which numbers stay in one piece."""
    return keep_whole(shorten(text, LONGEST_SENTENCE))
