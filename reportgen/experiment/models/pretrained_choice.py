"""Which weights trained elsewhere a spec asks for, and how images are prepared for them."""

from __future__ import annotations

from typing import Any

from reportgen.errors import ModelError
from reportgen.experiment.models.pretrained import Pretrained
from reportgen.record.message import N_, Message
from reportgen.spec.normalization import Normalization
from reportgen.spec.types import DataSpec, ModelSpec


def find_pretrained(spec: ModelSpec) -> Pretrained | None:
    """The weights that `model.pretrained` asks for; None where it asks for none. Fetches nothing.

    Raises ModelError for a source without such weights, and for a name that the library does not know.
    """
    if spec.pretrained is None:
        return None
    prefix, _, name = spec.source.partition(":")
    if prefix == "torchvision":
        from reportgen.experiment.models.torchvision_models import find_weights
    elif prefix == "timm":
        from reportgen.experiment.models.timm_models import find_weights
    else:
        raise ModelError(
            f"model.pretrained has no meaning with {spec.source}",
            "It is for torchvision:NAME and timm:NAME. Name a file in model.weights instead.",
        )
    return find_weights(name, spec.pretrained.name)


def with_preparation(data: DataSpec, pretrained: Pretrained | None, spec: ModelSpec) -> DataSpec:
    """The data with the normalisation and the image size of the weights, where the spec says neither.

    A model with a stem for small images sees them as they are; one channel has no use for numbers of three.
    """
    if pretrained is None:
        return data
    update: dict[str, Any] = {}
    if data.normalize is None and data.channels != 1:
        update["normalize"] = Normalization(mean=pretrained.mean, std=pretrained.std)
    if data.image_size is None and spec.stem == "as_is":
        update["image_size"] = pretrained.size
    return data.model_copy(update=update)


def preparation_notes(data: DataSpec, used: DataSpec, pretrained: Pretrained | None) -> tuple[Message, ...]:
    """What was taken from the weights' own metadata."""
    if pretrained is None:
        return ()
    notes = []
    if data.normalize != used.normalize:
        notes.append(N_("Images are normalised as the weights {name} were trained with.", name=pretrained.name))
    if data.image_size != used.image_size:
        notes.append(
            N_(
                "Images are resized to {size}×{size} pixels, the size of the weights {name}, bilinearly; they were "
                "evaluated with {way} interpolation.",
                size=pretrained.size,
                name=pretrained.name,
                way=pretrained.interpolation,
            )
        )
    return tuple(notes)
