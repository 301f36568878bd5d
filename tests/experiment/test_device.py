"""Devices that are here, that are not, and that are only pretended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from reportgen.errors import ModelError, SpecError
from reportgen.experiment.device import resolve_device
from reportgen.system import machine
from reportgen.system.machine import cpu_flags
from tests.experiment.cases import plain_cpu


@pytest.fixture(autouse=True)
def same_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without an accelerator, whatever this one has."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def two_gpus(bare: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that says it has two GPUs, one new and one old."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"GPU {device.index or 0}")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5) if device.index else (9, 0))


@pytest.mark.usefixtures("bare")
def test_auto_is_the_cpu_where_there_is_nothing_else() -> None:
    device = resolve_device("auto", "float32", 1)
    assert (device.kind, device.torch_device, device.facts.requested) == ("cpu", torch.device("cpu"), "auto")
    assert (device.facts.threads, device.facts.precision, device.facts.precision_reason) == (1, "float32", None)
    assert device.channels_last


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("request_", ["cuda", "cuda:1", "mps"])
def test_a_device_that_is_not_here_is_refused_by_name(request_: str) -> None:
    with pytest.raises(SpecError, match=f"{request_} is not on this machine, which has cpu") as caught:
        resolve_device(request_, "auto", 1)
    assert "--device cpu" in caught.value.hint


@pytest.mark.usefixtures("two_gpus")
def test_auto_prefers_the_gpu_and_takes_bfloat16_where_it_is_computed() -> None:
    device = resolve_device("auto", "auto", None)
    assert (device.kind, device.torch_device.type, device.name) == ("cuda", "cuda", "GPU 0")
    assert device.facts.precision == "bfloat16"
    assert "compute capability" in str(device.facts.precision_reason)


@pytest.mark.usefixtures("two_gpus")
def test_an_older_gpu_gets_float32_and_an_absent_one_is_refused() -> None:
    device = resolve_device("cuda:1", "auto", None)
    assert (device.torch_device, device.name, device.facts.precision) == (
        torch.device("cuda:1"),
        "GPU 1",
        "float32",
    )
    with pytest.raises(SpecError, match=r"cuda:2 is not on this machine, which has cpu, cuda \(2\)"):
        resolve_device("cuda:2", "auto", None)


def test_only_a_gpu_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[torch.device] = []
    monkeypatch.setattr(torch.cuda, "synchronize", waited.append)
    plain_cpu().synchronise()
    assert waited == []
    plain_cpu(kind="cuda").synchronise()
    assert waited == [torch.device("cpu")]


@pytest.mark.parametrize(
    ("flags", "chosen", "reason"),
    [
        ({"avx2"}, "float32", "this processor has no bfloat16 arithmetic"),
        ({"avx512_bf16", "avx2"}, "bfloat16", "this processor has bfloat16 arithmetic"),
        ({"amx_bf16"}, "bfloat16", "this processor has bfloat16 arithmetic"),
        ({"bf16", "asimd"}, "bfloat16", "this processor has bfloat16 arithmetic"),
        (set(), "float32", "this processor has no bfloat16 arithmetic"),
    ],
)
@pytest.mark.usefixtures("bare")
def test_auto_takes_bfloat16_on_a_cpu_that_has_it_however_busy_it_is(
    flags: set[str], chosen: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "cpu_flags", lambda: frozenset(flags))
    monkeypatch.setattr(time, "perf_counter", lambda: pytest.fail("no clock decides"))
    facts = resolve_device("cpu", "auto", 1).facts
    assert facts.precision == chosen
    assert str(facts.precision_reason) == reason
    assert machine.machine()["bfloat16"] == (chosen == "bfloat16")


@pytest.mark.usefixtures("bare")
def test_evaluation_is_float32_unless_the_spec_says_otherwise() -> None:
    assert resolve_device("cpu", "auto", 1, training=False).facts.precision == "float32"
    assert resolve_device("cpu", "bfloat16", 1, training=False).facts.precision == "bfloat16"


def test_precisions_that_a_device_lacks_are_refused(bare: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="float16 can't be trained on a CPU"):
        resolve_device("cpu", "float16", 1)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    with pytest.raises(ModelError, match="mps has no float64"):
        resolve_device("auto", "float64", 1)


@pytest.mark.parametrize(
    ("precision", "reason", "evaluating", "computed"),
    [
        ("float32", "", False, torch.float32),
        ("float64", "", False, torch.float64),
        ("bfloat16", "", False, torch.bfloat16),
        ("bfloat16", "", True, torch.bfloat16),
        ("bfloat16", "auto found it faster", False, torch.bfloat16),
        ("bfloat16", "auto found it faster", True, torch.float32),
    ],
)
def test_what_is_computed_in_lower_precision(
    precision: str, reason: str, evaluating: bool, computed: torch.dtype
) -> None:
    device = plain_cpu(precision, reason=reason)
    module = device.place(torch.nn.Conv2d(3, 4, 3))
    with device.autocast(evaluating=evaluating):
        assert module(torch.zeros(1, 3, 8, 8, dtype=device.dtype)).dtype == computed
    assert module.weight.is_contiguous(memory_format=torch.channels_last)
    if evaluating:
        assert device.evaluation_dtype == computed


def test_gradients_are_scaled_only_for_float16_on_a_gpu() -> None:
    assert not plain_cpu("bfloat16").scaler().is_enabled()
    assert not plain_cpu("float32").scaler().is_enabled()


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("processor\t: 0\nflags\t\t: fpu avx2 avx512_bf16\nbogomips : 4\n", {"fpu", "avx2", "avx512_bf16"}),
        ("processor: 0\nFeatures : fp asimd bf16\n", {"fp", "asimd", "bf16"}),
        ("nothing here", set()),
    ],
)
def test_flags_are_read_as_linux_writes_them(text: str, flags: set[str], tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(text)
    assert cpu_flags(file) == flags


def test_where_the_system_tells_no_flags_there_are_none(tmp_path: Path) -> None:
    assert cpu_flags(tmp_path / "absent") == frozenset()
