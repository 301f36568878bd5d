"""Names in CSV files: one line, and nothing that a spreadsheet computes."""

from __future__ import annotations

import pytest

from reportgen.text.spreadsheet import text_cell


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_what_begins_as_a_formula_is_a_text(begin: str) -> None:
    assert text_cell(f"{begin}cmd|' /C calc'!A0") == f"'{begin}cmd|' /C calc'!A0"


@pytest.mark.parametrize("text", ["cat", "", "a=b", "-1", "+1", "-0.5", "layer1.0.conv1", "'quoted", "<=50K", "猫"])
def test_other_texts_stay(text: str) -> None:
    assert text_cell(text) == text


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("a\nb\r\nc", "a b c"),
        ("\n=1+1", "' =1+1"),
        ("\t=1+1", r"\t=1+1"),
        ("a\x1b[31mb", r"a\u{1b}[31mb"),
        ("a\ud800b", r"a\u{d800}b"),
        ("a\x00b", r"a\u{0}b"),
    ],
)
def test_what_no_cell_can_show_is_written_out(text: str, cell: str) -> None:
    assert text_cell(text) == cell
    assert text_cell(text).encode()
