"""Text as a terminal can show it: safe, aligned, with durations and rates in words."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from typing import TextIO

GAP = "\u200b"
"""A space that nobody sees."""
UNSAFE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Characters that move the cursor, colour, reorder or otherwise command a terminal."""
ONE = {"bytes": "byte", "figures": "figure", "formats": "format", "images": "image", "records": "record"}
"""The singular of each unit that a stage is counted in."""


def safe(text: str) -> str:
    """Outside text for a terminal: whatever could command it is shown as its code point."""
    return UNSAFE.sub(lambda match: f"\\u{{{ord(match.group()):x}}}", text.replace("\r\n", "\n"))


def safe_line(text: str) -> str:
    """The same in one line in which a program that reads the log of a build finds no command of its own.

    GitHub's runner takes `::command::` at the beginning of a line, white space aside, and `##[command]` anywhere; an
    invisible space breaks them.
    """
    one = safe(text).replace("\n", " ")
    start = len(one) - len(one.lstrip())
    if one.startswith("::", start):
        one = f"{one[: start + 1]}{GAP}{one[start + 1 :]}"
    return one.replace("##[", f"##{GAP}[")


def put(stream: TextIO | None, line: str) -> None:
    """Write one line, in whatever characters the stream has. Nobody who has gone ends the work by that."""
    write_line(stream, safe_line(line))


def put_command(stream: TextIO | None, command: str) -> None:
    """Write one line that is a command of our own to GitHub's runner, `::error …::…`, whose values are escaped."""
    write_line(stream, f"::{safe_line(command.removeprefix('::'))}")


def write_line(stream: TextIO | None, line: str) -> None:
    """Write one line that is safe."""
    if stream is None:  # what Python has for a stream that was closed before it began
        return
    try:
        write_through(stream, line)
    except (OSError, ValueError):  # the reader has gone, the disk is full, the stream is closed
        mute(stream)


def print_line(line: str) -> None:
    """Write one line of what a command was asked for to standard output. Raises OSError where it can't be written.

    A reader that has gone ends nothing: it has what it wanted, and the exit code is still to be given.
    """
    if sys.stdout is None:
        return
    try:
        write_through(sys.stdout, safe_line(line))
    except BrokenPipeError:
        mute(sys.stdout)


def write_through(stream: TextIO, line: str) -> None:
    """Write one line now, in whatever characters the stream has. Raises OSError or ValueError where it can't be."""
    encoding = stream.encoding or "utf-8"
    stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()


def mute(stream: TextIO) -> None:
    """Let everything that is still written to a broken stream vanish, the rest in its buffer at the end included."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


class Unbroken:
    """A stream for those who write to it themselves: what can't be written is left out."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write as far as there is somebody to read."""
        try:
            self._stream.write(text)
        except (OSError, ValueError):
            mute(self._stream)
        return len(text)

    def flush(self) -> None:
        """Hand on what is in the buffer."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            mute(self._stream)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def counted(done: int, total: int | None, unit: str) -> str:
    """ "1,280 of 50,000 images"; `unit` is a plural, and its singular stands after "1" and "0 of 1"."""
    return (
        f"{done:,}{f' of {total:,}' if total else ''} {ONE.get(unit, unit) if (total or done) == 1 else unit}".rstrip()
    )


def plural(count: int, one: str, many: str = "") -> str:
    """ "1 record", "2,000 records"; `many`: where it is not `one` and an s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def rate(done: int, elapsed: float, unit: str) -> str:
    """ "1,213 images/s"; empty before anything is known."""
    if not unit or not done or elapsed <= 0:
        return ""
    each = done / elapsed
    return f"{each:,.0f} {unit}/s" if each >= 10 else f"{each:.1f} {unit}/s"


def duration(seconds: float) -> str:
    """ "0.4 s", "12 s", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
