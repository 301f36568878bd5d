"""Whether the work of a forward pass depends on the image, as with early exits, adaptive steps and hard routing."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from reportgen.experiment.hooks import before_call, hooked, is_scripted
from reportgen.experiment.snapshot import preserved
from reportgen.experiment.trace.counting import own_elements
from reportgen.experiment.trace.model import trace_model
from reportgen.record.message import N_
from reportgen.record.trace import ModelTrace
from reportgen.system.signals import errors_passed_over

OTHERS = 4
"""Images that are traced beside the first."""
MOST_NAMED = 5
MOST_BYTES = 2**30
"""That images may take which pass together."""
MOST_MACS = 2 * 10**9
"""Of models that are traced again; larger ones seldom decide, and each trace of theirs takes long."""


def with_varying(trace: ModelTrace, module: torch.nn.Module, images: Tensor) -> ModelTrace:
    """The trace with a note where a few of the images (n, C, H, W) need another number of multiply-accumulates than
    the first, which was traced. What raises for one of them is told where all are evaluated."""
    if trace.macs is None or trace.macs > MOST_MACS:
        return trace
    found = [trace.macs]
    with errors_passed_over():
        for image in images[1 : 1 + OTHERS]:
            macs = trace_model(module, image[None], trace.source).macs
            found += [macs] if macs is not None else []
    if len(set(found)) == 1:
        return trace
    note = N_(
        "The work depends on the image: the first {count} test images need {low} to {high} multiply-accumulates. What "
        "is stated here is that of the first, {stated}; layers and operators that it does not reach are missing, and "
        "the latency of others differs.",
        count=len(found),
        low=min(found),
        high=max(found),
        stated=trace.macs,
    )
    return trace.model_copy(update={"notes": (*trace.notes, note)})


def with_reached(trace: ModelTrace, module: torch.nn.Module, images: Tensor) -> ModelTrace:
    """The trace, of whose unused modules those are none that other images (n, C, H, W) reach, as with experts to which
    an image is routed; as many together as `MOST_BYTES` hold, and the first few alone. A note says which."""
    if not trace.unused:
        return trace
    named, reached = dict(module.named_modules()), dict[str, None]()

    def reach(path: str, *_call: object) -> None:
        reached[path] = None

    watched = [path for path in trace.unused if not is_scripted(named[path])]
    with hooked(before_call(named[path], partial(reach, path)) for path in watched):
        together = max(1, MOST_BYTES // max(1, trace.activation_bytes_inference, images[0].nbytes))
        for batch in (images[:together], *torch.split(images[: 1 + OTHERS], 1)):
            with errors_passed_over(), preserved(module), torch.no_grad():
                module.eval()(batch.clone())
    if not reached:
        return trace
    left = tuple(path for path in trace.unused if path not in reached)
    note = N_(
        "Which modules are called depends on the image: the first test image, whose layers and operators are listed "
        "here, does not reach {names}; others do.",
        names=[*list(reached)[:MOST_NAMED], *(["…"] if len(reached) > MOST_NAMED else [])],
    )
    counts = {"unused": left, "unused_parameters": own_elements(module, left)}
    return trace.model_copy(update={**counts, "notes": (*trace.notes, note)})
