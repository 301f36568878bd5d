"""What records kept of text before it was made when something is drawn: dropped, and its arguments kept."""

from __future__ import annotations

import re
from typing import Any

TEXT = ("label", "display", "display_interval", "counted", "higher_is_better")
"""Of a metric value; all of it follows from name, value, unit and definition."""
CONDITIONS = {
    "corruption_accuracy": re.compile(r"under (?P<count>[\d,]+) corruption"),
    "fgsm_accuracy": re.compile(r"ε\s=\s(?P<level>[\d.]+)/255"),
    "pgd_accuracy": re.compile(r"ε\s=\s(?P<level>[\d.]+)/255"),
    "throughput.best": re.compile(r"batches of (?P<batch>[\d,]+)"),
    "train_step.p50": re.compile(r"step of (?P<batch>[\d,]+) images"),
}
"""Where a label said what nothing else in the record of its change does, by the name of the metric."""


def drop_stored_text(fields: dict[str, Any]) -> dict[str, Any]:
    """The object of record.json without the texts of its numbers; one that has none is given back equal.

    Gates whose numbers were kept as text alone are left out: they are judged again whenever a report is drawn.
    """
    kept = {key: without_text(value) for key, value in fields.items()}
    if "gates" in kept:
        kept["gates"] = [gate for gate in kept["gates"] if "judged" in gate]
    return kept


def without_text(thing: Any) -> Any:
    """Lists and objects without the texts of the metric values in them."""
    if isinstance(thing, list):
        return [without_text(one) for one in thing]
    if not isinstance(thing, dict):
        return thing
    if {"name", "value", "label", "display"} <= thing.keys():
        conditions = read_conditions(str(thing["name"]), str(thing["label"]))
        kept = {key: value for key, value in thing.items() if key not in TEXT}
        return {**kept, "conditions": conditions} if conditions else kept
    return {key: without_text(value) for key, value in thing.items()}


def read_conditions(name: str, label: str) -> dict[str, int | float]:
    """The arguments of a label that the name does not hold, from the English label."""
    pattern = CONDITIONS.get(name.removesuffix(".change").removesuffix(".change_ratio"))
    found = pattern.search(label) if pattern is not None else None
    texts = {key: text.replace(",", "") for key, text in found.groupdict().items()} if found is not None else {}
    return {key: float(text) if key == "level" else int(text) for key, text in texts.items()}
