"""The section on the evaluation: its view, its findings and its methods."""

from reportgen.report.sections.evaluation.view import SECTION

__all__ = ["SECTION"]
