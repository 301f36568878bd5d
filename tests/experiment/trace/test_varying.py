from __future__ import annotations

import torch
from torch import Tensor, nn

from reportgen.experiment.trace import trace_model, with_varying


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
