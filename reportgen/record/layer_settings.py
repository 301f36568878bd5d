"""What a module says of its own settings: as a mapping, and the numbers of one."""

from __future__ import annotations


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
