"""Figures and sections put together into the Report that every output prints."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from reportgen.comparison.gates import judge_gates
from reportgen.plugins import Section
from reportgen.record.gate_result import GateResult
from reportgen.record.metric_value import MetricValue
from reportgen.record.subject import Subject
from reportgen.report.abridge import abridge
from reportgen.report.banners import find_banners
from reportgen.report.failing import skip
from reportgen.report.model import FigureFile, Logo, Report, SectionView, Skipped
from reportgen.report.verdict import write_verdict
from reportgen.report.wording import names_told_apart
from reportgen.text.i18n import current_language


def assemble(
    subject: Subject,
    figures: Mapping[str, FigureFile | Skipped],
    sections: Mapping[str, Section],
    templates: Path | None = None,
    css: str = "",
    further: Collection[str] = (),
    logo: Logo | None = None,
) -> Report:
    """The report of a subject: every section in its order, each having seen the others' findings, and the gates judged.

    `templates`: the user's own, where they are on this machine. `further`: names of figures that outputs show and no
    section does.
    """
    with names_told_apart(subject.record):
        return assemble_parts(subject, figures, sections, templates, css, further, logo)


def assemble_parts(
    subject: Subject,
    figures: Mapping[str, FigureFile | Skipped],
    sections: Mapping[str, Section],
    templates: Path | None,
    css: str,
    further: Collection[str],
    logo: Logo | None,
) -> Report:
    """See `assemble`."""
    drawn = subject.presentation
    ordered = order_sections(sections, subject)
    built = tuple(build_view(section, subject, figures) for section in ordered)
    metrics = collect_metrics(subject, built)
    compared = subject.judgement.compared
    gaps = compared.not_compared if compared is not None else ()
    against = subject.judgement.comparison is not None
    same = compared is not None and compared.unchanged
    gates = judge_gates(drawn.gates, (*metrics, *class_values(subject)), gaps, against, same, subject.record.probes)
    views = tuple(complete(view, (*built[:at], *built[at + 1 :]), gates, subject) for at, view in enumerate(built))
    made = [section for section, view in zip(ordered, views, strict=True) if not isinstance(view, Skipped)]
    brief = drawn.report.is_brief
    shown = {*further, *(name for one in made for name in (*one.shown(brief), *one.chosen(subject)))}
    failed = find_failed(views, tuple(fig for name, fig in figures.items() if name in shown))
    return Report(
        title=subject.title,
        verdict=write_verdict(subject),
        banners=find_banners(subject.record, failed, drawn.baseline),
        sections=views,
        figures=tuple(fig for name, fig in figures.items() if name in shown and isinstance(fig, FigureFile)),
        metrics=metrics,
        subject=replace(subject, judgement=subject.judgement.with_gates(gates)),
        language=current_language(),
        paper=drawn.report.paper,
        templates=templates,
        css=css,
        logo=logo,
        failed=failed,
        abridged=abridge(dict(zip(ordered, views, strict=True)), figures) if brief else (),
    )


def order_sections(sections: Mapping[str, Section], subject: Subject) -> tuple[Section, ...]:
    """The sections that the spec lists, in its order; else those that apply, in their own."""
    chosen = subject.presentation.report.chosen
    if chosen:
        return tuple(sections[name] for name in dict.fromkeys(chosen) if name in sections)
    present = (section for section in sections.values() if section.applies(subject))
    return tuple(sorted(present, key=lambda section: (section.order, section.name)))


def find_failed(
    views: tuple[SectionView | Skipped, ...], figures: tuple[FigureFile | Skipped, ...]
) -> tuple[Skipped, ...]:
    """The sections and figures that an error kept from being made."""
    return tuple(thing for thing in (*views, *figures) if isinstance(thing, Skipped) and thing.is_fault)


def build_view(
    section: Section, subject: Subject, figures: Mapping[str, FigureFile | Skipped]
) -> SectionView | Skipped:
    """One section, with the figures that stand at its end; one that raises is left out with its reason."""
    try:
        view = section.build(subject, figures)
    except Exception as error:  # whatever a section raises, the others are worth having
        return skip(section.name, section.title, error, subject)
    if isinstance(view, Skipped) or not section.further:
        return view
    return replace(view, further=tuple(figures[name] for name in section.further if name in figures))


def complete(
    view: SectionView | Skipped,
    others: tuple[SectionView | Skipped, ...],
    gates: tuple[GateResult, ...],
    subject: Subject,
) -> SectionView | Skipped:
    """The section with what it takes from the others and the gates; one that could not be made takes nothing."""
    try:
        return view if isinstance(view, Skipped) else view.beside(others, gates)
    except Exception as error:  # as above
        return skip(view.name, view.title, error, subject)


def class_values(subject: Subject) -> tuple[MetricValue, ...]:
    """The numbers of single classes and their changes, which gates can name and metrics.json does not list."""
    record, compared = subject.record, subject.judgement.compared
    classes = record.measured.classes if record.measured else ()
    changes = compared.classes if compared is not None else ()
    own = (value for score in classes for value in (score.recall, score.precision, score.f1))
    return (*own, *(one.change for one in changes))


def collect_metrics(subject: Subject, views: tuple[SectionView | Skipped, ...]) -> tuple[MetricValue, ...]:
    """The measured numbers, then what changed against the baseline, then those of the sections, each name once."""
    record, compared = subject.record, subject.judgement.compared
    changes = compared.values if compared is not None else ()
    found = {value.name: value for value in (*(record.measured.values if record.measured else ()), *changes)}
    for view in views:
        for value in view.metrics if isinstance(view, SectionView) else ():
            found.setdefault(value.name, value)
    return tuple(found.values())
