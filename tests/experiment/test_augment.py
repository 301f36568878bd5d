"""Batched augmentation against images cut one at a time with numpy."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from reportgen.experiment.augment import HOLE, PADDING, augment

SHAPES = ((32, 32), (9, 13))


def pictures(number: int, height: int, width: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(1).integers(0, 250, (number, height, width, 3), np.uint8))


def run(images: torch.Tensor, *names: Any, seed: int = 0, **given: Any) -> NDArray[Any]:
    return augment(images, names, torch.Generator().manual_seed(seed), **given).numpy()


def windows(picture: NDArray[Any]) -> dict[tuple[int, int], NDArray[Any]]:
    """Every window of the image's size on the image with a reflected border."""
    height, width = picture.shape[:2]
    padded = np.pad(picture, ((PADDING, PADDING), (PADDING, PADDING), (0, 0)), mode="reflect")
    places = product(range(2 * PADDING + 1), repeat=2)
    return {(y, x): padded[y : y + height, x : x + width] for y, x in places}


@pytest.mark.parametrize(("height", "width"), SHAPES)
def test_a_crop_is_a_window_on_the_image_with_a_reflected_border_and_every_window_comes(
    height: int, width: int
) -> None:
    image = pictures(1, height, width)
    known = {window.tobytes(): place for place, window in windows(image[0].numpy()).items()}
    cropped = run(image, "crop", rows=torch.zeros(3000, dtype=torch.int64))
    seen = [known[picture.tobytes()] for picture in cropped]  # a KeyError is an image that is no window
    assert set(seen) == set(known.values())


def test_each_image_of_a_batch_gets_its_own_crop_and_flip() -> None:
    images = pictures(64, 32, 32)
    out = run(images, "crop", "flip")
    found = []
    for before, after in zip(images.numpy(), out, strict=True):
        keys = {window.tobytes(): (place, False) for place, window in windows(before).items()}
        keys |= {window[:, ::-1].tobytes(): (place, True) for place, window in windows(before).items()}
        found.append(keys[after.tobytes()])
    assert len(set(found)) > 40
    assert 16 < sum(mirrored for _, mirrored in found) < 48


def test_half_of_the_images_are_mirrored() -> None:
    image = pictures(1, 32, 32)
    out = run(image, "flip", rows=torch.zeros(2000, dtype=torch.int64))
    mirrored = (out == image[0].numpy()[:, ::-1]).all(axis=(1, 2, 3))
    same = (out == image[0].numpy()).all(axis=(1, 2, 3))
    assert (mirrored ^ same).all()
    assert abs(mirrored.mean() - 0.5) < 4 * 0.5 / 2000**0.5


def test_cutout_blanks_one_square_whose_centre_is_anywhere_and_nothing_else() -> None:
    image = pictures(1, 32, 32)
    out = run(image, "cutout", rows=torch.zeros(3000, dtype=torch.int64), blank=255)
    centres = set()
    for picture in out:
        hole = (picture == 255).all(axis=2)
        rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
        assert hole.sum() == len(rows) * len(columns)
        assert rows[-1] - rows[0] + 1 == len(rows) <= HOLE
        assert len(rows) == HOLE or rows[0] == 0 or rows[-1] == 31
        assert len(rows) >= HOLE // 2
        assert (picture[~hole] == image[0].numpy()[~hole]).all()
        centres.add((int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])))
    spans = {(max(0, centre - HOLE // 2), min(31, centre + HOLE // 2 - 1)) for centre in range(32)}
    assert {place[:2] for place in centres} == {place[2:] for place in centres} == spans


def test_without_names_the_chosen_rows_come_as_they_are() -> None:
    images = pictures(8, 32, 32)
    rows = torch.tensor([5, 5, 0])
    assert (run(images, rows=rows) == images[rows].numpy()).all()


def test_the_images_given_are_left_alone() -> None:
    images = pictures(8, 32, 32)
    before = images.clone()
    run(images, "crop", "flip", "cutout")
    assert torch.equal(images, before)


def test_the_generator_alone_decides() -> None:
    images = pictures(8, 32, 32)
    first = run(images, "crop", "flip", "cutout")
    torch.manual_seed(123)
    assert (first == run(images, "crop", "flip", "cutout")).all()
    assert (first != run(images, "crop", "flip", "cutout", seed=1)).any()
