"""What makes two runs the same run: one digest of the spec's computing parts, the files it reads, code and machine.

No torch: versions come from the installed distributions' metadata, the accelerator from what the system shows of it.
Title, sections, templates, style sheet, outputs and card are not in it: restyling never trains again.
"""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType

from reportgen.errors import ModelError, about
from reportgen.pipeline.code_digest import MEASURING, code_digest
from reportgen.pipeline.source_files import module_files, named_files, source_files
from reportgen.plugins import Plugins
from reportgen.record.meaning import named_numbers
from reportgen.record.run import RECORD_FORMAT
from reportgen.spec.model_code import LIBRARIES, ModelCode, find_code, is_code
from reportgen.spec.paths import resolve_path
from reportgen.spec.probes import PROBE_NAMES
from reportgen.spec.types import ModelSpec, ReportSpec
from reportgen.system.digests import DigestMemo
from reportgen.system.machine import machine, usual_threads, versions
from reportgen.system.shards import files_of_weights

COMPUTING_DISTRIBUTIONS = ("torch", "torchvision", "timm", "numpy", "scipy", "scikit-learn", "captum", "umap-learn")
MANY_FILES = 1000
"""Of a data set of more files the digest of the whole is remembered, not that of each large file."""
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
    if spec.run.threads is None:
        parts["threads"] = usual_threads()
    if (named := named_by_gates(spec)) is not None:
        parts["gates"] = named
    parts["latency"] = (spec.latency_processes, any(rule.metric.startswith("latency_p95") for rule in spec.gates))
    memo.save()
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def named_by_gates(spec: ReportSpec) -> dict[str, list[str]] | None:
    """The numbers of probes that gates name, which are then measured whatever time they take; None without any."""
    found = named_numbers(rule.metric for rule in spec.gates)
    return {section: sorted(names) for section, names in found.items() if section in PROBE_NAMES} or None


def digest_model(key: str, model: ModelSpec | None, base: Path, memo: DigestMemo) -> dict[str, object] | None:
    """What the files of a model hold: its weights and its source; `key` is where the spec names it."""
    if model is None:
        return None
    with about(f"{key}.weights"):
        weights = resolve_path(model.weights, base) if model.weights else None
    sources = model_sources(model, base)
    return {
        "weights": [memo.digest(file) for file in files_of_weights(weights)] if weights else None,
        "source": digest_named(sources, memo),
        "named": digest_named(named_files(sources, model.args, base), memo),
    }


def model_sources(model: ModelSpec, base: Path) -> dict[str, Path]:
    """The file of the model's factory and the local modules that it imports; nothing of a library's model."""
    code = model_code(model, base)
    return {} if code is None else source_files(code)


def model_code(model: ModelSpec, base: Path) -> ModelCode | None:
    """The code that a model's factory stands in; None for a library's model, and for what is not there."""
    prefix, colon, _ = model.source.partition(":")
    if not is_code(model.source) or (colon and prefix in LIBRARIES):
        return None
    with suppress(ModelError):
        return find_code(model.source, base)
    return None


PLUGINS_IN_USE: dict[ModuleType, object] = {}
"""Digests of the plug-ins that this process has imported: it goes on with that code, whatever is edited meanwhile."""


def digest_plugins(modules: Sequence[ModuleType], memo: DigestMemo) -> dict[str, object]:
    """Every file of these plug-ins' code, by the plug-in."""
    for module in modules:
        if module not in PLUGINS_IN_USE:
            PLUGINS_IN_USE[module] = digest_named(module_files(module), memo)
    return {module.__name__: PLUGINS_IN_USE[module] for module in modules}


def digest_files(files: Sequence[Path], memo: DigestMemo) -> list[list[str | None]]:
    """Name (NFC) and digest of every file, named from the folder that holds all of them: so they can lie anywhere."""
    paths = [Path(os.path.abspath(path)) for path in files]  # noqa: PTH100 - links are names that people chose
    try:
        home = os.path.commonpath([path.parent for path in paths]) if paths else ""
    except ValueError:  # on several drives
        return digest_named({str(path): path for path in paths}, memo)
    return digest_named({path.relative_to(home).as_posix(): path for path in paths}, memo)


def composed(name: str) -> str:
    """A name in Unicode's composed form (NFC), which some systems and archives change it from."""
    return unicodedata.normalize("NFC", name)


def digest_named(files: Mapping[str, Path], memo: DigestMemo) -> list[list[str | None]]:
    """Name and digest of every file; of very many, one digest of all names and contents."""
    named = sorted((composed(name), name) for name in files)
    if len(files) <= MANY_FILES:
        return [[shown, memo.digest(files[name])] for shown, name in named]
    return [[f"{len(files)} files", memo.digest_all([(shown, files[name]) for shown, name in named])]]
