from __future__ import annotations

import torch
from torch import Tensor, nn

from reportgen.experiment.trace import trace_model, with_reached, with_varying


class LeavesEarly(nn.Module):
    """A second layer only for images that are bright."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 10), nn.Linear(10, 10)

    def forward(self, x: Tensor) -> Tensor:
        logits = self.first(x.mean((2, 3)))
        return self.second(logits) if x.mean() > 0.5 else logits


def test_work_that_depends_on_the_image_is_told() -> None:
    model = LeavesEarly().eval()
    images = torch.stack([torch.full((3, 4, 4), shade) for shade in (0.0, 0.2, 1.0)])
    trace = trace_model(model, images[:1], "net.py:make")
    assert with_varying(trace, model, images[:2]) == trace
    varying = with_varying(trace, model, images)
    assert varying.model_copy(update={"notes": trace.notes}) == trace
    assert "the first 3 test images need 30 to 130 multiply-accumulates" in varying.notes[-1].text


class Routes(nn.Module):
    """One of four experts for each image, by its shade; the fifth and the auxiliary layer never."""

    def __init__(self) -> None:
        super().__init__()
        self.experts = nn.ModuleList(nn.Linear(3, 10) for _ in range(5))
        self.auxiliary = nn.Linear(3, 7)

    def forward(self, x: Tensor) -> Tensor:
        means, out = x.mean((2, 3)), x.new_zeros(len(x), 10)
        for number, expert in enumerate(self.experts):
            rows = (means[:, 0] * 4).long() == number
            if rows.any():
                out[rows] = expert(means[rows])
        return out


def shades(*values: float) -> Tensor:
    return torch.stack([torch.full((3, 4, 4), value) for value in values])


def test_experts_of_other_images_are_not_unused() -> None:
    model = Routes().eval()
    images = shades(0.3, 0.1, 0.3, 0.6, 0.9)
    trace = trace_model(model, images[:1], "net.py:make")
    assert trace.unused == ("experts.0", "experts.2", "experts.3", "experts.4", "auxiliary")
    assert trace.unused_parameters == 4 * 40 + 28
    found = with_reached(trace, model, images)
    assert (found.unused, found.unused_parameters) == (("experts.4", "auxiliary"), 40 + 28)
    assert "does not reach experts.0, experts.2 and experts.3; others do" in found.notes[-1].text
    assert with_reached(trace, model, images[[0, 2]]) == trace


def test_a_layer_that_one_image_alone_reaches_is_not_unused() -> None:
    model = LeavesEarly().eval()
    trace = trace_model(model, shades(0.0), "net.py:make")
    assert trace.unused == ("second",)
    assert with_reached(trace, model, shades(0.0, 0.0, 1.0)).unused == ()  # their mean, 1/3, leaves early
    assert with_reached(trace, model, shades(0.0, 0.1)).unused == ("second",)


def test_where_every_module_is_called_nothing_is_run() -> None:
    class Counts(nn.Module):
        calls = 0

        def forward(self, x: Tensor) -> Tensor:
            Counts.calls += 1
            return x.mean((2, 3))

    trace = trace_model(Counts(), shades(0.0), "net.py:make")
    before = Counts.calls
    assert with_reached(trace, Counts(), shades(0.0, 1.0)) is trace
    assert Counts.calls == before
