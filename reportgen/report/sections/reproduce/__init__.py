"""The section that tells how to make the report again: its view, its findings and its methods."""

from reportgen.report.sections.reproduce.view import SECTION

__all__ = ["SECTION"]
