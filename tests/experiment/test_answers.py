"""Models that answer otherwise the second time, or otherwise beside other images, and models that do not."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from reportgen.experiment.answers import DRAWS, check_answers
from reportgen.record.answers import AnswerFacts
from tests.experiment.cases import noise, plain_cpu
from tests.support.kinds import scripted

DATA = noise(train=10, test=90)


class Base(nn.Module):
    """A small convolutional network."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 8, 3, padding=1), nn.Linear(128, 10)

    def features(self, x: Tensor) -> Tensor:
        return functional.adaptive_avg_pool2d(torch.relu(self.conv(x)), 4).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


class DropsAlways(Base):
    def features(self, x: Tensor) -> Tensor:
        return functional.dropout(super().features(x), 0.1, training=True)


class AddsNoise(Base):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x + 0.1 * torch.randn_like(x))


class Crops(Base):
    def forward(self, x: Tensor) -> Tensor:
        down, right = random.randint(0, 4), np.random.randint(0, 5)
        return super().forward(x[:, :, down : down + 28, right : right + 28])


class TossesACoin(Base):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.flip(-1) if random.random() < 0.5 else x)


class NeverEvaluates(Base):
    def __init__(self) -> None:
        super().__init__()
        self.drop = nn.Dropout(0.2)

    def eval(self) -> NeverEvaluates:
        return self.train()

    def features(self, x: Tensor) -> Tensor:
        return self.drop(super().features(x))


class HasItsOwnNumbers(Base):
    """Chance that no seed reaches."""

    def __init__(self) -> None:
        super().__init__()
        self.random = np.random.default_rng()

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + torch.from_numpy(self.random.normal(size=(len(x), 10))).float()


class NormalisesByBatch(Base):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(8, track_running_stats=False)

    def features(self, x: Tensor) -> Tensor:
        return functional.adaptive_avg_pool2d(torch.relu(self.norm(self.conv(x))), 4).flatten(1)


class StaysInTraining(NormalisesByBatch):
    """Batch normalisation that `eval()` does not reach; its running statistics go on moving."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(8)

    def train(self, mode: bool = True) -> StaysInTraining:
        super().train(mode)
        self.norm.train()
        return self


class Sorts(Base):
    def features(self, x: Tensor) -> Tensor:
        return super().features(x).sort(0).values


class Attends(Base):
    def features(self, x: Tensor) -> Tensor:
        own = super().features(x)
        return (own @ own.T / 11).softmax(1) @ own


class DividesByTheBatch(Base):
    """The size of the batch alone counts."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) / len(x)


class ByBoth(Base):
    def features(self, x: Tensor) -> Tensor:
        own = functional.dropout(super().features(x), 0.3)
        return own - own.mean(0)


class Counts(Base):
    """A state that moves and does not count."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.seen = self.seen + 1
        return super().forward(x)


class Usual(Base):
    def __init__(self) -> None:
        super().__init__()
        self.norm, self.drop = nn.BatchNorm2d(8), nn.Dropout(0.5)

    def features(self, x: Tensor) -> Tensor:
        return self.drop(functional.adaptive_avg_pool2d(torch.relu(self.norm(self.conv(x))), 4).flatten(1))


class FarFromZero(Base):
    """Logits a thousand apart from zero that differ in their last digits: what rounding does is large against that."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) / 300 + 1000


class Attention(Base):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)

    def features(self, x: Tensor) -> Tensor:
        return self.attention(super().features(x).unflatten(1, (8, 16))).flatten(1)


def look(kind: type[nn.Module], precision: str = "float32") -> tuple[AnswerFacts, dict[str, np.ndarray]]:
    torch.manual_seed(1)
    found = check_answers(kind().eval(), DATA, plain_cpu(precision), 400_000, seed=3)
    assert found.facts is not None, found.note
    return found.facts, found.arrays


@pytest.mark.parametrize("kind", [DropsAlways, AddsNoise, Crops, TossesACoin, NeverEvaluates, HasItsOwnNumbers])
def test_chance_is_found_and_drawn(kind: type[nn.Module]) -> None:
    facts, arrays = look(kind)
    assert (facts.by_chance, facts.by_neighbours, facts.draws, facts.alone) == (True, False, DRAWS, None)
    assert sorted(arrays) == [f"draw.{number}.logits" for number in range(1, DRAWS)]
    assert all(array.shape == (90, 10) for array in arrays.values())
    assert any((arrays["draw.1.logits"] != other).any() for other in arrays.values())


class Leaks(Base):
    """A membrane that stays between calls, made again where the number of images changes."""

    def __init__(self) -> None:
        super().__init__()
        self.membrane: Tensor | None = None

    def features(self, x: Tensor) -> Tensor:
        values = super().features(x)
        if self.membrane is None or self.membrane.shape != values.shape:
            self.membrane = torch.zeros_like(values)
        self.membrane = 0.5 * self.membrane.detach() + values
        return self.membrane


class Averages(Base):
    """A running mean in a buffer that goes on in evaluation."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(128))

    def features(self, x: Tensor) -> Tensor:
        values = super().features(x)
        self.mean.mul_(0.9).add_(0.1 * values.mean(0))
        return values - self.mean


@pytest.mark.parametrize("kind", [Leaks, Averages])
def test_a_state_between_calls_is_told_from_chance(kind: type[nn.Module]) -> None:
    facts, arrays = look(kind)
    assert (facts.by_state, facts.by_chance, facts.by_neighbours, facts.draws, arrays) == (True, False, False, 1, {})


@pytest.mark.parametrize("kind", [NormalisesByBatch, StaysInTraining, Sorts, Attends, DividesByTheBatch])
def test_neighbours_are_found(kind: type[nn.Module]) -> None:
    facts, arrays = look(kind)
    assert (facts.by_chance, facts.by_neighbours, facts.draws, arrays) == (False, True, 1, {})
    assert facts.alone is not None
    assert facts.alone.logits > 0.01 * facts.spread
    assert (facts.batch, facts.alone.images, facts.again.images) == (90, 64, 64)


def test_chance_and_neighbours_are_told_apart() -> None:
    facts, _arrays = look(ByBoth)
    assert (facts.by_chance, facts.by_neighbours) == (True, True)
    assert facts.others_beside is not None
    assert facts.others_beside.logits > 0


@pytest.mark.parametrize("precision", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("kind", [Base, Usual, Counts, FarFromZero, Attention])
def test_rounding_raises_nothing(kind: type[nn.Module], precision: str) -> None:
    facts, arrays = look(kind, precision)
    assert (facts.by_chance, facts.by_neighbours, facts.draws, arrays) == (False, False, 1, {})
    assert facts.again.logits == 0


def test_rounding_is_there_to_be_told_apart() -> None:
    alone = [facts.alone for facts, _arrays in (look(kind) for kind in (Base, Usual, Attention))]
    assert any(change is not None and change.logits > 0 for change in alone)


def test_draws_are_the_same_again_with_the_same_seed() -> None:
    first, second = look(Crops)[1], look(Crops)[1]
    assert all((first[name] == second[name]).all() for name in first)


def test_the_model_and_the_random_numbers_are_left_as_they_were() -> None:
    torch.manual_seed(0)
    model = StaysInTraining().eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    check_answers(model, DATA, plain_cpu(), None, seed=0)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert not model.training
    assert torch.equal(torch.get_rng_state(), state[0])
    assert random.getstate() == state[1]
    assert (np.random.get_state()[1] == state[2]).all()


class Refuses(nn.Sequential):
    def eval(self) -> Refuses:
        return self


class SetsItself(Base):
    """Sets a part to training mode in its forward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.ReLU(), nn.Dropout(0.1))

    def features(self, x: Tensor) -> Tensor:
        self.inner.train()
        return self.inner(super().features(x))


class AlwaysInTraining(nn.Dropout):
    """One whose mode can't be set and that denies its class."""

    training = property(lambda _self: True, lambda _self, _mode: None)  # type: ignore[assignment]
    __class__ = property(lambda _self: nn.Identity)  # type: ignore[assignment]


def refusing() -> nn.Module:
    return Refuses(nn.Flatten(), nn.Linear(3 * 32 * 32, 10), nn.Dropout(0.1), nn.ReLU())


def denying() -> nn.Module:
    return nn.Sequential(nn.Flatten(), AlwaysInTraining(0.1), nn.Linear(3 * 32 * 32, 10))


def frozen() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.freeze(scripted(Base().eval()))


@pytest.mark.parametrize(
    ("make", "layers"),
    [
        (Usual, ()),
        (NormalisesByBatch, ()),
        (DropsAlways, ()),
        (frozen, ()),
        (StaysInTraining, ("norm",)),
        (NeverEvaluates, ("NeverEvaluates", "drop")),
        (refusing, ("Refuses", "2")),
        (SetsItself, ("inner.1",)),
        (denying, ("1",)),
    ],
)
def test_layers_that_evaluation_leaves_in_training_mode_are_named(
    make: Callable[[], nn.Module], layers: tuple[str, ...]
) -> None:
    found = check_answers(make().train(), DATA, plain_cpu(), None, seed=0)
    assert found.facts is not None, found.note
    assert found.facts.in_training == layers


class NormalisesVectors(Base):
    """By mean and deviation of the batch, which the same images in another order do not change; it takes no single
    image."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(128, track_running_stats=False)

    def features(self, x: Tensor) -> Tensor:
        return self.norm(super().features(x))


def test_neighbours_are_found_among_so_few_images_that_all_are_in_the_batch() -> None:
    facts, _none = look(NormalisesVectors)
    assert facts.alone is None
    assert facts.by_neighbours


def test_a_model_that_takes_no_single_image_says_so() -> None:
    class Pairs(Base):
        def forward(self, x: Tensor) -> Tensor:
            if len(x) == 1:
                raise ValueError("one is too few")
            return super().forward(x)

    facts, _arrays = look(Pairs)
    assert (facts.alone, str(facts.alone_failed)) == (None, "ValueError: one is too few")
    assert not facts.by_neighbours


def test_a_model_that_fails_then_loses_nothing() -> None:
    class Tires(Base):
        def forward(self, x: Tensor) -> Tensor:
            raise RuntimeError("tired")

    found = check_answers(Tires(), DATA, plain_cpu(), None, seed=0)
    assert (found.facts, found.arrays) == (None, {})
    assert str(found.note).endswith("RuntimeError: tired")


def test_a_single_test_image_is_enough() -> None:
    found = check_answers(Base().eval(), noise(train=10, test=1), plain_cpu(), None, seed=0)
    assert found.facts is not None
    assert (found.facts.others_beside, found.facts.again.images, found.facts.by_neighbours) == (None, 1, False)


def test_memory_that_runs_out_for_one_image_is_no_refusal_of_it() -> None:
    class Large(Base):
        def forward(self, x: Tensor) -> Tensor:
            if len(x) == 1:
                raise MemoryError
            return super().forward(x)

    answers = check_answers(Large(), DATA, plain_cpu(), None, 0)
    assert answers.facts is None
    assert answers.note is not None
    assert "MemoryError" in answers.note.text
