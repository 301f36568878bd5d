"""What the model gives for an image, how it was read, and whether it gives the same again and alone."""

from __future__ import annotations

from typing import Literal

from reportgen.record.message import Note
from reportgen.spec.frozen import Frozen

OutputKind = Literal["logits", "probabilities", "log_probabilities", "one_logit", "one_probability"]
"""What stands in a row of the output. `one_logit` and `one_probability`: of the second of two classes; the first has
logit 0, or the rest of the probability."""


class OutputFacts(Frozen):
    """Which tensor of what the model returns was read, and as what."""

    name: str = ""
    """Its name or index, dotted where it lies deeper, such as `logits` or `1.0`; empty where it is all there is."""
    kind: OutputKind = "logits"
    shape: tuple[int, ...] = ()
    """Of the tensor, for one image."""
    others: tuple[str, ...] = ()
    """Names or indices of the other tensors that the model returns, at most 20."""
    training_name: str = ""
    """Its name or index in training mode."""
    training_kind: OutputKind = "logits"
    training_others: tuple[str, ...] = ()
    loses_axis: bool = False
    """Whether a single image's answer comes without the axis of the images."""


class AnswerChange(Frozen):
    """How far two answers to the same images are apart."""

    images: int
    changed: float
    """Share of the images whose predicted class is another."""
    logits: float
    """Largest difference of a logit."""


class AnswerFacts(Frozen):
    """Whether the same images get the same answers when they are evaluated again, and each of them alone.

    Arrays, where the answers depend on chance: `draw.<number>.logits` float16 (n, classes) of the further evaluations,
    numbered from 1, the largest of each row taken off so that it is 0.
    """

    batch: int
    """Images at once in the evaluation."""
    spread: float
    """Standard deviation of the logits of an image around their mean, averaged: what differences are large against."""
    again: AnswerChange
    """The same batch evaluated once more."""
    alone: AnswerChange | None = None
    """Single images against the same in a batch; None where they can't be evaluated alone, or chance hides it."""
    alone_failed: Note = None
    """Why single images can't be evaluated."""
    others_beside: AnswerChange | None = None
    """The same images at the same places of a batch of the same size, with other images beside them."""
    by_chance: bool = False
    """Whether answers differ when nothing but chance does."""
    by_state: bool = False
    """Whether answers differ by what the model keeps of the images before, and by nothing else."""
    by_neighbours: bool = False
    """Whether the answer to an image depends on the images of its batch."""
    draws: int = 1
    """Evaluations of the whole test split, the first one included; more than one where answers depend on chance."""
    in_training: tuple[str, ...] = ()
    """Layers that stayed in training mode when the model was evaluated, as its own code sets them: outermost modules of
    the model's own, and layers of PyTorch that compute something else in training."""
