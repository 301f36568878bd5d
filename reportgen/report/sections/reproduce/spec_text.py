"""A resolved spec as the YAML a person would write."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from reportgen.spec import ReportSpec, written_out

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./:-]*")
"""Strings that YAML reads as themselves, reserved words apart."""
RESERVED = frozenset({"true", "false", "null", "yes", "no", "on", "off"})


def format_spec(spec: ReportSpec) -> str:
    """The spec with every default filled in; what is not set is left out, and of absolute paths only the name stays."""
    return "\n".join(format_lines(written_out(spec, mode="python"), 0)) + "\n"


def format_lines(values: Mapping[str, Any], depth: int) -> Iterator[str]:
    """A mapping, one key a line, mappings inside it indented; a mapping of nothing is left out."""
    for key, value in values.items():
        start = f"{'  ' * depth}{scalar(key)}:"
        if isinstance(value, Mapping):
            inside = list(format_lines(value, depth + 1))
            yield from [start, *inside] if inside else []
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
