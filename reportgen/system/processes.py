"""Processes of this package beside the one that was called."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path


def start_module(name: str, *arguments: str, heard: bool = True) -> subprocess.Popen[bytes]:
    """`python -m name` with pipes to its input and output and, where it is `heard`, to its complaints."""
    package_parent = str(Path(__file__).resolve().parents[2])
    paths = [package_parent, *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-m", name, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if heard else subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )


def end(child: subprocess.Popen[bytes]) -> None:
    """End a process whatever it does, and close its pipes."""
    child.kill()
    with suppress(OSError), child:  # what was still to be written to it is lost
        pass
