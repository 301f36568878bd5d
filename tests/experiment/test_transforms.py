"""Moves against numpy's own, and what they must leave alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from reportgen.experiment.transforms import mirror, rotate, shift
from tests.experiment.test_corruptions import pictures


@pytest.mark.parametrize("pixels", [1, 2, 4])
def test_a_shift_moves_each_image_one_of_four_ways_and_repeats_the_edge(pixels: int) -> None:
    images = pictures(40)
    moved = shift(images, pixels, 0).numpy()
    ways = set()
    for before, after in zip(images.numpy(), moved, strict=True):
        padded = np.pad(before, ((pixels, pixels), (pixels, pixels), (0, 0)), mode="edge")
        found = [
            (down, across)
            for down, across in ((0, 1), (0, -1), (1, 0), (-1, 0))
            if np.array_equal(after, padded[pixels * (1 + down) :, pixels * (1 + across) :][:32, :32])
        ]
        assert len(found) == 1
        ways.add(found[0])
    assert len(ways) == 4


def test_a_longer_shift_goes_the_same_way() -> None:
    images = pictures(6)
    assert torch.equal(shift(images, 2, 3)[:, 6:26, 6:26], shift(shift(images, 1, 3), 1, 3)[:, 6:26, 6:26])


def test_mirrors_are_numpys() -> None:
    images = pictures(2)
    assert np.array_equal(mirror(images).numpy(), images.numpy()[:, :, ::-1])
    assert np.array_equal(mirror(images, upside_down=True).numpy(), images.numpy()[:, ::-1])


def test_a_quarter_turn_is_a_quarter_turn() -> None:
    images = pictures(8)
    for before, after in zip(images.numpy(), rotate(images, 90, 0).numpy(), strict=True):
        ways = [np.rot90(before, turns).astype(int) for turns in (1, 3)]
        assert min(np.abs(way - after).max() for way in ways) <= 1


def test_a_rotation_is_scipys_one_way_or_the_other() -> None:
    images = pictures(12)
    ways = []
    for before, after in zip(images.numpy().astype(float), rotate(images, 20, 1).numpy(), strict=True):
        turned = [
            ndimage.rotate(before, angle, axes=(0, 1), reshape=False, order=1, mode="reflect") for angle in (20, -20)
        ]
        off = [np.abs(way - after).max() for way in turned]
        ways.append(int(np.argmin(off)))
        assert min(off) < 0.6
    assert set(ways) == {0, 1}


def test_no_turn_is_no_change() -> None:
    images = pictures(2)
    assert torch.equal(rotate(images, 0, 0), images)
