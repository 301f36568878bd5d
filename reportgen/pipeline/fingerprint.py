"""What makes two runs the same run: one digest of the spec's computing parts, the files it reads, code and machine.

No torch: versions come from the installed distributions' metadata, the accelerator from what the system shows of it.
Title, sections, templates, style sheet, outputs and card are not in it: restyling never trains again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType

from reportgen.errors import about
from reportgen.pipeline.code_digest import DRAWING, MEASURING, code_digest
from reportgen.pipeline.source_files import module_files, source_files
from reportgen.plugins import Plugins
from reportgen.record.run import RECORD_FORMAT
from reportgen.spec.paths import resolve_path
from reportgen.spec.types import ModelSpec, ReportSpec
from reportgen.system.digests import DigestMemo
from reportgen.system.machine import machine, versions

COMPUTING_DISTRIBUTIONS = ("torch", "torchvision", "timm", "numpy", "scipy", "scikit-learn", "captum", "umap-learn")
DRAWING_DISTRIBUTIONS = ("matplotlib", "seaborn", "jinja2", "weasyprint", "tensorboard")
MANY_FILES = 1000
"""A data set of more files is known by their names, sizes and times of change: reading each would take minutes."""
NO_PLUGINS = Plugins()


def fingerprint(spec: ReportSpec, base: Path, data_files: Sequence[Path] = (), plugins: Plugins = NO_PLUGINS) -> str:
    """The digest (sha256, hexadecimal) by which an earlier record of the same run is known.

    `base` is the folder of the spec. Of the plug-ins those count that add a data set or a model source. A
    file that is not there counts as missing; the run itself reports it.
    """
    memo = DigestMemo.load()
    parts = {
        "format": RECORD_FORMAT,
        "spec": {
            "model": spec.model.model_dump(mode="json", exclude={"weights"}),
            "data": spec.data.model_dump(mode="json", exclude={"root"}),
            "run": spec.run.model_dump(mode="json", exclude={"loss": {"teacher": {"weights"}}}),
        },
        "model": digest_model("model", spec.model, base, memo),
        "teacher": digest_model("run.loss.teacher", spec.run.loss.teacher, base, memo),
        "data": digest_files(data_files, memo),
        "plugins": digest_plugins(plugins.computing, memo),
        "code": code_digest(*MEASURING),
        "versions": versions(COMPUTING_DISTRIBUTIONS),
        "machine": machine(),
    }
    memo.save()
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def drawing_digest(templates: Path | None = None, plugins: Plugins = NO_PLUGINS) -> str:
    """Digest of what makes a report of a record: code, templates, the user's own ones, plug-ins with all that they
    import, the libraries that draw."""
    from reportgen.outputs.templating import template_root  # imports jinja2, which an unchanged run need not

    whole = hashlib.sha256(code_digest(*DRAWING).encode())
    whole.update(json.dumps(versions(DRAWING_DISTRIBUTIONS)).encode())
    if plugins.modules:
        whole.update(json.dumps(digest_plugins(plugins.modules, DigestMemo.load()), sort_keys=True).encode())
    for root in (template_root(), *([templates] if templates else [])):
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            whole.update(f"{path.relative_to(root).as_posix()}\0{digest}\n".encode())
    return whole.hexdigest()


def digest_model(key: str, model: ModelSpec | None, base: Path, memo: DigestMemo) -> dict[str, object] | None:
    """What the files of a model hold: its weights and its source; `key` is where the spec names it."""
    if model is None:
        return None
    with about(f"{key}.weights"):
        weights = resolve_path(model.weights, base) if model.weights else None
    return {
        "weights": memo.digest(weights) if weights else None,
        "source": digest_named(model_sources(model, base), memo),
    }


def model_sources(model: ModelSpec, base: Path) -> dict[str, Path]:
    """The file of `path/to/file.py:factory` and the local modules that it imports; else nothing."""
    file, _, _ = model.source.rpartition(":")
    return source_files(resolve_path(Path(file), base)) if file.endswith(".py") else {}


PLUGINS_IN_USE: dict[ModuleType, object] = {}
"""Digests of the plug-ins that this process has imported: it goes on with that code, whatever is edited meanwhile."""


def digest_plugins(modules: Sequence[ModuleType], memo: DigestMemo) -> dict[str, object]:
    """Every file of these plug-ins' code, by the plug-in."""
    for module in modules:
        if module not in PLUGINS_IN_USE:
            PLUGINS_IN_USE[module] = digest_named(module_files(module), memo)
    return {module.__name__: PLUGINS_IN_USE[module] for module in modules}


def digest_files(files: Sequence[Path], memo: DigestMemo) -> list[list[str | None]]:
    """Name and digest of every file, named from the folder that holds all of them: so that they can lie anywhere."""
    paths = [Path(os.path.abspath(path)) for path in files]  # noqa: PTH100 - links are names that people chose
    try:
        home = os.path.commonpath([path.parent for path in paths]) if paths else ""
    except ValueError:  # on several drives
        return digest_named({str(path): path for path in paths}, memo)
    return digest_named({path.relative_to(home).as_posix(): path for path in paths}, memo)


def digest_named(files: Mapping[str, Path], memo: DigestMemo) -> list[list[str | None]]:
    """Name and digest of every file; of very many, one digest of what the system says of them."""
    if len(files) <= MANY_FILES:
        return [[name, memo.digest(path)] for name, path in sorted(files.items())]
    whole = hashlib.sha256()
    for name, path in sorted(files.items()):
        with suppress(OSError):  # one that is gone counts as missing
            stat = path.stat()
            whole.update(f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return [[f"{len(files)} files", whole.hexdigest()]]
