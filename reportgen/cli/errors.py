"""An error as the terminal prints it: what went wrong, the line of the spec, what to do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

from reportgen.errors import Location, RenderError, ReportgenError
from reportgen.system.files import is_regular
from reportgen.text.shorten import columns, shorten_middle
from reportgen.text.terminal import put, safe

LONGEST_LINE = 160
"""Characters of a spec's line that an error shows."""


LONGEST_MESSAGE = 1000
"""Characters of a message, which may repeat what somebody wrote."""


def print_error(error: ReportgenError, verbose: bool = False, stream: TextIO | None = None) -> None:
    """Print an error to standard error: message, location and its line, what to do; causes with `verbose`.

    Where standard error is closed nothing is printed. A template's line is not: its name is that of a file in the
    folder of templates, and the working folder may hold another of that name.
    """
    stream = stream or sys.stderr
    put(stream, f"error: {shorten_middle(error.message, LONGEST_MESSAGE)}")
    if error.location:
        put(stream, f"  at {error.location}")
        for line in () if isinstance(error, RenderError) else excerpt(error.location):
            put(stream, f"    {line}")
    for line in error.hint.splitlines():
        put(stream, f"  {shorten_middle(line, LONGEST_MESSAGE)}")
    cause = error.__cause__
    while verbose and cause is not None:
        put(stream, f"  because: {type(cause).__name__}: {cause}")
        cause = cause.__cause__


def excerpt(location: Location) -> list[str]:
    """The line a location is in and a caret under its column; nothing where that isn't available."""
    if location.line is None or not is_regular(Path(location.file)):
        return []
    try:
        with open(location.file, encoding="utf-8-sig", errors="replace") as file:  # noqa: PTH123  # a name, maybe no path
            line = next((text for number, text in enumerate(file, 1) if number == location.line), None)
    except (OSError, ValueError):
        return []
    if line is None:
        return []
    text = line.rstrip("\n")
    column = (location.column or 1) - 1
    start = max(0, column - LONGEST_LINE // 2) if len(text) > LONGEST_LINE else 0
    shown = safe(text[start : start + LONGEST_LINE].replace("\t", " "))
    before = safe(text[start:column].replace("\t", " "))
    return [shown, " " * columns(before) + "^"] if location.column else [shown]
