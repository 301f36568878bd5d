"""Whether PyTorch finds room under a limit of the address space (`ulimit -v`), told before it is loaded.

Where there is too little, its libraries end the process (std::bad_alloc), or wait for ever (OpenBLAS asks again until
it is given memory); neither can be caught. So another process tries first. Without a limit nothing is done.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from reportgen.errors import EnvironmentTrouble
from reportgen.system.address_space import address_limit

TRIAL = """
import re, sys
try:
    import numpy, scipy.linalg, scipy.stats, torch
except ModuleNotFoundError:  # which the import itself will tell
    print("peak 0")
    sys.exit()
torch.nn.Conv2d(3, 8, 3)(torch.zeros(64, 3, 32, 32)).sum().backward()
numpy.linalg.svd(numpy.ones((300, 300)))
try:
    with open("/proc/self/status") as file:
        print("peak", re.search(r"VmPeak:\\s+(\\d+)", file.read())[1])
except FileNotFoundError:
    print("peak 0")
"""
BESIDE = int(0.3e9)
"""Bytes of addresses that a run takes beside what the trial took: drawing, more threads, a small model and its data."""
AMPLE = 64_000_000_000
"""Bytes of addresses from which on nothing is tried, since PyTorch finds room there on any device."""
LONGEST = 90.0
"""Seconds for the trial, which takes two to five."""
HINT = "Raise the limit (ulimit -v), or lift it: ulimit -v unlimited. A smaller model or batch does not help here."


def guard_torch() -> TorchGuard | None:
    """Where this process has a limit, have PyTorch tried before it is first imported, by a finder that is returned."""
    limit = address_limit()
    if limit is None or limit >= AMPLE:
        return None
    guard = TorchGuard()
    sys.meta_path.insert(0, guard)
    return guard


@contextmanager
def torch_guarded() -> Iterator[None]:
    """Inside, PyTorch is tried before it is first imported, where this process has a limit."""
    guard = None if "torch" in sys.modules else guard_torch()
    try:
        yield
    finally:
        if guard in sys.meta_path:
            sys.meta_path.remove(guard)


class TorchGuard:
    """A finder of modules that sees an import of PyTorch before it happens, and finds nothing itself."""

    def find_spec(self, fullname: str, _path: Sequence[str] | None, _target: object = None, /) -> None:
        """Nothing. Raises EnvironmentTrouble where PyTorch has no room."""
        if fullname == "torch":
            require_room()
            if self in sys.meta_path:
                sys.meta_path.remove(self)


def require_room() -> None:
    """Raise EnvironmentTrouble where PyTorch can't be loaded and used under the limit of this process."""
    limit = address_limit()
    if limit is None:
        return
    peak = try_torch()
    if peak is None:
        message = "PyTorch can't be loaded and used in the address space that this process may have"
        raise EnvironmentTrouble(f"{message}: {limit / 1e9:.2f} GB (ulimit -v)", HINT)
    if peak + BESIDE > limit:
        needed = f"PyTorch and a small run need {(peak + BESIDE) / 1e9:.2f} GB of addresses on this machine"
        raise EnvironmentTrouble(f"{needed}, and this process may use {limit / 1e9:.2f} GB (ulimit -v)", HINT)


def try_torch(program: str = TRIAL, timeout: float = LONGEST) -> int | None:
    """The most bytes of addresses that a process took which loads and uses PyTorch as a run does, under our limit; 0
    where the system does not tell; None where it came to nothing."""
    import subprocess

    from reportgen.system.processes import environment

    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", program],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=timeout,
            env=environment(os.environ.get("PYTHONPATH", "")),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    except (OSError, MemoryError):  # not even a process finds room
        return None
    word, _space, peak = done.stdout.decode("ascii", "replace").strip().rpartition(" ")
    if done.returncode == 0 and word.endswith("peak") and peak.isdigit():
        return int(peak) * 1024
    return None
