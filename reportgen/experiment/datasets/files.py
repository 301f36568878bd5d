"""Where data sets' files are looked for and kept, without torch."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from reportgen.spec.paths import resolve_path
from reportgen.spec.types import DataSpec
from reportgen.system.cache import cache_path


@dataclass(frozen=True)
class Archive:
    """A published tar.gz."""

    url: str
    md5: str
    folder: str
    """The folder inside it that holds the files."""
    files: tuple[str, ...]


def search_folders(spec: DataSpec, data_root: Path | None, base: Path) -> tuple[Path, ...]:
    """Where a data set is looked for, first come first: the spec, the command line, $REPORTGEN_DATA, the cache."""
    folders = [resolve_path(spec.root, base)] if spec.root is not None else []
    folders += [data_root] if data_root is not None else []
    folders += [Path(os.environ["REPORTGEN_DATA"])] if os.environ.get("REPORTGEN_DATA") else []
    return (*folders, cache_folder())


def cache_folder() -> Path:
    """Where downloads are kept for this user."""
    return cache_path("data")
