"""How the gates came out: one result a rule."""

from __future__ import annotations

from typing import Literal

from reportgen.record.message import Note
from reportgen.spec.frozen import Frozen
from reportgen.text.i18n import _

GateOutcome = Literal["pass", "fail", "undecided"]


class GateResult(Frozen):
    """One rule of the spec's `gates:`, judged."""

    rule: str
    """As the spec has it."""
    metric: str
    label: str
    """What people call the metric."""
    confidently: bool
    outcome: GateOutcome
    value: float | None
    display: str
    """The value with its interval and n, as people read it."""
    distance: str
    """How far the judged number is from the bound, as people read it; empty where it is not known."""
    reason: Note = None
    """Why it is undecided, one sentence."""

    @property
    def mark(self) -> str:
        """The outcome as a symbol."""
        return {"pass": "✓", "fail": "✗", "undecided": "?"}[self.outcome]

    @property
    def word(self) -> str:
        """The outcome in words."""
        return {"pass": _("pass"), "fail": _("fail"), "undecided": _("not enough data")}[self.outcome]
