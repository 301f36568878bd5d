"""Section 12: the model card, in the nine parts of Mitchell et al. 2019 (arXiv:1810.03993)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reportgen.metrics.values import value_of
from reportgen.plugins import Section
from reportgen.record.definitions import names_for_gates, shown_in
from reportgen.record.message import draw_terms
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.claims import FACT, Claim
from reportgen.report.components import Fact
from reportgen.report.model import FigureFile, Finding, SectionView, Skipped
from reportgen.spec.types import CardSpec, ReviewSpec
from reportgen.text import numerals
from reportgen.text.dates import format_day
from reportgen.text.i18n import _, join_rows, join_terms, ngettext, with_label
from reportgen.text.shorten import shorten

NAME = "card"
LONGEST_BRIEF = 90
"""Characters of an entry in a brief report."""
COMPLETE = Claim("card.complete", FACT)
INCOMPLETE = Claim("card.incomplete", FACT)


@dataclass(frozen=True)
class Entry:
    """One line of the card."""

    label: str
    text: str
    """Empty where nobody wrote it."""
    asked: bool = True
    """True where only a person can write it, so that its absence counts."""
    key: str = ""
    """Of the spec's `card:`, where a person can write it."""


@dataclass(frozen=True)
class Part:
    """One of the nine parts."""

    title: str
    entries: tuple[Entry, ...]

    @property
    def told(self) -> tuple[Fact, ...]:
        """The entries that are there, each no longer than a brief report has room for."""
        return tuple(Fact(one.label, shorten(one.text, LONGEST_BRIEF)) for one in self.entries if one.text)


@dataclass(frozen=True)
class CardView(SectionView):
    """The values of sections/card.html.j2."""

    parts: tuple[Part, ...] = ()
    completeness: MetricValue | None = None

    @property
    def columns(self) -> tuple[tuple[Part, ...], ...]:
        """The parts in the two columns of small print."""
        return self.parts[:4], self.parts[4:]

    @property
    def missing(self) -> str:
        """What nobody wrote, named in one sentence; empty where everything is there."""
        names = [entry.label for part in self.parts for entry in part.entries if not entry.text]
        return _("Not provided: {names}.", names=join_terms(names)) if names else ""

    def abridged(self, figures: tuple[FigureFile | Skipped, ...], anchors: frozenset[str]) -> CardView:
        """The card, which its own template sets in small print."""
        del figures, anchors
        return self


def build(subject: Subject, figures: Mapping[str, FigureFile | Skipped]) -> CardView:
    """The card from what a person wrote and what the run measured."""
    del figures
    parts = list_parts(subject.record, subject.presentation.card)
    completeness = measure_completeness(parts)
    return CardView(
        NAME,
        _("Model card"),
        findings=find_missing(completeness),
        metrics=(completeness,),
        parts=parts,
        completeness=completeness,
    )


def list_parts(record: RunRecord, card: CardSpec) -> tuple[Part, ...]:
    """The nine parts, in the order of Mitchell et al. 2019."""
    return (
        model_details(record, card),
        intended_use(card),
        factors(record, card),
        metrics(record),
        evaluation_data(record, card),
        training_data(record, card),
        quantitative_analyses(record),
        Part(_("Ethical considerations"), (written(_("Considerations"), card, "ethical_considerations"),)),
        caveats(card),
    )


def written(label: str, card: CardSpec, key: str) -> Entry:
    """What only a person can write, under a key of the spec's `card:`."""
    text = getattr(card, key)
    if isinstance(text, ReviewSpec):
        text = _("{decision} ({by}, {date})", decision=text.decision, by=text.by, date=format_day(text.date))
    return Entry(label, join_terms(text) if isinstance(text, tuple) else (text or "").strip(), key=key)


def measured(label: str, text: str) -> Entry:
    """What the run knows."""
    return Entry(label, text, asked=False)


def model_details(record: RunRecord, card: CardSpec) -> Part:
    """Who made which model, when and how, under which licence."""
    trace = record.trace
    shape = _(
        "{name} ({source}), {n} parameters", name=trace.name, source=trace.source, n=numerals.count(trace.parameters)
    )
    training = record.training
    how = (
        _("not trained in this run")
        if training is None
        else join_rows([draw_terms(training.optimizer), training.schedule.text, training.loss.text])
    )
    return Part(
        _("Model details"),
        (
            written(_("Authors"), card, "authors"),
            written(_("Version"), card, "version"),
            written(_("Licence"), card, "licence"),
            written(_("Citation"), card, "citation"),
            written(_("Contact"), card, "contact"),
            written(_("Review"), card, "review"),
            measured(_("Architecture"), shape),
            measured(_("Training"), how),
            measured(_("Date of the run"), format_day(record.provenance.created)),
        ),
    )


def intended_use(card: CardSpec) -> Part:
    """What it is for, for whom, and what it is not for."""
    return Part(
        _("Intended use"),
        (
            written(_("Primary uses"), card, "intended_use"),
            written(_("Primary users"), card, "intended_users"),
            written(_("Out of scope"), card, "out_of_scope"),
        ),
    )


def factors(record: RunRecord, card: CardSpec) -> Part:
    """Groups, instruments and environments that could matter; the run itself distinguishes classes only."""
    classes = ngettext("{count} class", "{count} classes", len(record.data.classes))
    return Part(
        _("Factors"),
        (
            written(_("Relevant factors"), card, "factors"),
            measured(_("Evaluated by"), _("class ({classes})", classes=classes)),
        ),
    )


def metrics(record: RunRecord) -> Part:
    """Which numbers were measured, and how their uncertainty was."""
    found = record.measured
    if found is None:
        return Part(_("Metrics"), (measured(_("Measures"), _("none: the model was not evaluated")),))
    listed = {definition.name for definition in shown_in("card")}
    names = join_terms([value.label for value in found.values if value.name in listed])
    how = _("95 % intervals: Wilson score for proportions, otherwise from the influence of each image on the score")
    return Part(_("Metrics"), (measured(_("Measures"), names), measured(_("Uncertainty"), how)))


def evaluation_data(record: RunRecord, card: CardSpec) -> Part:
    """What it was evaluated on."""
    return Part(_("Evaluation data"), data_entries(record, "test", card, "evaluation_data"))


def training_data(record: RunRecord, card: CardSpec) -> Part:
    """What it was trained on; unknown to the run when it only evaluated."""
    if record.training is None:
        return Part(_("Training data"), (written(_("Data"), card, "training_data"),))
    return Part(_("Training data"), data_entries(record, "train", card, "training_data"))


def data_entries(record: RunRecord, name: str, card: CardSpec, key: str) -> tuple[Entry, ...]:
    """What a person wrote about a split, and what the run knows of it."""
    data = record.data
    split = next((part for part in data.splits if part.name == name), None)
    size = _(
        "{data}, {n} images in {classes} classes",
        data=data.title,
        n=numerals.count(split.n if split else None),
        classes=numerals.count(len(data.classes)),
    )
    normalization = _(
        "scaled to 0–1, normalised with the mean and standard deviation “{name}”", name=data.normalize_name
    )
    entries = [measured(_("Data"), size), measured(_("Preprocessing"), normalization)]
    remarks = replace(written(_("Remarks"), card, key), asked=False)
    return (*([remarks] if remarks.text else []), *entries)


def quantitative_analyses(record: RunRecord) -> Part:
    """The results, overall and by factor."""
    found = record.measured
    if found is None:
        return Part(_("Quantitative analyses"), (measured(_("Overall"), "—"),))
    accuracy = found.value("accuracy")
    scored = [score for score in found.classes if score.recall.value is not None]
    overall = with_label(accuracy.label, accuracy.display_full) if accuracy else "—"
    entries = [measured(_("Overall"), overall)]
    if len(scored) > 1:
        low = min(scored, key=lambda score: score.recall.value or 0.0)
        high = max(scored, key=lambda score: score.recall.value or 0.0)
        entries.append(
            measured(
                _("By class"),
                _(
                    "recall from {low} ({low_name}) to {high} ({high_name})",
                    low=low.recall.display,
                    low_name=low.name,
                    high=high.recall.display,
                    high_name=high.name,
                ),
            )
        )
    return Part(_("Quantitative analyses"), tuple(entries))


def caveats(card: CardSpec) -> Part:
    """What else a user must know."""
    return Part(
        _("Caveats and recommendations"),
        (
            written(_("Limitations"), card, "limitations"),
            written(_("Caveats"), card, "caveats"),
            written(_("Recommendations"), card, "recommendations"),
        ),
    )


def measure_completeness(parts: tuple[Part, ...]) -> MetricValue:
    """Share of the entries only a person can write that somebody wrote."""
    human = [entry for part in parts for entry in part.entries if entry.asked]
    done = sum(1 for entry in human if entry.text)
    return value_of("card.completeness", done / len(human), n=len(human), method="exact")


def find_missing(completeness: MetricValue) -> tuple[Finding, ...]:
    """How much of the card somebody wrote."""
    if completeness.value == 1.0:
        text = _(
            "The model card is complete: {done} entries that only a person can write are there.",
            done=completeness.display,
        )
        return (COMPLETE.finding(text, 0.05, f"section-{NAME}"),)
    text = _(
        "The model card holds {done} entries that only a person can write; the others read “Not provided”.",
        done=completeness.display,
    )
    return (
        INCOMPLETE.finding(text, 0.2, f"section-{NAME}", "caution" if (completeness.value or 0.0) < 0.5 else "plain"),
    )


SECTION = Section(
    NAME,
    "Model card",
    120,
    (),
    build,
    names_for_gates(NAME),
    values=lambda subject: (measure_completeness(list_parts(subject.record, subject.presentation.card)),),
    essential=(),
)
