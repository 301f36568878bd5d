"""The second process: a subject on its input, then names of figures; "ready" and the figures on its output."""

from __future__ import annotations

import os
import pickle
import sys
from typing import Any

from reportgen.figures import draw
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped


def answer(subject: Subject, name: str) -> FigureFile | Skipped | None:
    """The figure, or None where it fails: the process that asked will see for itself."""
    try:
        return draw(subject, [name])[name]
    except Exception:
        return None


def write(thing: Any) -> None:
    """One object to whoever asked."""
    pickle.dump(thing, sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
    sys.stdout.buffer.flush()


def main() -> None:
    """Draw until there is nothing more to draw."""
    subject = pickle.load(sys.stdin.buffer)
    while True:
        write("ready")
        try:
            name = pickle.load(sys.stdin.buffer)
        except EOFError:
            break
        write(answer(subject, name))
    os._exit(0)


if __name__ == "__main__":
    main()
