"""Texts cut to the room there is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.text.shorten import columns, one_line, shorten, shorten_middle, shorten_start

CUTS = (shorten, shorten_middle, shorten_start)


@given(st.text(max_size=60), st.integers(1, 70), st.sampled_from(CUTS), st.sampled_from((len, columns)))
def test_what_is_cut_fits_and_what_fits_is_not_cut(
    text: str, most: int, cut: Callable[..., str], width: Callable[[str], int]
) -> None:
    found = cut(text, most, width=width)
    assert width(found) <= most
    assert (found == text) == (width(text) <= most) or found == "…"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (shorten("layer1.0.conv1", 8), "layer1.…"),
        (shorten("a name of many", 8), "a name…"),
        (shorten_start("layer1.0.conv1", 8), "…0.conv1"),
        (shorten_middle("layer1.0.conv1", 9), "laye…onv1"),
        (shorten_middle("layer1.0.conv1", 9, tail=2), "layer1…v1"),
        (shorten_middle("layer1.0.conv1", 9, tail=8), "….0.conv1"),
        (shorten("狐狸狐狸", 5, columns), "狐狸…"),
        (shorten("e\u0301" * 4, 4, columns), "e\u0301" * 4),
        (shorten("abc", 0), "…"),
        (shorten("", 3), ""),
    ],
)
def test_what_is_left_out(found: str, expected: str) -> None:
    assert found == expected


def test_one_line_holds_what_can_be_printed() -> None:
    assert one_line(" a\n\tb\x00c\u202ed  ") == "a b c d"
