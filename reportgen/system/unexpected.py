"""What nobody expected: an error of our own, told in a sentence, with its traceback in a file."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from reportgen.errors import EnvironmentTrouble, InternalError, ReportgenError
from reportgen.system.fault_log import REPORT_IT, write_log
from reportgen.system.files import is_gone, removed_folder, trouble
from reportgen.system.memory import is_memory_error, memory_trouble
from reportgen.system.workspace import left_behind
from reportgen.text.errors import words_of


def explain(error: BaseException) -> ReportgenError:
    """The error that a person is told for one that nothing caught."""
    if is_memory_error(error):
        return memory_trouble(error)
    if isinstance(error, FileNotFoundError) and is_gone():
        return removed_folder()
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        path = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else Path()
        if isinstance(error, PermissionError):
            message = f"there is no permission for {path}"
            return EnvironmentTrouble(message, "Check its permissions and those of the folders above it.")
        return trouble(error, path)
    return own_fault(error)


def own_fault(error: BaseException) -> InternalError:
    """The error that says so, with its traceback written to a file that the hint names."""
    said = " ".join(words_of(error).split())[:200]
    message = f"reportgen failed with an error of its own: {type(error).__name__}{f': {said}' if said else ''}"
    text = write_log([("the command", error)])
    path = save(text)
    where = f"The traceback and what to do about it are in {path}." if path else text
    kept = " ".join(left_behind())
    hint = "\n".join(filter(None, (where, REPORT_IT, kept)))
    return InternalError(message, hint)


def save(text: str) -> Path | None:
    """The text in a file of its own in the folder for temporary files; None where that can't be written."""
    with suppress(OSError):
        handle, name = tempfile.mkstemp(prefix="reportgen-error-", suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        return Path(name)
    return None
