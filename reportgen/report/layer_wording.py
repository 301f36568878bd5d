"""How the settings of a layer are worded: in the layer table, the diagram and the comparison of two architectures."""

from __future__ import annotations

import re

from reportgen.record.layer_settings import name_settings, parse_sides
from reportgen.text.i18n import _

USUAL = "1"
"""Stride, dilation and groups that nobody looks for."""
DEPTHWISE = "depthwise"
"""In the place of the groups: as many as there are input channels."""
DIMENSIONS = re.compile(r"([123])d", re.IGNORECASE)
IMAGES = 2
"""Dimensions of a layer whose class does not name them."""


def list_essentials(kind: str, settings: str) -> dict[str, str]:
    """The settings worth showing of a module of class `kind`, in reading order, each as it is written.

    Of a convolution `inputs`, `outputs`, `size`, `stride`, `dilation` and `groups`; of a linear layer `inputs` and
    `outputs`; of what has a kernel `size` and `stride`; of adaptive pooling `output`; of anything else nothing.
    """
    given = name_settings(kind, settings)
    size, stride = format_size(kind, given.get("kernel_size", "")), format_step(given.get("stride", USUAL))
    if {"in_channels", "out_channels", "kernel_size"} <= given.keys():
        groups = given.get("groups", USUAL)
        return {
            "inputs": given["in_channels"],
            "outputs": given["out_channels"],
            "size": size,
            "stride": stride,
            "dilation": format_step(given.get("dilation", USUAL)),
            "groups": DEPTHWISE if groups == given["in_channels"] != "1" else groups,
        }
    if {"in_features", "out_features"} <= given.keys():
        return {"inputs": given["in_features"], "outputs": given["out_features"]}
    if "kernel_size" in given:
        return {"size": size, "stride": stride}
    return {"output": format_size(kind, given["output_size"])} if "output_size" in given else {}


def format_size(kind: str, value: str) -> str:
    """The sides of a kernel or of a map, (3, 3) and 3 as "3×3"; one number stands for all that `kind` has."""
    sides = parse_sides(value)
    if len(sides) == 1 and "(" not in value:
        named = DIMENSIONS.search(kind)
        sides *= int(named[1]) if named else IMAGES
    return "×".join(sides)


def format_step(value: str) -> str:
    """A stride or dilation: "2" where all sides are equal, else "2×1"; the usual one where it is no number."""
    sides = parse_sides(value)
    if not all(side.isdigit() for side in sides):
        return USUAL
    return sides[0] if len(set(sides)) == 1 else "×".join(sides)


def format_setting(name: str, value: str) -> str:
    """One setting in words, "stride 2"; the others than `stride`, `dilation` and `groups` say enough themselves."""
    if name == "groups" and value == DEPTHWISE:
        return _("depthwise")
    named = {
        "stride": _("stride {value}", value=value),
        "dilation": _("dilation {value}", value=value),
        "groups": _("groups {value}", value=value),
    }
    return named.get(name, value)


def list_unusual(essentials: dict[str, str]) -> list[str]:
    """Stride, dilation and groups in words, where they are not 1."""
    names = [name for name in ("stride", "dilation", "groups") if essentials.get(name, USUAL) != USUAL]
    return [format_setting(name, essentials[name]) for name in names]
