"""Texts cut to the room there is, with "…" for what is left out; and outside text as one line that can be printed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
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


@lru_cache(maxsize=128)
def shorten_family(
    names: tuple[str, ...], most: float, style: Callable[[str, float], str] | None = None, width: Width = len
) -> Mapping[str, str]:
    """Each of these names as a text no wider than `most`, by name; names that differ stay different.

    A name is cut by itself where that is enough, as `style(name, most)` cuts, or at its end. Those that would become
    the same are cut where they do not differ: "class_with_a_long_name_0007" -> "class_wit…0007". Where there is no
    room for that, they are numbered in alphabetical order. The result depends on the set of names, not on their order;
    only where `most` has no room for a number either can two of them be the same.
    """
    found = {name: style(name, most) if style else shorten(name, most, width) for name in sorted(set(names))}
    for same in find_alike(found):
        found |= differ(same, most, width)
    for same in find_alike(found):
        found |= number_alike(same, set(found.values()), most, width)
    return MappingProxyType(found)


def find_alike(found: Mapping[str, str]) -> list[list[str]]:
    """The names that have been cut to the same text, a list for each text, in alphabetical order."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name, short in found.items():
        groups[short].append(name)
    return [group for group in groups.values() if len(group) > 1]


def differ(names: Sequence[str], most: float, width: Width) -> dict[str, str]:
    """The names without what all of them share at both ends, of which as much is kept as there is room for."""
    head, tail = common_ends(names, whole_numbers=True)
    if max(width(inside(name, head, tail)) for name in names) > most - 2:
        head, tail = common_ends(names, whole_numbers=False)
    start, end = names[0][:head], names[0][len(names[0]) - tail :] if tail else ""
    middles = tuple(inside(name, head, tail) for name in names)
    room = most - min(width(start), 1) - min(width(end), 1)
    short = (
        shorten_family(middles, room, None, width)
        if start or end
        else {one: shorten(one, room, width) for one in middles}
    )
    left = room - max(map(width, short.values()))
    kept = shorten(start, left + 1, width) if start else ""
    left -= max(width(kept) - 1, 0)
    kept_end = end if width(end) <= left + 1 else ELLIPSIS
    found = {name: f"{kept}{short[middle]}{kept_end}" for name, middle in zip(names, middles, strict=True)}
    found = {name: text.replace(ELLIPSIS * 2, ELLIPSIS) for name, text in found.items()}
    return {name: text if width(text) <= most else shorten(name, most, width) for name, text in found.items()}


def inside(name: str, head: int, tail: int) -> str:
    """The name without so many characters at its beginning and its end."""
    return name[head : len(name) - tail]


def common_ends(names: Sequence[str], whole_numbers: bool) -> tuple[int, int]:
    """How many characters all of the names begin with, and how many of the others they end with: never a part of a
    letter with its marks, nor of a number where `whole_numbers`."""

    def splits(before: str, after: str) -> bool:
        return bool(combining(after)) or (whole_numbers and before.isdigit() and after.isdigit())

    head = count_common(names)
    while head and any(len(name) > head and splits(name[head - 1], name[head]) for name in names):
        head -= 1
    rests = [name[head:][::-1] for name in names]
    tail = count_common(rests)
    while tail and any(len(rest) > tail and splits(rest[tail], rest[tail - 1]) for rest in rests):
        tail -= 1
    return head, tail


def count_common(names: Sequence[str]) -> int:
    """How many characters all of the names begin with."""
    first, last = min(names), max(names)  # whatever these two share, those between them share too
    return next((place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(map(len, names)))


def number_alike(names: Sequence[str], taken: set[str], most: float, width: Width) -> dict[str, str]:
    """The names with a number at their ends; as they are where there is no room for one."""
    found: dict[str, str] = {}
    number = 0
    for name in names:
        while True:
            number += 1
            mark = f"({number})"
            short = f"{shorten(name, most - width(mark), width)}{mark}"
            if short not in taken:
                break
        found[name] = short if width(short) <= most else shorten(name, most, width)
        taken.add(short)
    return found


def one_line(text: str) -> str:
    """One line without characters that can't be printed (XML refuses some of them)."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def columns(text: str) -> int:
    """How wide a text is in letters: two for characters of East Asian width (Unicode annex 11), none for combining
    ones."""
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
