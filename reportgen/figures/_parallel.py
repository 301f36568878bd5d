"""Figures drawn by two processes at once: the second one those that need seaborn, this one all others."""

from __future__ import annotations

import pickle
import subprocess
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

from reportgen.figures._settings import shared_variables
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.system.machine import count_cores
from reportgen.system.processes import end, start_module
from reportgen.text.i18n import current_language

WORTH = 12
"""Figures from which on a process that takes a second to start is worth it."""
PATIENCE = 30.0
"""Seconds that the second process may take to start before this one draws its figures too."""
STANDSTILL = 10.0
"""Seconds without a new figure, at least, after which a second process that has begun counts as stuck."""
Drawing = FigureFile | Skipped
Process = subprocess.Popen[bytes]


@contextmanager
def second_process(figures: int) -> Iterator[Process | None]:
    """A second process that starts while this one imports what it needs; None where so few figures are not worth it or
    there is one processor. Ended on leaving."""
    if figures < WORTH or count_cores() < 2:
        yield None
        return
    child = start_module("reportgen.figures._worker", current_language(), heard=False, variables=shared_variables())
    try:
        yield child
    finally:
        end(child)


@dataclass
class Work:
    """What is to be drawn and what the second process has drawn, shared by two threads."""

    todo: deque[str]
    ready: Event = field(default_factory=Event)
    """The second process has begun."""
    flying: list[str] = field(default_factory=list)
    """The figure that it is at."""
    there: dict[str, Drawing] = field(default_factory=dict)
    answers: int = 0
    """How often the second process has answered, by a figure or by saying that it failed."""

    def take(self, last: bool = False) -> str | None:
        """The first of what is left to do, or the last; None where nothing is."""
        try:
            return self.todo.pop() if last else self.todo.popleft()
        except IndexError:
            return None


def draw_by_two(
    child: Process | None,
    subject: Subject,
    names: Sequence[str],
    draw_here: Callable[[str], Drawing],
    theirs: Collection[str] = (),
) -> dict[str, Drawing]:
    """The figures of these names in this order, by `draw_here` and, beginning with `theirs`, by the second process.

    Whatever goes wrong there costs only its time: what it does not give is drawn here, and fails here. It is stuck, and
    killed, when it needs longer for one figure than this process for all of its own, and than STANDSTILL.
    """
    if child is None:
        return {name: draw_here(name) for name in names}
    work, here = Work(deque(sorted(names, key=lambda name: name in theirs))), dict[str, Drawing]()
    thread = Thread(target=serve, args=(child, subject, work), daemon=True)
    thread.start()
    begun = time.monotonic()
    while work.todo and work.todo[0] not in theirs and (name := work.take()) is not None:
        here[name] = draw_here(name)
    if work.flying or (work.todo and thread.is_alive() and work.ready.wait(PATIENCE)):
        wait_while_it_answers(thread, work, max(STANDSTILL, time.monotonic() - begun))
        child.kill()
    return {
        name: here[name] if name in here else work.there[name] if name in work.there else draw_here(name)
        for name in names
    }


def wait_while_it_answers(thread: Thread, work: Work, seconds: float) -> None:
    """Wait until everything is drawn, or for so many seconds without an answer."""
    while thread.is_alive():
        answers = work.answers
        thread.join(seconds)
        if work.answers == answers:
            return


def serve(child: Process, subject: Subject, work: Work) -> None:
    """Give the process the subject, then one name after another from the end, and keep what it draws."""
    assert child.stdout is not None
    try:
        send(child, subject)
        while pickle.load(child.stdout) == "ready" and (name := work.take(last=True)) is not None:
            work.flying.append(name)
            work.ready.set()
            send(child, name)
            figure = pickle.load(child.stdout)
            if figure is not None:
                work.there[name] = figure
            work.answers += 1
            work.flying.clear()
    except Exception:  # of a damaged answer pickle raises nearly anything
        return
    finally:
        work.ready.set()


def send(child: Process, thing: object) -> None:
    """One object to the process."""
    assert child.stdin is not None
    pickle.dump(thing, child.stdin, pickle.HIGHEST_PROTOCOL)
    child.stdin.flush()
