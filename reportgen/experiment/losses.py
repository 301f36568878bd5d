"""Training losses, all functions of logits (n, c) and labels (n,) to a scalar."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from reportgen.spec.types import UNSMOOTHED, LossSpec

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
FOCUS = 2.0
"""Gamma of the focal loss, as its authors recommend."""


def make_loss(spec: LossSpec, classes: int) -> Loss:
    """The loss of a spec; logits are taken to float32 at least, whatever autocast made of them.

    `cross_entropy` with label smoothing (Szegedy et al. 2016 §7); `nll` the same without smoothing, as log-softmax and
    negative log-likelihood; `kl_div` the divergence of the softmax from the smoothed label; `mse` the squared distance
    of the softmax from the label, summed over classes (Brier 1950); `focal` with gamma 2 (Lin et al. 2017 eq. 5).
    """
    smoothing = spec.label_smoothing

    def soft(labels: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        return F.one_hot(labels, classes).to(dtype) * (1 - smoothing) + smoothing / classes

    def cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(logits, labels, label_smoothing=smoothing)

    def nll(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return F.nll_loss(F.log_softmax(logits, 1), labels)

    def kl_div(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return F.kl_div(F.log_softmax(logits, 1), soft(labels, logits.dtype), reduction="batchmean")

    def mse(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return (logits.softmax(1) - soft(labels, logits.dtype)).square().sum(1).mean()

    def focal(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        log_own = F.log_softmax(logits, 1).gather(1, labels[:, None])[:, 0]
        return (-((1 - log_own.exp()) ** FOCUS) * log_own).mean()

    chosen = {"cross_entropy": cross_entropy, "nll": nll, "kl_div": kl_div, "mse": mse, "focal": focal}[spec.name]
    return lambda logits, labels: chosen(logits if logits.dtype == torch.float64 else logits.float(), labels)


def describe_loss(spec: LossSpec) -> str:
    """The loss as a report names it."""
    name = {
        "cross_entropy": "cross entropy",
        "nll": "negative log-likelihood",
        "kl_div": "Kullback–Leibler divergence from the label",
        "mse": "squared error of the probabilities",
        "focal": "focal loss, gamma 2",
    }[spec.name]
    smoothed = spec.label_smoothing > 0 and spec.name not in UNSMOOTHED
    return f"{name}, label smoothing {spec.label_smoothing:g}" if smoothed else name
