"""metrics.json: every number of the report for other programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from reportgen.plugins import Output, OutputFile
from reportgen.record.answers import OutputFacts, OutputKind
from reportgen.record.gate_result import GateOutcome, GateResult
from reportgen.record.message import draw_note
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.report.model import Report
from reportgen.spec.frozen import Frozen, schema_of
from reportgen.text.units import Unit

METRICS_FORMAT = 1


class NumberLine(Frozen):
    """One number of metrics.json, as `describe` writes it."""

    name: str
    """Stable key such as `accuracy` or `latency.batch_128.p50`."""
    label: str
    """What people call it; may change."""
    value: float | None
    """Proportions are 0 to 1, times are seconds; null is unknown."""
    low: float | None
    """Of the 95 % interval; null where there is none."""
    high: float | None
    n: int | None
    """How many images, or repeats, or seeds it rests on."""
    unit: Unit
    higher_is_better: bool | None
    """null where neither is better."""
    display: str
    """What people read, such as "91.73 %"; may change."""


class GateLine(Frozen):
    """One gate of metrics.json, as `describe_gate` writes it."""

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
    """How far the value is from the bound, as people read it; empty where it is not known."""
    reason: str
    """Why it is undecided, one sentence; empty otherwise."""


class Conditions(Frozen):
    """Under which the numbers of metrics.json hold, where that is not the usual: see the fields."""

    output: str = ""
    """Name or index of what the model returns that was read, where it returns more than one tensor."""
    output_kind: OutputKind = "logits"
    """What stands in it."""
    evaluations: int = 1
    """Of the test images; more than one where the model depends on chance, and scores are means over them."""
    by_chance: bool = False
    by_neighbours: bool = False
    """Whether the answer to an image depends on the images of its batch."""
    batch: int | None = None
    """Images at once in the evaluation."""
    changed_again: float | None = None
    """Share of the images that are called something else when they are evaluated again."""
    changed_alone: float | None = None
    """Share of the images that are called something else alone than in a batch; null where chance hides it."""


FIELDS = tuple(NumberLine.model_fields)
GATE_FIELDS = tuple(name for name in GateLine.model_fields if name != "reason")


def check() -> None:
    """Nothing can be missing."""


def render(report: Report, warn: Callable[[str], None]) -> tuple[OutputFile, ...]:
    """The numbers; proportions are 0 to 1, numbers that are not finite are null, `display` is what people read."""
    del warn
    document: dict[str, object] = {"format": METRICS_FORMAT, "metrics": [describe(value) for value in report.metrics]}
    conditions = find_conditions(report.record)
    if conditions is not None:
        document["conditions"] = conditions.model_dump(mode="json")
    if report.gates:
        document["gates"] = [describe_gate(gate) for gate in report.gates]
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    return (OutputFile("metrics.json", f"{text}\n".encode()),)


def find_conditions(record: RunRecord) -> Conditions | None:
    """What a reader of the numbers must know; None where the model gives logits, the same ones again and alone."""
    output, answers = record.output or OutputFacts(), record.answers
    depends = answers is not None and (answers.by_chance or answers.by_neighbours)
    if not depends and not output.name and output.kind == "logits":
        return None
    found = Conditions(output=output.name, output_kind=output.kind)
    if answers is None:
        return found
    return found.model_copy(
        update={
            "evaluations": answers.draws,
            "by_chance": answers.by_chance,
            "by_neighbours": answers.by_neighbours,
            "batch": answers.batch,
            "changed_again": answers.again.changed,
            "changed_alone": answers.alone.changed if answers.alone is not None else None,
        }
    )


def describe(value: MetricValue) -> dict[str, object]:
    """One number as JSON has it; what is not finite is unknown."""
    return {name: finite(getattr(value, name)) for name in FIELDS}


def describe_gate(gate: GateResult) -> dict[str, object]:
    """One gate as JSON has it; its reason is what people read, empty where there is none."""
    return {name: getattr(gate, name) for name in GATE_FIELDS} | {"reason": draw_note(gate.reason)}


def finite(thing: object) -> object:
    """The thing itself, or None for a float that JSON has no word for."""
    return None if isinstance(thing, float) and (thing != thing or thing in (float("inf"), float("-inf"))) else thing


def metrics_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of metrics.json."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The numbers of a reportgen report",
        "type": "object",
        "properties": {
            "format": {"const": METRICS_FORMAT},
            "metrics": {"type": "array", "items": schema_of(NumberLine, "serialization")},
            "conditions": schema_of(Conditions, "serialization"),
            "gates": {"type": "array", "items": schema_of(GateLine, "serialization")},
        },
        "required": ["format", "metrics"],
        "additionalProperties": False,
    }


OUTPUT = Output("json", "every number, for other programs", ("metrics.json",), check, render, shows_figures=False)
