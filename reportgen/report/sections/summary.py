"""Section 1: the first screen and the first page."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from reportgen.plugins import Section
from reportgen.record.comparison import Comparison
from reportgen.record.definitions import shown_in
from reportgen.record.gate_result import GateResult
from reportgen.record.message import draw_note
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.banners import find_banners
from reportgen.report.components import Fact, seed_fact
from reportgen.report.first_row import Cell, choose_first_row, fill_row, link_row
from reportgen.report.model import FigureFile, Finding, SectionView, Skipped
from reportgen.report.sections.model.findings import find_uncounted
from reportgen.report.verdict import format_verdict, note_changes
from reportgen.report.wording import count_images, join_few, quote
from reportgen.text import numerals
from reportgen.text.dates import format_minute
from reportgen.text.i18n import _, join_parts, join_sentences, ngettext

NAME = "summary"
MOST_TILES = 8
MOST_FINDINGS, FEWEST_FINDINGS = 5, 3
"""On the first page, where they stand with the figures: one fewer for a second banner and for each further one, and
beside the row of figures one fewer for so many gates."""
GATES_FOR_ONE = 4
MOST_GATES = 8
"""Of a brief report; those that did not pass come first where there are more."""
FROM_ONE_SECTION = 3
"""Findings that one section may put on the first page."""
CHANGE = "accuracy.change"
"""The change that the verdict is about; its tile stands behind those of the accuracies."""


@dataclass(frozen=True)
class Tile:
    """One number of the first screen."""

    value: MetricValue
    label: str


@dataclass(frozen=True)
class Highlight:
    """A finding on the first page, with the section its evidence stands in."""

    text: str
    tone: str
    anchor: str
    """Empty where the report does not show the evidence."""
    source: str
    """The title of the section."""
    section: str = ""
    """Its name."""


@dataclass(frozen=True)
class SummaryView(SectionView):
    """The values of sections/summary.html.j2."""

    tiles: tuple[Tile, ...] = ()
    row: tuple[Cell, ...] = ()
    """Small figures."""
    highlights: tuple[Highlight, ...] = ()
    facts: tuple[Fact, ...] = ()
    gates: tuple[GateResult, ...] = ()
    gates_note: str = ""
    of_weights: bool = False
    """Whether changes are those between two trainings alone."""
    gates_reason: str = ""
    """Of all gates that have one, where it is the same: the note says it, and none of them."""
    most: int = MOST_FINDINGS
    """Findings shown."""

    def beside(self, others: tuple[SectionView | Skipped, ...], gates: tuple[GateResult, ...]) -> SummaryView:
        """The summary with the heaviest findings of the other sections, and the results of the gates."""
        most = max(FEWEST_FINDINGS, self.most - math.ceil(len(gates) / GATES_FOR_ONE)) if self.row else self.most
        highlights = choose_highlights(others)[:most]
        row = link_row(self.row, {view.name: view.title for view in others})
        stated = {one.text for one in highlights}
        facts = tuple(fact for fact in self.facts if fact.value not in stated)
        shared = find_shared_reason(gates)
        note = join_sentences([*filter(None, [shared, note_gates(gates), note_changes(gates, self.of_weights)])])
        told = replace(self, highlights=highlights, facts=facts, row=row)
        return replace(told, gates=gates, gates_note=note, gates_reason=shared)

    @property
    def fact_columns(self) -> tuple[tuple[Fact, ...], ...]:
        """The facts in two columns, one below the other in each."""
        half = math.ceil(len(self.facts) / 2)
        return self.facts[:half], self.facts[half:]

    @property
    def stated(self) -> tuple[str, ...]:
        """The findings of the first page."""
        return tuple(one.text for one in self.highlights)

    def abridged(self, figures: tuple[FigureFile | Skipped, ...], anchors: frozenset[str]) -> SummaryView:
        """The summary with links to what the brief report has, and as many gates as it has room for."""
        del figures
        highlights = tuple(
            one if one.anchor in anchors else replace(one, anchor=nearest_anchor(one, anchors))
            for one in self.highlights
        )
        row = tuple(one if one.anchor in anchors else replace(one, anchor="") for one in self.row)
        gates, left_out = self.gates, len(self.gates) - MOST_GATES
        if left_out <= 0:
            return replace(self, highlights=highlights, row=row)
        ordered = sorted(gates, key=lambda gate: ("fail", "undecided", "pass").index(gate.outcome))
        more = ngettext("{count} more gate is in metrics.json.", "{count} more gates are in metrics.json.", left_out)
        note = join_sentences([more, self.gates_note])
        return replace(self, highlights=highlights, row=row, gates=tuple(ordered[:MOST_GATES]), gates_note=note)


def build(subject: Subject, figures: Mapping[str, FigureFile | Skipped]) -> SummaryView:
    """Tiles and facts of the run; the findings come once the other sections are there."""
    record, compared = subject.record, subject.judgement.compared
    return SummaryView(
        NAME,
        _("Summary"),
        tiles=choose_tiles(record, compared),
        row=fill_row(subject, figures),
        facts=tuple(list_facts(record)),
        of_weights=compared is not None and compared.of_weights,
        most=max(FEWEST_FINDINGS, MOST_FINDINGS - max(0, len(find_banners(record)) - 1)),
    )


def note_gates(gates: tuple[GateResult, ...]) -> str:
    """How a rule is judged; empty where there is none."""
    if not any(gate.confidently for gate in gates):
        return _("Each rule is checked against the point estimate.") if gates else ""
    if all(gate.confidently for gate in gates):
        return _("Each rule must hold over the whole interval.")
    return _("A rule is checked against the point estimate; with “confidently” it must hold over the whole interval.")


def find_shared_reason(gates: tuple[GateResult, ...]) -> str:
    """The reason that several gates have, where none has another, and which they are, by a mark that no other has; else
    empty."""
    marked = {(gate.mark, gate.word) for gate in gates if gate.reason}
    reasons = [draw_note(gate.reason) for gate in gates if (gate.mark, gate.word) in marked]
    if len(reasons) < 2 or len(set(reasons)) != 1 or len(marked) != 1:
        return ""
    [(mark, word)] = marked
    return _("Rules marked “{mark} {word}”: {reason}", mark=mark, word=word, reason=reasons[0])


def nearest_anchor(highlight: Highlight, anchors: frozenset[str]) -> str:
    """The section that a finding is of, where it can be linked to; else empty."""
    section = f"section-{highlight.section}"
    return section if section in anchors else ""


def belongs_first(finding: Finding) -> bool:
    """Whether it tells something that neither a banner nor the verdict above says, nor every report."""
    return not (finding.in_banner or finding.in_verdict or finding.always)


def choose_highlights(
    views: tuple[SectionView | Skipped, ...], leave_out: Collection[str] = ()
) -> tuple[Highlight, ...]:
    """The findings that a reader acts on first, at most so many and three from one section, none said already.

    `leave_out`: tones.
    """
    views_made = [view for view in views if isinstance(view, SectionView)]
    pairs = [(finding, view.title) for view in views_made for finding in view.findings if belongs_first(finding)]
    names = {view.title: view.name for view in views_made}
    pairs = sorted((pair for pair in pairs if pair[0].tone not in leave_out), key=lambda pair: pair[0].rank)
    chosen: list[tuple[Finding, str]] = []
    for finding, title in pairs:
        from_here = sum(1 for _unused, other in chosen if other == title)
        again = any(finding.text == known.text for known, _unused in chosen)
        if from_here < FROM_ONE_SECTION and not again:
            chosen.append((finding, title))
    return tuple(Highlight(f.text, f.tone, f.anchor, title, names[title]) for f, title in chosen[:MOST_FINDINGS])


def choose_tiles(record: RunRecord, compared: Comparison | None) -> tuple[Tile, ...]:
    """At most eight known headline numbers."""
    measured = record.measured.values if record.measured else ()
    known = {value.name: Tile(value, value.label) for value in measured if value.value is not None}
    if "accuracy_seeds" in known:
        known.pop("macro_f1", None)  # which says nearly the same as the accuracy, and there is room for eight
    known |= {tile.value.name: tile for tile in against_baseline(compared)}
    return tuple(known[name] for name in tile_names() if name in known)[:MOST_TILES]


def tile_names() -> tuple[str, ...]:
    """The tiles in their order, then those that take the place of what a record does not have."""
    names = [definition.name for definition in shown_in("tiles")]
    behind = sum(name.startswith("accuracy") for name in names)
    spares = (definition.name for definition in shown_in("spare_tiles"))
    return (*names[:behind], CHANGE, *names[behind:], *spares)


def against_baseline(compared: Comparison | None) -> tuple[Tile, ...]:
    """The change of accuracy under a label that says the verdict; nothing where nothing was compared."""
    change = compared.value(CHANGE) if compared is not None else None
    if compared is None or change is None:
        return ()
    verdict = format_verdict(compared)
    if compared.of_weights:
        return (Tile(change, _("These weights against the baseline’s: {verdict}", verdict=verdict)),)
    return (Tile(change, _("Against the baseline, over seeds: {verdict}", verdict=verdict)),)


def list_facts(record: RunRecord) -> list[Fact]:
    """What was run: model, data, split, device, commit, date."""
    facts = [
        Fact(_("Model"), record.trace.name, record.trace.source),
        Fact(_("Data"), str(record.data.title), format_splits(record)),
        Fact(_("Run"), format_run(record)),
        *([seed_fact(record)] if record.seeds else []),
        Fact(_("Device"), record.device.name, format_device(record)),
        Fact(_("Commit"), format_commit(record)),
        Fact(_("Date"), format_minute(record.provenance.created)),
    ]
    if record.provenance.weights_file:
        facts.insert(1, Fact(_("Weights"), record.provenance.weights_file, format_set(record)))
    return [*facts, *answer_fact(record), *mode_fact(record), *counting_fact(record), *uncounted_fact(record)]


def format_set(record: RunRecord) -> str:
    """Which of several sets of weights in the file was taken, as when it holds an average too; else empty."""
    notes = (note for note in record.notes if {"used", "file"} <= note.values.keys())
    return next((draw_note(note) for note in notes), "")


def answer_fact(record: RunRecord) -> list[Fact]:
    """What was read as the model's answer, where it gives no logits or more than one thing."""
    output = record.output
    if output is None or (output.kind == "logits" and not output.others):
        return []
    kind = {
        "logits": _("logits"),
        "probabilities": _("probabilities"),
        "log_probabilities": _("logarithms of probabilities"),
        "one_logit": _("one logit"),
        "one_probability": _("one probability"),
    }[output.kind]
    several = _("“{name}” of several values that the model returns", name=output.name) if output.others else ""
    return [Fact(_("Model output"), kind, several)]


def mode_fact(record: RunRecord) -> list[Fact]:
    """Which layers evaluation did not switch out of training mode."""
    answers = record.answers
    if answers is None or not answers.in_training:
        return []
    layers = join_few([quote(name) for name in answers.in_training])
    said = _("In evaluation the model’s own code left these layers in training mode: {layers}.", layers=layers)
    return [Fact(_("Evaluation mode"), said)]


def counting_fact(record: RunRecord) -> list[Fact]:
    """What parameters and MACs are not what they seem to be, as of complex, quantised or boxed parts."""
    notes = [draw_note(note) for note in record.trace.notes]
    return [Fact(_("Counting"), join_sentences(notes))] if notes else []


def uncounted_fact(record: RunRecord) -> list[Fact]:
    """Which operators the MACs do not include, as those that compute outside of PyTorch."""
    finding = find_uncounted(record.trace)
    return [Fact(_("Not counted"), finding.text)] if finding is not None else []


def format_splits(record: RunRecord) -> str:
    """How many images of each split were used."""
    parts = {split.name: numerals.count(split.n) for split in record.data.splits}
    if record.training is None or "train" not in parts:
        return _("{n} test images", n=parts.get("test", "—"))
    return _("{train} training and {test} test images", train=parts["train"], test=parts.get("test", "—"))


def format_run(record: RunRecord) -> str:
    """What kind of run it was."""
    if record.training is None:
        return _("evaluation only")
    return _(
        "training, {steps} of {batch}, then evaluation",
        steps=ngettext("{count} step", "{count} steps", record.training.steps),
        batch=count_images(record.training.batch_size),
    )


def format_device(record: RunRecord) -> str:
    """Kind, threads and precision of the device."""
    if record.device.kind == "cpu":
        return ngettext(
            "{count} thread, {precision}",
            "{count} threads, {precision}",
            record.device.threads,
            precision=record.device.precision,
        )
    return join_parts([record.device.kind, record.device.precision])


def format_commit(record: RunRecord) -> str:
    """The first twelve digits of the commit, and whether files differ from it."""
    commit = record.provenance.commit
    if commit is None:
        return _("none (outside git)")
    return _("{commit} with uncommitted changes", commit=commit[:12]) if record.provenance.dirty else commit[:12]


SECTION = Section(NAME, "Summary", 10, (), build, essential=(), chosen=choose_first_row)
