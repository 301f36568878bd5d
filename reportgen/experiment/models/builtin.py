"""Models that reportgen brings itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from reportgen.errors import ModelError
from reportgen.experiment.models._nets.cifar_resnet import (
    cifar_resnet20,
    cifar_resnet32,
    cifar_resnet44,
    cifar_resnet56,
)
from reportgen.experiment.models._nets.resnet9 import ResNet9
from reportgen.experiment.models._nets.small import Linear, TwoConv
from reportgen.experiment.models.factories import call_factory, fill_classes
from reportgen.plugins import ModelSource
from reportgen.text.suggest import nearest

NETWORKS: Mapping[str, Callable[..., torch.nn.Module]] = {
    "linear": Linear,
    "two_conv": TwoConv,
    "resnet9": ResNet9,
    "cifar_resnet20": cifar_resnet20,
    "cifar_resnet32": cifar_resnet32,
    "cifar_resnet44": cifar_resnet44,
    "cifar_resnet56": cifar_resnet56,
}


def make(name: str, args: Mapping[str, Any], classes: int | None, _base: Path) -> torch.nn.Module:
    """A new model by name; raises ModelError for an unknown one or wrong arguments."""
    factory = NETWORKS.get(name)
    if factory is None:
        raise ModelError(f"there is no builtin model {name!r}", nearest(name, NETWORKS))
    return call_factory(factory, f"builtin:{name}", fill_classes(factory, args, classes))


SOURCE = ModelSource("builtin", "networks of reportgen's own, for 32×32 images", make, lambda: tuple(NETWORKS))
