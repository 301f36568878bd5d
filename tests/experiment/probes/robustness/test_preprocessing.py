"""The preprocessing check on models that expect one preparation, and on the published checkpoint."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from reportgen.experiment.device import resolve_device
from reportgen.experiment.evaluate import evaluate
from reportgen.experiment.models import load_model
from reportgen.experiment.probes import Allowance, ProbeContext
from reportgen.experiment.probes.robustness.preprocessing import check_preparation
from reportgen.experiment.probes.robustness.preprocessing_variants import (
    lay_out,
    layouts,
    learned_here,
    other_ways,
    spec_way,
)
from reportgen.experiment.trace import trace_model
from reportgen.metrics.preprocessing import doubt_preparation
from reportgen.record.probes.robustness import PreparationCheck
from reportgen.report.naming import advise_preparation, name_preparation
from reportgen.spec.normalization import CIFAR10, IMAGENET
from reportgen.spec.types import DataSpec, ModelSpec, ReportSpec, RunSpec
from tests.experiment.cases import load
from tests.experiment.probes.cases import finished
from tests.experiment.probes.levels import LEVELS, Knows, levels, statistics

EVALUATE = RunSpec(mode="evaluate")


def check(context: ProbeContext, images: int = 60, seconds: float = math.inf, full: bool = False) -> PreparationCheck:
    rows, _ = context.sample(images)
    clean = context.logits[rows.numpy()].argmax(1) == context.data.test_labels[rows].numpy()
    return check_preparation(context, rows, clean, Allowance(seconds, full), 0.002)


@pytest.mark.parametrize(
    ("expected", "mean", "std"),
    [("imagenet", 0.485, 0.229), ("half", 0.5, 0.5), ("bytes", 0.0, 1 / 255), ("cifar10", 0.4914, 0.247)],
)
def test_the_preparation_that_a_model_expects_is_found(expected: str, mean: float, std: float) -> None:
    found = check(finished(Knows(mean, std), levels("none"), run=EVALUATE))
    doubt = doubt_preparation(found, 0.2)
    assert doubt is not None
    assert doubt.best.preparation.name == expected
    assert doubt.best.preparation.right == 60
    assert doubt.best.preparation.own_right == found.right


@pytest.mark.parametrize(("normalize", "mean", "std"), [("none", 0.0, 1.0), ("imagenet", 0.485, 0.229)])
def test_the_right_preparation_is_not_doubted(normalize: str, mean: float, std: float) -> None:
    found = check(finished(Knows(mean, std), levels(normalize), run=EVALUATE), full=True)
    assert found.right == found.images == 60
    assert doubt_preparation(found, 0.2) is None
    assert found.loss_images == 0


def test_channels_the_other_way_round_are_found() -> None:
    found = check(finished(Knows(0, 1, channel=2), levels("none"), run=EVALUATE))
    doubt = doubt_preparation(found, 0.2)
    assert doubt is not None
    assert (doubt.best.preparation.name, doubt.best.preparation.order) == ("spec", "bgr")


def test_each_colour_keeps_its_own_statistics_when_turned() -> None:
    """The red of ImageNet's statistics, looked for where blue should be."""
    found = check(finished(Knows(0.485, 0.229, channel=2), levels("imagenet"), run=EVALUATE))
    best = max(found.others, key=lambda other: other.right)
    assert (best.name, best.order, best.right) == ("spec", "bgr", 60)


def test_gains_and_losses_are_counted_against_the_spec_image_by_image() -> None:
    context = finished(Knows(0.5, 0.5), levels("none"), run=EVALUATE)
    found = check(context, full=True)
    rows = context.sample(60)[0]
    labels = context.data.test_labels[rows].numpy()
    clean = context.logits[rows.numpy()].argmax(1) == labels
    for other in found.others:
        mean, std = np.array(other.mean), np.array(other.std)
        pixels = (context.data.test_images[rows].numpy() / 255 - mean) / std
        shown = pixels if other.layout != "grey" else (grey(context, rows)[..., None] / 255 - mean) / std
        red = shown[..., 0 if other.order == "rgb" else 2].mean((1, 2))
        centres = context.module.centres.detach().numpy()
        right = np.abs(red[:, None] - centres).argmin(1) == labels
        assert (other.right, other.gained, other.lost) == (right.sum(), (right & ~clean).sum(), (~right & clean).sum())


def test_what_seems_better_is_looked_at_longer_where_there_is_time() -> None:
    context = finished(Knows(0.5, 0.5), levels("none", test=350), run=EVALUATE)
    found = check(context, images=350, seconds=60.0)
    assert (found.images, found.stages, found.complete) == (100, 3, True)
    assert {other.images for other in found.others if other.gained > 2 * other.lost + 5} == {350}
    right = check(finished(Knows(0, 1), levels("none", test=350), run=EVALUATE), images=350, seconds=60.0)
    assert {other.images for other in right.others if other.lost > 20} == {100}
    short = check(context, images=350, seconds=0.0)
    assert (short.images, short.stages, short.complete) == (20, 1, False)


def test_what_is_measured_does_not_hang_on_how_fast_the_machine_is() -> None:
    context = finished(Knows(0.5, 0.5), levels("none", test=350), run=EVALUATE)
    assert check(context, images=350, seconds=100.0) == check(context, images=350, full=True)


def test_weights_that_learnt_grey_images_are_found() -> None:
    model = Knows(0, 1)
    with torch.no_grad():
        model.centres.copy_(torch.from_numpy(0.299 * LEVELS + 0.701 * 128) / 255)
    doubt = doubt_preparation(check(finished(model, levels("none", test=300), run=EVALUATE), images=300), 0.2)
    assert doubt is not None
    assert (doubt.best.preparation.layout, doubt.best.preparation.name) == ("grey", "spec")


def test_a_mean_without_a_deviation_is_found() -> None:
    doubt = doubt_preparation(check(finished(Knows(0.5, 1), levels("none"), run=EVALUATE)), 0.2)
    assert doubt is not None
    assert doubt.best.preparation.name == "centred"


def test_layouts_are_those_of_numpy_and_pillow() -> None:
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), np.uint8))
    assert np.array_equal(lay_out(images, "transposed"), images.numpy().transpose(0, 2, 1, 3))
    assert np.array_equal(lay_out(images, "mirrored"), images.numpy()[:, :, ::-1])
    pillow = np.stack([np.asarray(Image.fromarray(image).convert("L")) for image in images.numpy()])
    assert np.abs(lay_out(images, "grey").numpy()[..., 1].astype(int) - pillow).max() <= 1
    turned = {"upside_down": np.flipud, "half_turn": lambda one: np.rot90(one, 2), "left_turn": np.rot90}
    turned |= {"right_turn": lambda one: np.rot90(one, -1)}
    for layout, turn in turned.items():
        assert np.array_equal(lay_out(images, layout), np.stack([turn(image) for image in images.numpy()]))
    assert layouts(images) == ["grey", "transposed", "mirrored", "upside_down", "half_turn", "left_turn", "right_turn"]
    assert layouts(images[:, :6, :, :1]) == ["mirrored", "upside_down", "half_turn"]
    large = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (70, 32, 24, 3), np.uint8))
    assert layouts(large) == ["grey", "mirrored", "upside_down", "cropped", "half_turn"]
    middle = [Image.fromarray(image[2:-2, 2:-2]) for image in large.numpy()]  # 1.5 pixels of 24, to even
    pillow = np.stack([np.asarray(image.resize((24, 32), Image.Resampling.BILINEAR)) for image in middle])
    assert np.abs(lay_out(large, "cropped").numpy().astype(int) - pillow).max() <= 1


class SeesEdges(Knows):
    """Reads the level of a frame that a crop to the middle 7/8 leaves at the edge; the rest tells nothing."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen = x[:, 0, 0, 8:24].mean(1)[:, None]
        return -self.sharp * (seen - self.centres).square()


def test_weights_that_learnt_another_crop_are_found() -> None:
    """The class stands in the third pixel from the edge, which the crop makes the first; the outer two are noise."""
    data = levels("none", test=300, side=32)
    outer = torch.randint(0, 256, (300, 2, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    data.test_images[:, :2], data.test_images[:, :, :2] = outer, outer.transpose(1, 2)
    data.test_images[:, -2:], data.test_images[:, :, -2:] = outer, outer.transpose(1, 2)
    doubt = doubt_preparation(check(finished(SeesEdges(0, 1), data, run=EVALUATE), images=300), 0.2)
    assert doubt is not None
    assert (doubt.best.preparation.layout, doubt.best.preparation.name) == ("cropped", "spec")
    assert "which no key of the spec does" in advise_preparation(doubt.best.preparation)
    assert name_preparation(doubt.best.preparation) == "the spec’s, the middle 7/8 of each side enlarged"


class SeesOneCorner(Knows):
    """Reads the level of a strip of the upper left corner alone, three times as wide as high."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        side = x.shape[-1] // 4
        seen = x[:, 0, :side, : 3 * side].mean((1, 2))[:, None]
        return -self.sharp * (seen - self.centres).square()


@pytest.mark.parametrize(
    ("layout", "turn"),
    [
        ("upside_down", lambda images: images.flip(1)),
        ("half_turn", lambda images: images.flip(1, 2)),
        ("left_turn", lambda images: images.rot90(-1, (1, 2))),
        ("right_turn", lambda images: images.rot90(1, (1, 2))),
        ("same", lambda images: images),
    ],
)
def test_images_that_are_stored_turned_are_found(layout: str, turn: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """The class stands in the strip, the rest is noise; all the ways are corrected for."""
    data = levels("none", test=300)
    side = data.test_images.shape[1] // 4
    noise = torch.randint(0, 256, data.test_images.shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    noise[:, :side, : 3 * side] = data.test_images[:, :side, : 3 * side]
    data.test_images[:] = turn(noise)
    found = check(finished(SeesOneCorner(0, 1), data, run=EVALUATE), images=300)
    doubt = doubt_preparation(found, 0.2)
    assert found.complete
    assert {other.layout for other in found.others} >= {"upside_down", "half_turn", "left_turn", "right_turn"}
    if layout == "same":
        assert doubt is None
        return
    assert doubt is not None
    assert (doubt.best.preparation.layout, doubt.best.preparation.name) == (layout, "spec")
    assert "which no key of the spec does" in advise_preparation(doubt.best.preparation)


def grey(context: ProbeContext, rows: torch.Tensor) -> np.ndarray:
    return lay_out(context.data.test_images[rows], "grey").numpy()[..., 0]


def test_near_equals_are_told_apart_on_training_images() -> None:
    context = finished(Knows(IMAGENET[0][0], IMAGENET[1][0]), levels("none", train=300), run=EVALUATE)
    found = check(context)
    losses = {other.name: other.loss for other in found.others if other.order == "rgb" and other.layout == "same"}
    assert found.loss_images == 300
    assert losses["imagenet"] is not None
    assert losses["cifar10"] is not None
    assert losses["imagenet"] < losses["cifar10"]
    assert losses["bytes"] is None


def test_weights_of_this_run_are_looked_at_once() -> None:
    found = check(finished(Knows(0.5, 0.5), levels("none"), run=RunSpec()))
    assert found.learned_here
    assert (found.stages, found.loss_images) == (1, 0)


@pytest.mark.parametrize(
    ("model", "mode", "own"),
    [
        ({}, "train", True),
        ({}, "evaluate", False),
        ({"weights": "a.pt"}, "train", False),
        ({"args": {"pretrained": True}}, "train", False),
        ({"args": {"pretrained": False}}, "train", True),
    ],
)
def test_whose_weights_they_are(model: dict[str, object], mode: str, own: bool) -> None:
    spec = ReportSpec.model_validate({"model": {"source": "timm:x", **model}, "run": {"mode": mode}})
    assert learned_here(spec) is own


def test_each_way_is_tried_once_and_the_spec_s_neighbours_last() -> None:
    context = finished(Knows(0, 1), levels(statistics(*CIFAR10)), run=EVALUATE)
    names = [way.name for way in other_ways(spec_way(context), context)]
    assert "cifar10" not in names
    assert names[-1] == "imagenet"
    grey = finished(Knows(0, 1), levels("none", grey=True, channels=1), run=EVALUATE)
    assert [way.name for way in other_ways(spec_way(grey), grey)] == [
        "half",
        "centred",
        "bytes",
        "centred_bytes",
        "own",
    ]


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("normalize", ["none", "imagenet"])
def test_the_published_checkpoint(normalize: str, data_root: Path) -> None:
    """Prepared as none (0 to 1) it is doubted and imagenet is named; prepared as imagenet nothing is better."""
    model = ModelSpec(source="builtin:cifar_resnet20", weights=data_root / "checkpoints" / "resnet20-12fca82f.th")
    data = load(DataSpec.model_validate({"normalize": normalize, "eval_limit": 200, "train_limit": 600}), data_root)
    device = resolve_device("cpu", "float32", None, training=False)
    module = load_model(model, Path(), 10).module
    logits = evaluate(module, data.test_images, data.normalization, device)
    trace = trace_model(module.eval(), data.normalization.apply(data.test_images[:1], device.dtype), "test")
    spec = ReportSpec(model=model, run=EVALUATE)
    found = check(ProbeContext(module, None, data, device, spec, trace, logits, np.arange(1)), images=200)
    doubt = doubt_preparation(found, 0.1)
    if normalize == "imagenet":
        assert doubt is None
        return
    assert doubt is not None
    assert (doubt.best.preparation.name, doubt.best.preparation.order) == ("imagenet", "rgb")
    assert doubt.now.value is not None
    assert doubt.best.accuracy.low is not None
    assert doubt.now.value < 0.5 < 0.85 < doubt.best.accuracy.low
    assert "cifar10" in {one.preparation.name for one in doubt.rivals}
