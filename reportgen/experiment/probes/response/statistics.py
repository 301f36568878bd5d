"""How strongly a stretch of a network answers: by channel, by image, and whether it bends."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from reportgen.record.probes.response import NARROW

SAME = 1e-6
"""A channel whose values differ by less than this share of the unit's response is dead."""
ROUNDING = 1e-4
"""Of an output: differences of differences below this share of it may be rounding."""


@dataclass
class Answered:
    """How a unit answered to each drive, by channel; tensors stay on the device."""

    squares: dict[float, Tensor] = field(default_factory=dict)
    """Mean square over images and positions by channel, (C,)."""
    power: dict[float, Tensor] = field(default_factory=dict)
    """Mean square over channels and positions by image, (n,)."""
    low: Tensor | None = None
    """Least value by channel over images, positions and drives from 0 up, (C,)."""
    high: Tensor | None = None
    outputs: dict[float, Tensor] = field(default_factory=dict)
    """At the drives that `bend` compares."""

    def hear(self, drive: float, output: Tensor, images: int) -> None:
        """Add the output to one drive, (n, …)."""
        axis = channel_axis(tuple(output.shape))
        rows = output.movedim(axis, 0).reshape(output.shape[axis], -1)
        self.squares[drive] = rows.square().mean(1)
        self.power[drive] = output.reshape(images, -1).square().mean(1)
        if drive >= 0:
            least, most = rows.amin(1), rows.amax(1)
            self.low = least if self.low is None else torch.minimum(self.low, least)
            self.high = most if self.high is None else torch.maximum(self.high, most)
        if drive in (-1.0, 0.0, 1.0):
            self.outputs[drive] = output

    def response(self, drive: float) -> float:
        """Root mean square of the output to a drive."""
        return float(self.squares[drive].mean().sqrt())

    def dead(self) -> int:
        """Channels that give one value whatever the image, the position and the drive."""
        if self.low is None or self.high is None:
            return 0
        span = SAME * self.squares[1.0].mean().sqrt()
        return int((self.high - self.low <= span).sum())

    def quantiles(self, drive: float) -> list[float]:
        """Of the channels' responses relative to their own at drive 1; channels silent there are left out."""
        own, scale = self.squares[1.0].sqrt(), self.squares[1.0].mean().sqrt()
        heard = own > SAME * scale
        if not bool(heard.any()):
            return [0.0] * len(NARROW)
        relative = (self.squares[drive][heard].sqrt() / own[heard]).float().cpu()
        return [float(value) for value in torch.quantile(relative, torch.tensor(NARROW))]

    def bend(self) -> float:
        """|y(1) + y(−1) − 2·y(0)| / |y(1) − y(−1)|; 0 where the output changes by less than rounding may."""
        ahead, back, rest = (self.outputs[drive] for drive in (1.0, -1.0, 0.0))
        even, odd = float((ahead + back - 2 * rest).norm()), float((ahead - back).norm())
        scale = ROUNDING * float(ahead.norm())
        return 0.0 if even <= scale else even / max(odd, scale)


def channel_axis(shape: tuple[int, ...]) -> int:
    """Which axis holds the channels: the last of tokens (n, l, C) and of square images (n, h, h, C), else 1."""
    if len(shape) == 3:
        return 2
    if len(shape) == 4 and shape[1] == shape[2] != shape[3]:
        return 3
    return 1 if len(shape) > 1 else 0
