"""Characteristic curves: records that show each claim."""

from __future__ import annotations

import numpy as np

from reportgen.record.probes.response import BlackAnswer
from reportgen.record.run import RunRecord
from reportgen.report.sections.response.view import SECTION
from tests.report.register.case import Cases
from tests.report.sections.response.test_view import changed, with_arrays
from tests.support.layers import with_responses


def honest(record: RunRecord) -> RunRecord:
    calm = with_responses(record, 3)
    return with_arrays(calm, confidence=calm.arrays["response.right"].astype(np.float32))


def straight(record: RunRecord) -> RunRecord:
    return with_arrays(with_responses(record, 4), bend=np.array([[0.01, 0.5, 0.5, 0.5], [1, 1, 1, 1]]))


def retrained(record: RunRecord) -> RunRecord:
    full = with_responses(record, 3)
    rms, power = full.arrays["response.rms"].copy(), full.arrays["response.power"].copy()
    rms[1, :, 1] = np.sqrt(np.abs(full.arrays["response.drives"]))
    power[1, :, 1] = np.array([0.9, 1.0, 1.1])[:, None]
    return with_arrays(full, rms=rms, power=power)


def few(record: RunRecord) -> RunRecord:
    full = with_responses(record, 1)
    right, sure = (full.arrays[f"response.{name}"][:, :, :5] for name in ("right", "confidence"))
    return with_arrays(full, right=right, confidence=sure)


RESPONSE = Cases(
    {
        "plain": lambda record: with_responses(record, 3),
        "flat": lambda record: with_responses(record, 3, curve="flat"),
        "dying": lambda record: changed(with_responses(record, 3), {0: {"dead": 1}, 2: {"dead": 8, "dead_before": 2}}),
        "straight": straight,
        "retrained": retrained,
        "honest": honest,
        "few": few,
        "sure of nothing": lambda record: changed(
            with_responses(record, 2), black=BlackAnswer(label=1, confidence=0.97)
        ),
        "strange": lambda record: changed(with_responses(record, 2), black=BlackAnswer(label=99, confidence=0.4)),
    },
    {
        "response.saturated": ("flat", "plain"),
        "response.no_dead": ("plain", "dying"),
        "response.dead": ("dying", "plain"),
        "response.straight": ("straight", "plain"),
        "response.gains": ("plain", "few"),
        "response.changed_gain": ("retrained", "plain"),
        "response.oversure": ("plain", "honest"),
        "response.stops": ("plain", "few"),
        "response.black": ("plain", "strange"),
        "response.sure_of_black": ("sure of nothing", "plain"),
    },
    SECTION,
)
