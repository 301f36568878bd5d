"""The figures of characteristic curves and of training by layer: structure, marks, bytes, hostile names."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from reportgen.figures.response_exposure import name_exposure, positions
from reportgen.figures.training_layers import ENLARGED, MOST_ROWS, thin
from reportgen.record.probes import NotProbed, Probes
from reportgen.record.probes.sampling import Sampled
from reportgen.record.run import RunRecord
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import ACCENT, SOFT
from tests.figures.drawing import draw, drawn, texts
from tests.support.layers import with_dynamics, with_responses

RESPONSE = ("response_exposure", "response_drive")
TRAINING = ("training_layers", "training_activations")


@pytest.mark.parametrize("name", [*RESPONSE, *TRAINING])
def test_without_the_probe_the_reason_stands_in_its_place(record: RunRecord, name: str) -> None:
    missing = tuple(NotProbed(name=probe, reason=f"No {probe}.") for probe in ("response", "dynamics"))
    without = record.model_copy(update={"probes": Probes(level="fast", budget_seconds=1.0, missing=missing)})
    figure = draw(without, [name])[name]
    assert isinstance(figure, Skipped)
    assert figure.reason == ("No response." if name in RESPONSE else "No dynamics.")


@pytest.mark.parametrize("name", TRAINING)
def test_what_was_not_trained_has_no_figure_of_training(record: RunRecord, name: str) -> None:
    figure = draw(record.model_copy(update={"training": None}), [name])[name]
    assert isinstance(figure, Skipped)
    assert "not trained" in figure.reason


@pytest.mark.parametrize(("count", "panels"), [(1, 1), (5, 5), (12, 12), (60, 12)])
def test_twelve_panels_at_most_evenly_over_depth(record: RunRecord, count: int, panels: int) -> None:
    figure = drawn(with_responses(record, count), "response_drive")
    names = [text for text in texts(figure) if text.startswith("layer")]
    assert len(names) == panels
    assert names[0] == "layer1"
    assert names[-1] == f"layer{count}"
    assert ("at equal steps of depth" in figure.caption) is (count > 12)
    assert figure.data.count(b"<path") + figure.data.count(b"<use") < 150


def test_regions_threshold_and_saturation_are_marked(record: RunRecord) -> None:
    figure = drawn(with_responses(record, 4, curve="limited"), "response_drive")
    svg = figure.data.decode()
    assert svg.count("<use") >= 4 + 2  # a saturation mark a panel, and the key
    assert "None of 4 layers keeps its gain up to three times" in figure.caption
    assert "follow" not in figure.caption
    flat = drawn(with_responses(record, 3, curve="flat"), "response_drive")
    assert texts(flat).count("does not follow its input") == 3
    assert "None of 3 layers keeps its gain" in flat.caption
    assert "3 layers do not follow their input." in flat.caption
    assert "layer1 has a gain of 0.00, gives 1.00 at rest and does not follow its input" in flat.alt


@pytest.mark.slow
def test_initial_weights_are_grey_and_missing_where_there_are_none(record: RunRecord) -> None:
    both = drawn(with_responses(record, 3), "response_drive")
    alone = drawn(with_responses(record, 3, compared=False), "response_drive")
    assert "initial" in texts(both)
    assert "initial" not in texts(alone)
    titles = texts(drawn(with_responses(record, 3, compared=False), "response_exposure"))
    assert {"Layers, clipped at white", "Layers, not clipped"} <= set(titles)
    assert "Layers, initial weights" in texts(drawn(with_responses(record, 3), "response_exposure"))
    assert SOFT in both.data.decode()


def test_exposures_stand_a_stop_apart_and_black_below_them() -> None:
    x = positions(np.array([0, 0.25, 0.5, 1, 2, 8]))
    np.testing.assert_allclose(x, [-3, -2, -1, 0, 1, 3])
    assert [name_exposure(value) for value in (0, 0.125, 0.25, 1, 8)] == ["black", "1/8", "1/4", "1", "8"]


def test_the_caption_and_the_alternative_text_hold_the_numbers(record: RunRecord) -> None:
    figure = drawn(with_responses(record, 3), "response_exposure")
    assert "Right for 80.0 % (" in figure.caption.replace("\u00a0", " ")
    assert "8: accuracy 20.0 %" in figure.alt.replace("\u00a0", " ")
    assert "black: accuracy 10.0 %" in figure.alt.replace("\u00a0", " ")


@pytest.mark.slow
def test_what_lies_beyond_the_axis_is_said_with_its_size(record: RunRecord) -> None:
    here = with_responses(record, 3)
    assert "drawn at the edge" not in drawn(here, "response_exposure").caption
    layers = np.asarray(here.arrays["response.layers"]).copy()
    layers[:, :, -1] = 20 * layers[:, :, int(np.argmin(np.abs(here.arrays["response.exposures"] - 1)))]
    here = here.model_copy(update={"arrays": here.arrays.merged({"response.layers": layers})})
    said = drawn(here, "response_exposure").caption
    assert "Responses above 8 are drawn at the edge; the largest is 20." in said
    assert "below 1/8" not in said


@pytest.mark.parametrize(
    ("bent", "said"),
    [
        (14, "taken at equal steps of depth from the 14 with"),
        (3, "3 of 16 layers are drawn, those with a"),
        (0, "12"),
    ],
)
def test_which_layers_are_drawn_is_said(record: RunRecord, bent: int, said: str) -> None:
    here = with_responses(record, 16)
    assert here.probes is not None
    assert here.probes.response is not None
    facts = here.probes.response
    units = tuple(unit.model_copy(update={"bends": place < bent}) for place, unit in enumerate(facts.units))
    probes = here.probes.model_copy(update={"response": facts.model_copy(update={"units": units})})
    caption = drawn(here.model_copy(update={"probes": probes}), "response_exposure").caption
    assert said in caption
    assert "the table has the others." in caption


def heat_maps(figure: FigureFile) -> list[Image.Image]:
    """The images inside an SVG."""
    found = re.findall(rb"data:image/png;base64,\s*([A-Za-z0-9+/=\s]+)", figure.data)
    images = [Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB") for data in found]
    return [image for image in images if min(image.size) > ENLARGED]


def test_a_heat_map_has_a_cell_for_every_layer_and_step(record: RunRecord) -> None:
    figure = drawn(with_dynamics(record, layers=9, steps=30), "training_layers")
    upper, lower = heat_maps(figure)[:2]
    assert upper.size == lower.size == (30 * ENLARGED, 9 * ENLARGED)
    grid = np.asarray(upper)[ENLARGED // 2 :: ENLARGED, ENLARGED // 2 :: ENLARGED].astype(int)
    assert grid[0, 0].sum() > grid[8, 0].sum()  # the gradient grows with depth here: light to dark
    assert "Rows: weights from input to output; columns: 30 of the steps" in figure.caption
    assert "layer1" in texts(figure)


def test_cells_without_a_logarithm_have_a_colour_of_their_own(record: RunRecord) -> None:
    broken = with_dynamics(record, layers=4, steps=10, frozen=1)
    lower = np.asarray(heat_maps(drawn(broken, "training_layers"))[1])
    row = lower[ENLARGED + 1]
    assert {tuple(pixel) for pixel in row} == {(0xE9, 0xC9, 0xA0)}


def test_many_layers_are_thinned_evenly(record: RunRecord) -> None:
    assert thin(3) == [0, 1, 2]
    assert len(thin(300)) == MOST_ROWS
    assert (thin(300)[0], thin(300)[-1]) == (0, 299)
    figure = drawn(with_dynamics(record, layers=300, steps=150), "training_layers")
    assert "48 of 300 layers, taken at equal steps of depth." in figure.caption
    assert len(figure.data) < 45_000


def test_activations_before_are_grey_and_after_in_colour(record: RunRecord) -> None:
    figure = drawn(with_dynamics(record, layers=9, steps=30), "training_activations")
    svg = figure.data.decode()
    assert SOFT in svg
    assert ACCENT in svg
    assert "Most dead channels after training: 4 of 16, in relu in layer9" in figure.caption
    assert "(before: standard deviation 0.50, dead 0)" in figure.alt
    none = with_dynamics(record, layers=9, steps=30, sites=False)
    assert isinstance(draw(none, ["training_activations"])["training_activations"], Skipped)


@pytest.mark.parametrize(
    ("sampled", "left_out", "said"),
    [
        (None, 0, "calls no nonlinearity that is known"),
        (None, 9, "would have taken too long"),
        (Sampled(images=16, split="test", seed=0), 0, "gives finite numbers"),
    ],
)
def test_why_there_are_no_activations_is_said(
    record: RunRecord, sampled: Sampled | None, left_out: int, said: str
) -> None:
    found = with_dynamics(record, layers=9, steps=30)
    assert found.probes is not None
    assert found.probes.dynamics is not None
    facts = found.probes.dynamics.model_copy(update={"sampled": sampled, "sites": (), "left_out": left_out})
    changed = found.model_copy(update={"probes": found.probes.model_copy(update={"dynamics": facts})})
    figure = draw(changed, ["training_activations"])["training_activations"]
    assert isinstance(figure, Skipped)
    assert said in figure.reason


def test_nonlinearities_that_were_not_watched_are_counted(record: RunRecord) -> None:
    found = with_dynamics(record, layers=9, steps=30)
    assert found.probes is not None
    assert found.probes.dynamics is not None
    facts = found.probes.dynamics.model_copy(update={"left_out": 3})
    changed = found.model_copy(update={"probes": found.probes.model_copy(update={"dynamics": facts})})
    assert "3 further nonlinearities" in drawn(changed, "training_activations").caption
    assert "further" not in drawn(found, "training_activations").caption


@pytest.mark.slow
@pytest.mark.parametrize("name", ["层一", "<script>alert(1)</script>", "very." * 60 + "deep", "🐸.conv", ""])
def test_hostile_names_stay_short_and_harmless(record: RunRecord, name: str) -> None:
    responses, dynamics = with_responses(record, 4, name=name), with_dynamics(record, layers=4, steps=9, name=name)
    for kind in (*RESPONSE, *TRAINING):
        figure = drawn(responses if kind in RESPONSE else dynamics, kind)
        assert b"<script" not in figure.data
        assert max((len(text) for text in texts(figure)), default=0) < 120


@pytest.mark.slow
def test_bytes_stay_in_their_budget(record: RunRecord) -> None:
    most = with_dynamics(with_responses(record, 60), layers=300, steps=150)
    sizes = {name: len(drawn(most, name).data) for name in (*RESPONSE, *TRAINING)}
    assert sum(sizes[name] for name in RESPONSE) < 45_000, sizes
    assert sum(sizes[name] for name in TRAINING) < 45_000, sizes


@pytest.mark.slow
def test_the_same_record_gives_the_same_bytes(record: RunRecord) -> None:
    most = with_dynamics(with_responses(record, 5), layers=5, steps=20)
    for name in (*RESPONSE, *TRAINING):
        assert drawn(most, name).data == drawn(most, name).data
