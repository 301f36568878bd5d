"""Two architectures as one: what stayed, and what was added, removed, changed, renamed or moved."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from reportgen.comparison.alignment import Alignment, Likeness, align, assign
from reportgen.comparison.connections import Place, find_beside, find_skips, rewired
from reportgen.comparison.layers import Part, PartTree, name_kind, open_classes
from reportgen.record.architecture import (
    ArchitectureChange,
    Connection,
    PartChange,
    PartFacts,
    PartStatus,
    SettingChange,
)
from reportgen.record.trace import ModelTrace

FEW_LAYERS = 4
"""So many single layers in a row that came or went are told one by one."""
DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Matched:
    """A pair of parts, either of which may be missing."""

    before: Part | None
    after: Part | None
    inner: tuple[Matched, ...] = ()
    is_moved: bool = False
    stood_after: str = ""
    rewired: bool = False


@dataclass
class Matcher:
    """Two trees under comparison."""

    likeness: Likeness = field(default_factory=Likeness)
    coarse: bool = False

    def match(self, before: Part, after: Part) -> Matched:
        """A pair with all that is in it."""
        if not (before.is_block and after.is_block):
            return Matched(before, after)
        if before.digest == after.digest and not is_reordered(before, after):
            return Matched(before, after, tuple(self.match_equal(before, after)))
        alignment = align(before.children, after.children, self.likeness)
        self.coarse = self.coarse or alignment.coarse
        inner = self.merge(before, after, alignment)
        whole = all(one.before and one.after for one in inner)
        return Matched(before, after, tuple(inner), rewired=whole and rewired(before, after, alignment))

    def match_equal(self, before: Part, after: Part) -> Iterable[Matched]:
        """The parts of two equal blocks, one by one."""
        for one, other in zip(before.children, after.children, strict=True):
            yield self.match(one, other)

    def merge(self, before: Part, after: Part, alignment: Alignment) -> list[Matched]:
        """Both rows as one, in the order of the candidate, with what was removed where it stood."""
        partner = dict(alignment.pairs)
        moved_to = {b: a for a, b in alignment.moved}
        gone = {a for a, _b in alignment.moved}
        found: list[Matched] = []
        left = right = 0
        for a, b in (*alignment.pairs, (len(before.children), len(after.children))):
            found += [Matched(before.children[i], None) for i in range(left, a) if i not in gone]
            for j in range(right, b):
                if j in moved_to:
                    i = moved_to[j]
                    stood = before.children[i - 1].full_name if i else ""
                    one = before.children[i]
                    inner = tuple(self.match_equal(one, after.children[j]))
                    found.append(Matched(one, after.children[j], inner, is_moved=True, stood_after=stood))
                else:
                    found.append(Matched(None, after.children[j]))
            if a in partner:
                found.append(self.match(before.children[a], after.children[b]))
            left, right = a + 1, b + 1
        return found


def is_reordered(before: Part, after: Part) -> bool:
    """Whether parts of two equal blocks stand in another order, by their names."""
    places = {part.name: place for place, part in enumerate(before.children) if not part.name.isdigit()}
    found = [(places.get(part.name, place), place) for place, part in enumerate(after.children)]
    once = len({part.name for part in before.children}) == len(before.children)
    return once and any(old != new for old, new in found)


def match_models(before: ModelTrace, after: ModelTrace) -> tuple[Matched, bool]:
    """Both models as one tree of pairs, and whether only what is equal was matched somewhere."""
    opened = open_classes((before, after))
    matcher = Matcher()
    matched = matcher.match(PartTree(before, opened).root, PartTree(after, opened).root)
    return moved_between(matched), matcher.coarse


def moved_between(matched: Matched) -> Matched:
    """The tree with what was removed in one block and is equal in another called moved.

    Only blocks, and layers of one name, so that no two that are alike by chance are taken for one.
    """
    removed = [one for one in walk(matched) if one.after is None and one.before is not None]
    added = [one for one in walk(matched) if one.before is None and one.after is not None]
    gone = [one.before for one in removed if one.before is not None]
    come = [one.after for one in added if one.after is not None]
    pairs = [
        (gone[a], come[b])
        for a, b in assign(gone, come, Likeness())
        if gone[a].is_block or (gone[a].name == come[b].name and not gone[a].name.isdigit())
    ]
    if not pairs:
        return matched
    return replaced(matched, {id(new): old for old, new in pairs}, {id(old) for old, _new in pairs})


def replaced(matched: Matched, sources: dict[int, Part], gone: set[int]) -> Matched:
    """The tree with these added parts moved from where these removed ones stood."""
    inner = []
    for one in matched.inner:
        if one.after is None and id(one.before) in gone:
            continue
        if one.before is None and id(one.after) in sources and one.after is not None:
            old = sources[id(one.after)]
            around = old.facts.path.rpartition(".")[0]
            pairs = tuple(Matcher().match_equal(old, one.after))
            inner.append(Matched(old, one.after, pairs, is_moved=True, stood_after=around))
        else:
            inner.append(replaced(one, sources, gone))
    return Matched(matched.before, matched.after, tuple(inner), matched.is_moved, matched.stood_after, matched.rewired)


def walk(matched: Matched) -> Iterable[Matched]:
    """A pair and all in it."""
    yield matched
    for one in matched.inner:
        yield from walk(one)


def compare_architectures(before: ModelTrace, after: ModelTrace) -> ArchitectureChange:
    """Both models as one row of parts, what stayed folded; the same whatever the names of classes that hold others."""
    matched, coarse = match_models(before, after)
    described = [describe(one) for one in matched.inner]
    whole = (
        [] if described and not matched.rewired else [Matched(matched.before, matched.after, rewired=matched.rewired)]
    )
    told = [describe(one) for one in whole]
    listed = fold([*told, *(part for part in described if not is_quiet(part))])
    units = [one.after for one in matched.inner if one.after is not None and not one.after.is_operator]
    skips, beside = connect(matched, described, told)
    return ArchitectureChange(
        models=(before.name, after.name),
        parts=tuple(listed),
        skips=skips,
        beside=beside,
        parameters=(before.parameters, after.parameters),
        macs=(before.macs, after.macs),
        blocks=sum(one.is_block for one in units),
        layers=sum(not one.is_block for one in units),
        coarse=coarse,
    )


def connect(
    matched: Matched, described: Sequence[PartChange], first: Sequence[PartChange]
) -> tuple[tuple[Connection, ...], tuple[int, ...]]:
    """What passes parts by, and the parts that read nothing of the one before them; `first`: what is told before the
    parts."""
    if matched.before is None or matched.after is None:
        return (), ()
    told = [not is_quiet(part) for part in described]
    loud = [part for part, has_card in zip(described, told, strict=True) if has_card]
    cards = [place for place, run in enumerate(group([*first, *loud])) for _part in run][len(first) :]
    olds = {id(part): place for place, part in enumerate(matched.before.children)}
    news = {id(part): place for place, part in enumerate(matched.after.children)}
    places, seen = [], 0
    for one, has_card in zip(matched.inner, told, strict=True):
        reached = cards[min(seen, len(cards) - 1)] if cards else 0
        seen += has_card
        leaving = cards[max(seen - 1, 0)] if cards else 0
        old, new = olds.get(id(one.before)), news.get(id(one.after))
        places.append(Place(old, new, leaving, reached, has_card, one.is_moved))
    return find_skips(matched.before, matched.after, places), find_beside(matched.before, matched.after, places)


def is_quiet(part: PartChange) -> bool:
    """An operator that stayed: nothing that a reader would miss."""
    return part.status in ("same", "resized", "renamed") and not part.count


def describe(matched: Matched) -> PartChange:
    """What became of one pair."""
    one, other = matched.before, matched.after
    part = other or one
    assert part is not None
    counted: dict[str, Any] = {"blocks": int(part.is_block), "layers": int(not part.is_block and not part.is_operator)}
    facts: dict[str, Any] = {
        "before": plain(one.facts, other is not None) if one else None,
        "after": plain(other.facts, one is not None) if other else None,
        "parameters": (other.facts.parameters if other else 0) - (one.facts.parameters if one else 0),
        "macs": (other.facts.macs if other else 0) - (one.facts.macs if one else 0),
    }
    if one is None or other is None:
        return PartChange(status="added" if one is None else "removed", **facts, **counted)
    settings = find_settings(one, other, matched.rewired)
    inner = [describe(each) for each in matched.inner]
    if one.is_block and other.is_block and any(renames(each) for each in inner):
        settings = [*settings, SettingChange(name="names", before="", after="")]
    renamed = is_renamed(one, other)
    status = status_of(matched, settings, inner, renamed)
    inside = fold([each for each in inner if not is_quiet(each)]) if status == "changed" else []
    return PartChange(
        status=status,
        **facts,
        **counted,
        settings=tuple(settings),
        inner=tuple(inside),
        is_renamed=renamed and status in ("changed", "moved"),
        is_renumbered=status in ("same", "resized") and is_renumbered(one, other),
        stood_after=matched.stood_after,
    )


def plain(facts: PartFacts, is_matched: bool) -> PartFacts:
    """The facts without the settings where these are told as what changed of them."""
    return facts.model_copy(update={"settings": ""}) if is_matched else facts


def renames(part: PartChange) -> bool:
    """Whether a part inside of a block has a name of its own that it had not."""
    if part.before is None or part.after is None or not part.count:
        return False
    names = [DIGITS.sub("0", side.path.rpartition(".")[2]) for side in (part.before, part.after)]
    return names[0] != names[1] or any(setting.name == "names" for setting in part.settings)


def status_of(
    matched: Matched, settings: Sequence[SettingChange], inner: Sequence[PartChange], renamed: bool
) -> PartStatus:
    """The one word for a pair."""
    one, other = matched.before, matched.after
    assert one is not None
    assert other is not None
    inside = any(part.status not in ("same", "resized", "renamed") for part in inner)
    plain = all(change.name in ("class", "names") for change in settings)
    if not plain or inside or (one.digest != other.digest and not inner and not is_same_operator(one, other)):
        return "changed"
    if matched.is_moved:
        return "moved"
    if renamed or settings:
        return "renamed"
    return "resized" if sizes(one.facts) != sizes(other.facts) else "same"


def sizes(facts: PartFacts) -> tuple[object, ...]:
    """What is another on maps of another size: height and width, and what they cost."""
    return facts.output[2:], facts.macs


def is_same_operator(one: Part, other: Part) -> bool:
    """Whether one calls as an operator what the other has as a module, whose settings alone are known."""
    return one.is_operator != other.is_operator and name_kind(one.facts.kind) == name_kind(other.facts.kind)


def find_settings(one: Part, other: Part, rewired: bool) -> list[SettingChange]:
    """The settings that are not the same."""
    found: list[SettingChange] = []
    if is_same_operator(one, other):
        return found
    if name_kind(one.facts.kind) != name_kind(other.facts.kind):
        word = "class" if one.is_block and other.is_block else "kind"
        found.append(SettingChange(name=word, before=one.facts.kind, after=other.facts.kind))
    if len(found) and found[0].name == "kind" and not (one.is_block and other.is_block):
        return found
    before, after = dict(one.settings), dict(other.settings)
    found += [
        SettingChange(name=name, before=before.get(name, ""), after=after.get(name, ""))
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]
    if one.is_block and other.is_block:
        before_width, after_width = width(one.facts), width(other.facts)
        if one.digest != other.digest and before_width != after_width:
            found.append(SettingChange(name="out_channels", before=str(before_width), after=str(after_width)))
        if rewired:
            found.append(SettingChange(name="connections", before="", after=""))
    elif one.digest == other.digest and one.trainable != other.trainable:
        found.append(SettingChange(name="trainable", before=str(one.trainable), after=str(other.trainable)))
    return found


def width(facts: PartFacts) -> int:
    """Channels of a map, or numbers of a vector or token."""
    shape = facts.output
    return shape[1] if len(shape) in (2, 4) else shape[-1] if shape else 0


def is_renumbered(one: Part, other: Part) -> bool:
    """Whether numbers in the name are others."""
    return one.facts.path != other.facts.path and not (one.is_operator or other.is_operator)


def is_renamed(one: Part, other: Part) -> bool:
    """Whether the name is another, its numbers aside."""
    names = [DIGITS.sub("0", part.facts.path if not part.is_operator else part.name) for part in (one, other)]
    return names[0] != names[1] and not (one.is_operator or other.is_operator)


def fold(parts: Sequence[PartChange]) -> list[PartChange]:
    """Parts in a row of which the same is true as one; few single layers that came or went stay one by one."""
    return [joined(run) if len(run) > 1 else run[0] for run in group(parts)]


def group(parts: Sequence[PartChange]) -> list[list[PartChange]]:
    """The parts in a row that are told as one."""
    found: list[list[PartChange]] = []
    for _key, same in groupby(parts, key=lambda part: (signature(part), part.status == "moved" and part.side.path)):
        run = list(same)
        one_by_one = run[0].status in ("added", "removed") and not run[0].blocks and len(run) <= FEW_LAYERS
        found += [[part] for part in run] if one_by_one else [run]
    return found


def signature(part: PartChange) -> tuple[object, ...]:
    """What has to be the same of parts that are told as one."""
    if part.status in ("same", "resized"):
        return (part.status, part.is_renumbered)
    if part.status == "renamed":
        return (part.status, prefix_change(part), tuple(part.settings))
    if part.status == "moved":
        return (part.status, part.side.kind)
    if part.status in ("added", "removed"):
        own = part.side
        return (part.status, own.kind, own.output[1:2]) if part.blocks else (part.status,)
    sides = (part.before, part.after)
    kinds = tuple(side.kind for side in sides if side is not None)
    inside = tuple((one.count, relative(one, part), signature(one)) for one in part.inner)
    return (part.status, kinds, part.is_renamed, part.settings, inside, part.blocks, part.layers)


def relative(part: PartChange, around: PartChange) -> str:
    """The name of a part inside of another."""
    return part.side.path.removeprefix(around.side.path)


def prefix_change(part: PartChange) -> tuple[str, str]:
    """What of two paths is not the same, the common beginning and the common ending left out."""
    assert part.before is not None
    assert part.after is not None
    one, other = (side.path.split(".") for side in (part.before, part.after))
    while one and other and (one[-1] == other[-1] or (one[-1].isdigit() and other[-1].isdigit())):
        one, other = one[:-1], other[:-1]
    while one and other and (one[0] == other[0] or (one[0].isdigit() and other[0].isdigit())):
        one, other = one[1:], other[1:]
    return ".".join(one), ".".join(other)


def joined(run: Sequence[PartChange]) -> PartChange:
    """Several parts as one."""
    first, last = run[0], run[-1]
    kinds = Counter(one.side.kind for one in run if one.count)
    return first.model_copy(
        update={
            "last_before": last.last_before or last.before,
            "last_after": last.last_after or last.after,
            "kinds": tuple(kinds.items()) if len(kinds) > 1 else (),
            "blocks": sum(one.blocks for one in run),
            "layers": sum(one.layers for one in run),
            "parameters": sum(one.parameters for one in run),
            "macs": sum(one.macs for one in run),
        }
    )
