"""Shorter ways to write a value: the YAML stays as people like it, and the field has one type all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True)
class Shorthand:
    """In `Annotated[Whole, Shorthand(Short, expand)]`: what may be written as `Short` is read as `expand` makes it.

    Whatever is validated holds the whole; records that were written when the field could hold both are read like YAML.
    """

    short: Any
    """A type that pydantic knows."""
    expand: Callable[[Any], Any]
    """A valid value of the short type -> a value of the whole one."""

    def __get_pydantic_core_schema__(self, whole: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The short form or the whole one; errors name both."""
        read = core_schema.no_info_after_validator_function(self.expand, handler.generate_schema(self.short))
        return core_schema.union_schema([read, handler(whole)])

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """What may be written, and of what is written out the whole alone."""
        whole = schema["choices"][1]
        return handler(whole if handler.mode == "serialization" else schema)


@dataclass(frozen=True)
class Written:
    """In `Annotated[Whole, Written(form, read, write)]`: what stands in YAML and records as `form` is held as `read`
    makes it and written out again as `write` does. A value that is no `form` is a whole one already."""

    form: Any
    """A type that pydantic knows."""
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]
    kind: type | None = None
    """Of whole values; None where they are read like any other."""

    def __get_pydantic_core_schema__(self, _whole: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The written form; errors name it."""
        form = handler.generate_schema(self.form)
        writing = core_schema.plain_serializer_function_ser_schema(self.write, return_schema=form)
        return core_schema.no_info_wrap_validator_function(self.take, form, serialization=writing)

    def take(self, given: Any, form: Callable[[Any], Any]) -> Any:
        """A value of the whole type."""
        whole = self.kind is not None and isinstance(given, self.kind)
        return given if whole else self.read(form(given))


def none_as(value: Any) -> Callable[[Any, Callable[[Any], Any]], Any]:
    """A wrapping validator that reads nothing, as records of earlier versions have it, as `value`."""

    def read(given: Any, whole: Callable[[Any], Any]) -> Any:
        return value if given is None else whole(given)

    return read
