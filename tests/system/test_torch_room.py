"""A limit of the address space that PyTorch does not fit in is told before it is loaded."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from reportgen.errors import EnvironmentTrouble
from reportgen.system import torch_room
from reportgen.system.torch_room import TRIAL, TorchGuard, guard_torch, require_room, try_torch


def under(monkeypatch: pytest.MonkeyPatch, limit: int | None, peak: int | None) -> None:
    monkeypatch.setattr(torch_room, "address_limit", lambda: limit)
    monkeypatch.setattr(torch_room, "try_torch", lambda: peak)


@pytest.mark.parametrize(
    ("limit", "peak", "said"),
    [
        (3 * 10**9, None, "PyTorch can't be loaded and used in the address space that this process may have: 3.00 GB"),
        (3_900_000_000, int(3.67e9), "PyTorch and a small run need 3.97 GB of addresses on this machine"),
    ],
)
def test_too_little_is_refused_with_what_there_is(
    monkeypatch: pytest.MonkeyPatch, limit: int, peak: int | None, said: str
) -> None:
    under(monkeypatch, limit, peak)
    with pytest.raises(EnvironmentTrouble) as caught:
        require_room()
    assert caught.value.message.startswith(said)
    assert f"{limit / 1e9:.2f} GB (ulimit -v)" in caught.value.message
    assert caught.value.exit_code == 6


@pytest.mark.parametrize(("limit", "peak"), [(None, None), (5 * 10**9, int(3.67e9)), (10**9, 0)])
def test_enough_or_no_limit_or_an_unknown_need_is_no_trouble(
    monkeypatch: pytest.MonkeyPatch, limit: int | None, peak: int | None
) -> None:
    under(monkeypatch, limit, peak)
    require_room()


def test_it_is_asked_before_the_first_import_and_only_under_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    for limit in (None, 100 * 10**9):
        under(monkeypatch, limit, None)
        guard_torch()
        assert not any(isinstance(finder, TorchGuard) for finder in sys.meta_path)
    under(monkeypatch, 10**9, None)
    guard_torch()
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    with pytest.raises(EnvironmentTrouble, match="PyTorch can't be loaded"):
        __import__("torch")


@pytest.mark.slow
def test_a_library_that_is_not_installed_is_no_lack_of_room() -> None:
    assert try_torch(TRIAL.replace("scipy.stats, torch", "scipy.stats, no_such_library")) == 0


@pytest.mark.parametrize(
    ("program", "peak", "seconds"),
    [
        ("print('peak 7')", 7 * 1024, 60),
        ("print('a library says hello'); print('peak 7')", 7 * 1024, 60),
        ("print('peak')", None, 60),
        ("raise MemoryError", None, 60),
        (f"import os; os.kill(os.getpid(), {int(signal.SIGABRT)})", None, 60),
        ("while True: pass", None, 1),
    ],
)
def test_a_trial_that_fails_dies_or_never_ends_says_that_there_is_no_room(
    program: str, peak: int | None, seconds: float
) -> None:
    assert os.name == "posix"
    assert try_torch(f"import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); {program}", seconds) == peak
