"""Paths that a spec names: relative to the spec, with `~` and environment variables understood."""

from __future__ import annotations

import os
import re
from pathlib import Path

from reportgen.errors import SpecError
from reportgen.spec.types import ReportSpec

VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def resolve_path(path: Path, base: Path) -> Path:
    """The path on this machine, relative ones from `base`, the folder of the spec.

    Raises SpecError for an environment variable that is not set.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in os.environ:
            raise SpecError(f"{path}: there is no environment variable {name}", f"Set {name}, or write the path out.")
        return os.environ[name]

    return base / Path(VARIABLE.sub(value, str(path))).expanduser()


def without_absolute_paths(spec: ReportSpec) -> ReportSpec:
    """The spec as a record may hold it: of an absolute path only the last part is left, of a data folder nothing."""
    file, colon, factory = spec.model.source.rpartition(":")
    source = f"{Path(file).name}:{factory}" if colon and is_absolute(Path(file)) else spec.model.source
    weights = spec.model.weights
    if weights is not None and is_absolute(weights):
        weights = Path(weights.name)
    root, templates = spec.data.root, spec.report.templates
    return spec.model_copy(
        update={
            "model": spec.model.model_copy(update={"source": source, "weights": weights}),
            "data": spec.data.model_copy(update={"root": None if root and is_absolute(root) else root}),
            "report": spec.report.model_copy(
                update={"templates": Path(templates.name) if templates and is_absolute(templates) else templates}
            ),
        }
    )


def is_absolute(path: Path) -> bool:
    """True for a path that tells something of this machine: from the root, or from somebody's home."""
    return path.is_absolute() or str(path).startswith("~")
