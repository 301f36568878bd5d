"""A subject in, figures out: the one package that imports matplotlib and seaborn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from reportgen.errors import RenderError
from reportgen.figures._parallel import WORTH, draw_by_two, second_process
from reportgen.figures._settings import import_matplotlib
from reportgen.plugins import FigureKind, discover
from reportgen.record.subject import Subject
from reportgen.report.failing import skip
from reportgen.report.model import FigureFile, Skipped
from reportgen.system.garbage import uncollected

import_matplotlib()

NO_MORE: Mapping[str, FigureKind] = MappingProxyType({})


def draw(
    subject: Subject, names: Iterable[str] | None = None, extra: Mapping[str, FigureKind] = NO_MORE
) -> dict[str, FigureFile | Skipped]:
    """The figures of these names (None: all) by name; a figure that can't be made, or raises, is Skipped.

    Raises RenderError, naming the figure, when one is unknown.
    """
    asked = None if names is None else tuple(dict.fromkeys(names))
    with uncollected(), second_process(WORTH if asked is None else len(set(asked) - set(extra))) as second:
        kinds = {**discover(__name__, "FIGURE", FigureKind), **extra}
        wanted = tuple(kinds) if asked is None else asked
        unknown = [name for name in wanted if name not in kinds]
        if unknown:
            raise RenderError(f"there is no figure {unknown[0]!r}", f"There are: {', '.join(sorted(kinds))}.")
        ours = [name for name in wanted if name not in extra]
        theirs = [name for name in ours if kinds[name].by_seaborn]
        drawn = draw_by_two(second, subject, ours, lambda name: draw_one(kinds[name], subject), theirs)
        drawn |= {name: draw_one(kinds[name], subject) for name in wanted if name in extra}
    return {name: drawn[name] for name in wanted}


def draw_one(kind: FigureKind, subject: Subject) -> FigureFile | Skipped:
    """One figure; one that raises is left out with its reason."""
    try:
        return kind.draw(subject)
    except Exception as error:  # whatever a figure raises, the others are worth having
        return skip(kind.name, kind.name.replace("_", " ").capitalize(), error, subject)
