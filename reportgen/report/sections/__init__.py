"""Record and figures in, SectionViews out: the values that templates print, and the sentences of the findings."""

from reportgen.plugins import Section, discover

__all__ = ["find_sections"]


def find_sections() -> dict[str, Section]:
    """Every section by name."""
    return discover(__name__, "SECTION", Section)
