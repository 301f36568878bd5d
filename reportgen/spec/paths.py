"""Paths that a spec names: relative to the spec, with `~` and environment variables understood."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from reportgen.errors import SpecError
from reportgen.spec.privacy import without_secrets
from reportgen.spec.types import BaselineSpec, LogoSpec, ModelSpec, ReportSpec
from reportgen.text.shorten import shorten, shorten_middle

LONGEST = 100
"""Characters of a path that a message repeats."""
VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def resolve_path(path: Path, base: Path) -> Path:
    """The path on this machine, relative ones from `base`, the folder of the spec.

    Raises SpecError for an environment variable that is not set, for the home of somebody who is not known here, and
    for a path that is too long for any file.
    """

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name not in os.environ:
            raise SpecError(f"{path}: there is no environment variable {name}", f"Set {name}, or write the path out.")
        return os.environ[name]

    written = Path(VARIABLE.sub(value, str(path)))
    try:
        found = base / written.expanduser()
    except RuntimeError as error:
        raise SpecError(f"{shorten(str(path), LONGEST)}: {error}".rstrip("."), "Write the path out.") from error
    check_length(found)
    return found


def check_length(path: Path) -> None:
    """Raise SpecError for a path that the system finds too long."""
    try:
        path.stat()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            shown = shorten_middle(str(path), LONGEST)
            message = f"a path of {len(str(path)):,} characters is too long for this disk: {shown}"
            raise SpecError(message, "Check that the value is a path, and write a shorter one.") from error
    except ValueError as error:  # a null character, a lone surrogate
        raise SpecError(
            f"{shorten(str(path), LONGEST)!r} is not a path: {error}", "Write a path without such characters."
        ) from error


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
                update={
                    "templates": last_part(spec.report.templates),
                    "css": last_part(spec.report.css),
                    "logo": logo_without_path(spec.report.logo),
                }
            ),
        }
    )


def last_part(path: Path | None) -> Path | None:
    """Of an absolute path its last part, any other as it is."""
    return Path(path.name) if path is not None and is_absolute(path) else path


def logo_without_path(logo: LogoSpec | None) -> LogoSpec | None:
    """The same of a logo's file."""
    return None if logo is None else logo.model_copy(update={"file": last_part(logo.file)})


def model_without_paths(model: ModelSpec) -> ModelSpec:
    """The same of a model's source, weights and arguments, of which credentials are left out too."""
    file, colon, factory = model.source.rpartition(":")
    source = f"{Path(file).name}:{factory}" if colon and is_absolute(Path(file)) else model.source
    weights = model.weights
    if weights is not None and is_absolute(weights):
        weights = Path(weights.name)
    return model.model_copy(update={"source": source, "weights": weights, "args": without_secrets(model.args)})


def baseline_without_paths(baseline: BaselineSpec | None) -> BaselineSpec | None:
    """The same of a baseline's record and code."""
    if baseline is None:
        return None
    return baseline.model_copy(update={"record": last_part(baseline.record), "code": last_part(baseline.code)})


def is_absolute(path: Path) -> bool:
    """True for a path that tells something of this machine: from the root, or from somebody's home."""
    return path.is_absolute() or str(path).startswith("~")
