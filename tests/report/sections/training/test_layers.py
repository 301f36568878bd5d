"""Training by layer: findings and table from a record made by hand; models made to show them stand with the probe."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.record.run import RunRecord
from reportgen.report.model import Skipped
from reportgen.report.sections.training.view import SECTION, TrainingView
from tests.report.sections.cases import build, page
from tests.support.layers import held, with_dynamics

WORDS = (
    "exploded",
    "exploding",
    "vanish",
    "grow on their way",
    "did not move",
    "No gradient",
    "deactivated",
    "tolerate more",
)


def with_arrays(record: RunRecord, **arrays: np.ndarray) -> RunRecord:
    assert record.probes is not None
    return held(record, "dynamics", record.probes.dynamics, {f"dynamics.{key}": v for key, v in arrays.items()})


def test_without_the_probe_there_is_no_word_of_layers(record: RunRecord) -> None:
    built = build(SECTION, record)
    assert "layers" not in built.text
    assert isinstance(built.view, TrainingView)
    assert not built.view.layers
    assert "Gradients and updates in numbers" not in page(SECTION, record)


def test_one_reason_stands_once(record: RunRecord) -> None:
    names = ("training_layers", "training_activations")
    same = {name: Skipped(name, name, "No time.") for name in names}
    view = build(SECTION, record, same).view
    assert isinstance(view, TrainingView)
    assert [figure.name for figure in view.by_layer] == ["training_layers"]
    other = same | {"training_activations": Skipped("training_activations", "", "No nonlinearity.")}
    view = build(SECTION, record, other).view
    assert isinstance(view, TrainingView)
    assert len(view.by_layer) == 2


def test_a_calm_pass_tells_the_usual_update(record: RunRecord) -> None:
    built = build(SECTION, with_dynamics(record, layers=8, steps=40))
    sentence = built.sentence("A step moves a layer by")
    assert "0.1 %" in sentence
    assert "40 sampled steps" in sentence
    assert not [word for word in WORDS if word in built.text and word != "deactivated"]


def test_frozen_and_starved_layers(record: RunRecord) -> None:
    frozen = build(SECTION, with_dynamics(record, layers=8, steps=40, frozen=2))
    sentence = frozen.sentence("did not move")
    assert "1 of 8 trainable layers did not move in training: “layer3” (40 sampled steps). Gradients" in sentence
    calm = with_dynamics(record, layers=8, steps=40)
    gradient = calm.arrays["dynamics.gradient"].copy()
    gradient[:, 1] = 0
    starved = build(SECTION, with_arrays(calm, gradient=gradient))
    assert "No gradient reaches 1 of 8 trainable layers, “layer2”: weight decay alone moves it" in starved.text


@pytest.mark.parametrize(("factor", "said"), [(1e-4, "vanish"), (1e4, "grow on their way"), (1e-2, "")])
def test_the_two_ends_of_the_network(record: RunRecord, factor: float, said: str) -> None:
    calm = with_dynamics(record, layers=8, steps=40)
    gradient = calm.arrays["dynamics.gradient"].copy()
    gradient[:, :4] *= factor
    built = build(SECTION, with_arrays(calm, gradient=gradient))
    assert (said in built.text) if said else not ("vanish" in built.text or "grow on" in built.text)


def test_jumps_are_against_the_past_alone(record: RunRecord) -> None:
    calm = with_dynamics(record, layers=4, steps=40)
    gradient = calm.arrays["dynamics.gradient"].copy()
    falling = gradient * np.logspace(0, -6, 40)[:, None]
    assert "explod" not in build(SECTION, with_arrays(calm, gradient=falling)).text
    gradient[30, 2] = 500.0
    sentence = build(SECTION, with_arrays(calm, gradient=gradient)).sentence("exploding")
    assert "“layer3” jumped to 500 at step 91" in sentence
    gradient[39, 1] = np.inf
    assert "at step 118 that of 1 layer is no longer a finite number (“layer2”)" in build(
        SECTION, with_arrays(calm, gradient=gradient)
    ).sentence("exploded")


def test_float16_may_lose_single_gradients_while_it_looks_for_its_scale(record: RunRecord) -> None:
    calm = with_dynamics(record, layers=4, steps=40)
    gradient = calm.arrays["dynamics.gradient"].copy()
    gradient[0] = np.inf
    lost = with_arrays(calm, gradient=gradient)
    assert "exploded" in build(SECTION, lost).text
    half = lost.model_copy(update={"device": lost.device.model_copy(update={"precision": "float16"})})
    assert "explod" not in build(SECTION, half).text


def test_steps_too_long_and_too_short(record: RunRecord) -> None:
    calm = with_dynamics(record, layers=4, steps=40)
    update = calm.arrays["dynamics.update"].copy()
    update[:, 3] *= 1000
    text = build(SECTION, with_arrays(calm, update=update)).sentence("tolerate more")
    assert text.startswith("A step moves 1 of 4 layers by more than 10 % of its norm: “layer4”")
    assert "hardly learns: “layer1”" in build(
        SECTION, with_arrays(calm, update=calm.arrays["dynamics.update"] * [1e-4, 1, 1, 1])
    ).sentence("hardly")


def test_silenced_channels_name_the_layer(record: RunRecord) -> None:
    sentence = build(SECTION, with_dynamics(record, layers=9, steps=20)).sentence("deactivated")
    assert "most in “layer9”, from 0 to 4 of 16" in sentence
    assert "n = 200 images" in sentence
    assert "deactivated" not in build(SECTION, with_dynamics(record, layers=2, steps=20)).text


def test_the_table_of_layers(record: RunRecord) -> None:
    full = with_dynamics(record, layers=5, steps=20)
    view = build(SECTION, full).view
    assert isinstance(view, TrainingView)
    assert [row[0] for row in view.layers] == [f"layer{place}" for place in range(1, 6)]
    median = float(np.median(full.arrays["dynamics.gradient"][:, 0]))
    assert float(view.layers[0][1]) == pytest.approx(median, rel=0.05)
    assert view.layers[0][4:] == ("3.0", "3.0")
    assert "at 20 of the steps, 1 to 58" in view.layers.caption
    many = build(SECTION, with_dynamics(record, layers=300, steps=20)).view
    assert isinstance(many, TrainingView)
    assert len(many.layers) == 60
    assert "60 of 300 layers" in many.layers.caption
    assert "Gradients and updates in numbers" in page(SECTION, full)
    assert [note.name for note in view.methods] == ["Progress in the last quarter", "Training by layer"]
