"""Section 2: what the model is, layer by layer, and where its cost is."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.plugins import Section
from reportgen.record.probes.autograd import AutogradFacts
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.record.trace import ModelTrace
from reportgen.report.components import Fact, Figures, choose_figures
from reportgen.report.model import FigureFile, SectionView, Skipped
from reportgen.report.sections.model.findings import NAME, find_model
from reportgen.report.sections.model.input_size_findings import format_size
from reportgen.report.sections.model.layers import LayerTable, make_layer_table
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, ngettext

DIAGRAMS = ("diagram", "diagram_blocks", "diagram_blocks_2")
"""The architecture; the blocks that the first page has no room for stand on the others."""
GRAPHS = ("autograd", "autograd_2", "autograd_3")
"""The backward graph, on pages likewise."""


@dataclass(frozen=True)
class ModelView(SectionView):
    """The values of sections/model.html.j2."""

    facts: tuple[Fact, ...] = ()
    layers: LayerTable | None = None
    diagrams: tuple[FigureFile | Skipped, ...] = ()
    graphs: tuple[FigureFile | Skipped, ...] = ()
    costs: tuple[FigureFile | Skipped, ...] = ()
    notes: tuple[str, ...] = ()


def build(subject: Subject, figures: Figures) -> ModelView:
    """The section from the trace of the model."""
    record = subject.record
    return ModelView(
        name=NAME,
        title=_("Model"),
        findings=tuple(find_model(record, figures)),
        facts=tuple(list_facts(record)),
        layers=make_layer_table(record.trace),
        diagrams=choose_pages(figures, DIAGRAMS),
        graphs=choose_pages(figures, GRAPHS),
        costs=choose_figures(figures, "cost_share"),
        notes=tuple(note.text for note in (*record.notes, *record.trace.notes)),
    )


def choose_pages(figures: Figures, names: tuple[str, ...]) -> tuple[FigureFile | Skipped, ...]:
    """The pages of a drawing; further ones only where there is something on them."""
    chosen = choose_figures(figures, *names)
    return tuple(figure for place, figure in enumerate(chosen) if place == 0 or isinstance(figure, FigureFile))


def list_facts(record: RunRecord) -> list[Fact]:
    """The totals of the model."""
    trace = record.trace
    facts = [
        Fact(_("Architecture"), trace.name, trace.source),
        Fact(_("Input"), " × ".join(map(str, trace.input_shape[1:])), _("channels × height × width")),
        Fact(_("Parameters"), numerals.count(trace.parameters), trainable_note(trace)),
        Fact(_("Buffers"), numerals.count(trace.buffers), _("elements that are stored and not trained")),
        Fact(_("Size"), numerals.bytes_text(trace.parameter_bytes), _("parameters and buffers")),
        Fact(_("MACs"), numerals.count(trace.macs), _("multiply-accumulates, one image")),
        Fact(
            _("Activations, training"),
            numerals.bytes_text(trace.activation_bytes_training),
            _("kept for the backward pass, one image"),
        ),
        Fact(
            _("Activations, inference"),
            numerals.bytes_text(trace.activation_bytes_inference),
            _("input and output of the largest layer, one image; a lower bound of the peak"),
        ),
    ]
    if record.probes is not None and record.probes.autograd is not None:
        facts.append(graph_fact(record.probes.autograd))
    return [*facts, *(fact for fact in (fit_fact(trace), field_fact(trace)) if fact is not None)]


def fit_fact(trace: ModelTrace) -> Fact | None:
    """What the model's beginning and end leave of the image's places."""
    fit = trace.fit
    if fit is None or fit.last_map is None or not fit.stem:
        return None
    whole = format_size(trace.input_shape[-2:])
    last, stride = format_size(fit.last_map), total_stride(trace)
    if fit.attends:
        value = _("{whole} px in patches of {kernel}", whole=whole, kernel=format_size(fit.kernel))
        return Fact(_("Input fit"), value, _("{last} at the end", last=last))
    value = _("{whole} px, {last} at the end", whole=whole, last=last)
    if fit.shrinks == 1:
        return Fact(_("Input fit"), value, stride)
    stem = _("a side is {times} times smaller after the stem", times=fit.shrinks)
    return Fact(_("Input fit"), value, join_rows((stem, stride)))


def total_stride(trace: ModelTrace) -> str:
    """The total stride to the last map; empty where it is not defined."""
    field = trace.receptive_field
    return "" if field is None else _("total stride {stride} px", stride=field.stride)


def field_fact(trace: ModelTrace) -> Fact:
    """How much of the image a place of the last map sees."""
    field, (height, width) = trace.receptive_field, trace.input_shape[-2:]
    if field is None:
        return Fact(_("Receptive field"), "—", _("not defined for this model"))
    size = _("{size} × {size} px", size=field.size)
    if field.size < max(height, width):
        seen = min(field.size, height) * min(field.size, width) / (height * width)
        note = _("a position of the last feature map sees {share} of the image", share=numerals.percent(seen))
    else:
        times = numerals.significant(field.size / max(height, width), 2)
        note = _("a position of the last feature map sees the whole image, {times} times over a side", times=times)
    return Fact(_("Receptive field"), size, note)


def graph_fact(graph: AutogradFacts) -> Fact:
    """The size of the autograd graph."""
    note = _(
        "{operators}, {leaves}, {edges}, {images}",
        operators=ngettext("{count} operator", "{count} operators", len(graph.nodes) - graph.leaves),
        leaves=ngettext("{count} parameter", "{count} parameters", graph.leaves),
        edges=ngettext("{count} edge", "{count} edges", graph.edges),
        images=ngettext("{count} training image", "{count} training images", graph.sampled.images)
        if graph.sampled
        else _("no training images"),
    )
    return Fact(_("Autograd graph"), _("{count} nodes", count=numerals.count(len(graph.nodes))), note)


def trainable_note(trace: ModelTrace) -> str:
    """How many of the parameters train."""
    if trace.trainable_parameters == trace.parameters:
        return _("all trainable")
    return _("{count} trainable", count=numerals.count(trace.trainable_parameters))


SECTION = Section(NAME, "Model", 20, ("cost_share", *DIAGRAMS, *GRAPHS), build)
