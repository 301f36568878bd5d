"""torch's own optimisers by name, with the rates that are usual for each."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from reportgen.errors import ModelError
from reportgen.experiment._torch_internals import without_compiler
from reportgen.record.message import N_, Message, Value
from reportgen.spec.optimizers import ARGUMENTS, TITLES, OptimizerSpec

USUAL: dict[str, dict[str, Any]] = {
    "sgd": {"lr": 0.1, "momentum": 0.9, "weight_decay": 5e-4},
    "adamw": {"weight_decay": 0.05},
    "rmsprop": {"lr": 1e-3},
    "muon": {"adjust_lr_fn": "match_rms_adamw"},
}
"""Where torch's defaults are not what is usual. Muon's rule lets it share rate and decay with the AdamW beside it."""
FUSED_ON = {
    "sgd": ("cpu", "cuda", "mps"),
    "adam": ("cpu", "cuda", "mps"),
    "adamw": ("cpu", "cuda", "mps"),
    "adagrad": ("cpu",),
}
"""Devices on which torch 2.10 has the whole step of an optimiser as one operator."""
DECAYS = ("weight_decay", "lambd")
"""Arguments that pull parameters towards zero."""
HEADLINE = ("lr", "momentum", "nesterov", "dampening", "weight_decay", "foreach", "fused")
"""Told first or, how it is computed, not at all."""


@dataclass(frozen=True)
class Resolved:
    """An optimiser's arguments with every default filled in."""

    name: str
    arguments: Mapping[str, Any]
    """All that its class takes, `foreach` and `fused` apart where the spec leaves them open."""
    given: tuple[str, ...] = ()
    """Those that the spec gives."""
    decayed: Literal["all", "matrices"] = "all"
    """What weight decay is put on."""

    @property
    def lr(self) -> float:
        """The highest rate of the schedule."""
        return float(self.arguments["lr"])

    @property
    def weight_decay(self) -> float:
        """0 where the optimiser knows none."""
        return float(self.arguments.get("weight_decay", 0.0))

    @property
    def has_momentum(self) -> bool:
        """Whether it has a momentum above 0, or the first of two betas, that a schedule can cycle."""
        return "betas" in self.arguments or float(self.arguments.get("momentum", 0.0)) > 0

    def describe(self, cycled: tuple[float, float] | None = None) -> tuple[Message, ...]:
        """As a report names it: the optimiser, then its settings; `cycled`: the ends between which the schedule moves
        its momentum."""
        muon = N_("Muon for matrices, AdamW for the rest")
        terms = [muon if self.name == "muon" else Message(id=TITLES[self.name])]
        terms.append(N_("highest learning rate {rate}", rate=self.lr))
        if "momentum" in self.arguments:
            terms.append(self.describe_momentum(float(self.arguments["momentum"]), cycled))
        elif cycled is not None:
            terms.append(N_("first beta {high} to {low} and back", low=cycled[0], high=cycled[1]))
        if "weight_decay" in self.arguments:
            terms.append(self.describe_decay())
        told = (*HEADLINE, "betas") if cycled is not None else HEADLINE
        special = [key for key in self.given if key not in told or (key == "dampening" and self.arguments[key])]
        named = ((key.replace("_", " "), shown(self.arguments[key])) for key in special)
        return (*terms, *(N_("{argument} {value}", argument=name, value=value) for name, value in named))

    def describe_decay(self) -> Message:
        """How much is decayed, and what."""
        if not self.weight_decay:
            return N_("no weight decay")
        if self.decayed == "all":
            return N_("weight decay {value} of all parameters", value=self.weight_decay)
        return N_("weight decay {value} of matrices and filters alone", value=self.weight_decay)

    def describe_momentum(self, value: float, cycled: tuple[float, float] | None = None) -> Message:
        """The momentum, and whether it is Nesterov's."""
        if cycled is not None:
            low, high = cycled
            if self.arguments.get("nesterov"):
                return N_("momentum {high} to {low} and back (Nesterov)", low=low, high=high)
            return N_("momentum {high} to {low} and back", low=low, high=high)
        if self.arguments.get("nesterov"):
            return N_("momentum {value} (Nesterov)", value=value)
        return N_("momentum {value}", value=value)


def shown(value: Any) -> Value:
    """An argument's value in words."""
    return [shown_one(part) for part in value] if isinstance(value, tuple) else shown_one(value)


def shown_one(value: Any) -> str | float | Message:
    """A single value in words."""
    if value is None:
        return N_("none")
    if isinstance(value, bool):
        return N_("on") if value else N_("off")
    return float(value) if isinstance(value, int | float) else str(value)


def optimizer_class(name: str) -> type[torch.optim.Optimizer]:
    """The class in torch.optim. Raises ModelError where this version has none."""
    found: type[torch.optim.Optimizer] | None = getattr(torch.optim, TITLES[name], None)
    if found is None:
        raise ModelError(f"torch {torch.__version__} has no optimiser {TITLES[name]}", "Use another, or a newer torch.")
    return found


def resolve_optimizer(spec: OptimizerSpec) -> Resolved:
    """The spec's arguments, where it gives none the usual ones, and torch's own where nothing else is usual."""
    signature = inspect.signature(optimizer_class(spec.name)).parameters
    torchs = {key: signature[key].default for key in ARGUMENTS[spec.name] if key in signature}
    arguments = torchs | USUAL.get(spec.name, {}) | {key: spec.argument(key) for key in spec.given}
    undecided = {key for key in ("foreach", "fused") if arguments.get(key) is None}
    known = {key: value for key, value in arguments.items() if key not in undecided}
    return Resolved(spec.name, known, spec.given, spec.weight_decay_on or "all")


def make_optimizers(resolved: Resolved, parameters: Sequence[torch.nn.Parameter]) -> tuple[torch.optim.Optimizer, ...]:
    """torch's own optimiser of the parameters; two where one can't take them all.

    Muon takes matrices, which leaves
    filters, biases and normalisation to AdamW with the same rate and decay (Jordan et al. 2024, Muon; Liu et al. 2025,
    Muon is scalable for LLM training). Raises ModelError for arguments that torch refuses.
    """
    if resolved.name != "muon":
        return (make_one(resolved, parameters),)
    matrices = [parameter for parameter in parameters if parameter.ndim == 2]
    others = [parameter for parameter in parameters if parameter.ndim != 2]
    if not matrices:
        raise ModelError("muon trains matrices, and this model has none to train", "Use adamw, or sgd.")
    beside = Resolved("adamw", {"lr": resolved.lr, "weight_decay": resolved.weight_decay}, decayed=resolved.decayed)
    return (make_one(resolved, matrices), *([make_one(beside, others)] if others else []))


def make_one(resolved: Resolved, parameters: Sequence[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """One optimiser, in one group, or in two where biases and normalisation are not decayed; raises ModelError."""
    whole = resolved.decayed == "all"
    heavy = [parameter for parameter in parameters if whole or parameter.ndim > 1]
    light = [parameter for parameter in parameters if not whole and parameter.ndim <= 1]
    undecayed = {key: 0.0 for key in DECAYS if key in resolved.arguments}
    both: list[dict[str, Any]] = [{"params": heavy}, {"params": light, **undecayed}]
    groups = [group for group in both if group["params"]]
    kind = optimizer_class(resolved.name)
    try:
        return without_compiler(lambda: kind(groups, **{**resolved.arguments, **way_to_step(resolved, parameters)}))
    except (TypeError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"torch refuses these arguments of {TITLES[resolved.name]}: {error}", "Change them, or leave them out."
        ) from error


def way_to_step(resolved: Resolved, parameters: Sequence[torch.nn.Parameter]) -> dict[str, bool]:
    """The fastest way to compute a step that this device has, where the spec leaves it open."""
    if "foreach" in resolved.arguments or "fused" in resolved.arguments:
        return {}
    devices = {parameter.device.type for parameter in parameters}
    if devices <= set(FUSED_ON.get(resolved.name, ())) and all(p.is_floating_point() for p in parameters):
        return {"fused": True}
    return {"foreach": True} if "foreach" in ARGUMENTS[resolved.name] else {}


def begin_momentum(optimizer: torch.optim.Optimizer) -> None:
    """Before a step in one kernel: another way where a gradient is sparse, and for SGD momentum for parameters that get
    their first gradient only now.

    torch's kernel takes none or all of them without, and fails where a part of the model was left out of the steps
    before, as stochastic depth does. From zero it becomes the first gradient, as torch has it; with a dampening it
    would not, and these steps are computed parameter by parameter.
    """
    for group in optimizer.param_groups:
        if group.get("fused") and any(p.grad is not None and p.grad.is_sparse for p in group["params"]):
            group["fused"] = False  # whose kernel takes no sparse gradients, such as of nn.Embedding(sparse=True)
    if not isinstance(optimizer, torch.optim.SGD):
        return
    for group in optimizer.param_groups:
        if not (group.get("fused") and group["momentum"]):
            continue
        moved = [parameter for parameter in group["params"] if parameter.grad is not None]
        late = [p for p in moved if optimizer.state[p].get("momentum_buffer") is None]
        if not 0 < len(late) < len(moved):
            continue
        if group["dampening"]:
            group["fused"] = False
            continue
        for parameter in late:
            optimizer.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
