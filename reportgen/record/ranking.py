"""Several models on the same images: their order, how far each rank is sure, and every pair of them."""

from __future__ import annotations

from reportgen.record.message import Message
from reportgen.record.metric_value import MetricValue
from reportgen.spec.frozen import Frozen
from reportgen.text import numerals
from reportgen.text.shorten import shorten_middle


class Entry(Frozen):
    """One model of a ranking."""

    name: str
    """The title of its record, with a number where several have the same."""
    number: int
    """As they were given: 0 is the baseline, 1 the first candidate."""
    rank: int | None
    """By top-1 accuracy, 1 the best; equal ones share it. None: other images than the baseline's, or no accuracy."""
    best: int | None
    """The best rank that it may have: 1 and how many are surely better, after the correction."""
    worst: int | None
    """The worst rank that it may have: the number of ranks less how many are surely worse."""
    accuracy: MetricValue | None
    """Top-1, the mean over seeds where it was trained with several."""
    values: tuple[MetricValue, ...] = ()
    """Further numbers of its record, as far as they were measured."""

    @property
    def is_baseline(self) -> bool:
        """Whether the candidates were to be compared with it."""
        return self.number == 0

    @property
    def ranks(self) -> str:
        """The ranks that it may have as people read them: "2", "1–3", "—"."""
        ends = (numerals.count(self.best), numerals.count(self.worst))
        return ends[0] if self.best == self.worst else "–".join(ends)

    def value(self, name: str) -> MetricValue | None:
        """The further number of that name, or None."""
        return next((value for value in self.values if value.name == name), None)


class Pair(Frozen):
    """Two models on the same images."""

    first: str
    """The one given earlier, which stands for the baseline."""
    second: str
    change: MetricValue
    """Of top-1 accuracy, second − first, with the paired 95 % interval of this pair alone."""
    p: float
    """Of no change: exact McNemar test, or the t test over seeds where there are several."""
    p_adjusted: float
    """After Holm's correction over all pairs."""
    holds: bool
    """Whether the adjusted p is at most 0.05."""

    @property
    def better(self) -> str:
        """The one with the higher accuracy; the second where they are equal."""
        return self.first if (self.change.value or 0.0) < 0 else self.second

    @property
    def worse(self) -> str:
        """The other one."""
        return self.second if self.better == self.first else self.first

    def has(self, name: str | None) -> bool:
        """Whether a model is one of the two."""
        return name in (self.first, self.second)


class RefusedPair(Frozen):
    """Two models that can't be compared."""

    first: str
    """Called the baseline in the reason."""
    second: str
    """Called this model, or this record, in the reason."""
    reason: Message
    """One plain sentence."""


class Ranking(Frozen):
    """The models that were compared in one go, from the best to the worst."""

    entries: tuple[Entry, ...]
    """By rank, those without one at the end; names are unique."""
    pairs: tuple[Pair, ...] = ()
    """Every pair that could be compared, the smallest p first."""
    refused: tuple[RefusedPair, ...] = ()
    own: str | None = None
    """The name of the model whose record holds this; None outside of a record."""

    def seen_by(self, number: int) -> Ranking:
        """The same for the record of the model of that number."""
        return self.model_copy(update={"own": next(entry.name for entry in self.entries if entry.number == number)})


def abridge(name: str, most: int) -> str:
    """A name in at most so many characters, cut in the middle: a number that tells it from others is at its end."""
    return shorten_middle(name, most, tail=max(1, most // 4))
