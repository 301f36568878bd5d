"""One line is changed in every kind of thing that a report depends on: just those caches miss that hold it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportgen.pipeline import fingerprint as fingerprints
from reportgen.pipeline.drawing import inputs_digest
from reportgen.pipeline.figure_cache import inputs_digest as figures_digest
from reportgen.pipeline.fingerprint import fingerprint
from reportgen.plugins import Plugins, load_plugins
from reportgen.record.presentation import Presentation
from reportgen.record.run import RunRecord
from reportgen.record.store import store
from reportgen.spec.types import ReportSpec

KINDS = ("SECTION", "FIGURE", "OUTPUT", "DATASET", "SOURCE")
RECORD, REPORT, BOTH, NOTHING = {"record"}, {"report"}, {"record", "report"}, set[str]()
MISSES = {
    "here/net.py": RECORD,
    "here/beside.py": RECORD,
    "elsewhere/layers/blocks.py": RECORD,
    "here/best.pt": RECORD,
    "data/train/cat/1.png": RECORD,
    "templates/report.html.j2": REPORT,
    "mine/sections/own.html.j2": REPORT,
    **{f"elsewhere/adds_{kind.lower()}.py": REPORT for kind in KINDS[:3]},
    **{f"elsewhere/helps/{kind.lower()}.py": REPORT for kind in KINDS[:3]},
    **{f"elsewhere/adds_{kind.lower()}.py": BOTH for kind in KINDS[3:]},
    **{f"elsewhere/helps/{kind.lower()}.py": BOTH for kind in KINDS[3:]},
    "elsewhere/unrelated.py": NOTHING,
    "here/spec.yaml": NOTHING,
}
"""File -> the caches that hold something it makes. Figures of plug-ins are drawn each time."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A model, its data, its plug-ins and templates; what they import lies in another folder of Python's path."""
    for name in MISSES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "here" / "net.py").write_text("import beside\nfrom layers.blocks import Block\n", encoding="utf-8")
    for kind in KINDS:
        text = f"from helps import {kind.lower()}\n{kind} = 1\n"
        (tmp_path / "elsewhere" / f"adds_{kind.lower()}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    monkeypatch.setattr("reportgen.outputs.templating.template_root", lambda: tmp_path / "templates")
    yield tmp_path
    for name in [name for name in sys.modules if name.partition("_")[0] == "adds" or name.partition(".")[0] == "helps"]:
        del sys.modules[name]


def digests(project: Path, record: RunRecord, plugins: Plugins, new_process: bool = False) -> dict[str, str]:
    if new_process:
        fingerprints.PLUGINS_IN_USE.clear()
    spec = ReportSpec.model_validate(
        {
            "model": {"source": "net.py:make", "weights": "best.pt"},
            "report": {"templates": str(project / "mine")},
            "plugins": [f"adds_{kind.lower()}" for kind in KINDS],
        }
    )
    files = [path for path in (project / "data").rglob("*") if path.is_file()]
    drawn, templates = Presentation.of(spec), spec.report.templates
    return {
        "record": fingerprint(spec, project / "here", files, plugins),
        "figures": figures_digest(store(record)),
        "report": inputs_digest("the record", "", drawn, templates, plugins),
    }


@pytest.mark.slow
def test_a_line_more_in_any_file_is_seen_by_the_right_caches(project: Path, record: RunRecord) -> None:
    plugins = load_plugins(tuple(f"adds_{kind.lower()}" for kind in KINDS))
    before = digests(project, record, plugins)
    assert digests(project, record, plugins) == before
    seen = {}
    for name in MISSES:
        path = project / name
        text = path.read_text(encoding="utf-8")
        path.write_text(f"{text}more = 1\n", encoding="utf-8")
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
