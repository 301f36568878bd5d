"""What a run leaves behind while it is under way, and how the same run goes on from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.evaluate import evaluate
from reportgen.record.run import RunRecord

CHECKED = 64
"""Images by which a model that was restored is known to be the one that was kept."""
NEAR = 1e-3
"""How far their logits may lie apart, as a share of the largest: the batch is another, the model is not."""


def keep_nothing(_record: RunRecord) -> None:
    """For those who keep nothing."""


@dataclass(frozen=True)
class Keeper:
    """Where a run puts what it has, stage by stage, and what an earlier one of the same kind left there."""

    save: Callable[[RunRecord], None] = keep_nothing
    save_weights: Callable[[Callable[[Path], None]], None] = lambda _save: None
    earlier: RunRecord | None = None
    """The last stage of a run that did not come to its end; None where there is none."""
    weights: Path | None = None
    """The file of its weights after training."""
    raised: list[tuple[str, BaseException]] = field(default_factory=list)
    """The errors that ended parts of the run, with the part of each."""


def state_of(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Everything of a model that training changes: parameters and buffers, those that no state dict has included."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def keep_weights(keeper: Keeper, module: torch.nn.Module) -> None:
    """Put the weights of a trained model down."""
    state = {name: tensor.detach().cpu() for name, tensor in state_of(module).items()}
    keeper.save_weights(lambda path: torch.save(state, path))


def restore(module: torch.nn.Module, keeper: Keeper) -> bool:
    """Give a model the weights that were kept; False, and nothing done, where they can't be read or don't fit."""
    if keeper.weights is None or not keeper.weights.is_file():
        return False
    try:
        state = torch.load(keeper.weights, map_location="cpu", weights_only=True)
        own = state_of(module)
        fits = own.keys() == state.keys() and all(state[name].shape == own[name].shape for name in own)
    except Exception:  # of a damaged file torch.load raises nearly anything: it is as good as not there
        return False
    if not fits:
        return False
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(state[name])
    return True


def is_the_same(
    module: torch.nn.Module, arrays: Mapping[str, NDArray[Any]], data: LoadedData, device: ComputeDevice
) -> bool:
    """Whether a restored model gives what the kept one gave; a model can hold more than its weights."""
    known = arrays.get("eval.logits")
    if known is None:
        return True
    now = evaluate(module, data.test_images[:CHECKED], data.normalization, device)
    scale = float(np.abs(known[:CHECKED]).max()) or 1.0
    return now.shape == known[:CHECKED].shape and bool(np.abs(now - known[:CHECKED]).max() <= NEAR * scale)
