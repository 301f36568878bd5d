"""Checkpoints in several files: the index that names them."""

from __future__ import annotations

import json
from pathlib import Path

MOST_INDEX_BYTES = 64_000_000
INDEX_ENDING = ".json"


class BadIndex(ValueError):
    """A file that should be the index of a sharded checkpoint and is not."""


def read_index(path: Path) -> tuple[Path, ...]:
    """The files that an index names, each once, in the order of their names. Raises BadIndex, or OSError."""
    return tuple(path.parent / name for name in sorted(set(read_map(path).values())))


def read_map(path: Path) -> dict[str, str]:
    """The name of the file of each tensor that an index names.

    The form is that of Hugging Face's libraries: {"weight_map": {tensor: file}}. Raises BadIndex, or OSError.
    """
    if path.stat().st_size > MOST_INDEX_BYTES:
        raise BadIndex(f"{path.name} is too large for an index of shards")
    try:
        given = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BadIndex(f"{path.name} is neither weights nor the index of a sharded checkpoint") from error
    names = given.get("weight_map") if isinstance(given, dict) else None
    if not isinstance(names, dict) or not names or not all(isinstance(name, str) for name in names.values()):
        raise BadIndex(f"{path.name} has no weight_map, which names each tensor's file")
    for name in sorted(set(names.values())):
        if Path(name).name != name or name in ("", ".", ".."):
            raise BadIndex(f"{path.name} names {name!r}, which is not a file beside it")
        if not (path.parent / name).is_file():
            raise BadIndex(f"{path.name} names {name}, which is not there")
        if name.endswith(INDEX_ENDING):
            raise BadIndex(f"{path.name} names {name}, another index")
    return names


def files_of_weights(path: Path) -> tuple[Path, ...]:
    """Every file that weights lie in: the file itself, and those that it names where it is an index."""
    if path.suffix != INDEX_ENDING or not path.is_file():
        return (path,)
    try:
        return (path, *read_index(path))
    except (BadIndex, OSError):
        return (path,)
