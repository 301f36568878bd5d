"""How a record names files that code read, and how a build finds them again."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.system.read_files import describe_files, find_changed, name_of


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_names_tell_nothing_of_the_machine(tmp_path: Path) -> None:
    base = tmp_path / "me" / "work" / "project"
    assert name_of(base / "a" / "b.json", base) == "a/b.json"
    assert name_of(tmp_path / "me" / "work" / "shared.json", base) == "../shared.json"
    assert name_of(tmp_path / "me" / "other" / "x.json", base) == "../../other/x.json"
    assert name_of(tmp_path / "you" / "x.json", base) == "…/x.json"
    root = Path(tmp_path.anchor)
    assert name_of(root / "data" / "x.json", base) == "…/x.json"
    assert name_of(root / "data" / "x.json", root / "data" / "project") == "…/x.json"


def test_a_change_is_seen_near_and_far(tmp_path: Path) -> None:
    base, far = tmp_path / "a" / "b" / "c" / "project", tmp_path / "far"
    for folder in (base, far):
        folder.mkdir(parents=True)
        (folder / "x.json").write_text(str(folder))
    files = describe_files([base / "x.json", far / "x.json", far / "gone.json"], base)
    assert [name for name, _ in files] == ["x.json", "…/x.json"]
    assert find_changed(files, base) is None
    (far / "x.json").write_text("changed")
    assert find_changed(files, base) == "…/x.json"
    (far / "x.json").write_text(str(far))
    assert find_changed(files, base) is None
    (base / "x.json").unlink()
    assert find_changed(files, base) == "x.json"


def test_what_nobody_remembers_counts_as_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = tmp_path / "a" / "b" / "c" / "project"
    base.mkdir(parents=True)
    (tmp_path / "x.json").write_text("x")
    files = describe_files([tmp_path / "x.json"], base)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another"))
    assert find_changed(files, base) == "…/x.json"
