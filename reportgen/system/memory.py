"""Memory that ran out: how it shows in each library, and what is said about it."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reportgen.errors import EnvironmentTrouble, ReportgenError
from reportgen.system.address_space import address_limit
from reportgen.text.errors import words_of

SIGNS = re.compile(
    r"can't allocate memory|cannot allocate memory|not enough memory|DefaultCPUAllocator|out of memory|bad_alloc"
    r"|failed to map segment|Unable to allocate|can't start new thread|unable to mmap",
    re.IGNORECASE,
)
"""What torch (c10/core/impl/alloc_cpu.cpp and its allocators), numpy, the loader of shared libraries and Python say."""
ASKED = re.compile(r"(?:tried to allocate|Tried to allocate|Unable to allocate) ([\d.]+) ?(bytes|[KMGT]i?B)?")
SCALES = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
UNLOADED = re.compile(
    r"([^\s:/]+\.(?:so|dylib)[\w.]*): (?:failed to map segment|cannot allocate memory)", re.IGNORECASE
)
"""What the loader of shared libraries (glibc, elf/dl-map-segments.h) says where a library finds no room."""
HINT = "Use a smaller run.batch_size, data.train_limit and data.eval_limit, or a smaller model."
UNLOADED_HINT = (
    "End other programs, or raise the limit (ulimit -v): PyTorch’s libraries alone take several GB of addresses."
)


def is_memory_error(error: BaseException) -> bool:
    """Whether an error, or one that it was raised from, says that there was no memory: on a CPU torch raises a plain
    RuntimeError."""
    return any(is_one(each) for each in chain(error))


def is_one(error: BaseException) -> bool:
    """The same of one error alone."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    return isinstance(error, RuntimeError | ImportError | OSError) and SIGNS.search(words_of(error)) is not None


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from or while handling, each once."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def memory_trouble(error: BaseException, doing: str = "", hint: str = HINT) -> EnvironmentTrouble:
    """The error a person understands: what was asked for, as far as that is known, and what there is.

    `doing`: what it was needed for, such as "one forward pass". A library that could not be loaded is named instead: no
    smaller run helps.
    """
    library = unloaded(error)
    if library is not None:
        doing, hint = f"loading {library}", UNLOADED_HINT
    asked, there = bytes_asked(error), available()
    message = f"{doing} needs more memory than there is" if doing else "the machine ran out of memory"
    told = [f"{format_bytes(asked)} were asked for at once" if asked else "", *there]
    facts = ", ".join(filter(None, told))
    return EnvironmentTrouble(f"{message}: {facts}" if facts else message, hint)


@contextmanager
def needing_memory(doing: str, hint: str = HINT) -> Iterator[None]:
    """Tell memory that runs out inside as the error a person understands; whatever else is raised passes through.

    Raises EnvironmentTrouble.
    """
    try:
        yield
    except ReportgenError:
        raise
    except Exception as error:
        if not is_memory_error(error):
            raise
        raise memory_trouble(error, doing, hint) from error


def format_bytes(asked: int) -> str:
    """A size in the unit in which it is no 0."""
    for scale, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if asked >= scale / 100:
            return f"{asked / scale:.2f} {unit}"
    return f"{asked} bytes"


def unloaded(error: BaseException) -> str | None:
    """The shared library for which there was no room; None where it was not a library."""
    return next((found[1] for each in chain(error) if (found := UNLOADED.search(str(each)))), None)


def bytes_asked(error: BaseException) -> int | None:
    """How much was asked for in the request that failed, where the error says it."""
    for each in chain(error):
        found = ASKED.search(str(each))
        if found:
            return int(float(found[1]) * SCALES.get(found[2] or "bytes", 1))
    return None


def available(meminfo: Path = Path("/proc/meminfo")) -> list[str]:
    """What the machine has, and the limit that this process is under; nothing where the system does not tell."""
    told = []
    free = free_bytes(meminfo)
    if free is not None:
        told.append(f"{free / 1e9:.2f} GB are free")
    limit = address_limit()
    if limit is not None:
        told.append(f"and this process may use {limit / 1e9:.2f} GB (ulimit -v)")
    return told


def free_bytes(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """Memory that the system could still give; None where it does not tell."""
    try:
        text = meminfo.read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = re.search(r"^MemAvailable:\s*(\d+) kB", text, re.MULTILINE)
    return int(found[1]) * 1024 if found else None
