"""Whether the work of a forward pass depends on the image, as with early exits, adaptive steps and hard routing."""

from __future__ import annotations

import torch
from torch import Tensor

from reportgen.experiment.trace.model import trace_model
from reportgen.record.message import N_
from reportgen.record.trace import ModelTrace
from reportgen.system.signals import errors_passed_over

OTHERS = 4
"""Images that are traced beside the first."""
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
