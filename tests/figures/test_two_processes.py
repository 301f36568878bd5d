"""Figures drawn by two processes: the same ones, whatever becomes of the second."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from reportgen.errors import RenderError
from reportgen.figures import _two_processes, draw
from reportgen.figures._two_processes import WORTH, draw_by_two
from reportgen.plugins import FigureKind
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped

NAMES = [f"figure {number}" for number in range(WORTH + 8)]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that were started, on a machine that has two processors."""
    children = []

    def start(name: str, *, heard: bool) -> subprocess.Popen[bytes]:
        children.append(begin(name, heard=heard))
        return children[-1]

    begin = _two_processes.start_module
    monkeypatch.setattr(_two_processes, "start_module", start)
    monkeypatch.setattr(_two_processes, "processors", lambda: 2)
    return children


def skip(name: str) -> Skipped:
    time.sleep(0.01)
    return Skipped(name, name, "drawn here")


def test_two_draw_what_one_draws(
    record: RunRecord, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_two = draw(Subject(record))
    assert len(started) == 1
    assert started[0].poll() is not None
    monkeypatch.setattr(_two_processes, "processors", lambda: 1)
    alone = draw(Subject(record))
    assert len(started) == 1
    assert list(by_two) == list(alone)
    assert by_two == alone


def test_the_second_draws_from_the_end(record: RunRecord, started: list[subprocess.Popen[bytes]]) -> None:
    names = [*NAMES, "confusion", "class_counts"]
    ready = threading.Event()

    def patiently(name: str) -> FigureFile | Skipped:
        if name == NAMES[-1]:
            ready.set()
        elif not ready.is_set():
            time.sleep(0.3)  # until the second is there
        return skip(name)

    found = draw_by_two(Subject(record), names, patiently)
    assert list(found) == names
    assert isinstance(found["class_counts"], FigureFile)
    assert isinstance(found["confusion"], FigureFile)
    assert all(found[name] == Skipped(name, name, "drawn here") for name in NAMES)
    assert len(started) == 1


def test_a_process_that_ends_at_once_costs_nothing_but_its_figures(
    record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_name: str, *, heard: bool) -> subprocess.Popen[bytes]:
        del heard
        return subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    monkeypatch.setattr(_two_processes, "start_module", start)
    monkeypatch.setattr(_two_processes, "processors", lambda: 2)
    assert draw_by_two(Subject(record), NAMES, skip) == {name: Skipped(name, name, "drawn here") for name in NAMES}


def test_a_process_that_says_nonsense_is_not_listened_to(record: RunRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_name: str, *, heard: bool) -> subprocess.Popen[bytes]:
        del heard
        program = "print('nonsense', flush=True); import sys; sys.stdin.buffer.read()"
        return subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    monkeypatch.setattr(_two_processes, "start_module", start)
    monkeypatch.setattr(_two_processes, "processors", lambda: 2)
    assert draw_by_two(Subject(record), NAMES, skip) == {name: Skipped(name, name, "drawn here") for name in NAMES}


def test_few_figures_and_one_processor_start_no_process(
    record: RunRecord, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_by_two(Subject(record), NAMES[: WORTH - 1], skip)
    monkeypatch.setattr(_two_processes, "processors", lambda: 1)
    draw_by_two(Subject(record), NAMES, skip)
    assert started == []


def test_a_failure_here_ends_the_process(record: RunRecord, started: list[subprocess.Popen[bytes]]) -> None:
    def fail(name: str) -> FigureFile | Skipped:
        raise RenderError(f"the figure {name!r} could not be drawn")

    with pytest.raises(RenderError, match="figure 0"):
        draw_by_two(Subject(record), NAMES, fail)
    assert started[0].poll() is not None


def test_figures_of_plug_ins_are_drawn_here(record: RunRecord, started: list[subprocess.Popen[bytes]]) -> None:
    extra = {"mine": FigureKind("mine", lambda _record: Skipped("mine", "Mine", "by a plug-in"))}
    found = draw(Subject(record), ["mine", "confusion"], extra)
    assert list(found) == ["mine", "confusion"]
    assert found["mine"] == Skipped("mine", "Mine", "by a plug-in")
    assert started == []
