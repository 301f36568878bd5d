"""How far layers moved, from sketches in two records."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.comparison.weight_moves import compare_weights
from reportgen.record.architecture import WeightMoves
from reportgen.record.run import RunRecord
from reportgen.record.sketch import SKETCH_ARRAY, SKETCH_SIZE, SketchedLayer, WeightSketch
from reportgen.record.trace import ModelTrace
from tests.comparison.architectures import residual_net

SHAPES = ((16, 16, 3, 3),)


def sketched(record: RunRecord, trace: ModelTrace, scale: float = 1.0) -> RunRecord:
    """A record of this model, with a sketch of its convolutions."""
    paths = [call.path for call in trace.modules if call.kind == "Conv2d"]
    rng = np.random.default_rng(0)
    values = (scale * rng.standard_normal((len(paths), SKETCH_SIZE))).astype(np.float32)
    layers = tuple(SketchedLayer(path=path, shapes=SHAPES, norm=20.0) for path in paths)
    update = {"trace": trace, "sketch": WeightSketch(layers=layers)}
    return record.model_copy(update={**update, "arrays": record.arrays.merged({SKETCH_ARRAY: values})})


def moves(before: RunRecord, after: RunRecord) -> WeightMoves:
    found = compare_weights(before, after)
    assert found is not None
    return found


def test_equal_weights_have_not_moved(record: RunRecord) -> None:
    one = sketched(record, residual_net())
    assert {layer.relative for layer in moves(one, one).layers} == {0.0}


def test_the_distance_is_that_of_the_sketches_over_the_baselines_norm(record: RunRecord) -> None:
    one, other = sketched(record, residual_net()), sketched(record, residual_net(), 1.5)
    found = moves(one, other)
    lengths = np.linalg.norm(one.arrays[SKETCH_ARRAY].astype(float), axis=1)
    assert [layer.relative for layer in found.layers] == pytest.approx(list(0.5 * lengths / 20))
    assert found.error == pytest.approx((1 / 512) ** 0.5)
    assert not any(layer.exact for layer in found.layers)


def test_renamed_and_renumbered_layers_are_compared_with_what_they_were(record: RunRecord) -> None:
    before, after = residual_net(), residual_net(body="trunk", names=("convolution", "norm"))
    found = moves(sketched(record, before), sketched(record, after))
    names = {layer.path: layer.before_path for layer in found.layers}
    assert names["trunk.2.convolution1"] == "body.2.conv1"
    assert found.unmatched == 0


def test_layers_of_another_shape_and_new_ones_are_counted_and_left_out(record: RunRecord) -> None:
    before, after = sketched(record, residual_net()), sketched(record, residual_net((16,) * 5))
    assert after.sketch is not None
    first = after.sketch.layers[0].model_copy(update={"shapes": ((16, 3, 3, 3),)})
    after = after.model_copy(update={"sketch": WeightSketch(layers=(first, *after.sketch.layers[1:]))})
    found = moves(before, after)
    assert (len(found.layers), found.unmatched) == (8, 3)


def test_without_a_sketch_nothing_is_known(record: RunRecord) -> None:
    assert compare_weights(record, sketched(record, residual_net())) is None


def test_weights_that_are_not_finite_and_zeros_have_no_relative_change(record: RunRecord) -> None:
    one = sketched(record, residual_net())
    assert one.sketch is not None
    for norm in (0.0, None):
        layers = tuple(layer.model_copy(update={"norm": norm}) for layer in one.sketch.layers)
        none = one.model_copy(update={"sketch": WeightSketch(layers=layers)})
        assert {layer.relative for layer in moves(none, one).layers} == {None}
