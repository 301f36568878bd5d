"""Texts cut to the room there is, with "…" for what is left out; and outside text as one line that can be printed."""

from __future__ import annotations

from collections.abc import Callable
from unicodedata import combining, east_asian_width

ELLIPSIS = "…"
LONGEST = 140
"""No text that is measured otherwise than in characters keeps more of them."""
Width = Callable[[str], float]


def shorten(text: str, most: float, width: Width = len) -> str:
    """The text, its end left out where it is wider than `most`: characters, or whatever `width` measures."""
    return cut(text, most, lambda _kept: 0, width)


def shorten_middle(text: str, most: float, tail: int | None = None, width: Width = len) -> str:
    """The same with the middle left out, of names that differ at both ends; `tail`: characters kept of the end, half of
    all where it is None."""
    return cut(text, most, lambda kept: kept // 2 if tail is None else min(tail, kept), width)


def shorten_start(text: str, most: float, width: Width = len) -> str:
    """The same with the beginning left out, of names that differ at their ends."""
    return cut(text, most, lambda kept: kept, width)


def cut(text: str, most: float, tail: Callable[[int], int], width: Width) -> str:
    """As much of the text as fits with an ellipsis; of so many kept characters `tail` says how many are the last."""
    if width(text) <= most:
        return text
    room = int(most) - 1 if width is len else LONGEST
    for kept in range(min(len(text) - 1, room), 0, -1):
        end = tail(kept)
        found = f"{text[: kept - end].rstrip()}{ELLIPSIS}{text[len(text) - end :].lstrip()}"
        if width(found) <= most:
            return found
    return ELLIPSIS


def one_line(text: str) -> str:
    """One line without characters that can't be printed (XML refuses some of them)."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def columns(text: str) -> int:
    """How wide a text is in letters: two for characters of East Asian width (Unicode annex 11), none for combining
    ones."""
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
