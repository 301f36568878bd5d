"""What is said of the weights: each finding on a model made to show it, and on one made not to."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from reportgen.experiment.probes.weights.spectra import effective_rank
from reportgen.record.probes.weights import MatrixNumbers, WeightFacts, WeightMatrix
from reportgen.report.model import Finding
from reportgen.report.sections.parameters.filter_findings import find_sparse
from reportgen.report.sections.parameters.findings import find_parameters, random_rank
from tests.experiment.probes.weights.weighing import chain, convolutions, look, shaken, state
from tests.support.weights import matrix, numbers

SIGNS = (
    "not finite",
    "exactly as",
    "hardly moved",
    "frozen",
    "near zero:",
    "has collapsed:",
    "vanish towards",
    "explode towards",
    "No gradient reaches",
    "are near zero, their",
    "switched off, its",
    "point as another of their",
    "exactly zero, most",
)
"""What the findings about faults have in them."""


def said(facts: WeightFacts) -> list[Finding]:
    return find_parameters(facts, {})


def sentence(facts: WeightFacts, part: str) -> Finding:
    found = [finding for finding in said(facts) if part in finding.text]
    assert len(found) == 1, [finding.text for finding in said(facts)]
    return found[0]


def faults(facts: WeightFacts) -> list[str]:
    return [finding.text for finding in said(facts) if finding.tone != "plain"]


def trained(change: Callable[[nn.Sequential], None] | None = None, width: int = 24) -> WeightFacts:
    """A sound net that training moved by a tenth, changed by a test."""
    module = convolutions(width)
    first = shaken(module)
    if change is not None:
        with torch.no_grad():
            change(module)
    return look(module, first)


def test_a_sound_net_has_no_fault() -> None:
    facts = trained()
    assert faults(facts) == []
    assert "None of 82 filters and units is near zero or switched off" in "\n".join(f.text for f in said(facts))
    assert "In training the matrices moved by 10.0\u00a0%" in sentence(facts, "In training the matrices moved").text
    assert "neither vanish nor explode" in sentence(facts, "Gradients").text


def test_dead_filters() -> None:
    def kill(module: nn.Sequential) -> None:
        module[3].weight[[2, 5]] = 1e-6

    finding = sentence(trained(kill), "near zero, their norms")
    assert finding.text.startswith("2 of 82 filters and units are near zero")
    assert "“3.weight” (2 of 24)" in finding.text
    assert finding.tone == "caution"
    assert finding.weight > 0.4


def test_outputs_that_normalisation_switches_off() -> None:
    def mute(module: nn.Sequential) -> None:
        module[4].weight[7] = 1e-5

    finding = sentence(trained(mute), "switched off, its")
    assert finding.text.startswith("1 of 72 normalised outputs is switched off")
    assert "“3.weight” (1 of 24)" in finding.text


def test_doubled_filters() -> None:
    def double(module: nn.Sequential) -> None:
        module[6].weight[4] = -2 * module[6].weight[9]

    finding = sentence(trained(double), "another of their layer")
    assert "2 of 82" in finding.text
    assert "“6.weight” (2 of 24)" in finding.text


def test_a_layer_that_is_zero_and_one_that_normalisation_makes_up_for() -> None:
    def shrink(module: nn.Sequential) -> None:
        module[3].weight *= 1e-5  # normalised behind it
        module[-1].weight *= 1e-5

    facts = trained(shrink)
    finding = sentence(facts, "layer is near zero")
    assert "“11.weight”" in finding.text
    assert "3.weight" not in finding.text

    def erase(module: nn.Sequential) -> None:
        module[3].weight.zero_()

    text = sentence(trained(erase), "layer is near zero").text
    assert "“3.weight” scales inputs of unit size to 0" in text


def test_a_rank_that_collapsed() -> None:
    def collapse(module: nn.Sequential) -> None:
        flat = module[3].weight.flatten(1)
        rank_two = torch.randn(24, 2) @ torch.randn(2, flat.shape[1])
        module[3].weight.copy_(rank_two.view_as(module[3].weight) * 0.05)

    finding = sentence(trained(collapse), "has collapsed:")
    assert "“3.weight” with an effective rank of" in finding.text
    assert "of 24, from 2" in finding.text
    assert finding.tone == "caution"


def test_ranks_are_told_with_the_matrices_that_the_sentence_leaves_out() -> None:
    def narrow(module: nn.Sequential) -> None:
        module[-1].weight.copy_(torch.randn(10, 1) @ torch.randn(1, 24))

    kept = sentence(trained(narrow), "No rank has collapsed")
    assert "of the 3 matrices of known rank with at least 20 rows and columns none has" in kept.text
    few = trained()
    unknown = [one.model_copy(update={"final": without_rank(one)}) for one in few.matrices[:2]]
    text = sentence(few.model_copy(update={"matrices": (*unknown, *few.matrices[2:])}), "No rank has collapsed").text
    assert "of the 1 matrix of known rank" in text


def without_rank(matrix: WeightMatrix) -> MatrixNumbers | None:
    """The numbers of a matrix whose spectrum there was no time for."""
    return matrix.final.model_copy(update={"effective_rank": None}) if matrix.final is not None else None


def test_a_small_classifier_can_not_collapse() -> None:
    def repeat(module: nn.Sequential) -> None:
        module[-1].weight.copy_(torch.randn(10, 1) @ torch.randn(1, 24))

    assert "collapsed:" not in "\n".join(faults(trained(repeat)))


def test_layers_that_training_left_alone() -> None:
    module = convolutions()
    first = shaken(module)
    first["3.weight"] = module[3].weight.detach().clone()
    finding = sentence(look(module, first), "exactly as it was")
    assert finding.text == "1 trainable matrix is exactly as it was before training: “3.weight”."
    assert finding.tone == "bad"
    assert "Training changed none" in sentence(look(module, state(module)), "Training changed").text


def test_a_layer_that_no_gradient_gets_to_is_said_to_be_so() -> None:
    class Cut(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.rest = convolutions()[:3], convolutions()[3:]

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.rest(self.stem(x).detach())  # type: ignore[no-any-return]

    module = Cut()
    first = shaken(module)
    first["stem.0.weight"] = module.stem[0].weight.detach().clone()
    text = sentence(look(module, first), "exactly as it was").text
    assert text.endswith("“stem.0.weight”. No gradient reaches any of them.")


def test_frozen_layers_are_meant_to_stay() -> None:
    module = convolutions()
    first = shaken(module)
    first["0.weight"] = module[0].weight.detach().clone()
    module[0].weight.requires_grad_(False)
    facts = look(module, first)
    assert sentence(facts, "frozen matrix did not move").tone == "plain"
    assert faults(facts) == []


def test_a_layer_that_hardly_moved() -> None:
    module = convolutions()
    first = shaken(module)
    first["3.weight"] = module[3].weight.detach() * 1.0001
    finding = sentence(look(module, first), "hardly moved")
    assert "less than 1.0\u00a0% of the median distance (9.9\u00a0% of the initial norm): “3.weight”" in finding.text


@pytest.mark.parametrize(
    ("depth", "gain", "activation", "part"),
    [
        (9, 1.0, nn.Sigmoid, "Gradients vanish towards the input"),
        (30, 5.0, nn.Tanh, "Gradients explode towards the input"),
        (9, 1.0, nn.Identity, "Gradients neither vanish nor explode"),
    ],
)
def test_gradients_by_depth(depth: int, gain: float, activation: type[nn.Module], part: str) -> None:
    facts = look(chain(depth, gain, activation))
    finding = sentence(facts, part)
    assert "mean loss of 40 training images" in finding.text
    assert (finding.tone == "caution") == ("neither" not in part)


def test_a_network_that_died() -> None:
    module = chain(3, 1.0, nn.ReLU)
    with torch.no_grad():
        module[4].bias.fill_(-1e3)
    finding = sentence(look(module), "No gradient reaches")
    assert "“2.weight”, “4.weight” and “6.weight”" in finding.text  # what comes after it sees zeros
    assert finding.tone == "bad"


def test_values_that_are_no_numbers() -> None:
    module = convolutions()
    with torch.no_grad():
        module[3].weight[0] = float("inf")
    facts = look(module)
    assert sentence(facts, "not finite").weight > 0.9
    assert "“3.weight”" in sentence(facts, "not finite").text


def test_pruned_weights() -> None:
    def prune(module: nn.Sequential) -> None:
        module[3].weight[torch.rand_like(module[3].weight) < 0.5] = 0

    finding = sentence(trained(prune), "exactly zero")
    assert finding.text.startswith("2")
    assert "in “3.weight” (49" in finding.text
    assert finding.tone == "plain"


def test_an_evaluated_model_is_compared_with_nothing() -> None:
    text = "\n".join(finding.text for finding in said(look(convolutions())))
    assert "Training" not in text
    assert "initial" not in text
    assert "none has an effective rank more than 10.0\u00a0% below that of independent normal weights" in text


def test_a_rank_is_compared_with_that_of_random_weights_of_the_shape() -> None:
    for rows, columns in ((20, 60), (64, 64)):
        drawn = effective_rank(
            np.linalg.svd(np.random.default_rng(0).standard_normal((rows, columns)), compute_uv=False)
        )
        assert random_rank(matrix("a", (rows, columns))) == pytest.approx(drawn, rel=0.015)
    module = convolutions()
    with torch.no_grad():
        module[3].weight[:10] = module[3].weight[:1] * torch.randn(10, 1, 1, 1)
    text = sentence(look(module), "lowest relative to independent normal weights of the same shape is “3.weight”").text
    assert text.endswith(
        f"where random ones have {random_rank(matrix('3', (24, int(module[3].weight[0].numel())))):.3g}."
    )


def test_zeros_that_lie_evenly_name_no_matrix_and_those_of_the_beginning_nothing() -> None:
    def prune(module: nn.Sequential) -> None:
        for layer in module:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                layer.weight[torch.rand_like(layer.weight) < 0.5] = 0

    assert "as evenly as by chance" in sentence(trained(prune), "exactly zero").text
    found = [
        matrix(f"l{at}", (32, 144), final=zeros, initial=zeros)
        for at, zeros in enumerate([numbers(1, 32, 144, zeros=0.5)] * 3)
    ]
    assert find_sparse(SimpleNamespace(matrices=found), "") is None  # type: ignore[arg-type]
