"""Figures and sections put together into the Report that every output prints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reportgen.comparison.gates import judge_gates
from reportgen.plugins import Section
from reportgen.record.comparison import Comparison
from reportgen.record.gate_result import GateResult
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.report.banners import find_banners
from reportgen.report.model import FigureFile, Report, SectionView, Skipped
from reportgen.report.verdict import write_verdict


def assemble(
    record: RunRecord,
    figures: Mapping[str, FigureFile | Skipped],
    sections: Mapping[str, Section],
    templates: Path | None = None,
) -> Report:
    """The report of a record: every section in its order, each having seen the others' findings."""
    asked = record.spec.report.sections != "default"
    present = [section for section in sections.values() if asked or section.applies(record)]
    ordered = sorted(present, key=lambda section: (section.order, section.name))
    built = tuple(section.build(record, figures) for section in ordered)
    metrics = collect_metrics(record, built)
    gaps = record.comparison.not_compared if isinstance(record.comparison, Comparison) else ()
    gates = judge_gates(record.spec.gates, (*metrics, *class_values(record)), gaps)
    record = record.model_copy(update={"gates": gates})
    views = tuple(complete(view, (*built[:at], *built[at + 1 :]), record.gates) for at, view in enumerate(built))
    made = [section for section, view in zip(ordered, views, strict=True) if not isinstance(view, Skipped)]
    shown = {name for section in made for name in section.figures}
    return Report(
        title=record.title,
        verdict=write_verdict(record),
        banners=find_banners(record),
        sections=views,
        figures=tuple(fig for name, fig in figures.items() if name in shown and isinstance(fig, FigureFile)),
        metrics=metrics,
        record=record,
        paper=record.spec.report.paper,
        templates=templates,
    )


def complete(
    view: SectionView | Skipped, others: tuple[SectionView | Skipped, ...], gates: tuple[GateResult, ...]
) -> SectionView | Skipped:
    """The section with what it takes from the others and the gates; one that could not be made takes nothing."""
    return view if isinstance(view, Skipped) else view.beside(others, gates)


def class_values(record: RunRecord) -> tuple[MetricValue, ...]:
    """The numbers of single classes and their changes, which gates can name and metrics.json does not list."""
    classes = record.measured.classes if record.measured else ()
    changes = record.comparison.classes if isinstance(record.comparison, Comparison) else ()
    own = (value for score in classes for value in (score.recall, score.precision, score.f1))
    return (*own, *(one.change for one in changes))


def collect_metrics(record: RunRecord, views: tuple[SectionView | Skipped, ...]) -> tuple[MetricValue, ...]:
    """The measured numbers, then what changed against the baseline, then those of the sections, each name once."""
    changes = record.comparison.values if isinstance(record.comparison, Comparison) else ()
    found = {value.name: value for value in (*(record.measured.values if record.measured else ()), *changes)}
    for view in views:
        for value in view.metrics if isinstance(view, SectionView) else ():
            found.setdefault(value.name, value)
    return tuple(found.values())
