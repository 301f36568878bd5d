"""The probe `weights`: its numbers against numpy, scipy and autograd, on nets made to be awkward."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import entropy, kstest, pareto
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from reportgen.experiment.probes import ProbeRefused
from reportgen.experiment.probes.context import Allowance
from reportgen.experiment.probes.weights import spectra
from reportgen.experiment.probes.weights.filters import SIEVE, count_dead, count_twins
from reportgen.experiment.probes.weights.images import choose_enlarged, choose_filters, choose_shown, shrink
from reportgen.experiment.probes.weights.matrices import find_matrices, turn
from reportgen.experiment.probes.weights.measure import PROBE
from reportgen.experiment.probes.weights.values import histogram, sum_values, thin
from reportgen.record.probes.weights import HISTOGRAM_BINS, IMAGE_SPREADS, SHORTEST_TAIL, WeightFacts
from tests.experiment.cases import plain_cpu
from tests.experiment.probes.weights.weighing import chain, context, convolutions, look, matrix, probe, shaken, state

SIDES = [(64, 27), (27, 64), (40, 40), (96, 200)]


@pytest.mark.parametrize("sides", SIDES)
def test_singular_values_are_those_of_the_decomposition(sides: tuple[int, int]) -> None:
    weight = torch.randn(sides, generator=torch.Generator().manual_seed(1))
    expected = np.linalg.svd(weight.double().numpy(), compute_uv=False)
    np.testing.assert_allclose(spectra.singular_values(weight), expected, rtol=1e-7)


def test_a_matrix_of_rank_three_has_an_effective_rank_of_at_most_three() -> None:
    generator = torch.Generator().manual_seed(2)
    low = torch.randn(60, 3, generator=generator, dtype=torch.float64) @ torch.randn(
        3, 90, generator=generator, dtype=torch.float64
    )
    values = spectra.singular_values(low)
    assert np.count_nonzero(values) == 3
    assert spectra.effective_rank(values) == pytest.approx(np.exp(entropy(np.linalg.svd(low)[1][:3])), rel=1e-9)


def test_effective_rank_of_known_spectra() -> None:
    assert spectra.effective_rank(np.ones(7)) == pytest.approx(7)
    assert spectra.effective_rank(np.array([5.0, 0, 0])) == pytest.approx(1)
    assert spectra.effective_rank(np.zeros(4)) == 0


def naive_tail(eigenvalues: np.ndarray, cuts: np.ndarray) -> tuple[float, int, float]:
    """Exponent, size and distance by the formulas as they are printed, the distance by scipy."""
    found = []
    for cut in cuts:
        tail = eigenvalues[cut:]
        alpha = 1 + len(tail) / sum(np.log(x / tail[0]) for x in tail)
        found.append((kstest(tail, pareto(alpha - 1, scale=tail[0]).cdf).statistic, alpha, len(tail)))
    distance, alpha, size = min(found)
    return alpha, size, distance


@pytest.mark.parametrize("seed", range(3))
def test_the_tail_is_the_one_of_the_printed_formulas(seed: int) -> None:
    weight = np.random.default_rng(seed).standard_t(3, (70, 150))
    values = np.linalg.svd(weight, compute_uv=False)
    tail = spectra.fit_tail(values)
    assert tail is not None
    alpha, size, distance = naive_tail(np.sort(values**2), np.arange(0, 70 - SHORTEST_TAIL + 1))
    assert (tail.exponent, tail.n) == (pytest.approx(alpha), size)
    assert tail.distance == pytest.approx(distance)


def test_the_tail_finds_the_exponent_that_made_it() -> None:
    drawn = pareto(1.5).rvs(4000, random_state=3)  # density exponent 2.5
    tail = spectra.fit_tail(np.sort(np.sqrt(drawn))[::-1])
    assert tail is not None
    assert tail.exponent == pytest.approx(2.5, abs=0.1)
    assert tail.n > 1000


@pytest.mark.slow
@pytest.mark.parametrize("exponent", [2.5, 4.0])
@pytest.mark.parametrize("size", [64, 256, 512])
def test_the_usual_interval_of_a_tail_would_hold_the_exponent_too_seldom(size: int, exponent: float) -> None:
    """Clauset, Shalizi and Newman 2009, eq. 3.2: the reason why none is given."""
    rng, held = np.random.default_rng(size), 0
    for _ in range(400):
        tail = spectra.fit_tail(np.sort(np.sqrt(rng.pareto(exponent - 1, size) + 1))[::-1])
        assert tail is not None
        held += abs(tail.exponent - exponent) <= 1.96 * (tail.exponent - 1) / np.sqrt(tail.n)
    assert 0.86 < held / 400 < 0.94


@pytest.mark.parametrize("values", [np.ones(10), np.ones(80), np.zeros(80)])
def test_no_tail_where_there_is_none(values: np.ndarray) -> None:
    assert spectra.fit_tail(values) is None


def test_values_are_those_of_numpy() -> None:
    facts = look(convolutions())
    module = convolutions()
    for name, parameter in module.named_parameters():
        if parameter.dim() < 2:
            continue
        weight = parameter.detach().double().numpy().reshape(parameter.shape[0], -1)
        found = matrix(facts, name)
        numbers = found.final
        assert numbers is not None
        assert (found.rows, found.columns) == weight.shape
        assert numbers.norm == pytest.approx(np.linalg.norm(weight), rel=1e-6)
        assert numbers.spread == pytest.approx(weight.std(), rel=1e-5)
        assert numbers.mean == pytest.approx(weight.mean(), abs=1e-8)
        assert numbers.largest == pytest.approx(np.abs(weight).max())
        assert numbers.near_zero == np.mean(np.abs(weight) < 0.1 * numbers.spread)
        assert numbers.spectral == pytest.approx(np.linalg.norm(weight, 2), rel=1e-6)
        assert numbers.stable_rank == pytest.approx((np.linalg.norm(weight) / np.linalg.norm(weight, 2)) ** 2, rel=1e-5)
        assert found.initial is None


def test_large_matrices_are_counted_over_every_kth_value_of_every_column() -> None:
    weight = torch.arange(60.0).repeat(100).reshape(100, 60)
    some = thin(weight, most=1000)
    assert len(some) <= 1000
    assert set(some.tolist()) == set(range(60))
    assert thin(weight).numel() == 6000


def test_a_histogram_holds_every_value_and_what_lies_beyond_in_its_ends() -> None:
    values = torch.tensor([-9.0, -1.0, 0.0, 0.0, 1.0, 9.0, 30.0])
    counts = histogram(values, 2.0)
    assert counts.sum() == 7
    assert (counts[0], counts[HISTOGRAM_BINS // 2], counts[-1]) == (1, 2, 2)
    edges = np.linspace(-2, 2, HISTOGRAM_BINS + 1)
    np.testing.assert_array_equal(counts, np.histogram(values.clamp(-2, 2), edges)[0])
    assert sum_values(values).largest == 30


def test_the_way_and_the_numbers_before_it() -> None:
    module = convolutions()
    first = shaken(module, 0.2)
    first["11.weight"] = module[-1].weight.detach().clone()
    facts = look(module, first)
    for one in facts.matrices:
        before, after = first[one.name], module.get_parameter(one.name).detach()
        assert one.initial is not None
        assert one.initial.norm == pytest.approx(float(before.norm()), rel=1e-5)
        assert one.moved == pytest.approx(float((after - before).norm() / before.norm()), rel=1e-4, abs=1e-9)
    assert [one.still for one in facts.matrices] == [False, False, False, True]
    assert facts.trained


def test_gradients_are_those_of_autograd_on_the_named_sample() -> None:
    module = convolutions()
    for child in module:
        if isinstance(child, nn.BatchNorm2d):
            nn.init.uniform_(child.running_mean)
    before = copy.deepcopy(module.state_dict())
    facts = look(module)
    here = context(module)
    assert facts.sampled is not None
    rows, sampled = here.sample(facts.sampled.images, "train")
    assert sampled == facts.sampled
    twin = copy.deepcopy(module).train()
    losses = [
        F.cross_entropy(twin(here.inputs(some, "train")), here.data.train_labels[some], reduction="sum")
        for some in torch.split(rows, 32)
    ]
    (sum(losses) / len(rows)).backward()  # type: ignore[union-attr]
    for one in facts.matrices:
        gradient = twin.get_parameter(one.name).grad
        assert gradient is not None
        assert one.gradient == pytest.approx(float(gradient.square().mean().sqrt()), rel=1e-4)
    after = module.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_initial_gradients_are_those_of_the_initial_weights() -> None:
    module = convolutions()
    first = convolutions(seed=5)
    facts = look(module, state(first))
    alone = look(first)
    assert facts.sampled == alone.sampled
    for one, other in zip(facts.matrices, alone.matrices, strict=True):
        assert one.initial_gradient == pytest.approx(other.gradient, rel=1e-4)
        assert one.gradient != pytest.approx(one.initial_gradient, rel=1e-4)


class Odd(nn.Module):
    """Tied, grouped and transposed weights, a token, positions, a reused layer and one that nothing uses."""

    def __init__(self) -> None:
        super().__init__()
        self.late = nn.Linear(12, 10, bias=False)
        self.token = nn.Parameter(torch.zeros(1, 1, 12))
        self.pos_embed = nn.Parameter(torch.randn(1, 5, 12))
        self.stem = nn.Conv2d(3, 12, 8, stride=8)
        self.grouped = nn.Conv2d(12, 12, 3, padding=1, groups=4)
        self.up = nn.ConvTranspose2d(12, 6, 2, groups=2)
        self.down = nn.Conv2d(6, 12, 1)
        self.spare = nn.Linear(7, 7)
        self.scale = nn.Parameter(torch.ones(12, 1, 1))
        self.again = nn.Linear(12, 10, bias=False)
        self.again.weight = self.late.weight

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, str]:
        x = self.grouped(self.grouped(self.stem(x)))
        x = self.down(self.up(x)) * self.scale
        x = x.mean((2, 3)) + self.pos_embed.mean(1) + self.token[0]
        return self.late(x) + self.again(x), "more"


def test_every_matrix_once_in_order_of_execution() -> None:
    facts = look(Odd())
    names = [one.name for one in facts.matrices]
    assert names[-5:] == ["stem.weight", "grouped.weight", "up.weight", "down.weight", "late.weight"]
    assert set(names[:-5]) == {"pos_embed", "spare.weight"}
    assert matrix(facts, "late.weight").also == ("again.weight",)
    sides = {one.name: (one.rows, one.columns, one.groups) for one in facts.matrices}
    assert sides["grouped.weight"] == (12, 27, 4)
    assert sides["up.weight"] == (6, 24, 2)
    assert sides["pos_embed"] == (5, 12, 1)
    assert matrix(facts, "pos_embed").kind == "position"
    assert matrix(facts, "spare.weight").gradient is None
    assert facts.vectors == 12 + 12 + 12 + 12 + 6 + 12 + 7


def test_a_transposed_convolution_is_turned_so_that_rows_are_outputs() -> None:
    layer = nn.ConvTranspose2d(6, 4, 3, groups=2, bias=False)
    turned = turn(layer.weight.detach(), 2)
    assert turned.shape == (4, 3, 3, 3)
    images = torch.randn(1, 6, 1, 1)
    for output in range(4):
        inputs = images[0, :3] if output < 2 else images[0, 3:]
        torch.testing.assert_close((turned[output] * inputs).sum(0), layer(images)[0, output])


def test_attention_is_found_and_a_model_without_a_matrix_is_refused() -> None:
    class Attends(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention, self.head = nn.MultiheadAttention(12, 2, batch_first=True), nn.Linear(12, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = F.adaptive_avg_pool2d(x, (8, 4)).permute(0, 2, 1, 3).flatten(2)
            return self.head(self.attention(x, x, x)[0].mean(1))  # type: ignore[no-any-return]

    facts = look(Attends())
    assert {one.name: one.kind for one in facts.matrices} == {
        "attention.in_proj_weight": "attention",
        "attention.out_proj.weight": "linear",
        "head.weight": "linear",
    }

    class Vectors(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.shift = nn.Parameter(torch.zeros(10))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.mean((1, 2, 3))[:, None] + self.shift  # type: ignore[no-any-return]

    with pytest.raises(ProbeRefused, match="No parameter"):
        probe(Vectors())


def test_a_scale_belongs_to_the_layer_that_alone_feeds_it() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two, self.norm = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8)
            self.head = nn.Linear(8, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.one(x)
            x = self.norm(self.two(x)) + x
            return self.head(x.mean((2, 3)))  # type: ignore[no-any-return]

    module = Two()
    found = {one.name: one.scale for one in find_matrices(module, context(module).trace)}
    assert found["two.weight"] is module.norm.weight
    assert found["one.weight"] is None
    assert found["head.weight"] is None


def twins(weight: torch.Tensor, groups: int = 1) -> int | None:
    return count_twins(weight, weight.norm(dim=1), groups)


@pytest.mark.parametrize("columns", [27, SIEVE + 200])
def test_twins_are_those_of_all_pairs(columns: int) -> None:
    weight = torch.randn(50, columns, generator=torch.Generator().manual_seed(4))
    weight[7], weight[31], weight[12] = -3 * weight[2], weight[30] * 0.5, 0.0
    weight[40] = weight[41] + 0.01 * torch.randn(columns)
    unit = weight / weight.norm(dim=1, keepdim=True).clamp_min(1e-12)
    alike = (unit @ unit.T).abs().fill_diagonal_(0)
    assert twins(weight) == int((alike > 0.999).any(1).sum()) == 6
    assert count_dead(weight.norm(dim=1)) == 1


def test_twins_are_looked_for_within_groups_and_in_enough_dimensions() -> None:
    weight = torch.randn(8, 9)
    weight[5] = weight[0]
    assert twins(weight) == 2
    assert twins(weight, groups=2) == 0
    assert twins(weight, groups=8) is None
    assert twins(torch.randn(8, 3)) is None


def test_an_image_holds_the_extreme_of_every_block() -> None:
    weight = torch.randn(64, 96, generator=torch.Generator().manual_seed(6))
    spread = float(weight.std())
    small = shrink(weight, spread, (16, 32))
    blocks = weight.numpy().reshape(16, 4, 32, 3).transpose(0, 2, 1, 3).reshape(16, 32, 12)
    extreme = np.take_along_axis(blocks, np.abs(blocks).argmax(2)[..., None], 2)[..., 0]
    np.testing.assert_allclose(small * IMAGE_SPREADS * spread / 127, extreme, atol=IMAGE_SPREADS * spread / 250)
    assert not shrink(weight, 0.0, (16, 32)).any()
    assert shrink(weight[:3, :4], spread, (16, 32)).shape == (16, 32)


def test_what_is_shown_of_many() -> None:
    sizes = [5, *([1, 9, 2] * 400), 7]
    shown = choose_shown(sizes)
    assert len(shown) == 36
    assert (shown[0], shown[-1]) == (0, len(sizes) - 1)
    assert list(shown) == sorted(shown)
    assert all(sizes[place] == 9 for place in shown[1:-1])
    assert choose_shown([3, 2]) == (0, 1)
    assert choose_enlarged([1, 8, 3, 8, 8]) == (1, 3)
    assert len(choose_filters(768, 16, 3)) == 10
    assert choose_filters(5, 3, 3).tolist() == [0, 1, 2, 3, 4]


def test_arrays_have_the_shapes_that_the_facts_say() -> None:
    module = convolutions()
    result = probe(module, shaken(module))
    facts, arrays = result.facts, result.arrays
    assert isinstance(facts, WeightFacts)
    assert arrays["weights.matrices"].shape == (4, 2, 16, 32)
    assert arrays["weights.enlarged"].shape[:2] == (2, 2)
    assert arrays["weights.histograms"].sum(axis=2).tolist() == [[one.counted] * 2 for one in facts.matrices]
    assert arrays["weights.filters"].shape == (2, 24, 3, 3, 3)
    shown = arrays["weights.filters"][1].transpose(0, 3, 1, 2) * facts.filter_scale / 127
    first = module[0].weight.detach().clamp(-facts.filter_scale, facts.filter_scale)
    np.testing.assert_allclose(shown, first.numpy(), atol=facts.filter_scale / 250)
    assert all(name.startswith("weights.") for name in arrays)


def test_a_value_that_is_no_number_spoils_its_matrix_alone() -> None:
    module = convolutions()
    with torch.no_grad():
        module[3].weight[0, 0, 0, 0] = float("nan")
    result = probe(module)
    assert isinstance(result.facts, WeightFacts)
    assert [one.finite for one in result.facts.matrices] == [True, False, True, True]
    assert result.facts.sampled is None
    assert str(result.facts.why_no_gradient) == "some weights are not finite numbers"
    assert not result.arrays["weights.matrices"][1].any()
    assert result.facts.matrices[0].final is not None
    assert result.facts.matrices[0].final.spectral


def test_with_no_time_the_values_are_there_and_the_spectra_are_named_as_missing() -> None:
    facts = PROBE.run(context(chain(6, 1.0, nn.Tanh)), Allowance(0.0)).facts
    assert isinstance(facts, WeightFacts)
    assert len(facts.unmeasured) == len(facts.matrices) - 1
    assert all(one.final is not None for one in facts.matrices)
    assert look(chain(6, 1.0, nn.Tanh)).unmeasured == ()


def test_a_model_that_lets_no_gradient_through() -> None:
    class Deaf(nn.Sequential):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                return super().forward(x)  # type: ignore[no-any-return]

    facts = look(Deaf(*convolutions()))
    assert facts.sampled is None
    assert str(facts.why_no_gradient) == "no gradient flows through the model"
    assert all(one.gradient is None for one in facts.matrices)


def test_double_precision_is_kept() -> None:
    module = convolutions().double()
    here = replace(context(convolutions()), module=module, device=plain_cpu("float64"))
    facts = PROBE.run(here, Allowance(1e9, full=True)).facts
    assert isinstance(facts, WeightFacts)
    for one in facts.matrices:
        weight = module.get_parameter(one.name).detach().numpy()
        assert one.final is not None
        assert one.final.norm == pytest.approx(np.linalg.norm(weight), rel=1e-12)
        assert one.gradient
