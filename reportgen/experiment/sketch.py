"""The sketch of a model's weights (`reportgen.record.sketch`), by random numbers that are the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from reportgen.record.sketch import SKETCH_SIZE, SketchedLayer, WeightSketch

KEY = 20_041_031
"""Of the counter-based generator Philox (Salmon et al. 2011), whose numbers are the same on every machine."""
CHUNK = 2**20
"""Values at a time; four share one random number of 64 bits."""


def sketch_weights(module: torch.nn.Module) -> tuple[WeightSketch, NDArray[np.float32]]:
    """The layers of a model that hold matrices, and the sums of each: float32 (layers, SKETCH_SIZE)."""
    seen: set[int] = set()
    layers: list[SketchedLayer] = []
    sums: list[NDArray[np.float64]] = []
    for path, holder in module.named_modules():
        own = [tensor for tensor in holder.parameters(recurse=False) if id(tensor) not in seen and is_real(tensor)]
        seen |= {id(tensor) for tensor in own}
        if not any(tensor.ndim >= 2 for tensor in own):
            continue
        shapes = tuple(tuple(tensor.shape) for tensor in own)
        found, squares = sketch(own)
        is_known = bool(np.isfinite(squares))
        layers.append(SketchedLayer(path=path, shapes=shapes, norm=float(squares**0.5) if is_known else None))
        sums.append(found if is_known else np.zeros(SKETCH_SIZE))
    values = np.array(sums, np.float32) if sums else np.zeros((0, SKETCH_SIZE), np.float32)
    return WeightSketch(layers=tuple(layers)), values


def is_real(tensor: torch.Tensor) -> bool:
    """Whether a parameter's values are real numbers that can be read."""
    return tensor.is_floating_point() and not tensor.is_quantized and tensor.device.type != "meta"


def sketch(tensors: Sequence[torch.Tensor]) -> tuple[NDArray[np.float64], float]:
    """The sums of some tensors as one vector, or their values where they are few; and the sum of the squares of all."""
    count = sum(tensor.numel() for tensor in tensors)
    sums, squares, place = np.zeros(SKETCH_SIZE), 0.0, 0
    generator = np.random.Philox(key=KEY)
    left: NDArray[np.uint16] = np.zeros(0, np.uint16)
    for tensor in tensors:
        flat = tensor.detach().reshape(-1)
        for start in range(0, len(flat), CHUNK):
            values = flat[start : start + CHUNK].cpu().to(torch.float64).numpy()
            squares += float(np.square(values).sum())
            if count <= SKETCH_SIZE:
                sums[place : place + len(values)] = values
                place += len(values)
                continue
            more = -(-(len(values) - len(left)) // 4)
            drawn = generator.random_raw(max(0, more)).astype("<u8").view("<u2")
            words = np.concatenate([left, drawn])
            here, left = words[: len(values)], words[len(values) :]
            both = np.bincount(here & (2 * SKETCH_SIZE - 1), weights=values, minlength=2 * SKETCH_SIZE)
            sums += both[:SKETCH_SIZE] - both[SKETCH_SIZE:]  # the upper half are those with a minus
    return sums, squares
