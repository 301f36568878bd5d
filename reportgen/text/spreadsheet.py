"""Texts in the cells of a CSV file, which people open in spreadsheets."""

from __future__ import annotations

import re

from reportgen.text.visible import visible

FORMULA = re.compile(r"\s*[=+@\-\uff1d\uff0b\uff20\uff0d]")
"""What a text begins with that Excel, LibreOffice and Google Sheets take for a formula, full-width forms too
(OWASP, CSV Injection)."""
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def text_cell(text: str) -> str:
    """A text on one line that no spreadsheet computes: one that begins as a formula does has an apostrophe before it.

    Numbers with a sign, such as the classes +1 and -1, are harmless and stay as they are.
    """
    line = visible(" ".join(text.splitlines()))
    return f"'{line}" if FORMULA.match(line) and not NUMBER.fullmatch(line) else line
