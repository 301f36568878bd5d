"""The section of the characteristic curves: its sentences, its table, and what stands where nothing was measured."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.metrics.differences import share_difference
from reportgen.record.probes import NotProbed, Probes
from reportgen.record.probes.response import ResponseUnit
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import Skipped
from reportgen.report.sections.response.view import SECTION, ResponseView
from tests.report.sections.cases import build, change, page
from tests.support.layers import held, with_dynamics, with_responses


def changed(record: RunRecord, units: dict[int, dict[str, object]] | None = None, **facts: object) -> RunRecord:
    """The record with some of its response facts replaced."""
    probes = record.probes
    assert probes is not None
    assert probes.response is not None
    kept: list[ResponseUnit] = list(probes.response.units)
    for place, update in (units or {}).items():
        kept[place] = kept[place].model_copy(update=update)
    new = probes.response.model_copy(update={"units": tuple(kept), **facts})
    return record.model_copy(update={"probes": probes.model_copy(update={"response": new})})


def with_arrays(record: RunRecord, **arrays: np.ndarray) -> RunRecord:
    assert record.probes is not None
    return held(record, "response", record.probes.response, {f"response.{key}": v for key, v in arrays.items()})


def test_without_the_probe_the_section_says_why(record: RunRecord) -> None:
    view = SECTION.build(Subject(record), {})
    assert isinstance(view, Skipped)
    assert view.reason == "The probe response was not run."
    missing = (NotProbed(name="response", reason="Too slow."),)
    said = SECTION.build(
        Subject(record.model_copy(update={"probes": Probes(level="fast", budget_seconds=1, missing=missing)})), {}
    )
    assert isinstance(said, Skipped)
    assert said.reason == "Too slow."


def test_the_loss_at_half_and_twice_the_light_is_paired(record: RunRecord) -> None:
    full = with_responses(record, 3)
    right = full.arrays["response.right"][0]
    loss = share_difference(right[3], right[5])
    assert loss is not None
    sentence = build(SECTION, full).sentence("At half the intensity")
    assert f"by −10.0 points ({100 * loss[1]:.1f} to {100 * loss[2]:.1f})".replace("-", "−") in sentence
    assert "8 times by −60.0 points" in sentence
    assert "n = 100" in sentence


def test_light_that_changes_nothing_is_plain(record: RunRecord) -> None:
    full = with_responses(record, 3)
    steady = with_arrays(full, right=np.ones_like(full.arrays["response.right"]))
    found = next(finding for finding in build(SECTION, steady).findings if "At half the intensity" in finding.text)
    assert (found.tone, found.weight) == ("plain", 0.2)
    assert "+0.0 points" not in found.text


def test_a_handful_of_images_says_nothing_of_accuracy(record: RunRecord) -> None:
    """Three images that are all right twice would give an interval from zero to zero."""
    full = with_responses(record, 3)
    few = with_arrays(full, **{name: full.arrays[f"response.{name}"][:, :, :3] for name in ("right", "confidence")})
    texts = [finding.text for finding in build(SECTION, few).findings]
    assert any("A black image" in text for text in texts)
    assert not any("accuracy" in text for text in texts)


def test_confidence_beyond_accuracy_is_told_where_it_is_worst(record: RunRecord) -> None:
    sentence = build(SECTION, with_responses(record, 3)).sentence("Confidence grows")
    told = "At 8 times the brightness the model classifies 20.0 % of the images correctly, with a mean confidence of 95"
    assert f"{told}.0 %" in sentence
    calm = with_responses(record, 3)
    honest = with_arrays(calm, confidence=calm.arrays["response.right"].astype(np.float32))
    assert "Confidence" not in build(SECTION, honest).text


def test_dead_channels_name_the_worst_layer(record: RunRecord) -> None:
    dying = changed(with_responses(record, 3), {0: {"dead": 1}, 2: {"dead": 8, "dead_before": 2}})
    built = build(SECTION, dying)
    sentence = built.sentence("count as dead")
    assert sentence.startswith("9 of 48 channels (18.8 %) gave the same output for every one of 40 images")
    assert "Before training there were 2. Most in “layer3”: 8 of 16." in sentence
    assert next(f for f in built.findings if "count as dead" in f.text).tone == "caution"


def test_another_count_of_dead_channels_is_told_beside_this_one(record: RunRecord) -> None:
    here = with_responses(record, 3)
    assert "The section on training counts" not in build(SECTION, here).text
    dynamics = with_dynamics(record, 3, 10).probes.dynamics  # type: ignore[union-attr]
    assert dynamics is not None
    assert dynamics.sampled is not None
    both = here.model_copy(update={"probes": here.probes.model_copy(update={"dynamics": dynamics})})  # type: ignore[union-attr]
    said = build(SECTION, both).sentence("No channel of the 3 layers is dead")
    assert f"on {dynamics.sampled.images:,} unmodified images." in said


def test_layers_with_as_many_dead_channels_are_named_together(record: RunRecord) -> None:
    dying = changed(with_responses(record, 3), {0: {"dead": 8}, 2: {"dead": 8}})
    assert "Most in “layer1” and “layer3”: 8 of 16 in each." in build(SECTION, dying).sentence("count as dead")


def test_flat_curves_are_saturated_unless_they_normalise(record: RunRecord) -> None:
    flat = with_responses(record, 3, curve="flat")
    assert "3 of 3 layers are saturated" in build(SECTION, flat).text
    normal = changed(flat, {place: {"normalises": True} for place in range(3)})
    assert "saturated" not in build(SECTION, normal).text


def test_a_straight_network_is_told(record: RunRecord) -> None:
    full = with_responses(record, 4)
    bend = np.array([[0.01, 0.5, 0.5, 0.5], [1, 1, 1, 1]])
    found = next(f for f in build(SECTION, with_arrays(full, bend=bend)).findings if "linear region only" in f.text)
    assert found.text.startswith("1 of 4 layers with a nonlinearity works in its linear region only")
    assert (found.tone, found.weight) == ("plain", 0.3)
    all_of_it = next(
        f for f in build(SECTION, with_arrays(full, bend=0 * bend)).findings if "linear region only" in f.text
    )
    assert (all_of_it.tone, all_of_it.weight) == ("caution", 0.6)


def test_a_changed_gain_is_told_with_its_interval(record: RunRecord) -> None:
    full = with_responses(record, 3)
    rms, power = full.arrays["response.rms"].copy(), full.arrays["response.power"].copy()
    rms[1, :, 1] = np.sqrt(np.abs(full.arrays["response.drives"]))
    power[1, :, 1] = np.array([0.9, 1.0, 1.1])[:, None]
    built = build(SECTION, with_arrays(full, rms=rms, power=power))
    assert (
        "Training changed the gain of 1 of 3 layers by more than chance and by at least 0.1; the largest change is "
        "that of “layer2”, from 0.50 to 1.000 (1.000–1.000, n = 40 images)"
    ) in built.text
    assert "Training changed" not in build(SECTION, full).text


@pytest.mark.parametrize(("confidence", "tone"), [(0.4, "plain"), (0.97, "caution")])
def test_a_black_image(record: RunRecord, confidence: float, tone: str) -> None:
    from reportgen.record.probes.response import BlackAnswer

    built = build(SECTION, changed(with_responses(record, 2), black=BlackAnswer(label=6, confidence=confidence)))
    found = next(f for f in built.findings if "A black image" in f.text)
    assert "“frog”" in found.text
    assert found.tone == tone


def test_the_table_has_every_layer_and_its_regions(record: RunRecord) -> None:
    view = build(SECTION, with_responses(record, 20, curve="limited")).view
    assert isinstance(view, ResponseView)
    assert len(view.rows) == 20
    path, kind, gain, before, rest, linear, threshold, saturation, dead, dead_before = view.rows[0]
    assert (path, kind, linear, threshold, saturation) == ("layer1", "conv2d + relu", "0–1.5", "0", "1.5")
    assert gain == "1.000 (1.000–1.000)"
    assert (before, rest, dead, dead_before) == ("1.00", "0.00", "0 of 16", "0 of 16")
    flat = build(SECTION, with_responses(record, 2, curve="flat", compared=False)).view
    assert isinstance(flat, ResponseView)
    assert flat.rows[0][2:] == ("0.000 (0.000–0.000)", "1.00", "—", "—", "1", "0 of 16")


@pytest.mark.parametrize("images", [None, 1])
def test_the_caption_tells_of_brackets_where_cells_have_them(record: RunRecord, images: int | None) -> None:
    found = with_responses(record, 3, curve="limited")
    power = found.arrays["response.power"][..., :images]
    view = build(SECTION, change(found, arrays={"response.power": power})).view
    assert isinstance(view, ResponseView)
    brackets = [" (" in row[2] for row in view.rows]
    assert brackets == [images is None] * 3
    said = "In brackets: the 95\u00a0% interval of the gain over images."
    assert (said in view.rows.caption) == (images is None)


def test_notes_say_what_is_missing(record: RunRecord) -> None:
    less = changed(with_responses(record, 3, compared=False), left_out=7, unmeasured=("odd.one",))
    view = build(SECTION, less).view
    assert isinstance(view, ResponseView)
    assert view.notes[0] == "The model was not trained."
    assert view.notes[1].startswith("7 further layers were left out")
    assert view.notes[2] == "Could not be tested on their own: “odd.one”."


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_the_page_escapes_names_and_keeps_the_methods_for_reproduce(record: RunRecord, medium: str) -> None:
    name = '<script>alert("x")</script>层'
    text = page(SECTION, with_responses(record, 3, name=name), medium)
    assert "<script>" not in text
    assert "层" in text
    assert "Every layer in numbers" in text
    view = build(SECTION, with_responses(record, 3)).view
    assert view.methods[0].name == "Characteristic curves"
