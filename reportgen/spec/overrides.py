"""`--set KEY=VALUE`: one value of a spec changed from the command line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reportgen.errors import Location, SpecError
from reportgen.spec.composer import ForbiddenYaml, YamlError, compose
from reportgen.spec.nodes import Entry, Listing, Mapping, Node, Path, Scalar, describe, find, quoted, replace
from reportgen.text.shorten import shorten

STANDS_FOR: dict[Path, str] = {("baseline",): "record", ("run", "probes"): "level"}
"""Keys that may hold one value in place of a mapping, and the key of the mapping that it then is."""
COLLECTION = re.compile(r"\s*(\{.*\}|\[.*\])\s*", re.DOTALL)
"""A value that is meant to be no text, so that what it may not hold is said."""
LONGEST_KEY = 100
"""Characters of a key in the place of an error."""


def apply_overrides(root: Node, overrides: Sequence[str]) -> Node:
    """The tree with every `KEY=VALUE` put in, later ones over earlier ones; values are read as YAML.

    Raises SpecError that points at `--set KEY` for a text without `=` or a key that leads through a value.
    """
    for text in overrides:
        path, value = parse_override(text)
        root = spell_out(root, path)
        reach(root, path, value.location)
        root = replace(root, path, Entry(value.location, value))
    return root


def parse_override(text: str) -> tuple[Path, Node]:
    """The dotted key as a path, and the value; a value that is not YAML is taken as the text that it is.

    Raises SpecError.
    """
    key, equals, written = text.partition("=")
    parts = tuple(part.strip() for part in key.split("."))
    if not equals or not all(parts):
        message = f"--set {quoted(text)} is not KEY=VALUE"
        raise SpecError(message, "Write it as: --set run.epochs=2", Location("--set"))
    location = Location(f"--set {shorten('.'.join(parts), LONGEST_KEY)}")
    try:
        value = compose(written, location.file) or Scalar("", plain=True, location=location)
    except YamlError as error:
        if isinstance(error, ForbiddenYaml) and COLLECTION.fullmatch(written):
            raise SpecError(error.message, error.hint, location) from error
        value = Scalar(written, plain=False, location=location)
    except SpecError as error:
        raise SpecError(error.message, error.hint, location) from error
    return parts, at_location(value, location)


def at_location(node: Node, location: Location) -> Node:
    """The same value, all of it standing at `location`: lines and columns of a command line tell nobody anything."""
    if isinstance(node, Scalar):
        return Scalar(node.text, node.plain, location)
    if isinstance(node, Listing):
        return Listing(tuple(at_location(item, location) for item in node.items), location)
    return Mapping(
        {key: Entry(location, at_location(entry.value, location)) for key, entry in node.entries.items()}, location
    )


def spell_out(root: Node, path: Path) -> Node:
    """The tree with one value on the way as the mapping that it stands for, so that the override keeps it."""
    for key, name in STANDS_FOR.items():
        node, place = find(root, key)
        if path[: len(key)] == key and len(path) > len(key) and isinstance(node, Scalar) and is_given(node):
            entry = Entry(place, node)
            root = replace(root, key, Entry(place, Mapping({name: entry}, node.location)))
    return root


def is_given(node: Scalar) -> bool:
    """Whether a value is there; null is none."""
    return not node.plain or node.text.lower() not in ("", "~", "null")


def reach(root: Node, path: Path, location: Location) -> None:
    """Raise when a key on the way holds something that has no keys."""
    for end in range(1, len(path)):
        node, _ = find(root, path[:end])
        if node is None or isinstance(node, Mapping) or (isinstance(node, Scalar) and not is_given(node)):
            continue
        name = ".".join(str(part) for part in path[:end])
        hint = f"Set the whole of it: --set {name}=…"
        raise SpecError(f"{name} is {describe(node)} and has no key {path[end]!r}", hint, location)
