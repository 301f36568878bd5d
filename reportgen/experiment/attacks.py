"""Attacks on single images: the largest harm within ε of every pixel value, as one or several steps find it."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from reportgen.experiment.backward import gradients_of

Forward = Callable[[Tensor], Tensor]
"""Pixels (b, C, H, W), 0 to 1, to logits (b, classes)."""


class NoGradientError(Exception):
    """No gradient leads from the logits to the pixels."""


def gradient(forward: Forward, x: Tensor, labels: Tensor) -> Tensor:
    """Gradient of each image's own cross entropy by its pixels, of x's shape.

    Raises NoGradientError where the model lets none through.
    """
    with torch.enable_grad():
        pixels = x.detach().requires_grad_()
        loss = functional.cross_entropy(forward(pixels), labels, reduction="sum")
        if not loss.requires_grad:
            raise NoGradientError
        (found,) = gradients_of(loss, [pixels])
    if found is None:
        raise NoGradientError
    return found


def step_up(x: Tensor, slope: Tensor, size: float) -> Tensor:
    """The pixels (n, C, H, W) a step of `size` in the direction of the slope's signs, within 0 to 1."""
    return (x + size * slope.sign()).clamp(0, 1)


def fgsm(x: Tensor, slope: Tensor, epsilon: float) -> Tensor:
    """Fast gradient sign method (Goodfellow, Shlens & Szegedy 2015): one step of size ε up the loss.

    `slope` is `gradient` at x (n, C, H, W), pixels of 0 to 1, the same for every ε.
    """
    return step_up(x, slope, epsilon)


def pgd(
    forward: Forward,
    x: Tensor,
    labels: Tensor,
    epsilon: float,
    steps: int,
    step_size: float,
    generator: torch.Generator | None,
) -> Tensor:
    """Projected gradient descent (Madry et al. 2018): steps up the loss, each brought back to within ε of x and 0 to 1.

    From a random place within ε drawn on the CPU, or from x itself where there is no generator. x: (n, C, H, W), pixels
    of 0 to 1, as are ε and the step; labels: (n,).
    """
    start = torch.zeros_like(x)
    if generator is not None:
        start = epsilon * (2 * torch.rand(x.shape, generator=generator).to(x) - 1)
    now = (x + start).clamp(0, 1)
    for _ in range(steps):
        now = step_up(now, gradient(forward, now, labels), step_size)
        now = (x + (now - x).clamp(-epsilon, epsilon)).clamp(0, 1)
    return now
