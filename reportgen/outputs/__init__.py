"""A Report in, files out: one format a module."""

from reportgen.kinds import Output, discover

HELPERS = frozenset({"junit", "page", "pdf_process", "ranking"})
"""Modules beside the outputs that hold none."""

__all__ = ["HELPERS", "find_outputs"]


def find_outputs() -> dict[str, Output]:
    """Every output by name."""
    return discover(__name__, "OUTPUT", Output)
