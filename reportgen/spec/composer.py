"""YAML text -> nodes. The one door to yaml; whatever could surprise a reader of the spec is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from reportgen.errors import Location, SpecError
from reportgen.spec.nodes import Entry, Listing, Mapping, Node, Scalar, quoted

MAX_DEPTH = 32
UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""Control characters, halves of surrogate pairs and non-characters: not allowed in HTML, SVG or XML."""
PAIR = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")
CORE_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")}
TEXT_TAGS = {"!", "tag:yaml.org,2002:str"}


class YamlError(SpecError):
    """The text is not the YAML that a spec may use."""


class ForbiddenYaml(YamlError):
    """It is YAML, with an alias, an anchor or a tag."""


def compose(text: str, file: str) -> Node | None:
    """The tree of a YAML text, or None where there is nothing; `file` is how messages name it.

    Raises YamlError for text that is not YAML and for aliases, anchors, tags and several documents; SpecError for
    duplicate keys, too deep nesting and characters that no document can show.
    """
    bad = UNSPEAKABLE.search(text)
    if bad:
        raise refuse_character(bad.group(), location_of(text, bad.start(), file))
    loader = yaml.SafeLoader(text)
    try:
        return Composer(loader, file).document()
    except yaml.MarkedYAMLError as error:
        raise translate(error, file, loader) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        location = mark_location(loader.get_mark(), file)
        raise YamlError("this is not YAML", "Check the characters from here on.", location) from error
    finally:
        loader.dispose()


def join_pairs(text: str) -> str:
    """The text with each pair of surrogates as the character it stands for, which is how JSON spells an emoji."""
    return PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)


def mark_location(mark: Any, file: str) -> Location:
    """The parser's 0-based mark as a location."""
    return Location(file, mark.line + 1, mark.column + 1)


def location_of(text: str, index: int, file: str) -> Location:
    """Line and column of a character."""
    before = text[:index]
    return Location(file, before.count("\n") + 1, index - before.rfind("\n"))


def refuse_character(character: str, location: Location) -> SpecError:
    """The error for a character that can't stand in a document."""
    hint = "Remove it; it can't be shown in a report."
    return SpecError(f"the character U+{ord(character):04X} is a control character, not text", hint, location)


class Composer:
    """Builds nodes from the parser's events, so that limits hold before anything is built."""

    def __init__(self, loader: yaml.SafeLoader, file: str) -> None:
        self.loader = loader
        self.file = file

    def events(self) -> Iterator[yaml.Event]:
        """The parser's events, one at a time."""
        while self.loader.check_event():
            event: yaml.Event = self.loader.get_event()  # type: ignore[no-untyped-call]  # the stub lacks its type
            yield event

    def document(self) -> Node | None:
        """The only document's root."""
        root: Node | None = None
        documents = 0
        events = self.events()
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    hint = "Keep one spec in one file; remove the line ---."
                    raise YamlError("a second document begins here", hint, self.location(event))
            elif isinstance(event, yaml.NodeEvent):
                root = self.node(event, events, 0)
        if isinstance(root, Scalar) and root.plain and not root.text:
            return None
        return root

    def location(self, event: yaml.Event) -> Location:
        """Where an event begins, 1-based."""
        return mark_location(event.start_mark, self.file)

    def node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        """The node that begins with `event`; raises SpecError."""
        location = self.location(event)
        self.refuse(event, location)
        if depth > MAX_DEPTH:
            raise SpecError(
                f"nested deeper than {MAX_DEPTH} levels", "A spec needs four at most; flatten it.", location
            )
        if isinstance(event, yaml.ScalarEvent):
            text = join_pairs(event.value)
            bad = UNSPEAKABLE.search(text)
            if bad:
                raise refuse_character(bad.group(), location)
            plain = event.tag not in TEXT_TAGS if event.tag else bool(event.implicit[0])
            return Scalar(text, plain, location)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            for item in events:
                if isinstance(item, yaml.SequenceEndEvent):
                    break
                items.append(self.node(item, events, depth + 1))
            return Listing(tuple(items), location)
        return self.mapping(location, events, depth)

    def mapping(self, location: Location, events: Iterator[yaml.Event], depth: int) -> Mapping:
        """The mapping whose start has been read; raises SpecError."""
        entries: dict[str, Entry] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self.node(event, events, depth + 1)
            if not isinstance(key, Scalar) or not key.text:
                raise SpecError("a key must be a word", "Write key: value.", key.location)
            if key.text in entries:
                first = entries[key.text].key_location
                hint = f"It is in line {first.line} already; keep one of the two."
                raise SpecError(f"the key {quoted(key.text)} is given twice", hint, key.location)
            entries[key.text] = Entry(key.location, self.node(next(events), events, depth + 1))
        return Mapping(entries, location)

    def refuse(self, event: yaml.Event, location: Location) -> None:
        """Raise for what a spec may not use: aliases, anchors and tags beyond the core."""
        if isinstance(event, yaml.AliasEvent):
            hint = f"Write the value out, or put the text in quotes: '*{event.anchor}'."
            raise ForbiddenYaml(f"the alias *{event.anchor} is not allowed in a spec", hint, location)
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            hint = f"Remove it, or put the text in quotes: '&{event.anchor} …'."
            raise ForbiddenYaml(f"the anchor &{event.anchor} is not allowed in a spec", hint, location)
        tag = getattr(event, "tag", None)
        if tag and tag != "!" and tag not in CORE_TAGS:
            raise ForbiddenYaml(
                f"the tag {tag} is not allowed in a spec", "Remove it, or put the text in quotes.", location
            )


def translate(error: yaml.MarkedYAMLError, file: str, loader: yaml.SafeLoader) -> YamlError:
    """The parser's complaint in words that help."""
    mark = error.problem_mark or error.context_mark or loader.get_mark()
    location = mark_location(mark, file)
    opened = error.context_mark or mark
    said = f"{error.context or ''} {error.problem or ''}"
    for part, message, hint in TRANSLATIONS:
        if part in said:
            began = f" (it begins in line {opened.line + 1})" if opened.line != mark.line else ""
            return YamlError(message + began, hint, location)
    return YamlError(f"this is not YAML: {error.problem}", "Fix the line, or put the text in quotes.", location)


TRANSLATIONS = (
    ("'\\t'", "a tab stands where spaces are needed", "Indent with spaces."),
    ("while scanning a quoted scalar", "a quotation mark is never closed", "Close it, or remove it."),
    ("while parsing a flow sequence", "a list in brackets is not closed", "Write [a, b, c]."),
    ("while parsing a flow mapping", "a mapping in braces is not closed", "Write {key: value, key: value}."),
    (
        "mapping values are not allowed here",
        "a second colon on one line, or an indentation that does not fit",
        "Put the text in quotes when the colon belongs to it; else align the key with its neighbours.",
    ),
    ("could not find expected ':'", "a key without a colon", "Write key: value."),
    ("expected <block end>", "the indentation does not fit the lines above", "Align the key with its neighbours."),
    (
        "that cannot start any token",
        "a text can't begin with this character",
        "Put the text in quotes.",
    ),
)
