"""The model that a trained one learnt from, as a record holds it."""

from __future__ import annotations

from reportgen.frozen import Frozen


class Teacher(Frozen):
    """A model whose outputs were learnt from, and how good it is itself.

    Array: `teacher.correct` uint8 (n,), 1 where it is right on the evaluation image.
    """

    source: str
    """As `model.source` names models."""
    parameters: int
    correct: int
    """Of the `n` evaluation images."""
    n: int
    loss: float
    """Mean negative log-likelihood of them."""
    weights_file: str | None = None
    """File name only; None where its factory made the weights."""
    weights_sha256: str | None = None
    source_sha256: str | None = None
    """Of the user's .py file."""
    notes: tuple[str, ...] = ()
