"""Explanations written by hand, for what is drawn from them. No torch."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.record.probes import Probes
from reportgen.record.probes.explanations import (
    EmbeddingFacts,
    ExplanationFacts,
    MapLayer,
    StageFacts,
)
from reportgen.record.probes.sampling import Sampled
from reportgen.record.run import RunRecord

SHARE = np.array([0, 0.05, 0.1, 0.2, 0.35, 0.6, 1], np.float32)
LAYER = MapLayer(path="layer1", kind="Sequential", height=8, width=8, form="channels_first")


def make_facts(**changes: Any) -> ExplanationFacts:
    """Everything found, on 40 checked and 200 embedded images."""
    facts = ExplanationFacts(
        sampled=Sampled(images=40, split="test", seed=0),
        layer=LAYER,
        steps=16,
        completeness=0.021,
        stages=(
            StageFacts(path="conv1", kind="Conv2d", height=32, width=32, channels=16, shown=(3, 0, 7)),
            StageFacts(path="layer1", kind="Sequential", height=8, width=8, channels=16, shown=(1, 2, 5)),
        ),
        stage_row=0,
        embedding=EmbeddingFacts(
            path="fc",
            kind="Linear",
            dimensions=16,
            images=Sampled(images=200, split="test", seed=0),
            train=Sampled(images=400, split="train", seed=0),
            explained=(0.31, 0.17),
            method="pca",
            neighbours=5,
            mistakes=20,
        ),
    )
    return facts.model_copy(update=changes)


def curves(n: int, start: float, fall: float, seed: int = 0) -> np.ndarray:
    """Deletion curves (n, 7) that fall from about `start` towards 0.1, the faster the larger `fall`."""
    noise = np.random.default_rng(seed).normal(0, 0.03, (n, 1))
    return np.clip(0.1 + (start - 0.1) * np.exp(-fall * SHARE)[None] + noise, 0, 1).astype(np.float32)


def make_arrays(record: RunRecord, seed: int = 0) -> dict[str, np.ndarray]:
    """Arrays as the probe leaves them: maps that stand their checks, votes that are mostly right."""
    rng, labels = np.random.default_rng(seed), record.arrays["eval.labels"]
    called = record.arrays["eval.logits"].argmax(1)
    classes = len(record.data.classes)
    right, wrong = np.flatnonzero(called == labels), np.flatnonzero(called != labels)
    rows = np.concatenate([right[:4], wrong[:4]]).astype(np.int64)
    maps = rng.normal(size=(3, len(rows), 8, 8)).astype(np.float32)
    maps[2, : min(4, len(right))] = np.nan
    n = min(200, len(labels))
    votes = labels[:n].copy()
    votes[::10] = (votes[::10] + 1) % classes
    mistakes = wrong[:20].astype(np.int64)
    arrays = {
        "rows": rows,
        "cam": maps[0],
        "cam_random": maps[1],
        "cam_label": maps[2],
        "ig": rng.normal(size=(len(rows), 32, 32)).astype(np.float32),
        "ig_random": rng.normal(size=(len(rows), 32, 32)).astype(np.float32),
        "deletion.share": SHARE,
        "embedding.rows": np.arange(n, dtype=np.int64),
        "embedding.pca": rng.normal(size=(n, 2)).astype(np.float32),
        "embedding.xy": rng.normal(size=(n, 2)).astype(np.float32),
        "embedding.vote": votes.astype(np.int64),
        "neighbours.rows": mistakes,
        "neighbours.ids": np.arange(5 * len(mistakes), dtype=np.int64).reshape(-1, 5),
        "neighbours.labels": np.repeat(called[mistakes][:, None], 5, 1).astype(np.int64),
        "neighbours.similarity": np.tile(np.linspace(0.95, 0.9, 5, dtype=np.float32), (len(mistakes), 1)),
        "neighbours.images": rng.integers(0, 256, (min(4, len(mistakes)), 5, 32, 32, 3), np.uint8),
        "stage.0": rng.integers(0, 256, (3, 32, 32), np.uint8),
        "stage.1": rng.integers(0, 256, (3, 8, 8), np.uint8),
    }
    for method in ("cam", "ig"):
        arrays |= check_arrays(method)
    return {f"explanations.{name}": array for name, array in arrays.items()}


def check_arrays(
    method: str, rank: float = 0.05, fall: float = 8.0, chance: float = 3.0, n: int = 40
) -> dict[str, Any]:
    """The checks of one kind of map, without the probe's name."""
    noise = np.random.default_rng(1).normal(0, 0.1, n)
    return {
        f"check.{method}.rows": np.arange(n, dtype=np.int64),
        f"check.{method}.rank": np.clip(rank + noise, -1, 1).astype(np.float32),
        f"deletion.{method}": curves(n, 0.95, fall),
        f"deletion.{method}.control": curves(n, 0.95, chance, seed=0 if fall == chance else 2),
    }


def explained(record: RunRecord, facts: ExplanationFacts | None = None, **arrays: np.ndarray) -> RunRecord:
    """The record with explanations; `arrays` by name with `__` for a dot, None to leave one out."""
    given = make_arrays(record)
    for name, array in arrays.items():
        key = f"explanations.{name.replace('__', '.')}"
        given = {k: v for k, v in given.items() if k != key} | ({} if array is None else {key: array})
    probes = Probes(level="fast", budget_seconds=20.0, explanations=facts or make_facts())
    return record.model_copy(update={"probes": probes, "arrays": record.arrays.merged(given)})


def checked(record: RunRecord, method: str, **how: Any) -> RunRecord:
    """The record with explanations and other checks of one kind of map."""
    found = explained(record)
    more = {f"explanations.{name}": array for name, array in check_arrays(method, **how).items()}
    return found.model_copy(update={"arrays": found.arrays.merged(more)})
