"""The keys that a spec may have: those of a mapping, and the mappings that have a key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from reportgen.spec.nodes import Path
from reportgen.spec.types import ReportSpec


def model_at(location: Sequence[str | int]) -> type[BaseModel]:
    """The type of the mapping at pydantic's location."""
    model: type[BaseModel] = ReportSpec
    for part in location:
        inner = models_in(model.model_fields[part].annotation) if part in model.model_fields else []
        model = inner[0] if inner else model
    return model


def homes(key: str) -> tuple[Path, ...]:
    """Every mapping of the spec that has this key."""
    return all_homes().get(key, ())


@cache
def all_homes() -> dict[str, tuple[Path, ...]]:
    """By key, the mappings that have it."""
    found: dict[str, list[Path]] = {}
    for path, model in models_below(ReportSpec, ()):
        for key in model.model_fields:
            found.setdefault(key, []).append(path)
    return {key: tuple(paths) for key, paths in found.items()}


def models_below(model: type[BaseModel], path: Path) -> Iterator[tuple[Path, type[BaseModel]]]:
    """The mapping at `path` and those below it."""
    yield path, model
    for name, field in model.model_fields.items():
        for inner in models_in(field.annotation):
            yield from models_below(inner, (*path, name))


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models that an annotation allows."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in models_in(part)]
