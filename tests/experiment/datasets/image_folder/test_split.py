"""The part that is set aside for testing: the same whatever the order, no copy on both sides."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reportgen.errors import DataError
from reportgen.experiment.datasets.image_folder.contents import read_contents
from reportgen.experiment.datasets.image_folder.split import set_aside
from reportgen.spec.types import DataSpec
from tests.experiment.datasets.image_folder.cases import load, notes, write_classes, write_image


def names_aside(root: Path) -> set[str]:
    train, test = set_aside(read_contents(root, "").images, 0.25)
    assert {image.path for image in train}.isdisjoint(image.path for image in test)
    return {image.name for image in test}


def test_it_depends_on_names_not_on_order_or_place(tmp_path: Path) -> None:
    write_classes(tmp_path / "one", ("cat", "dog", "owl"), 12)
    before = names_aside(tmp_path / "one")
    assert len(before) == 9
    images = read_contents(tmp_path / "one", "").images
    assert {image.name for image in set_aside(images[::-1], 0.25)[1]} == before
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    assert names_aside(tmp_path / "two") == before


def test_one_more_image_moves_at_most_one_other(tmp_path: Path) -> None:
    write_classes(tmp_path, number=20)
    before = names_aside(tmp_path)
    write_image(tmp_path / "cat" / "more.png", 12345)
    assert len(names_aside(tmp_path) ^ before) <= 2
    assert {name for name in names_aside(tmp_path) if name.startswith("dog")} == {
        name for name in before if name.startswith("dog")
    }


@pytest.mark.parametrize("copies", [1, 3, 7])
def test_equal_files_lie_on_one_side_also_across_classes(copies: int, tmp_path: Path) -> None:
    write_classes(tmp_path, number=8)
    for index in range(8):
        for copy in range(copies):
            shutil.copy(tmp_path / "cat" / f"{index}.png", tmp_path / "cat" / f"{index} copy {copy}.png")
        shutil.copy(tmp_path / "cat" / f"{index}.png", tmp_path / "dog" / f"cat {index}.png")
    data = load(tmp_path)
    assert data.facts.duplicates is not None
    assert data.facts.duplicates.across == 0
    assert len(data.test_labels)


def test_the_same_pixels_in_another_format_are_not_trained_on(tmp_path: Path) -> None:
    write_classes(tmp_path, number=8)
    for index in range(8):
        with Image.open(tmp_path / "cat" / f"{index}.png") as image:
            image.save(tmp_path / "cat" / f"{index}.bmp")
    data = load(tmp_path)
    assert data.facts.duplicates is not None
    assert data.facts.duplicates.across == 0
    assert "in every pixel as read and w" in notes(data)
    assert data.facts.splits[0].n + data.facts.splits[1].n < 24


def test_a_class_of_copies_alone_is_trained_on_and_nothing_else_is_refused(tmp_path: Path) -> None:
    write_classes(tmp_path, ("cat",), 5)
    for name in ("dog", "owl"):
        for index in range(5):
            write_image(tmp_path / name / f"{index}.png", 99 if name == "dog" else 98)
    assert load(tmp_path).facts.splits[1].counts == (1, 0, 0)
    shutil.rmtree(tmp_path / "cat")
    with pytest.raises(DataError, match="no class of which a test image could be set aside"):
        load(tmp_path)


def test_limits_do_not_change_which_images_are_test_images(tmp_path: Path) -> None:
    write_classes(tmp_path, number=20)
    whole = load(tmp_path)
    part = load(tmp_path, DataSpec(name="image_folder", train_limit=6, eval_limit=4))
    assert set(part.facts.test_files) <= set(whole.facts.test_files)
    assert [(split.n, split.available) for split in part.facts.splits] == [(6, 32), (4, 8)]
    assert np.isin(part.test_digests, whole.test_digests).all()
