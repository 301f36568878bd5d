"""Installed fonts with Chinese characters: whether there is one, and which files can be measured and drawn with."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reportgen.errors import EnvironmentTrouble

CHINESE = (
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
)
"""Families without serifs, those of macOS and Windows first; HTML, PDF and drawings ask for them in this order."""
SYMBOLS = "DejaVu Sans"
"""Asked before them for arrows and signs, which are as wide as a character in a font of Chinese."""
FILES = {
    "PingFang": "PingFang SC",
    "Hiragino Sans GB": "Hiragino Sans GB",
    "msyh": "Microsoft YaHei",
    "NotoSansCJK": "Noto Sans CJK SC",
    "NotoSansSC": "Noto Sans SC",
    "SourceHanSans": "Source Han Sans SC",
    "wqy-microhei": "WenQuanYi Micro Hei",
    "wqy-zenhei": "WenQuanYi Zen Hei",
    "DroidSansFallback": "Droid Sans Fallback",
}
"""Beginnings of the names of files and the family in them, where fontconfig's fc-list is not there to ask."""
INSTALL = """\
Install one; the first is the smaller, the others also have bold letters:
  Debian, Ubuntu:  apt-get install fonts-wqy-microhei   or fonts-noto-cjk
  Fedora:          dnf install google-noto-sans-cjk-fonts
  macOS:           brew install --cask font-noto-sans-cjk-sc
Or draw the report in English with --set report.language=en."""


REGULAR = "80"
"""What fontconfig calls the weight of usual text."""


@dataclass(frozen=True, order=True)
class Font:
    """One file of a font family."""

    family: str
    is_other: bool
    """Whether its weight is another than the regular one."""
    path: Path


@cache
def chinese_fonts() -> tuple[Font, ...]:
    """The installed fonts with simplified Chinese characters, the usual families and the regular weight first."""
    asked = list_by_fontconfig()
    found = set(asked if asked is not None else find_files(font_folders()))
    return tuple(sorted(found, key=lambda font: (rank(font.family), font)))


def with_chinese(families: str) -> str:
    """A list of families, as CSS and SVG have it, with those of Chinese before the generic one at its end."""
    before, comma, last = families.rpartition(",")
    return ",".join([before, SYMBOLS, *CHINESE, last.strip()]) if comma else families


def check_chinese() -> None:
    """Raise EnvironmentTrouble where no installed font has Chinese characters."""
    if not chinese_fonts():
        raise EnvironmentTrouble(
            "a report in Chinese needs a font with Chinese characters, and none is installed", INSTALL
        )


def rank(family: str) -> int:
    """The place of a family among the usual ones, or after them."""
    return CHINESE.index(family) if family in CHINESE else len(CHINESE)


def list_by_fontconfig() -> list[Font] | None:
    """What fontconfig has for simplified Chinese; None where it can't be asked."""
    command = ["fc-list", "--format", "%{file}\t%{weight}\t%{family}\n", ":lang=zh-cn"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    rows = [line.split("\t") for line in done.stdout.decode("utf-8", "replace").splitlines() if "\t" in line]
    return [
        Font(family, weight != REGULAR, Path(path))
        for path, weight, names in (row for row in rows if len(row) == 3)
        for family in names.split(",")
    ]


def find_files(folders: Iterable[Path]) -> Iterator[Font]:
    """The files below some folders whose names are those of usual fonts."""
    for folder in folders:
        for path, _unused, names in os.walk(folder):
            for name in names:
                begins = next((begin for begin in FILES if name.startswith(begin) and is_regular_weight(name)), None)
                if begins is not None:
                    yield Font(FILES[begins], False, Path(path, name))


def is_regular_weight(name: str) -> bool:
    """Whether a file's name is that of a font and names no other weight."""
    stem, dot, ending = name.rpartition(".")
    heavy = ("Bold", "Light", "Thin", "Black", "Medium", "bd", "Heavy")
    return bool(dot) and ending.lower() in ("ttf", "ttc", "otf", "otc") and not stem.endswith(heavy)


def font_folders() -> tuple[Path, ...]:
    """Where this system keeps its fonts."""
    home = Path.home()
    if sys.platform == "darwin":
        return Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"
    if sys.platform == "win32":
        return (Path(os.environ.get("WINDIR", r"C:\Windows"), "Fonts"),)
    return Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts", home / ".fonts"
