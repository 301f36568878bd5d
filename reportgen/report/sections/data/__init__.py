"""The section on the data: its view, its findings and its methods."""

from reportgen.report.sections.data.view import SECTION

__all__ = ["SECTION"]
