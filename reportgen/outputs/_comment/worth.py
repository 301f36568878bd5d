"""Whether there is more to say in a pull request than one line, by `comment.when` of the spec."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.comparison.decision import level_of_others
from reportgen.record.comparison import ClassChange, Comparison
from reportgen.record.definitions import shown_in
from reportgen.record.metric_value import MetricValue
from reportgen.record.subject import Subject
from reportgen.report.model import Banner


@dataclass(frozen=True)
class Worth:
    """What a comment is worth."""

    whole: bool
    """Whether it is the whole comment; else one line."""
    posted: bool
    """Whether there is anything in it that a reader has to know."""


def weigh(subject: Subject, banners: Sequence[Banner]) -> Worth:
    """The worth of a report's comment, by the `when` of its spec."""
    when = subject.presentation.comment.when
    compared = subject.judgement.compared
    if when == "always" or has_failed(subject, banners):
        return Worth(True, True)
    if when == "failed":
        return Worth(False, False)
    if compared is None or compared.verdict != "equivalent":
        return Worth(True, True)
    undecided = any(gate.outcome == "undecided" for gate in subject.judgement.gates)
    return Worth(False, undecided or bool(changed_classes(compared)) or bool(changed_costs(compared)))


def has_failed(subject: Subject, banners: Sequence[Banner]) -> bool:
    """Whether a gate failed, the model is worse than the baseline, or a banner says that its numbers mislead."""
    compared = subject.judgement.compared
    return (
        any(gate.outcome == "fail" for gate in subject.judgement.gates)
        or (compared is not None and compared.verdict == "worse")
        or any(banner.severity == "bad" for banner in banners)
    )


def changed_classes(compared: Comparison) -> tuple[ClassChange, ...]:
    """The classes whose recall changed when all are looked at together (Holm), the largest change first."""
    level = level_of_others(compared)
    held = (one for one in compared.classes if one.p_adjusted <= level and one.change.value)
    return tuple(sorted(held, key=lambda one: (-abs(one.change.value or 0.0), one.index)))


def changed_costs(compared: Comparison) -> tuple[MetricValue, ...]:
    """Changes of the counted costs, of those that are not the baseline's."""
    counted = (one.name for one in shown_in("comment") if one.compared == "counted")
    changes = (compared.value(f"{name}.change_ratio") for name in counted)
    return tuple(change for change in changes if change is not None and change.value not in (None, 1.0))
