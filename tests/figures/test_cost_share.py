"""Costs by stage: they add up, fold and open."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.figures.cost_share import MOST_STAGES, stages
from reportgen.record.run import RunRecord
from reportgen.record.trace import ModelTrace
from reportgen.report.model import Skipped
from reportgen.text import numerals
from tests.figures.drawing import draw, drawn, texts
from tests.support.records import module


def flat_trace(record: RunRecord, costs: list[int], wrapped: bool = False) -> ModelTrace:
    """A chain of single layers of these parameters and MACs, directly in the model or inside one module."""
    total = sum(costs)
    whole = {"parameters": total, "macs": total, "activation_bytes": total, "is_leaf": False, "seconds": None}
    rows = [module(0, "", "Net", None, 0, **whole)]
    if wrapped:
        rows.append(module(1, "body", "Sequential", 0, 1, **whole))
    first = len(rows)
    for index, cost in enumerate(costs):
        path = f"body.{index}" if wrapped else f"layer{index}"
        rows.append(
            module(
                first + index,
                path,
                "Linear",
                first - 1,
                first,
                parameters=cost,
                own_parameters=cost,
                macs=cost,
                own_macs=cost,
                activation_bytes=cost,
                seconds=None,
            )
        )
    return record.trace.model_copy(update={"modules": tuple(rows), "parameters": total, "macs": total})


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("costs", [[5, 5], [100, 1, 1, 50], list(range(1, 41))])
def test_stages_add_up_to_the_whole(record: RunRecord, costs: list[int], wrapped: bool) -> None:
    rows = stages(flat_trace(record, costs, wrapped))
    np.testing.assert_allclose(np.sum([row.costs[:3] for row in rows], axis=0), sum(costs))
    assert len(rows) <= MOST_STAGES + 1
    named = [row for row in rows if not row.other]
    assert all(row.costs[0] >= 0.02 * sum(costs) for row in named)


def test_wrapped_layers_carry_the_name_of_what_wraps_them(record: RunRecord) -> None:
    assert [row.label for row in stages(flat_trace(record, [5, 6], wrapped=True))] == ["body.0", "body.1"]


def test_shares_stand_at_the_bars(record: RunRecord) -> None:
    shown = texts(drawn(record.model_copy(update={"trace": flat_trace(record, [30, 70])}), "cost_share"))
    assert shown.count(numerals.percent(0.3)) == shown.count(numerals.percent(0.7)) == 3  # ring, MACs, activations
    assert "Time" not in shown


def test_single_layer_has_nothing_to_share_out(record: RunRecord) -> None:
    alone = record.model_copy(update={"trace": flat_trace(record, [9])})
    assert isinstance(draw(alone, ["cost_share"])["cost_share"], Skipped)
