"""A Report in, files out: one format a module."""

from collections.abc import Collection, Mapping

from reportgen.plugins import Output, discover

__all__ = ["find_outputs", "select_outputs"]


def find_outputs() -> dict[str, Output]:
    """Every output by name."""
    return discover(__name__, "OUTPUT", Output)


def select_outputs(names: Collection[str], others: Mapping[str, Output]) -> dict[str, Output]:
    """Outputs by name, with these among them as far as there are any: where each is one of `others` or stands in a
    module of its name, nothing else is imported. `others` come first."""
    found = discover(__name__, "OUTPUT", Output, among=names) | dict(others)
    return found if set(names) <= set(found) else find_outputs() | dict(others)
