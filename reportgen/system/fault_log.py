"""The log beside a report: the traceback of every error that nobody expected, the versions, and how to report it."""

from __future__ import annotations

import platform
import traceback
from collections.abc import Iterable

from reportgen.system.machine import versions

LOG = "errors.log"
"""Its name in the folder of a report."""
REPORT_IT = "Please report it: open an issue of the project reportgen-torch with the text of that file."
DISTRIBUTIONS = (
    "reportgen-torch",
    "torch",
    "torchvision",
    "timm",
    "numpy",
    "scipy",
    "captum",
    "matplotlib",
    "weasyprint",
)
HEAD = """\
What reportgen could not do because of an error that it did not expect. What was measured until then is kept.
To have it fixed, please open an issue of the project reportgen-torch with this text.
It holds paths of this machine: look through it before you send it.
"""


def write_log(faults: Iterable[tuple[str, BaseException | str]]) -> str:
    """The log of errors, each with the part that it ended, and its exception or the text of its traceback."""
    found = {"python": platform.python_version(), **versions(DISTRIBUTIONS)}
    known = "\n".join(f"{name} {version}" for name, version in found.items() if version is not None)
    told = [HEAD, f"{known}\n{platform.system()} {platform.machine()}\n"]
    told += [f"{part}\n{'-' * len(part)}\n{as_traceback(error)}" for part, error in faults]
    return "\n".join(told)


def as_traceback(error: BaseException | str) -> str:
    """The traceback as text."""
    return error if isinstance(error, str) else "".join(traceback.format_exception(error))
