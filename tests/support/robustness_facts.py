"""Hand-written results of the probe `robustness` on the small record."""

from __future__ import annotations

import numpy as np

from reportgen.record.probes import Probes
from reportgen.record.probes.robustness import (
    UNMEASURED,
    AttackSettings,
    Condition,
    Preparation,
    PreparationCheck,
    RobustnessFacts,
)
from reportgen.record.probes.sampling import Sampled
from reportgen.record.run import RunRecord

N = 200
FAMILIES = {
    "gaussian_noise": "noise",
    "defocus_blur": "blur",
    "fog": "weather",
    "jpeg_compression": "digital",
    "shift": "move",
    "flip_horizontal": "move",
    "flip_vertical": "move",
    "rotation": "move",
    "fgsm": "attack",
    "pgd": "attack",
}
Wrong = dict[tuple[str, float], float]
WRONG: Wrong = {
    ("gaussian_noise", 1): 0.1,
    ("gaussian_noise", 3): 0.4,
    ("gaussian_noise", 5): 0.7,
    ("defocus_blur", 3): 0.3,
    ("fog", 3): 0.2,
    ("fog", 5): 0.25,
    ("jpeg_compression", 1): 0.05,
    ("jpeg_compression", 5): 0.25,
    ("shift", 1): 0.0,
    ("shift", 2): 0.05,
    ("rotation", 10): 0.1,
    ("flip_horizontal", 0): 0.3,
    ("flip_vertical", 0): 0.6,
    ("fgsm", 1): 0.5,
    ("fgsm", 8): 0.8,
    ("pgd", 1): 0.7,
    ("pgd", 8): 1.0,
}
"""Condition -> the share of the images, from the first on, that are wrong under it; the others are as they were."""


def preparation(
    right: int,
    gained: int,
    lost: int,
    loss: float | None = None,
    name: str = "imagenet",
    order: str = "rgb",
    images: int = N,
) -> Preparation:
    return Preparation.model_validate(
        {
            "name": name,
            "order": order,
            "mean": (0.485, 0.456, 0.406),
            "std": (0.229, 0.224, 0.225),
            "images": images,
            "right": right,
            "gained": gained,
            "lost": lost,
            "loss": loss,
        }
    )


def checked(
    *others: Preparation, learned_here: bool = False, stages: int = 1, loss_images: int = 0
) -> PreparationCheck:
    return PreparationCheck(
        images=N, right=150, others=others, stages=stages, loss_images=loss_images, learned_here=learned_here
    )


def probed(
    record: RunRecord,
    *others: Preparation,
    wrong: Wrong = WRONG,
    sizes: dict[str, int] | None = None,
    check: PreparationCheck | None = None,
    flat: int = 0,
    gaps: tuple[str, ...] = (),
) -> RunRecord:
    """The record with conditions wrong on a known share of the images; `sizes`: kind -> its images, N for others."""
    rows = np.arange(N)
    labels, clean = record.arrays["eval.labels"][rows], record.arrays["eval.logits"][rows].argmax(1)
    table, conditions = np.full((len(wrong), N), UNMEASURED, np.uint16), []
    for place, ((kind, level), share) in enumerate(wrong.items()):
        n = (sizes or {}).get(kind, N)
        table[place, :n] = np.where(rows < share * N, (labels + 1) % len(record.data.classes), clean)[:n]
        conditions.append(Condition(family=FAMILIES[kind], kind=kind, level=level, images=n))  # type: ignore[arg-type]
    facts = RobustnessFacts(
        sampled=Sampled(images=N, split="test", seed=0),
        preparation=check or checked(*others),
        conditions=tuple(conditions),
        attack=AttackSettings(steps=10, restarts=1, step_share=0.25, flat=flat),
        left_out=3,
        gaps=gaps,
        examples=("gaussian_noise", "fog"),
        example_id=7,
    )
    probes = (record.probes or Probes(level="fast", budget_seconds=20)).model_copy(update={"robustness": facts})
    arrays = record.arrays.merged(
        {
            "robustness.rows": rows.astype(np.int64),
            "robustness.predicted": table,
            "robustness.examples": record.arrays["images"][:3],
        }
    )
    return record.model_copy(update={"probes": probes, "arrays": arrays})


def facts_of(record: RunRecord) -> RobustnessFacts:
    assert record.probes is not None
    assert record.probes.robustness is not None
    return record.probes.robustness
