"""Weights as images: every matrix small, the largest enlarged, the first filters as what they look for.

By matplotlib, all of them as one image: seaborn's heat map is a path a cell.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reportgen.figures._image_grid import Canvas, Key, draw_mosaic, lay_out, side_by_side, spreads_key
from reportgen.figures._style import shorten
from reportgen.figures._weights import count_matrices, find_finite, label, paint, plain_name, scale_of, thinned_text
from reportgen.plugins import FigureKind
from reportgen.record.probes.weights import WeightFacts, WeightMatrix
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import FULL, HALF
from reportgen.text import numerals
from reportgen.text.i18n import _, join_choices, join_parts, join_rows, join_sentences, join_terms, ngettext

COLUMNS = {1: 6, 2: 4}
"""Matrices beside each other, by the number of moments."""
NAME = {1: 15, 2: 22}
"""Characters of a name above one."""
FILTERS_WIDE = 8
"""Filters beside each other."""
GREYS = 15
"""Steps of the key of their colours."""
ENLARGED = 5
"""CSS pixels for one of a filter, where there is room; small filters take half the width."""


def draw_images(subject: Subject) -> FigureFile | Skipped:
    """Every matrix as a small heat map."""
    record = subject.record
    name, title = "weights_matrices", _("The weights as matrices")
    facts = find_finite(record, name, title)
    if isinstance(facts, Skipped):
        return facts
    images, many = read(record, "weights.matrices"), len(facts.moments)
    labels = [label(facts, place, NAME[many]) for place in facts.shown]
    caption = join_sentences(
        (
            find_extreme(facts),
            _("Each image is one matrix: outputs from top to bottom, inputs from left to right."),
            moments_caption(facts),
            _("A pixel is the value of the largest magnitude in its block of the matrix."),
            clipped_text(facts, facts.shown, scale_of(images)),
            thinned_text(facts),
        )
    )
    alt = _(
        "Small heat maps of {matrices}. Largest value in standard deviations: {values}.",
        matrices=count_matrices(len(facts.shown)),
        values=list_extremes(facts, facts.shown),
    )
    return draw_matrices(name, images, labels, COLUMNS[many], (title, caption, alt))


def find_extreme(facts: WeightFacts) -> str:
    """The value that stands out most from its matrix."""
    able = [
        (matrix.final.largest / matrix.final.spread, matrix)
        for matrix in facts.matrices
        if matrix.final is not None and matrix.final.spread
    ]
    if not able:
        return ""
    most, where = max(able, key=lambda item: item[0])
    return _(
        "The most extreme value lies {most} standard deviations from zero, in {name}.",
        most=numerals.fixed(most, 1),
        name=shorten(plain_name(where), 40),
    )


def draw_enlarged(subject: Subject) -> FigureFile | Skipped:
    """The largest matrices as larger heat maps."""
    record = subject.record
    name, title = "weights_enlarged", _("The largest matrices")
    facts = find_finite(record, name, title)
    if isinstance(facts, Skipped):
        return facts
    if len(facts.enlarged) == len(facts.matrices):
        return Skipped(name, title, _("The figure above shows all matrices of the model."))
    images = read(record, "weights.enlarged")
    labels = [join_parts([label(facts, place, 40), sides(facts.matrices[place])]) for place in facts.enlarged]
    blocks = [
        _(
            "{rows} × {columns} values",
            rows=format_side(matrix.rows / images.shape[2]),
            columns=format_side(matrix.columns / images.shape[3]),
        )
        for matrix in (facts.matrices[place] for place in facts.enlarged)
    ]
    caption = _(
        "The largest matrices enlarged; a pixel is the value of the largest magnitude among about {blocks}.",
        blocks=join_choices(list(dict.fromkeys(blocks))),
    )
    alt = _(
        "Heat maps of {matrices}. The largest value of each matrix, in standard deviations of its values: {values}.",
        matrices=join_rows([describe_matrix(facts, place) for place in facts.enlarged]),
        values=list_extremes(facts, facts.enlarged),
    )
    columns = 1 if facts.trained else 2
    told = join_sentences([caption, moments_caption(facts), clipped_text(facts, facts.enlarged, scale_of(images))])
    return draw_matrices(name, images, labels, columns, (title, told, alt))


def format_side(values: float) -> str:
    """How many values of a side a pixel stands for; 1 where a value fills several pixels."""
    return "1" if values <= 1 else numerals.fixed(values, 0 if values >= 10 else 1)


def clipped_text(facts: WeightFacts, places: Sequence[int], scale: float) -> str:
    """That larger values than the scale's end have its colour, and how large they are; empty where none is larger."""
    moments = [one for place in places for one in (facts.matrices[place].initial, facts.matrices[place].final)]
    largest = max((one.largest / one.spread for one in moments if one is not None and one.spread), default=0.0)
    if largest <= scale:
        return ""
    return _(
        "Values beyond ±{end} standard deviations are drawn as ±{end}; the largest is {most}.",
        end=numerals.significant(scale, 2 if scale % 1 else 1),
        most=numerals.fixed(largest, 1),
    )


def read(record: RunRecord, key: str) -> NDArray[np.int8]:
    """Images (s, m, H, W) of the record."""
    return np.asarray(record.arrays[key], dtype=np.int8)


def draw_matrices(
    name: str, images: NDArray[np.int8], labels: Sequence[str], columns: int, texts: tuple[str, str, str]
) -> FigureFile:
    """Heat maps of matrices on one scale."""
    scale = scale_of(images)
    tiles = side_by_side(paint(images, scale))
    width = FULL if len(labels) >= columns else round(FULL * len(labels) / columns)
    return draw_mosaic(name, lay_out(tiles, columns, width), labels, spreads_key(scale), texts)


def moments_caption(facts: WeightFacts) -> str:
    """Which half is which."""
    if facts.trained:
        return _("Left: initial weights; right: after training.")
    return _("Nothing was trained in this run, so there are no initial weights.")


def sides(matrix: WeightMatrix) -> str:
    """Rows × columns."""
    return f"{numerals.count(matrix.rows)} × {numerals.count(matrix.columns)}"


def describe_matrix(facts: WeightFacts, place: int) -> str:
    """A matrix in words: its number, its name and its sides."""
    matrix = facts.matrices[place]
    return _(
        "{name}, matrix {number}, with {rows} rows and {columns} columns",
        number=place + 1,
        name=shorten(plain_name(matrix), 40),
        rows=numerals.count(matrix.rows),
        columns=numerals.count(matrix.columns),
    )


def list_extremes(facts: WeightFacts, places: Sequence[int], most: int = 12) -> str:
    """The largest magnitude of each matrix in its own spreads."""
    told = []
    for place in places[:most]:
        numbers = facts.matrices[place].final
        value = numbers.largest / numbers.spread if numbers is not None and numbers.spread else None
        told.append(f"{shorten(plain_name(facts.matrices[place]), 40)} {numerals.fixed(value, 1)}")
    return join_terms(told) + ("…" if len(places) > most else "")


def draw_filters(subject: Subject) -> FigureFile | Skipped:
    """The filters of the first convolution as images in colour or grey."""
    record = subject.record
    name, title = "weights_filters", _("Filters of the first layer")
    facts = find_finite(record, name, title)
    if isinstance(facts, Skipped):
        return facts
    if facts.filters is None:
        reason = _(
            "The first layer is no convolution of one or three input channels: its filters can’t be shown as images."
        )
        return Skipped(name, title, reason)
    filters = np.asarray(record.arrays["weights.filters"], dtype=np.int8)
    blocks = np.stack([gather(moment) for moment in filters])
    tiles = side_by_side(blocks[None], gap=6) if facts.trained else blocks
    matrix, channels = facts.matrices[facts.filters], filters.shape[-1]
    wide = ENLARGED * tiles.shape[2]
    width = wide if wide <= HALF else min(FULL, wide)
    mosaic = lay_out(tiles, 1, width)
    most = numerals.significant(facts.filter_scale, 2)
    grey = brighten(np.linspace(-127, 127, GREYS).round().astype(np.int8))[None, :, None].repeat(3, axis=2)
    key = Key(grey, _("−{most}", most=most), _("+{most}; larger values are clipped", most=most))
    caption = join_sentences((describe_filters(matrix, filters.shape[1], channels), moments_caption(facts)))
    alt = join_sentences([caption, _("Colours saturate at a magnitude of {most}.", most=most)])
    return draw_mosaic(name, mosaic, [label(facts, facts.filters, 40)], key, (title, caption, alt))


def brighten(values: NDArray[np.int8]) -> NDArray[np.uint8]:
    """Signed values, of any shape, as brightness, 128 for zero, in steps of eight: finer ones would only weigh more."""
    bright: NDArray[np.uint8] = (np.round(values.astype(np.int16) / 8) * 8 + 128).clip(0, 255).astype(np.uint8)
    return bright


def gather(filters: NDArray[np.int8]) -> Canvas:
    """Filters (f, k, k, C) as one image (H, W, 3) in rows of FILTERS_WIDE: grey is zero; paper between them."""
    count, height, width, channels = filters.shape
    bright = brighten(filters)
    colour = bright if channels == 3 else bright.repeat(3, axis=3)
    rows = -(-count // FILTERS_WIDE)
    across = min(count, FILTERS_WIDE)
    canvas = np.full((rows * (height + 1) - 1, across * (width + 1) - 1, 3), 255, np.uint8)
    for index, one in enumerate(colour):
        top, left = index // FILTERS_WIDE * (height + 1), index % FILTERS_WIDE * (width + 1)
        canvas[top : top + height, left : left + width] = one
    return canvas


def describe_filters(matrix: WeightMatrix, shown: int, channels: int) -> str:
    """How many filters of which size, and how their colours are to be read."""
    size = " × ".join(map(str, matrix.shape[2:]))
    some = (
        ngettext("The {count} filter of {size} pixels.", "The {count} filters of {size} pixels.", shown, size=size)
        if shown == matrix.rows
        else _(
            "{shown} of the {count} filters of {size} pixels, evenly chosen.",
            shown=numerals.count(shown),
            count=numerals.count(matrix.rows),
            size=size,
        )
    )
    how = (
        _("Red, green and blue are the weights of the three input channels, mid-grey is zero; one scale for all.")
        if channels == 3
        else _("Bright is positive, dark is negative, mid-grey is zero; one scale for all.")
    )
    return join_sentences([some, how])


FIGURES = (
    FigureKind("weights_matrices", draw_images),
    FigureKind("weights_enlarged", draw_enlarged),
    FigureKind("weights_filters", draw_filters),
)
