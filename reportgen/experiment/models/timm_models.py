"""Models of timm (PyTorch Image Models), an extra; always with fresh weights: nothing is ever downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from reportgen.errors import ModelError
from reportgen.experiment.models.factories import call_factory
from reportgen.plugins import ModelSource
from reportgen.text.suggest import nearest


def make(name: str, args: Mapping[str, Any], classes: int | None, _base: Path) -> torch.nn.Module:
    """A new model by name; raises ModelError when timm is missing, for an unknown name or wrong arguments."""
    if not is_installed():
        raise ModelError("timm is not installed", "Install it: pip install 'reportgen-torch[timm]'")
    import timm

    if not timm.is_model(name):
        raise ModelError(f"timm has no model {name!r}", nearest(name, timm.list_models()))
    if args.get("pretrained"):
        raise ModelError(
            f"model.args asks timm to download the weights of {name}",
            "Reportgen downloads no weights: save them to a file and name it in model.weights.",
        )
    chosen = {} if classes is None else {"num_classes": classes}
    return call_factory(timm.create_model, f"timm:{name}", {**chosen, **args, "model_name": name, "pretrained": False})


def names() -> tuple[str, ...]:
    """Every model of the installed timm; none when it is not installed."""
    if not is_installed():
        return ()
    import timm

    return tuple(timm.list_models())


def is_installed() -> bool:
    """Whether timm can be imported, without importing it."""
    return find_spec("timm") is not None


SOURCE = ModelSource("timm", "PyTorch Image Models, with fresh weights (extra: timm)", make, names)
