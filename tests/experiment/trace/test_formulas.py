"""Multiply-accumulates of forms that public networks have, against counts by hand; no layer is there to be asked."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from reportgen.experiment.trace import trace_model
from reportgen.record.trace import ModelTrace

STEM = 3 * 16 * 8 * 64
"""A convolution of 4 × 4 in steps of 4 to 8 channels of 8 × 8 places."""
HEAD = 8 * 10


class Base(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.fc = nn.Conv2d(3, 8, 4, 4), nn.Linear(8, 10)
        self.make()

    def make(self) -> None:
        """What lies between."""

    def between(self, x: Tensor) -> Tensor:
        """Maps (n, 8, 8, 8) of such maps."""
        return x

    def forward(self, x: Tensor) -> Any:
        return self.fc(self.between(self.stem(x)).mean((2, 3)))


class Hypernetwork(Base):
    """The kernel of a convolution is itself the output of a layer, and used twice."""

    def make(self) -> None:
        self.code, self.generator = nn.Parameter(torch.randn(4)), nn.Linear(4, 8 * 8 * 9)

    def between(self, x: Tensor) -> Tensor:
        kernel = self.generator(self.code).view(8, 8, 3, 3)
        for _ in range(2):
            x = functional.conv2d(x, kernel, padding=1)
        return x


class KernelOfEachImage(Base):
    """Kernels mixed anew for each image, all images in one convolution with as many groups."""

    def make(self) -> None:
        self.kernels, self.route = nn.Parameter(torch.randn(4, 8 * 8 * 9)), nn.Linear(8, 4)

    def between(self, x: Tensor) -> Tensor:
        n = len(x)
        mixed = torch.sigmoid(self.route(x.mean((2, 3)))) @ self.kernels
        kernel = mixed.view(n * 8, 8, 3, 3)
        return functional.conv2d(x.reshape(1, n * 8, 8, 8), kernel, padding=1, groups=n).view(n, 8, 8, 8)


class SharedKeys(Base):
    """Four heads of queries, one of keys and values, and a mask."""

    def make(self) -> None:
        self.queries, self.others = nn.Linear(8, 16), nn.Linear(8, 8)

    def between(self, x: Tensor) -> Tensor:
        rows = x.flatten(2).transpose(1, 2)
        queries = self.queries(rows).view(-1, 64, 4, 4).transpose(1, 2)
        keys, values = (part.unsqueeze(1) for part in self.others(rows).chunk(2, -1))
        mask = torch.ones(64, 64, dtype=torch.bool).tril()
        found = functional.scaled_dot_product_attention(queries, keys, values, attn_mask=mask, enable_gqa=True)
        return found.transpose(1, 2).flatten(2)[..., :8].transpose(1, 2).reshape_as(x)


class Latents(Base):
    """Learnt vectors look at the image, and then at each other, twice with the same weights."""

    def make(self) -> None:
        self.latents = nn.Parameter(torch.randn(5, 8))
        self.cross = nn.MultiheadAttention(8, 2, batch_first=True)
        self.among = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.0)

    def forward(self, x: Tensor) -> Any:
        rows = self.stem(x).flatten(2).transpose(1, 2)
        held = self.latents.expand(len(x), -1, -1)
        for _ in range(2):
            held = self.among(held + self.cross(held, rows, rows, need_weights=False)[0])
        return self.fc(held.mean(1))


class Rows(Base):
    """Both directions of two recurrent layers over the rows of the image."""

    def make(self) -> None:
        self.stem, self.fc = nn.Identity(), nn.Linear(2 * 12, 10)  # type: ignore[assignment]
        self.recurrent = nn.LSTM(96, 12, 2, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor) -> Any:
        return self.fc(self.recurrent(x.transpose(1, 2).flatten(2))[0][:, -1])


class Packed(Base):
    """A recurrent layer over 40 of 64 places, packed."""

    def make(self) -> None:
        self.recurrent, self.fc = nn.GRU(8, 12, batch_first=True), nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Any:
        rows, lengths = self.stem(x).flatten(2).transpose(1, 2), torch.full((len(x),), 40)
        packed = nn.utils.rnn.pack_padded_sequence(rows, lengths, batch_first=True)
        return self.fc(self.recurrent(packed)[1][-1])


class Splines(Base):
    """A layer of a Kolmogorov-Arnold network: each of 8 inputs by 5 basis functions, beside a plain product."""

    def make(self) -> None:
        self.plain, self.coefficients = nn.Parameter(torch.randn(10, 8)), nn.Parameter(torch.randn(10, 8, 5))
        del self.fc

    def forward(self, x: Tensor) -> Any:
        found = self.stem(x).mean((2, 3))
        bases = torch.exp(-((found.unsqueeze(-1) - torch.linspace(-1, 1, 5)) ** 2))
        spline = functional.linear(bases.flatten(1), self.coefficients.flatten(1))
        return functional.linear(functional.silu(found), self.plain) + spline


def traced(module: nn.Module) -> ModelTrace:
    return trace_model(module.eval(), torch.randn(1, 3, 32, 32), "test")


ENCODER = 5 * (8 * 24 + 8 * 8) + 2 * 5 * 5 * 8 + 5 * 2 * 8 * 16
"""Projections, scores with values, and the two layers behind, of 5 vectors."""
CROSS = 5 * 8 * 8 + 64 * 2 * 8 * 8 + 2 * 5 * 64 * 8 + 5 * 8 * 8


@pytest.mark.parametrize(
    ("module", "macs"),
    [
        (Hypernetwork(), STEM + 4 * 8 * 8 * 9 + 2 * 8 * 8 * 9 * 64 + HEAD),
        (KernelOfEachImage(), STEM + 8 * 4 + 4 * 8 * 8 * 9 + 8 * 8 * 9 * 64 + HEAD),
        (SharedKeys(), STEM + 64 * (8 * 16 + 8 * 8) + 2 * 4 * 64 * 64 * 4 + HEAD),
        (Latents(), STEM + 2 * (CROSS + ENCODER) + HEAD),
        (Rows(), 32 * 2 * 4 * 12 * ((96 + 12) + (24 + 12)) + 24 * 10),
        (Packed(), STEM + 40 * 3 * 12 * (8 + 12) + 12 * 10),
        (Splines(), STEM + 10 * 8 * (1 + 5)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_forms_of_public_networks_are_counted_as_by_hand(module: nn.Module, macs: int) -> None:
    trace = traced(module)
    assert trace.macs == macs
    assert trace.parameters == sum(parameter.numel() for parameter in module.parameters())
    assert trace.uncounted == ()


def distances(places: int, prototypes: int, exponent: float = 2.0) -> nn.Module:
    """The distances of some of the 64 places from some prototypes."""

    class Distances(Base):
        def make(self) -> None:
            self.prototypes, self.fc = nn.Parameter(torch.randn(prototypes, 8)), nn.Linear(prototypes, 10)

        def forward(self, x: Tensor) -> Any:
            rows = self.stem(x).flatten(2).transpose(1, 2)[:, :places]
            return self.fc(torch.cdist(rows, self.prototypes, p=exponent).mean(1))

    return Distances()


@pytest.mark.parametrize(("places", "prototypes"), [(4, 10), (64, 40)])  # by differences, by a product of matrices
def test_distances_count_the_same_whichever_way_torch_computes_them(places: int, prototypes: int) -> None:
    trace = traced(distances(places, prototypes))
    assert trace.macs == STEM + places * prototypes * 8 + prototypes * 10
    assert trace.uncounted == ()


def test_distances_of_another_norm_are_named_and_not_counted_as_zero() -> None:
    trace = traced(distances(64, 40, exponent=1.0))
    assert trace.macs == STEM + 40 * 10
    assert any("cdist" in name for name in trace.uncounted)


def test_distances_of_every_pair_are_counted() -> None:
    class Pairs(Base):
        def make(self) -> None:
            self.fc = nn.Linear(28, 10)

        def forward(self, x: Tensor) -> Any:
            return self.fc(torch.stack([torch.pdist(rows) for rows in self.stem(x).flatten(2)]))

    assert traced(Pairs()).macs == STEM + 28 * 64 + 28 * 10


@pytest.mark.parametrize("volume", [False, True])
def test_the_grid_of_a_spatial_transformer_is_counted(volume: bool) -> None:
    class Warps(Base):
        def make(self) -> None:
            self.locate = nn.Linear(8, 12 if volume else 6)

        def between(self, x: Tensor) -> Tensor:
            shape = (len(x), 1, *x.shape[1:]) if volume else x.shape
            theta = self.locate(x.mean((2, 3))).view(len(x), len(shape) - 2, -1)
            grid = functional.affine_grid(theta, list(shape), align_corners=False)
            return functional.grid_sample(x.reshape(shape), grid, align_corners=False).view_as(x)

    by_volume, by_place = 8 * 12 + 512 * 3 * 4, 8 * 6 + 64 * 2 * 3
    assert traced(Warps()).macs == STEM + (by_volume if volume else by_place) + HEAD
