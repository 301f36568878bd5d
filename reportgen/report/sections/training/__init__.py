"""The section on the training: its view, its findings and its methods."""

from reportgen.report.sections.training.view import SECTION

__all__ = ["SECTION"]
