"""A record in, figures out: the one room that imports matplotlib."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from reportgen.errors import RenderError, ReportgenError
from reportgen.kinds import FigureKind, discover
from reportgen.record import RunRecord
from reportgen.report import FigureFile, Skipped

NO_MORE: Mapping[str, FigureKind] = MappingProxyType({})


def draw(
    record: RunRecord, names: Iterable[str] | None = None, extra: Mapping[str, FigureKind] = NO_MORE
) -> dict[str, FigureFile | Skipped]:
    """The figures of these names (None: all) by name; a figure that can't be made is Skipped.

    Raises RenderError, naming the figure, when one is unknown or fails.
    """
    kinds = {**discover(__name__, "FIGURE", FigureKind), **extra}
    drawn = {}
    for name in dict.fromkeys(kinds if names is None else names):
        if name not in kinds:
            raise RenderError(f"there is no figure {name!r}", f"There are: {', '.join(sorted(kinds))}.")
        try:
            drawn[name] = kinds[name].draw(record)
        except ReportgenError:
            raise
        except Exception as error:
            raise RenderError(
                f"the figure {name!r} could not be drawn: {type(error).__name__}: {error}",
                "Leave out the section that shows it (report.sections), and please report the error.",
            ) from error
    return drawn
