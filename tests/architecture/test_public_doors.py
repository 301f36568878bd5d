"""Tests reach what each room shows; those that reach a private module say why nothing public shows the same."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
INNER = {
    "conftest.py": "the second process of drawing is switched off for all tests",
    "experiment/test_torch_internals.py": "the fence around torch, part by part, in the absence of each",
    "figures/test_autograd.py": "the tree that a graph is drawn from, without the time of drawing it",
    "figures/test_baseline_architecture.py": "every status has a sign and a style, also those that no example has",
    "figures/test_diagram_labels.py": "labels and widths for any text, of which a drawing shows a few",
    "figures/test_diagram_layout.py": "crossings and pages of layouts that no model has",
    "figures/test_diagram_models.py": "the nodes of a drawing before they are lines",
    "figures/test_diagram_structure.py": "blocks that are found alike, before they are drawn",
    "figures/test_parallel.py": "which figures the second process draws, and that it ends",
    "figures/test_robustness.py": "charts of any height and any number of curves",
    "figures/test_seed_bands.py": "the band against a hand-computed one",
    "figures/test_style.py": "the measuring of text that all figures share",
    "figures/test_table.py": "the rounding and the errors of the writer that all figures share",
    "figures/test_weights.py": "the layout of tiles and the colours of signed values, before they are a PNG",
    "outputs/test_attachment.py": "which images a record of any size loses, without the PDF that it goes into",
    "outputs/test_cells.py": "what becomes of any cell, of which a report has a few",
    "outputs/test_comment.py": "cuts at every length of a text, without a comment of each",
    "outputs/test_pdf_columns.py": "columns of any content, with every trial that WeasyPrint would make beside them",
    "outputs/test_pdf_drawings.py": "operators of a PDF for SVG that no figure draws",
    "outputs/test_pdf_tags.py": "trees of tags from HTML that no report has",
    "outputs/test_tensorboard.py": "names that its font lacks and matrices of any size, without a record of each",
    "outputs/test_weasyprint.py": "the fence around WeasyPrint, part by part, in the absence of each",
    "outputs/test_words.py": "addresses and languages in any text",
}
"""Module of tests -> what it shows that no public function does."""


LIKELY = re.compile(r"reportgen[\w.]*\._\w|reportgen[\w.]*\s+import\s+(\([^)]*\b_\w|[^\n(]*\b_\w)")
"""What a file that reaches inside has in it, and a few others: the files to be read as Python."""


def reaches_inside(path: Path) -> bool:
    """Whether a file imports a module of the package, or a name of one, that begins with an underscore."""
    text = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(text)) if LIKELY.search(text) else ():
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reportgen"):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.startswith("reportgen")]
        else:
            continue
        parts = {part for name in names for part in name.split(".")}
        if any(part.startswith("_") and part != "_" and not part.endswith("__") for part in parts):
            return True
    return False


def test_tests_reach_public_functions_or_say_why_not() -> None:
    inner = {path.relative_to(TESTS).as_posix() for path in TESTS.rglob("*.py") if reaches_inside(path)}
    assert inner == set(INNER)


def test_private_modules_and_names_are_seen(tmp_path: Path) -> None:
    for text in (
        "from reportgen.figures._style import grid",
        "from reportgen.figures import _style",
        "import reportgen.outputs._card.use",
        "from reportgen.record.run import _hidden",
        "from reportgen.record.run import (\n    RunRecord,\n    _hidden,\n)",
        "import os, reportgen.outputs._card.use as use",
    ):
        (tmp_path / "one.py").write_text(text)
        assert reaches_inside(tmp_path / "one.py"), text
    public = "from reportgen.text.i18n import _\nfrom os import _exit\nfrom reportgen import __version__\n"
    (tmp_path / "one.py").write_text(public)
    assert not reaches_inside(tmp_path / "one.py")
