"""Words in a record: a message of the catalogue and its arguments, written out only when something is drawn.

So a record is drawn in today's words and in any language, whatever version and language it was measured with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from reportgen.record.reworded import REWORDED
from reportgen.spec.frozen import Frozen
from reportgen.text import numerals
from reportgen.text.i18n import catalogue, join_names, join_terms, translate


class Message(Frozen):
    """One sentence or term that can be translated. In JSON a plain text may stand in its place, as old records have.

    A text that people wrote is a message without arguments that no catalogue knows: it stays as it is.
    """

    id: str
    """The English text with `{name}` fields; of a plural the form for one."""
    many: str = ""
    """The English plural; empty where the message has none."""
    count: int | None = None
    """What decides between the two, and the field `{count}` of both."""
    values: dict[str, str | int | float | Message | tuple[str | int | float | Message, ...]] = Field(
        default_factory=dict
    )
    """The fields: names as they are; whole numbers get their thousands separated, others six significant digits at
    most; messages are translated; several things are listed ("a, b and c")."""

    @model_validator(mode="before")
    @classmethod
    def read_text(cls, given: Any) -> Any:
        """A plain text as the message that it is."""
        return {"id": given} if isinstance(given, str) else given

    @property
    def text(self) -> str:
        """The message in the language that is being drawn."""
        drawn = {name: draw_value(value) for name, value in self.values.items()}
        today = REWORDED.get(self.id, (self.id, self.many) if self.many else self.id)
        number = self.values.get("count") if self.count is None and not isinstance(today, str) else self.count
        if not isinstance(number, int):
            return translate(today if isinstance(today, str) else today[0], dict(drawn))
        one, many = (today, self.many) if isinstance(today, str) else today
        form = catalogue().ngettext(one, many, number)
        return form.format(**{**drawn, "count": numerals.count(number)})

    def __hash__(self) -> int:
        return hash((self.id, self.many, self.count))

    def __str__(self) -> str:
        return self.text


Note = Annotated[Message | None, BeforeValidator(lambda given: None if given == "" else given)]
"""A sentence that may be missing; old records have an empty text for None."""
Terms = Annotated[tuple[Message, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given)]
"""Terms side by side, such as the settings of an optimiser; old records have them in one text."""
Value = str | int | float | Message | Sequence[str | int | float | Message]


def N_(message: str, **values: Value) -> Message:  # noqa: N802 - gettext's own name for a text that is translated later
    """The message `message`, a literal so that a catalogue can be extracted, with its `{name}` fields."""
    return Message(id=message, values=freeze(values))


def nN_(one: str, many: str, count: int, **values: Value) -> Message:  # noqa: N802 - after N_ and ngettext
    """The message with a singular and a plural form; `count` is also the field `{count}`."""
    return Message(id=one, many=many, count=count, values=freeze(values))


def join_rows(messages: Sequence[Message]) -> Message:
    """One message of several: "a; b; c", in the pattern of `reportgen.text.i18n.join_rows`."""
    *before, last = messages
    return N_("{rows}; {next}", rows=join_rows(before), next=last) if before else last


def as_note(text: str | Message) -> Message | None:
    """A text of anybody's as a note; None for an empty one."""
    return Message(id=text) if text and isinstance(text, str) else text or None


def freeze(values: dict[str, Value]) -> dict[str, Any]:
    """The values with lists as tuples."""
    return {
        name: value if isinstance(value, str | int | float | Message) else tuple(value)
        for name, value in values.items()
    }


def draw_value(value: str | int | float | Message | tuple[str | int | float | Message, ...]) -> str:
    """One field as people read it."""
    if isinstance(value, tuple):
        return join_names([draw_value(part) for part in value])
    if isinstance(value, int):
        return numerals.count(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def draw_terms(terms: Sequence[Message]) -> str:
    """Terms side by side in the language that is being drawn."""
    return join_terms([term.text for term in terms])


def draw_note(note: Message | None) -> str:
    """A sentence in the language that is being drawn; empty where there is none."""
    return str(note) if note is not None else ""
