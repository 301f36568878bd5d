"""Section 3, second part: the volt-ampere plot of the layers."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.metrics.characteristics import ONSET, SPENT, TOLERANCE, Characteristic
from reportgen.metrics.influence import FEWEST_OF_LOSS
from reportgen.metrics.responses import Responses, read_responses
from reportgen.metrics.values import value_of
from reportgen.plugins import Section
from reportgen.record.definitions import names_for_gates
from reportgen.record.metric_value import MetricValue
from reportgen.record.probes import why_missing
from reportgen.record.probes.response import INITIAL, ResponseUnit
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.components import Fact, Figures, choose_figures
from reportgen.report.model import FigureFile, MethodNote, SectionView, Skipped
from reportgen.report.sections.response.exposure_findings import find_light
from reportgen.report.sections.response.findings import NAME, find_layers, gain_texts
from reportgen.report.table import NO_TABLE, Column, Row, Table, numbers, words
from reportgen.report.wording import join_few, quote, shorten
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, ngettext, with_note

LONGEST_KIND = 44
BEFORE = (3, 9)
"""Columns about the initial weights."""
DEAD = "response.dead_share"
MOST_ON_PAPER = 24
"""Layers in the table of the PDF."""


@dataclass(frozen=True)
class ResponseView(SectionView):
    """The values of sections/response.html.j2."""

    facts: tuple[Fact, ...] = ()
    driven: tuple[FigureFile | Skipped, ...] = ()
    alone: tuple[FigureFile | Skipped, ...] = ()
    rows: Table = NO_TABLE
    notes: tuple[str, ...] = ()


def build(subject: Subject, figures: Figures) -> ResponseView | Skipped:
    """The section from the characteristic curves, or why there are none."""
    record = subject.record
    responses = read_responses(record)
    if responses is None:
        return Skipped(NAME, _("Characteristic curves"), why_missing(record.probes, NAME))
    return ResponseView(
        name=NAME,
        title=_("Characteristic curves"),
        methods=tuple(list_methods()),
        findings=(*find_layers(responses, figures, count_elsewhere(record)), *find_light(record, responses, figures)),
        metrics=list_values(record),
        facts=tuple(list_facts(responses)),
        driven=choose_figures(figures, "response_exposure"),
        alone=choose_figures(figures, "response_drive"),
        rows=layer_table(responses),
        notes=tuple(list_notes(responses)),
    )


def count_elsewhere(record: RunRecord) -> int:
    """Images over which the section on training counts dead channels; 0 where it does not."""
    dynamics = record.probes.dynamics if record.probes is not None else None
    if dynamics is None or dynamics.sampled is None or all(site.before is None for site in dynamics.sites):
        return 0
    return dynamics.sampled.images


def layer_table(responses: Responses) -> Table:
    """Every layer in numbers, without the columns about initial weights where these were not measured."""
    columns = (
        *words(_("Layer")),
        Column(_("Type"), "short"),
        *numbers(_("Gain"), _("Before"), _("At rest"), _("Linear"), _("Threshold"), _("Saturation")),
        *numbers(_("Dead"), _("Before")),
    )
    rows = tuple(make_row(responses, place) for place in range(len(responses.facts.units)))
    table = Table(caption_rows(responses), columns, rows, dense=True, most=MOST_ON_PAPER)
    return table if responses.compared else table.without(*BEFORE)


def list_values(record: RunRecord) -> tuple[MetricValue, ...]:
    """Share of all channels that are dead, for metrics.json; nothing where no curve was measured."""
    responses = read_responses(record)
    channels = sum(unit.channels for unit in responses.facts.units) if responses is not None else 0
    if responses is None or not channels:
        return ()
    share = sum(unit.dead for unit in responses.facts.units) / channels
    images, drives = responses.facts.by_layer.images, len(responses.arrays["response.drives"])
    return (
        value_of(
            DEAD,
            share,
            n=channels,
            method="exact",
            images=images,
            drives=drives,
            left_out=responses.facts.left_out + len(responses.facts.unmeasured),
        ),
    )


def list_facts(responses: Responses) -> list[Fact]:
    """What was shown to what."""
    facts = responses.facts
    seed = _("of the test split, drawn from the classes in turn, seed {seed}", seed=facts.sampled.seed)
    bends = sum(unit.bends for unit in facts.units)
    return [
        Fact(_("Images, accuracy"), numerals.count(facts.sampled.images), seed),
        Fact(_("Images, layers"), numerals.count(facts.by_layer.images), _("the first of them")),
        Fact(
            _("Layers"),
            numerals.count(len(facts.units)),
            _(
                "blocks and sequences of layers treated as one, {bends} with a nonlinearity",
                bends=numerals.count(bends),
            ),
        ),
    ]


def make_row(responses: Responses, place: int) -> Row:
    """One layer in numbers."""
    unit, one = responses.facts.units[place], responses.characteristic(place)
    before = responses.characteristic(place, INITIAL) if responses.compared else None
    kind = _("{kind} (normalises)", kind=unit.kind) if unit.normalises else unit.kind
    return (
        unit.path or numerals.DASH,
        shorten(kind, LONGEST_KIND),
        gain_text(responses, place, one),
        numerals.fixed(before.gain if before is not None else None, 2),
        numerals.fixed(one.rest if one is not None else None, 2),
        region_text(one),
        "0" if one is not None and one.threshold == 0 else drive_text(one.threshold if one is not None else None),
        saturation_text(responses, one),
        dead_text(unit, unit.dead),
        dead_text(unit, unit.dead_before),
    )


def gain_text(responses: Responses, place: int, one: Characteristic | None) -> str:
    """The gain at the nominal drive with its interval."""
    if one is None:
        return numerals.DASH
    ends = responses.gain_interval(place)
    if ends is None:
        return numerals.fixed(one.gain, 2)
    gain, interval = gain_texts(one.gain, ends)
    return with_note(gain, interval)


def region_text(one: Characteristic | None) -> str:
    """The linear region as two drives."""
    if one is None or one.linear is None:
        return numerals.DASH
    return "–".join(drive_text(end) for end in one.linear)


def drive_text(drive: float | None) -> str:
    """A drive in multiples of the nominal one."""
    return numerals.brief(drive, 3) if drive is not None else numerals.DASH


def saturation_text(responses: Responses, one: Characteristic | None) -> str:
    """Where it saturates, or that it does not within the drives tried."""
    if one is None:
        return numerals.DASH
    if one.saturation is None:
        return _("beyond {last}", last=numerals.brief(float(responses.array("drives")[-1])))
    return drive_text(one.saturation)


def dead_text(unit: ResponseUnit, dead: int | None) -> str:
    """Dead channels of all: "12 of 512"."""
    if dead is None:
        return numerals.DASH
    return _("{dead} of {channels}", dead=numerals.count(dead), channels=numerals.count(unit.channels))


def caption_rows(responses: Responses) -> str:
    """What the columns are."""
    places = range(len(responses.facts.units))
    has_interval = any(responses.gain_interval(place) is not None for place in places)
    said = [
        _(
            "Every layer in the order of execution, by the scale of its own input (n\u00a0=\u00a0{n} images). Gain: "
            "share by which the output grows over the share by which the input does, at the usual input.",
            n=numerals.count(responses.facts.by_layer.images),
        ),
        _("In brackets: the 95\u00a0% interval of the gain over images.") if has_interval else "",
        _("Before: with the initial weights.") if responses.compared else "",
        _(
            "At rest: output without any input, relative to the usual one. Linear, threshold and saturation are "
            "scales of the input, in multiples of the usual one. Dead: channels with the same output for every image "
            "and scale."
        ),
    ]
    return join_sentences(said)


def list_methods() -> list[MethodNote]:
    """The quantities, defined."""
    curve = _(
        "Response R: the root mean square of a layer’s output over images, channels and positions, drawn relative to "
        "that for the unmodified images; of a channel, over images and positions, relative to its own. A layer here "
        "is what lies between the input of one convolution or linear layer, or of one block of at most ten, and the "
        "input of the next: a convolution alone is linear in its input, with the nonlinearity behind it it is not. "
        "Intensity: every pixel value, 0 to 1, times e, either clipped at 1, as a camera does, or not clipped, then "
        "normalised. Scale of the input: the first argument of the layer, as it is in the network, times a, from −1 "
        "to 3; nothing else changes."
    )
    regions = _(
        "Local gain: ΔR/Δa between neighbouring scales over R(1); its interval at 1 is over images, by what each "
        "adds. Linear region: the scales around 1 between which the gain stays within {tolerance} of that at 1. "
        "Threshold: the smallest scale from which on, up to 1, it is at least {onset} of that; 0 where it responds "
        "from the start. Saturation: the smallest scale from which on it is below {spent} of that; 1 where the gain "
        "at 1 is itself below {spent} of proportion.",
        tolerance=numerals.percent(TOLERANCE),
        onset=numerals.percent(ONSET),
        spent=numerals.percent(SPENT),
    )
    dead = _(
        "A channel is dead that differs by less than a millionth of R over all images, positions and scales from 0 "
        "up. Initial batch normalisation that never saw an image takes its statistics from the sample."
    )
    exposures = _(
        "Accuracy at another intensity minus that of the same unmodified images, with the score interval for paired "
        "proportions, 95 %, as in the section Robustness. Confidence is compared from {least} images on: Student’s t "
        "of the paired differences, with the degrees of freedom of a variance that few images carry.",
        least=numerals.count(FEWEST_OF_LOSS),
    )
    return [
        MethodNote(_("Characteristic curves"), curve),
        MethodNote(_("Regions of a characteristic curve"), regions),
        MethodNote(_("Dead channels"), dead),
        MethodNote(
            _("Changes by intensity"),
            exposures,
            "Tango 1998, Equivalence test and confidence interval for the difference in proportions for the "
            "paired-sample design. Statistics in Medicine 17, 891–908.",
        ),
    ]


def list_notes(responses: Responses) -> list[str]:
    """What is missing, and why."""
    facts, notes = responses.facts, list[str]()
    if facts.why_alone is not None:
        notes.append(facts.why_alone.text)
    if facts.left_out:
        notes.append(
            ngettext(
                "{count} further layer was left out; those measured lie at equal steps of depth.",
                "{count} further layers were left out; those measured lie at equal steps of depth.",
                facts.left_out,
            )
        )
    if facts.unmeasured:
        names = join_few([quote(path) for path in facts.unmeasured])
        notes.append(_("Could not be tested on their own: {names}.", names=names))
    return notes


SECTION = Section(
    NAME,
    "Characteristic curves",
    35,
    ("response_exposure", "response_drive"),
    build,
    names_for_gates(NAME),
    values=lambda subject: list_values(subject.record),
)
