"""A Report in, files out: one format a module."""

from reportgen.plugins import Output, discover

__all__ = ["find_outputs"]


def find_outputs() -> dict[str, Output]:
    """Every output by name."""
    return discover(__name__, "OUTPUT", Output)
