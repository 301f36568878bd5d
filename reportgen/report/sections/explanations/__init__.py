"""The section of explanations: its view, its findings and its methods."""

from reportgen.report.sections.explanations.view import SECTION

__all__ = ["SECTION"]
