"""Gradients of a scalar, of models too whose checkpoints let themselves be asked in one way only."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.autograd.graph import Node

CHECKPOINT = "Checkpoint"
"""Part of the name of the nodes that run a part of the model again in the backward pass: torch's reentrant activation
checkpoints, and those of libraries that do it in the same way."""


def gradients_of(scalar: Tensor, tensors: Sequence[Tensor]) -> list[Tensor | None]:
    """The gradient of a scalar by each tensor, of its shape; None by one that it does not depend on.

    Reentrant activation checkpoints refuse `torch.autograd.grad`: there the gradients are collected where `backward`
    leaves them, and those that stood there before stay; parameters that were not asked about keep theirs.
    """
    if not recomputes(scalar):
        return list(torch.autograd.grad(scalar, tensors, allow_unused=True))
    before = [tensor.grad if tensor.is_leaf else None for tensor in tensors]
    for tensor in tensors:
        if tensor.is_leaf:
            tensor.grad = None
        else:
            tensor.retain_grad()
    torch.autograd.backward(scalar)
    found = [tensor.grad for tensor in tensors]
    for tensor, gradient in zip(tensors, before, strict=True):
        if tensor.is_leaf:
            tensor.grad = gradient
    return found


def recomputes(scalar: Tensor) -> bool:
    """Whether a node of the graph runs a part of the model again."""
    waiting: list[Node] = [scalar.grad_fn] if scalar.grad_fn is not None else []
    seen = set(waiting)
    while waiting:
        node = waiting.pop()
        if CHECKPOINT in node.name():
            return True
        for target, _ in node.next_functions:
            if target is not None and target not in seen:
                seen.add(target)
                waiting.append(target)
    return False
