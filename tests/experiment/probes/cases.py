"""A finished run around a small model, for a probe to look into."""

from __future__ import annotations

import numpy as np
import torch

from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.evaluate import evaluate
from reportgen.experiment.probes import ProbeContext, ProbeResult
from reportgen.experiment.trace import trace_model
from reportgen.record.probes import Probes
from reportgen.record.run import RunRecord
from reportgen.spec.types import ModelSpec, ReportSpec, RunSpec
from tests.experiment.cases import noise, plain_cpu


def finished(
    module: torch.nn.Module,
    data: LoadedData | None = None,
    initial: dict[str, torch.Tensor] | None = None,
    history: dict[str, np.ndarray] | None = None,
    run: RunSpec | None = None,
    precision: str = "float32",
) -> ProbeContext:
    """The context of a run that ended with this module."""
    data, device = data or noise(), plain_cpu(precision)
    device.place(module).eval()
    trace = trace_model(module, data.normalization.apply(data.test_images[:1], device.dtype), "test")
    spec = ReportSpec(title="Test", model=ModelSpec(source="builtin:two_conv"), run=run or RunSpec())
    logits = evaluate(module, data.test_images, data.normalization, device)
    return ProbeContext(module, initial, data, device, spec, trace, logits, np.arange(4), history or {})


def recorded(
    record: RunRecord, name: str, result: ProbeResult, arrays: dict[str, np.ndarray] | None = None
) -> RunRecord:
    """The record with what a probe found in it."""
    probes = Probes(level="fast", budget_seconds=20.0, **{name: result.facts})
    merged = record.arrays.merged({**(arrays or {}), **result.arrays})
    return record.model_copy(update={"probes": probes, "arrays": merged})
