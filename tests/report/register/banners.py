"""Banners: records that show each."""

from __future__ import annotations

import numpy as np

from reportgen.record.answers import AnswerChange
from reportgen.record.message import N_
from reportgen.record.run import Divergence, Fault, RunRecord
from tests.metrics.test_draws import by_chance, noisy
from tests.report.register.case import Cases
from tests.report.register.data import WHOLE
from tests.report.register.robustness import ROBUSTNESS
from tests.report.register.training import TRAINING
from tests.report.sections.cases import change
from tests.report.test_banners_of_answers import FACTS
from tests.support.records import presented

BESIDE = FACTS.model_copy(
    update={"by_neighbours": True, "alone": AnswerChange(images=64, changed=0.125, logits=0.0213)}
)
BY_STATE = FACTS.model_copy(update={"by_state": True, "again": AnswerChange(images=64, changed=0.125, logits=0.0213)})


def faulty(by: str) -> object:
    def make(record: RunRecord) -> RunRecord:
        fault = Fault(part=N_("the probe"), by=by, reason="it fell")  # type: ignore[arg-type]
        return record.model_copy(update={"faults": (fault,)})

    return make


def after_sigmoid(record: RunRecord) -> RunRecord:
    logits = 1 / (1 + np.exp(-record.arrays["eval.logits"]))
    return change(record, arrays={"eval.logits": logits})


def fell(record: RunRecord) -> RunRecord:
    event = Divergence(step=3, epoch=0.1, learning_rate=0.1, batch_ids=())
    return change(record, training={"divergence": event})


BANNERS = Cases(
    {
        "plain": lambda record: record,
        "whole": lambda record: change(record, data={"splits": WHOLE}),
        "unfinished": lambda record: record.model_copy(update={"unfinished": True}),
        "model's fault": faulty("model"),
        "our fault": faulty("reportgen"),
        "stand-in": lambda record: change(record, data={"requested": "cifar10", "name": "digits"}),
        "diverged": fell,
        "weights": lambda record: change(record, provenance={"weights_not_finite": 3}),
        "seeds": TRAINING.records["fallen seed"],
        "wrong way": ROBUSTNESS.records["wrong way"],
        "right way": ROBUSTNESS.records["plain"],
        "by chance": lambda record: by_chance(record, noisy(record)),
        "beside": lambda record: record.model_copy(update={"answers": BESIDE}),
        "by state": lambda record: record.model_copy(update={"answers": BY_STATE}),
        "after sigmoid": after_sigmoid,
        "steady": lambda record: record.model_copy(update={"answers": FACTS}),
        "cut short": TRAINING.records["cut short"],
        "files": lambda record: change(record, data={"left_out_count": 2}),
        "device": lambda record: change(record, device={"requested": "cuda"}),
        "unverified": lambda record: change(record, data={"verified": False}),
        "no baseline": lambda record: presented(record, baseline={"missing": "The report of main has expired"}),
        "refused": lambda record: change(
            record, provenance={"commit": None, "commit_refused": N_("git is not installed")}
        ),
    },
    {
        "banner.unfinished": ("unfinished", "plain"),
        "banner.model_faults": ("model's fault", "plain"),
        "banner.own_faults": ("our fault", "plain"),
        "banner.stand_in": ("stand-in", "plain"),
        "banner.not_finite": ("diverged", "plain"),
        "banner.weights_not_finite": ("weights", "plain"),
        "banner.seeds_not_finite": ("seeds", "plain"),
        "banner.preparation": ("wrong way", "right way"),
        "banner.chance": ("by chance", "steady"),
        "banner.state": ("by state", "steady"),
        "banner.neighbours": ("beside", "steady"),
        "banner.output_range": ("after sigmoid", "plain"),
        "banner.clock_end": ("cut short", "plain"),
        "banner.part": ("plain", "whole"),
        "banner.files_left_out": ("files", "plain"),
        "banner.device": ("device", "plain"),
        "banner.unverified": ("unverified", "plain"),
        "banner.no_baseline": ("no baseline", "plain"),
        "banner.no_commit": ("refused", "plain"),
    },
)
