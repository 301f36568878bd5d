"""The probe of cost: what it counts against hand counts, what it times against clocks of its own, what it refuses."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from reportgen.experiment.probes import ProbeContext
from reportgen.experiment.probes.context import Allowance
from reportgen.experiment.probes.cost import energy, machine_limits, measure, training_step
from reportgen.experiment.probes.cost.memory import TensorMeter, inference_peak, process_peak
from reportgen.experiment.trace import trace_model
from reportgen.record.latency import Latency
from reportgen.record.probes.cost import CostFacts
from reportgen.spec.types import LossSpec, ModelSpec, OptimizerSpec, ReportSpec, RunSpec
from tests.experiment.cases import noise, plain_cpu

SPEC = ReportSpec(model=ModelSpec(source="builtin:two_conv"), run=RunSpec(batch_size=16))


class Small(nn.Module):
    """A convolution, normalisation, and a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.head = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.conv(x)).relu().mean((2, 3)))


def context(
    module: nn.Module | None = None, spec: ReportSpec = SPEC, precision: str = "float32", **values: object
) -> ProbeContext:
    torch.manual_seed(0)
    device, data, found = plain_cpu(precision), noise(), module or Small()
    device.place(found).eval()
    trace = trace_model(found, data.normalization.apply(data.test_images[:1], device.dtype), "small")
    more = {"history": {}} | values
    return ProbeContext(found, None, data, device, spec, trace, np.zeros((20, 10)), np.arange(3), **more)  # type: ignore[arg-type]


@pytest.fixture
def small_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits measured on little, so that tests are quick."""
    monkeypatch.setattr(machine_limits, "SIZES", (8, 16))
    monkeypatch.setattr(machine_limits, "BUFFER", 2**12)
    monkeypatch.setattr(machine_limits, "CALLS", 5)


def found_by(given: ProbeContext, seconds: float = 0.5, full: bool = False) -> CostFacts:
    facts = measure.run(given, Allowance(seconds, full)).facts
    assert isinstance(facts, CostFacts)
    return facts


def test_the_whole_probe_leaves_the_model_as_it_was(small_machine: None) -> None:
    given = context()
    before = {name: tensor.clone() for name, tensor in given.module.state_dict().items()}
    facts = found_by(given)
    assert all(torch.equal(before[name], tensor) for name, tensor in given.module.state_dict().items())
    assert all(parameter.grad is None for parameter in given.module.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in given.module.modules())
    sizes = [one.batch_size for one in facts.latency]
    assert sizes == sorted({2, 4, 8, 16, 32, 128, 256} & set(sizes))
    assert all(one.n >= 6 and one.p50_seconds <= one.p95_seconds for one in facts.latency)
    assert facts.step is not None
    assert facts.step.batch_size == facts.step.planned_batch == 16
    assert [peak.what for peak in facts.memory] == ["inference", "inference", "training"]
    assert facts.energy is not None or facts.energy_missing is not None


def test_float64_is_counted_as_such(small_machine: None) -> None:
    limits = found_by(context(precision="float64")).roofs
    assert limits is not None
    assert (limits.precision, limits.element_bytes) == ("float64", 8)


def test_nothing_trained_has_no_step(small_machine: None) -> None:
    spec = SPEC.model_copy(update={"run": SPEC.run.model_copy(update={"mode": "evaluate"})})
    facts = found_by(context(spec=spec))
    assert facts.step is None
    assert "trained nothing" in str(facts.step_missing)


def test_a_model_that_can_t_be_copied_is_measured_and_left_as_it_was(small_machine: None) -> None:
    class Held(Small):
        def __deepcopy__(self, memo: object) -> Held:
            raise TypeError("cannot be copied")

    given = context(Held())
    before = {name: tensor.clone() for name, tensor in given.module.state_dict().items()}
    assert found_by(given).step is not None
    after = given.module.state_dict()
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())
    assert not given.module.training


def test_a_step_of_a_large_model_is_made_of_fewer_images_by_its_arithmetic() -> None:
    fast = Allowance(0.0, planned=1.0)
    share = 1 - sum(measure.SHARES.values())
    size, number = measure.plan_timing(share / (2 * measure.STEP_COST * 8), 64, fast)
    assert (size, number) == (8, 1)
    assert measure.plan_timing(share / (21.5 * measure.STEP_COST * 64), 64, fast) == (64, 20)
    assert measure.plan_timing(1e9, 64, fast) == (measure.FEWEST, 1)
    assert measure.plan_timing(1e9, 64, Allowance(float("inf"))) == (64, 20)


def test_a_step_that_takes_too_long_here_is_left_out_whole(small_machine: None) -> None:
    given = context(history={"train.seconds": np.arange(1, 9) * 40.0})
    facts = found_by(given, seconds=0.5)
    assert facts.step is None
    assert "takes too long here" in str(facts.step_missing)
    whole = measure.step_of(given, measure.Batches((), "time"), Allowance(float("inf")), [])[0]
    assert whole is not None
    assert whole.batch_size == 16


class Clock:
    """Batch sizes as they were asked for, each image taking a millisecond of a clock that stands still."""

    def __init__(self, refuse: int = 10**9) -> None:
        self.asked: list[int] = []
        self.refuse = refuse

    def __call__(
        self, module: object, shape: object, device: object, batches: tuple[int, ...], *nominal: float
    ) -> list:
        (size,) = batches
        if size >= self.refuse:
            raise torch.OutOfMemoryError("no more")
        self.asked.append(size)
        return [Latency(batch_size=size, p50_seconds=0.001 * size, p95_seconds=0.001 * size, n=6)]


@pytest.mark.parametrize(
    ("seconds", "full", "refuse", "sizes", "why"),
    [
        (1000.0, False, 10**9, [2, 4, 8, 16, 32, 128, 256], "largest"),
        (1000.0, True, 10**9, [2, 4, 8, 16, 32, 128, 256, 512, 1024], "largest"),
        (1.0, False, 10**9, [2, 4, 8, 16, 32], "time"),  # eight passes of 128 take a second, and there are 0.4
        (1000.0, False, 128, [2, 4, 8, 16, 32], "memory"),
    ],
)
def test_batch_sizes_while_time_and_memory_last(
    monkeypatch: pytest.MonkeyPatch, seconds: float, full: bool, refuse: int, sizes: list[int], why: str
) -> None:
    clock = Clock(refuse)
    monkeypatch.setattr(measure, "measure_latency", clock)
    monkeypatch.setattr(measure, "try_pass", lambda given: 0.001)
    allowance = SimpleNamespace(seconds=seconds, nominal=seconds, full=full, spent=0.0)
    found = measure.time_batches(context(), allowance)  # type: ignore[arg-type]
    assert (clock.asked, found.stopped_by) == (sizes, why)


def test_a_batch_beyond_memory_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, given = Clock(), context()
    monkeypatch.setattr(measure, "measure_latency", clock)
    monkeypatch.setattr(measure, "try_pass", lambda given: 0.001)
    monkeypatch.setitem(measure.MOST_BYTES, "cpu", 20 * given.trace.activation_bytes_inference)
    assert measure.time_batches(given, Allowance(1000.0)).stopped_by == "memory"
    assert clock.asked == [2, 4, 8, 16]


def test_memory_of_a_chain_by_hand() -> None:
    chain = nn.Sequential(*[nn.Linear(100, 100, bias=False) for _ in range(4)], nn.ReLU(inplace=True))
    peak = inference_peak(chain, torch.zeros(50, 100), plain_cpu())
    assert peak.peak_bytes == 2 * 50 * 100 * 4  # what a layer reads and what it writes; the ReLU writes in place
    assert (peak.what, peak.batch_size, peak.how) == ("inference", 50, "tensors")


def test_memory_of_a_step_by_hand() -> None:
    chain = nn.Sequential(nn.Linear(100, 100, bias=False), nn.Linear(100, 1, bias=False))
    with TensorMeter() as meter:
        chain(torch.ones(50, 100)).sum().backward()
        at_end = meter.now
    weights = 4 * (100 * 100 + 100)
    assert at_end == weights  # gradients stay
    images, hidden = 4 * 50 * 100, 4 * 50 * 100
    # in the backward pass of the first layer: its input, its output's gradient, and both weights' gradients
    assert weights + images + hidden <= meter.peak <= weights + images + 2 * hidden + 4 * 100


def test_what_was_there_before_does_not_count() -> None:
    weight, kept = torch.ones(100, 100), []
    with TensorMeter() as meter:
        kept.append(weight.t().contiguous().t())
        weight.mul_(2)
        weight.view(-1)
    assert (meter.peak, meter.now) == (40_000, 40_000)
    del kept[:]
    assert meter.now == 0


def test_the_process_has_a_size() -> None:
    size = process_peak()
    assert size is None or size > 10 * 2**20


def test_a_step_has_the_gradients_of_training() -> None:
    given = context()
    trainer = training_step.Trainer(given, 16)
    trainer.load()
    assert trainer.batch.shape == (16, 3, 32, 32)
    trainer.forward()
    trainer.backward()
    expected = given.module.train()
    loss = nn.functional.cross_entropy(expected(trainer.batch), trainer.labels[trainer.rows])
    gradients = torch.autograd.grad(loss, list(expected.parameters()))
    for found, wanted in zip(trainer.parameters, gradients, strict=True):
        torch.testing.assert_close(found.grad, wanted)
    trainer.update()
    assert all(parameter.grad is None for parameter in trainer.parameters)
    for found, wanted in zip(trainer.module.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(found, wanted)  # the rate is zero


@pytest.mark.parametrize(("name", "copies"), [("sgd", 1), ("adamw", 2)])
def test_the_optimiser_s_state_is_counted(name: str, copies: int) -> None:
    run = SPEC.run.model_copy(update={"optimizer": OptimizerSpec(name=name)})
    trainer = training_step.Trainer(context(spec=SPEC.model_copy(update={"run": run})), 16)
    size = 4 * sum(parameter.numel() for parameter in trainer.parameters)
    scalars = 4 * len(trainer.parameters)
    assert copies * size <= trainer.make_state() <= copies * size + scalars


def test_so_many_steps_are_timed_and_parts_make_the_whole() -> None:
    given = context(spec=SPEC.model_copy(update={"run": RunSpec(batch_size=16, loss=LossSpec(name="focal"))}))
    few, memory = training_step.time_steps(given, 8, 16, training_step.LEAST)
    assert (few.n, few.batch_size, few.planned_batch) == (training_step.LEAST, 8, 16)
    assert few.p50_low is None
    assert sum(few.parts) == pytest.approx(few.p50_seconds)
    assert memory.batch_size == 8
    many, _ = training_step.time_steps(given, 8, 16, training_step.MOST)
    assert many.n == training_step.MOST
    assert len(many.share_intervals) == 4
    assert sum(many.shares) == pytest.approx(1)


def test_the_medians_of_parts() -> None:
    found = training_step.summarise_steps([(1.0, 2.0, 3.0, 4.0), (1.0, 2.0, 5.0, 4.0), (2.0, 2.0, 4.0, 8.0)], 8, 8)
    assert found.parts == (1.0, 2.0, 4.0, 4.0)
    assert found.p50_seconds == 12.0


def test_the_rate_of_products_is_that_of_the_fastest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([0.001, 0.002, 0.5])
    monkeypatch.setattr(machine_limits, "best_of", lambda work, device: next(seconds))
    size, _product, largest = machine_limits.best_product(plain_cpu(), (256, 512, 1024))
    assert (size, largest) == (512, 1024)
    seconds = iter([0.001, 1.0, 0.5])
    size, _product, largest = machine_limits.best_product(plain_cpu(), (256, 512, 1024))
    assert (size, largest) == (256, 512)  # the next would take most of a minute, and is left out


def test_sizes_of_products_are_planned_without_a_clock() -> None:
    assert machine_limits.plan_sizes("cpu", 0.0) == machine_limits.plan_sizes("cpu", 0.4) == (256, 512, 1024)
    assert machine_limits.plan_sizes("cpu", 1.4) == (256, 512, 1024, 2048)
    assert machine_limits.plan_sizes("cuda", 0.4) == machine_limits.SIZES


def test_the_best_of_several_and_none_below_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0.0, 0.001, 1.0, 1.003, 2.0, 2.002, 3.0, 3.004, 4.0, 4.005, 5.0, 5.006])
    monkeypatch.setattr(machine_limits.time, "perf_counter", lambda: next(ticks))
    assert machine_limits.best_of(lambda: None, plain_cpu()) == pytest.approx(0.002)  # the first warms up
    monkeypatch.setattr(machine_limits.time, "perf_counter", lambda: 0.0)
    assert machine_limits.best_of(lambda: None, plain_cpu()) == machine_limits.LEAST_SECONDS


def counters(folder: Path, *joules: float, wraps: float = 1000.0) -> Path:
    for place, amount in enumerate(joules):
        package = folder / f"intel-rapl:{place}"
        package.mkdir(exist_ok=True)
        (package / "energy_uj").write_text(f"{round(amount * 1e6)}\n")
        (package / "max_energy_range_uj").write_text(f"{round(wraps * 1e6)}\n")
    part = folder / "intel-rapl:0:0"
    part.mkdir(exist_ok=True)
    (part / "energy_uj").write_text("7\n")
    return folder


def test_energy_of_the_packages_together(tmp_path: Path) -> None:
    meter = energy.find_meter(plain_cpu(), counters(tmp_path, 10.0, 5.0))
    assert isinstance(meter, energy.Meter)
    assert meter.read() == pytest.approx(15.0)  # without the parts of a package
    found = energy.measure_energy(lambda: counters(tmp_path, 14.0, 7.0), 8, plain_cpu(), meter, 0.0)
    assert found is not None
    assert (found.source, found.n, found.batch_size) == ("rapl", energy.LEAST, 8)
    assert found.joules_per_image == pytest.approx(6.0 / (energy.LEAST * 8))


def test_a_counter_that_begins_again(tmp_path: Path) -> None:
    meter = energy.find_meter(plain_cpu(), counters(tmp_path, 999.0))
    assert isinstance(meter, energy.Meter)
    found = energy.measure_energy(lambda: counters(tmp_path, 2.0), 1, plain_cpu(), meter, 0.0)
    assert found is not None
    assert found.joules == pytest.approx(3.0)


def test_power_is_a_mean_over_time() -> None:
    watts = iter([100.0, 200.0, 300.0])
    meter = energy.Meter("nvml", lambda: next(watts))
    found = energy.measure_energy(lambda: None, 1, plain_cpu(), meter, 0.0)
    assert found is not None
    assert found.joules == pytest.approx(250.0 * found.seconds)


def test_why_energy_is_not_known(tmp_path: Path) -> None:
    assert "no visible energy counter" in str(energy.find_meter(plain_cpu(), tmp_path))
    counters(tmp_path, 1.0)
    (tmp_path / "intel-rapl:0" / "energy_uj").unlink()
    assert "only be read by the administrator" in str(energy.find_meter(plain_cpu(), tmp_path))
    still = energy.Meter("rapl", lambda: 1.0)
    assert energy.measure_energy(lambda: None, 1, plain_cpu(), still, 0.0) is None
    assert "macOS" in str(energy.find_meter(plain_cpu(kind="mps"), tmp_path))
    assert "NVML can’t be queried" in str(energy.find_meter(plain_cpu(kind="cuda"), tmp_path))
