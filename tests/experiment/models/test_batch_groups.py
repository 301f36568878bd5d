from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from reportgen.experiment.models.batch_groups import find_group, group_of, settle_groups
from reportgen.experiment.models.habits import settle_habits
from reportgen.experiment.models.single_images import unaccompanied
from reportgen.experiment.trace import trace_model

IMAGES = torch.randn(12, 3, 8, 8, generator=torch.Generator().manual_seed(0))


class Net(nn.Module):
    """A linear model of the means of the channels, which are looked at by `middle` before."""

    def __init__(self, middle: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.head, self.middle = nn.Linear(3, 10), middle

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.middle(images.mean((2, 3))))


def by(size: int) -> Callable[[Tensor], Tensor]:
    return lambda means: (means.view(-1, size, 3) - means.view(-1, size, 3).mean(1, keepdim=True)).view(-1, 3)


def of_eights(means: Tensor) -> Tensor:
    assert len(means) % 8 == 0, "wants whole groups"
    return means


def from_two(means: Tensor) -> Tensor:
    assert len(means) > 1
    return means


def of_six_alone(means: Tensor) -> Tensor:
    return means.view(6, 3)


def broken(means: Tensor) -> Tensor:
    raise RuntimeError("4 things are wrong, or 8")


@pytest.mark.parametrize(
    ("middle", "size"),
    [
        *((by(2), 2), (by(4), 4), (by(5), 5), (by(12), 12), (of_eights, 8)),
        *((from_two, 1), (of_six_alone, 1), (broken, 1), (lambda means: means, 1)),
    ],
)
def test_the_number_of_which_a_model_takes_multiples_is_found(middle: Callable[[Tensor], Tensor], size: int) -> None:
    assert find_group(Net(middle).eval(), IMAGES[:4]) == size


def test_any_number_is_filled_up_and_the_answers_are_those_of_the_images_given() -> None:
    model = Net(by(4)).eval()
    (note,) = settle_groups(model, IMAGES[:8], 4)
    assert "in multiples of 4 only" in note.text
    assert group_of(model) == 4
    with torch.no_grad():
        for number in (1, 3, 4, 5, 8):
            whole = torch.cat([IMAGES[:number], IMAGES[: -number % 4]])
            torch.testing.assert_close(model(IMAGES[:number]), model(whole)[:number])
    with unaccompanied(), pytest.raises(RuntimeError):
        model(IMAGES[:1])


def test_in_training_the_batch_itself_fills_it_up_and_gradients_flow() -> None:
    model = Net(by(4)).train()
    settle_groups(model, IMAGES[:4], 4)
    output = model(IMAGES[4:9])
    torch.testing.assert_close(output, model(IMAGES[[4, 5, 6, 7, 8, 4, 5, 6]])[:5])
    output.sum().backward()
    assert model.head.weight.grad is not None
    assert output.shape == (5, 10)


def test_habits_are_settled_with_whole_groups() -> None:
    assert settle_habits(Net(by(4)).eval(), IMAGES[:8], 4) == ()


def test_what_one_image_costs_is_its_share_of_a_group() -> None:
    model = Net(by(4)).eval()
    settle_groups(model, IMAGES[:4], 4)
    trace = trace_model(model, IMAGES[:1], "net.py:make")
    plain = trace_model(Net(lambda means: means).eval(), IMAGES[:1], "net.py:make")
    assert (trace.macs, trace.parameters) == (plain.macs, plain.parameters) == (30, 40)
    assert trace.output_shapes == ((1, 10),)
    assert any("traced with 4" in note.text for note in trace.notes)
    assert trace_model(Net(by(4)).eval(), IMAGES[:1], "net.py:make") == trace
