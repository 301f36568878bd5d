"""What a brief report shows of a whole one: the sections for those who decide, each with the least that they need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reportgen.plugins import Section
from reportgen.report.model import FigureFile, SectionView, Skipped


def abridge(
    views: Mapping[Section, SectionView | Skipped], figures: Mapping[str, FigureFile | Skipped]
) -> tuple[SectionView | Skipped, ...]:
    """The sections that have a place in a brief report, abridged, in the same order; `figures` are those drawn.

    One that could not be made keeps its place and its reason.
    """
    shown = {
        section.name: tuple(figures[name] for name in section.essential if name in figures)
        for section in views
        if section.essential is not None
    }
    kept = [view for section, view in views.items() if section.name in shown]
    anchors = frozenset(
        [
            *(f"section-{name}" for name in shown),
            *(f"figure-{figure.name}" for drawn in shown.values() for figure in drawn),
        ]
    )
    stated = frozenset(text for view in kept if isinstance(view, SectionView) for text in view.stated)
    return tuple(
        view if isinstance(view, Skipped) else without(view, stated).abridged(shown[view.name], anchors)
        for view in kept
    )


def without(view: SectionView, stated: frozenset[str]) -> SectionView:
    """The section without the findings that the first page states already."""
    found = view.findings
    return replace(
        view, findings=tuple(one for one in found if not (one.text in stated or one.in_verdict or one.in_banner))
    )
