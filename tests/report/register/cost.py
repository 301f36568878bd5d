"""Time and memory: records that show each claim."""

from __future__ import annotations

from reportgen.record.run import RunRecord
from reportgen.report.sections.cost.view import SECTION
from tests.report.register.case import Cases
from tests.report.sections.cases import change
from tests.support.cost_facts import latency, roofs, step, with_cost


def idle(record: RunRecord) -> RunRecord:
    rows = [one.model_copy(update={"seconds": 0.0008}) if one.kind == "ReLU" else one for one in record.trace.modules]
    return with_cost(change(record, trace={"modules": tuple(rows)}))


COST = Cases(
    {
        "plain": with_cost,
        "no limits": lambda record: with_cost(record, roofs=None),
        "idle": idle,
        "two batches": lambda record: with_cost(record, latency=()),
        "jumpy": lambda record: with_cost(
            record, latency=(latency(32, 0.02).model_copy(update={"p95_seconds": 0.05}),)
        ),
        "starved": lambda record: with_cost(record, step=step(0.06, 0.01, 0.02, 0.01)),
        "high roofs": lambda record: with_cost(record, roofs=roofs(flops=1e15, bandwidth=1e15, call=1e-12)),
        "low copies": lambda record: with_cost(record, roofs=roofs(bandwidth=1e7)),
        "slow roof": lambda record: with_cost(record, roofs=roofs(1e9)),
        "no memory": lambda record: with_cost(record, memory=()),
    },
    {
        "cost.peak": ("plain", "no limits"),
        "cost.false_roof": ("slow roof", "plain"),
        "cost.limits": ("low copies", "high roofs"),
        "cost.unused": ("high roofs", "low copies"),
        "cost.idle": ("idle", "no limits"),
        "cost.saturation": ("plain", "two batches"),
        "cost.unsettled": ("jumpy", "plain"),
        "cost.waits": ("starved", "plain"),
        "cost.step": ("plain", "starved"),
        "cost.memory": ("plain", "no memory"),
    },
    SECTION,
)
