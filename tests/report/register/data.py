"""Data: records that show each claim."""

from __future__ import annotations

from reportgen.record.message import N_
from reportgen.record.run import Duplicates
from reportgen.report.sections.data.view import SECTION
from tests.report.register.case import Cases
from tests.report.sections.data.test_view import WHOLE, data, splits

NONE = Duplicates(within_train=0, within_test=0, across=0)
OTHER = {"normalize_name": "custom", "normalize_mean": (0.6, 0.48, 0.45), "normalize_std": (0.25, 0.24, 0.26)}
BARE = {"normalize_name": "none", "normalize_mean": (0.0,) * 3, "normalize_std": (1.0,) * 3}
DATA = Cases(
    {
        "plain": lambda record: record,
        "whole": lambda record: data(record, splits=WHOLE, duplicates=NONE),
        "stand-in": lambda record: data(record, requested="cifar10", fallback_reason=N_("No network."), title="Digits"),
        "unverified": lambda record: data(record, verified=False),
        "missing class": lambda record: data(record, splits=splits((384,) * 10, (0, 0, *(60,) * 8))),
        "uneven": lambda record: data(record, splits=splits((400, 100, *(200,) * 8), (60,) * 10)),
        "as they are": lambda record: data(record, **BARE),
        "other": lambda record: data(record, **OTHER),
        "across": lambda record: data(record, duplicates=Duplicates(within_train=2, within_test=0, across=1)),
        "inside": lambda record: data(record, duplicates=Duplicates(within_train=2, within_test=1, across=0)),
    },
    {
        "data.fallback": ("stand-in", "plain"),
        "data.unverified": ("unverified", "plain"),
        "data.part": ("plain", "whole"),
        "data.missing_class": ("missing class", "plain"),
        "data.uneven": ("uneven", "plain"),
        "data.as_they_are": ("as they are", "plain"),
        "data.other_normalisation": ("other", "plain"),
        "data.duplicates_across": ("across", "inside"),
        "data.duplicates_inside": ("inside", "across"),
        "data.no_duplicates": ("whole", "inside"),
    },
    SECTION,
)
