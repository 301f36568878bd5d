"""The section of characteristic curves: its view, its findings and its methods."""

from reportgen.report.sections.response.view import SECTION

__all__ = ["SECTION"]
