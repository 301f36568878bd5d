"""metrics.json: every number of the report for other programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from reportgen.plugins import Output, OutputFile
from reportgen.record.gate_result import GateResult
from reportgen.record.message import draw_note
from reportgen.record.metric_value import MetricValue
from reportgen.report.model import Report
from reportgen.spec.frozen import schema_of

METRICS_FORMAT = 1
FIELDS = ("name", "label", "value", "low", "high", "n", "unit", "higher_is_better", "display")
GATE_FIELDS = ("rule", "metric", "label", "confidently", "outcome", "value", "display", "distance", "reason")


def check() -> None:
    """Nothing can be missing."""


def render(report: Report, warn: Callable[[str], None]) -> tuple[OutputFile, ...]:
    """The numbers; proportions are 0 to 1, numbers that are not finite are null, `display` is what people read."""
    del warn
    document: dict[str, object] = {"format": METRICS_FORMAT, "metrics": [describe(value) for value in report.metrics]}
    if report.gates:
        document["gates"] = [describe_gate(gate) for gate in report.gates]
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False)
    return (OutputFile("metrics.json", f"{text}\n".encode()),)


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
    known = schema_of(MetricValue, "serialization")["properties"]
    metric = {"type": "object", "properties": {name: known[name] for name in FIELDS}, "required": list(FIELDS)}
    gate = schema_of(GateResult, "serialization")
    gate["properties"]["reason"] = {"type": "string"}
    gate.pop("$defs", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The numbers of a reportgen report",
        "type": "object",
        "properties": {
            "format": {"const": METRICS_FORMAT},
            "metrics": {"type": "array", "items": metric | {"additionalProperties": False}},
            "gates": {"type": "array", "items": gate},
        },
        "required": ["format", "metrics"],
        "additionalProperties": False,
    }


OUTPUT = Output("json", "every number, for other programs", ("metrics.json",), check, render)
