"""Cards on paper: laid out in Python, so that templates print values alone."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.record.images import encode_png
from reportgen.report.cards import CardSet, Guess, ImageCard, fit, make_card_set


def card(index: int, right: bool = False, shows_label: bool = True, guesses: int = 3) -> ImageCard:
    names = ("horse", "dog", "a name that is much too long for a card")[:guesses]
    told = tuple(Guess(name, "33.3 %", 33, place == 1) for place, name in enumerate(names))
    png = encode_png(np.zeros((8, 8, 3), np.uint8))
    return ImageCard(png, f"Image {index}.", str(index), "dog", right, "✗ wrong", told, shows_label)


def test_rows_are_of_five_and_as_tall_as_their_tallest_card() -> None:
    rows = CardSet(tuple(card(index, guesses=3 if index < 5 else 2) for index in range(7))).rows
    assert [len(row.cards) for row in rows] == [5, 2]
    assert [row.height for row in rows] == [104 + 3 * 19, 104 + 2 * 19]
    assert rows[1].alt == "Image 5. Image 6."
    assert CardSet((card(0, shows_label=False),)).rows[0].height == 89 + 3 * 19
    assert all(one.x + 117 <= row.width for row in rows for one in row.cards)


def test_a_bar_says_whether_the_guess_is_the_label_or_missed_it() -> None:
    drawn = CardSet((card(0),)).rows[0].cards[0]
    assert [guess.colour for guess in drawn.guesses] == ["wrong", "right", "muted"]
    assert [guess.base for guess in drawn.guesses] == [120, 139, 158]
    assert drawn.guesses[0].bar_width == pytest.approx(117 * 0.33)
    assert drawn.guesses[2].name.endswith("…")
    owned = ImageCard(
        b"", "", "1", "dog", True, "✓", (Guess("cat", "1 %", 1, False), Guess("cat", "1 %", 1, False, "now"))
    )
    assert [one.kind for one in owned.judged] == ["missed", "missed"]


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("automobile", 10, "automobile"),
        ("automobile", 9, "automobi…"),
        ("two words", 5, "two…"),
        ("line\nbreak\u200b", 20, "line break"),
        ("飞机飞机", 8, "飞机飞机"),
        ("飞机飞机", 6, "飞机…"),
        ("", 3, ""),
    ],
)
def test_a_name_is_cut_to_the_letters_it_has_room_for(text: str, most: int, shown: str) -> None:
    assert fit(text, most) == shown


def test_names_that_begin_alike_differ_on_a_card_and_are_whole_in_its_title() -> None:
    classes = tuple(f"class_with_a_rather_long_name_{number:04d}" for number in range(1000))
    guesses = tuple(Guess(classes[place], "33.3 %", 33, place == 7) for place in (421, 7, 999))
    told = ImageCard(encode_png(np.zeros((8, 8, 3), np.uint8)), "", "1", classes[7], False, "✗ wrong", guesses)
    cards = make_card_set((told,), classes)
    (drawn,) = cards.rows[0].cards
    assert [guess.name for guess in drawn.guesses] == ["class_wi…0421", "class_wi…0007", "class_wi…0999"]
    assert drawn.label == "class_wit…0007"
    assert cards[0].guesses[0].name == classes[421]
    assert make_card_set((card(0),), ("horse", "dog"))[0] == card(0)
