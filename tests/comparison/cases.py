"""Pairs of records made to show one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from reportgen.comparison import compare_with
from reportgen.comparison.ranking import rank
from reportgen.metrics import measure
from reportgen.record.comparison import Comparison, Refusal
from reportgen.record.paired_latency import PairedLatency, PairedTimes, Side
from reportgen.record.ranking import Ranking
from reportgen.record.run import RunRecord, SeedRun
from reportgen.record.subject import Subject
from tests.report.sections.cases import change
from tests.support.records import logits_and_labels, presented, small_training
from tests.support.sharing import made_once

DIGEST = "d" * 64


@made_once
def judged(candidate: RunRecord, baseline: RunRecord, **options: float) -> Subject:
    """The candidate with its judgement against the baseline."""
    return presented(candidate, compare_with(candidate, presented(baseline), DIGEST, **options))  # type: ignore[arg-type]


def ranked(records: Mapping[int, RunRecord], titles: Sequence[str], **options: int) -> Ranking:
    """The ranking of records under these titles."""
    return rank({at: presented(one, title=titles[at]) for at, one in records.items()}, **options)


def compared(candidate: RunRecord, baseline: RunRecord, **options: float) -> Comparison:
    """The comparison of two records that can be compared."""
    found = judged(candidate, baseline, **options).judgement.comparison
    assert isinstance(found, Comparison), found
    return found


def refused(candidate: RunRecord, baseline: RunRecord) -> Refusal:
    """The refusal of two records that can't be."""
    found = judged(candidate, baseline).judgement.comparison
    assert isinstance(found, Refusal), found
    return found


def with_logits(record: RunRecord, logits: np.ndarray) -> RunRecord:
    """The record of a model with other outputs on the same images."""
    other = change(record, arrays={"eval.logits": logits.astype(np.float32)})
    return other.model_copy(update={"measured": measure(other)})


@made_once
def improved(record: RunRecord, images: int, to: int = 1) -> RunRecord:
    """The record of a model that is right on the first `images` of those the record gets wrong, and no other change."""
    logits, labels = record.arrays["eval.logits"].copy(), record.arrays["eval.labels"]
    rows = np.flatnonzero(logits.argmax(1) != labels)[:images]
    logits[rows, labels[rows]] = logits[rows].max(1) + to
    return with_logits(record, logits)


@lru_cache(maxsize=1)
def another_seed() -> np.ndarray:
    """Outputs of another model of the same kind on the same labels."""
    return logits_and_labels(7)[0]


def with_seeds(record: RunRecord, numbers: list[int], scatter: float = 0.0) -> RunRecord:
    """The record with further seeds: models of the same kind, each better or worse by chance."""
    rng, arrays, runs = np.random.default_rng(numbers), {}, []
    for number in numbers:
        logits, labels = logits_and_labels(number)
        logits[np.arange(600), labels] += scatter * rng.normal()
        arrays[f"seed.{number}.logits"] = (logits - logits.max(1, keepdims=True)).astype(np.float16)
        runs.append(SeedRun(seed=number, training=small_training(), correct=0, n=600, loss=None))
    return change(record, arrays=arrays, seeds=tuple(runs))


def in_turn(
    record: RunRecord, before: Sequence[float], after: Sequence[float], size: int = 1, digest: str = DIGEST
) -> RunRecord:
    """The record with a batch size timed in turn with that of the baseline, seconds of neighbouring processes."""
    times = PairedTimes(
        batch_size=size, baseline=tuple(before), candidate=tuple(after), baseline_passes=50, candidate_passes=50
    )
    turns: tuple[Side, ...] = ("baseline", "candidate", "candidate", "baseline")
    order = (turns * len(before))[: 2 * len(before)]
    paired = PairedLatency(baseline=digest, model="builtin:tiny", order=order, threads=2, times=(times,))
    return record.model_copy(update={"paired_latency": paired})
