"""The section on cost: its view, its findings and its methods."""

from reportgen.report.sections.cost.view import SECTION

__all__ = ["SECTION"]
