"""The plane of the features, and the training images nearest to the surest mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reportgen.experiment.probes.context import PROBE_SEED, ProbeContext
from reportgen.experiment.probes.explanations.embedding import (
    NEIGHBOURS,
    Head,
    ScatteredError,
    embed,
    extract,
    find_head,
    nearest,
    principal_components,
    vote,
)
from reportgen.experiment.probes.explanations.plan import MISTAKES, TRAIN_EACH
from reportgen.experiment.probes.explanations.samples import pick_mistakes
from reportgen.record.images import thumbnail
from reportgen.record.probes.explanations import Embedding, EmbeddingFacts

BATCH = 64
MOST_NUMBERS = 4 * 10**7
"""Of the training features, which are all held: 160 MB."""
MOST_SHOWN = 4
"""Mistakes whose nearest training images are kept."""


def look_up(
    context: ProbeContext, first: NDArray[np.int64], number: int, method: Embedding
) -> tuple[EmbeddingFacts, dict[str, NDArray[Any]]]:
    """Features of `number` test images and twice as many training images, and what stands near what.

    The wrong ones of `first` are looked up first, then the surest mistakes of the whole evaluation set.
    """
    try:
        return look_up_by(find_head(context.trace), context, first, number, method)
    except ScatteredError:
        return look_up_by(Head("", ""), context, first, number, method)


def look_up_by(
    head: Head, context: ProbeContext, first: NDArray[np.int64], number: int, method: Embedding
) -> tuple[EmbeddingFacts, dict[str, NDArray[Any]]]:
    """The same by what a layer is given. Raises ScatteredError where that is not one row an image."""
    rows, images = context.sample(number)
    tested = extract(context.module, head, batches(context, rows, "test"))
    most = max(NEIGHBOURS, MOST_NUMBERS // max(tested.shape[1], 1))
    train_rows, train = context.sample(min(TRAIN_EACH * number, most), "train")
    trained = extract(context.module, head, batches(context, train_rows, "train"))
    labels = context.data.train_labels[train_rows].numpy()
    found, similarity = nearest(tested, trained)
    plane, shares = principal_components(tested)
    mistakes = pick_mistakes(first, context.logits, context.data.test_labels.numpy(), MISTAKES)
    facts = EmbeddingFacts(
        path=head.path,
        kind=head.kind,
        dimensions=tested.shape[1],
        images=images,
        train=train,
        explained=shares,
        method=method,
        neighbours=found.shape[1],
        mistakes=len(mistakes),
    )
    arrays: dict[str, NDArray[Any]] = {
        "embedding.rows": rows.numpy().astype(np.int64),
        "embedding.pca": plane,
        "embedding.xy": plane if method == "pca" else embed(tested, method, PROBE_SEED),
        "embedding.vote": vote(labels[found], similarity),
    }
    if len(mistakes):
        wrong = extract(context.module, head, batches(context, torch.from_numpy(mistakes), "test"))
        arrays |= record_neighbours(context, mistakes, *nearest(wrong, trained), train_rows)
    return facts, arrays


def batches(context: ProbeContext, rows: Tensor, split: Literal["train", "test"]) -> Iterator[Tensor]:
    """Images of a split as the model sees them, at most BATCH at a time, (n, C, H, W)."""
    for start in range(0, len(rows), BATCH):
        yield context.inputs(rows[start : start + BATCH], split)


def record_neighbours(
    context: ProbeContext,
    mistakes: NDArray[np.int64],
    found: NDArray[np.int64],
    similarity: NDArray[np.float32],
    train_rows: Tensor,
) -> dict[str, NDArray[Any]]:
    """What the record keeps of the nearest training images (q, k) of mistakes (q,)."""
    near = train_rows.numpy()[found]
    images = context.data.train_images[torch.from_numpy(near[:MOST_SHOWN].ravel())].numpy()
    small = np.stack([thumbnail(image) for image in images])
    return {
        "neighbours.rows": mistakes,
        "neighbours.ids": context.data.train_ids[near].astype(np.int64),
        "neighbours.labels": context.data.train_labels.numpy()[near].astype(np.int64),
        "neighbours.similarity": similarity,
        "neighbours.images": small.reshape(-1, near.shape[1], *small.shape[1:]),
    }
