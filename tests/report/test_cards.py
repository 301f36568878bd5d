"""Cards on paper: drawn on the one canvas, so that templates print values alone."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib
import numpy as np
import pytest

from reportgen.record.images import encode_png
from reportgen.report.cards import CardRow, CardSet, Guess, ImageCard, fit, make_card_set
from reportgen.report.style import MUTED, RIGHT, WRONG


def card(index: int, right: bool = False, shows_label: bool = True, guesses: int = 3) -> ImageCard:
    names = ("horse", "dog", "a name that is much too long for a card")[:guesses]
    told = tuple(Guess(name, "33.3 %", 33, place == 1) for place, name in enumerate(names))
    png = encode_png(np.zeros((8, 8, 3), np.uint8))
    return ImageCard(png, f"Image {index}.", str(index), "dog", right, "✗ wrong", told, shows_label)


SVG = "{http://www.w3.org/2000/svg}"


def cards_of(row: CardRow) -> list[ET.Element]:
    return ET.fromstring(row.svg).findall(f"{SVG}g")


def height_of(row: CardRow) -> float:
    return float(ET.fromstring(row.svg).get("height", ""))


def texts_of(drawn: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in drawn.findall(f"{SVG}text")]


def test_rows_are_of_five_and_as_tall_as_their_tallest_card() -> None:
    rows = CardSet(tuple(card(index, guesses=3 if index < 5 else 2) for index in range(7))).rows
    assert [len(cards_of(row)) for row in rows] == [5, 2]
    assert [height_of(row) for row in rows] == [104 + 3 * 19, 104 + 2 * 19]
    assert rows[1].alt == "Image 5. Image 6."
    assert height_of(CardSet((card(0, shows_label=False),)).rows[0]) == 89 + 3 * 19
    places = [one.get("transform", "") for row in rows for one in cards_of(row)]
    assert places == [f"translate({left} 0)" for left in (0, 134, 268, 402, 536, 0, 134)]
    assert all(ET.fromstring(row.svg).get("width") == "658" for row in rows)  # the last card's right edge


def test_a_bar_says_whether_the_guess_is_the_label_or_missed_it() -> None:
    (drawn,) = cards_of(CardSet((card(0),)).rows[0])
    bars = drawn.findall(f"{SVG}rect")[1:]
    assert [bar.get("fill") for bar in bars] == [WRONG, RIGHT, MUTED]
    assert [float(bar.get("y", "")) for bar in bars] == [123.5, 142.5, 161.5]
    assert float(bars[0].get("width", "")) == pytest.approx(122 * 0.33)
    assert texts_of(drawn)[:3] == ["✗ wrong", "no. 0", "label dog"]
    assert [text.get("y") for text in drawn.findall(f"{SVG}text")[3:]] == ["120", "120", "139", "139", "158", "158"]
    assert texts_of(drawn)[-2].endswith("…")
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
    (drawn,) = cards_of(cards.rows[0])
    assert texts_of(drawn)[3::2] == ["class_wit…0421", "class_wi…0007", "class_wit…0999"]
    assert texts_of(drawn)[2] == "label class_with…0007"
    assert cards[0].guesses[0].name == classes[421]
    assert make_card_set((card(0),), ("horse", "dog"))[0] == card(0)


def helvetica(file: str) -> dict[str, int]:
    """Advance widths as Adobe publishes them, thousandths of an em."""
    text = (Path(matplotlib.get_data_path()) / "fonts" / "afm" / file).read_text(encoding="latin-1")
    found = re.findall(r"^C (\d+) ; WX (\d+) ;", text, re.MULTILINE)
    return {chr(int(code)): int(width) for code, width in found}


@pytest.mark.parametrize("percent", ["78.4\u00a0%", ">99.9\u00a0%"])
@pytest.mark.parametrize("name", ["automobile", "MMMMMMMMMMMMMMM", "wwwwwwww", "illicit illicit illicit"])
@pytest.mark.parametrize("owner", ["was", ""])
def test_a_name_leaves_a_gap_before_its_percentage(owner: str, name: str, percent: str) -> None:
    faces = {None: helvetica("phvr8a.afm"), "600": helvetica("phvb8a.afm")}
    told = (Guess(name, percent, 78, True, owner), Guess(name, percent, 15, False, owner))
    (row,) = make_card_set(
        (ImageCard(encode_png(np.zeros((8, 8, 3), np.uint8)), "", "9", name, False, "✗ wrong", told),), (name, "dog")
    ).rows
    texts = cards_of(row)[0].findall(f"{SVG}text")[3:]
    assert len(texts) == 4
    for left, right in zip(texts[::2], texts[1::2], strict=True):
        ends = [
            sum(faces[span.get("font-weight")].get(char, 1000) for char in (span.text or "") + (span.tail or ""))
            for span in left
        ]
        begins = 122 - 11e-3 * sum(faces[None][char] for char in "".join(right.itertext()).replace("\u00a0", " "))
        assert 11e-3 * sum(ends) <= begins - 3
    whole = name in "".join(texts[0].itertext())
    assert whole if (name, percent[0]) == ("automobile", "7") else not whole or name[0] != "M"
