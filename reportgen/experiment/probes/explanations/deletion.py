"""The deletion curve: what becomes of the class's probability as the pixels a map points at are taken away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reportgen.experiment.probes.explanations.maps import Mapper, stretch

SHARES = (0.0, 0.05, 0.1, 0.2, 0.35, 0.6, 1.0)
"""Of the pixels, replaced: closer together where the curve falls."""


def deletion_curves(
    mapper: Mapper, images: Tensor, targets: Tensor, several: Sequence[Tensor]
) -> list[NDArray[np.float32]]:
    """For each stack of maps (b, H, W) the curves (b, p): probability of the target after SHARES of the pixels, the
    highest of the map first, became the baseline.

    Petsiuk, Das & Saenko 2018, "RISE", section 4.1, with the mean colour in place of zeros.
    """
    whole = mapper.probabilities(images, targets)
    with torch.no_grad():
        last = torch.softmax(mapper.logits(mapper.empty(images)), 1)[0][targets]
    found = []
    for maps in several:
        columns = [whole, *(mapper.probabilities(few, targets) for few in without_highest(mapper, images, maps)), last]
        found.append(torch.stack(columns, 1).float().cpu().numpy())
    return found


def without_highest(mapper: Mapper, images: Tensor, maps: Tensor) -> Iterator[Tensor]:
    """The images (n, C, H, W) with each share of their pixels replaced, those between none and all; by maps (n, H, W),
    equal values in pixel order."""
    _, _, height, width = images.shape
    order = maps.flatten(1).argsort(dim=1, descending=True, stable=True)
    place = torch.empty_like(order).scatter_(
        1, order, torch.arange(height * width, device=order.device).expand_as(order)
    )
    for share in SHARES[1:-1]:
        gone = (place < round(share * height * width)).view(-1, 1, height, width)
        yield torch.where(gone, mapper.baseline, images)


def random_maps(number: int, cells: tuple[int, int], size: tuple[int, int], seed: int) -> Tensor:
    """Maps (number, H, W) that know nothing of the image, as coarse as those of `cells` (h, w): the control."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand(number, *cells, generator=generator)
    return noise if cells == size else stretch(noise, *size)
