"""Lines of plain text in columns."""

from __future__ import annotations

import pytest

from reportgen.text.shorten import columns
from reportgen.text.wrapping import CLOSING, OPENING, split_note, wrap_columns

CHINESE = (
    "  ! 训练使部分通道失活：96 个通道中有 19 个（19.8%）输出相同，训练前为 0 个；以“relu”为最多（n = 359 张图像）。"
)


@pytest.mark.parametrize("width", [16, 20, 31, 40, 76])
def test_chinese_breaks_between_characters_and_not_before_a_full_stop(width: int) -> None:
    lines = wrap_columns(CHINESE, width)
    assert all(columns(line) <= width for line in lines)
    assert all(line.startswith("  ") and not line.endswith(" ") for line in lines)
    assert not any(line.strip()[0] in CLOSING or line[-1] in OPENING for line in lines)
    assert "".join(lines).replace(" ", "") == CHINESE.replace(" ", "")
    assert all(columns(line) > width - 14 for line in lines[:-1])


def test_words_break_at_spaces_and_one_that_is_too_long_stays() -> None:
    assert wrap_columns("  one two three", 10) == ["  one two", "  three"]
    assert wrap_columns("a" * 12 + " b", 5) == ["a" * 12, "b"]
    assert wrap_columns("https://example.org/longer/than/that 中文", 10) == [
        "https://example.org/longer/than/that",
        "中文",
    ]
    assert wrap_columns("short", 10) == ["short"]


def test_the_brackets_behind_a_value_are_split_off() -> None:
    assert split_note("0.737 (0.728–0.745)") == ("0.737", " ", "(0.728–0.745)")
    assert split_note("0.737（0.728–0.745）") == ("0.737", "", "（0.728–0.745）")
    assert split_note("5.64 M") == ("5.64 M", "", "")
    assert split_note("1 (of which a phone can hold no line)") == ("1 (of which a phone can hold no line)", "", "")
