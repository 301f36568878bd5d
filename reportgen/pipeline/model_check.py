"""What can be known of a spec's models without running any code of theirs: that what they name is there. No torch,
but for the list of a library's models where a name is not found in its text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from reportgen.errors import ModelError, SpecError, about
from reportgen.experiment.datasets import find_datasets
from reportgen.pipeline.source_files import source_files
from reportgen.plugins import Plugins
from reportgen.spec.factory_signature import check_text
from reportgen.spec.model_code import LIBRARIES, check_factory, check_syntax, find_code, find_module, is_code, parse
from reportgen.spec.paths import resolve_path
from reportgen.spec.types import ModelSpec, ReportSpec
from reportgen.spec.weights_contents import check_weights_contents
from reportgen.system.machine import accelerator, lacks_device
from reportgen.text.suggest import nearest

REGISTERED = re.compile(r"^@register_model\b.*\n(?:(?!def ).*\n)*?def (\w+)\(", re.MULTILINE)
"""A model's function in the files of torchvision and of timm."""
MAKES_NAMES = ("import_module", "__import__", "spec_from_file_location", "run_path", "exec", "eval")
"""Calls that run code which no import statement names."""


def check_models(spec: ReportSpec, base: Path, plugins: Plugins, offline: bool = False) -> tuple[str, ...]:
    """Raise ModelError for what can't be made, SpecError for a device that is not here.

    Returns sentences about code whose changes a later build would not notice before it runs.
    """
    notes = check_model("model", spec.model, base, plugins)
    classes = None if spec.model.head == "replace" else count_classes(spec, plugins)
    with about("model.source"):
        check_arguments(spec.model, base, plugins, classes)
        check_own_arguments(spec.model, base, plugins)
    with about("model.pretrained"):
        notes += check_pretrained(spec.model, offline)
    teacher = spec.run.loss.teacher
    if teacher is not None:
        notes += check_model("run.loss.teacher", teacher, base, plugins)
        check_teacher(teacher, base, plugins, count_classes(spec, plugins))
    with about("run.device"):
        if lacks_device(spec.run.device):
            raise SpecError(
                f"run.device: {spec.run.device} is not on this machine, which has {accelerator()}",
                "Use run.device: auto, or --device cpu.",
            )
    return notes


def check_model(key: str, model: ModelSpec, base: Path, plugins: Plugins) -> tuple[str, ...]:
    """The same of one model; `key` is where the spec names it."""
    with about(f"{key}.source"):
        notes = check_source(model.source, base, plugins)
    if model.weights is not None:
        with about(f"{key}.weights"):
            check_weights_contents(resolve_path(model.weights, base))
    return notes


def count_classes(spec: ReportSpec, plugins: Plugins) -> int | None:
    """Classes of the data set, where they are known without reading it."""
    kind = (find_datasets() | plugins.datasets).get(spec.data.name)
    return None if kind is None else kind.classes


def check_arguments(model: ModelSpec, base: Path, plugins: Plugins, classes: int | None) -> None:
    """Raise ModelError where a library's model does not take `model.args`, as a build does."""
    library, _, name = model.source.partition(":")
    if not model.args or library not in LIBRARIES or library in plugins.sources:
        return
    from reportgen.experiment.models.arguments import try_arguments  # with torch

    try_arguments(library, name, model.args, classes, base)


def check_teacher(teacher: ModelSpec, base: Path, plugins: Plugins, classes: int | None) -> None:
    """The same of a teacher, in words of its own."""
    try:
        check_arguments(teacher, base, plugins, classes)
        check_own_arguments(teacher, base, plugins)
    except ModelError as error:
        from reportgen.experiment.teacher import as_teacher  # with torch

        with as_teacher(), about("model.source"):
            raise error


def check_own_arguments(model: ModelSpec, base: Path, plugins: Plugins) -> None:
    """Raise ModelError where the text of the user's own factory, or of an installed module's, does not take
    `model.args`, in the words of a build."""
    library, colon, _ = model.source.partition(":")
    if colon and (library in LIBRARIES or library in plugins.sources):
        return
    check_text(find_code(model.source, base), model.args, fills_classes=model.head != "replace")


def check_pretrained(model: ModelSpec, offline: bool) -> tuple[str, ...]:
    """Raise ModelError for weights that the library does not know, DataError for those that may not be fetched."""
    if model.pretrained is None:
        return ()
    from reportgen.experiment.models.pretrained import Fetching, fetched  # with torch
    from reportgen.experiment.models.pretrained_choice import find_pretrained

    found = find_pretrained(model)
    if found is None or found.path is not None:
        return ()
    if offline:
        fetched(found, Fetching(offline=True))
    return (f"the weights {found.name} ({found.file}) are not in {found.folder} yet and will be fetched",)


def check_source(source: str, base: Path, plugins: Plugins) -> tuple[str, ...]:
    """Raise ModelError when there is no such model, file, module or factory."""
    prefix, colon, name = source.partition(":")
    if colon and prefix in plugins.sources:
        known = plugins.sources[prefix].names()
        if known and name not in known:
            raise ModelError(f"{prefix} has no model {name!r}", nearest(name, known))
        return ()
    if colon and prefix in LIBRARIES:
        check_library(prefix, name)
        return ()
    single = colon and "." not in prefix and "/" not in prefix
    if not is_code(source) or (single and find_module(prefix, base) is None):
        forms = ", ".join(f"{library}:NAME" for library in LIBRARIES)
        meant = nearest(prefix, [*LIBRARIES, *plugins.sources]) if colon else ""
        raise ModelError(
            f"model.source {source!r} is not understood",
            f"Write {forms}, path/to/file.py:factory or package.module:factory. {meant}",
        )
    code = find_code(source, base)
    if not code.is_installed:
        check_syntax(code)
    check_factory(code)
    return tuple(find_unfollowed(source_files(code)))


def check_library(library: str, name: str) -> None:
    """Raise ModelError when a library is not installed or has no such model."""
    if library != "builtin" and find_spec(library) is None:
        extra = "'reportgen-torch[timm]'" if library == "timm" else library
        raise ModelError(f"{library} is not installed", f"Install it: pip install {extra}")
    if name.partition(".")[0] in registered(library):
        return
    from reportgen.experiment.models import find_sources  # with torch: only it knows aliases and all names

    known = find_sources()[library].names()
    if name not in known:
        kind = {"builtin": "builtin", "torchvision": "torchvision classification", "timm": "timm"}[library]
        raise ModelError(f"there is no {kind} model {name!r}", nearest(name, known))


def registered(library: str) -> frozenset[str]:
    """The models that the text of a library's files shows."""
    if library == "builtin":
        tree = parse(Path(__file__).parents[1] / "experiment" / "models" / "builtin.py")
        keys = [key for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys]
        return frozenset(key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str))
    spec = find_spec(library)
    folders = [Path(place) / "models" for place in (spec.submodule_search_locations or ())] if spec else []
    files = [file for folder in folders for file in folder.glob("*.py")]
    return frozenset(name for file in files for name in REGISTERED.findall(file.read_text("utf-8", "replace")))


def find_unfollowed(files: dict[str, Path]) -> Iterator[str]:
    """Where code imports or runs what its text does not name."""
    for name, path in files.items():
        for node in ast.walk(parse(path)):
            if not isinstance(node, ast.Call) or all(isinstance(part, ast.Constant) for part in node.args):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in MAKES_NAMES and not (called == "eval" and isinstance(node.func, ast.Attribute)):
                yield (
                    f"{name}:{node.lineno} runs code that its text does not name ({called}); it is known only after "
                    "a build has run it"
                )
