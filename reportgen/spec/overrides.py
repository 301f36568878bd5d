"""`--set KEY=VALUE`: one value of a spec changed from the command line."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.errors import Place, SpecError
from reportgen.spec.composer import YamlError, compose
from reportgen.spec.nodes import Entry, Listing, Mapping, Node, Path, Scalar, describe, find, replace, shorten


def apply_overrides(root: Node, overrides: Sequence[str]) -> Node:
    """The tree with every `KEY=VALUE` put in, later ones over earlier ones; values are read as YAML.

    Raises SpecError that points at `--set KEY` for a text without `=` or a key that leads through a value.
    """
    for text in overrides:
        path, value = parse_override(text)
        reach(root, path, value.place)
        root = replace(root, path, Entry(value.place, value))
    return root


def parse_override(text: str) -> tuple[Path, Node]:
    """The dotted key as a path, and the value; a value that is not YAML is taken as the text that it is."""
    key, equals, written = text.partition("=")
    parts = tuple(part.strip() for part in key.split("."))
    if not equals or not all(parts):
        message = f"--set {shorten(text)} is not KEY=VALUE"
        raise SpecError(message, "Write it as: --set run.epochs=2", Place("--set"))
    place = Place(f"--set {'.'.join(parts)}")
    try:
        value = compose(written, place.file) or Scalar("", plain=True, place=place)
    except YamlError:
        value = Scalar(written, plain=False, place=place)
    except SpecError as error:
        raise SpecError(error.message, error.hint, place) from error
    return parts, at_place(value, place)


def at_place(node: Node, place: Place) -> Node:
    """The same value, all of it standing at `place`: lines and columns of a command line tell nobody anything."""
    if isinstance(node, Scalar):
        return Scalar(node.text, node.plain, place)
    if isinstance(node, Listing):
        return Listing(tuple(at_place(item, place) for item in node.items), place)
    return Mapping({key: Entry(place, at_place(entry.value, place)) for key, entry in node.entries.items()}, place)


def reach(root: Node, path: Path, place: Place) -> None:
    """Raise when a key on the way holds something that has no keys."""
    for end in range(1, len(path)):
        node, _ = find(root, path[:end])
        if node is None or isinstance(node, Mapping) or (isinstance(node, Scalar) and node.plain and not node.text):
            continue
        name = ".".join(str(part) for part in path[:end])
        hint = f"Set the whole of it: --set {name}=…"
        raise SpecError(f"{name} is {describe(node)} and has no key {path[end]!r}", hint, place)
