"""The second process: a subject on its input, then names of figures; "ready" and the figures on its output.

Its argument is the language to draw in.
"""

from __future__ import annotations

import os
import pickle
import sys
from typing import Any

from reportgen.figures import draw_one
from reportgen.plugins import FigureKind, discover
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.system.garbage import uncollected
from reportgen.text.i18n import language

NOT_NEEDED = ("scipy.cluster", "scipy.stats")
"""Parts of scipy that seaborn imports where they are there, for dendrograms and density estimates: no figure of ours
has one, and they take longer to import than the rest of seaborn."""


def import_seaborn() -> None:
    """seaborn without the parts of scipy that it can do without; here alone, where nothing but our figures is drawn."""
    absent = [name for name in NOT_NEEDED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None: an import of it raises ImportError
    try:
        import seaborn  # noqa: F401
    finally:
        for name in absent:
            del sys.modules[name]


def answer(kinds: dict[str, FigureKind], subject: Subject, name: str) -> FigureFile | Skipped | None:
    """The figure, or None where it fails: the process that asked draws it once more and sees for itself."""
    figure = draw_one(kinds[name], subject)
    return None if isinstance(figure, Skipped) and figure.is_fault else figure


def write(thing: Any) -> None:
    """One object to whoever asked."""
    pickle.dump(thing, sys.stdout.buffer, pickle.HIGHEST_PROTOCOL)
    sys.stdout.buffer.flush()


def main() -> None:
    """Draw until there is nothing more to draw."""
    with uncollected(), language(sys.argv[1]):
        import_seaborn()
        kinds = discover("reportgen.figures", "FIGURE", FigureKind)
        subject = pickle.load(sys.stdin.buffer)
        while True:
            write("ready")
            try:
                name = pickle.load(sys.stdin.buffer)
            except EOFError:
                break
            write(answer(kinds, subject, name))
    os._exit(0)


if __name__ == "__main__":
    main()
