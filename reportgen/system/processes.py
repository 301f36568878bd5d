"""Processes of this package beside the one that was called."""

from __future__ import annotations

import os
import site
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer

PARENT = Path(__file__).resolve().parents[2]
"""The folder that this package lies in."""
SECONDS_TO_DIE = 10.0
"""Time for the system to clear away a process that was killed."""


def start_module(
    name: str, *arguments: str, heard: bool = True, variables: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """`python -P -m name` with pipes to its input and output and, where it is `heard`, to its complaints; `variables`
    are added to its environment.

    The working folder is not where it looks for modules: a `typing.py` beside a report that somebody sent is no part
    of this program.
    """
    return subprocess.Popen(
        [sys.executable, "-P", "-m", name, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if heard else subprocess.DEVNULL,
        env=environment(os.environ.get("PYTHONPATH", "")) | dict(variables or {}),
    )


def environment(python_path: str) -> dict[str, str]:
    """The environment of such a process.

    Of PYTHONPATH it has the absolute folders, for an empty entry and a relative one mean the working folder; and this
    package's folder first, unless Python finds it by itself.
    """
    paths = [path for path in python_path.split(os.pathsep) if Path(path).is_absolute()]
    if str(PARENT) not in {os.path.realpath(path) for path in (*site.getsitepackages(), site.getusersitepackages())}:
        paths.insert(0, str(PARENT))
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return kept | ({"PYTHONPATH": os.pathsep.join(paths)} if paths else {})


class TimeLimit:
    """Whether a process was killed because its time was up."""

    passed = False


@contextmanager
def time_limit(child: subprocess.Popen[bytes], seconds: float) -> Iterator[TimeLimit]:
    """Kill a process that is still at work after so many seconds, even one that was stopped: whoever reads from it or
    writes to it in this block goes on then."""
    limit = TimeLimit()

    def kill() -> None:
        limit.passed = True
        child.kill()

    timer = Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    try:
        yield limit
    finally:
        timer.cancel()


def end(child: subprocess.Popen[bytes]) -> None:
    """End a process whatever it does, and close its pipes; what was still to be written to it is lost."""
    child.kill()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    with suppress(subprocess.TimeoutExpired):
        child.wait(SECONDS_TO_DIE)
