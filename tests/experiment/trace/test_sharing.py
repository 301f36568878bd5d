from __future__ import annotations

import torch
from torch import Tensor, nn

from reportgen.experiment.trace import trace_model


class Pooled(nn.Module):
    """A convolution and a classifier of its means; attention over places stands between them where asked for."""

    def __init__(self, squeezes: bool) -> None:
        super().__init__()
        self.conv, self.mix, self.head = nn.Conv2d(3, 8, 4, 4), nn.TransformerEncoderLayer(8, 2, 16), nn.Linear(8, 10)
        self.squeezes = squeezes

    def forward(self, images: Tensor) -> Tensor:
        places = self.mix(self.conv(images).flatten(2).permute(2, 0, 1))  # (places, n, 8)
        means = places.mean(0, keepdim=True)
        means = means.squeeze() if self.squeezes else means[0]
        return self.head(means).log_softmax(dim=1)


def test_the_trace_of_two_images_is_shared_out() -> None:
    torch.manual_seed(0)
    example = torch.randn(1, 3, 8, 8)
    plain = trace_model(Pooled(squeezes=False), example, "pooled")
    shared = trace_model(Pooled(squeezes=True), example, "pooled")
    assert (shared.macs, shared.input_shape, shared.output_shapes) == (plain.macs, (1, 3, 8, 8), ((1, 10),))
    assert [(call.path, call.own_macs, call.input_shapes, call.output_shapes) for call in shared.modules] == [
        (call.path, call.own_macs, call.input_shapes, call.output_shapes) for call in plain.modules
    ]
    assert shared.activation_bytes_training == plain.activation_bytes_training
    assert "traced with two" in shared.notes[-1].text
    assert not any("traced with two" in note.text for note in plain.notes)
