"""The cache: bytes come back as they were, or not at all, and nobody else can put theirs there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from reportgen.system import cache
from reportgen.system.cache import Cache, cache_path

KEPT = Cache("things", most=3)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "reportgen"


def names() -> set[str]:
    return {path.name for path in cache_path("things").iterdir()}


def test_bytes_come_back(home: Path) -> None:
    assert KEPT.read("a") is None
    for data in (b"one", b"", bytes(range(256)) * 100):
        KEPT.write("a", data)
        assert KEPT.read("a") == data
    assert names() == {"a"}
    assert Cache("others", most=3).read("a") is None


@pytest.mark.parametrize("place", [0, 31, 32, -1])
def test_a_flipped_bit_is_a_miss(place: int) -> None:
    KEPT.write("a", b"some words")
    path = cache_path("things") / "a"
    whole = bytearray(path.read_bytes())
    whole[place] ^= 1
    path.write_bytes(whole)
    assert KEPT.read("a") is None
    KEPT.write("a", b"other words")
    assert KEPT.read("a") == b"other words"


@pytest.mark.parametrize("most", [0, 5, 32, 33])
def test_a_cut_file_is_a_miss(most: int) -> None:
    KEPT.write("a", b"some words")
    path = cache_path("things") / "a"
    path.write_bytes(path.read_bytes()[:most])
    assert KEPT.read("a") is None


def test_those_unused_for_longest_go() -> None:
    for age, key in ((30, "a"), (20, "b"), (10, "c")):
        KEPT.write(key, key.encode())
        os.utime(cache_path("things") / key, (1_000_000_000 - age,) * 2)
    assert KEPT.read("a") == b"a"
    KEPT.write("d", b"d")
    assert names() == {"a", "c", "d"}


def test_a_write_that_fails_leaves_the_earlier_file_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("the disk is full")

    KEPT.write("a", b"before")
    monkeypatch.setattr(cache, "replace_file", refuse)
    KEPT.write("a", b"after")
    assert KEPT.read("a") == b"before"
    assert names() == {"a"}


@pytest.mark.parametrize("wall", ["", "reportgen", "reportgen/things"])
def test_a_place_that_can_not_be_made_costs_only_time(
    tmp_path: Path, wall: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place = tmp_path / "cache" / wall
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("a file in the way")
    KEPT.write("a", b"one")
    assert KEPT.read("a") is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
@pytest.mark.parametrize("made", [False, True])
def test_the_folder_is_this_users_alone(home: Path, made: bool) -> None:
    if made:
        home.mkdir()
        home.chmod(0o777)
    KEPT.write("a", b"one")
    assert home.stat().st_mode & 0o777 == 0o700
    assert KEPT.read("a") == b"one"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such owners")
def test_the_folder_of_another_user_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    KEPT.write("a", b"one")
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    assert KEPT.read("a") is None
    KEPT.write("b", b"two")
    assert names() == {"a"}


def test_a_pipe_is_no_file_of_a_cache(home: Path) -> None:
    KEPT.write("a", b"one")
    (home / KEPT.name / "b").unlink(missing_ok=True)
    os.mkfifo(home / KEPT.name / "b")
    assert KEPT.read("b") is None


def test_without_a_home_there_is_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_name: str) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("reportgen.system.cache.user_cache_path", nobody)
    KEPT.write("a", b"one")
    assert KEPT.read("a") is None
