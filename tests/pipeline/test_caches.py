"""One line is changed in every kind of thing that a report depends on: just those caches miss that hold it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportgen.experiment.datasets import cifar10, cifar100, data_files, find_datasets
from reportgen.pipeline import fingerprint as fingerprints
from reportgen.pipeline.drawing import inputs_digest
from reportgen.pipeline.figure_cache import inputs_digest as figures_digest
from reportgen.pipeline.fingerprint import fingerprint
from reportgen.pipeline.registry import Registry
from reportgen.plugins import Plugins, load_plugins
from reportgen.record.presentation import Presentation
from reportgen.record.run import RunRecord
from reportgen.record.store import store
from reportgen.spec.types import DataSpec, ReportSpec

KINDS = ("SECTION", "FIGURE", "OUTPUT", "DATASET", "SOURCE")
RECORD, REPORT, BOTH, NOTHING = {"record"}, {"report"}, {"record", "report"}, set[str]()
MISSES = {
    "here/net.py": RECORD,
    "here/beside.py": RECORD,
    "elsewhere/layers/blocks.py": RECORD,
    "here/best.pt": RECORD,
    "here/values.csv": RECORD,
    **{
        f"data/{name}": RECORD
        for name in ("train/cat/1.png", "train/dog/1.png", "test/cat/1.png", "test/dog/1.png", "train/cat/1.heic")
    },
    **{f"cifar-10-batches-py/{name}": RECORD for name in cifar10.PUBLISHED},
    **{f"cifar-100-python/{name}": RECORD for name in cifar100.PUBLISHED},
    "elsewhere/images.npy": RECORD,
    "elsewhere/labels.npy": RECORD,
    **{f"templates/{name}": REPORT for name in ("report.html.j2", "sections/cost.html.j2", "screen.css", "print.css")},
    "mine/report.html.j2": REPORT,
    "mine/sections/own.html.j2": REPORT,
    "mine/screen.css": REPORT,
    "here/own.css": REPORT,
    "here/logo.svg": REPORT,
    **{f"elsewhere/adds_{kind.lower()}.py": REPORT for kind in KINDS[:3]},
    **{f"elsewhere/helps/{kind.lower()}.py": REPORT for kind in KINDS[:3]},
    **{f"elsewhere/adds_{kind.lower()}.py": BOTH for kind in KINDS[3:]},
    **{f"elsewhere/helps/{kind.lower()}.py": BOTH for kind in KINDS[3:]},
    "elsewhere/unrelated.py": NOTHING,
    "here/spec.yaml": NOTHING,
}
"""File -> the caches that hold something it makes. Figures of plug-ins are drawn each time."""


CONTENTS = {
    "here/net.py": "import beside\nfrom layers.blocks import Block\nvalues = 'values.csv'\n",
    "here/logo.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>\n',
    "here/own.css": "p { margin: 0 }\n",
    "elsewhere/adds_dataset.py": """from pathlib import Path
from helps import dataset
from reportgen.plugins import DatasetKind
def find(spec, data_root, base):
    return tuple(Path(__file__).with_name(name) for name in ("images.npy", "labels.npy"))
DATASET = DatasetKind("mine", "one of the user's own", 2, load=None, files=find)
""",
}
"""Of the files that are read, not only known by their bytes."""
MORE = {".svg": "<!-- more -->\n", ".css": "b { margin: 0 }\n"}
"""The line that is added, where it is not of Python."""
DATA = ("image_folder", "cifar10", "cifar100", "mine")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A model, its data, its plug-ins and templates; what they import lies in another folder of Python's path."""
    for name in MISSES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(CONTENTS.get(name, "x = 1\n"), encoding="utf-8")
    for kind in KINDS:
        text = f"from helps import {kind.lower()}\n{kind} = 1\n"
        added = tmp_path / "elsewhere" / f"adds_{kind.lower()}.py"
        if f"elsewhere/{added.name}" not in CONTENTS:
            added.write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    monkeypatch.setattr("reportgen.outputs.template_folder.template_root", lambda: tmp_path / "templates")
    yield tmp_path
    for name in [name for name in sys.modules if name.partition("_")[0] == "adds" or name.partition(".")[0] == "helps"]:
        del sys.modules[name]


def digests(project: Path, record: RunRecord, plugins: Plugins, new_process: bool = False) -> dict[str, str]:
    if new_process:
        fingerprints.PLUGINS_IN_USE.clear()
    spec = ReportSpec.model_validate(
        {
            "model": {"source": "net.py:make", "weights": "best.pt"},
            "report": {
                "templates": str(project / "mine"),
                "css": str(project / "here" / "own.css"),
                "logo": {"file": str(project / "here" / "logo.svg"), "alt": "ours"},
            },
            "plugins": [f"adds_{kind.lower()}" for kind in KINDS],
        }
    )
    drawn, templates = Presentation.of(spec), spec.report.templates
    look = Registry.load(spec, Plugins()).look
    return {
        "record": " ".join(fingerprint_with(data, spec, project, plugins) for data in DATA),
        "figures": figures_digest(store(record)),
        "report": inputs_digest("the record", "", drawn, templates, plugins, look),
    }


def fingerprint_with(data: str, spec: ReportSpec, project: Path, plugins: Plugins) -> str:
    """Of a run with the data set of this name, whose files are found as a build finds them."""
    root = project / "data" if data == "image_folder" else project
    kinds = find_datasets() | plugins.datasets
    files = data_files(DataSpec(name=data, root=root), None, project / "here", kinds)
    assert files
    return fingerprint(spec, project / "here", files, plugins)


@pytest.mark.slow
def test_a_line_more_in_any_file_is_seen_by_the_right_caches(project: Path, record: RunRecord) -> None:
    plugins = load_plugins(tuple(f"adds_{kind.lower()}" for kind in KINDS))
    before = digests(project, record, plugins)
    assert digests(project, record, plugins) == before
    seen = {}
    for name in MISSES:
        path = project / name
        text = path.read_text(encoding="utf-8")
        path.write_text(text + MORE.get(path.suffix, "more = 1\n"), encoding="utf-8")
        after = digests(project, record, plugins)
        if "adds_" in name or "helps" in name:  # this process has imported the plug-ins and goes on with that code
            assert after == before
            after = digests(project, record, plugins, new_process=True)
        seen[name] = {cache for cache in before if after[cache] != before[cache]}
        path.write_text(text, encoding="utf-8")
        assert digests(project, record, plugins, new_process=True) == before
    assert seen == MISSES
    assert digests(project, record, plugins) == before


def test_the_whole_project_can_move(project: Path, record: RunRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    names = tuple(f"adds_{kind.lower()}" for kind in KINDS)
    before = fingerprint_of(project, load_plugins(names))
    moved = project.rename(project.with_name("moved"))
    monkeypatch.syspath_prepend(moved / "elsewhere")
    for name in [name for name in sys.modules if name in names or name.partition(".")[0] == "helps"]:
        del sys.modules[name]
    assert fingerprint_of(moved, load_plugins(names)) == before


def fingerprint_of(project: Path, plugins: Plugins) -> str:
    spec = ReportSpec.model_validate({"model": {"source": "net.py:make", "weights": "best.pt"}})
    files = [path for path in (project / "data").rglob("*") if path.is_file()]
    return fingerprint(spec, project / "here", files, plugins)


@pytest.mark.parametrize("most", [3, 1000])
def test_an_image_of_another_class_and_a_class_of_another_name_are_seen(
    project: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("reportgen.pipeline.fingerprint.MANY_FILES", most)
    for name in ("train/cat/2", "train/dog/1", "test/cat/1", "test/dog/1"):
        path = project / "data" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    seen = [fingerprint_of(project, Plugins())]
    (project / "data" / "train" / "cat" / "2.png").rename(project / "data" / "train" / "dog" / "2.png")
    seen.append(fingerprint_of(project, Plugins()))
    (project / "data" / "train" / "dog").rename(project / "data" / "train" / "wolf")
    seen.append(fingerprint_of(project, Plugins()))
    os.utime(project / "data" / "test" / "dog" / "1.png", (1, 1))
    assert len(set(seen)) == 3
    assert fingerprint_of(project, Plugins()) == seen[-1]  # what was touched alone is what it was
    (project / "data").rename(project / "kept")
    (project / "data").symlink_to(project / "kept", target_is_directory=True)
    assert len(list((project / "data").rglob("*.png"))) == 5
    assert fingerprint_of(project, Plugins()) == seen[-1]  # what was touched alone is what it was
