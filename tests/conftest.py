"""Fixtures shared by all tests."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportgen.figures import _parallel
from reportgen.record.run import RunRecord
from tests.support.records import small_record

if "PYTEST_XDIST_WORKER" in os.environ:  # before torch is imported: workers with as many threads as cores stand in line
    os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.dont_write_bytecode = False  # as containers are often set up: the tests start hundreds of processes, and each of
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # them would compile the whole package again

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what runs in the background: programs that
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests start and interrupt would ignore it as well


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files again instead of comparing")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks that follow from where a test stands or what it takes; the others are written at the tests."""
    for item in items:
        if "end_to_end" in item.path.parts:
            item.add_marker(pytest.mark.e2e)
        if "data_root" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.data)


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: Python need not search it for unreachable objects again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def record() -> RunRecord:
    """The hand-written record; frozen, so that one serves all tests."""
    return small_record()


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of the real CIFAR-10, or a visible skip."""
    root = os.environ.get("REPORTGEN_DATA")
    if not root:
        pytest.skip("the real CIFAR-10 is not here: set REPORTGEN_DATA")
    return Path(root).resolve()


@pytest.fixture(autouse=True, scope="session")
def drawn_by_one() -> Iterator[None]:
    """Workers as many as cores draw their figures themselves: a second process each would only cost its start.

    Commands in processes of their own, and the tests of the second process, draw by two.
    """
    with pytest.MonkeyPatch.context() as patched:
        if "PYTEST_XDIST_WORKER" in os.environ:
            patched.setattr(_parallel, "count_cores", lambda: 1)
        yield


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits of this machine by small products and copies: how high they are is not the point."""
    from reportgen.experiment.probes.cost import machine_limits

    monkeypatch.setattr(machine_limits, "SIZES", (64, 128))
    monkeypatch.setattr(machine_limits, "BUFFER", 2**20)


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
