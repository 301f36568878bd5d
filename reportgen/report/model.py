"""What templates see: a Report of SectionViews, FigureFiles, MetricValues and Findings. No record, no arrays."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Literal

from reportgen.record.gate_result import GateResult
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.text.shorten import columns

Tone = Literal["plain", "good", "caution", "bad"]
Severity = Literal["caution", "bad"]

TONES: tuple[Tone, ...] = ("bad", "caution", "plain", "good")
"""The most urgent first."""
MOST_FINDINGS = 5
"""That a section states before its evidence; the others are folded away."""
BRIEF_FINDINGS = 3
"""That a section of a brief report states."""
NARROW = 400
"""CSS pixels up to which a figure takes half of the text's width."""
BESIDE_LETTERS = 25
"""Of a caption, in a line of the column beside a figure on paper, where lines break after words."""
BESIDE_LINE = 17
"""Height of such a line, in CSS pixels of the figure, which is set smaller on paper than on screen."""


class Level(IntEnum):
    """What a reader does about a finding, who acts on the highest first; what belongs to each is told in
    .github/CONTRIBUTING.md."""

    INVALID = 5
    """Stops: the numbers are not what they seem, or the model did not learn."""
    DECISION = 4
    """Takes the model or refuses it: how it stands against the baseline, what it costs, where it fails."""
    USE = 3
    """Says what the model must not be used for."""
    NEXT = 2
    """Changes something in the next run."""
    DESCRIPTION = 1
    """Knows more."""


LEVEL_OF_TONE: dict[Tone, Level] = {
    "bad": Level.DECISION,
    "caution": Level.USE,
    "plain": Level.DESCRIPTION,
    "good": Level.DESCRIPTION,
}
"""Of a finding that has no claim in the register."""


@dataclass(frozen=True)
class Skipped:
    """Something that can't be made, and why: shown in the report in its place."""

    name: str
    title: str
    reason: str
    """One plain sentence."""
    details: str = ""
    """The traceback of an error that nobody expected, for the log beside the report; it is shown nowhere."""
    by_memory: bool = False
    """Whether there was no memory for it, which is no error of ours."""

    @property
    def is_fault(self) -> bool:
        """Whether it should have been made."""
        return self.details != ""


@dataclass(frozen=True)
class FigureFile:
    """One drawn figure."""

    name: str
    """Unique in the report; also its anchor, `figure-<name>`."""
    media_type: Literal["image/svg+xml", "image/png"]
    data: bytes
    width: int
    """CSS pixels."""
    height: int
    title: str
    """Short; for lists and where no caption stands beside it."""
    caption: str
    """What to see, then how to read it; made from the data."""
    alt: str
    """Alternative text computed from the data: what a person who can't see it needs."""
    inline: bool = False
    """True for SVG with links inside, which stands in the page itself instead of in an <img>."""
    csv: str = ""
    """The data it is drawn from, as `reportgen.figures._table.write_csv` writes them; empty where it shows images or a
    drawing."""

    @property
    def is_narrow(self) -> bool:
        """Whether two of its kind stand side by side."""
        return self.width <= NARROW

    @property
    def is_captioned_beside(self) -> bool:
        """Whether its caption, in small print in the narrow column beside it on paper, is no higher than the figure."""
        lines = columns(self.caption) / BESIDE_LETTERS
        return not self.is_narrow and lines * BESIDE_LINE <= self.height + BESIDE_LINE

    @property
    def kind(self) -> str:
        """ "vector" or "raster"."""
        return "vector" if self.media_type == "image/svg+xml" else "raster"


@dataclass(frozen=True)
class Finding:
    """One sentence made from the data: what, how much, how sure, compared with what."""

    text: str
    weight: float
    """Importance, 0 to 1: in its section, and among the findings of its level and tone on the first page."""
    anchor: str
    """Where the evidence stands: an element id without '#', such as `figure-confusion` or `section-training`."""
    tone: Tone = "plain"
    in_banner: bool = False
    """True where a banner says it, so that the first page does not say it twice."""
    in_verdict: bool = False
    """True where the verdict says it, likewise."""
    key: str = ""
    """Of the claim in the register (report/claims.py) that the sentence makes; empty for a plug-in's own."""
    always: bool = False
    """True for a description that every report has: it is never among the leading findings nor on the first page."""
    level: Level | None = None
    """What a reader does about it; None for a plug-in's own, whose tone tells."""

    @property
    def rank(self) -> tuple[int, int, float]:
        """Its place on the first page, the smallest first: by level, by tone but for descriptions, by weight."""
        level = LEVEL_OF_TONE[self.tone] if self.level is None else self.level
        return -level, TONES.index(self.tone) if level > Level.DESCRIPTION else 0, -self.weight


@dataclass(frozen=True)
class MethodNote:
    """How one kind of number is computed, and who described it."""

    name: str
    text: str
    reference: str = ""


@dataclass(frozen=True)
class SectionView:
    """One section, ready to be set. Each section's module subclasses it with the values its template prints."""

    name: str
    """Also its template, `sections/<name>.html.j2` or else `sections/_default.html.j2`, and its anchor,
    `section-<name>`."""
    title: str
    findings: tuple[Finding, ...] = ()
    metrics: tuple[MetricValue, ...] = ()
    """Numbers of the section's own that metrics.json lists after the measured ones."""
    methods: tuple[MethodNote, ...] = ()
    """How its numbers are computed; listed once, in the section Reproduce."""
    further: tuple[FigureFile | Skipped, ...] = ()
    """Figures at its end, below what its template prints."""
    figures: tuple[FigureFile | Skipped, ...] = ()
    """What a section without a template of its own shows."""

    def beside(self, others: tuple[SectionView | Skipped, ...], gates: tuple[GateResult, ...]) -> SectionView:
        """The section with what it takes from the other sections and the gates of the report; most take nothing."""
        del others, gates
        return self

    def abridged(self, figures: tuple[FigureFile | Skipped, ...], anchors: frozenset[str]) -> SectionView:
        """The section as a brief report has it: its heaviest findings in their order, and its essential `figures`.

        `anchors`: what can be linked to in that report.
        """
        del anchors
        return SectionView(self.name, self.title, findings=self.heaviest(BRIEF_FINDINGS), figures=figures)

    @property
    def stated(self) -> tuple[str, ...]:
        """The findings of other sections that it repeats."""
        return ()

    @property
    def leading(self) -> tuple[Finding, ...]:
        """The findings that are stated first: the heaviest, in the order of the text."""
        return self.heaviest(MOST_FINDINGS)

    @property
    def folded(self) -> tuple[Finding, ...]:
        """All others, descriptions last."""
        rest = [finding for finding in self.findings if finding not in self.leading]
        return tuple(sorted(rest, key=lambda finding: finding.always))

    def heaviest(self, most: int) -> tuple[Finding, ...]:
        """At most so many findings, those that weigh most, in the order of the text; no description."""
        found = [finding for finding in self.findings if not finding.always]
        kept = sorted(found, key=lambda finding: -finding.weight)[:most]
        return tuple(finding for finding in found if finding in kept)


@dataclass(frozen=True)
class Banner:
    """Something by which the reader could be misled, said where no reader can miss it."""

    text: str
    severity: Severity = "caution"
    key: str = ""
    """Of the claim in the register (report/claims.py)."""


@dataclass(frozen=True)
class Logo:
    """An image of the user's own above the title."""

    uri: str
    """The file as a `data:` address."""
    alt: str


@dataclass(frozen=True)
class Report:
    """Everything a document needs."""

    title: str
    verdict: str
    """One sentence."""
    banners: tuple[Banner, ...]
    sections: tuple[SectionView | Skipped, ...]
    figures: tuple[FigureFile, ...]
    metrics: tuple[MetricValue, ...]
    subject: Subject
    """With the gates as judged; for outputs that attach or export it; templates print from sections."""
    language: str = "en"
    paper: Literal["a4", "letter"] = "a4"
    templates: Path | None = None
    """The user's own templates, where they are on this machine."""
    css: str = ""
    """The user's own style sheet."""
    logo: Logo | None = None
    failed: tuple[Skipped, ...] = ()
    """The sections and figures that an error kept from being made."""
    abridged: tuple[SectionView | Skipped, ...] = ()
    """What HTML and PDF print in place of the sections where the spec asks for a brief report; else empty."""
    code: str = ""
    """Digest of the code that draws it, which a PDF carries; empty where nobody asked."""

    @property
    def record(self) -> RunRecord:
        """What was measured."""
        return self.subject.record

    @property
    def gates(self) -> tuple[GateResult, ...]:
        """The results of the rules."""
        return self.subject.judgement.gates

    @property
    def created(self) -> str:
        """The date of the run, ISO 8601."""
        return self.record.provenance.created
