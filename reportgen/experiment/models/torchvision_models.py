"""Classification models of torchvision, always with fresh weights: nothing is ever downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from reportgen.errors import ModelError
from reportgen.experiment.models.factories import call_factory
from reportgen.plugins import ModelSource
from reportgen.text.suggest import nearest

AUXILIARY = frozenset({"googlenet", "inception_v3"})
"""Families with auxiliary classifiers, which only training on ImageNet uses, and with a slow default initialisation
that torchvision asks to choose in the call."""


def make(name: str, args: Mapping[str, Any], classes: int | None, _base: Path) -> torch.nn.Module:
    """A new model by name; raises ModelError for an unknown one, wrong arguments or a request for its weights."""
    from torchvision import models

    known = names()
    if name not in known:
        raise ModelError(f"torchvision has no classification model {name!r}", nearest(name, known))
    if args.get("weights") is not None or args.get("pretrained"):
        raise ModelError(
            f"model.args asks torchvision to download the weights of {name}",
            "Reportgen downloads no weights: save them to a file and name it in model.weights.",
        )
    chosen: dict[str, Any] = {"aux_logits": False, "init_weights": True} if name in AUXILIARY else {}
    if classes is not None:
        chosen["num_classes"] = classes
    return call_factory(models.get_model_builder(name), f"torchvision:{name}", {**chosen, **args, "weights": None})


def names() -> tuple[str, ...]:
    """Every classification model of the installed torchvision; quantised ones are left out."""
    from torchvision import models

    return tuple(models.list_models(module=models))


SOURCE = ModelSource("torchvision", "torchvision's classification models, with fresh weights", make, names)
