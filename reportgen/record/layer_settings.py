"""What a module says of its own settings: as a mapping by PyTorch's names, and the numbers of one."""

from __future__ import annotations

from collections.abc import Mapping

CONVOLUTION = ("in_channels", "out_channels")
GROUP_NORM = ("num_groups", "num_channels")
NORM = ("num_features",)
"""Names of the settings that extra_repr gives by position."""


def name_settings(kind: str, settings: str) -> dict[str, str]:
    """The settings that a module of class `kind` prints, by PyTorch's names; other positions are called "0", "1", …"""
    given = parse_settings(settings) if settings else {}
    names = positions(kind, given)
    return {names[int(key)] if key.isdigit() and int(key) < len(names) else key: value for key, value in given.items()}


def positions(kind: str, given: Mapping[str, str]) -> tuple[str, ...]:
    """What the positions of a module's settings are called; a convolution is known by them, whatever its class."""
    lowered = kind.lower()
    if lowered.startswith("conv") or is_convolution(given):
        return CONVOLUTION
    if lowered.startswith("groupnorm"):
        return GROUP_NORM
    return NORM if "norm" in lowered else ()


def is_convolution(given: Mapping[str, str]) -> bool:
    """Whether settings are those of a convolution: two numbers of channels and a kernel."""
    return "kernel_size" in given and all(given.get(place, "").isdigit() for place in ("0", "1"))


def parse_settings(settings: str) -> dict[str, str]:
    """extra_repr's text as a mapping; positional parts are called "0", "1", …"""
    parts, depth, current = [], 0, ""
    for char in settings:
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += char
    parts.append(current)
    found: dict[str, str] = {}
    for number, part in enumerate(parts):
        name, equals, value = part.strip().partition("=")
        found[name if equals else str(number)] = value if equals else name
    return found


def parse_sides(value: str) -> list[str]:
    """The numbers of a setting: two of "(3, 3)", one of "3" and of "(3,)"."""
    return [part.strip() for part in value.strip("()").split(",") if part.strip()]
