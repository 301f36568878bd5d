"""A second process that draws from the end of the list while this one draws from its beginning."""

from __future__ import annotations

import os
import pickle
import subprocess
from collections import deque
from collections.abc import Callable, Sequence
from threading import Thread

from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.system.processes import end, start_module

WORTH = 12
"""Figures from which on a process that takes a second to start is worth it."""
Drawing = FigureFile | Skipped


def draw_by_two(subject: Subject, names: Sequence[str], draw_here: Callable[[str], Drawing]) -> dict[str, Drawing]:
    """The figures of these names in this order, by `draw_here` and by a second process where one is worth it.

    Whatever goes wrong there costs only its time: what it does not give is drawn here, and fails here.
    """
    if len(names) < WORTH or processors() < 2:
        return {name: draw_here(name) for name in names}
    todo, flying, here, there = deque(names), list[str](), dict[str, Drawing](), dict[str, Drawing]()
    child = start_module("reportgen.figures._drawing_process", heard=False)
    try:
        thread = Thread(target=serve, args=(child, subject, todo, flying, there), daemon=True)
        thread.start()
        while (name := take(todo)) is not None:
            here[name] = draw_here(name)
        if flying:  # a process that never came to draw is not waited for
            thread.join()
    finally:
        end(child)
    return {name: here[name] if name in here else there[name] if name in there else draw_here(name) for name in names}


def processors() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def take(todo: deque[str], last: bool = False) -> str | None:
    """The first of what is left to do, or the last; None where nothing is. Safe between threads."""
    try:
        return todo.pop() if last else todo.popleft()
    except IndexError:
        return None


def serve(
    child: subprocess.Popen[bytes],
    subject: Subject,
    todo: deque[str],
    flying: list[str],
    there: dict[str, Drawing],
) -> None:
    """Give the process the subject, then one name after another, and put what it draws into `there`; the name that it
    is at stands in `flying`."""
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        send(child, subject)
        while pickle.load(child.stdout) == "ready" and (name := take(todo, last=True)) is not None:
            flying.append(name)
            send(child, name)
            figure = pickle.load(child.stdout)
            if figure is not None:
                there[name] = figure
            flying.clear()
    except Exception:  # of a damaged answer pickle raises nearly anything
        return


def send(child: subprocess.Popen[bytes], thing: object) -> None:
    """One object to the process."""
    assert child.stdin is not None
    pickle.dump(thing, child.stdin, pickle.HIGHEST_PROTOCOL)
    child.stdin.flush()
