"""The process that fills in a user's own templates: a job on its input, the text or an error as JSON on its output.

Its arguments are the seconds of computing time and the MiB of memory that the templates may use.
"""

from __future__ import annotations

import pickle
import signal
import sys
from typing import NoReturn

from reportgen.outputs.template_errors import TooLong
from reportgen.outputs.template_process import write_answer

SECONDS_MORE = 5
"""After which the system ends a process that Python does not come back to, such as one that computes a huge number."""
AGAIN = 1.0
"""Seconds after which what caught the first signal is told once more."""


def limit_time(seconds: float) -> None:
    """Raise TooLong where the process is when its computing time is up, if the system can tell it."""
    if not hasattr(signal, "setitimer"):  # Windows; there the process that waits ends this one
        return

    def stop(_signum: int, _frame: object) -> NoReturn:
        raise TooLong(f"it was not done after {seconds:g} seconds")

    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    ends = int(seconds) + SECONDS_MORE
    resource.setrlimit(resource.RLIMIT_CPU, (ends if hard < 0 else min(ends, hard), hard))
    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, AGAIN)


def limit_memory(mebibytes: int) -> None:
    """Cap the address space at so much more than there is now, where the system can."""
    try:
        import resource
        from pathlib import Path

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, OSError, ValueError):  # Windows has no limits, macOS no such file
        return
    size = pages * resource.getpagesize() + mebibytes * 2**20
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size if hard < 0 else min(size, hard), hard))


def main() -> None:
    """Read the job, fill in its templates, answer."""
    import reportgen.outputs.templating  # noqa: F401  # what the job is made of, before the limits count

    job = pickle.load(sys.stdin.buffer)
    limit_memory(int(sys.argv[2]))
    limit_time(float(sys.argv[1]))
    answer = write_answer(job)
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, 0)
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
