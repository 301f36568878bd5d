"""A spec written in Python, as a mapping: the same nodes as those of a file, each standing at its key."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping as MappingLike

from reportgen.errors import Location, SpecError
from reportgen.spec.composer import MAX_DEPTH, UNSPEAKABLE, refuse_character
from reportgen.spec.nodes import Entry, Listing, Mapping, Node, Scalar

WHOLE = "the spec"
"""Where the mapping itself stands."""


def given_nodes(value: object, key: str = "", depth: int = 0) -> Node:
    """The nodes of a spec in Python; a location is the dotted key.

    Mappings, lists, tuples, text, numbers, truth values, None and paths are understood. Raises SpecError for anything
    else, for keys that are no text and for characters that no document can show.
    """
    location = Location(key or WHOLE)
    if depth > MAX_DEPTH:
        raise SpecError(f"nested deeper than {MAX_DEPTH} levels", "A spec needs four at most; flatten it.", location)
    if isinstance(value, MappingLike):
        entries = {}
        for name, below in value.items():
            if not isinstance(name, str) or not name:
                raise SpecError(f"a key must be a word, this is {name!r}", "Write it as text.", location)
            node = given_nodes(below, f"{key}.{name}".lstrip("."), depth + 1)
            entries[name] = Entry(node.location, node)
        return Mapping(entries, location)
    if isinstance(value, list | tuple):
        return Listing(tuple(given_nodes(item, f"{key}[{at}]", depth + 1) for at, item in enumerate(value)), location)
    return given_scalar(value, location)


def given_scalar(value: object, location: Location) -> Scalar:
    """The node of a value without parts; raises SpecError."""
    if isinstance(value, str | os.PathLike):
        text = os.fspath(value)
        if not isinstance(text, str):
            raise SpecError("a path must be text, this one is bytes", "Give it as a str or a Path.", location)
        bad = UNSPEAKABLE.search(text)
        if bad:
            raise refuse_character(bad.group(), location)
        return Scalar(text, plain=False, location=location)
    if value is None or isinstance(value, bool | int):
        return Scalar(json.dumps(value), plain=True, location=location)
    if isinstance(value, float):
        text = repr(float(value)).replace("inf", ".inf").replace("nan", ".nan")
        return Scalar(text, plain=True, location=location)
    message = f"a spec holds no {type(value).__name__}"
    raise SpecError(message, "Write text, a number, true or false, a list or a mapping.", location)


def override_texts(values: MappingLike[str, object]) -> tuple[str, ...]:
    """Changes given in Python by dotted key, as the `KEY=VALUE` of `--set`. Raises SpecError as `given_nodes` does."""
    for key, value in values.items():
        given_nodes(value, key)
    return tuple(f"{key}={json.dumps(value, ensure_ascii=False, default=os.fspath)}" for key, value in values.items())
