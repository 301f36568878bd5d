"""Paths that a spec names: relative to the spec, with `~` and environment variables understood."""

from __future__ import annotations

import os
import re
from pathlib import Path

from reportgen.errors import SpecError
from reportgen.spec.types import BaselineSpec, ModelSpec, ReportSpec

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
    root, loss = spec.data.root, spec.run.loss
    if loss.teacher is not None:
        loss = loss.model_copy(update={"teacher": model_without_paths(loss.teacher)})
    return spec.model_copy(
        update={
            "model": model_without_paths(spec.model),
            "baseline": baseline_without_paths(spec.baseline),
            "data": spec.data.model_copy(update={"root": None if root and is_absolute(root) else root}),
            "run": spec.run.model_copy(update={"loss": loss}),
            "report": spec.report.model_copy(
                update={"templates": last_part(spec.report.templates), "css": last_part(spec.report.css)}
            ),
        }
    )


def last_part(path: Path | None) -> Path | None:
    """Of an absolute path its last part, any other as it is."""
    return Path(path.name) if path is not None and is_absolute(path) else path


def model_without_paths(model: ModelSpec) -> ModelSpec:
    """The same of a model's source and weights."""
    file, colon, factory = model.source.rpartition(":")
    source = f"{Path(file).name}:{factory}" if colon and is_absolute(Path(file)) else model.source
    weights = model.weights
    if weights is not None and is_absolute(weights):
        weights = Path(weights.name)
    return model.model_copy(update={"source": source, "weights": weights})


def baseline_without_paths(baseline: BaselineSpec | None) -> BaselineSpec | None:
    """The same of a baseline's record."""
    if baseline is None or not is_absolute(baseline.record):
        return baseline
    return baseline.model_copy(update={"record": Path(baseline.record.name)})


def is_absolute(path: Path) -> bool:
    """True for a path that tells something of this machine: from the root, or from somebody's home."""
    return path.is_absolute() or str(path).startswith("~")
