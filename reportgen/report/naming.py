"""What changes of images, and ways to prepare them, are called."""

from __future__ import annotations

from reportgen.metrics.roofline import Group, Limit
from reportgen.record.probes.robustness import Condition, Preparation
from reportgen.record.run import Device
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, ngettext
from reportgen.text.shorten import shorten

LONGEST_NAME = 60
"""Characters of a device's name."""


def name_kind(kind: str) -> str:
    """A change as people call it: "Gaussian noise", "JPEG compression"."""
    names = {
        "gaussian_noise": _("Gaussian noise"),
        "shot_noise": _("shot noise"),
        "impulse_noise": _("impulse noise"),
        "defocus_blur": _("defocus blur"),
        "glass_blur": _("glass blur"),
        "motion_blur": _("motion blur"),
        "zoom_blur": _("zoom blur"),
        "snow": _("snow"),
        "fog": _("fog"),
        "brightness": _("brightness"),
        "contrast": _("low contrast"),
        "elastic_transform": _("elastic warp"),
        "pixelate": _("pixelation"),
        "jpeg_compression": _("JPEG"),
        "shift": _("shift"),
        "rotation": _("rotation"),
        "flip_horizontal": _("mirrored left to right"),
        "flip_vertical": _("upside down"),
        "fgsm": _("FGSM"),
        "pgd": _("PGD"),
    }
    return names.get(kind, kind)


def name_level(condition: Condition) -> str:
    """How strong a change is: "severity 3", "2 px", "10°", "ε = 4/255"; empty where there is only one."""
    level = numerals.general(condition.level)
    if condition.family == "attack":
        return f"ε{numerals.NBSP}={numerals.NBSP}{level}/255"
    if condition.kind == "shift":
        return f"{level}{numerals.NBSP}px"
    if condition.kind == "rotation":
        return f"{level}°"
    return _("severity {level}", level=level) if condition.level else ""


def name_condition(condition: Condition) -> str:
    """A change with its strength: "fog of severity 3", "PGD of ε = 4/255"; mirrorings have none."""
    name, level = name_kind(condition.kind), name_level(condition)
    return _("{name} of {level}", name=name, level=level) if level else name


def name_preparation(one: Preparation) -> str:
    """A way to make numbers of images, in words: "imagenet", "none (0 to 1)", "imagenet, blue before red"."""
    names = {
        "cifar10": "cifar10",
        "imagenet": "imagenet",
        "none": _("none (0 to 1)"),
        "half": _("mean and standard deviation 0.5 (−1 to 1)"),
        "centred": _("minus 0.5 (−0.5 to 0.5)"),
        "bytes": _("0 to 255"),
        "centred_bytes": _("0 to 255 minus ImageNet’s mean"),
        "own": _("the training images’ own"),
        "spec": _("the spec’s"),
    }
    name = names[one.name]
    if one.order == "bgr":
        return _("{name}, BGR channel order", name=name)
    return {
        "same": name,
        "grey": _("{name}, grey images", name=name),
        "transposed": _("{name}, height and width exchanged", name=name),
        "mirrored": _("{name}, left and right exchanged", name=name),
        "cropped": _("{name}, the middle 7/8 of each side enlarged", name=name),
        "upside_down": _("{name}, top and bottom exchanged", name=name),
        "half_turn": _("{name}, rotated by 180°", name=name),
        "left_turn": _("{name}, rotated by 90° counter-clockwise", name=name),
        "right_turn": _("{name}, rotated by 90° clockwise", name=name),
    }[one.layout]


def advise_preparation(one: Preparation) -> str:
    """What to change: a line of the spec, and for other channels and layouts what no line can say."""
    if one.name in ("cifar10", "imagenet", "none"):
        line = f"normalize: {one.name}"
    else:
        mean, std = (", ".join(numerals.general(value, 4) for value in values) for values in (one.mean, one.std))
        line = f"normalize: {{mean: [{mean}], std: [{std}]}}"
    if one.order == "rgb" and one.layout == "same":
        return _("Set under data: {line}.", line=line)
    turn = advise_layout(one.layout)
    return turn if one.name == "spec" else join_sentences([turn, _("Set under data: {line}.", line=line)])


def advise_layout(layout: str) -> str:
    """What to change of the images, which no line of the spec can."""
    return {
        "same": _(
            "They do better with channels in BGR order, which no key of the spec sets: reorder the channels in the "
            "model."
        ),
        "grey": _("They do better with grey images, which no key of the spec makes: make them in the model."),
        "transposed": _(
            "They do better with height and width exchanged, which no key of the spec does: exchange them in the model."
        ),
        "mirrored": _(
            "They do better with left and right exchanged, which no key of the spec does: exchange them in the model."
        ),
        "cropped": _(
            "They do better with the middle 7/8 of each side enlarged to the whole, as scaling to 256 pixels and "
            "taking the middle 224 makes it, which no key of the spec does: cut the images in the model, or store "
            "them cut."
        ),
        "upside_down": _(
            "They do better with top and bottom exchanged, which no key of the spec does: exchange them in the model, "
            "or store the images so."
        ),
        "half_turn": _(
            "They do better with images rotated by 180°, which no key of the spec does: rotate them in the model, or "
            "store them so."
        ),
        "left_turn": _(
            "They do better with images rotated by 90° counter-clockwise, which no key of the spec does: rotate them "
            "in the model, or store them so."
        ),
        "right_turn": _(
            "They do better with images rotated by 90° clockwise, which no key of the spec does: rotate them in the "
            "model, or store them so."
        ),
    }[layout]


def name_group(group: Group) -> str:
    """What a reader calls the group: "layer1.0.conv1 ×4"."""
    if not group.kind:
        return _("calls of modules that only call others")
    name = _("{name}, itself", name=group.name) if group.outer else group.name
    return _("{name} ×{times}", name=name, times=group.times) if group.times > 1 else name


def name_limit(limit: Limit) -> str:
    """The limit as tables call it."""
    return {
        "arithmetic": _("arithmetic"),
        "memory": _("memory"),
        "overhead": _("overhead"),
        "none": _("none of these"),
        "beyond": _("at or above the roof"),
    }[limit]


def name_device(device: Device, precision: str) -> str:
    """What a time was taken on, for the caption beside it: "float32, 2 threads, Example CPU"."""
    name = shorten(device.name, LONGEST_NAME)
    threads = ngettext("{count} thread", "{count} threads", device.threads)
    return _("{precision}, {threads}, {name}", precision=precision, threads=threads, name=name)
