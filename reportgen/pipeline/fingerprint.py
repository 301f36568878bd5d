"""What makes two runs the same run: one digest of the spec's computing parts, the files it reads, code and machine.

No torch: versions come from the installed distributions' metadata, the accelerator from what the system shows of it.
Title, sections, theme, outputs and card are not in it: restyling never trains again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from reportgen.errors import about
from reportgen.pipeline.code_digest import DRAWING, MEASURING, code_digest
from reportgen.pipeline.source_files import source_files
from reportgen.plugins import GROUP
from reportgen.record.run import RECORD_FORMAT
from reportgen.spec.paths import resolve_path
from reportgen.spec.types import ModelSpec, ReportSpec
from reportgen.system.digests import DigestMemo
from reportgen.system.machine import machine, versions

COMPUTING_DISTRIBUTIONS = ("torch", "torchvision", "timm", "numpy", "scipy", "scikit-learn", "captum", "umap-learn")
DRAWING_DISTRIBUTIONS = ("matplotlib", "seaborn", "jinja2", "weasyprint", "tensorboard")
MANY_FILES = 1000
"""A data set of more files is known by their names, sizes and times of change: reading each would take minutes."""
COMPUTING_PLUGIN = re.compile(r"^(DATASET|SOURCE)S?\b", re.MULTILINE)


def fingerprint(spec: ReportSpec, base: Path, data_files: Sequence[Path] = ()) -> str:
    """The digest (sha256, hexadecimal) by which an earlier record of the same run is known.

    `base` is the folder of the spec. A file that is not there counts as missing; the run itself reports it.
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
        "plugins": digest_files(computing_plugins(spec.plugins), memo),
        "code": code_digest(*MEASURING),
        "versions": versions(COMPUTING_DISTRIBUTIONS),
        "machine": machine(),
    }
    memo.save()
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def drawing_digest(templates: Path | None = None) -> str:
    """Digest of what makes a report of a record: code, templates, the user's own ones, the libraries that draw."""
    from reportgen.outputs.templating import template_root  # imports jinja2, which an unchanged run need not

    whole = hashlib.sha256(code_digest(*DRAWING).encode())
    whole.update(json.dumps(versions(DRAWING_DISTRIBUTIONS)).encode())
    for root in (template_root(), templates):
        for path in sorted(path for path in root.rglob("*") if path.is_file()) if root else []:
            whole.update(f"{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def digest_model(key: str, model: ModelSpec | None, base: Path, memo: DigestMemo) -> dict[str, object] | None:
    """What the files of a model hold: its weights and its source; `key` is where the spec names it."""
    if model is None:
        return None
    with about(f"{key}.weights"):
        weights = resolve_path(model.weights, base) if model.weights else None
    return {
        "weights": memo.digest(weights) if weights else None,
        "source": digest_files(model_sources(model, base), memo),
    }


def model_sources(model: ModelSpec, base: Path) -> list[Path]:
    """The file of `path/to/file.py:factory` and the modules of its own folder that it imports; else nothing."""
    file, _, _ = model.source.rpartition(":")
    return source_files(resolve_path(Path(file), base)) if file.endswith(".py") else []


def computing_plugins(names: Sequence[str]) -> list[Path]:
    """The files of those plugins that add a data set or a model source; the others only draw."""
    installed = [entry.value for entry in entry_points(group=GROUP)]
    found = []
    for name in sorted({*names, *installed}):
        try:
            module = find_spec(name)
        except (ImportError, ValueError):  # it can't be imported; whoever imports it will say so
            continue
        file = Path(module.origin) if module and module.origin else None
        if (
            file
            and file.suffix == ".py"
            and COMPUTING_PLUGIN.search(file.read_text(encoding="utf-8", errors="replace"))
        ):
            found.append(file)
    return found


def digest_files(files: Sequence[Path], memo: DigestMemo) -> list[list[str | None]]:
    """Name and digest of every file; of very many, name and what the system says of them."""
    if len(files) <= MANY_FILES:
        return [[path.name, memo.digest(path)] for path in sorted(files)]
    whole = hashlib.sha256()
    for path in sorted(files):
        stat = path.stat()
        whole.update(f"{path.parent.name}/{path.name}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return [[f"{len(files)} files", whole.hexdigest()]]
