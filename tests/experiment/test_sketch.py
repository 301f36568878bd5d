"""The sketch of weights: linear, the same everywhere, and as good an estimate as it says."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from reportgen.experiment import sketch as module
from reportgen.experiment.sketch import sketch, sketch_weights
from reportgen.record.sketch import SKETCH_SIZE


def test_the_numbers_are_the_same_on_every_machine() -> None:
    sums, squares = sketch([torch.ones(1000)])
    assert sums[:6].tolist() == PINNED
    assert (sums.sum(), squares) == (sums.sum().round(), 1000.0)


PINNED = [1.0, -1.0, -1.0, -1.0, 1.0, -2.0]


def test_few_values_are_held_whole() -> None:
    values = torch.arange(1.0, 201.0)
    sums, squares = sketch([values[:50].reshape(5, 10), values[50:]])
    assert sums.tolist() == [*values.tolist(), *[0.0] * 56]
    assert squares == float((values**2).sum())


def test_it_does_not_depend_on_how_the_values_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    values = torch.randn(5003, generator=torch.Generator().manual_seed(0))
    whole, _squares = sketch([values])
    monkeypatch.setattr(module, "CHUNK", 37)
    parts, _squares = sketch([values[:1001].reshape(7, 143), values[1001:]])
    np.testing.assert_allclose(parts, whole, rtol=1e-12, atol=1e-12)


def test_the_estimate_has_the_standard_error_that_it_says_and_no_bias() -> None:
    generator = torch.Generator().manual_seed(1)
    ratios = []
    for _unused in range(300):
        one, other = (torch.randn(3000, generator=generator) for _side in range(2))
        away = np.linalg.norm(sketch([one])[0] - sketch([other])[0])
        ratios.append(float(away) / float((one - other).norm()))
    stated = (2 * SKETCH_SIZE) ** -0.5
    assert np.std(ratios) == pytest.approx(stated, rel=0.15)
    assert np.mean(np.square(ratios)) == pytest.approx(1, abs=4 * 2 * stated / 300**0.5)


def test_layers_with_matrices_are_sketched_each_tensor_once() -> None:
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Linear(8, 8), nn.Linear(8, 8, bias=False))
    net[3].weight = net[2].weight
    found, values = sketch_weights(net)
    assert [(layer.path, layer.values) for layer in found.layers] == [("0", 224), ("2", 72)]
    assert values.shape == (2, SKETCH_SIZE)
    assert found.layers[0].norm == pytest.approx(
        float(torch.cat([p.detach().flatten() for p in net[0].parameters()]).norm())
    )


def test_looking_changes_nothing_and_draws_no_random_numbers() -> None:
    net = nn.Linear(40, 40).to(torch.bfloat16)
    before, state = copy.deepcopy(net.state_dict()), torch.get_rng_state()
    sketch_weights(net)
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())
    assert torch.equal(state, torch.get_rng_state())


def test_what_is_not_finite_has_no_norm_and_finite_numbers() -> None:
    net = nn.Linear(40, 40)
    with torch.no_grad():
        net.weight[0, 0] = float("nan")
    found, values = sketch_weights(net)
    assert found.layers[0].norm is None
    assert np.isfinite(values).all()
