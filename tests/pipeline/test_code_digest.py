"""A change in any module is seen by just those caches that hold something it makes. The reference is grimp's graph."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

import grimp
import pytest

from reportgen.pipeline import code_digest as module
from reportgen.pipeline import drawing_digest as drawings
from reportgen.pipeline.code_digest import (
    DRAWING,
    FIGURES,
    MEASURING,
    PACKAGE,
    catalogue_digest,
    code_digest,
    look_over,
    read_digest,
    read_package,
)
from reportgen.pipeline.drawing_digest import drawing_digest

DISCOVERED = {
    "reportgen.metrics.computing": "reportgen.metrics",
    "reportgen.report.sections": "reportgen.report.sections",  # around the claims that captions of figures say
}
"""Modules that import every member of a package which is not among the roots."""
CACHES = {"record": MEASURING, "figures": FIGURES, "report": DRAWING}


def reference(graph: grimp.ImportGraph, *roots: str) -> set[str]:
    """What some packages import, themselves and with the packages around each."""
    found: set[str] = set()
    waiting = set(roots).union(*(graph.find_descendants(root) for root in roots))
    while waiting:
        found |= waiting
        further = {other for name in waiting for other in graph.find_modules_directly_imported_by(name)}
        for package in (DISCOVERED[name] for name in waiting if name in DISCOVERED):
            further |= {package, *graph.find_descendants(package)}
        around = {name.rpartition(".")[0] for name in waiting if "." in name}
        waiting = (further | around) - found
    return found


@pytest.fixture(scope="module")
def expected() -> dict[str, set[str]]:
    graph = grimp.build_graph("reportgen", exclude_type_checking_imports=True, cache_dir=None)
    return {cache: reference(graph, *roots) for cache, roots in CACHES.items()}


@pytest.mark.slow
def test_a_line_more_in_any_module_is_seen_by_the_right_caches(
    expected: dict[str, set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = {  # with a few bytes of each, so that 3 digests of 560 versions of the package take seconds
        name: dataclasses.replace(one, content=one.content[:16]) for name, one in read_package(PACKAGE).items()
    }
    monkeypatch.setattr(module, "read_package", lambda _package: modules)
    names = {roots: tuple(module.needed(*roots)) for roots in CACHES.values()}  # as before: the line imports nothing

    def needed(*roots: str) -> dict[str, module.Module]:
        now = module.read_package(PACKAGE)
        return {name: now[name] for name in names[roots]}

    monkeypatch.setattr(module, "needed", needed)
    before = {cache: read_digest(*roots) for cache, roots in CACHES.items()}
    wrong = []
    for name, changed in modules.items():
        edited = dataclasses.replace(changed, content=changed.content + b"\nMORE = 1\n")
        with monkeypatch.context() as patch:
            patch.setattr(module, "read_package", lambda _package, e=edited, n=name: modules | {n: e})
            missed = {cache for cache, roots in CACHES.items() if read_digest(*roots) != before[cache]}
        if missed != {cache for cache, needed in expected.items() if name in needed}:
            wrong.append((name, missed))
    assert wrong == []


def test_the_modules_that_were_once_forgotten(expected: dict[str, set[str]]) -> None:
    assert "reportgen.record.latency" in expected["record"]  # takes the medians of latencies
    assert "reportgen.report.assemble" in expected["report"] - expected["record"]
    assert "reportgen.pipeline.drawing" in expected["report"] - expected["record"]  # writes what is written
    for choice in ("measuring", "baseline_timing", "kept"):  # what is measured, gone on with, timed again
        assert f"reportgen.pipeline.{choice}" in expected["record"]
    for choice in ("platform", "received", "registry", "history", "baseline"):  # what is drawn, and how
        assert f"reportgen.pipeline.{choice}" in expected["report"]
    assert "reportgen.outputs.html" in expected["report"] - expected["record"]
    assert "reportgen.experiment.train" in expected["record"] - expected["figures"] - expected["report"]


def test_files_are_what_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "reportgen"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(module, "PACKAGE", copy)
    monkeypatch.setattr(module, "is_settled", lambda _latest: True)  # so that the digest is kept for another run
    before = code_digest(*MEASURING), code_digest(*FIGURES)
    edited = copy / "experiment" / "train.py"
    text, stat = edited.read_bytes(), edited.stat()
    edited.write_bytes(text.replace(b"import", b"IMPORT", 1))
    os.utime(edited, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # as large and as old as before
    for known in (look_over, read_package):
        known.cache_clear()  # another run
    after = code_digest(*MEASURING), code_digest(*FIGURES)
    assert (after[0] != before[0], after[1] == before[1]) == (True, True)


def test_modules_that_did_not_change_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "is_settled", lambda _latest: True)
    known = code_digest(*FIGURES)
    monkeypatch.setattr(module, "read_package", lambda _package: pytest.fail("read again"))
    assert code_digest(*FIGURES) == known


def test_a_module_that_was_just_written_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "figures.py").write_text("A = 1\n")
    monkeypatch.setattr(module, "PACKAGE", tmp_path)
    before = code_digest(*FIGURES)
    monkeypatch.setattr(module, "read_digest", lambda *_roots: "another")
    assert before != code_digest(*FIGURES) == "another"


def test_a_translation_is_seen_by_what_is_drawn_and_not_by_what_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "locale" / "zh" / "LC_MESSAGES" / "reportgen.po"
    source.parent.mkdir(parents=True)
    shutil.copy(PACKAGE / source.relative_to(tmp_path), source)
    measured, before = code_digest(*MEASURING), drawing_digest()
    monkeypatch.setattr(module, "PACKAGE", tmp_path)
    whole, chinese, english = catalogue_digest(), catalogue_digest("zh"), catalogue_digest("en")
    assert len({whole, chinese, english}) == 2
    source.write_text(source.read_text(encoding="utf-8").replace("准确率", "正确率"), encoding="utf-8")
    assert catalogue_digest("zh") != chinese
    assert catalogue_digest("en") == english
    source.with_suffix(".mo").write_bytes(b"compiled")
    assert catalogue_digest("zh") == catalogue_digest()  # the compiled one says nothing more
    monkeypatch.undo()
    assert code_digest(*MEASURING) == measured
    monkeypatch.setattr(drawings, "catalogue_digest", lambda: "another")
    assert drawing_digest() != before


def test_a_new_module_counts_once_it_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {
        "__init__.py": "",
        "a/__init__.py": "FOUND = discover(__name__, 'SECTION', Section)\n",
        "a/one.py": "def late():\n    from reportgen.b import (\n        two,\n    )\n",
        "b/__init__.py": "if TYPE_CHECKING:\n    from reportgen.c import three\n",
        "b/two.py": "start('reportgen.d')\n",
        "c.py": "",
        "d.py": "import reportgen.e.five\n",
        "e/__init__.py": "",
        "e/five.py": "from reportgen.e import six as other\n",
        "e/six.py": "",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(module, "PACKAGE", tmp_path)
    names = {name.removeprefix("reportgen").lstrip(".") for name in module.needed("reportgen.a")}
    assert names == {"", "a", "a.one", "b", "b.two", "d", "e", "e.five", "e.six"}
