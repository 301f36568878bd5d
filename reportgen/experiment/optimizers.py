"""Optimisers by name, with the rates that are usual for each."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from reportgen.spec.types import OptimizerSpec


@dataclass(frozen=True)
class Resolved:
    """An optimiser's arguments with every default filled in."""

    name: str
    lr: float
    momentum: float
    weight_decay: float

    def describe(self) -> str:
        """As a report names it."""
        title = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "rmsprop": "RMSprop"}[self.name]
        parts = [title, f"highest learning rate {self.lr:g}"]
        if self.name in ("sgd", "rmsprop"):
            parts.append(f"momentum {self.momentum:g}{' (Nesterov)' if self.nesterov else ''}")
        return ", ".join([*parts, f"weight decay {self.weight_decay:g}"])

    @property
    def nesterov(self) -> bool:
        """SGD with momentum looks ahead."""
        return self.name == "sgd" and self.momentum > 0


USUAL = {
    "sgd": Resolved("sgd", 0.1, 0.9, 5e-4),
    "adam": Resolved("adam", 1e-3, 0.9, 0.0),
    "adamw": Resolved("adamw", 1e-3, 0.9, 0.05),
    "rmsprop": Resolved("rmsprop", 1e-3, 0.0, 0.0),
}


def resolve_optimizer(spec: OptimizerSpec) -> Resolved:
    """The spec's arguments, the usual ones where it gives none."""
    usual = USUAL[spec.name]
    return Resolved(
        spec.name,
        usual.lr if spec.lr is None else spec.lr,
        usual.momentum if spec.momentum is None else spec.momentum,
        usual.weight_decay if spec.weight_decay is None else spec.weight_decay,
    )


def make_optimizer(resolved: Resolved, parameters: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """torch's own optimiser; weight decay on matrices and filters only, not on biases and normalisation."""
    heavy = [parameter for parameter in parameters if parameter.ndim > 1]
    light = [parameter for parameter in parameters if parameter.ndim <= 1]
    groups = [
        {"params": held, "weight_decay": decay}
        for held, decay in ((heavy, resolved.weight_decay), (light, 0.0))
        if held
    ]
    if resolved.name == "sgd":
        return torch.optim.SGD(
            groups, lr=resolved.lr, momentum=resolved.momentum, nesterov=resolved.nesterov, fused=True
        )
    if resolved.name == "rmsprop":
        return torch.optim.RMSprop(groups, lr=resolved.lr, momentum=resolved.momentum, foreach=True)
    kind = torch.optim.AdamW if resolved.name == "adamw" else torch.optim.Adam
    return kind(groups, lr=resolved.lr, fused=True)
