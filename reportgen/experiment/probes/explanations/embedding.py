"""The features before the last layer: where they come from, their plane of most variance, and who is near whom."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from reportgen.experiment.hooks import before_call
from reportgen.experiment.models import logits_of
from reportgen.record.probes.explanations import Embedding
from reportgen.record.trace import ModelTrace, ModuleCall

NEIGHBOURS = 5
PERPLEXITY = 30.0
Features = NDArray[np.float32]


@dataclass(frozen=True)
class Head:
    """The last layer: what it is given are the features."""

    path: str
    """ "" where there is none, and the logits stand in."""
    kind: str


class ScatteredError(Exception):
    """The last layer is not given one row an image, as the experts of a mixture, which each see some of the images."""


def find_head(trace: ModelTrace) -> Head:
    """The last layer with weights of its own that makes one value a class; the logits where there is none."""
    classes = trace.output_shapes[0][-1]
    heads = [call for call in trace.modules if call.is_leaf and call.own_parameters and makes(call, classes)]
    return Head(heads[-1].path, heads[-1].kind) if heads else Head("", "")


def makes(call: ModuleCall, classes: int) -> bool:
    """Whether a layer gives (1, classes), or maps of so many channels that are averaged afterwards."""
    if not call.path or call.shared or not call.output_shapes:
        return False
    shape = call.output_shapes[0]
    return shape == (1, classes) or (len(shape) == 4 and shape[:2] == (1, classes))


def extract(module: nn.Module, head: Head, batches: Iterable[Tensor]) -> Features:
    """Features (n, d) float32 of batches of images (b, C, H, W), in evaluation mode; maps are averaged over places.

    Raises ScatteredError where the head is given another number of rows than there are images.
    """
    seen: list[Tensor] = []

    def keep(_layer: nn.Module, inputs: tuple[Any, ...], _kwargs: Any) -> None:
        given = inputs[0].detach()
        seen.append(given.dequantize() if given.is_quantized else given)

    layer = dict(module.named_modules())[head.path] if head.path else None
    handle = before_call(layer, keep) if layer is not None else None
    found = []
    try:
        with torch.no_grad():
            for batch in batches:
                seen.clear()
                logits = logits_of(module(batch))
                if layer is not None and (not seen or len(seen[-1]) != len(batch)):
                    raise ScatteredError(head.path)
                found.append(flat(seen[-1] if seen else logits).float().cpu())
    finally:
        if handle is not None:
            handle.remove()
    features: Features = torch.cat(found).numpy()
    return features


def flat(values: Tensor) -> Tensor:
    """One row an image, (n, features): maps (n, C, H, W) averaged over places, tokens (n, T, C) over their number."""
    if values.ndim == 4:
        return values.mean((2, 3))
    return values.mean(1) if values.ndim == 3 else values.flatten(1)


def principal_components(features: Features) -> tuple[Features, tuple[float, float]]:
    """The features (n, d) along their two directions of most variance, (n, 2), and the share of it along each.

    Pearson 1901; by the singular values of the centred features. Each direction has its largest part positive.
    """
    centred = features.astype(np.float64) - features.mean(0, dtype=np.float64)
    vectors, values = gram_basis(centred)
    total = float((centred**2).sum())
    shares = [float(value) / total if total > 0 else 0.0 for value in (*values, 0.0, 0.0)[:2]]
    points = np.zeros((len(centred), 2))
    points[:, : vectors.shape[1]] = centred @ vectors
    return points.astype(np.float32), (shares[0], shares[1])


def gram_basis(centred: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The two leading right singular vectors (d, 2) and the squared singular values, from the smaller Gram matrix."""
    count, width = centred.shape
    if width <= count:
        values, vectors = np.linalg.eigh(centred.T @ centred)
        vectors = vectors[:, ::-1][:, :2]
    else:
        values, left = np.linalg.eigh(centred @ centred.T)
        vectors = centred.T @ left[:, ::-1][:, :2]
        vectors /= np.maximum(np.linalg.norm(vectors, axis=0), 1e-300)
    largest = np.abs(vectors).argmax(0)
    signs = np.where(vectors[largest, np.arange(vectors.shape[1])] < 0, -1.0, 1.0)
    return vectors * signs, np.maximum(values[::-1][:2], 0.0)


def embed(features: Features, method: Embedding, seed: int) -> Features:
    """The features (n, d) in two dimensions, (n, 2), by scikit-learn's t-SNE or umap-learn; seeded."""
    if method == "pca":
        return principal_components(features)[0]
    if method == "tsne":
        from sklearn.manifold import TSNE

        perplexity = min(PERPLEXITY, max(1.0, (len(features) - 1) / 3))
        model: Any = TSNE(2, init="pca", perplexity=perplexity, random_state=seed)
    else:
        from umap import UMAP

        model = UMAP(n_components=2, n_neighbors=min(15, len(features) - 1), random_state=seed, n_jobs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        points: Features = np.asarray(model.fit_transform(features), dtype=np.float32)
    return points


def nearest(features: Features, among: Features, number: int = NEIGHBOURS) -> tuple[NDArray[np.int64], Features]:
    """The `number` rows of `among` (m, d) most similar to each of `features` (n, d), and their cosine similarity."""
    one, two = (torch.nn.functional.normalize(torch.from_numpy(rows).double(), dim=1) for rows in (features, among))
    found = (one @ two.T).topk(min(number, len(among)), dim=1)
    similarity: Features = found.values.float().numpy()
    return found.indices.numpy().astype(np.int64), similarity


def vote(labels: NDArray[np.int64], similarity: Features) -> NDArray[np.int64]:
    """(n,): the class that most of the neighbours' labels (n, k) name; of several, that of the greater similarity."""
    classes = int(labels.max(initial=0)) + 1
    counts = np.zeros((len(labels), classes))
    rows = np.repeat(np.arange(len(labels)), labels.shape[1])
    np.add.at(counts, (rows, labels.ravel()), 1 + 1e-3 * similarity.ravel().astype(np.float64))
    chosen: NDArray[np.int64] = counts.argmax(1).astype(np.int64)
    return chosen
