"""What an error says, as a report can show it."""

from __future__ import annotations

import pytest

from reportgen.text.errors import describe_error, without_paths, words_of


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no such file: '/home/ada/models/best.pt'", "no such file: 'best.pt'"),
        ("/usr/lib/x.so: cannot open", "x.so: cannot open"),
        (r"C:\Users\ada\best.pt is missing", "best.pt is missing"),
        ("see https://pytorch.org/docs/stable/x.html", "see https://pytorch.org/docs/stable/x.html"),
        ("3/4 of a/b", "3/4 of a/b"),
        ("path=/tmp/a/", "path=…"),
    ],
)
def test_paths_keep_their_last_part(text: str, shown: str) -> None:
    assert without_paths(text) == shown


def test_one_short_line() -> None:
    assert describe_error(ValueError("\n  first\nsecond")) == "ValueError: first"
    assert describe_error(KeyError()) == "KeyError"
    assert len(describe_error(ValueError("x" * 1000))) <= 200


def test_an_error_that_cannot_say_what_it_is() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    assert words_of(Mute()) == ""
    assert describe_error(Mute()) == "Mute"
