"""A subject in, figures out: the one package that imports matplotlib and seaborn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from reportgen.errors import RenderError, ReportgenError
from reportgen.figures._parallel import WORTH, draw_by_two, second_process
from reportgen.plugins import FigureKind, discover
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.system.garbage import uncollected

NO_MORE: Mapping[str, FigureKind] = MappingProxyType({})


def draw(
    subject: Subject, names: Iterable[str] | None = None, extra: Mapping[str, FigureKind] = NO_MORE
) -> dict[str, FigureFile | Skipped]:
    """The figures of these names (None: all) by name; a figure that can't be made is Skipped.

    Raises RenderError, naming the figure, when one is unknown or fails.
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
    """One figure; what goes wrong names it."""
    try:
        return kind.draw(subject)
    except ReportgenError:
        raise
    except Exception as error:
        raise RenderError(
            f"the figure {kind.name!r} could not be drawn: {type(error).__name__}: {error}",
            "Leave out the section that shows it (report.sections), and please report the error.",
        ) from error
