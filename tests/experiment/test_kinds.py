"""Models of every kind that people bring, from the factory to the evaluation: each ends in numbers, and true ones."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reportgen.errors import ModelError
from reportgen.experiment.attacks import gradient
from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.evaluate import evaluate
from reportgen.experiment.latency import measure_latency
from reportgen.experiment.models import LoadedModel, load_model
from reportgen.experiment.models.preparing import compilers_as_before
from reportgen.experiment.placement import Placement, place_by_trial
from reportgen.experiment.probes.autograd import PROBE as AUTOGRAD
from reportgen.experiment.probes.context import Allowance
from reportgen.experiment.probes.explanations import PROBE as EXPLANATIONS
from reportgen.experiment.probes.initial_model import initial_model
from reportgen.experiment.probes.response import PROBE as RESPONSE
from reportgen.experiment.probes.weights import PROBE as WEIGHTS
from reportgen.experiment.snapshot import restored
from reportgen.experiment.trace import time_modules, trace_model
from reportgen.experiment.training import run_training
from reportgen.record.trace import ModelTrace
from reportgen.spec.types import ModelSpec, RunSpec
from tests.experiment.cases import Heard, noise, plain_cpu
from tests.experiment.probes.cases import finished
from tests.support import kinds

HERE = Path(kinds.__file__).parent
SMALL = 3 * 8 * 9 + 8 + 8 * 10 + 10
"""Parameters of kinds.Small."""
ATTENTION = 16 * (3 * 64 * 16 + 16 * 48) + 2 * 16 * 16 * 16 + 160
SMALL_MACS = 3 * 8 * 9 * 32 * 32 + 80
LAZY = (3 * 8 * 9 + 8) + 2 * 8 + (8 * 30 * 30 * 10 + 10)


@dataclass(frozen=True)
class Known:
    """What is right for a kind."""

    parameters: int = SMALL
    channels_last: bool = True
    note: str = ""
    """Part of what the report says of it."""
    evaluated: bool = False
    """Not trained."""
    macs: int | None = SMALL_MACS


CONTIGUOUS = Known(channels_last=False, note="contiguous")
TAKEN_OUT = Known(note="unwrapped from")
COMPUTED = "computed from other parameters"
KINDS = {
    "Small": Known(),
    "FlattensByView": Known(3 * 4 * 25 + 4 + 784 * 10 + 10, channels_last=False, note="contiguous", macs=None),
    "ViewsInTraining": CONTIGUOUS,
    "ReadsMemory": CONTIGUOUS,
    "ShufflesByView": Known(SMALL + 72, macs=None),
    "HasVolumes": Known(4 * 27 + 4 + 50, macs=None),
    "HoldsALock": Known(),
    "HoldsAFile": Known(),
    "KnowsItsParent": Known(SMALL + 1),
    "ClosesOverItself": Known(),
    "ScriptedHead": Known(note="TorchScript is shown as one box, whatever is inside: head."),
    "TracedBody": Known(SMALL + 8 * 8 * 9 + 8, note="one box", macs=SMALL_MACS + 2 * 8 * 8 * 9 * 1024),
    "ScriptedWhole": Known(SMALL + 16, note="one box", macs=3 * 8 * 9 * 900 + 80),
    "TracedWhole": Known(note="one box"),
    "FrozenScript": Known(note="packed or constant", evaluated=True),
    "Compiled": Known(note="unwrapped from torch.compile"),
    "CompiledInPlace": Known(note="unwrapped from torch.compile"),
    "CompiledPart": Known(note="unwrapped from torch.compile"),
    "CompiledParallel": Known(note="unwrapped from torch.compile and DataParallel"),
    "Parallel": TAKEN_OUT,
    "ParallelPart": TAKEN_OUT,
    "Lazy": Known(LAZY, note="Lazy layers got their shapes", macs=3 * 8 * 9 * 900 + 72000),
    "MadeLate": Known(LAZY - 16, note="created before anything was measured: fc.", macs=3 * 8 * 9 * 900 + 72000),
    "MadeByWidth": Known(LAZY - 16, note="before anything was measured: heads.7200", macs=3 * 8 * 9 * 900 + 72000),
    "ViewsTheImage": Known(30730, channels_last=False, note="contiguous", macs=30720),
    "LazySequence": Known(3 * 4 * 9 + 4 + 900 * 10 + 10, note="Lazy layers", macs=None),
    "Checkpointed": Known(),
    "ReentrantCheckpoint": Known(),
    "ReentrantWhole": Known(),
    "NoGradBackbone": Known(),
    "InferenceBackbone": Known(),
    "FrozenBackbone": Known(),
    "NoGradInEvaluation": Known(),
    "DetachesInput": Known(),
    "RefusesGradients": Known(),
    "RefusesGradientMode": Known(),
    "CustomFunction": Known(),
    "CustomConvolution": Known(),
    "Mapped": Known(),
    "Ensemble": Known(3 * 3072 * 10, macs=3 * 3072 * 10),
    "Attends": Known((3 * 16 * 64 + 16) + (16 * 48 + 48) + 170, evaluated=True, macs=ATTENTION),
    "WeightNormed": Known(SMALL + 8, note=COMPUTED),
    "OldWeightNorm": Known(SMALL + 8, note=COMPUTED),
    "SpectralNormed": Known(note=COMPUTED, macs=None),
    "OldSpectralNorm": Known(note=COMPUTED, macs=None),
    "Adapted": Known(SMALL + 2 * 8 + 10 * 2, note=COMPUTED, macs=SMALL_MACS + 10 * 2 * 8),
    "Orthogonal": Known(note=COMPUTED, macs=None),
    "FiltersInFrequency": Known(3 * 32 * 17 + 30730, note="A complex parameter counts once", macs=30720),
    "ComplexBuffer": Known(SMALL + 72, note="complex", macs=None),
    "HalfPart": Known(SMALL + 72, note="in bfloat16, as the model defines them", macs=SMALL_MACS + 64),
    "DoublePart": Known(SMALL + 72, note="in float64, as the model defines them", macs=SMALL_MACS + 64),
    "WholeHalf": Known(note="made in float16 and converted to float32"),
    "Quantised": Known(3072 * 16 + 16 + 170, note="those of integers", evaluated=True, macs=3072 * 16 + 160),
    "StaticallyQuantised": Known(note="packed", evaluated=True, macs=3 * 8 * 9 * 900 + 80),
    "PacksItself": Known(10, macs=30720),
    "KnowsItself": Known(),
    "SharesParts": Known(SMALL + 2 * 8 + 8 * 8 * 9, macs=SMALL_MACS + 3 * 8 * 8 * 9 * 1024),
    "ReturnsViews": Known(SMALL + 90, macs=SMALL_MACS + 80),
    "HooksItself": Known(),
    "StaysInEvaluation": Known(SMALL + 16),
    "EvaluatesItsWay": Known(SMALL + 8),
    "CallsItsWay": Known(),
    "ListsParameters": Known(macs=3 * 8 * 9 * 900 + 80),
    "TakesMore": Known(),
    "RefusesOddBatches": Known(),
    "CachesByBatch": Known(),
}


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """torch's own warnings about what it is about to drop, and about gradients that a kind cuts off."""
    gc.freeze()  # so that the search at the end is for what this test made, not through all of torch
    with warnings.catch_warnings(), compilers_as_before():
        warnings.simplefilter("ignore")
        yield
        gc.collect()


def load(name: str) -> LoadedModel:
    torch.manual_seed(0)
    return load_model(ModelSpec(source=f"kinds.py:{name}"), HERE, 10, image_shape=(3, 32, 32))


def run_of(known: Known) -> RunSpec:
    return RunSpec(mode="evaluate") if known.evaluated else RunSpec(steps=2, batch_size=16)


def state_of(module: nn.Module) -> dict[str, tuple[Tensor, Tensor, tuple[int, ...]]]:
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    return {name: (tensor, tensor.detach().clone(), tensor.stride()) for name, tensor in tensors.items()}


def place(name: str, data: LoadedData) -> tuple[LoadedModel, Placement]:
    loaded = load(name)
    before, modes = state_of(loaded.module), [child.training for child in loaded.module.modules()]
    state = torch.random.get_rng_state()
    placed = place_by_trial(loaded.module, data, run_of(KINDS[name]), plain_cpu())
    after = state_of(loaded.module)
    assert before.keys() == after.keys()
    for key, (tensor, values, strides) in before.items():
        assert after[key][0] is tensor
        assert torch.equal(after[key][1], values), key
        assert after[key][2] == strides
        assert tensor.grad is None
    assert modes == [child.training for child in loaded.module.modules()]
    assert torch.equal(torch.random.get_rng_state(), state)
    return loaded, placed


def trace(loaded: LoadedModel, placed: Placement) -> ModelTrace:
    example = placed.data.normalization.apply(placed.data.test_images[:1])
    return trace_model(loaded.module, example, "kinds.py")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name.startswith("Compiled") else name for name in KINDS]
)
def test_every_kind_is_counted_evaluated_trained_and_timed_as_it_was_made(name: str) -> None:
    known, data = KINDS[name], noise(train=32, test=20)
    loaded, placed = place(name, data)
    found = check_counts(known, loaded, placed)
    check_evaluation(name, loaded, placed)
    if not known.evaluated:
        check_training(name, loaded, placed)
        check_times(loaded, placed, found)


def check_counts(known: Known, loaded: LoadedModel, placed: Placement) -> ModelTrace:
    assert placed.device.channels_last == placed.data.normalization.channels_last == known.channels_last
    found = trace(loaded, placed)
    assert found.parameters == known.parameters
    assert sum(call.own_parameters for call in found.modules) == known.parameters
    assert known.macs is None or found.macs == known.macs
    assert not found.unused
    told = " ".join(note.text for note in (*loaded.notes, *placed.notes, *found.notes))
    assert known.note in told
    return found


def check_evaluation(name: str, loaded: LoadedModel, placed: Placement) -> None:
    data = noise(train=32, test=20)
    with torch.no_grad():
        images = data.normalization.apply(data.test_images).contiguous()
        step = 20 if name == "Quantised" else 4  # whose activations are scaled by the largest of the batch
        expected = torch.cat([loaded.module(part) for part in images.split(step)]).numpy()
    logits = evaluate(loaded.module, data.test_images, placed.data.normalization, placed.device)
    assert np.abs(logits - expected).max() <= 1e-4 * np.abs(expected).max()


def check_training(name: str, loaded: LoadedModel, placed: Placement) -> None:
    known = {key: values for key, (_, values, _) in state_of(loaded.module).items()}
    result = run_training(loaded.module, placed.data, run_of(KINDS[name]), placed.device, Heard())
    assert result.training.steps == 2
    assert np.isfinite(result.arrays["train.loss"]).all()
    learnt = dict(loaded.module.named_parameters())
    moved = [key for key, parameter in learnt.items() if not torch.equal(parameter.detach(), known[key])]
    assert moved
    assert set(moved) <= {key for key, parameter in learnt.items() if parameter.requires_grad}
    assert all(learnt[key].dtype == known[key].dtype for key in learnt)


def check_times(loaded: LoadedModel, placed: Placement, found: ModelTrace) -> None:
    batch = placed.data.normalization.apply(placed.data.test_images[:4])
    timed = time_modules(loaded.module, batch, found, budget_seconds=0.0)
    assert all(call.seconds is not None for call in timed.modules)
    assert measure_latency(loaded.module, (3, 32, 32), placed.device, (1,), 0.0)


def test_torchscript_is_one_box_between_its_neighbours() -> None:
    loaded, placed = place("TracedBody", noise(train=32, test=20))
    found = trace(loaded, placed)
    assert [operator.name for operator in found.operators] == [
        "input",
        "conv2d",
        "scripted",
        "scripted",
        "mean",
        "linear",
    ]
    assert [(edge.source, edge.target) for edge in found.edges] == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]
    assert [operator.macs for operator in found.operators[2:4]] == [8 * 8 * 9 * 1024] * 2
    assert [call.path for call in found.modules] == ["", "conv", "block", "block", "fc"]


def test_parametrised_layers_are_called_what_they_stand_for() -> None:
    loaded, placed = place("WeightNormed", noise(train=32, test=20))
    conv = next(call for call in trace(loaded, placed).modules if call.path == "conv")
    assert (conv.kind, conv.is_leaf, conv.parameters) == ("Conv2d", True, 3 * 8 * 9 + 8 + 8)
    assert conv.settings.endswith("weight by WeightNorm")
    loaded, placed = place("Adapted", noise(train=32, test=20))
    found = trace(loaded, placed)
    assert [call.kind for call in found.modules] == ["Adapted", "Conv2d", "Linear"]
    assert found.trainable_parameters == found.parameters - 80


def test_packed_weights_are_counted_in_bytes_too() -> None:
    loaded, placed = place("Quantised", noise(train=32, test=20))
    found = trace(loaded, placed)
    assert found.parameter_bytes == (3072 * 16 + 16 * 10) + 4 * (16 + 10)
    assert found.trainable_parameters == 0


@pytest.mark.parametrize("name", ["HoldsALock", "ReadsMemory"])
def test_a_model_that_changes_when_it_is_placed_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a type is cast or a format is misread: logits of another model are an error."""
    data, module = noise(train=32, test=20), Widens()
    device = plain_cpu("float64")
    with pytest.raises(ModelError, match="float64 the model's logits differ by 100%"):
        place_by_trial(module, data, RunSpec(steps=2, batch_size=16), device)


class Widens(kinds.Small):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * self.fc.weight.element_size() / 4


def test_types_are_those_of_the_factory_on_the_device() -> None:
    module = load("DoublePart").module
    module.register_parameter("wave", nn.Parameter(torch.ones(2, dtype=torch.complex64)))
    plain_cpu().place(module)
    types = {name: tensor.dtype for name, tensor in (*module.named_parameters(), *module.named_buffers())}
    assert types["wave"] == torch.complex64
    assert types["inner.weight"] == torch.float64
    assert types["order"] == torch.int64
    assert types["conv.weight"] == torch.float32
    plain_cpu("float64").place(module)
    assert module.wave.dtype == torch.complex128  # type: ignore[union-attr]
    assert module.get_parameter("conv.weight").dtype == torch.float64


def test_where_auto_chose_a_precision_that_the_model_does_not_take_it_is_float32() -> None:
    data, loaded = noise(train=32, test=20), load("CustomConvolution")
    placed = place_by_trial(loaded.module, data, RunSpec(steps=2), plain_cpu("bfloat16", reason="it has it"))
    assert placed.device.facts.precision == "float32"
    assert "can’t be trained in bfloat16" in str(placed.device.facts.precision_reason)


def test_distributed_models_are_taken_out(tmp_path: Path) -> None:
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path / 'store'}", rank=0, world_size=1)
    try:
        (tmp_path / "net.py").write_text(
            "from torch import nn\n"
            "from torch.nn.parallel import DistributedDataParallel\n"
            "def make(): return DistributedDataParallel(nn.Sequential(nn.Flatten(), nn.Linear(3072, 10)))\n"
        )
        loaded = load_model(ModelSpec(source="net.py:make"), tmp_path, 10, image_shape=(3, 32, 32))
        data = noise(train=32, test=20)
        place_by_trial(loaded.module, data, RunSpec(steps=2), plain_cpu())
    finally:
        torch.distributed.destroy_process_group()
    assert type(loaded.module) is nn.Sequential
    assert "DistributedDataParallel" in loaded.notes[0].text


def test_lazy_layers_that_nothing_reaches_are_named(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "from torch import nn\n"
        "class Net(nn.Sequential):\n"
        "    def __init__(self):\n"
        "        super().__init__(nn.Flatten(), nn.LazyLinear(10))\n"
        "        self.spare = nn.LazyLinear(3)\n"
        "    def forward(self, x): return self[1](self[0](x))\n"
    )
    spec = ModelSpec(source="net.py:Net")
    with pytest.raises(ModelError, match="does not reach: spare"):
        load_model(spec, tmp_path, 10, image_shape=(3, 32, 32))
    assert load_model(spec, tmp_path, 10).unfinished


@pytest.mark.slow
def test_compiled_code_runs_compiled_again_afterwards() -> None:
    with compilers_as_before():
        load("CompiledPart")
    calls = []
    function = torch.compile(torch.sin, backend=lambda graph, _inputs: calls.append(1) or graph.forward)
    function(torch.ones(1))
    assert calls
    torch._dynamo.reset()


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("ReentrantCheckpoint", set()),
        ("ReentrantWhole", set()),
        ("CustomFunction", set()),
        ("FrozenBackbone", set()),
        ("NoGradBackbone", {"integrated_gradients"}),
        ("DetachesInput", {"integrated_gradients"}),
        ("CustomConvolution", {"integrated_gradients"}),
        ("RefusesGradients", {"grad_cam", "integrated_gradients"}),
        ("NoGradInEvaluation", {"integrated_gradients"}),
    ],
)
def test_what_needs_gradients_is_measured_or_says_why_not(name: str, without: set[str]) -> None:
    context = finished(load(name).module, noise(train=32, test=20))
    before = state_of(context.module)
    facts = EXPLANATIONS.run(context, Allowance(1.0)).facts
    assert {gap.part for gap in facts.gaps if gap.reason == "no_gradient"} == without  # type: ignore[attr-defined]
    assert all(torch.equal(values, before[key][1]) for key, (_, values, _) in state_of(context.module).items())


@pytest.mark.parametrize("name", ["ReentrantCheckpoint", "Checkpointed"])
def test_checkpoints_have_the_gradients_of_the_model_without_them(name: str) -> None:
    module, plain = load(name).module, load("Small").module
    plain.load_state_dict(module.state_dict())
    x, labels = torch.rand(3, 3, 32, 32), torch.arange(3)
    assert torch.allclose(gradient(module, x, labels), gradient(plain, x, labels), atol=1e-7)
    module.zero_grad()  # where a checkpoint runs again, backward leaves the parameters' gradients
    graph = AUTOGRAD.run(finished(module, noise(train=32, test=20)), Allowance(1.0)).facts
    assert all(parameter.gradient for parameter in graph.parameters if "fc" in parameter.names[0])  # type: ignore[attr-defined]
    assert all(parameter.grad is None for parameter in module.parameters())


def test_a_model_that_evaluates_without_gradients_only_has_weights_and_no_gradients() -> None:
    facts = WEIGHTS.run(finished(load("RefusesGradientMode").module, noise(train=32, test=20)), Allowance(1.0)).facts
    assert facts.sampled is None  # type: ignore[attr-defined]
    assert len(facts.matrices) == 2  # type: ignore[attr-defined]


def test_a_parametrised_weight_is_read_as_that_of_its_layer() -> None:
    facts = WEIGHTS.run(finished(load("WeightNormed").module, noise(train=32, test=20)), Allowance(1.0)).facts
    first = facts.matrices[0]  # type: ignore[attr-defined]
    assert (first.kind, first.rows, first.columns) == ("convolution", 8, 27)


@pytest.mark.parametrize("name", ["SpectralNormed", "Adapted", "ComplexBuffer", "ScriptedHead", "Mapped"])
def test_layers_of_unusual_kinds_are_driven(name: str) -> None:
    facts = RESPONSE.run(finished(load(name).module, noise(train=32, test=20)), Allowance(1.0)).facts
    assert facts.units  # type: ignore[attr-defined]


def test_a_copy_for_which_there_is_no_memory_is_not_one_that_can_not_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    module = load("Small").module
    context = finished(module, noise(train=32, test=20), dict(module.state_dict()))

    def load_nothing(*_arguments: object, **_named: object) -> None:
        raise MemoryError

    monkeypatch.setattr(type(module), "load_state_dict", load_nothing)
    with pytest.raises(MemoryError):
        initial_model(context, context.inputs(torch.arange(4)))


@pytest.mark.parametrize(
    ("name", "faithful"), [("HoldsALock", True), ("KnowsItsParent", False), ("ClosesOverItself", False)]
)
def test_the_initial_model_is_a_copy_or_is_not_there(name: str, faithful: bool) -> None:
    """A copy that computes with the trained model's weights would be compared with itself."""
    module = load(name).module
    initial = {key: tensor.detach() + 1 for key, tensor in module.state_dict().items()}
    context = finished(module, noise(train=32, test=20), initial)
    found, why = initial_model(context, context.inputs(torch.arange(4)))
    assert (found is not None) == faithful == (why is None)
    if found is not None:
        assert torch.equal(found.state_dict()["fc.bias"], initial["fc.bias"])


def test_everything_of_a_model_comes_back() -> None:
    module = load("CachesByBatch").module
    module.register_buffer("count", torch.zeros(()))
    module.conv.weight.grad = torch.ones_like(module.conv.weight)  # type: ignore[union-attr]
    before, conv = state_of(module), module.conv
    drawn = np.random.default_rng(0).random()
    with restored(module):
        module(torch.zeros(3, 3, 32, 32)).sum().backward()
        module.count = module.count + 1  # type: ignore[operator]
        module.conv = nn.Identity()
        module.train()
        module.random.random(5)  # type: ignore[union-attr, operator]
        module.register_forward_hook(lambda *_: None)
        module.double().to(memory_format=torch.channels_last)
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.add_(1).requires_grad_(False)
        module.extra = 3  # type: ignore[assignment]
    after = state_of(module)
    assert {key: tensor for key, (tensor, _, _) in after.items()}.keys() == before.keys()
    assert all(after[key][0] is before[key][0] and torch.equal(after[key][1], before[key][1]) for key in before)
    assert all(after[key][2] == before[key][2] for key in before)
    assert all(parameter.requires_grad for parameter in module.parameters())
    assert bool((module.conv.weight.grad == 1).all())  # type: ignore[union-attr, operator]
    assert module.conv is conv
    assert (module.calls, module.seen, module.cache) == (0, [], {})
    assert not module.training
    assert not hasattr(module, "extra")
    assert not module._forward_hooks
    assert module.random.random() == drawn  # type: ignore[union-attr, operator]
