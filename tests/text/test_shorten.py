"""Texts cut to the room there is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.text.shorten import columns, one_line, shorten, shorten_family, shorten_middle, shorten_start

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
    assert one_line(" a\n\tb\x00c\u202ed\u061c  ") == "a b c d"


CLASSES = tuple(f"class_with_a_rather_long_name_{number:04d}" for number in range(1000))
LAYERS = tuple(f"encoder.layers.encoder_layer_{number}.self_attention.out_proj" for number in range(12))


@pytest.mark.parametrize(
    ("names", "most", "name", "expected"),
    [
        (CLASSES, 16, CLASSES[7], "class_with_…0007"),
        (CLASSES, 9, CLASSES[421], "clas…0421"),
        (LAYERS, 22, LAYERS[11], "encoder.layers.enc…11…"),  # both ends are shared
        (tuple(f"{colour}_and_the_same_for_all_of_them" for colour in ("red", "green")), 12, None, ""),
        (tuple(f"an_image_of_a_{colour}_and_so_on_for_all" for colour in ("red", "green")), 12, None, ""),
        (("the_same_beginning_and_no_more", "the_same_beginning_and_no_more_but_longer"), 14, None, ""),
        (
            tuple(f"狐狸和别的动物的很长的名字{last}" for last in "一二三"),
            8,
            "狐狸和别的动物的很长的名字二",
            "狐狸和别的动…二",
        ),
        (tuple(f"cafe\u0301_in_a_long_street_e{mark}" for mark in ("\u0300", "\u0301")), 10, None, ""),
        (("short", "shorter"), 16, "short", "short"),
        (tuple(f"{place} layer{place}.0.conv1" for place in range(10, 21)), 9, "12 layer12.0.conv1", "12 layer…"),
        (tuple(f"a_group_{a}_of_many_things_{b}" for a in "pqr" for b in range(40)), 14, None, ""),
    ],
)
def test_names_are_cut_where_they_do_not_differ(
    names: tuple[str, ...], most: int, name: str | None, expected: str
) -> None:
    found = shorten_family(names, most)
    assert set(found) == set(names)
    assert len(set(found.values())) == len(names)
    assert max(map(len, found.values())) <= most
    assert not any("……" in text for text in found.values())
    assert found == shorten_family(tuple(reversed(names)), most)
    if name is not None:
        assert found[name] == expected


def test_identical_names_are_one_and_a_mark_stays_on_its_letter() -> None:
    assert dict(shorten_family(("a_long_name_of_one", "a_long_name_of_one"), 8)) == {"a_long_name_of_one": "a_long_…"}
    marked = shorten_family(tuple(f"in_a_long_street_e{mark}" for mark in ("\u0300", "\u0301")), 10)
    assert [text[-2:] for text in marked.values()] == ["e\u0300", "e\u0301"]


def test_a_name_that_differs_nowhere_within_the_room_is_numbered() -> None:
    names = tuple(f"{one}{'x' * 30}{other}{'x' * 30}{one}" for one in "abcdefgh" for other in "pq")
    found = shorten_family(names, 5)
    assert len(set(found.values())) == len(names)
    assert max(map(len, found.values())) <= 5


@settings(max_examples=50)
@given(
    st.lists(st.text("ab01_狐é", max_size=12), max_size=12),
    st.text("ab_", max_size=20),
    st.text("1_", max_size=9),
    st.integers(8, 24),
    st.sampled_from((len, columns)),
)
def test_any_family_stays_apart_within_its_width(
    middles: list[str], start: str, end: str, most: int, width: Callable[[str], int]
) -> None:
    names = tuple(f"{start}{middle}{end}" for middle in middles)
    found = shorten_family(names, most, None, width)
    assert len(set(found.values())) == len(set(names))
    assert all(width(short) <= most for short in found.values())
