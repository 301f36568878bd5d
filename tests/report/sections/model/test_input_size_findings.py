"""Input fit: which images are too small for which model, what that costs, and the line of spec that changes it."""

from __future__ import annotations

import pytest

from reportgen.record.run import RunRecord
from reportgen.record.trace import AdaptedFit, InputFit, ReceptiveField
from reportgen.report.sections.model.view import SECTION
from reportgen.spec.types import ModelSpec
from tests.report.sections.cases import Built, build, change, page
from tests.support.records import module, small_trace

RESNET = InputFit(
    stem="conv1",
    kernel=(7, 7),
    shrinks=4,
    last_map=(1, 1),
    idle=6000,
    adapted=AdaptedFit(macs=9_880_224 * 15, last_map=(4, 4), idle=0),
)
WHOLE = ReceptiveField(size=435, stride=32, feature_map=(1, 1))
PATCHES = InputFit(stem="proj", kernel=(16, 16), shrinks=16, attends=True, last_map=(2, 2))


def fitted(
    record: RunRecord,
    fit: InputFit | None,
    source: str = "torchvision:resnet18",
    side: int = 32,
    field: ReceptiveField | None = None,
) -> RunRecord:
    spec = {"model": ModelSpec(source=source)}
    return change(record, trace={"fit": fit, "receptive_field": field, "input_shape": (1, 3, side, side)}, spec=spec)


def found(record: RunRecord, *given: object) -> Built:
    return build(SECTION, fitted(record, *given))  # type: ignore[arg-type]


def test_an_imagenet_stem_on_small_images_says_what_it_costs_and_the_line_that_changes_it(record: RunRecord) -> None:
    built = found(record, RESNET)
    assert built.sentence("made for larger images") == (
        "The model is made for larger images: after the stem a side of the 32 × 32 px is 4 times smaller, and the "
        "last feature map is 1 × 1. There, 6.00 k of the 9.90 k parameters (60.6 %) are multiplied by padding only. "
        "“model: {stem: cifar}” in the spec would keep 4 × 4, for 15 times the MACs (148 M instead of 9.88 M)."
    )
    (finding,) = [one for one in built.findings if "larger images" in one.text]
    assert (finding.tone, finding.weight) == ("caution", 0.75)


def test_two_places_a_side_are_a_smaller_matter(record: RunRecord) -> None:
    built = found(record, RESNET.model_copy(update={"last_map": (2, 2), "idle": 0}))
    (finding,) = [one for one in built.findings if "larger images" in one.text]
    assert finding.weight < 0.5
    assert "padding" not in finding.text


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("torchvision:resnet18", "“data: {image_size: 224}” shows it images of the size it is made for."),
        ("mine.py:net", "A smaller stride in the first layers would keep more."),
    ],
)
def test_a_stem_that_can_not_be_adapted_has_another_way_out(record: RunRecord, source: str, said: str) -> None:
    built = found(record, RESNET.model_copy(update={"adapted": None}), source)
    assert built.sentence("made for larger images").endswith(said)


def test_pools_that_leave_one_place_to_convolutions_are_called_out_too(record: RunRecord) -> None:
    pooled = InputFit(stem="conv", kernel=(3, 3), last_map=(1, 1), idle=6000)
    sentence = found(record, pooled, "mine.py:net").sentence("are multiplied by padding only")
    assert sentence.startswith("Of the 32 × 32 px the last feature map keeps 1 × 1.")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("timm:deit_tiny_patch16_224", "“model: {args: {img_size: 32, patch_size: 4}}” makes them smaller: 8 × 8."),
        ("torchvision:vit_b_16", "“data: {image_size: 224}”, without image_size in model.args, gives it as many."),
        ("mine.py:vit", "Smaller patches would give more of them."),
    ],
)
def test_few_patches_are_counted(record: RunRecord, source: str, said: str) -> None:
    sentence = found(record, PATCHES, source).sentence("patches of 16 × 16 px")
    assert "into 2 × 2 patches" in sentence
    assert "4 in all; images of 224 × 224 px would give 196." in sentence
    assert sentence.endswith(said)


def test_windows_that_are_merged_to_one_place_have_the_adapted_stem(record: RunRecord) -> None:
    swin = InputFit(
        stem="proj",
        kernel=(4, 4),
        shrinks=4,
        attends=True,
        last_map=(1, 1),
        adapted=AdaptedFit(macs=9_880_224 * 2, last_map=(2, 2), idle=0),
    )
    sentence = found(record, swin, "torchvision:swin_t").sentence("made for larger images")
    assert "would keep 2 × 2, for 2.0 times the MACs" in sentence


@pytest.mark.parametrize(
    ("fit", "side"),
    [
        (None, 32),
        (InputFit(), 32),
        (InputFit(stem="conv1", kernel=(3, 3), last_map=(8, 8)), 32),
        (InputFit(stem="conv1", kernel=(3, 3), last_map=(4, 4)), 32),
        (InputFit(stem="conv1", kernel=(3, 3), last_map=(1, 1)), 32),
        (InputFit(stem="conv1", kernel=(7, 7), shrinks=4, last_map=(7, 7)), 224),
        (InputFit(stem="proj", kernel=(16, 16), shrinks=16, attends=True, last_map=(14, 14)), 224),
        (InputFit(stem="proj", kernel=(4, 4), shrinks=4, attends=True, last_map=(8, 8)), 32),
        (InputFit(stem="conv1", kernel=(3, 3), shrinks=2, last_map=(2, 2)), 32),
        (InputFit(stem="conv1", kernel=(3, 3), shrinks=2, last_map=(1, 1)), 8),
    ],
)
def test_images_that_fit_raise_no_alarm(record: RunRecord, fit: InputFit | None, side: int) -> None:
    built = found(record, fit, "torchvision:resnet18", side)
    assert not [finding for finding in built.findings if finding.tone == "caution"]


def test_a_pool_that_stretches_its_map_is_called_out(record: RunRecord) -> None:
    pool = module(
        1, "avgpool", "AdaptiveAvgPool2d", 0, 1, input_shapes=((1, 512, 1, 1),), output_shapes=((1, 512, 7, 7),)
    )
    head = module(2, "classifier", "Sequential", 0, 1, parameters=1000, is_leaf=False)
    layer = module(3, "classifier.0", "Linear", 2, 2, parameters=4949, own_parameters=4949)
    root = small_trace().modules[0]
    stretched = change(fitted(record, None), trace={"modules": (root, pool, head, layer)})
    assert build(SECTION, stretched).sentence("stretches") == (
        "“avgpool” stretches a 1 × 1 feature map to 7 × 7: of the 25,088 inputs of “classifier.0” only 512 differ, and "
        "that layer holds 50.0 % of the parameters. “data: {image_size: 224}” shows it images of the size it is made "
        "for."
    )
    shrunk = pool.model_copy(update={"input_shapes": ((1, 512, 14, 14),)})
    assert "stretches" not in build(SECTION, change(stretched, trace={"modules": (root, shrunk, head, layer)})).text


def test_the_fit_is_a_fact_beside_the_receptive_field(record: RunRecord) -> None:
    text = page(SECTION, fitted(record, RESNET, field=WHOLE))
    text = text.replace("\u00a0", " ")
    assert "32 × 32 px, 1 × 1 at the end" in text
    assert "a side is 4 times smaller after the stem; total stride 32 px" in text
    assert "sees the whole image, 14 times over a side" in text
    small = ReceptiveField(size=16, stride=4, feature_map=(8, 8))
    assert "sees 25.0\u00a0% of the image" in page(SECTION, fitted(record, None, field=small))
    patches = page(SECTION, fitted(record, PATCHES)).replace("\u00a0", " ")
    assert "32 × 32 px in patches of 16 × 16" in patches
    assert "not defined for this model" in patches
