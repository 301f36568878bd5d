"""The layer whose feature maps explain: the last one that still has an image to give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from reportgen.experiment.backward import gradients_of
from reportgen.experiment.hooks import after_call, hooked
from reportgen.experiment.models import logits_of
from reportgen.experiment.probes.explanations.candidates import Candidate, inside
from reportgen.experiment.probes.explanations.grids import Grid
from reportgen.record.probes.explanations import MapLayer, Refusal, RefusedLayer

LEAST_SIDE = 4
"""Cells a side below which a map hardly says where; such a layer serves only where no earlier one does better."""
AT_ONCE = 24
"""Layers tried in one pass: their outputs are all held."""
FLAT = 1e-5
"""A map whose values differ by less than this share of the largest is constant."""


def choose_layer(
    module: nn.Module, candidates: Sequence[Candidate], images: Tensor, targets: Tensor
) -> MapLayer | None:
    """The last candidate that gives these images (b, C, H, W) an image for these classes (b,); None where none does.

    The refused come in order from the last layer on, without layers inside one that is refused already.
    """
    refused: list[RefusedLayer] = []
    second: MapLayer | None = None
    for start in range(len(candidates), 0, -AT_ONCE):
        several = candidates[max(0, start - AT_ONCE) : start][::-1]
        for candidate, reason in zip(several, try_layers(module, several, images, targets), strict=True):
            if reason is None:
                return describe(candidate, refused)
            if reason == "few_cells":
                second = second or describe(candidate, refused)
            if not any(inside(candidate.path, layer.path) for layer in refused):
                grid = candidate.grid
                layer = RefusedLayer(path=candidate.path, height=grid.height, width=grid.width, reason=reason)
                refused.append(layer)
    return second


def describe(candidate: Candidate, refused: Sequence[RefusedLayer]) -> MapLayer:
    """The chosen layer as a record keeps it."""
    grid = candidate.grid
    return MapLayer(
        path=candidate.path,
        kind=candidate.call.kind,
        height=grid.height,
        width=grid.width,
        form=grid.form,
        prefix=grid.prefix,
        refused=tuple(refused),
    )


def try_layers(
    module: nn.Module, candidates: Sequence[Candidate], images: Tensor, targets: Tensor
) -> list[Refusal | None]:
    """Why each candidate's Grad-CAM map of these images is no image; None where it is one."""
    with torch.enable_grad(), kept_outputs(module, [candidate.path for candidate in candidates]) as kept:
        scores = logits_of(module(images.detach().requires_grad_()))
        score = scores.gather(1, targets[:, None]).sum()
        outputs = {path: output for path, output in kept.items() if output.requires_grad}
        slopes = gradients_of(score, list(outputs.values())) if outputs and score.requires_grad else ()
    gradients = dict(zip(outputs, slopes, strict=False))
    return [judge(candidate.grid, kept.get(candidate.path), gradients.get(candidate.path)) for candidate in candidates]


@contextmanager
def kept_outputs(module: nn.Module, paths: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """The outputs of these layers, filled in while the model runs; what follows works on a copy, in place or not."""
    kept: dict[str, Tensor] = {}

    def keep(path: str) -> Any:
        def hook(_layer: nn.Module, _inputs: object, output: object) -> Tensor | None:
            if not isinstance(output, Tensor) or not output.is_floating_point():
                return None
            kept[path] = output
            return output.clone()

        return hook

    named = dict(module.named_modules())
    with hooked(after_call(named[path], keep(path)) for path in paths):
        yield kept


def judge(grid: Grid, output: Tensor | None, gradient: Tensor | None) -> Refusal | None:
    """What is wrong with a layer's map; at least half of the images need a map."""
    if grid.cells == 1:
        return "one_cell"
    if output is None or gradient is None:
        return "no_gradient"
    slopes = grid.spread(gradient)
    reached = slopes.abs().amax((1, 2, 3)) > 0
    if 2 * int(reached.sum()) < len(reached):
        return "no_gradient"
    maps = (slopes.mean((2, 3), keepdim=True) * grid.spread(output)).sum(1).flatten(1).detach()
    varied = maps.amax(1) - maps.amin(1) > FLAT * maps.abs().amax(1)
    if 2 * int(varied.sum()) < len(varied):
        return "constant"
    return "few_cells" if min(grid.height, grid.width) < LEAST_SIDE else None
