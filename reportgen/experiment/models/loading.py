"""A model from its spec: made by its source, stem adapted, weights filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from reportgen.errors import ModelError, about
from reportgen.experiment.models.asynchronous import async_modules, refuse_unawaited, refuse_unfinished_forward
from reportgen.experiment.models.checkpoints.fit import HoldsMore
from reportgen.experiment.models.freezing import freeze
from reportgen.experiment.models.fresh import refuse_trained
from reportgen.experiment.models.heads import head_by_trace, replace_head
from reportgen.experiment.models.making import Made, Order, Origin
from reportgen.experiment.models.opened_files import files_read
from reportgen.experiment.models.preparing import (
    in_python,
    lazy_layers,
    materialise,
    needs_images,
    on_cpu,
    settle_types,
    unwrapped,
    with_modes,
)
from reportgen.experiment.models.pretrained import Fetching
from reportgen.experiment.models.pretrained_choice import find_pretrained
from reportgen.experiment.models.returned import take_model
from reportgen.experiment.models.stems import adapt_stem
from reportgen.experiment.models.weights import Filled, fill_weights
from reportgen.experiment.torch_settings import kept_settings
from reportgen.plugins import ModelSource, discover
from reportgen.record.answers import OutputFacts
from reportgen.record.message import Message
from reportgen.spec.model_code import find_module, is_code
from reportgen.spec.paths import resolve_path
from reportgen.spec.types import ModelSpec
from reportgen.spec.weights_file import check_weights_file
from reportgen.system.memory import needing_memory
from reportgen.system.read_files import describe_files
from reportgen.text.suggest import nearest

FILE = "file"


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to run: evaluation mode, on the CPU, in the types that its factory made it in."""

    module: torch.nn.Module
    source_sha256: str | None
    """Of the user's .py file; None for other sources."""
    weights_sha256: str | None
    weights_file: str | None
    """File name only."""
    notes: tuple[Message, ...]
    """For readers of the report: what was changed."""
    weights_key: str | None = None
    """Which set of weights of the file was used; None for the file itself."""
    weights_not_finite: int = 0
    """Of the weights' values."""
    output: OutputFacts | None = None
    """Which part of what it returns is read, and as what; None before it was tried on images."""
    weights_url: str | None = None
    """Where a library has its weights from."""
    files: tuple[tuple[str, str], ...] = ()
    """(name, sha256) of the files that making it read."""
    unfinished: bool = False
    """True where only the size of the images tells how the model is made and it was not given: it has no weights."""


def find_sources() -> dict[str, ModelSource]:
    """Every model source, by name."""
    return discover("reportgen.experiment.models", "SOURCE", ModelSource)


def load_model(
    spec: ModelSpec,
    base: Path,
    classes: int | None,
    plugins: Mapping[str, ModelSource] | None = None,
    *,
    image_shape: tuple[int, int, int] | None = None,
    fetching: Fetching | None = None,
) -> LoadedModel:
    """Make the model of a spec in the folder `base` for `classes` classes (None: the factory's own default).

    `image_shape`: (C, H, W) of an image as the model sees it, which `model.head: replace` needs to find the last layer,
    and lazy layers and types other than float32 to be settled by a forward pass.

    Raises ModelError for anything in the spec's `model` that does not work out.
    """
    source, name = choose_source(spec.source, {**(plugins or {}), **find_sources()}, base)
    order = make_order(spec, name, base, classes, fetching or Fetching())
    with files_read() as opened, kept_settings():
        made = make(source, order)
    module, notes = unwrapped(on_cpu(made.module, spec.source))
    notes += with_modes(module)
    refuse_unfinished_forward(module, spec.source)
    if spec.weights is None:
        refuse_trained(module, spec.source)
    loaded = LoadedModel(module, file_digest(source, name, base), None, None, made.notes + notes)
    if image_shape is None and (needs_images(module) or async_modules(module)):
        module.eval()
        return replace(loaded, unfinished=True)
    try:
        with kept_settings():
            filled, changes = change_as_asked(module, spec, base, classes, image_shape)
    except HoldsMore:
        if image_shape is not None:
            raise
        return replace(
            loaded, unfinished=True
        )  # some layers may be made by the first forward pass, which needs the size of the images
    module = in_python(module)
    module.eval()
    files = describe_files(opened | {made.origin.path} if made.origin else opened, base)
    finished = replace(loaded, module=module, notes=loaded.notes + changes, files=files)
    return with_weights(finished, filled, made.origin)


def with_weights(model: LoadedModel, filled: Filled | None, origin: Origin | None) -> LoadedModel:
    """The model with what is known of its weights: of the spec's file, and of those that a library had."""
    if filled is not None:
        model = replace(
            model,
            weights_sha256=filled.sha256,
            weights_file=filled.file,
            weights_key=filled.key or None,
            weights_not_finite=filled.not_finite,
        )
    if origin is not None:
        model = replace(model, weights_sha256=origin.sha256, weights_file=origin.file, weights_url=origin.url)
    return model


def gets_new_head(spec: ModelSpec) -> bool:
    """Whether the last layer is replaced here, and not by the source that has the weights."""
    return spec.head == "replace" and spec.pretrained is None


def make_order(spec: ModelSpec, name: str, base: Path, classes: int | None, fetching: Fetching) -> Order:
    """What is asked of a source. Raises ModelError, with its place, for weights that it does not have."""
    with about("model.pretrained"):
        pretrained = find_pretrained(spec)
    asked = None if gets_new_head(spec) else classes
    return Order(name, spec.args, asked, base, pretrained, spec.head == "replace", fetching)


def change_as_asked(
    module: torch.nn.Module, spec: ModelSpec, base: Path, classes: int | None, image_shape: tuple[int, int, int] | None
) -> tuple[Filled | None, tuple[Message, ...]]:
    """Lazy layers and types settled, and stem, weights, last layer and frozen parts as the spec has them: the weights'
    file where there is one, and what a reader must know. Raises ModelError."""
    notes: tuple[Message, ...] = ()
    if image_shape is not None:
        if not lazy_layers(module):
            refuse_unawaited(module, image_shape, spec.source)
        notes += materialise(module, image_shape, spec.source)
        notes += settle_types(module, image_shape)
    if spec.stem == "cifar":
        notes += adapt_stem(module)
    head = ""
    if gets_new_head(spec) and classes is not None and image_shape is not None:
        with about("model.head"):
            head = head_by_trace(module, image_shape)
    filled = None if spec.weights is None else fill_from(module, spec.weights, base, spec.weights_key, head)
    notes += filled.notes if filled else ()
    if head and classes is not None:
        notes += replace_head(module, head, classes)
    return filled, notes + freeze(module, spec.freeze or ())


def fill_from(module: torch.nn.Module, path: Path, base: Path, key: str | None, head: str) -> Filled:
    """Copy the weights of a file, relative to `base`, into the module; what raises has its place in the spec."""
    with about("model.weights"):
        weights = resolve_path(path, base)
        check_weights_file(weights)
        return fill_weights(module, weights, key, head)


def choose_source(text: str, sources: Mapping[str, ModelSource], base: Path) -> tuple[ModelSource, str]:
    """The source that `model.source` names, and the name of the model within it; raises ModelError."""
    prefix, colon, name = text.partition(":")
    if colon and prefix in sources:
        return sources[prefix], name
    if ".py" in text or "/" in prefix or (is_code(text) and not is_slip(prefix, base)):
        return sources[FILE], text
    forms = ", ".join(f"{source}:NAME" for source in sources if source != FILE)
    meant = nearest(prefix, sources) if colon else ""
    raise ModelError(
        f"model.source {text!r} is not understood",
        f"Write {forms}, path/to/file.py:factory or package.module:factory. {meant}",
    )


def is_slip(prefix: str, base: Path) -> bool:
    """Whether a name before a colon is rather a misspelt source than a module: it is no module on this machine."""
    return "." not in prefix and find_module(prefix, base) is None


def make(source: ModelSource, order: Order) -> Made:
    """The model that a source makes. Raises EnvironmentTrouble where memory is short, ModelError where it makes none or
    several, and whatever else it raises."""
    with needing_memory(f"making {source.name}:{order.name}", "Use a smaller model."):
        if source.make_as_asked is not None:
            return source.make_as_asked(order)
        made = source.make(order.name, order.args, order.classes, order.base)
        return Made(*take_model(made, f"{source.name}:{order.name}"))


def file_digest(source: ModelSource, name: str, base: Path) -> str | None:
    """sha256 of the model's own file; None for models that come from a library."""
    if source.name != FILE:
        return None
    from reportgen.experiment.models.python_file import source_digest

    return source_digest(name, base)
