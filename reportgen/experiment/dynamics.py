"""Gradients and updates of every layer, written down while a model trains, at some of the steps."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reportgen.experiment._torch_internals import norms, subtract
from reportgen.spec.types import RunSpec

COLUMNS = 150
"""Steps that are kept, at most."""
SHARE = 0.02
"""Of the time of training that may be spent on it, beyond the first few steps."""
UNHURRIED = 3
"""Samples that are taken whatever they cost."""


def watched(module: torch.nn.Module) -> list[tuple[str, torch.nn.Parameter]]:
    """The trainable weights of two or more dimensions with their names, each tensor once."""
    return [(name, p) for name, p in module.named_parameters() if p.requires_grad and p.ndim > 1 and p.numel()]


@dataclass
class Sample:
    """What one step did; tensors (L,) on the device, where looking at them would make it wait."""

    step: int
    gradient: Tensor
    weight: Tensor
    update: Tensor


@dataclass
class DynamicsRecorder:
    """Listens between the steps of a pass whose length nobody has to know.

    Before a step that is due it copies the weights, after it takes the norms. When more than COLUMNS steps are kept,
    every second one is dropped and the distance between them doubles, so that they are spread over the whole pass.
    Where that would take more than SHARE of the time so far, a step is put off.
    """

    parameters: Sequence[torch.nn.Parameter]
    every: int = 1
    """Steps between two samples."""
    due: int = 1
    """The next step to be sampled."""
    samples: list[Sample] = field(default_factory=list)
    before: list[Tensor] = field(default_factory=list)
    spent: float = 0.0
    begun: float = field(default_factory=lambda: time.perf_counter())

    @classmethod
    def of(cls, module: torch.nn.Module, run: RunSpec, planned: int) -> DynamicsRecorder:
        """A recorder for a placed model; one that keeps nothing where `run.probes` does not ask for it."""
        if run.probes.level_of("dynamics") == "none":
            return cls(())
        known = planned if run.max_minutes is None else 1
        return cls([parameter for _, parameter in watched(module)], every=-(-known // COLUMNS))

    def expect(self, step: int) -> None:
        """Before step number `step` (1-based): keep the weights when it is due and there is time."""
        if not self.parameters or step < self.due:
            return
        elapsed = time.perf_counter() - self.begun
        if len(self.samples) >= UNHURRIED and self.spent > SHARE * elapsed:
            return
        start = time.perf_counter()
        with torch.no_grad():
            self.before = [parameter.detach().clone() for parameter in self.parameters]
        self.spent += time.perf_counter() - start

    def note(self, step: int) -> None:
        """After a step: keep the norms, when the weights before it were kept."""
        if not self.before:
            return
        start = time.perf_counter()
        with torch.no_grad():
            weight = norms(self.before)
            subtract(self.before, [parameter.detach() for parameter in self.parameters])
            update = norms(self.before)
            gradient = [
                parameter.grad.norm() if parameter.grad is not None else zero(parameter)
                for parameter in self.parameters
            ]
            self.samples.append(Sample(step, *(stack(norms) for norms in (gradient, weight, update))))
        self.before = []
        self.due = step + self.every
        if len(self.samples) > COLUMNS:
            self.samples, self.every = self.samples[::2], 2 * self.every
            self.due = self.samples[-1].step + self.every
        self.spent += time.perf_counter() - start

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays of the record, see DynamicsFacts; empty where nothing was kept."""
        if not self.samples:
            return {}
        found: dict[str, NDArray[Any]] = {
            "dynamics.steps": np.array([sample.step for sample in self.samples], np.int64)
        }
        for name in ("gradient", "weight", "update"):
            rows = torch.stack([getattr(sample, name) for sample in self.samples])
            found[f"dynamics.{name}"] = rows.cpu().numpy()
        return found


def zero(parameter: Tensor) -> Tensor:
    """No gradient, as a norm."""
    return torch.zeros((), dtype=parameter.dtype, device=parameter.device)


def stack(norms: Sequence[Tensor]) -> Tensor:
    """Norms (L,) float32, on the device of the first."""
    return torch.stack([norm.float().to(norms[0].device) for norm in norms])
