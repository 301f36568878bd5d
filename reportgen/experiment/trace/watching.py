"""One eager forward pass, watched at three levels: modules by hooks, operators as written by a TorchFunctionMode, and
what they cost by a dispatch mode underneath."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

from reportgen.experiment._torch_internals import dispatch_mode, packet_of
from reportgen.experiment.hooks import after_call, before_call, callable_modules, hooked
from reportgen.experiment.trace.drafts import Recording
from reportgen.experiment.trace.recorder import Recorder


class OperatorMode(TorchFunctionMode):
    """Hands every operator as written to the recorder; inside it the mode is off, so composites count as one."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.recorder = recorder

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run `func` under the recorder's eyes."""
        return self.recorder.operate(func, args, kwargs or {})


def record(model: torch.nn.Module, example: Tensor, gradients: bool) -> Recording:
    """Run the model once, with or without gradients, and write down what happens; hooks are gone afterwards."""
    recorder = Recorder(model)
    recorder.add_source("input", [example])
    with ExitStack() as stack:
        stack.enter_context(hooked(hooks(model, recorder)))
        stack.enter_context(torch.set_grad_enabled(gradients))
        if gradients:
            stack.enter_context(saved_tensors_hooks(recorder.save, lambda tensor: tensor))
        costs = dispatch_mode(lambda *call: count(recorder, *call), decomposing=True)
        recorder.counts = costs is not None
        stack.enter_context(costs or nullcontext())
        stack.enter_context(OperatorMode(recorder))
        output = model(example)
    return recorder.finish(output)


def count(recorder: Recorder, operator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run an ATen operator and hand it to the recorder."""
    output = operator(*args, **kwargs)
    recorder.count(packet_of(operator), args, kwargs, output)
    return output


def hooks(model: torch.nn.Module, recorder: Recorder) -> Iterator[RemovableHandle]:
    """Hooks on every module of the model, after the user's own."""
    for _path, module in callable_modules(model):
        yield before_call(module, recorder.enter)
        yield after_call(module, recorder.leave, always=True)
