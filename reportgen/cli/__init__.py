"""The commands. The only place that catches ReportgenError; nothing heavy is imported before a command needs it."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any, NoReturn

import click

from reportgen.cli.build import build, render, report_error
from reportgen.cli.card import card
from reportgen.cli.compare import compare
from reportgen.cli.diff import diff
from reportgen.cli.index import index
from reportgen.cli.inspect import check, list_kind, new, schema, trace
from reportgen.cli.send import send
from reportgen.cli.verify import verify
from reportgen.errors import EnvironmentTrouble, ReportgenError
from reportgen.system.signals import Terminated, exits_raised, raise_endings
from reportgen.system.torch_room import guard_torch
from reportgen.system.version import __version__
from reportgen.text.terminal import mute, put


def main() -> NoReturn:
    """Run the command line; every failure becomes a message and its exit code, none of them 1 but a failed gate."""
    open_standard_streams()
    raise_endings()
    guard_torch()
    sys.exit(finished(run_command()))


def run_command() -> int:
    """Run what the command line asks for and give its exit code."""
    try:
        with exits_raised():
            return invoke()
    except ReportgenError as error:
        return report_error(error)
    except click.ClickException as error:
        with suppress(OSError):
            error.show()
        return 2
    except (KeyboardInterrupt, click.exceptions.Abort):
        return interrupted(130)
    except Terminated as error:
        return interrupted(error.exit_code)
    except BaseException as error:  # SystemExit of somebody else's code too, whose exit code is none of ours
        return report_unexpected(error)


def invoke() -> int:
    """What the command gives back as its exit code. Raises whatever it raises."""
    try:
        code = commands.main(standalone_mode=False)
    except Shielded as shielded:
        raise shielded.error from None
    return code if isinstance(code, int) else 0


class Shielded(Exception):
    """What a command raised, while it passes through click, which makes something else of some of it."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


def shield(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with what click would end the process for, or call an abort, kept as it is."""

    @wraps(function)
    def shielded(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except (OSError, EOFError, KeyboardInterrupt) as error:
            raise Shielded(error) from error

    return shielded


def report_unexpected(error: BaseException) -> int:
    """Tell what nobody caught: output that could not be printed, memory that ran out, or an error of our own."""
    if isinstance(error, OSError) and was_printing(error):
        return unprinted(error)
    if isinstance(error, OSError) and (code := blame_system(error)) is not None:
        return code
    try:
        from reportgen.system.unexpected import explain

        return report_error(explain(error))
    except (MemoryError, ImportError, OSError) as another:
        if not is_starved(another):
            raise
    with suppress(OSError):
        os.write(2, STARVED)
    return EnvironmentTrouble.exit_code


STARVED = b"error: the machine ran out of memory, also for telling more\n  End other programs, or raise ulimit -v.\n"
"""What can be said without any."""


def is_starved(error: BaseException) -> bool:
    """Whether there was no memory, told without loading a module."""
    lack = isinstance(error, OSError) and error.errno == errno.ENOMEM
    return lack or isinstance(error, MemoryError) or "failed to map segment" in str(error)


def unprinted(error: OSError | ValueError) -> int:
    """What a command comes to whose output could not be printed."""
    if sys.stdout is not None:
        mute(sys.stdout)
    if isinstance(error, BrokenPipeError):
        return PIPE
    return report_error(EnvironmentTrouble(f"standard output can't be written: {error}"))


PIPE = 141
"""What a shell says of a command whose reader has gone."""


def finished(code: int) -> int:
    """The exit code when what was printed has gone out; a command that was to print and could not, fails."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError) as error:
            mute(stream)
            code = code or (unprinted(error) if stream is sys.stdout else 0)
    return code


def was_printing(error: OSError) -> bool:
    """Whether an error came from printing what a command was asked for and from nothing else."""
    reached = error.__traceback__
    while reached is not None:
        if reached.tb_frame.f_code.co_name in ("echo", "print_line"):
            return True
        reached = reached.tb_next
    return False


def open_standard_streams() -> None:
    """Give a standard stream that was closed before we began a file that takes everything, so that no file of ours is
    opened under its number and written to by what prints."""
    try:
        while (number := os.open(os.devnull, os.O_RDWR)) < 3:
            pass
        os.close(number)
    except OSError:  # no such file: then nothing can be done
        return
    sys.stdout = sys.stdout or io.TextIOWrapper(io.FileIO(1, "w", closefd=False), line_buffering=True)
    sys.stderr = sys.stderr or io.TextIOWrapper(io.FileIO(2, "w", closefd=False), line_buffering=True)


def blame_system(error: OSError) -> int | None:
    """Tell of a folder that was removed, and of an output that takes nothing, and return the exit code; None where it
    is neither."""
    from reportgen.system.files import is_gone, removed_folder

    if is_gone():
        return report_error(removed_folder())
    if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
        return None
    if sys.stdout is not None:
        mute(sys.stdout)
    return report_error(EnvironmentTrouble(f"the output can't be written: {error.strerror}", "Free some space."))


def interrupted(code: int) -> int:
    """Say what is there now."""
    from reportgen.system.workspace import left_behind

    told = left_behind() or ["nothing was written, an earlier report is as it was"]
    put(sys.stderr, "")
    for line in told:
        put(sys.stderr, f"interrupted: {line}")
    return code


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="reportgen")
def commands() -> None:
    """Reports of PyTorch models in which every number can be trusted.

    A spec names a model; `reportgen build spec.yaml` traces it, trains or evaluates it, by default on CIFAR-10, and
    writes report.html, report.pdf and metrics.json. Exit codes: 0 built; 1 a gate failed; 2 spec or usage; 3 data;
    4 training diverged; 5 rendering; 6 machine; 70 an error of reportgen itself.
    """


for command in (build, render, compare, diff, index, verify, send, check, card, new, trace, list_kind, schema):
    command.callback = shield(command.callback) if command.callback else None
    commands.add_command(command)
