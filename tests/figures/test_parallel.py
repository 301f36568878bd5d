"""Figures drawn by two processes: the same ones, whatever becomes of the second."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence

import pytest

from reportgen.errors import RenderError
from reportgen.figures import _parallel, draw
from reportgen.figures._parallel import WORTH, Drawing, draw_by_two, second_process
from reportgen.plugins import FigureKind, discover
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped

NAMES = [f"figure {number}" for number in range(WORTH + 8)]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that were started, on a machine that has two processors."""
    children = []

    def start(name: str, *arguments: str, heard: bool, variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
        children.append(begin(name, *arguments, heard=heard, variables=variables))
        return children[-1]

    begin = _parallel.start_module
    monkeypatch.setattr(_parallel, "start_module", start)
    monkeypatch.setattr(_parallel, "count_cores", lambda: 2)
    return children


def by_two(
    record: RunRecord, names: Sequence[str], draw_here: Callable[[str], Drawing], theirs: Collection[str] = ()
) -> dict[str, Drawing]:
    with second_process(len(names)) as child:
        return draw_by_two(child, Subject(record), names, draw_here, theirs)


def skip(name: str) -> Skipped:
    time.sleep(0.01)
    return Skipped(name, name, "drawn here")


@pytest.mark.slow
def test_two_draw_what_one_draws(
    record: RunRecord, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = sorted(discover("reportgen.figures", "FIGURE", FigureKind))[::2]
    assert len(names) > 2 * WORTH
    together = draw(Subject(record), names)
    assert len(started) == 1
    assert started[0].poll() is not None
    monkeypatch.setattr(_parallel, "count_cores", lambda: 1)
    alone = draw(Subject(record), names)
    assert len(started) == 1
    assert list(together) == list(alone)
    assert together == alone


@pytest.mark.slow
def test_the_second_draws_from_the_end(
    record: RunRecord, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [*NAMES, "confusion", "class_counts"]
    there, send = threading.Event(), _parallel.send

    def note(child: subprocess.Popen[bytes], thing: object) -> None:
        send(child, thing)
        if thing == "confusion":  # its second
            there.set()

    def patiently(name: str) -> FigureFile | Skipped:
        assert there.wait(120)
        return skip(name)

    monkeypatch.setattr(_parallel, "send", note)
    found = by_two(record, names, patiently)
    assert list(found) == names
    assert isinstance(found["class_counts"], FigureFile)
    assert isinstance(found["confusion"], FigureFile)
    assert all(found[name] == Skipped(name, name, "drawn here") for name in NAMES)
    assert len(started) == 1


@pytest.mark.slow
def test_what_needs_seaborn_is_left_to_the_second(record: RunRecord, started: list[subprocess.Popen[bytes]]) -> None:
    theirs = ("confusion", "class_counts")
    found = by_two(record, ["confusion", *NAMES, "class_counts"], skip, theirs)
    assert list(found) == ["confusion", *NAMES, "class_counts"]
    assert all(isinstance(found[name], FigureFile) for name in theirs)
    assert len(started) == 1


def test_a_process_that_ends_at_once_costs_nothing_but_its_figures(
    record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_name: str, *_arguments: str, **_how: object) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", ""], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    monkeypatch.setattr(_parallel, "start_module", start)
    monkeypatch.setattr(_parallel, "count_cores", lambda: 2)
    assert by_two(record, NAMES, skip) == {name: Skipped(name, name, "drawn here") for name in NAMES}


def test_a_process_that_says_nonsense_is_not_listened_to(record: RunRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_name: str, *_arguments: str, **_how: object) -> subprocess.Popen[bytes]:
        program = "print('nonsense', flush=True); import sys; sys.stdin.buffer.read()"
        return subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    monkeypatch.setattr(_parallel, "start_module", start)
    monkeypatch.setattr(_parallel, "count_cores", lambda: 2)
    assert by_two(record, NAMES, skip) == {name: Skipped(name, name, "drawn here") for name in NAMES}


STOPS = """
import os, pickle, signal, sys, time
pickle.load(sys.stdin.buffer)
pickle.dump("ready", sys.stdout.buffer)
sys.stdout.buffer.flush()
pickle.load(sys.stdin.buffer)
{stop}
time.sleep(600)
"""


@pytest.mark.slow
@pytest.mark.parametrize("stop", ["", "os.kill(os.getpid(), signal.SIGSTOP)"], ids=["hangs", "is stopped"])
def test_a_process_that_stands_still_is_not_waited_for(
    stop: str, record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    children = []

    def start(_name: str, *_arguments: str, **_how: object) -> subprocess.Popen[bytes]:
        program = [sys.executable, "-c", STOPS.format(stop=stop)]
        children.append(subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        return children[-1]

    def slowly(name: str) -> FigureFile | Skipped:
        time.sleep(0.03)
        return skip(name)

    monkeypatch.setattr(_parallel, "start_module", start)
    monkeypatch.setattr(_parallel, "count_cores", lambda: 2)
    monkeypatch.setattr(_parallel, "STANDSTILL", 0.1)
    for theirs in ((), NAMES[5:]):
        found = by_two(record, NAMES, slowly, theirs)
        assert found == {name: Skipped(name, name, "drawn here") for name in NAMES}
    assert len(children) == 2
    assert all(child.poll() is not None for child in children)


def test_few_figures_and_one_processor_start_no_process(
    record: RunRecord, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_two(record, NAMES[: WORTH - 1], skip)
    monkeypatch.setattr(_parallel, "count_cores", lambda: 1)
    by_two(record, NAMES, skip)
    assert started == []


def test_a_failure_here_ends_the_process(record: RunRecord, started: list[subprocess.Popen[bytes]]) -> None:
    def fail(name: str) -> FigureFile | Skipped:
        raise RenderError(f"the figure {name!r} could not be drawn")

    with pytest.raises(RenderError, match="figure 0"):
        by_two(record, NAMES, fail)
    assert started[0].poll() is not None


def test_figures_of_plug_ins_are_drawn_here(record: RunRecord, started: list[subprocess.Popen[bytes]]) -> None:
    extra = {"mine": FigureKind("mine", lambda _record: Skipped("mine", "Mine", "by a plug-in"))}
    found = draw(Subject(record), ["mine", "confusion"], extra)
    assert list(found) == ["mine", "confusion"]
    assert found["mine"] == Skipped("mine", "Mine", "by a plug-in")
    assert started == []
