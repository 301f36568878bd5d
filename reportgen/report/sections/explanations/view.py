"""Section 7: why the model says what it says, as far as maps, features and neighbours can tell."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.metrics.explanations import METHODS, Estimate, read_check, read_votes
from reportgen.metrics.values import share, value_of
from reportgen.plugins import Section
from reportgen.record.definitions import names_for_gates
from reportgen.record.metric_value import MetricValue
from reportgen.record.probes import why_missing
from reportgen.record.probes.explanations import ExplanationFacts, NotExplained, RefusedLayer
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.components import Fact, Figures, choose_figures
from reportgen.report.model import FigureFile, SectionView, Skipped
from reportgen.report.sections.explanations.findings import NAME, find_explanations
from reportgen.report.sections.explanations.methods import list_methods
from reportgen.report.wording import join_few
from reportgen.text import numerals
from reportgen.text.i18n import _

FIGURES = ("explanation_maps", "explanation_checks", "feature_maps", "embedding", "nearest_images")


@dataclass(frozen=True)
class ExplanationsView(SectionView):
    """The values of sections/explanations.html.j2."""

    maps: tuple[FigureFile | Skipped, ...] = ()
    features: tuple[FigureFile | Skipped, ...] = ()
    facts: tuple[Fact, ...] = ()
    gaps: tuple[str, ...] = ()
    """Why parts are missing, one sentence each."""


def build(subject: Subject, figures: Figures) -> ExplanationsView | Skipped:
    """The section from what the probe found, or why there is none."""
    record = subject.record
    title = _("Explanations")
    facts = record.probes.explanations if record.probes else None
    if facts is None:
        return Skipped(NAME, title, why_missing(record.probes, NAME))
    return ExplanationsView(
        name=NAME,
        title=title,
        findings=tuple(find_explanations(record, facts, figures)),
        metrics=list_values(record),
        methods=tuple(list_methods(facts)),
        maps=choose_figures(figures, *FIGURES[:3]),
        features=choose_figures(figures, *FIGURES[3:]),
        facts=tuple(list_facts(facts)),
        gaps=tuple(dict.fromkeys(format_gap(gap) for gap in facts.gaps)),
    )


def list_facts(facts: ExplanationFacts) -> list[Fact]:
    """What was looked at, and how many images."""
    found = []
    if facts.layer is not None:
        layer = facts.layer
        cells = _(
            "{path} ({kind}), {height}×{width} cells",
            path=layer.path,
            kind=layer.kind,
            height=layer.height,
            width=layer.width,
        )
        found.append(Fact(_("Layer of Grad-CAM"), cells, format_refused(layer.refused)))
    if facts.steps:
        error = numerals.percent(facts.completeness)
        note = _("the attributions’ sum differs from the change in the logit by {error} (median)", error=error)
        found.append(Fact(_("Integrated gradients"), _("{steps} points", steps=facts.steps), note))
    if facts.sampled is not None:
        note = _("drawn from the classes in turn, seed {seed}", seed=facts.sampled.seed)
        found.append(Fact(_("Grad-CAM checked on"), _("{n} test images", n=numerals.count(facts.sampled.images)), note))
    if facts.embedding is not None:
        own = facts.embedding
        given = _(
            "input of {path} ({kind}): {d} numbers", path=own.path, kind=own.kind, d=numerals.count(own.dimensions)
        )
        if not own.path:
            given = _("the logits themselves: no layer with weights computes them")
        found.append(Fact(_("Features"), given))
        amount = _(
            "{n} test images among {train} training images",
            n=numerals.count(own.images.images),
            train=numerals.count(own.train.images),
        )
        found.append(
            Fact(_("Embedded"), amount, _("drawn from the classes in turn, seed {seed}", seed=own.images.seed))
        )
    return found


def format_refused(refused: tuple[RefusedLayer, ...]) -> str:
    """The later layers that have no image to give, and why."""
    told = [name_refused(layer) for layer in refused]
    return _("later layers without a usable map: {layers}", layers=join_few(told)) if told else ""


def name_refused(layer: RefusedLayer) -> str:
    """A layer with the size of its map and why that is no image."""
    path, size = layer.path, f"{layer.height}×{layer.width}"
    return {
        "one_cell": _("{path} ({size}: a single cell)", path=path, size=size),
        "few_cells": _("{path} ({size}: too few cells)", path=path, size=size),
        "no_gradient": _("{path} ({size}: nothing after it depends on the positions)", path=path, size=size),
        "constant": _("{path} ({size}: the same everywhere)", path=path, size=size),
    }[layer.reason]


def format_gap(gap: NotExplained) -> str:
    """Why a part is missing."""
    parts = {
        "grad_cam": _("Grad-CAM"),
        "integrated_gradients": _("Integrated gradients"),
        "checks": _("The checks of Grad-CAM"),
        "stages": _("Feature maps"),
        "embedding": _("Embedding and neighbours"),
        "neighbours": _("Nearest training images"),
    }
    part = parts[gap.part]
    if gap.reason == "no_grid":
        return _("{part}: not made; no layer of this model keeps spatial positions.", part=part)
    if gap.reason == "no_image":
        return _("{part}: not made; every layer’s map is a single cell or the same everywhere.", part=part)
    if gap.reason == "no_gradient":
        return _("{part}: not measured; no gradient flows through the model in evaluation mode.", part=part)
    if gap.reason == "few_images":
        return _("{part}: not made; there are too few images.", part=part)
    return _(
        "{part}: left out; even its smallest setting would take {time}. run.probes: {{explanations: "
        "full}} measures it without a time limit.",
        part=part,
        time=numerals.seconds_text(gap.seconds),
    )


def list_values(record: RunRecord) -> tuple[MetricValue, ...]:
    """The numbers of this section for metrics.json; none where the probe found nothing."""
    found = []
    facts = record.probes.explanations if record.probes else None
    for method in METHODS:
        check = read_check(record.arrays, method)
        if check is None:
            continue
        conditions = {"checked": check.gain.n} | ({"steps": facts.steps} if method == "ig" and facts else {})
        if check.rank is not None:
            found.append(mean_value(f"explanations.{method}.rank_correlation", check.rank, **conditions))
        found.append(mean_value(f"explanations.{method}.deletion_gain", check.gain, **conditions))
    votes = read_votes(record.arrays)
    if votes is not None and len(votes.right):
        value = share("explanations.neighbour_accuracy", int(votes.right.sum()), len(votes.right))
        embedded = facts.embedding if facts else None
        conditions = {"images": embedded.images.images, "among": embedded.train.images} if embedded else {}
        found.append(value.model_copy(update={"conditions": conditions}))
    return tuple(found)


def mean_value(name: str, estimate: Estimate, **conditions: int) -> MetricValue:
    """A mean over images as a metric value."""
    ends = (estimate.low, estimate.high) if estimate.low is not None and estimate.high is not None else None
    return value_of(name, estimate.value, ends, estimate.n, "student" if ends else "", **conditions)


SECTION = Section(
    NAME,
    "Explanations",
    70,
    FIGURES,
    build,
    names_for_gates(NAME),
    values=lambda subject: list_values(subject.record),
)
