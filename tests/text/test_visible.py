"""Names as one line that any terminal, page and log can show."""

from __future__ import annotations

import os
import unicodedata

import pytest

from reportgen.text.visible import visible


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain name.png", "plain name.png"),
        ("猫 🐈 <b>&", "猫 🐈 <b>&"),
        (os.fsdecode(b"caf\xe9"), r"caf\xe9"),
        ("a\nb\r\tc", r"a\nb\r\tc"),
        ("bell\x07\x1b[31m\x7f\x9b", r"bell\u{7}\u{1b}[31m\u{7f}\u{9b}"),
        ("\u202egnp.exe\u2066\u2028", r"\u{202e}gnp.exe\u{2066}\u{2028}"),
        ("gnp\u061c.exe", r"gnp\u{61c}.exe"),
        ("half \ud83d", r"half \u{d83d}"),
        ("\ufeff\uffff", r"\u{feff}\u{ffff}"),
        ("::error::no", r"\u{3a}:error::no"),
        ("std::vector", "std::vector"),
        ("x ##[error]no", r"x #\u{23}[error]no"),
        ("###[x", r"##\u{23}[x"),
    ],
)
def test_whatever_could_command_is_escaped(name: str, shown: str) -> None:
    assert visible(name) == shown
    assert visible(shown) == shown
    assert shown.encode()


def test_both_forms_of_unicode_are_shown_alike() -> None:
    assert visible(unicodedata.normalize("NFD", "Žluťoučký")) == "Žluťoučký"
