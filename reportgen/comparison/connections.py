"""What reads from what in two models: whether the same parts are wired otherwise, and what passes other parts by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reportgen.comparison.alignment import Alignment
from reportgen.comparison.layers import INPUT, Part, bridged
from reportgen.record.architecture import Connection, ConnectionStatus

Edges = set[tuple[int, int]]


@dataclass(frozen=True)
class Place:
    """One part of both models together: its position in either, and the card that tells of it."""

    before: int | None
    after: int | None
    leaving: int
    """The card that a connection from it leaves."""
    reached: int
    """The card that a connection to it reaches: the next one, of an operator that stayed and has no card."""
    is_told: bool = True
    """Whether it has a card."""
    is_moved: bool = False


@dataclass(frozen=True)
class Wiring:
    """The connections of one model by place; INPUT is the image."""

    edges: Edges
    among_common: Edges
    """Between places of both models, ways through others drawn together."""
    used: frozenset[int]
    """Places with a card that anything reads or is read by; an Identity stands beside the data."""


def between(edges: Iterable[tuple[int, int]], kept: set[int], count: int) -> Edges:
    """The edges between kept positions, ways through the others drawn together; INPUT is one of them."""
    sources: dict[int, list[int]] = {}
    for a, b in edges:
        sources.setdefault(b + 1, []).append(a + 1)
    found = bridged(sources, {one + 1 for one in kept}, count + 1)
    return {(a - 1, b - 1) for a, b in found}


def connected(part: Part) -> set[int]:
    """Positions of the children that read or are read; others, such as Identity, compute nothing."""
    return {end for edge in part.edges for end in edge if end != INPUT}


def rewired(before: Part, after: Part, alignment: Alignment) -> bool:
    """Whether the same parts read from others than they did."""
    places = {b: a for a, b in (*alignment.pairs, *alignment.moved)} | {INPUT: INPUT}
    left, right = connected(before), connected(after)
    still = {(a, b) for a, b in alignment.pairs if a in left and b in right} | {(INPUT, INPUT)}
    kept_before, kept_after = {a for a, _b in still}, {b for _a, b in still}
    one = between(before.edges, kept_before, len(before.children))
    other = {(places[a], places[b]) for a, b in between(after.edges, kept_after, len(after.children))}
    return one != other


def find_skips(before: Part, after: Part, places: Sequence[Place]) -> tuple[Connection, ...]:
    """The connections that pass other parts by and lead from one card to another, in order.

    Those of both models are `same`, and told where a card stands between; what runs through parts that came or went
    is not another connection.
    """
    olds, news = [place.before for place in places], [place.after for place in places]
    common = {
        at
        for at, place in enumerate(places)
        if not place.is_moved and place.before in connected(before) and place.after in connected(after)
    }
    old, new = wire(before, olds, places, common), wire(after, news, places, common)
    found: dict[tuple[int, int], tuple[ConnectionStatus, tuple[int, int]]] = {}
    for edge in sorted(new.edges):
        keep(found, places, edge, judge(edge, places, common, old, "added"), new.used)
    for edge in sorted(old.edges):
        if judge(edge, places, common, new, "removed") == "removed":
            keep(found, places, edge, "removed", old.used)
    return tuple(
        Connection(
            source=source,
            target=target,
            status=status,
            names=(name_of(ends[0], before, after, places), name_of(ends[1], before, after, places)),
        )
        for (source, target), (status, ends) in sorted(found.items())
    )


def find_beside(before: Part, after: Part, places: Sequence[Place]) -> tuple[int, ...]:
    """The cards that stand below another and read nothing of it, in either model; in order.

    One that reads nothing known, or was moved, is none of them, nor one below a card that nothing reads: an identity,
    for example, which gives on what it is given.
    """
    found: dict[int, bool] = {}
    for part, positions in ((before, [one.before for one in places]), (after, [one.after for one in places])):
        at = {position: number for number, position in enumerate(positions) if position is not None}
        told = [number for number in sorted(at.values()) if places[number].is_told]
        read: dict[int, set[int]] = defaultdict(set)
        for source, target in part.edges:
            read[at[target]].add(at.get(source, INPUT))
        sources_of = {number: read_cards(number, read, places) for number in told}
        given = set[int]().union(*sources_of.values())
        for number, previous in zip(told[1:], told, strict=False):
            card, above, sources = places[number].leaving, places[previous].leaving, sources_of[number]
            if card != above and above in given and sources and not places[number].is_moved:
                found[card] = found.get(card, True) and above not in sources
    return tuple(sorted(card for card, is_beside in found.items() if is_beside))


def read_cards(number: int, read: Mapping[int, set[int]], places: Sequence[Place]) -> set[int]:
    """The cards that a place reads, through places without a card; INPUT for the image."""
    found, seen, left = set[int](), {number}, list(read.get(number, ()))
    while left:
        one = left.pop()
        if one == INPUT or places[one].is_told:
            found.add(INPUT if one == INPUT else places[one].leaving)
        elif one not in seen:
            seen.add(one)
            left += read.get(one, ())
    return found


def wire(part: Part, positions: Sequence[int | None], places: Sequence[Place], common: set[int]) -> Wiring:
    """The connections of one of the two models."""
    at = {position: number for number, position in enumerate(positions) if position is not None} | {INPUT: INPUT}
    shared = {position for position, number in at.items() if number == INPUT or number in common}
    short = between(part.edges, shared, len(part.children))
    used = frozenset(at[position] for position in connected(part) if places[at[position]].is_told)
    return Wiring({(at[a], at[b]) for a, b in part.edges}, {(at[a], at[b]) for a, b in short}, used)


def judge(
    edge: tuple[int, int], places: Sequence[Place], common: set[int], other: Wiring, alone: ConnectionStatus
) -> ConnectionStatus:
    """`alone` for what the other model does not have, else `same`; of what moved nothing is said."""
    if all(end == INPUT or end in common for end in edge):
        return "same" if edge in other.among_common else alone
    return "same" if any(end != INPUT and places[end].is_moved for end in edge) else alone


def keep(
    found: dict[tuple[int, int], tuple[ConnectionStatus, tuple[int, int]]],
    places: Sequence[Place],
    edge: tuple[int, int],
    status: ConnectionStatus,
    used: frozenset[int],
) -> None:
    """Add a connection between two cards that passes parts of its model by; of several the first, `same` where they are
    not of one status."""
    source, target = INPUT if edge[0] == INPUT else places[edge[0]].leaving, places[edge[1]].reached
    passed = [places[one].leaving for one in used if edge[0] < one < edge[1]]
    if source >= target or all(card == target for card in passed):  # within a block that came or went as a whole
        return
    if status == "same" and not any(source < card < target for card in passed):
        return
    known = found.setdefault((source, target), (status, edge))
    if known[0] != status:
        found[source, target] = ("same", known[1])


def name_of(end: int, before: Part, after: Part, places: Sequence[Place]) -> str:
    """The path of a part, as the candidate calls it where it has it; empty of the image."""
    if end == INPUT:
        return ""
    place = places[end]
    if place.after is not None:
        return after.children[place.after].facts.path
    assert place.before is not None
    return before.children[place.before].facts.path
