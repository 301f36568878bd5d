"""Attribution maps, by captum: Grad-CAM over the cells of a layer, integrated gradients over the pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from reportgen.experiment.models import logits_of
from reportgen.experiment.probes.explanations.grids import Grid, as_maps
from reportgen.record.probes.explanations import MapLayer

BATCH = 16
"""Images, or points of a path, in one pass forward and back: their activations are all held."""


@dataclass(frozen=True)
class Mapper:
    """A model that can be asked why. Images are (b, C, H, W) as the model sees them, targets (b,) int64."""

    module: nn.Module
    layer: MapLayer | None
    """Of Grad-CAM."""
    baseline: Tensor
    """(1, C, 1, 1): where the path of integrated gradients begins, and what replaces pixels."""

    def logits(self, images: Tensor) -> Tensor:
        """(b, classes), whatever else the model returns."""
        return logits_of(self.module(images)).to(images.dtype)

    def empty(self, images: Tensor) -> Tensor:
        """(1, C, H, W): the baseline as one image, which stands in memory as these do, as models that view it need."""
        return torch.empty_like(images[:1]).copy_(self.baseline)

    def probabilities(self, images: Tensor, targets: Tensor) -> Tensor:
        """(b,): probability of each image's target; no gradients, in batches."""
        found = []
        with torch.no_grad():
            for start in range(0, len(images), 4 * BATCH):
                logs = functional.log_softmax(self.logits(images[start : start + 4 * BATCH]), 1)
                found.append(logs.gather(1, targets[start : start + 4 * BATCH, None])[:, 0].exp())
        return torch.cat(found)

    def cam(self, images: Tensor, targets: Tensor) -> Tensor:
        """(b, h, w): Grad-CAM of the target's logit with its sign (Selvaraju et al. 2017, eq. 1 and 2 before ReLU).

        In the images' type of numbers, whatever the model's own is, as everything that comes of asking.
        """
        from captum.attr import LayerGradCam

        if self.layer is None:
            raise ValueError("there is no layer to map")
        layer = self.layer
        grid = Grid(layer.height, layer.width, layer.form, layer.prefix)
        with as_maps(dict(self.module.named_modules())[layer.path], grid) as middle:
            method = LayerGradCam(self.logits, middle)
            parts = [
                method.attribute(images[start : start + BATCH], target=targets[start : start + BATCH]).detach()[:, 0]
                for start in range(0, len(images), BATCH)
            ]
        return torch.cat(parts).to(images.dtype)

    def integrated(self, images: Tensor, targets: Tensor, steps: int) -> Tensor:
        """(b, H, W): integrated gradients of the target's logit, summed over channels, in `steps` points.

        Sundararajan, Taly & Yan 2017, eq. 1, along the straight line from the baseline, by Gauss-Legendre.
        """
        from captum.attr import IntegratedGradients

        method = IntegratedGradients(self.logits)
        start = self.empty(images)
        parts = [
            method.attribute(
                images[row : row + 1],
                start,
                target=targets[row : row + 1],
                n_steps=steps,
                internal_batch_size=min(BATCH, steps),
            )
            .detach()
            .sum(1)
            for row in range(len(images))
        ]
        return torch.cat(parts).to(images.dtype)

    def completeness(self, images: Tensor, targets: Tensor, maps: Tensor) -> float:
        """Median over images of how far the attributions' sum is from the change of the logit, as a share of it."""
        with torch.no_grad():
            ends = self.logits(images).gather(1, targets[:, None])[:, 0]
            black = self.logits(self.empty(images))[0][targets]
        change = ends - black
        error = (maps.sum((1, 2)) - change).abs() / change.abs().clamp_min(torch.finfo(change.dtype).tiny)
        return float(error.median())


def stretch(maps: Tensor, height: int, width: int) -> Tensor:
    """Maps (b, h, w) at the size of the image, bilinear, as captum's LayerAttribution.interpolate has it."""
    return functional.interpolate(maps[:, None], (height, width), mode="bilinear", align_corners=False)[:, 0]


def rank_correlations(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.float32]:
    """(b,): Spearman's rank correlation of two stacks of maps (b, …), of their positive parts, which are what is shown.

    Not a number where one of the two is constant.
    """
    from scipy.stats import rankdata  # half a second that a run without explanations does not need

    ranks = [rankdata(np.maximum(maps.reshape(len(maps), -1), 0), axis=1) for maps in (first, second)]
    one, two = (rank - rank.mean(1, keepdims=True) for rank in ranks)
    scale = np.sqrt((one**2).sum(1) * (two**2).sum(1))
    with np.errstate(invalid="ignore", divide="ignore"):
        found: NDArray[np.float32] = np.where(scale > 0, (one * two).sum(1) / scale, np.nan).astype(np.float32)
    return found
