"""Data sets: where their files are, how they are read, and images ready for a device. Importing it needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reportgen.errors import DataError, SpecError, about
from reportgen.plugins import DatasetKind, discover
from reportgen.spec.types import DataSpec
from reportgen.text.suggest import nearest


def find_datasets() -> dict[str, DatasetKind]:
    """Every data set of this package, by name."""
    return discover(__name__, "DATASET", DatasetKind)


def choose_dataset(spec: DataSpec, kinds: Mapping[str, DatasetKind]) -> tuple[DatasetKind, DatasetKind | None]:
    """The data set that a spec names, and its fallback. Raises SpecError for a name that is not known."""
    for key, name in (("data.name", spec.name), ("data.fallback", spec.fallback)):
        if name is not None and name not in kinds:
            with about(key):
                raise SpecError(f"data: there is no data set {name!r}", nearest(name, kinds))
    return kinds[spec.name], None if spec.fallback is None else kinds[spec.fallback]


def data_files(
    spec: DataSpec, data_root: Path | None, base: Path, kinds: Mapping[str, DatasetKind]
) -> tuple[Path, ...] | None:
    """The files that a run would read, those of the fallback where the data set itself is not here; None where neither
    is. Empty for data that comes with a library. Raises DataError where they can't be used and there is no fallback."""
    kind, fallback = choose_dataset(spec, kinds)
    try:
        files = kind.files(spec, data_root, base)
    except DataError:
        if fallback is None:
            raise
        files = None
    return fallback.files(spec, data_root, base) if files is None and fallback is not None else files
