"""The whole network driven from black to beyond white: accuracy, confidence, and the response of its layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from reportgen.figures._marks import draw_band, draw_line, draw_lines
from reportgen.figures._responses import above_text, find_responses, selection_text
from reportgen.figures._style import ORDER, chart, grid, measured, spread, squeeze
from reportgen.figures._table import write_csv
from reportgen.metrics.intervals import FloatArray, wilson
from reportgen.metrics.responses import Responses
from reportgen.plugins import FigureKind
from reportgen.record.probes.response import CLIPPED, INITIAL, TRAINED, UNCLIPPED
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import ACCENT, HAIRLINE, MUTED, SOFT
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences

BAND = "#cfe3e1"
FLOOR, CEILING = 1 / 8, 8.0
"""Ends of the axis of responses; beyond, lines are cut."""
HEIGHT = 430


def draw(subject: Subject) -> FigureFile | Skipped:
    """Above, accuracy and confidence, clipped and unclipped; below, the layers' responses before and after training."""
    record = subject.record
    name, title = "response_exposure", _("Accuracy and layer responses by input intensity")
    responses = find_responses(record, name, title)
    if isinstance(responses, Skipped):
        return responses
    shown = responses.shown()
    exposures = responses.array("exposures")
    with chart(name, HEIGHT) as paper:
        panels = paper.figure.subplots(2, 2, sharex=True, sharey="row")
        for axes, side, heading in (
            (panels[0, 0], CLIPPED, _("Accuracy and confidence, clipped at white, %")),
            (panels[0, 1], UNCLIPPED, _("Accuracy and confidence, not clipped, %")),
        ):
            draw_answers(axes, responses, side)
            axes.set_title(heading)
        for axes, lines, heading in zip(panels[1], *layer_panels(responses, shown), strict=True):
            draw_layers(axes, exposures, lines, [responses.facts.units[place].path for place in shown])
            axes.set_title(heading)
            axes.set_xlabel(_("intensity, 1: unmodified images"))
        return paper.svg(title, caption(responses, len(shown)), describe(responses, shown), tabulate(responses, shown))


def tabulate(responses: Responses, shown: Sequence[int]) -> str:
    """Every point of the four panels; responses are relative to those to the images as they are."""
    exposures, rows = responses.array("exposures"), []
    paths = [responses.facts.units[place].path for place in shown]
    for side, way in ((CLIPPED, "clipped"), (UNCLIPPED, "not clipped")):
        for what, key in (("accuracy (%)", "right"), ("mean confidence (%)", "confidence")):
            means = 100 * responses.array(key)[side].mean(1)
            rows += [(what, way, "", *pair) for pair in zip(exposures, means, strict=True)]
    sides = (
        ("initial, clipped", "trained, clipped") if responses.compared else ("trained, clipped", "trained, not clipped")
    )
    for way, lines in zip(sides, layer_panels(responses, shown)[0], strict=True):
        for path, line in zip(paths, lines.T, strict=True):
            rows += [("relative response", way, path, *pair) for pair in zip(exposures, line, strict=True)]
    return write_csv(("quantity", "condition", "layer", "exposure (times the pixel values)", "value"), rows)


def layer_panels(responses: Responses, shown: Sequence[int]) -> tuple[list[FloatArray], list[str]]:
    """Relative responses (E, layers) of the two lower panels and their titles."""
    trained = responses.relative("layers", TRAINED)[:, :, shown]
    if not responses.compared:
        return [trained[CLIPPED], trained[UNCLIPPED]], [_("Layers, clipped at white"), _("Layers, not clipped")]
    before = responses.relative("layers", INITIAL)[CLIPPED][:, shown]
    return [before, trained[CLIPPED]], [_("Layers, initial weights"), _("Layers, trained")]


def positions(exposures: FloatArray) -> FloatArray:
    """Stops (doublings) of the exposures (n,) from the images as they are; black is one stop below the darkest."""
    lit = exposures[exposures > 0]
    stops: FloatArray = np.log2(np.where(exposures > 0, exposures, lit.min() / 2))
    return stops


def name_exposure(exposure: float) -> str:
    """An exposure as a photographer writes it: "1/8", "1", "4"."""
    if exposure <= 0:
        return _("black")
    return numerals.brief(exposure) if exposure >= 1 else f"1/{numerals.brief(1 / exposure)}"


def draw_ticks(axes: Axes, exposures: FloatArray) -> None:
    """A tick for black and for every whole stop."""
    x = positions(exposures)
    whole = [place for place in range(len(x)) if abs(x[place] - round(x[place])) < 0.01]
    axes.set_xticks(x[whole], [name_exposure(float(exposures[place])) for place in whole])
    axes.axvline(0, color=SOFT, linewidth=0.75)


def draw_answers(axes: Axes, responses: Responses, side: int) -> None:
    """Accuracy with its interval, and mean confidence."""
    right, confident = responses.array("right")[side], responses.array("confidence")[side]
    exposures, n = responses.array("exposures"), right.shape[1]
    x = positions(exposures)
    draw_ticks(axes, exposures)
    ends = np.array([wilson(int(hits), n) or (0.0, 1.0) for hits in right.sum(1)]).T
    draw_band(axes, x, 100 * ends[0], 100 * ends[1], BAND)
    accuracy, confidence = 100 * right.mean(1), 100 * confident.mean(1)
    draw_line(axes, x, confidence, MUTED, linestyle=(0, (4, 2)), clip_on=False)
    draw_line(axes, x, accuracy, ACCENT, marker="o", markersize=3.5, clip_on=False)
    axes.set_ylim(0, 100)
    axes.tick_params(axis="x", length=0)
    named = [(float(confidence[-1]), _("confidence"), MUTED), (float(accuracy[-1]), _("accuracy"), ACCENT)]
    label_ends(axes, float(x[-1]), named, 12)
    grid(axes)


def draw_layers(axes: Axes, exposures: FloatArray, lines: FloatArray, names: Sequence[str]) -> None:
    """One line a layer on logarithmic scales, light to dark by depth, the first and the last named."""
    x, kept = positions(exposures), np.log2(np.clip(lines, FLOOR, CEILING))
    draw_ticks(axes, exposures)
    lit = exposures > 0
    draw_line(
        axes, x[lit], np.log2(np.clip(exposures[lit], FLOOR, CEILING)), SOFT, linewidth=0.75, linestyle=(0, (2, 2))
    )
    count = len(names)
    colours = [to_hex(ORDER(place / max(1, count - 1))) for place in range(count)]
    draw_lines(axes, x, kept, colours, linewidth=1.25)
    inks = {0: MUTED, count - 1: colours[-1]}  # the lightest line is too light for letters
    ends = [(float(kept[-1, place]), squeeze(names[place], 14, names), ink) for place, ink in sorted(inks.items())]
    low, high = np.log2(FLOOR), np.log2(CEILING)
    axes.set_ylim(low, high)
    axes.set_yticks([-3, -2, -1, 0, 1, 2, 3], ["1/8", "1/4", "1/2", "1", "2", "4", "8"])
    label_ends(axes, float(x[-1]), ends, 0.8)
    axes.axhline(0, color=HAIRLINE, linewidth=0.75)
    grid(axes)


def label_ends(axes: Axes, x: float, ends: Sequence[tuple[float, str, Any]], gap: float) -> None:
    """Names at the ends of lines, kept apart."""
    known = [end for end in ends if np.isfinite(end[0])]
    for place, (_unused, text, colour) in zip(spread([end[0] for end in known], gap), known, strict=True):
        axes.annotate(
            text, (x, place), (6, 0), textcoords="offset points", va="center", color=colour, annotation_clip=False
        )


def caption(responses: Responses, shown: int) -> str:
    """What the brightest and the darkest do to it, then how to read the panels."""
    right = responses.array("right")[CLIPPED]
    exposures, n = responses.array("exposures"), right.shape[1]
    nominal = int(np.argmin(np.abs(exposures - 1)))
    lit = int(np.argmax(exposures > 0))
    told = _(
        "Right for {usual} of the unmodified images, {dark} at 1/{low} and {bright} at {high} times their brightness.",
        usual=measured(int(right[nominal].sum()), n),
        dark=share(right[lit]),
        low=numerals.count(1 / exposures[lit]),
        bright=share(right[-1]),
        high=numerals.count(exposures[-1]),
    )
    reading = _(
        "Above: share right with its 95 % Wilson interval, and mean confidence (dashed). Below: root mean square of "
        "each layer’s output relative to that for the unmodified images (n\u00a0=\u00a0{n}, clipped at white unless "
        "said), light to dark from input to output; dotted: proportional to the intensity.",
        n=numerals.count(responses.facts.by_layer.images),
    )
    lines = layer_panels(responses, responses.shown())[0]
    return join_sentences((told, reading, clipped_text(lines), selection_text(responses, shown)))


def clipped_text(panels: Sequence[FloatArray]) -> str:
    """That responses beyond the axis are drawn at its edge, and how far they go; empty where none is."""
    known = np.concatenate([lines[np.isfinite(lines) & (lines > 0)] for lines in panels])
    smallest, told = float(known.min(initial=1.0)), [above_text(CEILING, float(known.max(initial=1.0)))]
    if smallest < FLOOR:
        told.append(
            _(
                "Responses below 1/{bottom} are drawn at the edge; the smallest is {smallest}.",
                bottom=numerals.brief(1 / FLOOR),
                smallest=numerals.significant(smallest, 2),
            )
        )
    return join_sentences(told)


def share(right: FloatArray) -> str:
    """A proportion without its interval, which the figure shows."""
    return numerals.percent(float(right.mean()), len(right))


def describe(responses: Responses, shown: Sequence[int]) -> str:
    """Accuracy and mean confidence at every exposure, and the response of the first and the last layer."""
    exposures = responses.array("exposures")
    right, confident = responses.array("right")[CLIPPED], responses.array("confidence")[CLIPPED]
    told = [
        _(
            "{exposure}: accuracy {accuracy}, confidence {confidence}",
            exposure=name_exposure(float(exposure)),
            accuracy=share(right[place]),
            confidence=numerals.percent(float(confident[place].mean())),
        )
        for place, exposure in enumerate(exposures)
    ]
    lines = responses.relative("layers", TRAINED)[CLIPPED]
    layers = [
        _(
            "{name}: from {dark} at black to {bright} at the brightest",
            name=squeeze(responses.facts.units[place].path, 40),
            dark=numerals.fixed(float(lines[0, place]), 2),
            bright=numerals.fixed(float(lines[-1, place]), 2),
        )
        for place in sorted({shown[0], shown[-1]})
    ]
    return _(
        "Four charts over the intensity of the images, clipped at white. {answers}. Relative response of layers: "
        "{layers}.",
        answers=join_rows(told),
        layers=join_rows(layers),
    )


FIGURE = FigureKind("response_exposure", draw, by_seaborn=True)
