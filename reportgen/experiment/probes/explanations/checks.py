"""The maps of the images that are explained, and the checks of what such maps are worth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reportgen.experiment.probes.context import PROBE_SEED, ProbeContext
from reportgen.experiment.probes.explanations.deletion import SHARES, deletion_curves, random_maps
from reportgen.experiment.probes.explanations.feature_maps import shrink
from reportgen.experiment.probes.explanations.maps import Mapper, rank_correlations, stretch
from reportgen.experiment.probes.explanations.plan import RENEWING, Plan
from reportgen.experiment.probes.explanations.randomisation import randomised


@dataclass
class Asked:
    """Some images and the class that each is asked about, with the maps that answered."""

    rows: NDArray[np.int64]
    images: Tensor
    targets: Tensor
    maps: dict[str, Tensor] = field(default_factory=dict)
    """`cam` (n, h, w) and `ig` (n, H, W), and the same of random weights as `cam_random` and `ig_random`."""

    def map_all(self, mapper: Mapper, steps: int, ending: str = "") -> None:
        """Ask with both methods, those that can be used here."""
        if mapper.layer is not None:
            self.maps[f"cam{ending}"] = mapper.cam(self.images, self.targets)
        if steps:
            self.maps[f"ig{ending}"] = mapper.integrated(self.images, self.targets, steps)

    def part(self, number: int) -> Asked:
        """The first images of these."""
        return Asked(self.rows[:number], self.images[:number], self.targets[:number])


@dataclass(frozen=True)
class Mapped:
    """Everything that came of asking."""

    arrays: dict[str, NDArray[Any]]
    """Named as in ExplanationFacts, without the name of the probe."""
    completeness: float | None


def ask(context: ProbeContext, rows: NDArray[np.int64]) -> Asked:
    """Images of the evaluation set, to be asked about the class predicted for each."""
    targets = torch.from_numpy(context.logits[rows].argmax(1).astype(np.int64)).to(context.device.torch_device)
    return Asked(rows, context.inputs(torch.from_numpy(rows)), targets)


def explain(context: ProbeContext, mapper: Mapper, rows: NDArray[np.int64], plan: Plan) -> Mapped:
    """Maps of the evaluation images at these rows, with their controls, and the checks on a sample as large as planned.

    Where integrated gradients take too long for the sample, they are checked on the explained images.
    """
    shown = ask(context, rows)
    sample = ask(context, context.sample(plan.checked)[0].numpy()) if plan.checked else None
    paths = ask(context, context.sample(plan.checked_paths)[0].numpy()) if plan.checked_paths else None
    groups = [(shown, plan.steps)]
    groups += [(sample, 0)] if sample else []
    groups += [(paths, plan.steps)] if paths else []
    asked = [(group, steps, mapper if group is not paths else without_layer(mapper)) for group, steps in groups]
    for group, steps, how in asked:
        group.map_all(how, steps)
    completeness = mapper.completeness(shown.images, shown.targets, shown.maps["ig"]) if plan.steps else None
    arrays = label_maps(context, mapper, shown)
    with randomised(mapper.module, context.inputs(context.sample(RENEWING)[0]), PROBE_SEED):
        for group, steps, how in asked:
            group.map_all(how, steps, "_random")
    for name, maps in shown.maps.items():
        arrays[name] = encode_maps(shrink(maps) if name.startswith("ig") else maps)
    if sample is not None:
        arrays |= check(mapper, sample, "cam")
    if plan.steps:
        arrays |= check(mapper, paths or shown, "ig")
    return Mapped({"rows": rows, **arrays}, completeness)


def without_layer(mapper: Mapper) -> Mapper:
    """The same without Grad-CAM."""
    return Mapper(mapper.module, None, mapper.baseline)


def label_maps(context: ProbeContext, mapper: Mapper, shown: Asked) -> dict[str, NDArray[Any]]:
    """Grad-CAM (n, H, W) of the label's class where it is not the one predicted; not a number elsewhere."""
    if mapper.layer is None:
        return {}
    labels = context.data.test_labels[torch.from_numpy(shown.rows)].to(shown.targets.device)
    wrong = labels != shown.targets
    maps = torch.full((len(labels), mapper.layer.height, mapper.layer.width), float("nan"), dtype=shown.images.dtype)
    if bool(wrong.any()):
        maps[wrong.cpu()] = mapper.cam(shown.images[wrong], labels[wrong]).cpu()
    return {"cam_label": encode_maps(maps)}


def check(mapper: Mapper, asked: Asked, method: str) -> dict[str, NDArray[Any]]:
    """Rank correlation with the maps of random weights, and the deletion curves of the maps and of chance."""
    maps, control = asked.maps[method], asked.maps[f"{method}_random"]
    height, width = asked.images.shape[2:]
    chance = random_maps(len(maps), (maps.shape[1], maps.shape[2]), (height, width), PROBE_SEED).to(maps.device)
    whole = maps if maps.shape[1:] == (height, width) else stretch(maps, height, width)
    curves, by_chance = deletion_curves(mapper, asked.images, asked.targets, (whole, chance))
    return {
        f"check.{method}.rows": asked.rows,
        f"check.{method}.rank": rank_correlations(maps.float().cpu().numpy(), control.float().cpu().numpy()),
        f"deletion.{method}": curves,
        f"deletion.{method}.control": by_chance,
        "deletion.share": np.array(SHARES, np.float32),
    }


def encode_maps(maps: Tensor) -> NDArray[np.float32]:
    """Maps (n, H, W) as a record keeps them."""
    return maps.float().cpu().numpy().astype(np.float32)
