"""Every place that makes an interval, and the simulation that says how often it holds the truth, or why it needs none.

An interval can be right for one number and wrong for another: that of two independent shares, taken of the same images
twice, covers always. So each use stands here with the case that simulates it, and a new one fails until it does.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import reportgen
from tests.comparison import test_changes_coverage
from tests.metrics import test_intervals_coverage, test_progress, test_scores_coverage
from tests.report.register import worlds

PACKAGE = Path(reportgen.__file__).parent
QUANTILES = {"inv_cdf", "stdtrit", "chdtri", "critical", "upper_quantile", "t_quantile", "half_width"}
MAKERS = {
    *("wilson", "newcombe", "score_interval", "paired_interval", "share_interval", "median_interval"),
    *("quantile_interval", "between_processes", "mean_difference", "share_difference", "confidence_gap"),
    *("logit_interval", "skewed_interval", "mean_of_shares_interval", "mean_of_changes_interval", "mean_interval"),
    *("mean_share_interval", "gain_interval", "change_interval", "share_ends", "balanced_ends", "seeded_change"),
    *("paired_ratio", "mean_estimate", "spread_over_seeds", "paired_changes", "measure_calibration_error"),
}
"""Functions of which intervals are made."""

COVERED: dict[str, tuple[str, ...]] = {
    "test_scores_coverage.coverage": (
        "metrics.computing.interval",
        "metrics.computing.calibration",
        "metrics.influence.logit_interval",
        "metrics.influence.skewed_interval",
    ),
    "test_scores_coverage.scaled_coverage": ("metrics.computing.scaled_calibration",),
    "test_changes_coverage.changes": (
        "metrics.computing.change_interval",
        "comparison.changes.score_changes",
        "comparison.changes.between",
        "comparison.interval_adjustment.share_ends",
        "comparison.interval_adjustment.balanced_ends",
        "comparison.history.compare_losses",
    ),
    "test_progress.cover": ("metrics.progress.measure_progress",),
    "test_intervals_coverage.shares": (
        "metrics.values.share",
        "metrics.records.train_accuracy",
        "metrics.records.teacher_accuracy",
        "report.wording.share_interval",
        "report.sections.evaluation.class_findings.find_order",
        "report.sections.evaluation.findings.find_top5",
        "report.sections.evaluation.findings.find_groups",
        "report.sections.evaluation.findings.side_of",
        "report.sections.explanations.findings.format_votes",
        "report.sections.explanations.findings.find_overlap",
        "report.sections.explanations.findings.find_mistakes",
        "report.sections.predictions.findings.find_sure",
        "report.sections.predictions.findings.find_close",
        "report.sections.training.findings.point_interval",
        "report.sections.training.view.seed_rows",
        "figures._style.measured",
        "figures.reliability.interval_of",
        "figures.response_exposure.draw_answers",
    ),
    "test_intervals_coverage.f1": ("metrics.classes.f1_value",),
    "test_intervals_coverage.changes": (
        "comparison.accuracy.paired_changes",
        "comparison.accuracy.compare_accuracy",
        "comparison.classes.compare_classes",
        "comparison.history.compare_answers",
        "metrics.paired.paired_interval",
    ),
    "test_intervals_coverage.changes_alone": (
        "metrics.differences.share_difference",
        "metrics.robustness.read_outcomes",
        "metrics.preprocessing.read_tried",
        "report.sections.explanations.findings.find_separation",
        "report.sections.response.exposure_findings.find_stops",
        "report.sections.training.seed_findings.find_teacher",
    ),
    "test_intervals_coverage.generalisation_gaps": ("metrics.records.generalisation_gap",),
    "test_intervals_coverage.confidence_gaps": (
        "metrics.differences.confidence_gap",
        "report.sections.evaluation.findings.find_calibration",
        "report.sections.evaluation.calibration_wording.find_agreement",
    ),
    "test_intervals_coverage.confidence_at_exposures": (
        "metrics.differences.mean_difference",
        "report.sections.response.exposure_findings.find_oversure",
    ),
    "test_intervals_coverage.seeds": ("metrics.seeds.mean_interval", "metrics.seeds.accuracy_seeds"),
    "test_intervals_coverage.seed_deviation": ("metrics.seeds.spread_over_seeds", "metrics.seeds.spread_of"),
    "test_intervals_coverage.evaluations": (
        "metrics.draws.mean_share_interval",
        "metrics.draws.half_width",
        "metrics.draws.widen",
    ),
    "test_intervals_coverage.RECALL": ("metrics.classes.class_share",),
    "test_intervals_coverage.several_seeds": (
        "comparison.changes.over_evaluations",
        "comparison.seeds.seeded_change",
        "comparison.seeds.half_width",
        "comparison.seeds.tail",
    ),
    "test_intervals_coverage.corruptions": (
        "metrics.influence.mean_of_shares_interval",
        "metrics.robustness.mean_over",
    ),
    "test_intervals_coverage.corruption_changes": (
        "metrics.influence.mean_of_changes_interval",
        "metrics.robustness.over_severities",
    ),
    "test_intervals_coverage.map_checks": (
        "metrics.explanations.mean_estimate",
        "metrics.explanations.read_check",
        "figures.explanation_checks.tabulate",
        "figures.explanation_checks.curves",
    ),
    "test_intervals_coverage.gains": (
        "metrics.characteristics.gain_interval",
        "metrics.responses.gain_interval",
        "report.sections.response.findings.find_flat",
        "report.sections.response.findings.gain_intervals",
        "report.sections.response.view.gain_text",
        "report.sections.response.view.caption_rows",
    ),
    "test_intervals_coverage.latency_p50": (
        "record.latency.between_processes",
        "record.latency.summarise_processes",
    ),
    "test_intervals_coverage.latency_ratio": (
        "comparison.latencies.paired_ratio",
        "comparison.latencies.changes",
    ),
    "test_intervals_coverage.one_process": (
        "experiment.trace.timing.time_modules",
        "experiment.trace.timing.with_times",
        "experiment.probes.cost.training_step.summarise_steps",
    ),
    "test_intervals_coverage.rates_of_machine": ("experiment.probes.cost.machine_limits.measure_roofs",),
}
"""Simulation, a function of one of the modules of tests -> the functions whose intervals it draws, or whose intervals
are made of the same numbers by the same function."""

EXCEPT: dict[str, str] = {
    "metrics.intervals.wilson": "a formula: see its uses",
    "metrics.intervals.newcombe": "a formula: see its uses",
    "metrics.paired.score_interval": "a formula: see its uses",
    "metrics.student.upper_quantile": "a quantile of Student's t, held against scipy's",
    "metrics.influence.critical": "a quantile of Student's t, held against scipy's",
    "record.latency.median_rank": "a rank of `median_interval`",
    "comparison.power.equivalence_power": "the power of a test, no interval",
    "comparison.power.seeds_needed": "the power of a test, no interval",
    "metrics.output_range.find_output_range": "a bound under which nothing is said; no end is shown",
    "metrics.preprocessing.doubt_preparation": "a test in stages: the register's `equal_preparations`",
    "metrics.preprocessing.is_cleared": "a test in stages: the register's `better_preparation`",
    "report.sections.robustness.preprocessing_findings.format_open": "a bound under which nothing is said",
    "report.sections.evaluation.class_findings.find_perfect": "one-sided, of all images right: the end that Wilson has",
    "report.sections.evaluation.findings.find_coverage": "a test, no end is shown: the register's `blind_confidence`",
}
"""Functions that make an interval, or use a quantile, and have no case, and why."""


def places() -> set[str]:
    """Every function of the package that calls one of MAKERS, or a quantile, by its dotted name in the package."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if not any(name in text for name in MAKERS | QUANTILES):
            continue
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
        found |= {f"{module}.{function.name}" for function in functions if makes_an_interval(function)}
    return found


def makes_an_interval(function: ast.FunctionDef) -> bool:
    """Whether it calls one of MAKERS, or a quantile; what `numerals` has of the same name only writes one."""
    called = [ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)]
    if function.name in ("format_interval", "format_change_interval", "list_methods"):
        return False
    return any(name.rpartition(".")[2] in MAKERS | QUANTILES and not name.startswith("numerals.") for name in called)


def test_every_use_of_an_interval_has_a_simulation_or_a_reason() -> None:
    listed = [name for names in COVERED.values() for name in names]
    assert len(listed) == len(set(listed))
    assert not set(listed) & set(EXCEPT)
    assert places() == set(listed) | set(EXCEPT)


@pytest.mark.parametrize("case", COVERED)
def test_the_simulation_is_among_those_that_are_run(case: str) -> None:
    module, name = case.split(".")
    found = getattr(
        {
            "test_scores_coverage": test_scores_coverage,
            "test_changes_coverage": test_changes_coverage,
            "test_progress": test_progress,
            "test_intervals_coverage": test_intervals_coverage,
        }[module],
        name,
    )
    run = (*test_intervals_coverage.IMAGES, *test_intervals_coverage.PROCESSES, *test_intervals_coverage.PASSES)
    assert found in run if module == "test_intervals_coverage" else callable(found)


def test_a_reason_that_names_a_simulation_names_one_of_the_register() -> None:
    named = [reason.split("register's `")[1].strip("`") for reason in EXCEPT.values() if "register's `" in reason]
    assert named
    assert set(named) <= set(worlds.CLAIMS)
