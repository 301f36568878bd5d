"""Whatever a report is made of as plain values for its templates: text, numbers, tuples, mappings and views of those.

No template receives a record, a path, a model, an array or any other object that can do something: what a user's
template can reach is what was put here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AnySet
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property, lru_cache, partial
from typing import Any

from markupsafe import Markup
from pydantic import BaseModel

from reportgen.outputs.markdown import Raw
from reportgen.outputs.view_values import LazySequenceView, LazyView, SequenceView, Unprintable, View
from reportgen.record.message import Message
from reportgen.report.model import Skipped

AS_THEY_ARE = (str, int, float, bool, type(None), bytes, Markup, Raw)
"""Types whose values no template can do anything with but print, compute and compare."""
MOST_ELEMENTS = 100_000
"""Of an array that is handed on as nested tuples; a larger one is none for a page."""
NOT_SHOWN = frozenset({"meaning"})
"""Properties for the program: how the words of a number are found."""
PROPERTIES = (property, cached_property)


@dataclass
class Converter:
    """Values made plain; those of one call share what they have in common."""

    lazy: bool
    """Whether a view makes its parts when they are asked for, instead of at once as one that is sent away."""
    known: dict[int, tuple[object, Any]] = field(default_factory=dict)
    """What an object has become, by its id; the object is kept, so that no other gets its id meanwhile."""

    def plain(self, value: Any) -> Any:
        """One value as templates may see it; whatever is unknown becomes its text."""
        kind = type(value)
        if kind in AS_THEY_ARE:
            return value
        if id(value) in self.known:
            return self.known[id(value)][1]
        if kind in (tuple, list):
            return tuple([self.plain(item) for item in value])
        if isinstance(value, Mapping):
            return {self.plain(key): self.plain(item) for key, item in value.items()}
        if isinstance(value, Message):
            return str(value)  # drawn in the language of the page
        if (is_dataclass(value) and not isinstance(value, type)) or isinstance(value, BaseModel):
            return self.view(value)
        return self.plain_other(value)

    def view(self, value: Any) -> View:
        """The view of a dataclass or of a pydantic model: its fields and its properties."""
        kind: Any = type(value)
        listed, skipped = isinstance(value, Sequence), isinstance(value, Skipped)
        names, make = names_of(kind), partial(self.part, value)
        made: View
        if self.lazy:
            made = (LazySequenceView if listed else LazyView)(kind.__name__, names, make, skipped)
        else:
            made = SequenceView(kind.__name__, {}, ()) if listed else View(kind.__name__, {}, skipped)
        self.known[id(value)] = value, made  # before its parts, for what leads back to itself
        if not self.lazy:
            vars(made).update({name: make(name) for name in (*names, *(["_items"] if listed else []))})
        return made

    def part(self, value: Any, name: str) -> Any:
        """One of the values of a view."""
        try:
            return self.plain(tuple(value) if name == "_items" else getattr(value, name))
        except Exception as error:  # of a plug-in's property anything; told where a template asks for it
            return Unprintable(f"{type(error).__name__}: {error}")

    def plain_other(self, value: Any) -> Any:
        """A value of a less usual type: a number of numpy, a subclass of a number or of a text, a set, a path."""
        for kind in (int, float, str, bytes):
            if isinstance(value, kind):
                return kind(value)  # type: ignore[arg-type]
        if type(value).__module__ == "numpy":
            if getattr(value, "size", 1) <= MOST_ELEMENTS:
                return self.plain(value.tolist())
            return Unprintable(f"an array of {value.size:,} elements is too large for a template")
        if isinstance(value, AnySet):
            return tuple(sorted((self.plain(item) for item in value), key=str))
        return self.plain(tuple(value)) if isinstance(value, Sequence) else as_text(value)


@lru_cache(maxsize=512)
def names_of(kind: type) -> tuple[str, ...]:
    """The names of what a class of values holds: fields, and the properties of its own and of its bases."""
    own = [part for part in kind.__mro__ if part not in BaseModel.__mro__]
    held = [name for part in own for name, value in vars(part).items() if isinstance(value, PROPERTIES)]
    if issubclass(kind, BaseModel):
        held = [*kind.model_fields, *held]
    elif is_dataclass(kind):
        held = [*(one.name for one in fields(kind)), *held]
    return tuple(dict.fromkeys(name for name in held if not name.startswith("_") and name not in NOT_SHOWN))


def as_text(value: object) -> str | Unprintable:
    """What an object of an unknown kind prints."""
    try:
        return str(value)
    except Exception as error:  # of a plug-in's object anything; told where a template prints it
        return Unprintable(f"{type(error).__name__}: {error}")


def make_plain(values: Mapping[str, object], lazy: bool = False) -> dict[str, Any]:
    """The same values, plain, under the same names; not `lazy` where they are to be sent to a process."""
    converter = Converter(lazy)
    return {name: converter.plain(value) for name, value in values.items()}
