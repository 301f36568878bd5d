"""The section on robustness: its view, its findings and its methods."""

from reportgen.report.sections.robustness.view import SECTION

__all__ = ["SECTION"]
