"""What changes of pictures, and ways to prepare them, are called."""

from __future__ import annotations

from reportgen import numerals
from reportgen.probes.robustness import Condition, Preparation
from reportgen.words import say


def name_kind(kind: str) -> str:
    """A change as people call it: "Gaussian noise", "JPEG compression"."""
    names = {
        "gaussian_noise": say("Gaussian noise"), "shot_noise": say("shot noise"), "impulse_noise": say("impulse noise"),
        "defocus_blur": say("defocus blur"), "glass_blur": say("glass blur"), "motion_blur": say("motion blur"),
        "zoom_blur": say("zoom blur"), "snow": say("snow"), "fog": say("fog"), "brightness": say("brightness"),
        "contrast": say("low contrast"), "elastic_transform": say("elastic distortion"), "pixelate": say("pixelation"),
        "jpeg_compression": say("JPEG compression"), "shift": say("shift"), "rotation": say("rotation"),
        "flip_horizontal": say("mirrored left to right"), "flip_vertical": say("upside down"),
        "fgsm": say("FGSM"), "pgd": say("PGD"),
    }  # fmt: skip
    return names.get(kind, kind)


def name_level(condition: Condition) -> str:
    """How strong a change is: "severity 3", "2 px", "10°", "ε = 4/255"."""
    level = f"{condition.level:g}"
    if condition.family == "attack":
        return f"ε{numerals.NBSP}={numerals.NBSP}{level}/255"
    if condition.kind == "shift":
        return f"{level}{numerals.NBSP}px"
    if condition.kind == "rotation":
        return f"{level}°"
    return say("severity {level}", level=level) if condition.level else ""


def name_condition(condition: Condition) -> str:
    """A change with its strength."""
    return ", ".join(filter(None, (name_kind(condition.kind), name_level(condition))))


def name_preparation(one: Preparation) -> str:
    """A way to make numbers of pictures, in words: "imagenet", "none (0 to 1)", "imagenet, blue before red"."""
    names = {
        "cifar10": "cifar10", "imagenet": "imagenet", "none": say("none (0 to 1)"),
        "half": say("mean and deviation 0.5 (−1 to 1)"), "bytes": say("0 to 255"),
        "own": say("the training images’ own statistics"), "spec": say("the spec’s"),
    }  # fmt: skip
    return say("{name}, blue before red", name=names[one.name]) if one.order == "bgr" else names[one.name]


def spell_normalize(one: Preparation) -> str:
    """What a spec says for it, where it can: "normalize: imagenet"."""
    if one.name in ("cifar10", "imagenet", "none"):
        return f"normalize: {one.name}"
    mean, std = (", ".join(f"{value:.4g}" for value in values) for values in (one.mean, one.std))
    return f"normalize: {{mean: [{mean}], std: [{std}]}}"
