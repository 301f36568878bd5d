"""Why: attribution maps with their checks, feature maps, the embedding, nearest training images."""

from __future__ import annotations

from typing import Literal

from reportgen.record.probes.sampling import Sampled
from reportgen.spec.frozen import Frozen

Form = Literal["channels_first", "channels_last", "tokens"]
Refusal = Literal["one_cell", "few_cells", "no_gradient", "constant"]
"""Why a layer's map is no image: a single cell; too few cells; nothing after it depends on a place; one value."""
Part = Literal["grad_cam", "integrated_gradients", "checks", "stages", "embedding", "neighbours"]
Embedding = Literal["pca", "tsne", "umap"]


class RefusedLayer(Frozen):
    """A layer, later than the one whose maps are shown, that has no image to give."""

    path: str
    height: int
    width: int
    reason: Refusal


class MapLayer(Frozen):
    """The layer whose feature maps Grad-CAM weighs."""

    path: str
    kind: str
    """Class name of the module."""
    height: int
    """Cells of the map."""
    width: int
    form: Form
    """How its output lies in memory."""
    prefix: int = 0
    """Tokens before those of the image (class, distillation, registers), left out of the map."""
    refused: tuple[RefusedLayer, ...] = ()
    """From the last layer on, those that were tried before it."""


class StageFacts(Frozen):
    """One layer whose feature maps are shown; its maps are `explanations.stage.<place>`, uint8 (k, h, w)."""

    path: str
    kind: str
    height: int
    """Cells of its maps; the record may keep them reduced."""
    width: int
    channels: int
    shown: tuple[int, ...]
    """Channels kept, by how much they vary over the image, most first."""


class EmbeddingFacts(Frozen):
    """The features before the last layer, over samples of both splits."""

    path: str
    """Module whose input they are; "" where the logits themselves stand in."""
    kind: str
    dimensions: int
    images: Sampled
    """Test images embedded."""
    train: Sampled
    """Training images among which neighbours are sought."""
    explained: tuple[float, float]
    """Share of the variance along the first two principal components."""
    method: Embedding
    """What `explanations.embedding.xy` holds; the principal components are always kept."""
    neighbours: int
    """k of the k nearest neighbours."""
    mistakes: int
    """Surest mistakes whose neighbours were sought."""


class NotExplained(Frozen):
    """A part that could not be done."""

    part: Part
    reason: Literal["no_grid", "no_image", "no_gradient", "time", "few_images"]
    """No layer keeps the places of the image; none of those has an image to give; no gradient leads back; it takes too
    long; too few images."""
    seconds: float | None = None
    """What the least of it would have taken, where time was the reason."""


class ExplanationFacts(Frozen):
    """What the probe `explanations` found. n images are explained, m checked, s embedded, q mistakes looked up.

    Arrays, all named `explanations.<…>`: `rows` int64 (n,), positions in the evaluation arrays, the right ones first;
    `cam`, `cam_random`, `cam_label` float32 (n, h, w), Grad-CAM of the predicted class, of the same model with random
    weights, and of the label's class (not a number where the prediction is right), with their sign; `ig`, `ig_random`
    float32 (n, H, W), integrated gradients summed over channels, reduced to at most 64 pixels a side; `check.rows`
    (m,); `check.<cam|ig>.rank` float32 (m,), rank correlation with the map of random weights (not a number where one
    of them is constant); `deletion.share` (p,), `deletion.<cam|ig>` and `deletion.<cam|ig>.control` float32 (m, p),
    probability of the predicted class by share of pixels replaced; `stage.<place>`, see StageFacts; `embedding.rows`
    (s,), `.xy` and `.pca` float32 (s, 2), `.vote` int64 (s,), class of most of the k nearest training images;
    `neighbours.rows` (q,), `.ids`, `.labels` int64 and `.similarity` float32 (q, k), `.images` uint8 of the first.
    """

    sampled: Sampled | None = None
    """The test images on which the maps are checked; None where they were not."""
    layer: MapLayer | None = None
    steps: int = 0
    """Of the path of integrated gradients; 0 where there are none."""
    completeness: float | None = None
    """Median over images of |sum of attributions − (logit − logit of the baseline)| / |logit − logit of the baseline|:
    0 when the path has steps enough (Sundararajan et al. 2017, proposition 1)."""
    stages: tuple[StageFacts, ...] = ()
    stage_row: int | None = None
    """Position of the image whose feature maps are shown."""
    embedding: EmbeddingFacts | None = None
    gaps: tuple[NotExplained, ...] = ()
