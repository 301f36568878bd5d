"""The figures of section 3: structure, numbers, weight, hostile names, and many matrices."""

from __future__ import annotations

import base64
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from reportgen.figures._compact import lean_png
from reportgen.figures._image_grid import GAP, lay_out, side_by_side
from reportgen.figures._weights import LEVELS, SIGNED, paint, scale_of
from reportgen.figures.weights_gradient import mark_decades, outliers
from reportgen.figures.weights_layers import gradient_ratio
from reportgen.figures.weights_matrices import gather
from reportgen.figures.weights_share import choose_slices
from reportgen.figures.weights_values import choose_panels, corners, shares
from reportgen.record.probes.weights import IMAGE_SPREADS
from reportgen.record.run import RunRecord
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.sections.parameters.view import FIGURES
from tests.figures.drawing import draw, drawn, texts
from tests.outputs.hostile import NASTY
from tests.support.weights import NAMES, matrix, numbers, weighed

PNG = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")


def images(figure: FigureFile) -> list[Image.Image]:
    """The images inside an SVG."""
    return [Image.open(io.BytesIO(base64.b64decode(found))) for found in PNG.findall(figure.data.decode())]


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u2002", " ")


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("trained", [True, False])
def test_every_figure_is_drawn_the_same_twice(record: RunRecord, name: str, trained: bool) -> None:
    here = weighed(record, trained=trained)
    figure = drawn(here, name)
    assert figure.data == drawn(here, name).data
    assert figure.alt
    assert figure.caption
    ElementTree.fromstring(figure.data)
    if name != "weights_share":
        assert ("initial weights" if trained else "Nothing was trained in this run") in figure.caption


@pytest.mark.parametrize("name", FIGURES)
def test_without_the_probe_its_reason_stands_there(record: RunRecord, name: str) -> None:
    skipped = draw(record, [name])[name]
    assert isinstance(skipped, Skipped)
    assert "was not run" in skipped.reason


@pytest.mark.slow
def test_all_together_weigh_little(record: RunRecord) -> None:
    many = [matrix(f"features.{place}.block.conv.weight", (64, 144)) for place in range(36)]
    figures = [drawn(weighed(record, many), name) for name in FIGURES]
    assert sum(len(figure.data) for figure in figures) < 140_000


def test_zero_is_paper_and_the_ends_are_the_two_colours() -> None:
    ends = np.array([[-127, 0, 127]], dtype=np.int8)
    painted = paint(ends, IMAGE_SPREADS)
    assert painted[0, 1].tolist() == [255, 255, 255]
    for place, share in ((0, 0.0), (2, 1.0)):
        assert painted[0, place].tolist() == [round(255 * part) for part in SIGNED(share)[:3]]
    ramp = np.arange(-127, 128, dtype=np.int8)[None]
    assert len(np.unique(paint(ramp, IMAGE_SPREADS).reshape(-1, 3), axis=0)) == LEVELS


def test_the_scale_holds_nearly_all_and_is_a_whole_number() -> None:
    values = np.full((100, 1), round(127 * 3.4 / IMAGE_SPREADS), dtype=np.int8)
    values[0] = 127
    assert scale_of(values) == 4
    assert scale_of(np.zeros((3, 3), np.int8)) == 2


def test_a_mosaic_places_every_tile() -> None:
    tiles = np.zeros((5, 4, 10, 3), np.uint8)
    tiles[:, 0, 0, 0] = np.arange(1, 6)
    mosaic = lay_out(tiles, 3, 340)
    assert mosaic.canvas.shape[1] == 3 * (10 + GAP) - GAP
    assert [int(mosaic.canvas[top, left, 0]) for top, left in mosaic.corners] == [1, 2, 3, 4, 5]
    assert (mosaic.canvas.reshape(-1, 3).sum(axis=1) == 765).sum() == mosaic.canvas[:, :, 0].size - 5 * 40
    assert side_by_side(np.zeros((2, 2, 4, 10, 3), np.uint8)).shape == (2, 4, 21, 3)


def test_the_small_images_are_those_of_the_record(record: RunRecord) -> None:
    here = weighed(record)
    figure = drawn(here, "weights_matrices")
    labels = [plain(text) for text in texts(figure)]
    for place, name in enumerate(NAMES, start=1):
        assert f"{place} {name.removesuffix('.weight')}" in labels
    canvas = np.asarray(images(figure)[0].convert("RGB"))
    stored = here.arrays["weights.matrices"]
    scale = scale_of(stored)
    top = (canvas.shape[0] + GAP) // 2 - GAP - 16
    np.testing.assert_array_equal(canvas[top : top + 16, :32], paint(stored[0, 0], scale))
    np.testing.assert_array_equal(canvas[top : top + 16, 33:65], paint(stored[0, 1], scale))
    assert f"+{scale:.0f} standard deviations of the matrix; zero is white" in labels


def test_what_lies_beyond_the_colours_and_how_large_it_is_is_said(record: RunRecord) -> None:
    far = matrix("fc.weight", (10, 16))
    far = far.model_copy(update={"final": numbers(0.1, 10, 16, largest=0.96)})
    wide = matrix("layer1.0.conv1.weight", (8, 4032))
    here = weighed(record, [matrix("conv1.weight", (16, 27)), wide, far], enlarged=(1,))
    small, large = (plain(drawn(here, name).caption) for name in ("weights_matrices", "weights_enlarged"))
    end = f"{scale_of(here.arrays['weights.matrices']):.0f}"
    assert f"Values beyond ±{end} standard deviations are drawn as ±{end}; the largest is 9.6." in small
    assert "a pixel is the value of the largest magnitude among about 1 × 36 values." in large
    inside = matrix("conv1.weight", (16, 27), final=numbers(1.0, 16, 27, largest=1.9), initial=None)
    assert "are drawn as" not in drawn(weighed(record, [inside], trained=False), "weights_matrices").caption


def test_filters_are_mid_grey_at_zero_with_paper_between() -> None:
    canvas = gather(np.zeros((9, 3, 3, 3), np.int8))
    assert canvas.shape == (7, 31, 3)
    assert canvas[0, 0].tolist() == [128] * 3
    assert canvas[0, 3].tolist() == [255] * 3
    assert canvas[4, 4].tolist() == [255] * 3
    assert gather(np.full((1, 2, 2, 1), 127, np.int8)).shape == (2, 2, 3)


def test_filters_that_are_no_images_are_skipped(record: RunRecord) -> None:
    skipped = draw(weighed(record, filters=None), ["weights_filters"])["weights_filters"]
    assert isinstance(skipped, Skipped)
    assert "can’t be shown as images" in skipped.reason


def test_lines_leave_out_what_is_not_known(record: RunRecord) -> None:
    titles = texts(drawn(weighed(record), "weights_layers"))
    assert {"Stable rank", "Tail exponent α", "Moved ‖W − W₀‖/‖W₀‖", "Gradient / weight"} <= set(titles)
    bare = [
        matrix(
            name,
            (16, 144),
            False,
            gradient=None,
            final=numbers(0.1, 16, 144, spectral=None, effective_rank=None, tail=None),
        )
        for name in NAMES
    ]
    figure = drawn(weighed(record, bare, trained=False, sampled=None, unmeasured=(0, 1, 2, 3, 4, 5)), "weights_layers")
    assert not {"Stable rank", "Tail exponent α", "Gradient / weight"} & set(texts(figure))
    assert "Within the time budget, singular values were computed for 0 of 6 matrices" in figure.caption


def test_gradient_over_weight_is_a_ratio_of_root_mean_squares() -> None:
    one = matrix("a.weight", (4, 25), gradient=0.5)
    assert one.final is not None
    assert gradient_ratio(one.final, one) == pytest.approx(0.5 / (one.final.norm / 10))


def test_ridges_keep_their_corners_only() -> None:
    x = np.arange(9.0)
    straight = corners(x, 2 * x)
    assert straight[0].tolist() == [0, 8]
    peak = corners(x, np.array([0, 0, 0, 1, 2, 1, 0, 0, 0.0]))
    assert peak[0].tolist() == [0, 2, 4, 6, 8]


def test_histograms_are_shares_and_choose_first_last_and_largest(record: RunRecord) -> None:
    here = weighed(record, [matrix(f"{place}.weight", (16, 144)) for place in range(20)], enlarged=(4, 5))
    assert shares(here, 3, 3).sum(axis=1) == pytest.approx([1, 1])
    assert here.probes is not None
    assert here.probes.weights is not None
    panels = choose_panels(here.probes.weights)
    assert len(panels) == 6
    assert {0, 4, 5, 19} <= set(panels)


def test_the_ring_sums_to_all_parameters(record: RunRecord) -> None:
    here = weighed(record)
    assert here.probes is not None
    facts = here.probes.weights
    assert facts is not None
    parts = choose_slices(facts)
    assert not parts.together
    assert parts.total == sum(one.rows * one.columns for one in facts.matrices) + 90
    assert "90 of all (0.9 %) are not in a matrix" in plain(drawn(here, "weights_share").caption)


def test_many_equal_matrices_are_one_part_of_the_ring(record: RunRecord) -> None:
    many = [matrix(f"{place}.{one}.weight", (16, 144 if one else 27)) for place in range(20) for one in (0, 1)]
    figure = drawn(weighed(record, many, vectors=0), "weights_share")
    assert {"16×27", "16×144"} <= set(texts(figure))
    assert "Matrices of 2 shapes hold 100.0 % of the parameters" in plain(figure.caption)
    assert f"{100 * 144 / 171:.1f} % of them are in 16×144" in plain(figure.alt)


def test_outliers_are_named_by_their_factor(record: RunRecord) -> None:
    weights, gradients = np.full(6, 0.1), np.array([1, 1, 1, 40, 1, 0.01]) * 1e-3
    assert outliers(weights, gradients, 0.01) == [5, 3]
    far = [matrix(name, (16, 144), gradient=0.2 if "fc" in name else 0.002) for name in NAMES]
    figure = drawn(weighed(record, far), "weights_gradient")
    assert "The ratio of gradient to weight of fc is 100 times the median" in figure.caption
    assert "6 fc" in texts(figure)
    skipped = draw(weighed(record, sampled=None), ["weights_gradient"])["weights_gradient"]
    assert isinstance(skipped, Skipped)


@pytest.mark.parametrize("name", FIGURES)
def test_any_name_and_matrices_without_numbers_can_be_drawn(record: RunRecord, name: str) -> None:
    odd = [matrix(nasty, (16, 27)) for nasty in NASTY]
    odd[3] = matrix(NASTY[3], (16, 27), final=None, initial=None, finite=False, gradient=None, moved=None)
    zero = numbers(0.0, 16, 27, spectral=0.0, effective_rank=0.0, tail=None)
    odd[4] = matrix(NASTY[4], (16, 27), final=zero, initial=zero, moved=None, gradient=0.0)
    figure = drawn(weighed(record, odd), name)
    ElementTree.fromstring(figure.data)
    assert "<script>" not in figure.data.decode()


@pytest.mark.slow
def test_a_single_matrix(record: RunRecord) -> None:
    here = weighed(record, [matrix("fc.weight", (10, 3072))], filters=None)
    figures = draw(here, FIGURES)
    assert {name for name, figure in figures.items() if isinstance(figure, Skipped)} == {
        "weights_enlarged",
        "weights_filters",
        "weights_ridge",
    }


@pytest.mark.parametrize(("colours", "mode"), [(2, "P"), (15, "P"), (200, "P"), (4000, "RGB")])
def test_a_png_keeps_its_pixels(colours: int, mode: str) -> None:
    rng = np.random.default_rng(1)
    table = rng.integers(0, 256, (colours, 3), dtype=np.uint8)
    pixels = table[rng.integers(0, colours, (80, 90))]
    buffer = io.BytesIO()
    Image.fromarray(np.dstack([pixels, np.full((80, 90), 255, np.uint8)])).save(buffer, "PNG")
    lean = lean_png(buffer.getvalue())
    found = Image.open(io.BytesIO(lean))
    assert found.mode == mode
    np.testing.assert_array_equal(np.asarray(found.convert("RGB")), pixels)
    assert len(lean) < len(buffer.getvalue())


def test_a_png_that_is_see_through_is_left_alone() -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.full((4, 4, 4), 100, np.uint8)).save(buffer, "PNG")
    assert lean_png(buffer.getvalue()) == buffer.getvalue()


@pytest.mark.parametrize("which", ["matrices", "enlarged", "filters", "histograms", "ridge"])
def test_a_model_without_a_finite_matrix_says_so(record: RunRecord, which: str) -> None:
    here = weighed(record)
    assert here.probes is not None
    assert here.probes.weights is not None
    facts = here.probes.weights
    lost = [part.model_copy(update={"final": None, "initial": None, "finite": False}) for part in facts.matrices]
    weights = facts.model_copy(update={"matrices": tuple(lost), "filters": None})
    broken = here.model_copy(update={"probes": here.probes.model_copy(update={"weights": weights})})
    skipped = draw(broken, [f"weights_{which}"])[f"weights_{which}"]
    assert isinstance(skipped, Skipped)
    assert "values that are not finite" in skipped.reason


@pytest.mark.parametrize(("low", "high"), [(0.018, 0.041), (0.001, 0.0012), (0.1, 0.45), (1e-6, 4e-5), (1e-5, 1e3)])
def test_ticks_of_a_logarithmic_axis_are_few_and_some(low: float, high: float) -> None:
    axes = Figure().add_subplot()
    axes.set(xscale="log", xlim=(low, high))
    mark_decades(axes.xaxis, low, high)
    inside = [tick for tick in axes.xaxis.get_major_locator()() if low <= tick <= high]
    assert 1 <= len(inside) <= 6


def test_the_names_beside_the_ring_keep_what_tells_the_matrices_apart(record: RunRecord) -> None:
    many = [matrix(f"layer{place}.0.conv1.weight", (64, 144)) for place in range(1, 6)]
    shown = texts(drawn(weighed(record, many), "weights_share"))
    for place in range(1, 6):
        assert any(f"layer{place}.0.conv1" in text for text in shown)
    assert not any("……" in text for text in shown)
