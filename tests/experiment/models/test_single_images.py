from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from reportgen.errors import ModelError
from reportgen.experiment.evaluate import batches
from reportgen.experiment.models import check_forward
from reportgen.experiment.models.single_images import settle_single, takes_no_single, unaccompanied

IMAGES = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))


class Net(nn.Module):
    """A linear model of the means of the channels, which are looked at by `middle` before."""

    def __init__(self, middle: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.head, self.middle = nn.Linear(3, 10), middle

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.middle(images.mean((2, 3), keepdim=True)))


def squeeze(means: Tensor) -> Tensor:
    return means.squeeze().log_softmax(dim=1)


def halve(means: Tensor) -> Tensor:
    first, _second = means.view(2, len(means) // 2, -1)
    return means.flatten(1) + 0 * first.sum()


def insist(means: Tensor) -> Tensor:
    assert len(means) > 1, "needs a batch"
    return means.flatten(1)


def spread(means: Tensor) -> Tensor:
    return means.flatten(1) + means.std(0).mean()


@pytest.mark.parametrize("middle", [squeeze, halve, insist, spread])
def test_a_single_image_is_answered_together_with_another(middle: Callable[[Tensor], Tensor]) -> None:
    model = Net(middle).eval()
    (note,) = settle_single(model, IMAGES)
    assert takes_no_single(model)
    assert "together with another test image" in note.text
    with torch.no_grad():
        torch.testing.assert_close(model(IMAGES[:1]), model(IMAGES[[0, 3]])[:1])
        assert model(IMAGES).shape == (4, 10)


def test_the_note_names_what_the_model_raises() -> None:
    (note,) = settle_single(Net(insist), IMAGES)
    assert "with one it raises AssertionError: needs a batch, and with two it works" in note.text


def test_an_image_of_another_size_is_shown_twice() -> None:
    model = Net(squeeze).eval()
    settle_single(model, IMAGES)
    other = torch.randn(1, 3, 5, 5)
    torch.testing.assert_close(model(other), model(torch.cat([other, other]))[:1])


def test_alone_and_in_training_it_stays_alone() -> None:
    model = Net(squeeze).eval()
    settle_single(model, IMAGES)
    with unaccompanied(), pytest.raises(IndexError):
        model(IMAGES[:1])
    with pytest.raises(IndexError):
        model.train()(IMAGES[:1])


@pytest.mark.parametrize("middle", [lambda means: means.flatten(1), lambda means: means.view(-1, 4, 3)[:, 0]])
def test_a_model_of_one_image_or_of_fours_is_left_alone(middle: Callable[[Tensor], Tensor]) -> None:
    model = Net(middle)
    assert settle_single(model, IMAGES) == ()
    assert not takes_no_single(model)


@pytest.mark.parametrize(
    ("images", "joined", "expected"),
    [
        (7, True, [(0, 3), (3, 7)]),
        (7, False, [(0, 3), (3, 6), (6, 7)]),
        (8, True, [(0, 3), (3, 6), (6, 8)]),
        (1, True, [(0, 1)]),
        (6, True, [(0, 3), (3, 6)]),
    ],
)
def test_an_image_that_is_left_joins_the_batch_before(
    images: int, joined: bool, expected: list[tuple[int, int]]
) -> None:
    assert batches(images, 3, joined) == expected


def test_a_model_of_fours_is_told_which_numbers_it_takes() -> None:
    model = Net(lambda means: means.view(len(means) // 4, 4, 3).flatten(0, 1))
    with pytest.raises(
        ModelError, match=r"takes no batch of 2, but one of 4: .*line \d+ of test_single_images.py"
    ) as e:
        check_forward(model, (2, 3, 8, 8), 10)
    assert "too small" not in e.value.hint


class Modeless(nn.Module):
    """Batch normalisation of vectors in a model that stays in training mode, which refuses a single image."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.head = nn.BatchNorm1d(3), nn.Linear(3, 10)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.norm(images.mean((2, 3))))


class DeafToEval(Modeless):
    def eval(self) -> DeafToEval:
        return self


class DeafToTrain(Modeless):
    def train(self, mode: bool = True) -> DeafToTrain:
        return self


@pytest.mark.parametrize("kind", [DeafToEval, DeafToTrain])
def test_a_model_that_ignores_evaluation_mode_answers_a_single_image_together_with_another(
    kind: type[Modeless],
) -> None:
    model = kind()
    (note,) = settle_single(model, IMAGES)
    assert "more than 1 value per channel" in note.text
    assert model.training
    with torch.no_grad():
        alone, beside = model.eval()(IMAGES[:1]), model.eval()(torch.cat([IMAGES[:1], IMAGES[-1:]]))
    assert torch.equal(alone, beside[:1])
    with unaccompanied(), pytest.raises(ValueError, match="more than 1 value"):
        model(IMAGES[:1])


def test_a_model_that_is_only_being_trained_is_left_alone() -> None:
    """One image is then what its training step has, and refused."""
    model = Modeless().eval()
    assert settle_single(model, IMAGES) == ()
    with pytest.raises(ValueError, match="more than 1 value"):
        model.train()(IMAGES[:1])
