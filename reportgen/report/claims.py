"""The register of findings: what every sentence of the report claims, and how often it would say so by chance.

A finding is made by its claim, `claims.WEAKEST.finding(text, weight, anchor)`, and what a caption, a note, a mark or
the verdict judges is said by it, `claims.WEAKEST.says(text)`. The claims of a section stand in the module `claims`
beside its findings. The cases that show a claim and those that do not, and the simulations of its error rate, are in
tests/report/register.
"""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.report.model import Banner, Finding, Level, Severity, Tone

FACT = "a fact"
"""Counted, timed or read off the weights, and true of what was looked at whatever chance does."""
ESTIMATE = "an estimate"
"""A number with its interval, or with its n, that is set against nothing."""
UNDECIDED = "no claim"
"""What a test leaves open, said as left open."""
KINDS = (FACT, ESTIMATE, UNDECIDED)


@dataclass(frozen=True)
class ErrorRate:
    """How often a claim is made where its null hypothesis is true."""

    share: float
    """Of the simulated reports, 0 to 1."""
    draws: int
    world: str
    """The simulation that gave it, a function of tests/report/register/worlds.py."""


@dataclass(frozen=True)
class Claim:
    """One thing that the report can say, under whatever words."""

    key: str
    """Unique: the section and what is claimed, `evaluation.weakest`."""
    null: str
    """The hypothesis under which saying it would be an error, a clause; or FACT, ESTIMATE or UNDECIDED."""
    error: ErrorRate | None = None
    """Under the null; None for what is no inference."""
    always: bool = False
    """Whether every report that has its numbers says it: a description, which stands behind the findings."""
    level: Level = Level.DESCRIPTION
    """What a reader does about it where it is a caution or a problem."""
    calm: Level = Level.NEXT
    """The level that it has at most where it is neither."""

    @property
    def is_inference(self) -> bool:
        """Whether chance can make it false."""
        return self.null not in KINDS

    def finding(
        self,
        text: str,
        weight: float,
        anchor: str,
        tone: Tone = "plain",
        *,
        in_banner: bool = False,
        in_verdict: bool = False,
        level: Level | None = None,
    ) -> Finding:
        """The claim in the words of one report; `level` where what it says of this one decides more than it usually
        does."""
        usual = self.level if tone in ("bad", "caution") else min(self.level, self.calm)
        return Finding(text, weight, anchor, tone, in_banner, in_verdict, self.key, self.always, level or usual)

    def says(self, text: str) -> str:
        """The claim in a caption, a note, a mark or the verdict: `text`, said by the rule that this claim states."""
        return text

    def banner(self, text: str, severity: Severity = "caution") -> Banner:
        """The claim said above everything else."""
        return Banner(text, severity, self.key)
