"""`run.probes`: how much is looked into beyond training and evaluation, and at what price."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from pydantic import Field

from reportgen.spec.frozen import Frozen
from reportgen.spec.shorthand import Shorthand

Level = Literal["fast", "full", "none"]
Seconds = Annotated[float, Field(gt=0, le=10**6, strict=True, allow_inf_nan=False)]
Images = Annotated[int, Field(gt=0, le=10**6, strict=True)]
Epsilon = Annotated[float, Field(gt=0, le=255, strict=True, allow_inf_nan=False)]
CorruptionName = Literal[
    "gaussian_noise",
    "shot_noise",
    "impulse_noise",
    "defocus_blur",
    "glass_blur",
    "motion_blur",
    "zoom_blur",
    "snow",
    "fog",
    "brightness",
    "contrast",
    "elastic_transform",
    "pixelate",
    "jpeg_compression",
]


class ProbeOptions(Frozen):
    """One probe's own keys."""

    level: Level | None = None
    """None: that of `run.probes`."""


class WeightsOptions(ProbeOptions):
    """`run.probes.weights`: the parameters as matrices."""


class ResponseOptions(ProbeOptions):
    """`run.probes.response`: the characteristic curves."""

    images: Images | None = None


class DynamicsOptions(ProbeOptions):
    """`run.probes.dynamics`: gradients, updates and activations by layer."""


class AutogradOptions(ProbeOptions):
    """`run.probes.autograd`: the graph of the loss."""


class ExplanationsOptions(ProbeOptions):
    """`run.probes.explanations`: attribution maps, feature maps, embedding."""

    images: Images | None = None
    """Test images whose features are embedded, and at most so many on which the maps are checked; None: as many as
    the model's arithmetic allows."""
    embedding: Literal["pca", "tsne", "umap"] = "pca"
    """What shows the features in two dimensions beside their principal components; `umap` needs the extra `umap`."""


class RobustnessOptions(ProbeOptions):
    """`run.probes.robustness`: corruptions, shifts, attacks, preprocessing."""

    images: Images | None = None
    """Of every corruption, shift and attack; None: 200, and 2,000 for `full`."""
    corruptions: tuple[CorruptionName, ...] | None = None
    """None: all, those of the core first."""
    epsilons: tuple[Epsilon, ...] | None = None
    """Of the attacks, in steps of 1/255; None: 1, 2, 4 and 8."""


class CostOptions(ProbeOptions):
    """`run.probes.cost`: latency, memory, time by module."""

    processes: Annotated[int, Field(ge=1, le=50, strict=True)] | None = None
    """Fresh processes in which the latency is timed, so that its interval holds what another process would change;
    fewer than five have none, and no gate is judged by them. None: five, unless the level is none and no gate names a
    latency: then the one that does everything else."""


def at_level(options: type[Any], level: Level) -> Any:
    """The keys that a level alone stands for."""
    return options(level=level)


Weights = Annotated[WeightsOptions, Shorthand(Level, partial(at_level, WeightsOptions))]
Response = Annotated[ResponseOptions, Shorthand(Level, partial(at_level, ResponseOptions))]
Dynamics = Annotated[DynamicsOptions, Shorthand(Level, partial(at_level, DynamicsOptions))]
Autograd = Annotated[AutogradOptions, Shorthand(Level, partial(at_level, AutogradOptions))]
Explanations = Annotated[ExplanationsOptions, Shorthand(Level, partial(at_level, ExplanationsOptions))]
Robustness = Annotated[RobustnessOptions, Shorthand(Level, partial(at_level, RobustnessOptions))]
Cost = Annotated[CostOptions, Shorthand(Level, partial(at_level, CostOptions))]


class ProbesSpec(Frozen):
    """`run.probes`; it and each single probe may also be written as a level alone."""

    level: Level = "fast"
    max_seconds: Seconds | None = None
    """For all probes together; None: a quarter of the time of the pass, and at least 20 s; `full` has no limit.
    How many images a probe takes follows from this key and the model's arithmetic, not from how fast the machine is."""
    weights: Weights = WeightsOptions()
    response: Response = ResponseOptions()
    dynamics: Dynamics = DynamicsOptions()
    autograd: Autograd = AutogradOptions()
    explanations: Explanations = ExplanationsOptions()
    robustness: Robustness = RobustnessOptions()
    cost: Cost = CostOptions()

    def level_of(self, name: str) -> Level:
        """How much the probe of that name is to do."""
        own: ProbeOptions = getattr(self, name)
        return own.level or self.level

    def budget(self, pass_seconds: float) -> float | None:
        """Seconds for all probes together after a pass of so many; None: no limit."""
        if self.max_seconds is not None:
            return self.max_seconds
        return None if self.level == "full" else max(BUDGET_SHARE * pass_seconds, LEAST_SECONDS)


BUDGET_SHARE = 0.25
"""Of the time of the pass that a report is about."""
LEAST_SECONDS = 20.0


Probes = Annotated[ProbesSpec, Shorthand(Level, partial(at_level, ProbesSpec))]
PROBE_NAMES = tuple(name for name in ProbesSpec.model_fields if name not in ("level", "max_seconds"))
