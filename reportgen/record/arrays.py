"""The arrays of a record: an immutable mapping from name to numpy array."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema


class Arrays(Mapping[str, NDArray[Any]]):
    """Named arrays, read-only."""

    def __init__(self, items: Mapping[str, NDArray[Any]] | None = None) -> None:
        frozen = {}
        for name, array in (items or {}).items():
            view = np.asarray(array).view()
            view.flags.writeable = False
            frozen[name] = view
        self._items = frozen

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        """The same names, types, shapes and bytes, so that not-a-number equals itself."""
        if not isinstance(other, Arrays) or self.keys() != other.keys():
            return False
        pairs = [(self[name], other[name]) for name in self]
        return all(a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs)

    def merged(self, more: Mapping[str, NDArray[Any]]) -> Arrays:
        """These arrays and `more`; of one name, the newer."""
        return Arrays({**self._items, **more})

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.is_instance_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "object"}
