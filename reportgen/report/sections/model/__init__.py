"""The section on the model's structure: its view, its findings and its methods."""

from reportgen.report.sections.model.view import SECTION

__all__ = ["SECTION"]
