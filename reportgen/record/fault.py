"""An error that ended one part of a run or of a report, while the rest went on."""

from __future__ import annotations

from typing import Literal

from reportgen.record.message import Message
from reportgen.spec.frozen import Frozen


class Fault(Frozen):
    """One part that came to nothing. It never holds paths of the machine or a traceback."""

    part: Message
    """What was to be done: "the evaluation"."""
    reason: str
    """The kind of the error and the first line of what it says."""
    by: Literal["model", "reportgen"]
    """Whose error it is."""
    file: str = ""
    """The name of the model's own file that raised it; empty where that is not known."""
    line: int | None = None
