"""How a comment becomes shorter: details first, then gates that passed, and a sentence that says what is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reportgen.record.gate_result import GateResult
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, join_terms, ngettext

FOLDS = (
    ("run",),
    ("run", "differences"),
    ("run", "differences", "flips"),
    ("run", "differences", "flips", "classes"),
)
"""Details that are left out, more and more."""
GATES = (200, 80, 30, 10)
"""Gates that are listed, fewer and fewer, where that is not enough."""
MANY = 20
"""More gates than a reader looks through for one that failed."""
SHORTEST_ROW = 60
"""Characters of a gate at least."""
OUTCOMES = ("fail", "undecided", "pass")
"""In the order in which gates are worth listing."""
HEAD_ALONE = re.compile(r"(?:\n\n|\A)\|[^\n]*\n(?:\|[ :|-]+\n)?\Z")
"""At the end of a text the head of a table, and the line under it, without a row."""
FENCE = re.compile(r"^(`{3,})", re.MULTILINE)


@dataclass(frozen=True)
class Room:
    """How long a text may be."""

    most: int
    in_bytes: bool = False
    """Whether `most` counts bytes of UTF-8; else characters."""

    def size(self, text: str) -> int:
        """The length of a text as this counts it."""
        return len(text.encode("utf-8", "backslashreplace")) if self.in_bytes else len(text)

    def begin(self, text: str, most: int) -> str:
        """The beginning of a text, of at most so much."""
        return (
            text.encode("utf-8", "backslashreplace")[:most].decode("utf-8", "ignore") if self.in_bytes else text[:most]
        )


@dataclass(frozen=True)
class Cut:
    """What of a comment is left out."""

    folds: tuple[str, ...] = ()
    gates: int | None = None
    """Listed at most; None: all."""
    findings: bool = False
    """Whether the findings are left out too."""


def list_cuts(gates: int, most: int, own: bool) -> Iterator[Cut]:
    """What to leave out, more and more, of a comment with so many gates and at most so many characters.

    `own`: whether a template of one's own prints it, which may leave out nothing.
    """
    if gates * SHORTEST_ROW <= most:
        yield Cut()
        for folds in () if own else FOLDS:
            yield Cut(folds)
    for listed in () if own else GATES:
        yield Cut(FOLDS[-1], listed)
    yield Cut(FOLDS[-1], GATES[-1], findings=True)


def choose_gates(gates: Sequence[GateResult], most: int | None) -> tuple[GateResult, ...]:
    """At most so many gates in their order: those that failed, then the undecided ones, then those that passed."""
    if most is None or len(gates) <= most:
        return tuple(gates)
    kept = sorted(range(len(gates)), key=lambda at: (OUTCOMES.index(gates[at].outcome), at))[:most]
    return tuple(gates[at] for at in sorted(kept))


def order_gates(gates: Sequence[GateResult]) -> tuple[GateResult, ...]:
    """The gates as the spec has them; of many those first that failed, then the undecided ones."""
    if len(gates) <= MANY:
        return tuple(gates)
    return tuple(sorted(gates, key=lambda gate: OUTCOMES.index(gate.outcome)))


def say_cut(cut: Cut, there: Sequence[str], gates: Sequence[GateResult]) -> str:
    """What is left out, as sentences; `there`: the folds that there would be. Empty where nothing is."""
    names = {
        "run": _("what was run"),
        "differences": _("what differs"),
        "flips": _("the flips"),
        "classes": _("the classes"),
    }
    parts = [names[fold] for fold in cut.folds if fold in there]
    if cut.findings:
        parts.append(_("the findings"))
    shown = choose_gates(gates, cut.gates)
    left_out = len(gates) - len(shown)
    said = [_("Left out to keep this comment short: {parts}.", parts=join_terms(parts))] if parts else []
    if left_out:
        failed = sum(gate.outcome == "fail" for gate in gates) - sum(gate.outcome == "fail" for gate in shown)
        listed = ngettext(
            "{count} of the {all} gates is not listed; it did not fail.",
            "{count} of the {all} gates are not listed, none of which failed.",
            left_out,
            all=numerals.count(len(gates)),
        )
        if failed:
            listed = ngettext(
                "{count} of the {all} gates is not listed; {failed} of those failed.",
                "{count} of the {all} gates are not listed; {failed} of those failed.",
                left_out,
                all=numerals.count(len(gates)),
                failed=numerals.count(failed),
            )
        said.append(listed)
    return join_sentences([*said, _("The report has everything.")]) if said else ""


def cut_off(text: str, room: Room, last: str) -> str:
    """The text up to the last line that fits with `last` after it, what is open there closed.

    For comments that only a template of one's own makes so long.
    """
    kept = room.begin(text, room.most - room.size(last) - 101)
    kept = kept[: kept.rfind("\n") + 1] if "\n" in kept else kept
    kept = HEAD_ALONE.sub("\n", kept)
    fences = FENCE.findall(kept)
    closing = f"\n{fences[-1]}\n" if len(fences) % 2 else ""
    closing += "\n</details>\n" * max(0, kept.count("<details") - kept.count("</details>"))
    return f"{kept}{closing}\n{last}\n"
