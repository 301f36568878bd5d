"""Training losses, all functions of logits (n, c) and targets to a scalar."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from reportgen.record.message import N_, Message
from reportgen.spec.types import UNSMOOTHED, USUAL_ALPHA, USUAL_GAMMA, USUAL_TEMPERATURE, LossSpec

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""(logits (n, c), targets) -> scalar; targets are labels (n,) int64, or shares of the classes (n, c)."""


def make_loss(spec: LossSpec, classes: int) -> Loss:
    """The loss of a spec; logits are taken to float32 at least, whatever autocast made of them.

    `cross_entropy` with label smoothing (Szegedy et al. 2016 §7); `nll` the same without smoothing, as log-softmax and
    negative log-likelihood; `kl_div` the divergence of the softmax from the smoothed target; `mse` the squared distance
    of the softmax from the target, summed over classes (Brier 1950); `focal` with its gamma (Lin et al. 2017 eq. 5).
    Of targets that are shares, as mixup makes them, `nll` and `focal` are the mean over the classes by their shares.
    """
    smoothing, gamma = spec.label_smoothing, USUAL_GAMMA if spec.gamma is None else spec.gamma

    def soft(targets: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        shares = F.one_hot(targets, classes) if targets.ndim == 1 else targets
        return shares.to(dtype) * (1 - smoothing) + smoothing / classes

    def cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(logits, shares_in(targets, logits.dtype), label_smoothing=smoothing)

    def nll(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return over_classes(-F.log_softmax(logits, 1), targets)

    def kl_div(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return F.kl_div(F.log_softmax(logits, 1), soft(targets, logits.dtype), reduction="batchmean")

    def mse(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return (logits.softmax(1) - soft(targets, logits.dtype)).square().sum(1).mean()

    def focal(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        log_p = F.log_softmax(logits, 1)
        doubt = (-torch.expm1(log_p)).clamp_min(torch.finfo(log_p.dtype).eps)  # a gamma below 1 has no slope at 0
        return over_classes(-(doubt**gamma) * log_p, targets)

    chosen = {"cross_entropy": cross_entropy, "nll": nll, "kl_div": kl_div, "mse": mse, "focal": focal}[spec.name]
    return lambda logits, targets: chosen(precise(logits), targets)


def over_classes(values: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean over the images of the value (n, c) at the target: at the label, or over the classes by their shares."""
    if targets.ndim == 1:
        return values.gather(1, targets[:, None]).mean()
    return (values * targets.to(values.dtype)).sum(1).mean()


def shares_in(targets: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Shares (n, classes) in the type of the logits; labels (n,) as they are."""
    return targets if targets.ndim == 1 else targets.to(dtype)


def precise(logits: torch.Tensor) -> torch.Tensor:
    """The logits (n, classes) in float32 at least."""
    return logits if logits.dtype == torch.float64 else logits.float()


def distil(spec: LossSpec, student: torch.Tensor, teacher: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Loss of learning from a teacher's logits (n, c) and the targets (Hinton, Vinyals & Dean 2015 §2).

    alpha · T² · KL(teacher at temperature T ‖ student at T) + (1 − alpha) · cross entropy with the targets. T² keeps
    the gradients of the first part as large as those of the second whatever the temperature.
    """
    heat = USUAL_TEMPERATURE if spec.temperature is None else spec.temperature
    alpha = USUAL_ALPHA if spec.alpha is None else spec.alpha
    student, teacher = precise(student), precise(teacher)
    known = F.log_softmax(teacher.to(student.dtype) / heat, 1)
    guided = F.kl_div(F.log_softmax(student / heat, 1), known, reduction="batchmean", log_target=True)
    plain = F.cross_entropy(student, shares_in(targets, student.dtype), label_smoothing=spec.label_smoothing)
    return alpha * heat**2 * guided + (1 - alpha) * plain


def describe_loss(spec: LossSpec) -> Message:
    """The loss as a report names it."""
    name = {
        "cross_entropy": N_("cross entropy"),
        "nll": N_("negative log-likelihood"),
        "kl_div": N_("Kullback–Leibler divergence from the label"),
        "mse": N_("squared error of the probabilities"),
        "focal": N_("focal loss, gamma {gamma}", gamma=float(USUAL_GAMMA if spec.gamma is None else spec.gamma)),
    }[spec.name]
    if spec.teacher is not None:
        alpha = USUAL_ALPHA if spec.alpha is None else spec.alpha
        heat = USUAL_TEMPERATURE if spec.temperature is None else spec.temperature
        name = N_(
            "{alpha} × Kullback–Leibler divergence from the teacher (temperature {heat}, times its square) "
            "+ {rest} × cross entropy with the label",
            alpha=float(alpha),
            heat=float(heat),
            rest=float(1 - alpha),
        )
    smoothed = spec.label_smoothing > 0 and spec.name not in UNSMOOTHED
    return N_("{name}, label smoothing {by}", name=name, by=float(spec.label_smoothing)) if smoothed else name
