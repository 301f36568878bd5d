"""Feature maps of one image through the model: one layer a stage, a few channels of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reportgen.experiment.probes.explanations.candidates import Candidate
from reportgen.experiment.probes.explanations.layer_choice import kept_outputs
from reportgen.record.images import LARGEST_SIDE
from reportgen.record.probes.explanations import StageFacts

MOST_STAGES = 6
MOST_CHANNELS = 10


def choose_stages(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The last layer of each size of map; where the size hardly changes, layers spread evenly; in order, MOST_STAGES.

    Of layers that hand on the same map, the outermost counts. Single cells are no image.
    """
    maps = [candidate for candidate in candidates if candidate.grid.cells > 1]
    last = {candidate.grid.cells: place for place, candidate in enumerate(maps)}
    chosen = sorted(last.values())
    if len(chosen) < 3:
        outer = outermost(maps)
        even = np.linspace(0, len(outer) - 1, min(MOST_STAGES - len(chosen) + 1, len(outer))).round().astype(int)
        chosen = sorted({*chosen, *(outer[int(place)] for place in even)})
    return [maps[place] for place in chosen[-MOST_STAGES:]]


def outermost(maps: Sequence[Candidate]) -> list[int]:
    """Places of the layers at the depth of blocks: the depth with most layers, the outer one of two alike."""
    depths = [candidate.path.count(".") for candidate in maps]
    if not depths:
        return []
    counts = np.bincount(depths)
    depth = int(counts.argmax())
    return [place for place, own in enumerate(depths) if own == depth]


def feature_maps(
    module: nn.Module, stages: Sequence[Candidate], image: Tensor
) -> tuple[list[StageFacts], list[NDArray[np.uint8]]]:
    """Of each stage the channels that vary most over one image (1, C, H, W), each on its own scale from 0 to 255."""
    with torch.no_grad(), kept_outputs(module, [stage.path for stage in stages]) as kept:
        module(image)
    facts, shown = [], []
    for stage in stages:
        if stage.path not in kept:
            continue
        maps = stage.grid.spread(kept[stage.path].detach())[0].float()
        spread = maps.flatten(1).std(1, correction=0)
        most = spread.argsort(dim=0, descending=True, stable=True)[:MOST_CHANNELS]
        facts.append(
            StageFacts(
                path=stage.path,
                kind=stage.call.kind,
                height=stage.grid.height,
                width=stage.grid.width,
                channels=len(maps),
                shown=tuple(int(channel) for channel in most),
            )
        )
        shown.append(to_bytes(maps[most]))
    return facts, shown


def to_bytes(maps: Tensor) -> NDArray[np.uint8]:
    """Maps (k, h, w), each from its lowest (0) to its highest (255) value; a constant one is 0. At most 64 a side."""
    small = shrink(maps)
    low, high = small.amin((1, 2), keepdim=True), small.amax((1, 2), keepdim=True)
    scaled = (small - low) / (high - low).clamp_min(torch.finfo(small.dtype).tiny) * 255
    found: NDArray[Any] = scaled.round().cpu().numpy()
    return found.astype(np.uint8)


def shrink(maps: Tensor, most: int = LARGEST_SIDE) -> Tensor:
    """Maps (k, h, w), averaged over square blocks until the longer side is at most `most`."""
    factor = -(-max(maps.shape[1:]) // most)
    if factor == 1:
        return maps
    return torch.nn.functional.avg_pool2d(maps[:, None], factor, ceil_mode=True)[:, 0]
