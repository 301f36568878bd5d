"""Section 1: the first screen and the first page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reportgen.plugins import Section
from reportgen.record.comparison import Comparison
from reportgen.record.definitions import shown_in
from reportgen.record.gate_result import GateResult
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.banners import find_banners
from reportgen.report.components import Fact, seed_fact
from reportgen.report.model import FigureFile, Finding, SectionView, Skipped
from reportgen.report.verdict import format_verdict
from reportgen.text import numerals
from reportgen.text.dates import format_day
from reportgen.text.i18n import _, join_parts, join_sentences, ngettext

NAME = "summary"
MOST_TILES = 8
MOST_FINDINGS = 6
"""On the first page of the PDF, one fewer beside a banner: what was run and the contents stand there too."""
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
    highlights: tuple[Highlight, ...] = ()
    facts: tuple[Fact, ...] = ()
    gates: tuple[GateResult, ...] = ()
    gates_note: str = ""
    most: int = MOST_FINDINGS
    """Findings shown."""

    def beside(self, others: tuple[SectionView | Skipped, ...], gates: tuple[GateResult, ...]) -> SummaryView:
        """The summary with the heaviest findings of the other sections, and the results of the gates."""
        highlights = choose_highlights(others)[: self.most]
        return replace(self, highlights=highlights, gates=gates, gates_note=note_gates(gates))

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
        gates, left_out = self.gates, len(self.gates) - MOST_GATES
        if left_out <= 0:
            return replace(self, highlights=highlights)
        ordered = sorted(gates, key=lambda gate: ("fail", "undecided", "pass").index(gate.outcome))
        more = ngettext("{count} more gate is in metrics.json.", "{count} more gates are in metrics.json.", left_out)
        note = join_sentences([more, self.gates_note])
        return replace(self, highlights=highlights, gates=tuple(ordered[:MOST_GATES]), gates_note=note)


def build(subject: Subject, figures: Mapping[str, FigureFile | Skipped]) -> SummaryView:
    """Tiles and facts of the run; the findings come once the other sections are there."""
    del figures
    record, compared = subject.record, subject.judgement.compared
    return SummaryView(
        NAME,
        _("Summary"),
        tiles=choose_tiles(record, compared),
        facts=tuple(list_facts(record)),
        most=MOST_FINDINGS - bool(find_banners(record)),
    )


def note_gates(gates: tuple[GateResult, ...]) -> str:
    """How a rule is judged; empty where there is none."""
    if not any(gate.confidently for gate in gates):
        return _("Each rule is held against the point estimate.") if gates else ""
    if all(gate.confidently for gate in gates):
        return _("Each rule is asked of the whole interval.")
    return _("A rule is held against the point estimate; with “confidently” it is asked of the whole interval.")


def nearest_anchor(highlight: Highlight, anchors: frozenset[str]) -> str:
    """The section that a finding is of, where it can be linked to; else empty."""
    section = f"section-{highlight.section}"
    return section if section in anchors else ""


def belongs_first(finding: Finding) -> bool:
    """Whether it tells something that neither a banner nor the verdict above says, nor every report."""
    return not (finding.in_banner or finding.in_verdict or finding.always)


def choose_highlights(views: tuple[SectionView | Skipped, ...]) -> tuple[Highlight, ...]:
    """The heaviest findings in order of weight, at most six and three from one section, none that is said already."""
    views_made = [view for view in views if isinstance(view, SectionView)]
    pairs = [(finding, view.title) for view in views_made for finding in view.findings if belongs_first(finding)]
    names = {view.title: view.name for view in views_made}
    pairs.sort(key=lambda pair: -pair[0].weight)
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
    return (Tile(change, _("Against the baseline: {verdict}", verdict=format_verdict(compared.verdict))),)


def list_facts(record: RunRecord) -> list[Fact]:
    """What was run: model, data, split, device, commit, date."""
    facts = [
        Fact(_("Model"), record.trace.name, record.trace.source),
        Fact(_("Data"), str(record.data.title), format_splits(record)),
        Fact(_("Run"), format_run(record)),
        *([seed_fact(record)] if record.seeds else []),
        Fact(_("Device"), record.device.name, format_device(record)),
        Fact(_("Commit"), format_commit(record)),
        Fact(_("Date"), format_date(record.provenance.created)),
    ]
    if record.provenance.weights_file:
        facts.insert(1, Fact(_("Weights"), record.provenance.weights_file))
    return facts


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
        "training, {steps} steps of {batch} images, then evaluation",
        steps=numerals.count(record.training.steps),
        batch=numerals.count(record.training.batch_size),
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
    return _("{commit} with changes", commit=commit[:12]) if record.provenance.dirty else commit[:12]


def format_date(created: str) -> str:
    """The time of the run to the minute, UTC."""
    return _("{day} {time} UTC", day=format_day(created), time=created[11:16]) if "T" in created else created


SECTION = Section(NAME, "Summary", 10, (), build, essential=())
