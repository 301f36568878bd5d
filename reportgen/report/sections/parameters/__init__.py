"""The section of parameters as matrices: its view, its findings and its methods."""

from reportgen.report.sections.parameters.view import SECTION

__all__ = ["SECTION"]
