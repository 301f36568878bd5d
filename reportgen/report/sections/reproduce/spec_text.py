"""A resolved spec as the YAML a person would write."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from reportgen.record.message import draw_terms
from reportgen.record.run import RunRecord
from reportgen.spec import ReportSpec, written_out

Path = tuple[str, ...]
"""Keys from the outermost mapping inwards."""
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./:-]*")
"""Strings that YAML reads as themselves, reserved words apart."""
RESERVED = frozenset({"true", "false", "null", "yes", "no", "on", "off"})


def format_spec(spec: ReportSpec, record: RunRecord | None = None) -> str:
    """The spec with its defaults; what is not set is left out, and of absolute paths only the name stays.

    What depends on the optimiser, the loss or the data where the spec leaves it open is no default of a key: comments
    say what the run of `record` used.
    """
    remarks = {} if record is None else dict(list_remarks(spec, record))
    return "\n".join(format_lines(written_out(spec, mode="python"), (), remarks)) + "\n"


def list_remarks(spec: ReportSpec, record: RunRecord) -> Iterator[tuple[Path, str]]:
    """What a run used for keys that its spec leaves open, by the path of the mapping that they belong to."""
    data, training, loss = record.data, record.training, spec.run.loss
    if spec.data.normalize is None and data.normalize_mean:
        used = {"mean": data.normalize_mean, "std": data.normalize_std}
        yield ("data",), f"normalize: {scalar({key: [round(one, 4) for one in ends] for key, ends in used.items()})}"
    if training is None:
        return
    yield ("run", "optimizer"), draw_terms(training.optimizer)
    if (loss.name == "focal" and loss.gamma is None) or (
        loss.teacher is not None and None in (loss.temperature, loss.alpha)
    ):
        yield ("run", "loss"), training.loss.text


def format_lines(values: Mapping[str, Any], above: Path, remarks: Mapping[Path, str]) -> Iterator[str]:
    """A mapping, one key a line, mappings inside it indented; a mapping of nothing is left out, and its remark too."""
    for key, value in values.items():
        path = (*above, key)
        start = f"{'  ' * len(above)}{scalar(key)}:"
        if isinstance(value, Mapping):
            inside = list(format_lines(value, path, remarks))
            remark = f"  # {' '.join(remarks[path].split())}" if path in remarks else ""
            yield from [start + remark, *inside] if inside else []
        elif value is not None:
            yield f"{start} {scalar(value)}"


def scalar(value: Any) -> str:
    """A value on one line, in YAML's flow style."""
    if isinstance(value, PurePath):
        return scalar(value.name if value.is_absolute() else value.as_posix())
    if isinstance(value, list | tuple):
        return f"[{', '.join(scalar(item) for item in value)}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key)}: {scalar(item)}" for key, item in value.items()) + "}"
    if isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in RESERVED and value[-1] != ":":
        return value
    if isinstance(value, float):
        return re.sub(r"^(-?\d+)e", r"\1.0e", repr(value))  # YAML 1.1 reads 1e-07 as text
    return json.dumps(value, ensure_ascii=False)
