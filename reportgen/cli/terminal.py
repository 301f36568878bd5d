"""What a person at a terminal sees: the progress of a build, and errors with the line they are about."""

from __future__ import annotations

import sys
from typing import TextIO

from reportgen.progress import Progress, Silent
from reportgen.system.plain_lines import EVERY_SECONDS, PlainLines
from reportgen.text.terminal import put


def make_progress(quiet: bool = False, verbose: bool = False) -> Progress:
    """The listener that fits: silent but for warnings with `quiet`, live lines in a terminal, plain lines elsewhere.

    Everything goes to standard error. `verbose` says every line of a stage as it comes instead of one in ten seconds.
    """
    if quiet:
        return Quiet(sys.stderr)
    if sys.stderr is None:
        return Silent()
    if sys.stderr.isatty() and not verbose:
        from reportgen.cli.live import LiveLines

        return LiveLines(sys.stderr)
    return PlainLines(sys.stderr, every=1.0 if verbose else EVERY_SECONDS)


class Quiet(Silent):
    """Silent, but for warnings."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def warn(self, message: str) -> None:
        """One line on standard error."""
        put(self._stream, f"warning: {message}")
