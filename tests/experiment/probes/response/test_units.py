"""Which stretches of a network are driven as one."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import resnet18

from reportgen.experiment.models.builtin import NETWORKS
from reportgen.experiment.probes.response.units import Unit, find_units, thin_evenly
from reportgen.experiment.trace import trace_model
from tests.experiment.trace.nets import Reused, Tied

cifar_resnet20 = NETWORKS["cifar_resnet20"]
TwoConv = NETWORKS["two_conv"]


def units_of(module: nn.Module) -> tuple[Unit, ...]:
    return find_units(trace_model(module.eval(), torch.randn(1, 3, 32, 32), "test"))


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1)
        self.third = nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.third(torch.relu(self.second(functional.gelu(self.first(x)))))


class Stage(nn.Module):
    """A class of its own around two equal blocks: no block itself."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(Block(), Block())

    def forward(self, x: Tensor) -> Tensor:
        return self.blocks(x)


class Branches(nn.Module):
    """The module that is called next does not see what the one before gave."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 1)
        self.head = nn.Linear(4, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head((torch.tanh(self.left(x)) + self.right(x)).mean((2, 3)))


class Loop(nn.Module):
    """A state that begins with zeros and is driven by the image twice."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.loop, self.head = nn.Conv2d(3, 4, 4, 4), nn.Conv2d(4, 4, 3, padding=1), nn.Linear(4, 10)

    def forward(self, x: Tensor) -> Tensor:
        driven = self.stem(x)
        state = torch.zeros_like(driven)
        for _ in range(2):
            state = torch.tanh(self.loop(state) + driven)
        return self.head(state.mean((2, 3)))


def test_a_convolution_goes_with_the_functions_behind_it() -> None:
    units = units_of(TwoConv())
    assert [(unit.path, unit.kind, unit.bends) for unit in units] == [
        ("conv1", "conv2d + relu + max_pool2d", True),
        ("conv2", "conv2d + relu + max_pool2d", True),
        ("linear", "linear", False),
    ]
    assert [unit.end for unit in units] == [("conv2", 0), ("linear", 0), None]
    assert units[1].shape == (1, 64, 8, 8)


def test_blocks_are_units_and_containers_are_not() -> None:
    units = units_of(cifar_resnet20())
    assert [unit.path for unit in units][:4] == ["conv1", "layer1.0", "layer1.1", "layer1.2"]
    assert len(units) == 11
    assert all(unit.whole and unit.bends and unit.kind == "BasicBlock" for unit in units[1:-1])
    assert [unit.path for unit in units_of(resnet18())][1:3] == ["layer1.0", "layer1.1"]


def test_a_module_around_equal_blocks_is_opened() -> None:
    units = units_of(nn.Sequential(nn.Conv2d(3, 4, 1), Stage(), nn.Flatten(), nn.Linear(4096, 10)))
    assert [unit.path for unit in units] == ["0", "1.blocks.0", "1.blocks.1", "3"]


def test_the_only_block_of_a_network_is_opened() -> None:
    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Conv2d(4, 4, 1), nn.ReLU())
            self.inner = TwoConv()

        def forward(self, x: Tensor) -> Tensor:
            return self.inner(x)

    assert [unit.path for unit in units_of(Wrapped())] == ["inner.conv1", "inner.conv2", "inner.linear"]


def test_an_end_that_does_not_see_the_stretch_is_replaced_by_its_own_last_module() -> None:
    left, right, head = units_of(Branches())
    assert (left.end, left.tail) == (("right", 0), "left")
    assert (right.end, right.tail) == (("head", 0), "")
    assert head.end is None


def test_a_normalisation_of_the_input_is_told_and_batch_normalisation_is_none() -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 1), nn.GroupNorm(2, 4), nn.Flatten(), nn.Linear(4096, 10)
    )
    first, second, third = units_of(module)
    assert (first.bends, first.normalises) == (False, False)
    assert (second.bends, second.normalises) == (True, True)
    assert not third.bends


def test_only_the_first_call_of_a_module_counts() -> None:
    units = units_of(Reused())
    assert [unit.path for unit in units] == ["stem", "conv", "head"]
    assert units[1].end == ("conv", 1)
    assert [unit.path for unit in units_of(Tied())] == ["first", "second"]


def test_a_state_that_takes_only_the_shape_of_a_stretch_does_not_see_it() -> None:
    stem, loop, head = units_of(Loop())
    assert (stem.end, stem.tail) == (("loop", 0), "stem")
    assert (loop.end, loop.tail) == (("loop", 1), "")
    assert head.end is None


def test_a_network_without_matrices_has_none() -> None:
    assert units_of(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())) == ()


@pytest.mark.parametrize(("count", "most", "kept"), [(3, 5, [0, 1, 2]), (9, 3, [0, 4, 8]), (100, 2, [0, 99])])
def test_thinning_keeps_the_ends(count: int, most: int, kept: list[int]) -> None:
    units = tuple(Unit(str(i), "", str(i), True, None, "", True, False) for i in range(count))
    assert [int(unit.path) for unit in thin_evenly(units, most)] == kept
