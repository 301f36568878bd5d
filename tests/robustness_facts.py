"""Hand-written results of the probe `robustness` on the small record."""

from __future__ import annotations

import numpy as np

from reportgen.probes import Probes
from reportgen.probes.robustness import (
    UNMEASURED,
    AttackSettings,
    Condition,
    Preparation,
    PreparationCheck,
    RobustnessFacts,
)
from reportgen.probes.sampling import Sampled
from reportgen.record import RunRecord

N = 200
CONDITIONS = (
    ("noise", "gaussian_noise", 1, 0.1), ("noise", "gaussian_noise", 5, 0.7), ("blur", "defocus_blur", 3, 0.3),
    ("weather", "fog", 3, 0.2), ("digital", "jpeg_compression", 5, 0.25), ("move", "shift", 1, 0.0),
    ("move", "flip_horizontal", 0, 0.4), ("attack", "fgsm", 1, 0.5), ("attack", "pgd", 8, 1.0),
)  # fmt: skip


def preparation(right: int, gained: int, lost: int, loss: float | None = None, name: str = "imagenet") -> Preparation:
    return Preparation.model_validate(
        {"name": name, "order": "rgb", "mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225), "right": right,
         "gained": gained, "lost": lost, "loss": loss}
    )  # fmt: skip


def probed(record: RunRecord, *others: Preparation, learned_here: bool = False, flat: int = 0) -> RunRecord:
    """The record with every condition wrong on a known share of the images."""
    rows = np.arange(N)
    labels = record.arrays["eval.labels"][rows]
    table = np.full((len(CONDITIONS), N), UNMEASURED, np.uint16)
    clean = record.arrays["eval.logits"][rows].argmax(1)
    for place, (_, _, _, wrong) in enumerate(CONDITIONS):
        table[place] = np.where(np.arange(N) < wrong * N, (labels + 1) % 10, clean)
    table[-1, 100:] = UNMEASURED
    conditions = tuple(
        Condition.model_validate({"family": family, "kind": kind, "level": level, "images": N})
        for family, kind, level, _ in CONDITIONS
    )
    conditions = (*conditions[:-1], conditions[-1].model_copy(update={"images": 100}))
    facts = RobustnessFacts(
        sampled=Sampled(images=N, split="test", seed=0),
        preparation=PreparationCheck(images=N, right=150, others=others, learned_here=learned_here),
        conditions=conditions, attack=AttackSettings(steps=10, restarts=1, step_share=0.25, flat=flat), left_out=3,
        examples=("gaussian_noise", "fog"), example_id=7,
    )  # fmt: skip
    probes = (record.probes or Probes(level="fast", budget_seconds=20)).model_copy(update={"robustness": facts})
    arrays = record.arrays.merged(
        {"robustness.rows": rows.astype(np.int64), "robustness.predicted": table,
         "robustness.examples": record.arrays["pictures"][:3]}
    )  # fmt: skip
    return record.model_copy(update={"probes": probes, "arrays": arrays})
