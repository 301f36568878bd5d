"""Compiled templates: kept by jinja2 under what they depend on, and never a reason for a report to fail."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment
from jinja2.bccache import bc_magic

from reportgen.outputs import template_cache, templating
from reportgen.outputs.template_cache import keep_compiled


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def render(text: str, kind: str = "kind") -> str:
    cache = keep_compiled(kind, Path(__file__))
    environment = Environment(loader=DictLoader({"page": text}), bytecode_cache=cache, autoescape=True)
    return environment.get_template("page").render(name="<b>")


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_template_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert render("{{ name }}") == "&lt;b&gt;"
    (kept,) = files(tmp_path)
    before = kept.read_bytes()
    monkeypatch.setattr(Environment, "compile", lambda *_: pytest.fail("compiled again"))
    assert render("{{ name }}") == "&lt;b&gt;"
    assert kept.read_bytes() == before


def test_another_text_kind_or_version_is_compiled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert render("one {{ name }}") == "one &lt;b&gt;"
    assert render("two {{ name }}") == "two &lt;b&gt;"
    assert len(files(tmp_path)) == 1
    assert render("two {{ name }}", "another") == "two &lt;b&gt;"
    assert len(files(tmp_path)) == 2
    monkeypatch.setattr(template_cache, "versions", lambda names: dict.fromkeys(names, "4"))
    assert render("two {{ name }}") == "two &lt;b&gt;"
    assert len(files(tmp_path)) == 3


def test_a_changed_set_up_is_another_folder(tmp_path: Path) -> None:
    module = tmp_path / "templating.py"
    found = []
    for text in ("one", "two", "one"):
        module.write_text(text)
        cache = keep_compiled("html", module)
        assert cache is not None
        found.append(cache.pattern)
    assert found[0] == found[2] != found[1]


def test_no_filter_or_test_of_ours_is_computed_while_compiling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "page.j2").write_text("{{ 'a b' | anchor }}{% if 'a' is skipped %}!{% endif %}")
    assert templating.Job("html", "page.j2", {}, folder=folder).fill_in() == "a_20_b"
    monkeypatch.setattr(templating, "anchor", lambda text: text.upper())
    monkeypatch.setattr(templating, "is_skipped", lambda _thing: True)
    assert templating.Job("html", "page.j2", {}, folder=folder).fill_in() == "A B!"


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"short",
        b"x" * 500,
        bc_magic,
        bc_magic + b"not a pickle",
        bc_magic + pickle.dumps(object, 2) + b"rest",
        bc_magic + b"cnothing\nthere\n.",
    ],
)
def test_a_damaged_file_is_a_miss(damage: bytes, tmp_path: Path) -> None:
    render("{{ name }}")
    (kept,) = files(tmp_path)
    whole = kept.read_bytes()
    kept.write_bytes(damage)
    assert render("{{ name }}") == "&lt;b&gt;"
    assert kept.read_bytes() == whole


def test_a_file_that_ends_early_is_a_miss(tmp_path: Path) -> None:
    render("{{ name }}")
    (kept,) = files(tmp_path)
    whole = kept.read_bytes()
    for length in range(0, len(whole), 7):
        kept.write_bytes(whole[:length])
        assert render("{{ name }}") == "&lt;b&gt;"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_a_pipe_in_the_cache_is_replaced_and_never_waited_for(tmp_path: Path) -> None:
    render("{{ name }}")
    (kept,) = files(tmp_path)
    kept.unlink()
    os.mkfifo(kept)
    assert render("{{ name }}") == "&lt;b&gt;"
    assert files(tmp_path) == [kept]


def test_a_folder_that_can_not_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    assert keep_compiled("kind", Path(__file__)) is None
    assert render("{{ name }}") == "&lt;b&gt;"


@pytest.mark.skipif(os.name != "posix", reason="Windows has other rights")
def test_what_others_can_write_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    render("{{ name }}")
    (kept,) = files(tmp_path)
    home = tmp_path / "cache" / "reportgen"
    assert home.stat().st_mode & 0o777 == 0o700
    assert kept.stat().st_mode & 0o777 == 0o600
    home.chmod(0o777)
    assert keep_compiled("kind", Path(__file__)) is not None
    assert home.stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert keep_compiled("kind", Path(__file__)) is None
    assert render("{{ name }}") == "&lt;b&gt;"


def test_the_oldest_of_too_many_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template_cache, "MOST", 2)
    for kind in ("one", "two", "three"):
        render("{{ name }}", kind)
    assert len(files(tmp_path)) == 2
