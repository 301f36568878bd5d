"""Classification models of torchvision, with fresh weights or with those that it knows by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from reportgen.errors import ModelError
from reportgen.experiment.models.factories import call_factory
from reportgen.experiment.models.heads import head_by_width, replace_head
from reportgen.experiment.models.making import Made, Order, Origin
from reportgen.experiment.models.pretrained import Pretrained, digest_of, fetched, read_weights, weights_notes
from reportgen.plugins import ModelSource
from reportgen.text.suggest import nearest

AUXILIARY = frozenset({"googlenet", "inception_v3"})
"""Families with auxiliary classifiers, which only training on ImageNet uses, and with a slow default initialisation
that torchvision asks to choose in the call."""
DENSE = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)$")


def make(name: str, args: Mapping[str, Any], classes: int | None, _base: Path) -> torch.nn.Module:
    """A new model by name; raises ModelError for an unknown one, wrong arguments or a request for its weights."""
    return build(name, args, classes, {"aux_logits": False, "init_weights": True})


def make_as_asked(order: Order) -> Made:
    """A model with fresh weights, or with those that `model.pretrained` asks for and then a head for the classes.

    Raises what `make` does, and ModelError for a file that does not fit.
    """
    if order.pretrained is None:
        return Made(make(order.name, order.args, order.classes, order.base))
    weights = order.pretrained
    path = fetched(weights, order.fetching)
    auxiliary = {"aux_logits": True, "init_weights": False, "transform_input": True}
    module = build(order.name, order.args, weights.classes, auxiliary)
    try:
        module.load_state_dict(renamed(read_weights(path)))
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines()]
        raise ModelError(
            f"{weights.file} in torchvision's cache does not fit {order.name}: {' '.join(lines[:3])[:300]}",
            "Delete it there, so that it is fetched again, and look at model.args.",
        ) from error
    drop_auxiliary(module)
    digest = digest_of(path)
    notes = weights_notes(weights, digest)
    if order.new_head or (order.classes is not None and order.classes != weights.classes):
        head = head_by_width(module, weights.classes)
        notes += replace_head(module, head, weights.classes if order.classes is None else order.classes)
    return Made(module, notes, Origin(weights.file, digest, weights.url, path))


def build(name: str, args: Mapping[str, Any], classes: int | None, auxiliary: Mapping[str, Any]) -> torch.nn.Module:
    """A model with fresh weights; `auxiliary` are the arguments of the families that have auxiliary classifiers.

    Raises ModelError.
    """
    from torchvision import models

    known = names()
    if name not in known:
        raise ModelError(f"torchvision has no classification model {name!r}", nearest(name, known))
    if args.get("weights") is not None or args.get("pretrained"):
        raise ModelError(
            f"model.args asks torchvision to download the weights of {name}",
            "Write model.pretrained: true, beside source, or name a file in model.weights.",
        )
    chosen = dict(auxiliary) if name in AUXILIARY else {}
    if classes is not None:
        chosen["num_classes"] = classes
    return call_factory(models.get_model_builder(name), f"torchvision:{name}", {**chosen, **args, "weights": None})


def drop_auxiliary(module: torch.nn.Module) -> None:
    """Take away the auxiliary classifiers, which only training on ImageNet uses."""
    for part in ("aux1", "aux2", "AuxLogits"):
        if getattr(module, part, None) is not None:
            setattr(module, part, None)
            module.aux_logits = False  # type: ignore[assignment]


def renamed(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The state with the names of old DenseNet files (norm.1) as the modules have them now (norm1), as torchvision
    does."""
    return {DENSE.sub(r"\1\2", key): tensor for key, tensor in state.items()}


def find_weights(name: str, asked: str | None) -> Pretrained:
    """The weights that torchvision knows of a model, the default ones (None) or by name. Raises ModelError."""
    from torchvision import models

    if name not in names():
        raise ModelError(f"torchvision has no classification model {name!r}", nearest(name, names()))
    every = models.get_model_weights(name)
    if not len(every):
        raise ModelError(f"torchvision has no weights of {name}", "Leave model.pretrained out.")
    wanted = "DEFAULT" if asked is None else asked.removeprefix(f"{every.__name__}.")
    if wanted not in every.__members__:
        raise ModelError(f"model.pretrained: {name} has no weights {asked!r}", nearest(wanted, every.__members__))
    chosen: Any = every[wanted]
    file = chosen.url.rpartition("/")[2]
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    preset = chosen.transforms()
    return Pretrained(
        name=str(chosen),
        url=chosen.url,
        file=file,
        folder=folder,
        classes=len(chosen.meta["categories"]),
        mean=tuple(preset.mean),
        std=tuple(preset.std),
        size=int(preset.crop_size[0]),
        interpolation=str(preset.interpolation.value),
        path=folder / file if (folder / file).is_file() else None,
    )


def names() -> tuple[str, ...]:
    """Every classification model of the installed torchvision; quantised ones are left out."""
    from torchvision import models

    return tuple(models.list_models(module=models))


SOURCE = ModelSource(
    "torchvision",
    "torchvision's classification models, with fresh weights or with model.pretrained",
    make,
    names,
    make_as_asked,
)
