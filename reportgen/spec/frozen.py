"""The base of every value that crosses a package's border, and the schemas of such values."""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable, strict value: unknown fields are refused, NaN is allowed only where a float may be one.

    What checks values of a class is made when the first is checked: a command uses few of the 130 classes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings", defer_build=True)


def schema_of(model: type[Frozen], mode: Literal["validation", "serialization"]) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a model, each field described by the words below it in its class.

    pydantic can read these words itself, but does it whenever a class is made: a twentieth of a second for a command.
    """
    schema = model.model_json_schema(mode=mode)
    known = {kind.__name__: kind for kind in kinds(Frozen)}
    for name, part in ({model.__name__: schema} | schema.get("$defs", {})).items():
        if name in known:
            words = field_words(known[name])
            for field, place in part.get("properties", {}).items():
                if field in words:
                    place.setdefault("description", words[field])
    return schema


def kinds(base: type[Frozen]) -> list[type[Frozen]]:
    """Every class below a class."""
    return [kind for child in base.__subclasses__() for kind in (child, *kinds(child))]


def field_words(model: type[Frozen]) -> dict[str, str]:
    """The string below each field, of the class itself and of those it inherits from."""
    found: dict[str, str] = {}
    for kind in reversed([kind for kind in model.__mro__ if issubclass(kind, Frozen) and kind is not Frozen]):
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
        body = tree.body if isinstance(tree, ast.ClassDef) else []
        for line, below in pairwise(body):
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                value = below.value if isinstance(below, ast.Expr) else None
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    found[line.target.id] = inspect.cleandoc(value.value)
    return found
