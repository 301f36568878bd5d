"""The process that draws PDFs. It needs most of a second to load WeasyPrint, so it is started before its page is there.

Imports next to nothing: it is what a command does first.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from reportgen.system.processes import end, start_module

MEBIBYTES = 3072
"""Address space of the process; a report of 35 pages takes 130 of memory and 420 of addresses."""
waiting: list[subprocess.Popen[bytes]] = []
"""What was started by `start_early` and is not in use."""


@contextmanager
def start_early(needed: bool = True) -> Iterator[None]:
    """Start a process for the first PDF that this block draws, where one may be needed; what is not used is ended."""
    child = start() if needed else None
    if child is not None:
        waiting.append(child)
    try:
        yield
    finally:
        if child is not None and child in waiting:
            waiting.remove(child)
            end(child)


@contextmanager
def take_worker(slow: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """A process that waits for its page; it ends with the block.

    With `slow`, the reason in a few words, it is one that draws images as WeasyPrint documents it and no other way.
    """
    child = waiting.pop() if waiting and not slow else start(slow)
    try:
        yield child
    finally:
        end(child)


def start(slow: str = "") -> subprocess.Popen[bytes]:
    """A new process; see `take_worker`."""
    return start_module("reportgen.outputs.pdf_process", str(MEBIBYTES), *filter(None, [slow]))
