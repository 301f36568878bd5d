"""A spec as it was written: scalars, lists and mappings that know their location, and what the scalars mean."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reportgen.errors import Location, SpecError
from reportgen.text.shorten import shorten

INTEGER = re.compile(r"[-+]?[0-9]+(_[0-9]+)*")
OCTAL = re.compile(r"0o[0-7]+")
HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
REAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(_[0-9]+)*(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
CONSTANTS = {
    word: value
    for key, value in (("true", True), ("false", False), ("null", None))
    for word in (key, key.title(), key.upper())
} | {"~": None, "": None}
LONGEST_NUMBER = 300
"""Characters; anything longer that looks like a number is text (and int() would take quadratic time)."""
SHOWN = 60
"""Characters of a value that an error message repeats."""


@dataclass(frozen=True)
class Scalar:
    """One word, number or text."""

    text: str
    plain: bool
    """Not quoted, so that it may mean a number, a truth value or nothing."""
    location: Location


@dataclass(frozen=True)
class Listing:
    """A list."""

    items: tuple[Node, ...]
    location: Location


@dataclass(frozen=True)
class Entry:
    """One key of a mapping and its value."""

    key_location: Location
    value: Node


@dataclass(frozen=True)
class Mapping:
    """Keys and values, in the order of the text."""

    entries: dict[str, Entry]
    location: Location


Node = Scalar | Listing | Mapping
Path = tuple[str | int, ...]
"""Keys and positions from the root to a node."""


def scalar_value(text: str) -> str | int | float | bool | None:
    """What a plain scalar means: YAML 1.2's core schema, with underscores between digits allowed as in Python.

    Infinity and not-a-number are returned as floats; it is the caller's to refuse them.
    """
    if text in CONSTANTS:
        return CONSTANTS[text]
    if len(text) > LONGEST_NUMBER:
        return text
    for pattern, base in ((INTEGER, 10), (OCTAL, 8), (HEXADECIMAL, 16)):
        if pattern.fullmatch(text):
            return int(text, base)
    if REAL.fullmatch(text):
        return float(text.replace("_", ""))
    if NOT_FINITE.fullmatch(text):
        return float(text.replace(".", ""))
    return text


def value_of(node: Node) -> Any:
    """The plain Python value of a node. Raises SpecError for a number that is not finite."""
    if isinstance(node, Mapping):
        return {key: value_of(entry.value) for key, entry in node.entries.items()}
    if isinstance(node, Listing):
        return [value_of(item) for item in node.items]
    value = scalar_value(node.text) if node.plain else node.text
    if isinstance(value, float) and not math.isfinite(value):
        hint = "Write a number that a computer can hold; leave the key out for no limit."
        raise SpecError(f"{quoted(node.text)} is not a finite number", hint, node.location)
    return value


def describe(node: Node) -> str:
    """A node in an error message: `the text "abc"`, `the number 3`, `nothing`, `a list`, `a mapping`."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Listing):
        return "a list" if node.items else "an empty list"
    value = scalar_value(node.text) if node.plain else node.text
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the truth value {node.text}"
    if isinstance(value, str):
        return f"the text {quoted(value)}"
    return f"the number {node.text}"


def quoted(text: str) -> str:
    """A text in quotation marks, cut after SHOWN characters."""
    return json.dumps(shorten(text, SHOWN), ensure_ascii=False)


def find(root: Node, path: Path) -> tuple[Node | None, Location]:
    """The node at `path` and where it stands; where it is missing, None and the location of the nearest parent."""
    node, location = root, root.location
    for part in path:
        if isinstance(node, Mapping) and isinstance(part, str) and part in node.entries:
            location = node.entries[part].key_location
            node = node.entries[part].value
        elif isinstance(node, Listing) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
            location = node.location
        else:
            return None, location
    return node, location


def list_locations(node: Node, path: Path = ()) -> Iterator[tuple[Path, Location]]:
    """Where everything below a node stands: values of a mapping at their keys."""
    if isinstance(node, Mapping):
        for key, entry in node.entries.items():
            yield (*path, key), entry.key_location
            yield from list_locations(entry.value, (*path, key))
    elif isinstance(node, Listing):
        for number, item in enumerate(node.items):
            yield (*path, number), item.location
            yield from list_locations(item, (*path, number))


def replace(root: Node, path: Path, new: Entry) -> Node:
    """The tree with the node at `path` replaced or added; mappings on the way are made where there is nothing."""
    if not path:
        return new.value
    part, rest = path[0], path[1:]
    if isinstance(root, Listing) and isinstance(part, int):
        items = list(root.items)
        items[part] = replace(items[part], rest, new)
        return Listing(tuple(items), root.location)
    entries = dict(root.entries) if isinstance(root, Mapping) else {}
    old = entries.get(str(part))
    empty = Mapping({}, new.value.location)
    if not rest:
        entries[str(part)] = new
    else:
        inner = replace(old.value if old else empty, rest, new)
        entries[str(part)] = Entry(old.key_location if old else new.key_location, inner)
    return Mapping(entries, root.location)
