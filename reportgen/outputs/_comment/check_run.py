"""check.json: the body of GitHub's "create a check run", so that the report can be a check that a branch requires.

    gh api repos/OWNER/NAME/check-runs --input check.json

Limits are those of the Checks API: 50 annotations a request, 65,535 of a summary, which its documentation calls
characters and its answers a "bytesize" (github/docs, issue 35252), 255 characters of an annotation's title, 64 kB of
its message.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Literal

from reportgen.outputs._comment.shortening import OUTCOMES, Room
from reportgen.record.comparison import Comparison
from reportgen.record.gate_result import GateResult
from reportgen.record.message import draw_note
from reportgen.report.model import Report
from reportgen.text.i18n import _, join_sentences, ngettext
from reportgen.text.shorten import one_line, shorten

NAME = "Model report"
"""Of the check, by which a rule of a branch requires it: the same in every language."""
MOST_ANNOTATIONS = 50
MOST_SUMMARY = 65_000
"""Bytes."""
MOST_TITLE, MOST_MESSAGE = 250, 4000
"""Characters."""
Conclusion = Literal["success", "failure", "neutral"]


def make_check(report: Report, headline: str, write: Callable[[Room], str]) -> bytes:
    """The payload: its conclusion, the comment as its summary, and an annotation at each gate that did not pass.

    `write`: gives the comment, no longer than the room that there is for it.
    """
    commit = report.record.provenance.commit
    gates = sort_gates(report.gates)
    places = [gate for gate in gates if gate.place is not None]
    more = len(places) - MOST_ANNOTATIONS
    said = "\n".join(("", format_more(more), "")) if more > 0 else ""
    summary = write(Room(MOST_SUMMARY - len(said.encode()), in_bytes=True)) + said
    payload = {
        "name": NAME,
        **({"head_sha": commit} if commit else {}),
        "status": "completed",
        "conclusion": conclude(report),
        "output": {
            "title": shorten(one_line(headline or report.title), MOST_TITLE),
            "summary": summary,
            "annotations": [annotate(gate) for gate in places[:MOST_ANNOTATIONS]],
        },
    }
    return (json.dumps(payload, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")


def conclude(report: Report) -> Conclusion:
    """`failure` where junit.xml has one or a banner says that the numbers mislead; `neutral` where something is
    undecided, which does not keep a branch from being merged; else `success`."""
    judgement, training = report.subject.judgement, report.record.training
    comparison = judgement.comparison
    verdict = comparison.verdict if isinstance(comparison, Comparison) else ""
    outcomes = {gate.outcome for gate in judgement.gates}
    misleading = any(banner.severity == "bad" for banner in report.banners)
    diverged = training is not None and training.divergence is not None
    if "fail" in outcomes or verdict == "worse" or misleading or diverged:
        return "failure"
    asked = comparison is not None or report.subject.presentation.baseline is not None
    undecided = "undecided" in outcomes or (asked and verdict not in ("better", "equivalent"))
    return "neutral" if undecided else "success"


def sort_gates(gates: Sequence[GateResult]) -> list[GateResult]:
    """The gates that did not pass, failed ones first."""
    return sorted((gate for gate in gates if gate.outcome != "pass"), key=lambda gate: OUTCOMES.index(gate.outcome))


def annotate(gate: GateResult) -> dict[str, object]:
    """What GitHub shows at the line of a gate."""
    assert gate.place is not None
    at = gate.place
    told = [_("{label}: {value}.", label=gate.label, value=gate.display)]
    if gate.outcome == "fail" and gate.distance:
        told.append(_("{distance} from the bound.", distance=gate.distance))
    return {
        "path": at.file,
        "start_line": at.line,
        "end_line": at.line,
        "start_column": at.column,
        "end_column": at.column,
        "annotation_level": "failure" if gate.outcome == "fail" else "warning",
        "title": shorten(one_line(_("Gate, {word}: {rule}", word=gate.word, rule=gate.rule)), MOST_TITLE),
        "message": shorten(join_sentences([*told, draw_note(gate.reason)]), MOST_MESSAGE),
    }


def format_more(count: int) -> str:
    """That a request holds no more annotations."""
    return ngettext(
        "{count} more gate did not pass and has no annotation, as there is room for only 50.",
        "{count} more gates did not pass and have no annotation, as there is room for only 50.",
        count,
    )
