"""The numbers of two robustness probes on what both measured: the same kinds, severities and images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.robustness import attack_values, identities, mean_corruption, read_outcomes
from reportgen.record.metric_value import MetricValue
from reportgen.record.probes.robustness import Condition, RobustnessFacts
from reportgen.record.run import RunRecord
from reportgen.spec.probes import CorruptionName

CORRUPTIONS = get_args(CorruptionName)
Key = tuple[str, float]
"""Kind and level of a condition."""

Overlap = tuple[MetricValue, MetricValue]
"""A number of the baseline and the candidate's, measured under the same conditions."""


def find_overlaps(before: RunRecord, after: RunRecord) -> Mapping[str, Overlap]:
    """`corruption_accuracy`, `fgsm_accuracy` and `pgd_accuracy` on what both records measured, by name.

    Without those for which they have nothing in common.
    """
    theirs, mine = facts_of(before), facts_of(after)
    if theirs is None or mine is None or theirs.constants_side != mine.constants_side:
        return {}
    keys = shared_keys(theirs, mine)
    images = np.intersect1d(measured_images(before, theirs, keys), measured_images(after, mine, keys))
    if not keys or not len(images):
        return {}
    found = [numbers_of(*restrict(*side, keys, images)) for side in ((before, theirs), (after, mine))]
    return {
        name: (value, found[1][name])
        for name, value in found[0].items()
        if name in found[1] and value.conditions == found[1][name].conditions
    }


def facts_of(record: RunRecord) -> RobustnessFacts | None:
    """What the probe found; None where it found nothing."""
    facts = record.probes.robustness if record.probes else None
    return facts if facts is not None and "robustness.predicted" in record.arrays else None


def shared_keys(one: RobustnessFacts, other: RobustnessFacts) -> frozenset[Key]:
    """The conditions that both measured, of corruptions those of the kinds that enter both means; PGD only where it was
    made in the same way."""
    known = frozenset(map(key_of, one.conditions)) & frozenset(map(key_of, other.conditions))
    same = one.attack is not None and other.attack is not None and settings_of(one) == settings_of(other)
    return frozenset(
        (kind, level)
        for kind, level in known
        if (kind != "pgd" or same) and (kind not in CORRUPTIONS or all(enters(kind, facts) for facts in (one, other)))
    )


def key_of(condition: Condition) -> Key:
    """What a condition is, whatever images it was measured on."""
    return condition.kind, condition.level


def settings_of(facts: RobustnessFacts) -> tuple[int, int] | None:
    """Steps and restarts of PGD."""
    return (facts.attack.steps, facts.attack.restarts) if facts.attack is not None else None


def enters(kind: str, facts: RobustnessFacts) -> bool:
    """Whether a kind of corruption is one of those that a record's mean is over."""
    return kind in facts.mean_kinds or not facts.mean_kinds


def measured_images(record: RunRecord, facts: RobustnessFacts, keys: frozenset[Key]) -> NDArray[np.uint64]:
    """Digests (images,) of the images on which all of these conditions were measured."""
    sizes = [condition.images for condition in facts.conditions if key_of(condition) in keys]
    return identities(record)[: min(sizes, default=0)]


def restrict(
    record: RunRecord, facts: RobustnessFacts, keys: frozenset[Key], images: NDArray[np.uint64]
) -> tuple[RunRecord, RobustnessFacts]:
    """A record with only these conditions and images, in the order of `images`, of its robustness probe."""
    own = measured_images(record, facts, keys)
    order = np.argsort(own, kind="stable")
    columns = order[np.searchsorted(own[order], images)]
    kept = [place for place, condition in enumerate(facts.conditions) if key_of(condition) in keys]
    arrays = record.arrays.merged(
        {
            "robustness.rows": record.arrays["robustness.rows"][columns],
            "robustness.predicted": record.arrays["robustness.predicted"][kept][:, columns],
        }
    )
    conditions = tuple(facts.conditions[place].model_copy(update={"images": len(images)}) for place in kept)
    return record.model_copy(update={"arrays": arrays}), facts.model_copy(update={"conditions": conditions})


def numbers_of(record: RunRecord, facts: RobustnessFacts) -> dict[str, MetricValue]:
    """The mean over the kinds of corruption, and what the attacks leave, by name."""
    mean = mean_corruption(record, facts)
    found = [mean.accuracy] if mean is not None else []
    found += attack_values(record, facts, read_outcomes(record, facts))
    return {value.name: value for value in found}
