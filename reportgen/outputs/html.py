"""report.html: one file that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable

from reportgen.outputs.page import make_page
from reportgen.outputs.template_folder import template_root
from reportgen.plugins import Output, OutputFile
from reportgen.report.model import Report


def check() -> None:
    """Raise RenderError when the templates are not installed."""
    template_root()


def render(report: Report, warn: Callable[[str], None]) -> tuple[OutputFile, ...]:
    """The page for a browser."""
    del warn
    return (OutputFile("report.html", make_page(report, "screen").encode("utf-8")),)


OUTPUT = Output("html", "one page for a browser, without script or external reference", ("report.html",), check, render)
