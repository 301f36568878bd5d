"""What the comparison package makes of two records: a paired verdict, what changed, and what differs between them."""

from __future__ import annotations

from typing import Literal

from reportgen.record.architecture import ArchitectureChange, WeightMoves
from reportgen.record.message import Message
from reportgen.record.metric_value import MetricValue
from reportgen.spec.frozen import Frozen

Verdict = Literal["better", "worse", "equivalent", "undecided"]


class Baseline(Frozen):
    """The record that was compared with."""

    title: str
    fingerprint: str
    digest: str
    """sha256 of its record.json, which holds that of its arrays."""
    created: str
    commit: str | None = None
    dirty: bool | None = None


class McNemar(Frozen):
    """The same images under both models, by who is right."""

    both_right: int
    lost: int
    """Right with the baseline, wrong with the candidate."""
    gained: int
    """Wrong with the baseline, right with the candidate."""
    both_wrong: int
    p: float
    """Exact, two-sided: chance of flips so uneven if either direction were as likely (McNemar 1947)."""


class Equivalence(Frozen):
    """Two one-sided tests that the change of accuracy lies within ± the margin (Schuirmann 1987)."""

    margin: float
    p_above: float
    """Against a change of −margin or less."""
    p_below: float
    """Against a change of +margin or more."""

    @property
    def p(self) -> float:
        """The larger of the two."""
        return max(self.p_above, self.p_below)


class ClassChange(Frozen):
    """One class of the evaluation set under both models."""

    index: int
    name: str
    support: int
    before: MetricValue
    """Recall with the baseline (Wilson)."""
    after: MetricValue
    """Recall with the candidate (Wilson)."""
    change: MetricValue
    """`class.<name>.recall.change`."""
    lost: int
    gained: int
    p: float
    """Exact McNemar test of this class alone; 1 without images."""
    p_adjusted: float
    """After Holm's correction over the classes that have images."""


class Flip(Frozen):
    """One image on which only one of the two models is right."""

    id: int
    """In the data set's test split."""
    label: int
    before: int
    """Predicted by the baseline; −1 where its outputs are not finite."""
    before_confidence: float | None
    """Probability of that prediction; None where it is unknown."""
    after: int
    after_confidence: float | None
    image: int
    """Row of the array `comparison.images`."""
    file: str = ""
    """Name of its file in the data's folder; empty where it is none."""


class Difference(Frozen):
    """One thing that is not the same in both records."""

    part: Literal["spec", "architecture", "weights", "data", "device", "versions", "source"]
    key: str | Message
    """A dotted key, a module's path, a distribution's name; a message where it is a word of ours."""
    before: str | Message
    """Empty where the baseline has no such thing."""
    after: str | Message


class NotCompared(Frozen):
    """A change that can't be given, and why."""

    name: str
    """Of the metric's change, such as `latency_p50.change_ratio`."""
    reason: Message
    """One plain sentence."""

    @property
    def metric(self) -> str:
        """The number whose change it is, such as `latency_p50`."""
        return self.name.rpartition(".")[0]


class Comparison(Frozen):
    """The candidate, which is the record of the report, against the baseline.

    The verdict is about top-1 accuracy on the same images. Arrays, in the Judgement: `comparison.lost` and
    `comparison.gained` int64, ids of all images that flipped; `comparison.images` uint8 (k, H, W, C), those of `lost`
    and `gained` here.
    """

    kind: Literal["comparison"] = "comparison"
    baseline: Baseline
    verdict: Verdict
    n: int
    """Images, the same under both models."""
    p: float
    """Of no change: exact McNemar test, or the t test over seeds or evaluations where there are several."""
    mcnemar: McNemar
    """Of the first seed, and of its first evaluation."""
    equivalence: Equivalence
    identical: bool
    """True where both models give the same outputs, to the bit, for every image."""
    seeds: tuple[int, int] = (1, 1)
    """Of the baseline and of the candidate."""
    seed_spread: float | None = None
    """Standard deviation of accuracy between seeds, pooled; None where each has one seed."""
    evaluations: tuple[int, int] = (1, 1)
    """Of baseline and candidate: more than one where a model of one seed depends on chance."""
    detectable: float | None
    """Smallest true change of accuracy that so many images show in four of five comparisons; None: none is."""
    images_needed: int | None = None
    """About how many images would decide, if change and flips stay as they are; None: decided, or no number would."""
    seeds_needed: int | None = None
    """About how many seeds of each would decide on these images; None: decided, or not known, or no number would."""
    values: tuple[MetricValue, ...]
    """`<metric>.change` (candidate − baseline) and `<metric>.change_ratio` (candidate ÷ baseline)."""
    before: tuple[MetricValue, ...]
    """The baseline's own headline numbers, its latency as it was timed in turn with the candidate's."""
    not_compared: tuple[NotCompared, ...] = ()
    classes: tuple[ClassChange, ...]
    lost: tuple[Flip, ...]
    """Right → wrong, those whose images are shown."""
    gained: tuple[Flip, ...]
    """Wrong → right, those whose images are shown."""
    differences: tuple[Difference, ...]
    architecture: ArchitectureChange | None = None
    """Both architectures as one; None in comparisons of before it was made."""
    weights: WeightMoves | None = None
    """How far the weights of each layer lie apart; None where a record does not hold what that needs."""

    @property
    def of_weights(self) -> bool:
        """Whether one training of each was compared, so that the verdict is on these weights and not on recipes."""
        return self.seeds == (1, 1)

    @property
    def unchanged(self) -> bool:
        """Whether the outputs of both are the same to the bit; where they depend on chance, those of every evaluation,
        which the likelihoods tell: of other outputs they are not equal to the last digit."""
        told = [self.value(f"{name}.change") for name in ("nll", "brier")]
        return self.identical or (self.evaluations != (1, 1) and all(one and one.value == 0 for one in told))

    def value(self, name: str) -> MetricValue | None:
        """The change of that name, or None."""
        return next((value for value in self.values if value.name == name), None)

    @property
    def told(self) -> tuple[MetricValue, ...]:
        """All changes, without balanced accuracy’s where every class has as many images: it is accuracy’s."""
        equal = len({one.support for one in self.classes}) == 1
        return tuple(
            value for value in self.values if not (equal and value.name.startswith("balanced_accuracy.change"))
        )

    @property
    def scores(self) -> tuple[MetricValue, ...]:
        """The changes that have an interval over images, seeds or evaluations: none of a time."""
        return tuple(
            value
            for value in self.told
            if value.value is not None and value.low is not None and value.method != "alternated"
        )

    def why_not(self, name: str) -> str:
        """Why the change of that name is unknown; empty where nothing is said of it."""
        return next((gap.reason.text for gap in self.not_compared if gap.name == name), "")


class Refusal(Frozen):
    """Two records that can't be compared."""

    kind: Literal["refusal"] = "refusal"
    baseline: Baseline
    reason: Message
    """One plain sentence."""
    advice: Message
    """What to do about it, one sentence."""


ComparisonOutcome = Comparison | Refusal
"""What becomes of two records that are held against each other."""
