"""What a run could not do although it should have been possible, and whose error that is."""

from __future__ import annotations

import site
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.errors import Location, ModelError, ReportgenError
from reportgen.record.fault import Fault
from reportgen.record.message import Message
from reportgen.system.memory import chain, is_memory_error, memory_trouble
from reportgen.system.signals import EXIT, INTERRUPTIONS
from reportgen.text.errors import describe_error, without_paths

OURS = Path(__file__).parents[1]
MODULE_CALL = "torch/nn/modules/module.py"
"""The file through which every call of a module goes."""


@dataclass
class Faults:
    """The errors of a run that ended one part of it and not the whole."""

    model_file: Path | None = None
    """The user's own file that the model is made in."""
    found: list[Fault] = field(default_factory=list)
    raised: list[tuple[str, BaseException]] = field(default_factory=list)
    """The errors themselves with the part that each ended, for the log."""

    @contextmanager
    def guard(self, part: Message) -> Iterator[None]:
        """Note what is raised inside and go on behind the block.

        Raises EnvironmentTrouble where memory ran out, and passes on what a user can cause but for errors of the model.
        """
        try:
            yield
        except BaseException as error:
            if isinstance(error, INTERRUPTIONS) or not may_end_a_part(error):
                raise
            if is_memory_error(error):
                raise memory_trouble(error, f"{part.text} of this run") from error
            self.note(part, error)

    def note(self, part: Message, error: BaseException, *, looked_into: bool = False) -> Fault:
        """Keep an error that ended one part of the run.

        Of a model that is only used as it is, what its modules raise is its own error wherever their code stands; of
        one that is `looked_into`, the part that asks it for more than that may have caused it.
        """
        place = find_model_line(error, self.model_file)
        by_model = place is not None or isinstance(error, ModelError) or (not looked_into and left_a_module(error))
        fault = Fault(
            part=part,
            reason=describe(error),
            by="model" if by_model else "reportgen",
            file=Path(place.file).name if place else "",
            line=place.line if place else None,
        )
        self.found.append(fault)
        self.raised.append((part.text, error))
        return fault


@contextmanager
def blamed_on_model(model_file: Path | None) -> Iterator[None]:
    """Tell what the model's own code raises inside, before there is anything to keep, as an error of the model.

    Raises ModelError with the line of its file `model_file`, where it came from there; all else passes through.
    """
    try:
        yield
    except (ReportgenError, *INTERRUPTIONS):
        raise
    except BaseException as error:
        place = find_model_line(error, model_file)
        if is_memory_error(error) or not (place or left_a_module(error)):
            raise
        hint = "Nothing was measured before that; look at the line named here." if place else "Look at its forward."
        raise ModelError(f"the model's own code raises {describe_error(error)}", hint, place) from error


def may_end_a_part(error: BaseException) -> bool:
    """Whether an error can end one part of a run and leave the others: not what the machine or the data refuses."""
    return isinstance(error, ModelError) or not isinstance(error, ReportgenError)


def describe(error: BaseException) -> str:
    """An error in one line as a report can show it."""
    return without_paths(error.message) if isinstance(error, ReportgenError) else describe_error(error)


def find_model_line(error: BaseException, model_file: Path | None) -> Location | None:
    """The line of the model's own code that an error, or one that it was raised from, left last; None where it did not
    come from there.

    The model's own code is its file, and whatever else is no library and was called by a module of it. Where our own
    code raised below it, the error is ours.
    """
    return next(filter(None, (find_line(each, model_file) for each in chain(error))), None)


def find_line(error: BaseException, model_file: Path | None) -> Location | None:
    """The same of one error alone."""
    found, in_module = None, False
    for frame in frames_of(error):
        path = Path(frame.filename)
        in_module = in_module or path.as_posix().endswith(MODULE_CALL)
        if path.is_relative_to(OURS):
            found = None
        elif path == model_file or (in_module and path.is_file() and not is_library(path)):
            found = Location(frame.filename, frame.lineno)
    return found


def frames_of(error: BaseException) -> list[traceback.FrameSummary]:
    """The frames of an error from the outermost, without the one that stands for `os._exit`."""
    return [frame for frame in traceback.extract_tb(error.__traceback__) if frame.name != EXIT]


def is_library(path: Path) -> bool:
    """Whether a file belongs to Python or to something installed."""
    folders = [*site.getsitepackages(), site.getusersitepackages(), sysconfig.get_path("stdlib"), str(OURS)]
    return any(path.is_relative_to(folder) for folder in folders) or "site-packages" in path.parts


def left_a_module(error: BaseException) -> bool:
    """Whether a module of the model raised it, of whatever library, and not our own code below."""
    inside = False
    for frame in frames_of(error):
        path = Path(frame.filename)
        inside = (inside or path.as_posix().endswith(MODULE_CALL)) and not path.is_relative_to(OURS)
    return inside
