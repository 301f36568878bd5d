"""Which images are explained, and which mistakes are looked up."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.record.probes.sampling import count_turns

IntArray = NDArray[np.int64]


def softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Probabilities (n, c) of logits (n, c)."""
    powers = np.exp(logits.astype(np.float64) - logits.max(1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(1, keepdims=True)
    return shares


def surest(rows: IntArray, confidence: NDArray[np.float64], labels: IntArray, number: int) -> IntArray:
    """At most `number` of the rows (n,), the highest confidence first, by turns from each true class."""
    ordered = rows[np.argsort(-confidence[rows], kind="stable")]
    turns = count_turns(labels[ordered])
    chosen = ordered[np.argsort(turns, kind="stable")][:number]
    return chosen[np.argsort(-confidence[chosen], kind="stable")]


def pick_rows(shown: IntArray, logits: NDArray[Any], labels: IntArray, number: int) -> IntArray:
    """Of the shown rows (s,), the surest right and the surest wrong ones, half of each where there are; right first."""
    confidence, wrong = softmax(logits).max(1), logits.argmax(1) != labels
    mistakes, hits = shown[wrong[shown]], shown[~wrong[shown]]
    many = min(len(mistakes), max(number // 2, number - len(hits)))
    return np.concatenate([surest(hits, confidence, labels, number - many), surest(mistakes, confidence, labels, many)])


def pick_mistakes(first: IntArray, logits: NDArray[Any], labels: IntArray, number: int) -> IntArray:
    """At most `number` wrong rows of logits (n, classes): the wrong ones of `first`, then the surest of all."""
    wrong = np.flatnonzero(logits.argmax(1) != labels)
    ordered = wrong[np.argsort(-softmax(logits[wrong]).max(1), kind="stable")] if len(wrong) else wrong
    own = first[np.isin(first, wrong)]
    return np.concatenate([own, ordered[~np.isin(ordered, own)]])[:number]
