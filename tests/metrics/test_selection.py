"""The rules by which images are chosen, against a plain reading of each rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.metrics.predictions import read_predictions
from reportgen.metrics.selection import Group, expected_errors, fitted_temperature, images_to_keep, select
from tests.metrics.cases import Floats, Ints, evaluations, noisy, softmax

NAMES = ("surely_wrong", "barely_wrong", "barely_right", "surely_right", "label_errors", "typical", "untypical")


def groups(logits: Floats, labels: Ints) -> dict[str, Group]:
    """The groups by name."""
    return {group.name: group for group in select(logits, labels).groups}


def facts(logits: Floats, labels: Ints) -> tuple[Floats, Floats, Floats, Ints]:
    """Confidence, lead over the second class, probability of the label, and whether right."""
    shares = softmax(logits)
    ordered = np.sort(shares, axis=1)
    own = shares[np.arange(len(labels)), labels]
    return ordered[:, -1], ordered[:, -1] - ordered[:, -2], own, logits.argmax(1) == labels


@settings(deadline=None, max_examples=60, derandomize=True)
@given(case=evaluations(200))
def test_no_group_is_padded_with_what_does_not_fit(case: tuple[Floats, Ints]) -> None:
    confidence, lead, own, right = facts(*case)
    found, labels = groups(*case), case[1]
    fits = {
        "surely_wrong": ~right & (confidence >= 0.9),
        "barely_wrong": ~right & (lead < 0.1),
        "barely_right": right & (lead < 0.1),
        "surely_right": right & (confidence >= 0.9),
        "label_errors": disagreements(*case),
        "typical": right,
        "untypical": np.ones(len(labels), bool),
    }
    assert tuple(found) == NAMES
    for name, group in found.items():
        rows = list(group.positions)
        assert len(rows) == len(set(rows)) <= 10
        assert all(fits[name][row] for row in rows), name
        assert group.candidates == fits[name].sum()
        if name in ("typical", "untypical"):
            assert labels[rows].tolist() == sorted(set(labels[fits[name]].tolist()))[:10]
        else:
            assert len(rows) == min(10, group.candidates)
    for name, best in (("typical", max), ("untypical", min)):
        for row in found[name].positions:
            same = fits[name] & (labels == labels[row])
            assert own[row] == pytest.approx(best(own[same])), name


def disagreements(logits: Floats, labels: Ints) -> Ints:
    """The rule of the group, one image at a time (Northcutt et al. 2021, eq. 1 and 2, and sure to 90 %)."""
    shares = softmax(logits)
    own = [shares[labels == c, c].mean() if (labels == c).any() else 0.0 for c in range(logits.shape[1])]
    found = []
    for row, label in zip(shares, labels, strict=True):
        called = int(row.argmax())
        found.append(called != label and row[called] >= max(0.9, own[called]) and row[label] < own[label])
    return np.array(found)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(case=evaluations(200))
def test_classes_take_turns(case: tuple[Floats, Ints]) -> None:
    confidence, lead, _, right = facts(*case)
    labels, found = case[1], groups(*case)
    for name, fits in (("surely_right", right & (confidence >= 0.9)), ("barely_wrong", ~right & (lead < 0.1))):
        shown = np.bincount(labels[list(found[name].positions)], minlength=12)
        there = np.bincount(labels[fits], minlength=12)
        most = shown.max()
        assert all(shown[c] >= min(there[c], most - 1) for c in range(12)), name


def test_each_class_gives_its_best_first() -> None:
    logits, labels = noisy(1, 2000, 5, lift=3.0)
    confidence, lead, _, right = facts(logits, labels)
    for name, fits, order in (("surely_right", right, -confidence), ("barely_wrong", ~right, lead)):
        rows = list(groups(logits, labels)[name].positions)
        assert np.bincount(labels[rows], minlength=5).tolist() == [2] * 5
        for c in range(5):
            members = np.flatnonzero(fits & (labels == c))
            assert set(members[np.argsort(order[members])][:2]) == {row for row in rows if labels[row] == c}
        assert order[rows].tolist() == sorted(order[rows].tolist())


@settings(deadline=None, max_examples=60, derandomize=True)
@given(case=evaluations(200))
def test_the_strip_has_eight_images_the_sure_ones_of_the_groups_first(case: tuple[Floats, Ints]) -> None:
    confidence, _lead, _own, right = facts(*case)
    found = select(*case)
    strip, named, n = found.strip, {group.name: group for group in found.groups}, len(right)
    assert len(strip.right) + len(strip.wrong) == min(8, n)
    assert len(set(strip.right) | set(strip.wrong)) == min(8, n)
    assert set(strip.right) | set(strip.wrong) <= set(found.positions)
    for rows, fits, other in ((strip.right, right, ~right), (strip.wrong, ~right, right)):
        assert all(fits[list(rows)])
        assert len(rows) == min(fits.sum(), max(4, 8 - other.sum()))
        if len(rows) > 0:
            assert confidence[list(rows)].max() == pytest.approx(confidence[fits].max())
        name = "surely_right" if fits is right else "surely_wrong"
        assert rows[: len(named[name].positions)] == named[name].positions[: len(rows)]


def test_ties_go_to_the_earlier_row() -> None:
    labels = np.zeros(40, np.int64)
    logits = np.tile(np.array([9.0, 0.0, 0.0], np.float32), (40, 1))
    assert groups(logits, labels)["surely_right"].positions == tuple(range(10))


def test_a_planted_label_error_is_found() -> None:
    labels = (np.arange(300) % 3).astype(np.int64)
    logits = np.eye(3, dtype=np.float32)[labels] * 4
    logits += np.random.default_rng(0).normal(0, 0.3, logits.shape).astype(np.float32)
    logits[[12, 100]] = [[0, 9, 0], [0, 0, 9]]  # labelled 0 and 1
    assert set(groups(logits, labels)["label_errors"].positions) == {12, 100}


@settings(deadline=None, max_examples=30, derandomize=True)
@given(case=evaluations(120), temperature=st.sampled_from([1.0, 0.5, 2.0]))
def test_what_is_expected_of_right_labels_is_what_the_rule_would_contradict(
    case: tuple[Floats, Ints], temperature: float
) -> None:
    """Every other label an image could have, one at a time, with its probability."""
    logits, labels = case
    shares = softmax(logits / temperature)
    averages = {name: np.mean([shares[i, name] for i in np.flatnonzero(labels == name)]) for name in set(labels)}
    expected = 0.0
    for own in shares:
        first = int(own.argmax())
        for name, average in averages.items():
            if name != first and own[first] >= max(0.9, averages.get(first, 0)) and own[name] < average:
                expected += own[name]
    assert expected_errors(read_predictions(logits, labels), temperature) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_every_group_states_its_rule_and_nothing_chooses_among_numbers_that_are_not() -> None:
    logits, labels = noisy(2, 100, 4)
    rules = [group.rule for group in select(logits, labels).groups]
    assert len(set(rules)) == len(NAMES)
    assert all(rule.endswith(".") for rule in rules)
    # the three conditions of `disagreements`, whose bound is 0.9
    assert groups(logits, labels)["label_errors"].rule == (
        "Labelled one class and predicted another, both judged against the class averages: the model is at least 90 % "
        "sure of the other class, at least as sure of it as it is on average of that class's own images, and less "
        "sure of the label than on average (Northcutt et al. 2021), after temperature scaling. The cards show the "
        "probabilities without it."
    )
    logits[0, 0] = np.nan
    assert select(logits, labels).groups == ()


@settings(deadline=None, max_examples=40, derandomize=True)
@given(case=evaluations(200), most=st.integers(1, 120), seed=st.integers(0, 9))
def test_what_is_kept_is_what_is_shown_and_then_what_is_wrong(case: tuple[Floats, Ints], most: int, seed: int) -> None:
    logits, labels = case
    digests = np.random.default_rng(seed).permutation(len(labels)).astype(np.uint64)
    kept = images_to_keep(logits, labels, digests, most).tolist()
    shown = set(select(logits, labels, fitted_temperature(logits, labels)).positions)
    wrong = {int(row) for row in np.flatnonzero(logits.argmax(1) != labels)} - shown
    more = set(kept) - shown
    assert kept == sorted(set(kept))
    assert shown <= set(kept)
    assert more <= wrong
    assert len(more) == max(0, min(len(wrong), most - len(shown)))
    assert max((digests[row] for row in more), default=0) <= min((digests[row] for row in wrong - more), default=10**9)


def test_two_records_keep_the_same_wrong_images_whatever_their_order() -> None:
    logits, labels = noisy(3, 900, 6, lift=0.5)
    digests = np.random.default_rng(1).permutation(900).astype(np.uint64)
    order = np.random.default_rng(2).permutation(900)
    one = digests[images_to_keep(logits, labels, digests, 150)]
    other = digests[order][images_to_keep(logits[order], labels[order], digests[order], 150)]
    assert set(one.tolist()) == set(other.tolist())
    assert len(one) == 150
