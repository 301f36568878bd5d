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


def none_as(value: Any) -> Callable[[Any, Callable[[Any], Any]], Any]:
    """A wrapping validator that reads nothing, as records of earlier versions have it, as `value`."""

    def read(given: Any, whole: Callable[[Any], Any]) -> Any:
        return value if given is None else whole(given)

    return read
