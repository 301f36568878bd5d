"""The section against the baseline: its view, its findings and its methods."""

from reportgen.report.sections.baseline.view import SECTION

__all__ = ["SECTION"]
