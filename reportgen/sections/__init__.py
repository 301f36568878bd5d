"""Record and figures in, SectionViews out: the values that templates print, and the sentences of the findings."""

from reportgen.kinds import Section, discover

HELPERS = frozenset({"cost_values", "findings", "layers", "phrases", "pieces", "ranking"})
"""Modules beside the sections that hold none."""

__all__ = ["HELPERS", "find_sections"]


def find_sections() -> dict[str, Section]:
    """Every section by name."""
    return discover(__name__, "SECTION", Section)
