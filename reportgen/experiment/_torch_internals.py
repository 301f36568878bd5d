"""Every part of torch that its documentation does not promise, each with a probe and with what is done without it.

Any torch below the next major version can be installed with this package: what a version lacks costs one measurement,
with its reason, or time, and never the run.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache, wraps
from types import FrameType, MethodType
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import Node

Run = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]
"""(ATen operator, positional arguments, keyword arguments) -> its result."""
COMPILER = "torch._dynamo"
"""What `torch.compile` loads, and with it SymPy and much else: a second of a run that compiles nothing."""
MARK = "__dynamo_disable"
"""Where torch keeps a function in the form that the compiler leaves alone; it loads the compiler to make it."""


def look_up(name: str) -> Any:
    """Something of torch by its "module:name.name", None where it is not there."""
    module, _, path = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for step in path.split("."):
            found = getattr(found, step)
    except (ImportError, AttributeError):
        return None
    return found


@cache
def mode_type() -> type | None:
    """torch's TorchDispatchMode, None where it is not there or does not hear an operator."""
    found = look_up("torch.utils._python_dispatch:TorchDispatchMode")
    if found is None:
        return None
    heard = []

    def hear(operator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        heard.append(operator)
        return operator(*args, **kwargs)

    try:
        with make_mode(found, hear, decomposing=True):
            torch.zeros(1).add(1)
    except Exception:  # whatever another version does with it
        return None
    return found if torch.ops.aten.add.Tensor in heard else None


def dispatch_mode(run: Run, decomposing: bool = False) -> AbstractContextManager[Any] | None:
    """A block inside which every ATen operator goes through `run`; None where this version of torch has none.

    With `decomposing`, operators that are made of others (as they are seen without autograd) come as those others.
    """
    found = mode_type()
    return None if found is None else make_mode(found, run, decomposing)


def make_mode(base: Any, run: Run, decomposing: bool) -> AbstractContextManager[Any]:
    """The block of `dispatch_mode`."""

    class Mode(base):  # type: ignore[misc]
        supports_higher_order_operators = True  # flex_attention is one

        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            return has_compiler()  # what leaves it alone has to load it

        def __torch_dispatch__(
            self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            if decomposing and is_composite(func):
                with self:
                    decomposed = func.decompose(*args, **(kwargs or {}))
                if decomposed is not NotImplemented:
                    return decomposed
            return run(func, args, kwargs or {})

    made: AbstractContextManager[Any] = Mode()
    return made


def has_compiler() -> bool:
    """Whether torch's compiler is loaded."""
    return COMPILER in sys.modules


@cache
def keeps_marks() -> bool:
    """Whether torch keeps the form of a function that the compiler leaves alone where `MARK` says."""

    def function() -> bool:
        return False

    setattr(function, MARK, lambda: True)
    try:
        return bool(look_up("torch:_disable_dynamo")(function)())
    except Exception:  # whatever another version does with it
        return False


def without_compiler(make: Callable[[], torch.optim.Optimizer]) -> torch.optim.Optimizer:
    """The optimizer that `make` makes, which steps without loading torch's compiler: the same computation.

    Otherwise the first optimizer of a process loads it. Where it is loaded already, or where this version of torch is
    built in another way, the optimizer is what torch makes.
    """
    adds = getattr(torch.optim.Optimizer.add_param_group, "__wrapped__", None)
    if has_compiler() or adds is None or hasattr(adds, MARK) or not keeps_marks():
        return make()
    setattr(adds, MARK, adds)
    try:
        made = make()
    finally:
        delattr(adds, MARK)
    step = plain_step(type(made))
    if step is not None:
        made.step = MethodType(step, made)  # type: ignore[method-assign]
    return made


def plain_step(kind: type[torch.optim.Optimizer]) -> Callable[..., Any] | None:
    """An optimizer's step with its hooks and without breaks for the compiler; None where torch makes it otherwise."""
    broken = getattr(kind.step, "__wrapped__", None)
    inner: Any = getattr(broken, "__wrapped__", None)
    names = getattr(getattr(broken, "__code__", None), "co_names", ())
    if inner is None or COMPILER not in names or hasattr(inner, "__wrapped__"):
        return None

    @wraps(inner)
    def step(self: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> Any:
        with torch.set_grad_enabled(self.defaults["differentiable"]):
            return inner(self, *args, **kwargs)

    hooked: Callable[..., Any] = torch.optim.Optimizer.profile_hook_step(step)
    return hooked


def is_composite(operator: Any) -> bool:
    """Whether an operator may be made of others; without torch's word for it, every one that can be asked."""
    said = getattr(operator, "_can_decompose", None)
    return bool(said()) if said is not None else hasattr(operator, "decompose")


def packet_of(operator: Any) -> Any:
    """The operator whatever its overload."""
    return getattr(operator, "overloadpacket", operator)


@cache
def flop_registry() -> Mapping[Any, Any]:
    """torch's own formulas by operator packet; empty where they are not there or count in another way."""
    found = look_up("torch.utils.flop_counter:flop_registry")
    try:
        left, right, product = (torch.empty(shape, device="meta") for shape in ((2, 3), (3, 5), (2, 5)))
        # the product itself would load SymPy, by which torch knows the shape of one: half a second
        known = found[torch.ops.aten.mm](left, right, out_val=product) == 2 * 2 * 3 * 5
    except Exception:  # whatever another version does with it
        return {}
    return found if known and isinstance(found, Mapping) else {}


def registered_macs(packet: Any, args: Sequence[Any], kwargs: Mapping[str, Any], output: Any) -> int | None:
    """Multiply-accumulates of one call by torch's formula, None where it has none."""
    formula = flop_registry().get(packet)
    return None if formula is None else int(formula(*args, **kwargs, out_val=output)) // 2


@cache
def has_versions() -> bool:
    """Whether tensors count their changes; those of a model that computes in inference mode never do."""
    with torch.inference_mode(mode=False):
        tensor = torch.zeros(1)
        before = getattr(tensor, "_version", None)
        tensor.add_(1)
    return before is not None and getattr(tensor, "_version", None) != before


def versions_of(tensors: Iterable[Tensor]) -> list[int] | None:
    """How often each tensor was changed in place, those made in inference mode left out; None where torch does not
    count."""
    if not has_versions():
        return None
    return [tensor._version for tensor in tensors if not tensor.is_inference()]


def storage_key(tensor: Tensor) -> int:
    """What two views of the same memory have in common; below zero for a tensor without a storage.

    Without torch's own key it is the address of the memory, which tensors of the meta device have none of.
    """
    try:
        storage = tensor.untyped_storage()
        key = getattr(storage, "_cdata", None) or storage.data_ptr()
    except (NotImplementedError, RuntimeError):  # sparse and other tensors without a storage
        return -id(tensor)
    return int(key) or -id(tensor)


def norms(tensors: Sequence[Tensor]) -> Sequence[Tensor]:
    """The Euclidean norm of each tensor; all at once where torch can."""
    together = look_up("torch:_foreach_norm")
    found: Sequence[Tensor] = [tensor.norm() for tensor in tensors] if together is None else together(tensors)
    return found


def subtract(tensors: Sequence[Tensor], others: Sequence[Tensor]) -> None:
    """Take from each tensor, in place, the other at its position; all at once where torch can."""
    together = look_up("torch:_foreach_sub_")
    if together is not None:
        together(tensors, others)
        return
    for tensor, other in zip(tensors, others, strict=True):
        tensor.sub_(other)


@contextmanager
def plain_checkpoints() -> Iterator[None]:
    """Inside, torch's reentrant activation checkpoints are plain calls: the same numbers, for more memory.

    They refuse `torch.autograd.grad`, by which the gradients of an input are asked for. Without the class where it is
    looked up, they stay what they are.
    """
    module = importlib.import_module("torch.utils.checkpoint")
    before = getattr(module, "CheckpointFunction", None)
    if before is None:
        yield
        return

    class Plain:
        @staticmethod
        def apply(function: Callable[..., Any], _preserve: bool, *args: Any) -> Any:
            return function(*args)

    module.CheckpointFunction = Plain  # type: ignore[attr-defined]
    try:
        yield
    finally:
        module.CheckpointFunction = before  # type: ignore[attr-defined]


def is_compiled_in_place(module: torch.nn.Module) -> bool:
    """Whether `module.compile()` was called; False where torch does not tell."""
    return getattr(module, "_compiled_call_impl", None) is not None


def compiled_in(frame: FrameType) -> Callable[..., Any] | None:
    """The function that a frame calls for the wrapper that `torch.compile` put around it; None for any other frame."""
    if frame.f_code.co_name != "compile_wrapper" or frame.f_globals.get("__name__") != f"{COMPILER}.eval_frame":
        return None
    function = frame.f_locals.get("fn")
    return function if callable(function) else None


def hooks_before(module: torch.nn.Module) -> list[Any]:
    """What runs before each call of a module; nothing where torch does not tell."""
    return list(getattr(module, "_forward_pre_hooks", {}).values())


def is_mapped(tensor: Tensor) -> bool:
    """Whether a tensor is one image's share of a batch inside `torch.func.vmap`; False where torch does not tell."""
    told = look_up("torch._C:_functorch.is_batchedtensor")
    return bool(told(tensor)) if told is not None else False


@cache
def numbers_nodes() -> bool:
    """Whether autograd tells the number of a node and that of the next, and numbers them in the order they are made."""
    try:
        with torch.enable_grad():
            leaf = torch.ones(1, requires_grad=True)
            before = next_number()
            first, second = leaf * 2, leaf * 3
            assert first.grad_fn is not None
            assert second.grad_fn is not None
            return before <= number_of(first.grad_fn) < number_of(second.grad_fn) < next_number()
    except (AttributeError, TypeError, ValueError):
        return False


def next_number() -> int:
    """The number that autograd will give to the next node of this thread; see `numbers_nodes`."""
    return int(torch._C._autograd._get_sequence_nr())


def number_of(node: Node) -> int:
    """The number of a node; see `numbers_nodes`."""
    return int(node._sequence_nr())


def incoming_shapes(node: Node) -> list[tuple[int, ...]]:
    """Shapes of the gradients that come into a node; empty where torch does not tell."""
    known = getattr(node, "_input_metadata", ())
    return [tuple(int(size) for size in one.shape) for one in known]


def saved_tensors(node: Node) -> Iterator[Tensor]:
    """The tensors that a node keeps; not those that were changed in place since."""
    for name in dir(node):
        if not name.startswith("_saved_"):
            continue
        try:
            value = getattr(node, name)
        except RuntimeError:  # changed in place since it was kept
            continue
        if isinstance(value, Tensor):
            yield value


def quantised_tensor(whole: Tensor, scale: Any, zero_point: Any, axis: int | None) -> Tensor:
    """A quantised tensor of its whole numbers, with one scale, or with one for each row of an axis.

    torch's documented functions quantise fractions, which would round them a second time. Raises RuntimeError for parts
    that don't fit, or where a version of torch makes none.
    """
    form = "tensor" if axis is None else "channel"
    make = look_up(f"torch:_make_per_{form}_quantized_tensor")
    if make is None:
        raise RuntimeError("this version of torch makes none of whole numbers")
    with warnings.catch_warnings():  # the user's file is as it is, and what torch may do later is no matter of the run
        warnings.filterwarnings("ignore", r"torch\.quantize_per_tensor, .* are deprecated", UserWarning)
        made: Tensor = make(whole, scale, zero_point) if axis is None else make(whole, scale, zero_point, axis)
    return made
