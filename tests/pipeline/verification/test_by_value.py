"""A file that other code drew: numbers are compared among the same words, what is drawn otherwise is told."""

from __future__ import annotations

import random
import time

import pytest

from reportgen.pipeline.verification.by_value import agree
from reportgen.pipeline.verification.comparing import Terms, compare_file
from reportgen.pipeline.verification.differences import Compared

OTHER = Terms("1.0", other_code=True)
WORDS = [
    "Top-1 accuracy is 91.73 % (91.18 to 92.25)",
    "The calibration error is 0.0412 over 15 bins",
    "30 images",
]


def page(*lines: str, style: str = "p { color: red }", around: str = "p") -> bytes:
    body = "".join(f"<{around}>{line}</{around}>" for line in lines)
    return f"<html><head><style>{style}</style></head><body>{body}</body></html>".encode()


def compared(printed: bytes) -> Compared:
    return compare_file("report.html", printed, page(*WORDS), OTHER)


def test_another_layout_alters_nothing_and_every_number_is_compared() -> None:
    result = compared(page(*WORDS, style="p { color: blue }", around="li"))
    assert result.alterations == ()
    assert result.notes == (
        "report.html: drawn by other code of the same version: layout and words were not compared; 7 numbers "
        "compared, all as the record gives them.",
    )
    assert result.numbers == 7


def test_a_digit_is_caught_in_another_layout() -> None:
    (found,) = compared(page(WORDS[0].replace("91.73", "91.83"), *WORDS[1:], style="")).alterations
    assert (found.printed, found.given) == ("91.83 %", "91.73 %")


def test_a_digit_is_caught_where_lines_end_elsewhere() -> None:
    text = " ".join(WORDS).replace("0.0412", "0.0472")
    words = text.split(" ")
    result = compared(page(*(" ".join(words[at : at + 7]) for at in range(0, len(words), 7))))
    (found,) = result.alterations
    assert (found.printed, found.given) == ("0.0472", "0.0412")
    assert "those named above are not" in result.notes[0]


def test_a_number_that_the_record_gives_elsewhere_is_named() -> None:
    result = compared(page(WORDS[0].replace("91.73", "92.25"), *WORDS[1:]))
    assert result.alterations == ()
    assert "these elsewhere: 92.25 where this code gives 91.73" in result.notes[0]


def test_words_that_this_code_does_not_write_are_told_with_the_numbers_that_the_record_gives_nowhere() -> None:
    result = compared(page(*WORDS, "Now it also says 555 and 30"))
    assert result.alterations == ()
    assert result.notes[0].endswith(
        "all as the record gives them; 2 more among other words were not, of which the record gives these nowhere: "
        "555 in the head of the page, “Now it also says 555 and 30”."
    )


def test_json_is_compared_by_path_also_with_an_entry_more() -> None:
    ours = b'{"a": {"low": 0.1, "value": 0.25}, "b": 7}'
    more = b'{"a": {"low": 0.1, "new": 3, "value": 0.25}, "b": 7}'
    assert compare_file("metrics.json", more, ours, OTHER).alterations == ()
    (found,) = compare_file("metrics.json", more.replace(b"0.25", b"0.26"), ours, OTHER).alterations
    assert (found.place, found.printed, found.given) == ("a.value", "0.26", "0.25")


def test_the_digits_of_digests_are_no_numbers() -> None:
    one, other = (
        f'{{"sha256": "{digit * 64}", "id": "urn:uuid:{digit * 8}-0000-5000-8000-{digit * 12}"}}' for digit in "34"
    )
    result = compare_file("record/judgement.json", one.encode(), other.encode(), OTHER)
    assert (result.alterations, result.numbers) == ((), 0)


def test_long_documents_of_other_lines_take_a_moment() -> None:
    draw = random.Random(0)
    words = [
        f"{draw.random():.3f}" if draw.random() < 0.5 else draw.choice(["loss", "of", "cat", "%"]) for _ in range(9000)
    ]

    def lines(length: int) -> bytes:
        return page(*(" ".join(words[at : at + length]) for at in range(0, len(words), length)))

    start = time.process_time()
    result = compare_file("report.html", lines(11), lines(13), OTHER)
    assert time.process_time() - start < 20
    assert result.alterations == ()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("91.73", "91.73", True),
        ("91.7", "91.73", True),
        ("92", "91.73", True),
        ("91.8", "91.73", False),
        ("91.74", "91.73", False),
        ("1,000", "1000", True),
        ("−0.3", "-0.31", True),
        ("1.2e-3", "0.00123", True),
    ],
)
def test_numbers_agree_where_they_are_roundings_of_one(one: str, other: str, same: bool) -> None:
    assert agree(one, other) is same
    assert agree(other, one) is same


def test_a_sign_for_numbers_among_the_words_is_a_word() -> None:
    found = compared(page("see # 1 and #2 of the other lines", *WORDS, "a # and 30 more that nobody prints"))
    assert found.alterations == ()


def test_the_digits_of_a_colour_are_no_numbers() -> None:
    line = '%%{init: {"themeVariables": {"titleColor": "#8b98a5"}}}%%'
    found = compare_file("comment.md", line.encode(), line.replace("#8b98a5", "#666").encode(), OTHER)
    assert found.alterations == ()
