"""Fonts with Chinese characters are found by fontconfig, or by the names of their files."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportgen.errors import EnvironmentTrouble
from reportgen.system import fonts
from reportgen.system.fonts import Font, check_chinese, chinese_fonts, with_chinese

LISTED = (
    "/f/Serif.ttc\t80\tNoto Serif CJK SC\n/f/Bold.ttc\t200\tNoto Sans CJK SC\n"
    "/f/Regular.ttc\t80\tNoto Sans CJK SC,思源黑体\nno font\n"
)


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What is installed is asked again before and after each test."""
    chinese_fonts.cache_clear()
    yield
    chinese_fonts.cache_clear()


def answer(monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    def run(command: list[str], **_named: object) -> subprocess.CompletedProcess[bytes]:
        if text is None:
            raise FileNotFoundError(command[0])
        return subprocess.CompletedProcess(command, 0, text.encode(), b"")

    monkeypatch.setattr(subprocess, "run", run)


def test_the_usual_family_and_the_regular_weight_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, LISTED)
    found = chinese_fonts()
    assert found[0] == Font("Noto Sans CJK SC", False, Path("/f/Regular.ttc"))
    assert [font.path.name for font in found] == ["Regular.ttc", "Bold.ttc", "Serif.ttc", "Regular.ttc"]


def test_without_fontconfig_files_are_known_by_their_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answer(monkeypatch, None)
    for name in ("deep/wqy-microhei.ttc", "NotoSansCJK-Bold.ttc", "NotoSansCJK-Regular.ttc", "Arial.ttf", "msyh.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(fonts, "font_folders", lambda: (tmp_path, tmp_path / "missing"))
    assert [font.family for font in chinese_fonts()] == ["Noto Sans CJK SC", "WenQuanYi Micro Hei"]


def test_what_to_install_is_said_for_each_system(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "")
    with pytest.raises(EnvironmentTrouble, match="a font with Chinese characters, and none is installed") as caught:
        check_chinese()
    for command in ("apt-get install fonts-", "dnf install google-noto", "brew install --cask", "report.language=en"):
        assert command in caught.value.hint


def test_chinese_families_stand_before_the_generic_one() -> None:
    named = with_chinese("Arial, sans-serif").split(",")
    assert (named[0], named[-1]) == ("Arial", "sans-serif")
    assert {"PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC"} < set(named)
