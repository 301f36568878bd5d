"""What the autograd graph says of a model: which parameters the loss reaches, and how far away they are."""

from __future__ import annotations

from reportgen.record.probes.autograd import AutogradFacts, GraphParameter
from reportgen.record.run import RunRecord
from reportgen.report.components import Figures
from reportgen.report.model import Finding
from reportgen.report.sections.model import claims
from reportgen.report.wording import evidence, join_few, quote
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, ngettext

SECTION = "model"


def find_reach(record: RunRecord, figures: Figures) -> Finding | None:
    """Trainable parameters without a gradient, or else how far the farthest is from the loss."""
    graph = record.probes.autograd if record.probes is not None else None
    if graph is None:
        return None
    anchor = evidence(figures, "autograd", SECTION)
    missing = [found for found in graph.missing() if not is_unused(found, record.trace.unused)]
    if missing:
        return claims.NO_GRADIENT.finding(format_missing(graph, missing, record), 0.75, anchor, "caution")
    return None if graph.missing() else find_depth(graph, anchor)


def is_unused(parameter: GraphParameter, unused: tuple[str, ...]) -> bool:
    """True for a parameter of modules that are never called, of which another finding tells."""
    return all(any(name.startswith(f"{path}.") for path in unused) for name in parameter.names)


def format_missing(graph: AutogradFacts, missing: list[GraphParameter], record: RunRecord) -> str:
    """Which parameters get no gradient, how large they are, and what that means."""
    elements = sum(found.elements for found in missing)
    trainable = sum(found.elements for found in graph.parameters if found.trainable)
    text = ngettext(
        "{count} trainable parameter gets no gradient from the loss: {names}, {share} of the trainable numbers.",
        "{count} trainable parameters get no gradient from the loss: {names}, {share} of the trainable numbers.",
        len(missing),
        names=join_few([quote(found.names[0]) for found in missing]),
        share=numerals.percent(elements / trainable if trainable else None),
    )
    if record.training is None:
        return join_sentences([text, _("Training this model would leave them as they are.")])
    return join_sentences([text, _("Training left them as they were.")])


def find_depth(graph: AutogradFacts, anchor: str) -> Finding | None:
    """How many operators lie between the loss and the farthest parameter."""
    found = graph.farthest()
    if found is None:
        return None
    name = quote(found.parameter.names[0])
    every = numerals.count(sum(parameter.trainable for parameter in graph.parameters))
    if found.shortest == found.longest:
        text = ngettext(
            "Gradients reach every trainable parameter ({every}); the farthest from the loss, {name}, is {count} "
            "operator away.",
            "Gradients reach every trainable parameter ({every}); the farthest from the loss, {name}, is {count} "
            "operators away.",
            found.longest,
            every=every,
            name=name,
        )
    else:
        text = _(
            "Gradients reach every trainable parameter ({every}); the farthest from the loss, {name}, is "
            "{longest} operators away on the longest path and {shortest} on the shortest.",
            every=every,
            name=name,
            longest=numerals.count(found.longest),
            shortest=numerals.count(found.shortest),
        )
    return claims.REACH.finding(text, 0.12, anchor)
