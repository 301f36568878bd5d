"""Compiled templates: kept by their text, and never a reason for a report to fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from reportgen.outputs import template_cache, templating
from reportgen.outputs.template_cache import CompiledTemplates


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(template_cache, "MEMORY", {})


def render(text: str, kind: bytes = b"kind", fresh: bool = True) -> str:
    if fresh:
        template_cache.MEMORY.clear()
    environment = Environment(
        loader=DictLoader({"page": text}), bytecode_cache=CompiledTemplates(kind), autoescape=True
    )
    return environment.get_template("page").render(name="<b>")


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_template_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert render("{{ name }}") == "&lt;b&gt;"
    (kept,) = files(tmp_path)
    before = kept.read_bytes()
    monkeypatch.setattr(Environment, "compile", lambda *_: pytest.fail("compiled again"))
    assert render("{{ name }}") == "&lt;b&gt;"
    assert render("{{ name }}", fresh=False) == "&lt;b&gt;"
    assert kept.read_bytes() == before


def test_a_changed_template_and_another_kind_are_compiled_anew(tmp_path: Path) -> None:
    assert render("one {{ name }}") == "one &lt;b&gt;"
    assert render("two {{ name }}") == "two &lt;b&gt;"
    assert len(files(tmp_path)) == 1
    assert render("two {{ name }}", b"another") == "two &lt;b&gt;"
    assert len(files(tmp_path)) == 2


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 500])
def test_a_damaged_file_is_a_miss(damage: bytes, tmp_path: Path) -> None:
    render("{{ name }}")
    (kept,) = files(tmp_path)
    kept.write_bytes(damage)
    assert render("{{ name }}") == "&lt;b&gt;"
    assert len(kept.read_bytes()) > len(damage)


def test_a_folder_that_can_not_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "reportgen").write_text("in the way")
    assert render("{{ name }}") == "&lt;b&gt;"


def test_a_changed_style_sheet_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packaged = tmp_path / "packaged"
    packaged.mkdir()
    (packaged / "page.j2").write_text('{{ "page.css" | stylesheet }}')
    monkeypatch.setattr(templating, "template_root", lambda: packaged)
    for rule in ("a { color: red }", "a { color: blue }"):
        (packaged / "page.css").write_text(rule)
        template_cache.MEMORY.clear()
        assert templating.render_template("page.j2", {}) == rule


def test_a_users_templates_are_not_kept(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "page.j2").write_text("{{ medium }}")
    before = files(tmp_path)
    assert templating.render_template("page.j2", {}, folder=folder) == "screen"
    assert files(tmp_path) == before
