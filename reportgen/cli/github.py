"""What GitHub Actions is told after a build: the step's summary and outputs, and annotations at the lines of the spec.

The files are those of GitHub's workflow commands.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from reportgen.errors import Location
from reportgen.outputs._comment.worth import weigh
from reportgen.record.gate_result import GateResult
from reportgen.record.message import draw_note
from reportgen.record.subject import Subject
from reportgen.report.banners import find_banners
from reportgen.report.model import Banner

SUMMARY_BYTES = 2**20
"""A larger step summary is dropped whole."""
MOST_ANNOTATIONS = 10
"""Of one kind that GitHub shows of a step."""


def write_summary(folder: Path, environment: Mapping[str, str]) -> str:
    """Append the comment of a report's folder to the step's summary, if there is one and it fits; a workflow command
    that says so where it does not, otherwise nothing.

    Raises OSError when the file can't be written.
    """
    target, comment = environment.get("GITHUB_STEP_SUMMARY"), folder / "comment.md"
    if not target or not comment.is_file():
        return ""
    text = comment.read_bytes()
    path = Path(target)
    used = path.stat().st_size if path.exists() else 0
    if used + len(text) + 1 <= SUMMARY_BYTES:
        with path.open("ab") as file:
            file.write(text + b"\n")
        return ""
    said = f"{comment} was not added to the step's summary, which would be larger than 1 MiB with it"
    return f"::notice title=No step summary::{escape(said)}"


def write_outputs(values: Mapping[str, str], environment: Mapping[str, str]) -> None:
    """Append step outputs, each between delimiters that nobody can foresee (CVE-2022-35954).

    Raises OSError when the file can't be written.
    """
    target = environment.get("GITHUB_OUTPUT")
    if not target:
        return
    with Path(target).open("a", encoding="utf-8") as file:
        for name, value in values.items():
            end = f"end_{secrets.token_hex(16)}"
            file.write(f"{name}<<{end}\n{value}\n{end}\n")


def step_outputs(subject: Subject, folder: Path, banners: Sequence[Banner] | None = None) -> dict[str, str]:
    """`verdict`, `accuracy`, `change`, `comment_worth` and `report_path`; proportions are 0 to 1, what is unknown is
    empty.

    `banners`: those of the report; None: those of the record, of a report that is whole.
    """
    if banners is None:
        banners = find_banners(subject.record, (), subject.presentation.baseline)
    measured = subject.record.measured
    accuracy = measured.value("accuracy") if measured else None
    compared = subject.judgement.compared
    change = compared.value("accuracy.change") if compared else None
    failed = any(gate.outcome == "fail" for gate in subject.judgement.gates)
    verdict = "gates_failed" if failed else compared.verdict if compared else "not_compared"
    return {
        "verdict": verdict,
        "accuracy": spell(accuracy.value if accuracy else None),
        "change": spell(change.value if change else None),
        "comment_worth": str(weigh(subject, banners).posted).lower(),
        "report_path": str(folder / "report.html"),
    }


def spell(value: float | None) -> str:
    """A number as other programs read it; empty where it is unknown."""
    return "" if value is None else f"{value:.10g}"


def annotate(gates: tuple[GateResult, ...], locations: tuple[Location | None, ...]) -> Iterator[str]:
    """A workflow command for each gate that did not pass, failures first, at most ten of a kind."""
    for outcome, command in (("fail", "error"), ("undecided", "warning")):
        found = [pair for pair in zip(gates, locations, strict=True) if pair[0].outcome == outcome]
        for gate, location in found[:MOST_ANNOTATIONS]:
            where = (
                f"file={escape(location.file, True)},line={location.line},col={location.column}," if location else ""
            )
            title = escape(f"Gate {gate.word}: {gate.rule}", True)
            message = escape(f"{gate.label}: {gate.display} {draw_note(gate.reason)}".rstrip())
            yield f"::{command} {where}title={title}::{message}"


def escape(text: str, inside: bool = False) -> str:
    """Text for a workflow command; `inside` its properties, where commas and colons separate."""
    found = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return found.replace(":", "%3A").replace(",", "%2C") if inside else found
