"""What a probe is given, and what it gives back."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from numpy.typing import NDArray

from reportgen.experiment.datasets.loaded import LoadedData, stratified_rows
from reportgen.experiment.device import ComputeDevice
from reportgen.record.message import Message
from reportgen.record.probes.sampling import Sampled
from reportgen.record.trace import ModelTrace
from reportgen.spec.frozen import Frozen
from reportgen.spec.types import ReportSpec
from reportgen.text.errors import words_of

PROBE_SEED = 0
"""Of every sample that probes take: the same images whatever the run's own seed."""


NO_GRADIENT = re.compile(
    r"does not require grad|does not have a grad_fn|appears to not have been used in the graph"
    r"|(?:Checkpointing is not |checkpoint is in)compatible|derivative for .* is not implemented"
    r"|modified by an inplace operation|Inference tensors cannot be saved"
)
"""What torch says of models through which no gradient goes, such as those that compute parts under no_grad."""


def lets_no_gradient(error: BaseException) -> bool:
    """Whether an error says that no gradient can be computed of a model, which is nobody's error."""
    return isinstance(error, RuntimeError | AssertionError) and NO_GRADIENT.search(words_of(error)) is not None


MAPPED = re.compile(r"^vmap: |inside a function being vmapped")
"""What torch says of a value that is read inside `torch.func.vmap`, or kept beyond it."""


def is_mapped_over(error: BaseException) -> bool:
    """Whether an error says that a layer's values can't be read because the model runs it inside `torch.func.vmap`."""
    return isinstance(error, RuntimeError) and MAPPED.search(words_of(error)) is not None


class ProbeRefused(Exception):
    """Raised by a probe that can't be run on this model or data, with the sentence that the report shows."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class ProbeContext:
    """A finished run, for a probe to look into. A probe leaves the module as it found it."""

    module: torch.nn.Module
    """With its final weights, on the device, in evaluation mode."""
    initial: Mapping[str, torch.Tensor] | None
    """The state dict before training, on the CPU; None where nothing was trained."""
    data: LoadedData
    device: ComputeDevice
    spec: ReportSpec
    trace: ModelTrace
    logits: NDArray[Any]
    """(n, classes) float32 of the whole evaluation set."""
    shown: NDArray[Any]
    """(k,) positions in the evaluation set of the images whose pixels the record keeps."""
    history: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """The arrays kept during training; empty where nothing was trained."""

    def sample(self, number: int, split: Literal["train", "test"] = "test") -> tuple[torch.Tensor, Sampled]:
        """Rows (images,) of at most `number` images of a split, the classes in equal shares, and how to name them."""
        labels = self.data.test_labels if split == "test" else self.data.train_labels
        rows = torch.from_numpy(stratified_rows(labels.numpy(), number, PROBE_SEED))
        return rows, Sampled(images=len(rows), split=split, seed=PROBE_SEED)

    def inputs(self, rows: torch.Tensor, split: Literal["train", "test"] = "test") -> torch.Tensor:
        """Images of a split as the model sees them, (b, C, H, W), on the device, not augmented."""
        images = self.data.test_images if split == "test" else self.data.train_images
        return self.data.normalization.apply(images[rows].to(self.device.torch_device), self.device.dtype)


SLACK = 2.0
"""How many times the time left a part may take by its estimate before it is left out; estimates are rough."""


@dataclass
class Allowance:
    """The time that one probe may take, and how much of it is left."""

    seconds: float
    """Infinite where there is no limit."""
    full: bool = False
    """True when the spec asks for all that the probe can do."""
    begun: float = field(default_factory=lambda: time.perf_counter())
    named: frozenset[str] = frozenset()
    """Numbers that gates of the spec name: what they need is measured whatever time it takes."""
    planned: float | None = None
    """Seconds of the imagined machine of `reportgen.experiment.nominal`, which choose counts; None: `seconds`."""

    @property
    def nominal(self) -> float:
        """Seconds of the imagined machine: a matter of the spec alone."""
        return self.seconds if self.planned is None else self.planned

    def plans(self, seconds_each: float, share: float = 1.0) -> int:
        """How many things of `seconds_each` on the imagined machine the spec allows, in a share of its time."""
        if self.nominal == float("inf"):
            return 10**9
        return max(0, int(share * self.nominal / max(seconds_each, 1e-9)))

    def fits(self, seconds: float) -> bool:
        """Whether a part that takes about so long is done; else it is left out whole, by its name."""
        return self.seconds == float("inf") or seconds <= SLACK * max(0.0, self.left)

    @property
    def spent(self) -> float:
        """Seconds since the probe began."""
        return time.perf_counter() - self.begun

    @property
    def left(self) -> float:
        """Seconds left; below zero when it is overdrawn."""
        return self.seconds - self.spent

    def affordable(self, seconds_each: float, share: float = 1.0) -> int:
        """How many things of `seconds_each` fit into a share of what is left."""
        if self.seconds == float("inf"):
            return 10**9
        return max(0, int(share * self.left / max(seconds_each, 1e-9)))


@dataclass(frozen=True)
class ProbeResult:
    """What a probe found."""

    facts: Frozen
    """Of the type that `reportgen.record.probes.Probes` holds under the probe's name."""
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """For the record; every name begins with `<probe>.`."""


@dataclass(frozen=True)
class Probe:
    """One way of looking into a model: one module of this package."""

    name: str
    """The field of `reportgen.record.probes.Probes` that it fills and its key in `run.probes`."""
    title: str
    order: int
    """Place in the sequence: the cheap and the important first."""
    share: float
    """Of the time for all probes; what one leaves goes to those after it."""
    run: Callable[[ProbeContext, Allowance], ProbeResult]
    """Raises ProbeRefused with a sentence for the reader where it can't be done."""
