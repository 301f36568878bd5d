"""Results of the gates: one a rule."""

from __future__ import annotations

import math
from typing import Literal

from reportgen.record.message import Note
from reportgen.record.metric_value import MetricValue
from reportgen.spec.frozen import Frozen
from reportgen.text import numerals
from reportgen.text.i18n import _
from reportgen.text.units import format_distance

GateOutcome = Literal["pass", "fail", "undecided"]


class Place(Frozen):
    """Where a rule stands."""

    file: str
    """From the root of the checkout that the spec is in, with slashes; outside of one its name alone."""
    line: int
    column: int


class GateResult(Frozen):
    """One rule of the spec's `gates:`, judged."""

    rule: str
    """As the spec has it."""
    metric: str
    confidently: bool
    outcome: GateOutcome
    judged: MetricValue | None
    """The number that the rule names; None where the run has none of that name."""
    bound: float
    """What it is held against, in the number's unit."""
    reason: Note = None
    """Why it is undecided, one sentence."""
    place: Place | None = None
    """In the text of the spec; None for a rule of the command line."""

    @property
    def value(self) -> float | None:
        """The number itself; None where it is not known, or not finite."""
        value = self.judged.value if self.judged is not None else None
        return value if value is not None and math.isfinite(value) else None

    @property
    def label(self) -> str:
        """What people call the metric."""
        return self.judged.label if self.judged is not None else self.metric

    @property
    def display(self) -> str:
        """The value with its interval and n, as people read it; "—" where it is unknown."""
        return self.judged.display_full if self.judged is not None and self.value is not None else numerals.DASH

    @property
    def distance(self) -> str:
        """How far the number is from the bound, as people read it; empty where it is not known."""
        if self.judged is None or self.value is None:
            return ""
        return format_distance(self.judged.unit, abs(self.value - self.bound), self.judged.n)

    @property
    def mark(self) -> str:
        """The outcome as a symbol."""
        return {"pass": "✓", "fail": "✗", "undecided": "?"}[self.outcome]

    @property
    def word(self) -> str:
        """The outcome in words."""
        return {"pass": _("pass"), "fail": _("fail"), "undecided": _("not enough data")}[self.outcome]
