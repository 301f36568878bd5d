"""The section of predictions: its view, its findings and its methods."""

from reportgen.report.sections.predictions.view import SECTION

__all__ = ["SECTION"]
