"""Maps and features: records that show each claim."""

from __future__ import annotations

import numpy as np

from reportgen.record.probes.explanations import NotExplained
from reportgen.record.run import RunRecord
from reportgen.report.sections.explanations.view import SECTION
from tests.report.register.case import Cases
from tests.report.sections.explanations.test_view import refusing
from tests.support.explanation_facts import checked, explained, make_facts


def no_layer(record: RunRecord) -> RunRecord:
    gap = NotExplained(part="grad_cam", reason="no_grid")
    return explained(record, make_facts(layer=None, gaps=(gap,)), deletion__cam=None)


def overlapping(record: RunRecord) -> RunRecord:
    labels = record.arrays["eval.labels"][:200]
    votes = labels.copy()
    votes[np.flatnonzero(labels == 3)[:9]] = 5
    return explained(record, embedding__vote=votes)


def as_the_model(record: RunRecord) -> RunRecord:
    return explained(record, embedding__vote=record.arrays["eval.logits"][:200].argmax(1).astype(np.int64))


def many_as_the_model(record: RunRecord) -> RunRecord:
    rows = np.resize(np.arange(200), 1000)
    called = record.arrays["eval.logits"].argmax(1).astype(np.int64)
    return explained(record, embedding__rows=rows, embedding__vote=called[rows])


def own_side(record: RunRecord) -> RunRecord:
    found = explained(record)
    true = record.arrays["eval.labels"][found.arrays["explanations.neighbours.rows"]]
    return explained(record, neighbours__labels=np.repeat(true[:, None], 5, 1))


EXPLANATIONS = Cases(
    {
        "plain": explained,
        "no layer": no_layer,
        "one cell": lambda record: explained(record, refusing(("layer4", 1, "one_cell"))),
        "alike": lambda record: checked(record, "ig", rank=0.9),
        "misleading": lambda record: checked(record, "ig", fall=2.0, chance=6.0),
        "open": lambda record: checked(record, "ig", fall=3.0, chance=3.0),
        "few": lambda record: checked(record, "ig", n=8),
        "unclear": lambda record: checked(record, "ig", rank=0.5),
        "maps alike": lambda record: explained(
            record, deletion__cam=None, deletion__ig=None, embedding__vote=record.arrays["eval.labels"][:200].copy()
        ),
        "overlapping": overlapping,
        "own side": own_side,
        "as the model": as_the_model,
        "many as the model": many_as_the_model,
        "no votes": lambda record: explained(record, embedding__vote=None),
    },
    {
        "explanations.no_map": ("no layer", "plain"),
        "explanations.small_map": ("one cell", "plain"),
        "explanations.not_learnt": ("alike", "plain"),
        "explanations.misleading": ("misleading", "plain"),
        "explanations.gain_open": ("open", "few"),
        "explanations.few_maps": ("few", "open"),
        "explanations.maps_pass": ("plain", "maps alike"),
        "explanations.rank_open": ("unclear", "plain"),
        "explanations.features_more": ("maps alike", "as the model"),
        "explanations.separation": ("as the model", "no votes"),
        "explanations.features_alone": ("many as the model", "as the model"),
        "explanations.overlap": ("overlapping", "maps alike"),
        "explanations.own_side": ("own side", "plain"),
    },
    SECTION,
)
