"""What torch does not promise: there in this version, and its place taken by something else where it is missing."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from reportgen.experiment import _torch_internals as internals
from reportgen.experiment.models.builtin import NETWORKS
from reportgen.experiment.probes.cost.memory import TensorMeter, measure_peak
from reportgen.experiment.trace import formulas
from reportgen.experiment.trace.model import trace_model
from reportgen.record.trace import ModelTrace
from reportgen.spec.optimizers import TITLES
from tests.experiment.cases import plain_cpu

PROBES = (
    internals.mode_type,
    internals.flop_registry,
    internals.has_versions,
    internals.numbers_nodes,
    internals.keeps_marks,
)


def probe_again() -> None:
    for probe in PROBES:
        probe.cache_clear()


@pytest.fixture(autouse=True)
def probed_again() -> Iterator[None]:
    probe_again()
    yield
    probe_again()


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Another torch, in which a part is missing or something else."""

    def change(name: str, instead: Any = None) -> None:
        look_up = internals.look_up
        monkeypatch.setattr(internals, "look_up", lambda asked: instead if asked == name else look_up(asked))
        probe_again()

    return change


MODE = "torch.utils._python_dispatch:TorchDispatchMode"
REGISTRY = "torch.utils.flop_counter:flop_registry"


class Net(nn.Module):
    """Convolutions, one transposed and in groups, attention, matrix products, and writing in place."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1, groups=1)
        self.grouped = nn.Conv2d(8, 8, 3, groups=4)
        self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.relu = nn.ReLU(inplace=True)
        self.linear = nn.Linear(4, 10)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.up(self.grouped(self.relu(self.conv(images))))
        tokens = maps.flatten(2).transpose(1, 2)
        tokens = tokens + self.attention(tokens, tokens, tokens)[0]
        tokens += 1
        tokens[:, 0] = 0
        return self.linear((tokens @ tokens.transpose(1, 2) @ tokens).mean(1).mul_(2))


def traced(model: nn.Module | None = None) -> ModelTrace:
    torch.manual_seed(0)
    return trace_model(model or Net(), torch.randn(1, 3, 16, 16), "test")


def test_whether_tensors_count_is_known_inside_of_inference_mode_too() -> None:
    internals.has_versions.cache_clear()
    with torch.inference_mode():
        assert internals.versions_of([torch.zeros(1)]) == []
    assert internals.has_versions()


def test_this_version_has_every_part() -> None:
    assert internals.mode_type() is not None
    assert internals.flop_registry()
    assert internals.has_versions()
    assert internals.numbers_nodes()
    assert internals.keeps_marks()
    assert internals.plain_step(type(torch.optim.SGD([torch.zeros(1)]))) is not None
    assert all(internals.look_up(name) is not None for name in ("torch:_foreach_norm", "torch:_foreach_sub_"))
    made = ("torch:_make_per_tensor_quantized_tensor", "torch:_make_per_channel_quantized_tensor")
    assert all(internals.look_up(name) is not None for name in made)


@pytest.mark.parametrize(
    "model", [Net, pytest.param(NETWORKS["cifar_resnet20"], marks=pytest.mark.slow)], ids=["net", "resnet"]
)
def test_the_usual_formulas_count_as_torch_does(model: Callable[[], nn.Module], without: Callable[..., None]) -> None:
    expected = traced(model())
    assert expected.macs > 0
    without(REGISTRY)
    assert internals.flop_registry() == {}
    assert traced(model()) == expected
    assert formulas.plain_formulas()


@pytest.mark.parametrize("other", [{}, {torch.ops.aten.mm: lambda *_, **__: 7}, lambda: None, {torch.ops.aten.mm: 3}])
def test_a_registry_that_counts_otherwise_is_not_used(other: Any, without: Callable[..., None]) -> None:
    expected = traced()
    without(REGISTRY, other)
    assert traced().macs == expected.macs


@pytest.fixture
def before_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has not loaded torch's compiler yet."""
    monkeypatch.setattr(internals, "has_compiler", lambda: False)
    monkeypatch.delattr(ADDS, internals.MARK, raising=False)


ADDS = torch.optim.Optimizer.add_param_group.__wrapped__  # type: ignore[attr-defined]


def stepped(make: Callable[[list[Tensor]], torch.optim.Optimizer], told: list[str]) -> list[Tensor]:
    """Parameters after three steps; `told` gets a word of the hooks of each."""
    generator = torch.Generator().manual_seed(0)
    parameters = [torch.randn(4, 3, generator=generator).requires_grad_() for _ in range(2)]
    optimizer = make(parameters)
    optimizer.register_step_pre_hook(lambda *_: told.append("before"))
    optimizer.register_step_post_hook(lambda *_: told.append("after"))
    for _ in range(3):
        for parameter in parameters:
            parameter.grad = torch.randn(4, 3, generator=generator)
        optimizer.step()
    return parameters


@pytest.mark.usefixtures("before_the_compiler")
@pytest.mark.parametrize("name", sorted(TITLES))
def test_an_optimizer_without_the_compiler_steps_as_torchs(name: str) -> None:
    kind, made = getattr(torch.optim, TITLES[name]), []
    told: list[str] = []

    def make(parameters: list[Tensor]) -> torch.optim.Optimizer:
        made.append(internals.without_compiler(lambda: kind(parameters, lr=0.1)))
        assert not hasattr(ADDS, internals.MARK)  # what comes later is marked by torch itself
        return made[0]

    ours, theirs = stepped(make, told), stepped(lambda parameters: kind(parameters, lr=0.1), [])
    assert all(torch.equal(left, right) for left, right in zip(ours, theirs, strict=True))
    assert told == ["before", "after"] * 3
    assert torch.is_grad_enabled()
    assert ("step" in vars(made[0])) is (internals.plain_step(kind) is not None)


@pytest.mark.usefixtures("before_the_compiler")
@pytest.mark.parametrize("other", ["no marks", "no wrapper", "another wrapper"])
def test_where_torch_is_built_in_another_way_the_optimizer_is_torchs(
    monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    if other == "no marks":
        monkeypatch.setattr(torch, "_disable_dynamo", lambda function: function)
    elif other == "no wrapper":
        monkeypatch.setattr(torch.optim.Optimizer, "add_param_group", ADDS)
    else:
        monkeypatch.setattr(torch.optim.SGD, "step", torch.no_grad()(ADDS))
    parameter = torch.zeros(1, requires_grad=True)
    made = internals.without_compiler(lambda: torch.optim.SGD([parameter], lr=1.0))
    assert "step" not in vars(made)
    assert made.param_groups[0]["params"] == [parameter]


class DeafMode:
    """A mode that hears nothing."""

    def __enter__(self) -> DeafMode:
        return self

    def __exit__(self, *_: object) -> None:
        return


class OtherMode:
    """A mode that wants to be made in another way."""

    def __init__(self, *, wanted: str) -> None:
        raise AssertionError(wanted)


@pytest.mark.parametrize("other", [None, DeafMode, OtherMode])
def test_without_a_dispatch_mode_nothing_is_counted_and_it_is_said(other: Any, without: Callable[..., None]) -> None:
    expected = traced()
    assert not any("Not measured" in note.text for note in expected.notes)
    without(MODE, other)
    found = traced()
    assert any(f"torch {torch.__version__}" in note.text and "Not measured" in note.text for note in found.notes)
    assert {"conv2d", "conv_transpose2d", "linear", "matmul"} <= set(found.uncounted)
    assert found.macs == 0
    assert all(operator.macs is None for operator in found.operators if operator.name == "conv2d")
    same = {"operators", "macs", "uncounted", "modules", "notes"}
    assert found.model_dump(exclude=same) == expected.model_dump(exclude=same)


def test_without_a_dispatch_mode_memory_is_not_known(without: Callable[..., None]) -> None:
    worked = []
    device = plain_cpu()
    assert measure_peak(lambda: worked.append(torch.zeros(10)), device) == (40, "tensors")
    without(MODE)
    assert measure_peak(lambda: worked.append(torch.zeros(10)), device) is None
    assert len(worked) == 2
    with pytest.raises(RuntimeError, match="watched"), TensorMeter():
        pass


def test_without_versions_what_is_written_in_place_is_known_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = traced()
    monkeypatch.setattr(internals, "has_versions", lambda: False)
    assert internals.versions_of([torch.zeros(1)]) is None
    assert traced() == expected


def test_without_versions_buffers_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    class Counting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("seen", torch.zeros(1))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            self.seen += 1
            return images.flatten(1) * self.seen

    monkeypatch.setattr(internals, "has_versions", lambda: False)
    model = Counting()
    traced(model)
    assert model.seen.item() == 0


def test_without_torchs_key_the_address_of_the_memory_is_it() -> None:
    class Storage:
        def data_ptr(self) -> int:
            return 4096

    class Thing:
        def untyped_storage(self) -> Storage:
            return Storage()

    assert internals.storage_key(Thing()) == 4096  # type: ignore[arg-type]
    tensor = torch.zeros(4, device="meta")
    assert internals.storage_key(tensor) == internals.storage_key(tensor[1:])
    assert internals.storage_key(tensor) != internals.storage_key(torch.zeros(4, device="meta"))
    assert internals.storage_key(torch.zeros(2, 2).to_sparse()) < 0


def test_norms_and_differences_one_by_one(without: Callable[..., None]) -> None:
    torch.manual_seed(0)
    some, others = [torch.randn(3, 4), torch.randn(5)], [torch.randn(3, 4), torch.randn(5)]
    expected = [float(norm) for norm in internals.norms(some)]
    left = [tensor.clone() for tensor in some]
    internals.subtract(left, others)
    without("torch:_foreach_norm")
    without("torch:_foreach_sub_")
    assert [float(norm) for norm in internals.norms(some)] == pytest.approx(expected)
    again = copy.deepcopy(some)
    internals.subtract(again, others)
    assert all((a == b).all() for a, b in zip(again, left, strict=True))


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("next_number", lambda: getattr(torch, "nothing_of_this_name")),  # noqa: B009 - raises, and that is wanted
        ("next_number", lambda: 0),
        ("number_of", lambda node: node.nothing_of_this_name),
        ("number_of", lambda _node: 5),
    ],
)
def test_nodes_that_are_not_numbered_in_order_are_noticed(
    name: str, instead: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(internals, name, instead)
    assert not internals.numbers_nodes()


def test_what_autograd_does_not_tell_of_a_node_is_left_out() -> None:
    assert internals.incoming_shapes(object()) == []  # type: ignore[arg-type]
    assert list(internals.saved_tensors(object())) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("rows", [False, True])
def test_a_quantised_tensor_is_made_without_a_word_of_torchs_future(rows: bool) -> None:
    whole = torch.tensor([[1, -2], [3, 4]], dtype=torch.int8)
    scale, zero = (torch.full((2,), 0.5), torch.zeros(2, dtype=torch.long)) if rows else (0.5, 0)
    before = torch.is_warn_always_enabled()
    torch.set_warn_always(True)  # else the first test alone would hear it
    try:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            made = internals.quantised_tensor(whole, scale, zero, 0 if rows else None)
    finally:
        torch.set_warn_always(before)
    assert heard == []
    assert made.dequantize().tolist() == [[0.5, -1.0], [1.5, 2.0]]


def test_without_torchs_maker_of_quantised_tensors_it_is_said(without: Callable[..., None]) -> None:
    without("torch:_make_per_tensor_quantized_tensor")
    with pytest.raises(RuntimeError, match="this version of torch makes none"):
        internals.quantised_tensor(torch.zeros(2, dtype=torch.int8), 0.1, 0, None)
