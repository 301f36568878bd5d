"""A model from its spec: made by its source, stem adapted, weights filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn.parameter import is_lazy

from reportgen.errors import ModelError, about
from reportgen.experiment.models.stems import adapt_stem
from reportgen.experiment.models.weights import fill_weights
from reportgen.plugins import ModelSource, discover
from reportgen.record.message import N_, Message
from reportgen.spec.paths import resolve_path
from reportgen.spec.types import ModelSpec
from reportgen.text.suggest import nearest

FILE = "file"


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to run: evaluation mode, on the CPU, float32."""

    module: torch.nn.Module
    source_sha256: str | None
    """Of the user's .py file; None for other sources."""
    weights_sha256: str | None
    weights_file: str | None
    """File name only."""
    notes: tuple[Message, ...]
    """For readers of the report: what was changed."""


def find_sources() -> dict[str, ModelSource]:
    """Every model source, by name."""
    return discover("reportgen.experiment.models", "SOURCE", ModelSource)


def load_model(
    spec: ModelSpec, base: Path, classes: int | None, plugins: Mapping[str, ModelSource] | None = None
) -> LoadedModel:
    """Make the model of a spec in the folder `base` for `classes` classes (None: the factory's own default).

    Raises ModelError for anything in the spec's `model` that does not work out.
    """
    source, name = choose_source(spec.source, {**(plugins or {}), **find_sources()})
    module = source.make(name, spec.args, classes, base)
    if any(is_lazy(parameter) for parameter in module.parameters()):
        raise ModelError(
            f"{spec.source} has lazy layers, whose shapes are not known yet", "Give the layers their input sizes."
        )
    notes = converted(module)
    module = module.float().cpu()
    if spec.stem == "cifar":
        notes += adapt_stem(module)
    with about("model.weights"):
        weights = None if spec.weights is None else resolve_path(spec.weights, base)
        digest = None if weights is None else fill_weights(module, weights)
    return LoadedModel(
        module=module.eval(),
        source_sha256=file_digest(source, name, base),
        weights_sha256=digest,
        weights_file=None if weights is None else weights.name,
        notes=notes,
    )


def choose_source(text: str, sources: Mapping[str, ModelSource]) -> tuple[ModelSource, str]:
    """The source that `model.source` names, and the name of the model within it; raises ModelError."""
    prefix, colon, name = text.partition(":")
    if colon and prefix in sources:
        return sources[prefix], name
    if ".py" in text or "/" in prefix:
        return sources[FILE], text
    forms = ", ".join(f"{source}:NAME" for source in sources if source != FILE)
    meant = nearest(prefix, sources) if colon else ""
    raise ModelError(f"model.source {text!r} is not understood", f"Write {forms} or path/to/file.py:factory. {meant}")


def file_digest(source: ModelSource, name: str, base: Path) -> str | None:
    """sha256 of the model's own file; None for models that come from a library."""
    if source.name != FILE:
        return None
    from reportgen.experiment.models.python_file import source_digest

    return source_digest(name, base)


def converted(module: torch.nn.Module) -> tuple[Message, ...]:
    """A note when the factory made a model of another floating type than float32."""
    others = {str(p.dtype).removeprefix("torch.") for p in module.parameters() if p.dtype != torch.float32}
    if not others:
        return ()
    return (N_("The model was made in {types} and converted to float32.", types=sorted(others)),)
