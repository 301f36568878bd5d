"""Small models of kinds that people bring, for reports and tests: each factory takes `num_classes`.

Images are 3×32×32. Nothing here is imported from reportgen: a spec names this file as `kinds.py:Name`.
"""

from __future__ import annotations

import logging
import tempfile
import threading
import warnings
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations, parametrize
from torch.utils.checkpoint import checkpoint


class Small(nn.Module):
    """A convolution and a linear layer; the kinds vary it."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.fc = nn.Linear(8, num_classes)

    def features(self, x: Tensor) -> Tensor:
        return torch.relu(self.conv(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.features(x).mean((2, 3)))


# Memory formats


class FlattensByView(nn.Module):
    """As most tutorial networks do."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 5)
        self.fc = nn.Linear(4 * 14 * 14, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(torch.relu(self.conv(x)), 2)
        return self.fc(x.view(x.size(0), -1))


class ViewsInTraining(Small):
    """Refuses channels last in training mode only."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        if self.training:
            x = x.view(len(x), -1).view(len(x), 8, 32, 32)
        return self.fc(x.mean((2, 3)))


class ShufflesByView(Small):
    """Channel shuffle by a view, behind a 1×1 convolution, whose filters look the same in both formats."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.point = nn.Conv2d(8, 8, 1)

    def features(self, x: Tensor) -> Tensor:
        x = self.point(super().features(x))
        n, c, h, w = x.shape
        return x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)


class ReadsMemory(Small):
    """Gives other answers, without an error, where its activations stand channels last."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        flat = x.as_strided((len(x), 8 * 32 * 32), (8 * 32 * 32, 1))
        return self.fc(flat.reshape(len(x), 8, -1).mean(2))


class HasVolumes(nn.Module):
    """Filters of five axes."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv = nn.Conv3d(1, 4, 3, padding=1)
        self.fc = nn.Linear(4, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.relu(self.conv(x[:, None])).mean((2, 3, 4)))


# Attributes that are not copied


class HoldsALock(Small):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.lock = threading.Lock()

    def forward(self, x: Tensor) -> Tensor:
        with self.lock:
            return super().forward(x)


class HoldsAFile(Small):
    """An open file, a logger with a stream, and a generator that is under way."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.file = tempfile.TemporaryFile()  # noqa: SIM115  # stays open as long as the model
        self.log = logging.getLogger("kinds")
        self.steps: Iterator[int] = (step for step in range(10**9))

    def forward(self, x: Tensor) -> Tensor:
        next(self.steps)
        return super().forward(x)


class KnowsItsParent(Small):
    """A part with a weak reference to the whole, through which it reads a parameter."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.scaler = Scaler(self)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.scaler(self.features(x)).mean((2, 3)))


class Scaler(nn.Module):
    def __init__(self, parent: nn.Module) -> None:
        super().__init__()
        self.parent = weakref.ref(parent)

    def forward(self, x: Tensor) -> Tensor:
        parent: Any = self.parent()
        return x * parent.scale


class ClosesOverItself(Small):
    """A function that refers to the model it belongs to, which a copy would share."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.head = lambda x: self.fc(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x).mean((2, 3)))


# TorchScript


class ScriptedHead(nn.Module):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.head = scripted(nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, num_classes)))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.conv(x))


class TracedBody(nn.Module):
    """A part made by torch.jit.trace, in the middle, called twice."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            block = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())
            self.block = torch.jit.trace(block, torch.zeros(1, 8, 8, 8))
        self.fc = nn.Linear(8, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.block(self.block(self.conv(x))).mean((2, 3)))


def scripted(module: nn.Module) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(module)


def ScriptedWhole(num_classes: int = 10) -> Any:  # noqa: N802
    """The whole model in TorchScript, batch normalisation and all."""
    return scripted(
        nn.Sequential(
            nn.Conv2d(3, 8, 3),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(8, num_classes),
        )
    )


def TracedWhole(num_classes: int = 10) -> Any:  # noqa: N802
    """The whole model by torch.jit.trace."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.trace(Small(num_classes), torch.zeros(2, 3, 32, 32))


def FrozenScript(num_classes: int = 10) -> Any:  # noqa: N802
    """TorchScript whose parameters have become constants: there are none to train."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.freeze(torch.jit.script(Small(num_classes)).eval())


# Wrapped


def Compiled(num_classes: int = 10) -> Any:  # noqa: N802
    return torch.compile(Small(num_classes))


def CompiledInPlace(num_classes: int = 10) -> Any:  # noqa: N802
    model = Small(num_classes)
    model.compile()
    return model


class CompiledPart(Small):
    """A compiled part and a compiled function."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.conv: Any = torch.compile(self.conv)
        self.act: Any = torch.compile(functional.relu)

    def features(self, x: Tensor) -> Tensor:
        return self.act(self.conv(x))


def Parallel(num_classes: int = 10) -> Any:  # noqa: N802
    return nn.DataParallel(Small(num_classes))


class ParallelPart(Small):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.conv: Any = nn.DataParallel(self.conv)


def CompiledParallel(num_classes: int = 10) -> Any:  # noqa: N802
    return torch.compile(nn.DataParallel(Small(num_classes)))


# Lazy


class Lazy(nn.Module):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv = nn.LazyConv2d(8, 3)
        self.norm = nn.LazyBatchNorm2d()
        self.fc = nn.LazyLinear(num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.relu(self.norm(self.conv(x))).flatten(1))


class MadeLate(nn.Module):
    """Its last layer is made when it is first needed, as wide as what comes in."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.classes, self.conv, self.fc = num_classes, nn.Conv2d(3, 8, 3), None

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.conv(x)).flatten(1)
        if self.fc is None:
            self.fc = nn.Linear(x.shape[1], self.classes)
        return self.fc(x)


class MadeByWidth(MadeLate):
    """The same in a dictionary of layers by width."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.heads = nn.ModuleDict()

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.conv(x)).flatten(1)
        if str(x.shape[1]) not in self.heads:
            self.heads[str(x.shape[1])] = nn.Linear(x.shape[1], self.classes)
        return self.heads[str(x.shape[1])](x)


class ViewsTheImage(nn.Module):
    """No convolution: the image itself is viewed as a row."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.fc = nn.Linear(3 * 32 * 32, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x.view(x.size(0), -1))


def LazySequence(num_classes: int = 10) -> nn.Module:  # noqa: N802
    return nn.Sequential(nn.Conv2d(3, 4, 3, 2), nn.ReLU(), nn.Flatten(), nn.LazyLinear(num_classes))


# Gradients that go another way


class Checkpointed(Small):
    reentrant = False

    def features(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return checkpoint(torch.relu, x, use_reentrant=self.reentrant)


class ReentrantCheckpoint(Checkpointed):
    reentrant = True


class ReentrantWhole(Small):
    """The first layers are in the checkpoint, whose input wants no gradient until it is told to."""

    def features(self, x: Tensor) -> Tensor:
        if self.training and not x.requires_grad:
            x = x.detach().requires_grad_()
        return checkpoint(super().features, x, use_reentrant=True)


class NoGradBackbone(Small):
    def features(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            return super().features(x)


class InferenceBackbone(Small):
    """Under inference_mode; what comes out has to be cloned to be trained on."""

    def features(self, x: Tensor) -> Tensor:
        with torch.inference_mode():
            x = super().features(x)
        return x.clone()


class FrozenBackbone(Small):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.conv.requires_grad_(False)


class NoGradInEvaluation(Small):
    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            return super().forward(x)
        with torch.no_grad():
            return super().forward(x)


class DetachesInput(Small):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.detach())


class RefusesGradients(Small):
    def forward(self, x: Tensor) -> Tensor:
        if x.requires_grad:
            raise RuntimeError("inputs that require gradients are not supported")
        return super().forward(x)


class RefusesGradientMode(Small):
    """Evaluates only without gradients."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training and torch.is_grad_enabled():
            raise RuntimeError("call me under no_grad")
        return super().forward(x)


class Straight(torch.autograd.Function):
    """Rounds forwards, lets the gradient straight through."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.round()

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return slopes[0] * (x.abs() < 4)


class CustomFunction(Small):
    def features(self, x: Tensor) -> Tensor:
        return Straight.apply(super().features(x))


class Once(torch.autograd.Function):
    """Can't be differentiated twice, and gives no gradient for its input."""

    @staticmethod
    def forward(x: Tensor, weight: Tensor) -> Tensor:
        return functional.conv2d(x, weight, padding=1)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *slopes: Tensor) -> tuple[None, Tensor]:
        x, weight = ctx.saved_tensors
        return None, torch.nn.grad.conv2d_weight(x, weight.shape, slopes[0], padding=1)


class CustomConvolution(Small):
    def features(self, x: Tensor) -> Tensor:
        return torch.relu(Once.apply(x, self.conv.weight))


# Transforms


class Mapped(Small):
    """torch.func.vmap over the images."""

    def features(self, x: Tensor) -> Tensor:
        weight, bias = self.conv.weight, self.conv.bias
        return torch.func.vmap(lambda image: torch.relu(functional.conv2d(image[None], weight, bias, padding=1)[0]))(x)


class Ensemble(nn.Module):
    """Several heads at once by vmap over stacked parameters."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.heads = nn.Parameter(torch.randn(3, 3 * 32 * 32, num_classes) * 0.01)

    def forward(self, x: Tensor) -> Tensor:
        return torch.func.vmap(torch.matmul, in_dims=(None, 0))(x.flatten(1), self.heads).mean(0)


class Attends(nn.Module):
    """flex_attention, as it is without a compiler."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.cut = nn.Conv2d(3, 16, 8, 8)
        self.qkv = nn.Linear(16, 48)
        self.fc = nn.Linear(16, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        from torch.nn.attention.flex_attention import flex_attention

        tokens = self.cut(x).flatten(2).transpose(1, 2)
        query, key, value = (part[:, None] for part in self.qkv(tokens).chunk(3, -1))
        mixed = flex_attention(query, key, value, score_mod=lambda score, b, h, i, j: score - 0.1 * (i - j).abs())
        return self.fc(mixed[:, 0].mean(1))


# Parametrised


class WeightNormed(Small):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        parametrizations.weight_norm(self.conv)


class OldWeightNorm(Small):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nn.utils.weight_norm(self.conv)


class SpectralNormed(Small):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        parametrizations.spectral_norm(self.conv)


class OldSpectralNorm(Small):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nn.utils.spectral_norm(self.conv)


class LowRank(nn.Module):
    """What LoRA adds to a weight (outputs, inputs): a product of two thin matrices."""

    def __init__(self, outputs: int, inputs: int, rank: int = 2) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.randn(rank, inputs) * 0.01)
        self.up = nn.Parameter(torch.zeros(outputs, rank))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + self.up @ self.down


class Adapted(Small):
    """LoRA on the head, whose own weight is frozen."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.fc.weight.requires_grad_(False)
        parametrize.register_parametrization(self.fc, "weight", LowRank(num_classes, 8))


class Orthogonal(Small):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        parametrizations.orthogonal(self.fc)


# Types


class FiltersInFrequency(nn.Module):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.filter = nn.Parameter(torch.randn(3, 32, 17, dtype=torch.cfloat))
        self.fc = nn.Linear(3 * 32 * 32, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.fft.irfft2(torch.fft.rfft2(x.contiguous()) * self.filter).flatten(1))


class ComplexBuffer(Small):
    """A convolution in front of a transform that has no bfloat16, a complex buffer and a complex layer."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.register_buffer("phase", torch.polar(torch.ones(32, 32), torch.linspace(0, 6, 1024).view(32, 32)))
        self.mix = nn.Linear(8, 8, dtype=torch.cfloat)

    def forward(self, x: Tensor) -> Tensor:
        spectrum = torch.fft.fft2(self.features(x)) * self.phase
        return self.fc(self.mix(spectrum.mean((2, 3))).abs())


class HalfPart(Small):
    """A part in half precision, cast around by hand."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.inner = nn.Linear(8, 8).to(torch.bfloat16)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            x = self.features(x).float().mean((2, 3))
            return self.fc(self.inner(x.to(torch.bfloat16)).float())


class DoublePart(Small):
    """A part in float64, and an integer buffer that indexes."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.inner = nn.Linear(8, 8).double()
        self.register_buffer("order", torch.arange(8).flip(0))

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            x = self.features(x).float().mean((2, 3))[:, self.order]
            return self.fc(self.inner(x.double()).float())


def WholeHalf(num_classes: int = 10) -> nn.Module:  # noqa: N802
    """Made in half precision without a cast in forward: it does not take float32 images so."""
    return Small(num_classes).half()


# Quantised


def Quantised(num_classes: int = 10) -> Any:  # noqa: N802
    """Dynamically: the linear layers have packed weights of 8 bits."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(
            nn.Sequential(nn.Flatten(), nn.Linear(3072, 16), nn.ReLU(), nn.Linear(16, num_classes)).eval(),
            {nn.Linear},
            dtype=torch.qint8,
        )


def StaticallyQuantised(num_classes: int = 10) -> Any:  # noqa: N802
    """Statically: convolution and linear layer in 8 bits, quantised at the door."""
    from torch.ao import quantization as q

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.quant, self.dequant = q.QuantStub(), q.DeQuantStub()
            self.conv, self.relu = nn.Conv2d(3, 8, 3), nn.ReLU()
            self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(8, num_classes)

        def forward(self, x: Tensor) -> Tensor:
            x = self.pool(self.relu(self.conv(self.quant(x))))
            return self.dequant(self.fc(x.flatten(1)))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = Net().eval()
        net.qconfig = q.get_default_qconfig("fbgemm")  # type: ignore[assignment]
        net = q.fuse_modules(net, [["conv", "relu"]])
        q.prepare(net, inplace=True)
        net(torch.randn(8, 3, 32, 32))
        return q.convert(net, inplace=True)


class PacksItself(nn.Module):
    """Weights of its own as integers in buffers with a scale: no parameter but the bias."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.register_buffer("packed", torch.randint(-127, 128, (num_classes, 3072), dtype=torch.int8))
        self.register_buffer("scale", torch.full((num_classes, 1), 0.001))
        self.bias = nn.Parameter(torch.zeros(num_classes))

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x.flatten(1), self.packed.float() * self.scale, self.bias)


# Ways of their own


class KnowsItself(Small):
    """A reference to itself among its children's attributes, and a list of its parts."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.parts = [self.conv, self.fc]
        object.__setattr__(self, "me", self)

    def forward(self, x: Tensor) -> Tensor:
        return self.me.parts[1](self.features(x).mean((2, 3)))  # type: ignore[attr-defined]


class SharesParts(Small):
    """One module under two names, called twice; one weight in two modules."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.again = self.mid = nn.Conv2d(8, 8, 3, padding=1)
        self.other = nn.Conv2d(8, 8, 3, padding=1)
        self.other.weight = self.mid.weight

    def features(self, x: Tensor) -> Tensor:
        return self.other(self.again(self.mid(super().features(x))))


class ReturnsViews(Small):
    """Logits that are a view of a larger tensor, of a transposed one."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(2 * num_classes)
        self.classes = num_classes

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).t()[: self.classes].t()


class HooksItself(Small):
    """Hooks of its own: one that keeps features, one that changes the input."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.kept: dict[str, Tensor] = {}
        self.conv.register_forward_hook(lambda _m, _i, output: self.kept.update(conv=output))
        self.register_forward_pre_hook(lambda _m, inputs: (inputs[0] * 2,))

    def forward(self, x: Tensor) -> Tensor:
        self.conv(x)
        return self.fc(torch.relu(self.kept["conv"]).mean((2, 3)))


class StaysInEvaluation(Small):
    """train() that keeps batch normalisation in evaluation mode and returns nothing."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.norm = nn.BatchNorm2d(8)

    def train(self, mode: bool = True) -> None:  # type: ignore[override]
        super().train(mode)
        self.norm.eval()

    def features(self, x: Tensor) -> Tensor:
        return self.norm(super().features(x))


class EvaluatesItsWay(Small):
    """eval() without a return value, that merges what training keeps apart."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.scale = nn.Parameter(torch.ones(8))
        self.merged: Tensor | None = None

    def eval(self) -> None:  # type: ignore[override]
        super().eval()

    def features(self, x: Tensor) -> Tensor:
        return super().features(x) * self.scale[:, None, None]


class CallsItsWay(Small):
    """__call__ of its own."""

    def __call__(self, x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        return super().__call__(x, *args, **kwargs) * 1.0


class ListsParameters(nn.Module):
    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.weights = nn.ParameterList([nn.Parameter(torch.randn(8, 3, 3, 3) * 0.1)])
        self.biases = nn.ParameterDict({"conv": nn.Parameter(torch.zeros(8)), "fc": torch.zeros(num_classes)})
        self.blocks = nn.ModuleDict({"fc": nn.Linear(8, num_classes, bias=False)})

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(functional.conv2d(x, self.weights[0], self.biases["conv"]))
        return self.blocks["fc"](x.mean((2, 3))) + self.biases["fc"]


class TakesMore(Small):
    """Arguments with defaults, and a mask that only training makes."""

    def forward(self, x: Tensor, mask: Tensor | None = None, *, scale: float = 1.0, **rest: Any) -> Tensor:
        x = self.features(x) * scale
        return self.fc((x if mask is None else x * mask).mean((2, 3)))


class RefusesOddBatches(Small):
    """Takes a few images, as in a trial, and else multiples of sixteen."""

    def forward(self, x: Tensor) -> Tensor:
        if len(x) > 4 and len(x) % 16:
            raise ValueError(f"expected batches of a multiple of 16, got {len(x)}")
        return super().forward(x)


class CachesByBatch(Small):
    """A cache by the size of the batch, a growing list, a counter, and numbers drawn from a generator of its own."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__(num_classes)
        self.cache: dict[int, Tensor] = {}
        self.seen: list[int] = []
        self.calls = 0
        self.random = np.random.default_rng(0)

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.seen.append(len(x))
        if len(x) not in self.cache:
            self.cache[len(x)] = torch.ones(len(x), 1, device=x.device)
        return super().forward(x) * self.cache[len(x)]
