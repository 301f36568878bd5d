"""Plain values as YAML in block style, for files that people edit afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reportgen.report.sections.reproduce.spec_text import scalar


def write_yaml(value: Any) -> str:
    """A mapping or a list as YAML: what YAML 1.1 and 1.2 both read as it is."""
    return "".join(f"{line}\n" for line in format_lines(value))


def format_lines(value: Any) -> Iterator[str]:
    """The lines of a mapping or of a list; what is inside is indented."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from entry(f"{scalar(key)}:", inner, "  " if isinstance(inner, Mapping) else "")
    else:
        for item in value:
            yield from listed(item)


def entry(start: str, value: Any, indent: str) -> Iterator[str]:
    """A key and its value, on the same line where it is no mapping and no list."""
    if is_nested(value):
        yield start
        yield from (indent + line for line in format_lines(value))
    else:
        yield f"{start} {scalar(value)}"


def listed(item: Any) -> Iterator[str]:
    """One item of a list, behind a dash."""
    if not is_nested(item):
        yield f"- {scalar(item)}"
        return
    first, *others = format_lines(item)
    yield f"- {first}"
    yield from (f"  {line}" for line in others)


def is_nested(value: Any) -> bool:
    """Whether a value has lines of its own: a mapping or a list that holds something other than numbers."""
    if isinstance(value, Mapping):
        return bool(value)
    return isinstance(value, Sequence) and not isinstance(value, str) and any(not is_number(item) for item in value)


def is_number(value: Any) -> bool:
    """Whether a value is a number."""
    return isinstance(value, int | float)
