"""Models of timm (PyTorch Image Models), an extra, with fresh weights or with those that it knows by name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from reportgen.errors import ModelError
from reportgen.experiment.models.factories import call_factory
from reportgen.experiment.models.making import Made, Order, Origin
from reportgen.experiment.models.pretrained import Pretrained, digest_of, fetched, read_weights, weights_notes
from reportgen.plugins import ModelSource
from reportgen.record.message import N_
from reportgen.text.suggest import nearest

HUB_FILES = ("model.safetensors", "pytorch_model.bin")
"""Of weights on Hugging Face, first come first."""


def make(name: str, args: Mapping[str, Any], classes: int | None, _base: Path) -> torch.nn.Module:
    """A new model by name; raises ModelError when timm is missing, for an unknown name or wrong arguments."""
    check_name(name)
    import timm

    if args.get("pretrained"):
        raise ModelError(
            f"model.args asks timm to download the weights of {name}",
            "Write model.pretrained: true, beside source, or name a file in model.weights.",
        )
    chosen = {} if classes is None else {"num_classes": classes}
    return call_factory(timm.create_model, f"timm:{name}", {**chosen, **args, "model_name": name, "pretrained": False})


def make_as_asked(order: Order) -> Made:
    """A model with fresh weights, or with those that `model.pretrained` asks for and a head for the classes.

    Raises what `make` does, and ModelError for a file that does not fit.
    """
    if order.pretrained is None:
        return Made(make(order.name, order.args, order.classes, order.base))
    import timm

    weights = order.pretrained
    path = fetched(weights, order.fetching)
    overlay = {"file": str(path)} if weights.custom else {"state_dict": read_weights(path), "file": None}
    given = {"num_classes": weights.classes if order.classes is None else order.classes, **order.args}
    module = call_factory(
        timm.create_model,
        f"timm:{weights.name}",
        {**given, "model_name": weights.name, "pretrained": True, "pretrained_cfg_overlay": overlay},
    )
    module.pretrained_cfg["state_dict"] = None  # type: ignore[index,operator,assignment] # else they are held twice
    classes, digest = int(given["num_classes"]), digest_of(path)
    notes = weights_notes(weights, digest)
    if order.new_head:
        module.reset_classifier(classes)  # type: ignore[operator]
    if order.new_head or classes != weights.classes:
        notes += (
            N_(
                "The last layer {layer} was replaced by a new one with fresh weights: {before} outputs before, {now} "
                "now.",
                layer=name_of(module.pretrained_cfg.get("classifier")),  # type: ignore[operator,union-attr]
                before=weights.classes,
                now=classes,
            ),
        )
    return Made(module, notes, Origin(weights.file, digest, weights.url, path))


def name_of(classifier: object) -> str:
    """The last layer's name as timm gives it: one, or several."""
    return ", ".join(classifier) if isinstance(classifier, tuple | list) else str(classifier or "")


def check_name(name: str) -> None:
    """Raise ModelError when timm is missing or has no such model."""
    if not is_installed():
        raise ModelError("timm is not installed", "Install it: pip install 'reportgen-torch[timm]'")
    import timm

    if not timm.is_model(name):
        raise ModelError(f"timm has no model {name!r}", nearest(name, timm.list_models()))


def find_weights(name: str, asked: str | None) -> Pretrained:
    """The weights that timm knows of a model, the default ones (None) or by tag. Raises ModelError."""
    check_name(name)
    from timm.models import get_pretrained_cfg, list_pretrained

    plain = name.partition(".")[0]
    wanted = name if asked is None else f"{plain}.{asked.removeprefix(f'{plain}.')}"
    tags = [known.partition(".")[2] for known in list_pretrained(f"{plain}.*")]
    if wanted.partition(".")[2] not in ("", *tags):
        raise ModelError(f"model.pretrained: {plain} has no weights {asked!r}", nearest(wanted.partition(".")[2], tags))
    config = get_pretrained_cfg(wanted)
    if config is None or not config.has_weights:
        raise ModelError(f"timm has no weights of {wanted}", nearest(wanted, tags) or "Leave model.pretrained out.")
    if not name.partition(".")[2] and asked is None and config.tag:
        wanted = f"{plain}.{config.tag}"
    custom = bool(config.custom_load)
    place = in_torch_hub(config) if custom or not config.hf_hub_id else in_hub(config)
    return Pretrained(
        name=wanted,
        classes=int(config.num_classes),
        mean=tuple(config.mean),
        std=tuple(config.std),
        size=int(config.input_size[-1]),
        interpolation=str(config.interpolation),
        custom=custom,
        **place,
    )


def in_hub(config: Any) -> dict[str, Any]:
    """Where a file of Hugging Face is: in its cache, or in torch.hub's of earlier versions of timm."""
    import huggingface_hub
    from huggingface_hub import constants

    repository, _, revision = str(config.hf_hub_id).partition("@")
    names = (config.hf_hub_filename,) if config.hf_hub_filename else HUB_FILES
    found = [
        Path(place)
        for name in names
        if isinstance(place := huggingface_hub.try_to_load_from_cache(repository, name, revision=revision or None), str)
    ]
    old = in_torch_hub(config) if config.url else {"path": None}
    if not found and old["path"] is not None:
        return old
    return {
        "url": f"https://huggingface.co/{repository}",
        "file": found[0].name if found else names[0],
        "folder": Path(constants.HF_HUB_CACHE) / f"models--{repository.replace('/', '--')}",
        "path": found[0] if found else None,
        "hub": (repository, names),
    }


def in_torch_hub(config: Any) -> dict[str, Any]:
    """Where a file with an address of its own is, in torch.hub's cache."""
    folder, file = Path(torch.hub.get_dir()) / "checkpoints", str(config.url).rpartition("/")[2]
    path = folder / file
    return {"url": config.url, "file": file, "folder": folder, "path": path if path.is_file() else None}


def names() -> tuple[str, ...]:
    """Every model of the installed timm; none when it is not installed."""
    if not is_installed():
        return ()
    import timm

    return tuple(timm.list_models())


def is_installed() -> bool:
    """Whether timm can be imported, without importing it."""
    return find_spec("timm") is not None


SOURCE = ModelSource(
    "timm",
    "PyTorch Image Models, with fresh weights or with model.pretrained (extra: timm)",
    make,
    names,
    make_as_asked,
)
