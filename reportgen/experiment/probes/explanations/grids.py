"""Where in a layer's output the places of the image are: maps, maps with channels last, or tokens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from reportgen.experiment.hooks import after_call
from reportgen.record.probes.explanations import Form
from reportgen.record.trace import Shape

MOST_PREFIX = 5
"""Tokens before those of the image: a class token and four registers."""


@dataclass(frozen=True)
class Grid:
    """How the output of a layer lies over the image."""

    height: int
    width: int
    form: Form
    prefix: int = 0
    """Tokens before those of the image."""

    @property
    def cells(self) -> int:
        """Places it tells apart."""
        return self.height * self.width

    def spread(self, output: Tensor) -> Tensor:
        """A layer's output as maps (b, channels, height, width)."""
        if self.form == "channels_first":
            return output
        if self.form == "channels_last":
            return output.permute(0, 3, 1, 2)
        tokens = output[:, self.prefix :]
        return tokens.transpose(1, 2).reshape(len(output), output.shape[2], self.height, self.width)

    def gather(self, maps: Tensor, output: Tensor) -> Tensor:
        """Maps (b, channels, height, width) as this layer's output, with the tokens that `output` has before them."""
        if self.form == "channels_first":
            return maps
        if self.form == "channels_last":
            return maps.permute(0, 2, 3, 1)
        return torch.cat([output[:, : self.prefix], maps.flatten(2).transpose(1, 2)], dim=1)


def read_grid(shape: Shape, image: tuple[int, int], before: Grid | None = None) -> Grid | None:
    """The grid of a layer's output of this shape (batch 1) for an image of (height, width); None where it has none.

    `before` is the last grid met on the way there: tokens usually keep it.
    """
    if not shape or shape[0] != 1:
        return None
    if len(shape) == 4:
        _, first, second, third = shape
        if covers(second, third, image):
            return Grid(second, third, "channels_first")
        return Grid(first, second, "channels_last") if covers(first, second, image) else None
    return token_grid(shape[1], image, before) if len(shape) == 3 else None


def covers(height: int, width: int, image: tuple[int, int]) -> bool:
    """Whether a grid of this size can be an image of that size, smaller: the sides in the same ratio, to a cell."""
    tall, wide = image
    if not (1 <= height <= tall and 1 <= width <= wide):
        return False
    return height == width if tall == wide else abs(height * wide - width * tall) <= max(tall, wide)


def token_grid(tokens: int, image: tuple[int, int], before: Grid | None) -> Grid | None:
    """The grid of so many tokens: that of the layer before, or the one whose sides are as those of the image."""
    if before is not None and before.cells > 1 and 0 <= tokens - before.cells <= MOST_PREFIX:
        return Grid(before.height, before.width, "tokens", tokens - before.cells)
    for prefix in (0, 1, 2):
        cells = tokens - prefix
        height = round((cells * image[0] / image[1]) ** 0.5) if cells > 0 else 0
        if height and cells % height == 0 and covers(height, cells // height, image):
            return Grid(height, cells // height, "tokens", prefix)
    return None


@contextmanager
def as_maps(layer: nn.Module, grid: Grid) -> Iterator[nn.Module]:
    """A module whose output is the layer's, as maps (b, channels, height, width), each time the layer is called.

    It stands between the layer and what follows it, so that whatever is hooked to it sees and changes the pass.
    """
    middle = nn.Identity()

    def turn(_layer: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        return grid.gather(middle(grid.spread(output)), output)

    handle = after_call(layer, turn)
    try:
        yield middle
    finally:
        handle.remove()
