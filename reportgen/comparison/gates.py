"""Each rule held against the number it names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from reportgen.comparison.gate_names import find_value
from reportgen.errors import Location
from reportgen.record.comparison import NotCompared
from reportgen.record.gate_result import GateOutcome, GateResult, Place
from reportgen.record.latency import FEWEST_PROCESSES
from reportgen.record.meaning import named_numbers
from reportgen.record.message import N_, Message
from reportgen.record.metric_value import MetricValue
from reportgen.record.probes import Probes
from reportgen.spec.gates import Comparator, Rule, split_change

EQUAL = 1e-9
"""Relative difference below which two numbers are the same."""
NO_CHANGE = {"change": 0.0, "change_ratio": 1.0}
"""What a change is where there is none."""


def judge_gates(
    gates: Sequence[Rule],
    values: Sequence[MetricValue],
    gaps: Sequence[NotCompared] = (),
    compared: bool = True,
    unchanged: bool = False,
    probes: Probes | None = None,
) -> tuple[GateResult, ...]:
    """The outcome of every rule, in the order of the spec, on the numbers of a report; `gaps` say why some are not.

    `compared`: whether there is a baseline at all; `unchanged`: whether its outputs are the same, to the bit; `probes`:
    of the run, which say why they did not find a number.
    """
    by_name = {value.name: value for value in values}
    reasons = why_not_probed(gates, probes) | {gap.name: gap.reason for gap in gaps}
    if not compared:
        changes = [rule.metric for rule in gates if split_change(rule.metric)[1]]
        reasons |= dict.fromkeys(changes, N_("There is no baseline to compare with."))
    results = tuple(judge(rule, by_name, reasons) for rule in gates)
    return tuple(map(spare_unchanged, results)) if unchanged else results


def why_not_probed(gates: Sequence[Rule], probes: Probes | None) -> dict[str, Message]:
    """Why a probe has not found the numbers that rules name, by the metric of the rule; of others nothing."""
    if probes is None:
        return {}
    missing = {gap.name: gap.reason for gap in probes.missing}
    if probes.robustness is not None and probes.robustness.gaps:
        missing["robustness"] = probes.robustness.gaps[0]
    sections = {rule.metric: section for rule in gates for section in named_numbers([rule.metric])}
    return {metric: missing[section] for metric, section in sections.items() if section in missing}


def spare_unchanged(result: GateResult) -> GateResult:
    """The result of a rule where the outputs are those of the baseline: what did not change fails no rule on a change,
    because whoever builds the same model twice has nothing to answer for."""
    judged = result.judged
    if result.outcome != "fail" or judged is None or judged.value != NO_CHANGE.get(judged.meaning.change):
        return result
    reason = N_("The outputs are the same as the baseline’s to the bit, so there is no change to judge.")
    return result.model_copy(update={"outcome": "undecided", "reason": reason})


def judge(rule: Rule, values: Mapping[str, MetricValue], reasons: Mapping[str, Message]) -> GateResult:
    """One rule on the number it names; `reasons`: why a number is unknown, by its name.

    A point rule compares the value. A rule with `confidently` passes when both ends of the interval fulfil it, fails
    when neither does, and is undecided between; numbers that are counted exactly need no interval.
    """
    metric, scale = find_value(rule.metric, values)
    bound = rule.bound / scale
    if metric is None or metric.value is None or not math.isfinite(metric.value):
        unknown = reasons.get(metric.name if metric is not None else rule.metric) or N_("This run has no such number.")
        return result(rule, metric, bound, "undecided", unknown)
    if (too_few := too_few_processes(metric)) is not None:
        return result(rule, metric, bound, "undecided", too_few)
    if not rule.confidently or metric.method == "exact":
        held = holds(metric.value, rule.comparator, bound)
        outcome, reason = ("pass", None) if held else judge_failure(metric, rule.comparator, bound)
    else:
        outcome, reason = judge_interval(metric, rule.comparator, bound)
    if outcome == "fail" and metric.method == "alternated" and metric.name in reasons:
        outcome, reason = "undecided", reasons[metric.name]
    return result(rule, metric, bound, outcome, reason)


def too_few_processes(metric: MetricValue) -> Message | None:
    """Why a time of so few processes that their spread is not known is held against no bound; None for any other."""
    if not metric.few_processes:
        return None
    return N_(
        "The spread between processes is not known below {fewest} processes (run.probes.cost.processes).",
        fewest=FEWEST_PROCESSES,
    )


def judge_failure(metric: MetricValue, comparator: Comparator, bound: float) -> tuple[GateOutcome, Message | None]:
    """Whether a value that does not fulfil a rule fails it: a changed time does so by its whole interval alone.

    A time without an interval is another one in the next process, and in the next run.
    """
    if metric.method not in ("measured", "alternated") or not metric.meaning.change or metric.meaning.unit == "bytes":
        return "fail", None
    if metric.low is None or metric.high is None:
        return "undecided", N_("It was timed in one process per model; another run may differ by more.")
    if holds(metric.low, comparator, bound) or holds(metric.high, comparator, bound):
        return "undecided", N_("The bound lies inside the interval between processes.")
    return "fail", None


def result(
    rule: Rule, metric: MetricValue | None, bound: float, outcome: GateOutcome, reason: Message | None = None
) -> GateResult:
    """The result of a rule; `bound` in the unit of the number."""
    return GateResult(
        rule=rule.text,
        metric=rule.metric,
        confidently=rule.confidently,
        outcome=outcome,
        judged=metric,
        bound=bound,
        reason=reason,
        place=find_place(rule),
    )


def find_place(rule: Rule) -> Place | None:
    """Where a rule stands in the text of its spec."""
    at = rule.location
    if at is None or at.line is None or at.column is None:
        return None
    return Place(file=at.file, line=at.line, column=at.column)


def located(rules: Sequence[Rule], judged: Sequence[GateResult]) -> tuple[Rule, ...]:
    """Rules that a record knows by their text alone, with where the results that it holds say they stood."""
    places = {result.rule: result.place for result in judged}

    def located_one(rule: Rule) -> Rule:
        place = places.get(rule.text)
        if rule.location is not None or place is None:
            return rule
        return replace(rule, location=Location(place.file, place.line, place.column))

    return tuple(map(located_one, rules))


def judge_interval(metric: MetricValue, comparator: Comparator, bound: float) -> tuple[GateOutcome, Message | None]:
    """Whether a whole interval fulfils a rule, and why it can't be told."""
    if metric.low is None or metric.high is None:
        return "undecided", N_("The number has no interval, which the rule needs.")
    if comparator in ("==", "!="):
        inside = metric.low <= bound <= metric.high
        certain = metric.low == metric.high
        if inside and not certain:
            return "undecided", N_("The bound lies inside the interval.")
        return ("pass" if holds(metric.low, comparator, bound) else "fail"), None
    ends = [holds(end, comparator, bound) for end in (metric.low, metric.high)]
    if all(ends):
        return "pass", None
    if not any(ends):
        return "fail", None
    if metric.method == "alternated" or "processes" in metric.conditions:
        return "undecided", N_("The bound lies inside the interval between processes.")
    return "undecided", N_("The bound lies inside the interval; more images would decide.")


def holds(value: float, comparator: Comparator, bound: float) -> bool:
    """Whether a number fulfils a comparison; numbers that differ by rounding alone are equal."""
    same = math.isclose(value, bound, rel_tol=EQUAL, abs_tol=EQUAL * EQUAL)
    if comparator in ("==", "!="):
        return same == (comparator == "==")
    if same:
        return comparator in (">=", "<=")
    return value > bound if comparator in (">=", ">") else value < bound
