"""Classes in another order, found on one half of the images and judged on the other."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from reportgen.metrics.predictions import Predictions, read_predictions
from reportgen.metrics.renaming import best_order, find_renaming


def predictions(order: list[int], right: float, n: int = 400, seed: int = 0) -> Predictions:
    """A model that is right with this probability, if its class i is taken for `order[i]`."""
    rng, classes = np.random.default_rng(seed), len(order)
    labels = np.arange(n) % classes
    meant = np.where(rng.random(n) < right, labels, rng.integers(0, classes, n))
    called = np.argsort(order)[meant]
    return read_predictions(np.eye(classes)[called] * 5 + rng.normal(0, 0.1, (n, classes)), labels)


@pytest.mark.parametrize("order", [[1, 0, 3, 2, 4], [1, 2, 3, 4, 0], [0, 1, 2, 4, 3]])
@pytest.mark.parametrize("right", [0.9, 0.6])
def test_another_order_is_found_with_the_accuracy_it_gives(order: list[int], right: float) -> None:
    found = find_renaming(predictions(order, right))
    assert found is not None
    assert list(found.meant) == order
    assert found.n == 200
    assert found.correct / found.n == pytest.approx(right + (1 - right) / 5, abs=0.07)


def test_the_best_order_is_that_of_all_permutations() -> None:
    made = predictions([2, 0, 1, 3], 0.5, 80, 3)
    every = np.ones(80, bool)
    best = max(permutations(range(4)), key=lambda one: (np.array(one)[made.predicted] == made.labels).sum())
    ours = best_order(made, every)
    assert (ours[made.predicted] == made.labels).sum() == (np.array(best)[made.predicted] == made.labels).sum()


def test_models_in_order_weak_models_and_guesses_are_not_renamed() -> None:
    same = list(range(10))
    found = [find_renaming(predictions(same, right, 300, seed)) for right in (0.0, 0.1, 0.9) for seed in range(60)]
    assert sum(one is not None for one in found) <= 4  # of 180, at 1 % each


@pytest.mark.parametrize("n", [200, 1000])
def test_a_model_that_is_never_right_and_knows_nothing_is_not_renamed(n: int) -> None:
    """Of its answers another order gets a tenth right, which is more than none and no more than guessing."""
    found = []
    for seed in range(40):
        rng, labels = np.random.default_rng(seed), np.arange(n) % 10
        called = (labels + rng.integers(1, 10, n)) % 10
        found.append(find_renaming(read_predictions(np.eye(10)[called] * 5, labels)))
    assert sum(one is not None for one in found) <= 2


def test_a_model_that_answers_one_class_is_not_renamed() -> None:
    labels = np.arange(100) % 4
    made = read_predictions(np.tile([0.0, 5, 0, 0], (100, 1)), labels)
    assert find_renaming(made) is None
