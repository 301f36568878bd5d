"""What makes two runs the same run: one digest of the spec's computing parts, the files it reads, code and machine.

No torch: versions come from the installed distributions' metadata, the accelerator from what the system shows of it.
Title, sections, theme, outputs and card are not in it: restyling never trains again.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, entry_points, version
from importlib.util import find_spec
from pathlib import Path

from reportgen.digests import DigestMemo
from reportgen.errors import about
from reportgen.plugins import GROUP
from reportgen.record import RECORD_FORMAT
from reportgen.siblings import source_files
from reportgen.spec.paths import resolve_path
from reportgen.spec.types import ModelSpec, ReportSpec

COMPUTING_ROOMS = ("experiment", "metrics", "probes")
COMPUTING_DISTRIBUTIONS = ("torch", "torchvision", "timm", "numpy", "scipy", "scikit-learn", "captum", "umap-learn")
DRAWING_DISTRIBUTIONS = ("matplotlib", "seaborn", "jinja2", "weasyprint", "tensorboard")
MANY_FILES = 1000
"""A data set of more files is known by their names, sizes and times of change: reading each would take minutes."""
COMPUTING_PLUGIN = re.compile(r"^(DATASET|SOURCE)S?\b", re.MULTILINE)
PACKAGE = Path(__file__).parent


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
        "code": source_digest(COMPUTING_ROOMS),
        "versions": versions(COMPUTING_DISTRIBUTIONS),
        "machine": machine(),
    }
    memo.save()
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()


def source_digest(rooms: Iterable[str], templates: Path | None = None) -> str:
    """Digest of the code of some rooms of this package.

    With rooms right of the wall it also covers what they share: the package's own modules, its templates, the user's
    `templates` folder, and the versions of the libraries that draw.
    """
    whole = hashlib.sha256()
    rooms = tuple(rooms)
    folders = [PACKAGE / room for room in rooms]
    files = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    if not set(rooms) <= set(COMPUTING_ROOMS):
        files += sorted(PACKAGE.glob("*.py"))
        from reportgen.templating import template_root  # imports jinja2, which an unchanged run need not

        for root in (template_root(), templates):
            files += sorted(path for path in root.rglob("*") if path.is_file()) if root else []
        whole.update(json.dumps(versions(DRAWING_DISTRIBUTIONS)).encode())
    for path in files:
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


def versions(distributions: Iterable[str]) -> dict[str, str | None]:
    """Installed versions; None where a distribution is not installed."""
    found: dict[str, str | None] = {}
    for name in distributions:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def machine() -> dict[str, object]:
    """What the run would be computed on, as far as it shows without torch."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor_name(),
        "accelerator": accelerator(),
        "visible": os.environ.get("CUDA_VISIBLE_DEVICES"),
    }


def accelerator(devices: Path = Path("/dev")) -> str:
    """A hint at what `device: auto` will find: cuda, rocm, mps or cpu."""
    if any(devices.glob("nvidia[0-9]*")) or (devices / "dxg").exists():  # dxg: NVIDIA under WSL
        return "cuda"
    if (devices / "kfd").exists():
        return "rocm"
    return "mps" if sys.platform == "darwin" and platform.machine() == "arm64" else "cpu"


def processor_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The maker's name of the processor."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
