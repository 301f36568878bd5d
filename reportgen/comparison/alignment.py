"""Which parts of two models belong together: in a row by the best alignment that keeps their order, then what stands
elsewhere by the best assignment.

The alignment is that of Needleman and Wunsch (1970) with likeness for a score and nothing for a gap; the assignment is
scipy's. Likeness is made of structure, settings and shapes first; names decide between what is alike otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from reportgen.comparison.layers import Part, name_kind
from reportgen.record.trace import Shape

LEAST = 0.4
"""Parts that are less alike than this do not belong together."""
LEAST_OF_CLASSES, LEAST_OF_STRANGERS = 0.42, 0.6
"""The same of blocks of two classes, under one name and under two."""
MOST_PAIRS = 250_000
"""Rows with more pairs than this are not aligned by likeness: only what is equal is matched then."""
NAMED = 0.1
"""What the same name adds."""
NAMESAKE = 0.45
"""What likeness is left between two parts of which one has an equal under its own name: two that changed places are
moved, and not both renamed."""
CARRYING = 0.5
"""What parameters add to the weight of a match."""
OPERATOR = 0.4
"""The weight of a match of two operators."""
EQUAL = 1.0
FAMILIES = {
    "convolution": ("conv",),
    "linear": ("linear",),
    "normalisation": ("norm",),
    "pooling": ("pool",),
    "dropout": ("dropout", "dropblock", "droppath", "stochasticdepth"),
    "activation": (
        "relu",
        "gelu",
        "elu",
        "silu",
        "swish",
        "mish",
        "sigmoid",
        "tanh",
        "softplus",
        "softmax",
        "glu",
    ),
}


@dataclass(frozen=True)
class Alignment:
    """What belongs together of two rows of parts."""

    pairs: tuple[tuple[int, int], ...]
    """Positions in both, in order of both."""
    moved: tuple[tuple[int, int], ...] = ()
    """Positions in both of what is equal and stands elsewhere."""
    coarse: bool = False


@dataclass
class Likeness:
    """How alike two parts are; what names do not decide is computed once for each two structures."""

    known: dict[tuple[str, str], float] = field(default_factory=dict)

    def of(self, one: Part, other: Part) -> float:
        """From 0 to about 1.2."""
        key = (
            f"{one.digest}{one.facts.output}{one.facts.kind}",
            f"{other.digest}{other.facts.output}{other.facts.kind}",
        )
        if key not in self.known:
            self.known[key] = alike(one, other)
        base = self.known[key]
        if base == 0 and replaces(one, other):
            base = 0.35
        return base + NAMED * name_likeness(one, other) if base else 0.0


def alike(one: Part, other: Part) -> float:
    """Likeness by structure, settings and shapes."""
    if one.digest == other.digest:
        return EQUAL
    if one.is_operator != other.is_operator and name_kind(one.facts.kind) != name_kind(other.facts.kind):
        return 0.0
    shape = 0.1 * shape_likeness(one.facts.output, other.facts.output)
    if one.is_block and other.is_block:
        same = 0.25 if one.facts.kind == other.facts.kind else 0.0
        return 0.3 * dice(one.kinds, other.kinds) + 0.3 * dice(one.leaves, other.leaves) + same + shape
    if one.is_block or other.is_block:
        return 0.0
    if name_kind(one.facts.kind) == name_kind(other.facts.kind):
        keys = {key for key, _value in (*one.settings, *other.settings)}
        equal = len(set(one.settings) & set(other.settings)) / len(keys) if keys else 1.0
        return 0.5 + 0.3 * equal + shape
    related = family(one.facts.kind)
    return 0.35 + shape if related and related == family(other.facts.kind) else 0.0


def replaces(one: Part, other: Part) -> bool:
    """Whether a part of another kind stands under the name of the first, such as Identity in place of a pooling."""
    named = one.name == other.name and not one.name.isdigit()
    return named and not (one.is_operator or other.is_operator)


def name_likeness(one: Part, other: Part) -> float:
    """1 for one path, less for one name elsewhere, and for a number, which says little."""
    if one.facts.path == other.facts.path:
        return 1.0
    if one.name != other.name:
        return 0.0
    return 0.2 if one.name.isdigit() else 0.6


def dice(one: Counter[str], other: Counter[str]) -> float:
    """Twice what is common of two bags, of all that is in them."""
    total = sum(one.values()) + sum(other.values())
    return 2 * sum((one & other).values()) / total if total else 1.0


def shape_likeness(one: Shape, other: Shape) -> float:
    """Share of equal sizes, the batch left out."""
    if len(one) != len(other) or len(one) < 2:
        return float(one == other)
    return sum(a == b for a, b in zip(one[1:], other[1:], strict=True)) / (len(one) - 1)


def family(kind: str) -> str:
    """What layers of this kind do; empty where it is not known."""
    lowered = name_kind(kind)
    return next((name for name, words in FAMILIES.items() if any(word in lowered for word in words)), "")


def weigh(part: Part) -> float:
    """How much a match of this part counts: larger blocks more, operators less."""
    if part.is_operator:
        return OPERATOR
    return 1 + float(np.log2(sum(part.leaves.values()))) + (CARRYING if part.facts.parameters else 0)


def align(before: Sequence[Part], after: Sequence[Part], likeness: Likeness) -> Alignment:
    """The parts of two rows that belong together."""
    start, end = common_ends(before, after)
    one, other = before[start : len(before) - end], after[start : len(after) - end]
    coarse = len(one) * len(other) > MOST_PAIRS
    scores = score(one, other, likeness, coarse=coarse)
    inside = [(a + start, b + start) for a, b in best_path(scores)]
    tail = [(len(before) - 1 - i, len(after) - 1 - i) for i in reversed(range(end))]
    pairs = [*((i, i) for i in range(start)), *inside, *tail]
    left = [i for i in range(len(before)) if i not in {a for a, _b in pairs}]
    right = [i for i in range(len(after)) if i not in {b for _a, b in pairs}]
    moved = assign([before[i] for i in left], [after[i] for i in right], likeness)
    return Alignment(tuple(pairs), tuple((left[a], right[b]) for a, b in moved), coarse)


def least(one: Part, other: Part) -> float:
    """How alike two parts have to be: blocks of two classes a little more, and much more under two names."""
    if not one.is_block or one.facts.kind == other.facts.kind:
        return LEAST
    return LEAST_OF_CLASSES if one.facts.path == other.facts.path else LEAST_OF_STRANGERS


def common_ends(before: Sequence[Part], after: Sequence[Part]) -> tuple[int, int]:
    """How many parts at the beginning and at the end are the same by structure and name."""

    def count(one: Sequence[Part], other: Sequence[Part]) -> int:
        same = [a.digest == b.digest and a.facts.path == b.facts.path for a, b in zip(one, other, strict=False)]
        return same.index(False) if False in same else len(same)

    start = count(before, after)
    return start, min(count(before[::-1], after[::-1]), len(before) - start, len(after) - start)


def score(
    one: Sequence[Part], other: Sequence[Part], likeness: Likeness, *, coarse: bool = False
) -> NDArray[np.float64]:
    """What a match of each two is worth; 0 where they do not belong together. `coarse`: only equal ones do."""
    found = np.zeros((len(one), len(other)))
    named = {(part.name, part.digest) for part in one} & {(part.name, part.digest) for part in other}
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            like = float(a.digest == b.digest) if coarse else likeness.of(a, b)
            if a.name != b.name and any(
                (part.name, part.digest) in named for part in (a, b) if not part.name.isdigit()
            ):
                like *= NAMESAKE
            if like >= least(a, b):
                found[i, j] = like * (weigh(a) + weigh(b)) / 2
    return found


def best_path(scores: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The pairs (rising in both) with the largest sum of scores above 0; of equal ones the one that matches early."""
    rows, columns = scores.shape
    best = np.zeros((rows + 1, columns + 1))  # of what is left from there on
    for i in range(rows - 1, -1, -1):
        matched = np.where(scores[i] > 0, scores[i] + best[i + 1, 1:], 0)
        kept = np.maximum(matched, best[i + 1, :-1])
        best[i, :-1] = np.maximum.accumulate(kept[::-1])[::-1]
    pairs: list[tuple[int, int]] = []
    i = j = 0
    while i < rows and j < columns:
        if scores[i, j] > 0 and np.isclose(best[i, j], scores[i, j] + best[i + 1, j + 1], rtol=1e-12, atol=1e-12):
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif np.isclose(best[i, j], best[i, j + 1], rtol=1e-12, atol=1e-12):
            j += 1
        else:
            i += 1
    return pairs


def assign(one: Sequence[Part], other: Sequence[Part], likeness: Likeness) -> list[tuple[int, int]]:
    """What is equal in two sets of parts and worth to be called moved: blocks, and layers with parameters or of one
    name; those of one name first."""
    if not one or not other or len(one) * len(other) > MOST_PAIRS:
        return []
    scores = np.array([[moved_score(a, b, likeness) for b in other] for a in one])
    rows, columns = linear_sum_assignment(scores, maximize=True)
    return [(int(a), int(b)) for a, b in zip(rows, columns, strict=True) if scores[a, b] > 0]


def moved_score(one: Part, other: Part, likeness: Likeness) -> float:
    """What it is worth to call one part moved to the place of the other; 0 where it may not be called so."""
    if one.digest != other.digest or one.is_operator or other.is_operator:
        return 0.0
    named = one.name == other.name and not one.name.isdigit()
    return likeness.of(one, other) * weigh(one) if one.is_block or one.facts.parameters or named else 0.0
