"""Functions inside a model that `torch.compile` made, and that run uncompiled here; found by trying."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn

from reportgen.experiment._torch_internals import compiled_in, has_compiler
from reportgen.experiment.snapshot import preserved
from reportgen.experiment.torch_settings import kept_settings
from reportgen.record.message import Message, nN_
from reportgen.system.signals import errors_passed_over

MOST_NAMED = 5


def note_compiled(module: nn.Module, images: Tensor) -> tuple[Message, ...]:
    """What is to say of compiled functions that a pass on images (n, C, H, W) calls, in evaluation or in training mode;
    the model is left as it was. Compiled modules are not meant, see `preparing.unwrapped`."""
    if not has_compiler():
        return ()
    names = list(dict.fromkeys(name for training in (False, True) for name in called(module, images, training)))
    if not names:
        return ()
    return (
        nN_(
            "{count} function that the model calls is compiled with torch.compile, and was run uncompiled, so that its "
            "operators can be seen: {names}.",
            "{count} functions that the model calls are compiled with torch.compile, and were run uncompiled, so that "
            "their operators can be seen: {names}.",
            len(names),
            names=[*names[:MOST_NAMED], *(["…"] if len(names) > MOST_NAMED else [])],
        ),
    )


def called(module: nn.Module, images: Tensor, training: bool) -> list[str]:
    """Names of the compiled functions that a pass calls in one mode, as far as it comes."""
    names: list[str] = []

    def look(frame: FrameType, event: str, _what: Any) -> None:
        function = compiled_in(frame) if event == "call" else None
        if function is not None and not (is_torchs(function) and called_by_torch(frame)):
            names.append(name_of(function))

    before = sys.getprofile()
    with preserved(module), kept_settings(), torch.no_grad(), errors_passed_over():
        module.train(training)
        sys.setprofile(look)
        try:
            module(images.clone())
        finally:
            sys.setprofile(before)
    return names


def is_torchs(function: Callable[..., Any]) -> bool:
    """Whether a function is one of torch's own."""
    return str(getattr(function, "__module__", "")).partition(".")[0] == "torch"


def called_by_torch(frame: FrameType) -> bool:
    """Whether torch's own code made a call, as that of a module that was compiled in place."""
    caller = frame.f_back
    return caller is not None and str(caller.f_globals.get("__name__", "")).partition(".")[0] == "torch"


def name_of(function: Callable[..., Any]) -> str:
    """What a function is called where it is defined, with its class; of one of torch's, its name alone."""
    short = getattr(function, "__name__", type(function).__name__)
    return short if is_torchs(function) else getattr(function, "__qualname__", short).rpartition("<locals>.")[2]
