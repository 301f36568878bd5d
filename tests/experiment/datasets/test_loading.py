"""Limits, normalisation, facts and samples, whatever the data set."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from reportgen.errors import SpecError
from reportgen.experiment.datasets import find_datasets
from reportgen.experiment.datasets.facts import channel_statistics, find_duplicates, pixel_digests
from reportgen.experiment.datasets.loaded import Normalizer, stratified_rows
from reportgen.experiment.datasets.loading import prepare
from reportgen.experiment.datasets.raw import RawData, RawSplit
from reportgen.spec.types import DataSpec, Normalization
from tests.experiment.cases import load, noise

DIGITS = DataSpec(name="digits")


def test_names_of_classes_that_no_page_can_show_are_written_out() -> None:
    images, labels = np.zeros((4, 8, 8, 3), np.uint8), np.arange(4) % 2
    split = RawSplit(images, labels)
    raw = RawData("own", "half \ud83d", "", "", "", "", ("a\ud800b", "line\nbreak"), split, split)
    facts = prepare(raw, DataSpec(), 0).facts
    assert facts.classes == (r"a\u{d800}b", r"line\nbreak")
    assert facts.title == r"half \u{d83d}"
    assert facts.model_dump_json()


def test_the_data_sets_of_the_work_order_are_there() -> None:
    assert set(find_datasets()) == {"cifar10", "cifar100", "digits", "image_folder"}


def test_what_is_said_of_a_data_set_before_it_is_read_is_so() -> None:
    kind, digits = find_datasets()["digits"], load(DIGITS).facts
    assert kind.sizes == tuple(split.available for split in digits.splits)
    assert (kind.classes, kind.title) == (len(digits.classes), digits.title)


def test_an_unknown_name_is_met_with_the_nearest_one() -> None:
    with pytest.raises(SpecError, match="'cifar'") as caught:
        load(DataSpec(name="cifar"))
    assert "cifar10" in caught.value.hint
    with pytest.raises(SpecError, match="'digit'"):
        load(DataSpec(name="digits", fallback="digit"))


def test_digits_are_scikit_learns_each_once_enlarged_four_times() -> None:
    data, bundle = load(DIGITS), load_digits()
    images = torch.cat([data.train_images, data.test_images]).numpy()
    labels = torch.cat([data.train_labels, data.test_labels]).numpy()
    assert (images[:, :, :, 0] == images[:, :, :, 2]).all()
    small = images[:, ::4, ::4, 0]
    assert (np.kron(small, np.ones((1, 4, 4), np.uint8)) == images[..., 0]).all()
    ours = sorted((tuple(picture.ravel()), int(label)) for picture, label in zip(small, labels, strict=True))
    grey = np.round(bundle.images * 255 / 16).astype(np.uint8)
    assert ours == sorted((tuple(p.ravel()), int(y)) for p, y in zip(grey, bundle.target, strict=True))
    for split in data.facts.splits:
        assert max(split.counts) - min(split.counts) <= 8
    assert len(data.test_labels) == pytest.approx(0.2 * 1797, abs=5)
    assert data.augment == ("crop",)  # a mirrored digit is another sign


@pytest.mark.parametrize("limit", [10, 95, 400])
def test_a_limit_takes_equal_shares_in_order_and_remembers_where_from(limit: int) -> None:
    whole, part = load(DIGITS), load(DataSpec(name="digits", train_limit=limit, eval_limit=50))
    counts = np.bincount(part.train_labels.numpy(), minlength=10)
    assert counts.sum() == limit
    assert counts.max() - counts.min() <= 1
    assert (np.diff(part.train_ids) > 0).all()
    assert torch.equal(part.train_images, whole.train_images[torch.from_numpy(part.train_ids)])
    assert torch.equal(part.test_labels, whole.test_labels[torch.from_numpy(part.test_ids)])
    train, test = part.facts.splits
    assert (train.n, train.available, train.counts) == (limit, len(whole.train_labels), tuple(counts.tolist()))
    assert (test.n, test.available) == (50, len(whole.test_labels))


def test_a_limit_is_drawn_by_the_seed_alone() -> None:
    spec = DataSpec(name="digits", train_limit=100)
    assert (load(spec).train_ids == load(spec).train_ids).all()
    assert (load(spec).train_ids != load(spec, seed=1).train_ids).any()


def test_a_limit_beyond_the_data_is_all_of_it() -> None:
    assert len(load(DataSpec(name="digits", train_limit=10**6)).train_labels) == len(load(DIGITS).train_labels)


def test_a_class_that_is_too_small_gives_what_it_has() -> None:
    labels = np.array([0] * 50 + [1] * 3 + [2] * 50)
    assert np.bincount(labels[stratified_rows(labels, 43, seed=0)]).tolist() == [20, 3, 20]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_normalising_is_scaling_subtracting_and_dividing(dtype: torch.dtype) -> None:
    images = noise().train_images[:, :20]
    mean, std = (0.1, 0.5, 0.9), (0.2, 0.3, 0.4)
    found = Normalizer(mean, std).apply(images, dtype)
    expected = (images.numpy() / 255 - np.array(mean)) / np.array(std)
    assert found.dtype == dtype
    assert tuple(found.shape) == (64, 3, 20, 32)
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert np.abs(found.permute(0, 2, 3, 1).numpy() - expected).max() < (1e-5 if dtype == torch.float32 else 1e-12)


@pytest.mark.parametrize(("height", "width"), [(48, 48), (224, 100), (20, 20), (40, 16)])
def test_resizing_is_pillows(height: int, width: int) -> None:
    images = noise().train_images[:5]
    mean, std = (0.1, 0.5, 0.9), (0.2, 0.3, 0.4)
    found = Normalizer(mean, std, (height, width)).apply(images, torch.float64)
    assert found.is_contiguous(memory_format=torch.channels_last)
    pixels = 255 * (found * torch.tensor(std).view(3, 1, 1) + torch.tensor(mean).view(3, 1, 1))
    for channel in range(3):
        for image, picture in zip(images.numpy(), pixels.numpy(), strict=True):
            layer = Image.fromarray(image[..., channel].astype(np.float32))
            expected = np.asarray(layer.resize((width, height), Image.Resampling.BILINEAR))
            assert np.abs(picture[channel] - expected).max() < 1e-3


def test_the_size_of_the_spec_is_what_the_model_sees() -> None:
    data = load(DataSpec(name="digits", image_size=48))
    assert (data.facts.image_shape, data.facts.resized_from) == ((3, 48, 48), (32, 32))
    assert tuple(data.normalization.apply(data.test_images[:2]).shape) == (2, 3, 48, 48)
    assert data.normalization.pixels(data.test_images) == 48 * 48
    same = load(DataSpec(name="digits", image_size=32))
    assert (same.facts.image_shape, same.facts.resized_from) == ((3, 32, 32), None)
    assert torch.equal(same.normalization.apply(same.test_images), load(DIGITS).normalization.apply(same.test_images))


IMAGENET = ("imagenet", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("imagenet", IMAGENET),
        ("none", ("none", (0.0,) * 3, (1.0,) * 3)),
        ("cifar10", ("cifar10", (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616))),
        (Normalization(mean=(0.1, 0.2, 0.3), std=(1.0, 2.0, 3.0)), ("custom", (0.1, 0.2, 0.3), (1.0, 2.0, 3.0))),
    ],
)
def test_the_spec_names_the_normalisation(asked: Any, found: tuple[object, ...]) -> None:
    data = load(DataSpec(name="digits", normalize=asked))
    facts = data.facts
    assert (facts.normalize_name, facts.normalize_mean, facts.normalize_std) == found
    assert (data.normalization.mean, data.normalization.std) == found[1:]


def test_without_a_word_the_data_are_normalised_by_their_own_statistics() -> None:
    data = load(DIGITS)
    pictures = data.normalization.apply(data.train_images, torch.float64)
    assert pictures.mean((0, 2, 3)).abs().max() < 1e-5
    assert (pictures.std((0, 2, 3)) - 1).abs().max() < 1e-4
    assert data.facts.normalize_name == "digits"


def test_numbers_that_do_not_fit_the_channels_are_refused() -> None:
    with pytest.raises(SpecError, match="1 means and deviations for images of 3 channels"):
        load(DataSpec(name="digits", normalize=Normalization(mean=(0.5,), std=(0.5,))))


def test_channel_statistics_are_numpys() -> None:
    images = noise().train_images.numpy()
    mean, std = channel_statistics(images)
    assert mean == pytest.approx((images / 255).mean((0, 1, 2)), abs=1e-6)
    assert std == pytest.approx((images / 255).std((0, 1, 2)), abs=1e-6)


def test_digests_are_blake2b_of_the_pixels() -> None:
    images = noise().train_images.numpy()[:5]
    expected = [int.from_bytes(hashlib.blake2b(p.tobytes(), digest_size=8).digest(), "little") for p in images]
    assert pixel_digests(images).tolist() == expected


def test_duplicates_are_counted_within_and_across_and_named_by_their_place() -> None:
    train, test = np.array([7, 3, 7, 9, 7], np.uint64), np.array([5, 9, 7, 5, 7], np.uint64)
    found = find_duplicates(train, test, (np.arange(10, 15), np.arange(20, 25)))
    assert (found.within_train, found.within_test, found.across) == (2, 2, 3)
    assert found.examples == (("train", 13, "test", 21), ("train", 10, "test", 22), ("train", 10, "test", 24))


def test_without_duplicates_there_are_none() -> None:
    found = find_duplicates(
        np.arange(5, dtype=np.uint64), np.arange(5, 9, dtype=np.uint64), (np.arange(5), np.arange(4))
    )
    assert (found.within_train, found.within_test, found.across, found.examples) == (0, 0, 0, ())


def test_a_sample_shows_the_classes_in_turn_raw_and_augmented() -> None:
    data = noise(train=100, spec=DataSpec(augment=("crop", "flip", "cutout")))
    sample = data.sample(40)
    assert sample.labels.tolist() == list(range(10)) * 4
    assert sample.raw.shape == sample.augmented.shape == (40, 32, 32, 3)
    assert sample.raw.dtype == sample.augmented.dtype == np.uint8
    assert all((picture == data.train_images.numpy()).all((1, 2, 3)).any() for picture in sample.raw)
    assert (sample.raw != sample.augmented).any((1, 2, 3)).all()
    assert (data.sample(40).augmented == sample.augmented).all()
