"""Which tensor of a file is which of the model, where one puts something before its names that the other does not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Shape = tuple[int, ...]
WRAPPERS = frozenset(
    {"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module", "_fpw_module"}
)
"""What DataParallel, torch.compile, FSDP, activation checkpointing and Lightning put into names, wherever it stands."""
MOST_PARTS = 6
"""Parts of a name that a beginning may have."""
TRIED = 24


@dataclass(frozen=True)
class Alignment:
    """Pairs of names."""

    off: str
    """Beginning of the file's names that is taken off; what does not begin so is something else's."""
    on: str
    """Beginning of the model's names that is put in its place."""
    names: Mapping[str, str]
    """The model's name -> the file's."""
    agreeing: int
    """Pairs whose shapes are the same."""
    bare: frozenset[str]
    """The file's names that begin with `off`."""
    short: Mapping[str, str]
    """The file's names -> the same without what wrappers put into them."""

    @property
    def is_plain(self) -> bool:
        """Whether no beginning is taken off or put on."""
        return not self.off and not self.on

    def renamed(self, name: str) -> str:
        """What the model would call a tensor of the file."""
        short = self.short[name]
        return self.on + short.removeprefix(self.off) if short.startswith(self.off) else short


def align(file: Mapping[str, Shape], model: Mapping[str, Shape]) -> list[Alignment]:
    """Ways of pairing the names, the one with most pairs of one shape first; of equal ones that which changes least,
    then that whose names come first in the file."""
    theirs, own = without_wrappers(file), without_wrappers(model)
    if theirs is None or own is None:
        theirs, own = {name: name for name in file}, {name: name for name in model}
    shapes = {name: file[full] for name, full in theirs.items()}
    wanted = {name: model[full] for name, full in own.items()}
    short = {full: name for name, full in theirs.items()}
    found = []
    places = {name: place for place, name in enumerate(shapes)}
    for off, on in beginnings(shapes, wanted):
        if on and any(name.startswith(on) for name in shapes):
            continue  # a part of the file for another part, though the file has that one too
        pairs = {}
        for name in wanted:
            other = off + name.removeprefix(on) if name.startswith(on) else name
            if other in shapes:
                pairs[own[name]] = theirs[other]
        agreeing = sum(same(file[their], model[mine]) for mine, their in pairs.items())
        bare = frozenset(theirs[name] for name in shapes if name.startswith(off)) | frozenset(pairs.values())
        first = min((places[short[their]] for their in pairs.values()), default=len(places))
        rank = (-agreeing, len(bare) - len(pairs), off.count(".") + on.count("."), first, off, on)
        found.append((rank, Alignment(off, on, pairs, agreeing, bare, short)))
    return [alignment for _rank, alignment in sorted(found, key=lambda one: one[0])]


def same(theirs: Shape, own: Shape) -> bool:
    """Whether shapes are the same; a single number was once stored as a row of one."""
    return theirs == own or (theirs == (1,) and own == ())


def without_wrappers(names: Iterable[str]) -> dict[str, str] | None:
    """Names without the parts that wrappers put into them -> the names; None where two would become one."""
    found: dict[str, str] = {}
    for name in names:
        short = ".".join(part for part in name.split(".") if part not in WRAPPERS)
        if short in found or not short:
            return None
        found[short] = name
    return found


def beginnings(file: Mapping[str, Shape], model: Mapping[str, Shape]) -> list[tuple[str, str]]:
    """Pairs (beginning of the file's names, beginning of the model's) that names and shapes speak for; none always."""
    ends: dict[str, list[str]] = defaultdict(list)
    for name in file:
        for off, rest in cuts(name):
            ends[rest].append(off)
    votes: Counter[tuple[str, str]] = Counter()
    for name, shape in model.items():
        for on, rest in cuts(name):
            for off in ends.get(rest, ()):
                if last(off) != last(on) and same(file[off + rest], shape):
                    votes[off, on] += 1
    likely = [pair for pair, _count in votes.most_common(TRIED)]
    return list(dict.fromkeys([("", ""), *likely]))


def cuts(name: str) -> Iterable[tuple[str, str]]:
    """Every way to cut a name into a beginning, which may be empty, and the rest."""
    parts = name.split(".")
    for place in range(min(len(parts), MOST_PARTS)):
        yield "".join(f"{part}." for part in parts[:place]), ".".join(parts[place:])


def last(beginning: str) -> str:
    """The last part of a beginning; something that no name has for an empty one on either side."""
    return beginning.split(".")[-2] if beginning else ""


def differing_beginnings(names: Mapping[str, str]) -> list[tuple[str, str]]:
    """(what the file's names have, what the model's have in its place) of all pairs that differ, commonest first."""
    found: Counter[tuple[str, str]] = Counter()
    for own, theirs in names.items():
        if own == theirs:
            continue
        a, b = theirs.split("."), own.split(".")
        while a and b and a[-1] == b[-1]:
            del a[-1], b[-1]
        while a and b and a[0] == b[0]:
            del a[0], b[0]
        found[".".join(a), ".".join(b)] += 1
    return [pair for pair, _count in found.most_common()]
