from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from reportgen.errors import ModelError
from reportgen.experiment.models import logits_of
from reportgen.experiment.models.builtin import NETWORKS
from reportgen.experiment.trace import trace_model
from reportgen.experiment.trace.watching import record
from reportgen.record.trace import ModelTrace
from tests.experiment.trace.nets import (
    Dynamic,
    InPlace,
    Named,
    Paired,
    Recurrent,
    Residual,
    Reused,
    Spare,
    Structured,
    Tied,
    Vectors,
)

Linear = NETWORKS["linear"]
TwoConv = NETWORKS["two_conv"]

IMAGE = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def traced(model: nn.Module, image: Tensor = IMAGE) -> ModelTrace:
    return trace_model(model, image, "test")


def sources(trace: ModelTrace, name: str) -> list[str]:
    """Names of the operators whose tensors the last operator called `name` reads."""
    index = max(operator.index for operator in trace.operators if operator.name == name)
    return [trace.operators[edge.source].name for edge in trace.edges if edge.target == index]


def test_reused_module_is_called_four_times_and_counted_once() -> None:
    trace = traced(Reused())
    calls = [row for row in trace.modules if row.path == "conv"]
    assert [row.call for row in calls] == [0, 1, 2, 3]
    assert [row.own_parameters for row in calls] == [576, 0, 0, 0]
    assert [row.macs for row in calls] == [576 * 1024] * 4
    assert trace.parameters == 24 + 576 + 90
    assert trace.macs == 24 * 1024 + 4 * 576 * 1024 + 80


def test_tied_parameters_are_counted_once_and_marked() -> None:
    trace = traced(Tied())
    assert trace.parameters == 9
    assert [row.own_parameters for row in trace.modules] == [0, 9, 0]
    assert [row.parameters for row in trace.modules] == [9, 9, 9]
    assert [row.shared for row in trace.modules] == [False, True, True]


def test_the_branch_that_the_data_takes_is_traced() -> None:
    bright, dark = traced(Dynamic(), IMAGE.abs() + 2.5), traced(Dynamic(), -IMAGE.abs())
    assert [row.path for row in bright.modules] == ["", "bright", "again", "again", "again", "again"]
    assert [row.path for row in dark.modules] == ["", "dark", "again"]
    assert bright.unused == ("dark",)
    assert dark.unused == ("bright",)


@pytest.mark.parametrize(
    ("model", "shapes"),
    [
        (Named(), ((1, 10, 30, 30), (1, 10))),
        (Paired(), ((1, 10), (1, 10, 30, 30))),
        (Structured(), ((1, 10), (1, 10, 30, 30))),
    ],
)
def test_outputs_of_any_shape_of_container(model: nn.Module, shapes: tuple[tuple[int, ...], ...]) -> None:
    trace = traced(model)
    assert trace.output_shapes == shapes
    assert tuple(logits_of(model.eval()(IMAGE)).shape) == (1, 10)
    assert all(operator.on_path for operator in trace.operators)


def test_residual_edge_comes_from_the_input() -> None:
    trace = traced(Residual())
    assert sources(trace, "add") == ["conv2d", "input"]
    assert sources(trace, "flatten") == ["add"]


def test_in_place_writes_move_the_edges() -> None:
    trace = traced(InPlace())
    assert sources(trace, "relu") == ["conv2d"]
    assert sources(trace, "mul") == ["conv2d"]
    total = max(operator.index for operator in trace.operators if operator.name == "add")
    made = [trace.operators[edge.source].name for edge in trace.edges if edge.target == total]
    assert made == ["setitem", "mul"]
    assert all(operator.on_path for operator in trace.operators)


def test_recurrent_layers_are_counted() -> None:
    first, second, head = 2 * (80 * 32 + 80 * 20), 2 * (80 * 40 + 80 * 20), 400
    trace = traced(Recurrent())
    assert trace.macs == 32 * (first + second) + head
    assert trace.uncounted == ()


def test_matrix_times_vector_and_inner_product_are_counted() -> None:
    assert traced(Vectors()).macs == 30720 + 3072


def test_bilinear_is_counted() -> None:
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Bilinear(32, 16, 10)

        def forward(self, x: Tensor) -> Tensor:
            return self.layer(x[:, 0, 0], x[:, 1, 0, :16])

    assert traced(Pair()).macs == 10 * 32 * 16 + 10 * 32


def test_a_matrix_operator_without_formula_is_named_and_not_counted_as_zero() -> None:
    class Distances(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.linalg.inv(x[:, 0]).mean((1, 2), keepdim=True)[:, 0]

    trace = traced(Distances())
    assert any("linalg_inv" in name for name in trace.uncounted)
    assert [operator.macs for operator in trace.operators if operator.name == "linalg_inv"] == [None]


def test_attention_layers_show_their_children_and_their_matrices() -> None:
    layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
    model = nn.Sequential(nn.Flatten(1, 2), layer, nn.Flatten(), nn.Linear(96 * 32, 10))
    before = torch.backends.mha.get_fastpath_enabled()
    trace = traced(model)
    assert torch.backends.mha.get_fastpath_enabled() == before
    attention = next(row for row in trace.modules if row.kind == "MultiheadAttention")
    assert attention.macs == 96 * (3 * 32 * 32 + 32 * 32) + 2 * 96 * 96 * 32
    assert attention.parameters == attention.own_parameters == 4 * 32 * 32 + 4 * 32
    assert {"1.linear1", "1.linear2", "1.norm2"} <= {row.path for row in trace.modules}
    assert trace.unused == ()


def test_activation_bytes_by_hand() -> None:
    """What two_conv keeps: the input of each convolution and of the linear layer, both ReLU outputs (which the pools
    keep too, once) and the pools' indices (8 bytes each)."""
    trace = traced(TwoConv())
    pixels, relu1, relu2 = 4 * 3 * 32 * 32, 4 * 32 * 32 * 32, 4 * 64 * 16 * 16
    pool1, pool2 = relu1 // 4, relu2 // 4
    assert trace.activation_bytes_training == pixels + relu1 + pool1 + 2 * pool1 + relu2 + pool2 + 2 * pool2
    assert trace.activation_bytes_inference == pixels + relu1  # the first convolution


def test_activation_bytes_of_resnet18_are_those_of_a_training_step() -> None:
    """13.9 MiB for a batch of 32, of which a single image has the thirty-second part."""
    trace = traced(models.resnet18(num_classes=10))
    assert 32 * trace.activation_bytes_training / 2**20 == pytest.approx(13.9, abs=0.1)


def test_frozen_layers_keep_nothing_and_are_not_trainable() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(3600, 10))
    model[0].requires_grad_(False)
    trace = traced(model)
    assert trace.modules[1].activation_bytes == 0
    assert (trace.modules[1].parameters, trace.modules[1].trainable) == (112, 0)
    assert trace.trainable_parameters == 36010


def test_receptive_field_by_hand() -> None:
    net = traced(TwoConv()).receptive_field
    assert net is not None
    assert (net.size, net.stride, net.feature_map) == (10, 4, (8, 8))
    dilated = nn.Sequential(nn.Conv2d(3, 4, 3, dilation=2), nn.AvgPool2d(3, 2), nn.Flatten(), nn.Linear(676, 10))
    field = traced(dilated).receptive_field
    assert field is not None
    assert (field.size, field.stride, field.feature_map) == (7, 2, (13, 13))


def test_a_fully_connected_start_has_no_receptive_field() -> None:
    assert traced(Linear()).receptive_field is None


def test_the_model_is_left_as_it_was() -> None:
    model = Spare().train()
    model.running.eval()
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
    state = torch.random.get_rng_state()
    traced(model)
    assert (model.training, model.running.training, model.spare.training) == (True, False, True)
    assert all(torch.equal(buffer, buffers[name]) for name, buffer in model.named_buffers())
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_parameter_that_is_only_read_is_used_and_an_idle_module_is_not() -> None:
    trace = traced(Spare())
    assert trace.unused == ("spare",)
    assert sum(row.own_parameters for row in trace.modules) == trace.parameters == 30 + 56 + 6


def test_hooks_are_gone_after_a_failure_and_the_error_names_the_module() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(10, 10))
    with pytest.raises(ModelError, match=r"2 \(Linear\) got \(1, 3600\)"):
        traced(model)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_a_model_that_refuses_gradients_is_traced_without_them() -> None:
    class Writes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(3, 10)

        def forward(self, x: Tensor) -> Tensor:
            self.head.weight.mul_(1.0)
            return self.head(x.mean((2, 3)))

    trace = traced(Writes())
    assert trace.macs == 30
    assert len(trace.notes) == 1


@pytest.mark.parametrize("model", [Reused(), Tied(), Residual(), InPlace(), Recurrent(), TwoConv()])
def test_the_watched_output_is_the_plain_output(model: nn.Module) -> None:
    plain = model.eval()(IMAGE)
    assert torch.equal(record(model, IMAGE, gradients=True).output, plain)


@pytest.mark.parametrize(
    "name", ["resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", pytest.param("swin_t", marks=pytest.mark.slow)]
)
def test_the_watched_output_of_known_models_is_the_plain_output(name: str) -> None:
    model = models.get_model(name, weights=None, num_classes=10).eval()
    with torch.no_grad():
        plain = model(IMAGE)
    assert torch.equal(record(model, IMAGE, gradients=False).output, plain)


def test_the_meta_device_gives_the_same_trace() -> None:
    with torch.device("meta"):
        model, image = TwoConv(), torch.empty(1, 3, 32, 32)
    assert traced(model, image) == traced(TwoConv())


class Outside(nn.Module):
    """Ten averages of a convolution, of which `then` makes the logits."""

    def __init__(self, then: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.conv, self.then = nn.Conv2d(3, 10, 3), then
        self.register_buffer("table", torch.arange(10.0))

    def forward(self, x: Tensor) -> Tensor:
        return self.then(self.conv(x).mean((2, 3)))


class TimesTwo(torch.autograd.Function):
    """A product in numpy, and so not seen by PyTorch."""

    @staticmethod
    def forward(_context: Any, x: Tensor) -> Tensor:
        return torch.from_numpy(x.detach().numpy() @ np.full((10, 10), 2, np.float32))


@pytest.mark.parametrize(
    ("then", "said"),
    [
        (lambda y: torch.from_numpy(2 * y.detach().numpy()), "numpy"),
        (lambda y: torch.as_tensor(np.fft.fft(np.asarray(y.detach())).real.astype(np.float32)).relu(), "array"),
        (lambda y: torch.tensor([[2 * value for value in row] for row in y.tolist()]), "tolist"),
        (lambda y: torch.from_numpy(np.from_dlpack(y.detach()) * 2) + 1, "dlpack"),
        (lambda y: TimesTwo.apply(y).relu(), "numpy"),
        (lambda y: y + torch.tensor((2 * torch.linspace(0, 1, 10)).tolist()), ""),  # has nothing to do with images
        (lambda y: y * float(y.detach().numpy().mean() < 99), ""),  # what comes back is no tensor
    ],
)
def test_what_is_computed_outside_of_pytorch_is_told_as_uncounted(then: Callable[[Tensor], Tensor], said: str) -> None:
    trace = traced(Outside(then).eval(), torch.randn(1, 3, 8, 8))
    assert trace.uncounted == ((said,) if said else ())
    assert trace.macs == 6 * 6 * 10 * 27


class Multiplied(nn.Module):
    """A matrix product written as a broadcast product and a sum, over an axis that is moved in between."""

    def __init__(self, moved: bool) -> None:
        super().__init__()
        self.weight, self.moved, self.head = nn.Parameter(torch.randn(50, 20)), moved, nn.Linear(20, 10)

    def forward(self, x: Tensor) -> Tensor:
        products = x.flatten(1)[:, :50, None] * self.weight
        return self.head(products.transpose(1, 2).sum(2) if self.moved else products.sum(1))  # type: ignore[no-any-return]


class Gated(nn.Module):
    """Channels scaled by a gate, by a parameter and by a map, and then averaged: no matrix product."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.gate, self.head = nn.Conv2d(3, 8, 3), nn.Linear(8, 8), nn.Linear(8, 10)
        self.scale = nn.Parameter(torch.ones(8, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        gated = y * self.gate(y.mean((2, 3))).sigmoid()[:, :, None, None]
        return self.head((gated * self.scale * y.mean(1, keepdim=True)).mean((2, 3)))  # type: ignore[no-any-return]


@pytest.mark.parametrize("moved", [False, True])
def test_products_that_are_broadcast_and_summed_are_told(moved: bool) -> None:
    trace = traced(Multiplied(moved))
    assert trace.macs == 200
    assert [note.count for note in trace.notes] == [1000]


def test_scaling_before_a_mean_is_no_matrix_product() -> None:
    assert traced(Gated()).notes == ()


class Observes(nn.Module):
    """Ranges that each forward pass moves, by an operator that torch's version counters do not see."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 10)
        self.watched: nn.Module = torch.ao.quantization.FusedMovingAvgObsFakeQuantize()

    def forward(self, x: Tensor) -> Tensor:
        return self.watched(self.fc(x.mean((2, 3))))  # type: ignore[no-any-return]


def test_quantisation_ranges_that_a_forward_pass_moves_are_as_they_were() -> None:
    model = Observes().eval()
    before = {name: buffer.clone() for name, buffer in model.named_buffers()}
    traced(model)
    for name, buffer in model.named_buffers():
        torch.testing.assert_close(buffer, before[name], rtol=0, atol=0)
