"""Keys put into `card:` of a spec's text; every other character stays as it is, comments and line ends too."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping as MappingLike
from typing import Any

import yaml

from reportgen.errors import SpecError
from reportgen.spec.composer import compose
from reportgen.spec.nodes import Mapping, find, scalar_value, value_of

CARD = "card"
PLAIN = re.compile(r"[^\W\d_](?:[\w .,;()/+%’–—-]*[\w.)%])?")
"""Text that YAML reads as it is, without quotation marks."""
FLOWING = re.compile(r"[^\W\d_](?:[\w ./+-]*[\w.])?")
"""The same inside brackets and braces, where a comma ends it."""
WORDS = frozenset({"yes", "no", "on", "off", "y", "n"})
"""Words that other readers of YAML take for truth values."""
BREAKS = re.compile("[\x85\u2028\u2029\ufeff]")
"""What YAML takes for the end of a line, or for nothing."""

Value = str | list[str] | MappingLike[str, str]
"""A text, several, or a mapping of texts; of one line each."""


def with_card(text: str, file: str, answers: MappingLike[str, Value]) -> str:
    """The text of a spec with these keys in its `card:`, in the place of what is written there as nothing.

    A key that has a value already is not touched. Raises SpecError for a text that is no spec, and where no place for
    the keys can be found.
    """
    root = compose(text, file)
    if not isinstance(root, Mapping):
        raise SpecError(f"{file} is not a mapping of keys", "Start with: reportgen new -o spec.yaml")
    written = value_of(root).get(CARD) or {}
    if not isinstance(written, dict):
        raise SpecError("card is not a mapping of keys", "Write card: and below it key: value.", find(root, (CARD,))[1])
    new = {key: value for key, value in answers.items() if not written.get(key)}
    edited = text
    for key, value in new.items():
        edited = put(edited, key, value)
    found = compose(edited, file)
    wanted = {**value_of(root), CARD: {**written, **new}}
    if new and (found is None or value_of(found) != wanted):
        told = "\n".join(f"  {key}: {spell(value)}" for key, value in new.items())
        raise SpecError(f"{file} is laid out in a way that can't be added to", f"Write into it:\ncard:\n{told}")
    return edited


def put(text: str, key: str, value: Value) -> str:
    """The text with one key more in `card:`."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    card = next((pair for pair in root.value if pair[0].value == CARD), None)
    if card is None:
        return add_card(text, root, key, value)
    name, held = card
    if isinstance(held, yaml.MappingNode):
        empty = next((inner for inner in held.value if inner[0].value == key), None)
        if empty is not None:
            return replace(text, empty[1], spell(value, bool(held.flow_style)))
        return add_to(text, held, key, value)
    if root.flow_style:
        return replace(text, held, "{" + spell_entry(key, value) + "}")
    cleared = replace(text, held, "")
    indent = " " * (name.start_mark.column + 2)
    return insert_line(cleared, end_of_line(cleared, name.end_mark.index), f"{indent}{key}: {spell(value)}")


def add_card(text: str, root: yaml.MappingNode, key: str, value: Value) -> str:
    """The text with `card:` at its end, with one key."""
    if root.flow_style:
        return add_inside(text, root, f'"{CARD}": {{{spell_entry(key, value)}}}')
    indent = " " * root.value[0][0].start_mark.column
    lines = ("", f"{indent}{CARD}:", f"{indent}  {key}: {spell(value)}")
    return insert_line(text, last_line(text, root), newline_of(text).join(lines))


def add_to(text: str, mapping: yaml.MappingNode, key: str, value: Value) -> str:
    """The text with a key at the end of a mapping."""
    if mapping.flow_style:
        return add_inside(text, mapping, spell_entry(key, value))
    indent = " " * mapping.value[0][0].start_mark.column
    return insert_line(text, last_line(text, mapping), f"{indent}{key}: {spell(value)}")


def add_inside(text: str, mapping: yaml.MappingNode, entry: str) -> str:
    """The text with an entry before the brace that closes a mapping."""
    at = mapping.end_mark.index - 1
    before = text[:at].rstrip()
    comma = "" if not mapping.value or before.endswith(",") else ", "
    return before + comma + entry + text[at:]


def spell_entry(key: str, value: Value) -> str:
    """A key and its value inside braces, as JSON has keys too."""
    return f"{json.dumps(key)}: {spell(value, flow=True)}"


def last_line(text: str, mapping: yaml.MappingNode) -> int:
    """Where the line ends on which the last value of a block stands."""
    return end_of_line(text, end_of(mapping.value[-1][1], text))


def end_of(node: yaml.Node, text: str) -> int:
    """Where the last character of a value stands; a block of lines has its end at the line after it."""
    if isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
        return end_of(node.value[-1][1], text)
    if isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        return end_of(node.value[-1], text)
    end: int = node.end_mark.index
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return len(text[:end].rstrip(" \t\r\n"))
    return end


def replace(text: str, node: yaml.Node, new: str) -> str:
    """The text with another value in the place of one that says nothing."""
    start, end = node.start_mark.index, node.end_mark.index
    space = " " if new and text[start - 1 : start] == ":" else ""
    return text[:start] + space + new + text[end:]


def end_of_line(text: str, index: int) -> int:
    """Where the line ends that a character stands in, before its break."""
    found = re.compile(r"\r?\n|\r|$").search(text, index)
    return found.start() if found else len(text)


def insert_line(text: str, index: int, line: str) -> str:
    """The text with a line after the one that ends at `index`."""
    at_end = index == len(text)
    return text[:index] + newline_of(text) + line + (newline_of(text) if at_end else "") + text[index:]


def newline_of(text: str) -> str:
    """How the lines of a text end."""
    return "\r\n" if "\r\n" in text else "\n"


def spell(value: Value, flow: bool = False) -> str:
    """A value on one line."""
    if isinstance(value, str):
        return spell_text(value, FLOWING if flow else PLAIN)
    if isinstance(value, list):
        return f"[{', '.join(spell_text(item, FLOWING) for item in value)}]"
    return "{" + ", ".join(f"{key}: {spell_text(item, FLOWING)}" for key, item in value.items()) + "}"


def spell_text(text: str, plain: re.Pattern[str]) -> str:
    """A text as it is where that is safe, else in quotation marks."""
    if plain.fullmatch(text) and text.lower() not in WORDS and scalar_value(text) == text:
        return text
    quoted: Any = json.dumps(text, ensure_ascii=False)
    return BREAKS.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
