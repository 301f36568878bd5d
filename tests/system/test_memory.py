"""Memory that ran out, as each library says it."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest
import torch

from reportgen.errors import DataError, EnvironmentTrouble
from reportgen.system.memory import bytes_asked, free_bytes, is_memory_error, memory_trouble, needing_memory

CPU = (
    "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate "
    "32212254720 bytes. Error code 12 (Cannot allocate memory)"
)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError(CPU),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes"
        ),
        RuntimeError("std::bad_alloc"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError("can't start new thread"),
    ],
)
def test_it_is_known(error: BaseException) -> None:
    assert is_memory_error(error)
    outer = ValueError("outer")
    outer.__cause__ = error
    assert is_memory_error(outer)


@pytest.mark.parametrize(
    "error", [RuntimeError("mat1 and mat2 shapes cannot be multiplied"), ValueError(CPU), OSError()]
)
def test_other_errors_are_not_it(error: BaseException) -> None:
    assert not is_memory_error(error)


def test_what_torch_and_numpy_really_raise_is_known() -> None:
    for ask in (lambda: torch.empty(10**14, dtype=torch.uint8), lambda: np.empty(10**15, np.uint8)):
        with pytest.raises((RuntimeError, MemoryError)) as caught:
            ask()
        assert is_memory_error(caught.value)
        assert bytes_asked(caught.value) is not None


def test_it_says_what_was_asked_and_what_there_is() -> None:
    told = memory_trouble(RuntimeError(CPU), "one forward pass").message
    assert told.startswith("one forward pass needs more memory than there is: 32.21 GB were asked for at once")
    assert bytes_asked(torch.OutOfMemoryError("Tried to allocate 20.00 GiB")) == 20 * 2**30
    assert memory_trouble(MemoryError()).message.startswith("the machine ran out of memory")


def test_a_library_without_room_is_named_and_no_smaller_run_advised() -> None:
    first = ImportError("libtorch_cpu.so: failed to map segment from shared object")
    other = OSError("/usr/lib/libgfortran-8f1e9814.so.5.0.0: cannot allocate memory in static TLS block")
    for error, name in ((first, "libtorch_cpu.so"), (other, "libgfortran-8f1e9814.so.5.0.0")):
        raised = RuntimeError("evaluation failed")
        raised.__cause__ = error
        told = memory_trouble(raised, "the evaluation")
        assert told.message.startswith(f"loading {name} needs more memory than there is")
        assert "ulimit -v" in told.hint
        assert "batch_size" not in told.hint


def test_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    2000 kB\n", encoding="ascii")
    assert free_bytes(tmp_path / "meminfo") == 2_048_000
    assert free_bytes(tmp_path / "none") is None


def test_a_small_size_is_no_zero() -> None:
    for asked, said in ((4096, "4.10 kB"), (5 * 10**6, "5.00 MB"), (3, "3 bytes"), (2 * 10**10, "20.00 GB")):
        error = RuntimeError(f"DefaultCPUAllocator: can't allocate memory: you tried to allocate {asked} bytes")
        assert f": {said} were asked for at once" in memory_trouble(error).message


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError(CPU), torch.OutOfMemoryError()])
def test_memory_that_runs_out_inside_is_told_with_what_needed_it(error: Exception) -> None:
    with pytest.raises(EnvironmentTrouble) as caught, needing_memory("sorting", "Sort less."):
        raise error
    assert caught.value.message.startswith("sorting needs more memory than there is")
    assert caught.value.hint == "Sort less."
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [ValueError("other"), DataError("of data"), KeyboardInterrupt()])
def test_all_else_inside_passes_through(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, needing_memory("sorting"):
        raise error
    assert caught.value is error
