"""The keys that a spec may have: those of a mapping, and the mappings that have a key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def homes(key: str) -> Iterator[Path]:
    """Every mapping of the spec that has this key."""
    yield from homes_in(ReportSpec, (), key)


def homes_in(model: type[BaseModel], path: Path, key: str) -> Iterator[Path]:
    """Those at or below `path`."""
    if key in model.model_fields:
        yield path
    for name, field in model.model_fields.items():
        for inner in models_in(field.annotation):
            yield from homes_in(inner, (*path, name), key)


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models that an annotation allows."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in models_in(part)]
