"""What a factory gives, made ready: taken out of wrappers, with the shapes of lazy layers, in types that it runs in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from reportgen.errors import ModelError, ReportgenError
from reportgen.experiment._torch_internals import has_compiler, is_compiled_in_place
from reportgen.experiment.models.factories import first_line
from reportgen.experiment.models.forward import check_forward
from reportgen.experiment.snapshot import preserved, restored
from reportgen.experiment.torch_settings import kept_settings
from reportgen.record.message import N_, Message
from reportgen.system.memory import is_memory_error, memory_trouble
from reportgen.system.signals import INTERRUPTIONS, errors_passed_over

WRAPPERS = {
    "OptimizedModule": ("torch.compile", "_orig_mod"),
    "DataParallel": ("DataParallel", "module"),
    "DistributedDataParallel": ("DistributedDataParallel", "module"),
    "FullyShardedDataParallel": ("FullyShardedDataParallel", "module"),
}
"""Class of torch's -> what it is called, and the attribute under which it holds the model."""
FEW = 2
_forced: list[bool] = []
"""Whether compiled code was told to run eagerly."""


@contextmanager
def compilers_as_before() -> Iterator[None]:
    """Afterwards what `torch.compile` made runs compiled again, where a model had it run eagerly inside."""
    try:
        yield
    finally:
        if _forced:
            _forced.clear()
            torch.compiler.set_stance("default")


def run_eagerly() -> None:
    """From now on what `torch.compile` made runs uncompiled, until `compilers_as_before` is left."""
    if has_compiler():
        torch.compiler.set_stance("force_eager")
        _forced.append(True)


def on_cpu(module: nn.Module, source: str) -> nn.Module:
    """The model on the CPU. Raises ModelError where it has tensors without values."""
    empty = [name for name, tensor in (*module.named_parameters(), *module.named_buffers()) if tensor.is_meta]
    if empty:
        what = "1 tensor" if len(empty) == 1 else f"{len(empty):,} tensors"
        raise ModelError(
            f"{source} leaves {what} on the meta device, with shapes and no values: {empty[0]}",
            "Give them values in the factory: model.to_empty(device='cpu'), and their initialisation.",
        )
    refuse_sparse(module, source)
    return module.cpu()


def refuse_sparse(module: nn.Module, source: str) -> None:
    """Raise ModelError for a sparse parameter, which cannot be compared, copied into, initialised or counted as others
    are."""
    for name, parameter in module.named_parameters():
        if not is_lazy(parameter) and parameter.layout != torch.strided:
            kind = str(parameter.layout).removeprefix("torch.")
            raise ModelError(
                f"{source} has a sparse parameter, {name} ({kind})",
                "Let it be dense in the factory, parameter.to_dense(), with a mask where zeros must stay; sparse "
                "buffers may be.",
            )


def with_modes(module: nn.Module) -> tuple[Message, ...]:
    """Let a model whose `train` and `eval` raise, as those of what torch.export gives, take modes as any module; it
    computes the same in both. Says so."""
    try:
        module.eval()
    except NotImplementedError:
        module.train = MethodType(nn.Module.train, module)  # type: ignore[method-assign]
        module.eval = MethodType(nn.Module.eval, module)  # type: ignore[method-assign]
        return (
            N_(
                "The model’s code refuses to be set to training or evaluation mode, as that of torch.export does; it "
                "was used as it is, the same in training and evaluation."
            ),
        )
    return ()


def unwrapped(module: nn.Module) -> tuple[nn.Module, tuple[Message, ...]]:
    """The model without wrappers around it or its parts, and what was taken off.

    Whatever was compiled, a function too, runs eagerly until `compilers_as_before` is left: its operators could not be
    seen else.
    """
    found: dict[str, None] = {}
    module = without_wrapper(module, found)
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()) if not isinstance(parent, torch.jit.ScriptModule) else ():
            inner = without_wrapper(child, found)
            if inner is not child:
                setattr(parent, name, inner)
    for part in module.modules():
        if is_compiled_in_place(part):
            found["torch.compile"] = None
    run_eagerly()
    if not found:
        return module, ()
    return module, (
        N_(
            "The model was unwrapped from {wrappers}: everything was computed with the model inside, not compiled and "
            "on one device.",
            wrappers=list(found),
        ),
    )


def without_wrapper(module: nn.Module, found: dict[str, None]) -> nn.Module:
    """The innermost module of nested wrappers, whose names are added to `found`."""
    while type(module).__module__.startswith("torch.") and type(module).__name__ in WRAPPERS:
        name, attribute = WRAPPERS[type(module).__name__]
        inner = getattr(module, attribute)
        if not isinstance(inner, nn.Module):
            break
        found[name] = None
        module = inner
    return module


class Scripted(nn.Module):
    """A whole model in TorchScript as the only part of one that Python can watch."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the model gives."""
        return self.model(*args, **kwargs)


def in_python(module: nn.Module) -> nn.Module:
    """The model itself, or where it is TorchScript as a whole, which takes no hooks, one around it of its name."""
    if not isinstance(module, torch.jit.ScriptModule):
        return module
    name = str(getattr(module, "original_name", type(module).__name__))
    around: nn.Module = type(name, (Scripted,), {})(module)
    return around


def tensors_of(module: nn.Module) -> Iterator[Tensor]:
    """Its parameters and buffers."""
    return chain(module.parameters(), module.buffers())


def lazy_layers(module: nn.Module) -> list[str]:
    """Paths of the layers whose shapes are not known yet."""
    return [
        path or type(child).__name__
        for path, child in module.named_modules()
        if any(is_lazy(tensor) for tensor in (*child.parameters(recurse=False), *child.buffers(recurse=False)))
    ]


def needs_images(module: nn.Module) -> bool:
    """Whether the size of the images decides how the model is made: lazy layers, or types other than float32."""
    return any(is_lazy(tensor) or is_unusual(tensor) for tensor in tensors_of(module))


def is_unusual(tensor: Tensor) -> bool:
    """Whether a tensor is of a real floating type other than float32."""
    return tensor.is_floating_point() and tensor.dtype != torch.float32


def materialise(module: nn.Module, image_shape: tuple[int, int, int], source: str) -> tuple[Message, ...]:
    """Give lazy layers their shapes by a first forward pass on images (C, H, W); says which they were.

    Raises ModelError where that fails or leaves some without.
    """
    lazy = lazy_layers(module)
    if not lazy:
        return make_late(module, image_shape)
    mode = module.training
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            module.eval()
            module(torch.randn(FEW, *image_shape))
    except INTERRUPTIONS:
        raise
    except BaseException as error:
        if is_memory_error(error):
            doing = f"the first forward pass, which gives {lazy[0]} its shapes,"
            raise memory_trouble(error, doing, "Use a smaller model.") from error
        raise ModelError(
            f"{source} has lazy layers ({lazy[0]} first), and the first forward pass, which gives them their shapes, "
            f"raises {type(error).__name__}: {first_line(error)}",
            "Give the layers their input sizes, or look at the model's forward.",
        ) from error
    finally:
        module.train(mode)
        run_eagerly()
    left = lazy_layers(module)
    if left:
        raise ModelError(
            f"{source} has lazy layers that a forward pass does not reach: {', '.join(left)}",
            "Give these layers their input sizes, or remove them.",
        )
    return (N_("Lazy layers got their shapes from a first forward pass: {layers}.", layers=lazy),)


def make_late(module: nn.Module, image_shape: tuple[int, int, int]) -> tuple[Message, ...]:
    """Run one forward pass on images (C, H, W) where the model makes layers only then; says which they are.

    Whatever else the pass would raise is told by those that come after it.
    """
    if not (late := late_layers(module, image_shape)):
        return ()
    mode = module.training
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        module.eval()
        module(torch.randn(FEW, *image_shape))
        module.train(mode)
    return (
        N_(
            "Layers that the model makes in its first forward pass were created before anything was measured: "
            "{layers}.",
            layers=late,
        ),
    )


def late_layers(module: nn.Module, image_shape: tuple[int, int, int]) -> list[str]:
    """Paths of layers with weights, and of parameters of others, that a forward pass makes; the model stays so."""
    before = {path for path, _ in module.named_modules()}
    known = {name for name, _ in module.named_parameters(remove_duplicate=False)}
    late: list[str] = []
    with preserved(module), errors_passed_over(), kept_settings(), torch.no_grad():
        module.eval()
        module(torch.randn(FEW, *image_shape))
        made = [name for name, _ in module.named_parameters() if name not in known]
        owners = [(name.rpartition(".")[0], name) for name in made]
        late = list(dict.fromkeys(owner if owner not in before else name for owner, name in owners))
    run_eagerly()  # a model may compile its functions only now
    return late


def settle_types(module: nn.Module, image_shape: tuple[int, int, int]) -> tuple[Message, ...]:
    """Leave every type as the factory made it where the model takes float32 images so, else make it all float32.

    Complex and integer tensors are never touched. Returns what the reader must know.
    """
    types = sorted({str(tensor.dtype).removeprefix("torch.") for tensor in tensors_of(module) if is_unusual(tensor)})
    if not types:
        return ()
    if runs(module, image_shape):
        parameters = {str(p.dtype).removeprefix("torch.") for p in module.parameters() if is_unusual(p)}
        if not parameters:
            return ()
        return (N_("Some parameters are in {types}, as the model defines them.", types=sorted(parameters)),)
    to_float32(module)
    return (N_("The model was made in {types} and converted to float32.", types=types),)


def to_float32(module: nn.Module) -> None:
    """Every real floating tensor in float32."""
    for tensor in tensors_of(module):
        if is_unusual(tensor):
            tensor.data = tensor.data.float()


def runs(module: nn.Module, image_shape: tuple[int, int, int]) -> bool:
    """Whether the model as it is takes float32 images."""
    try:
        with restored(module):
            check_forward(module, (FEW, *image_shape), None)
    except ReportgenError:
        return False
    return True
