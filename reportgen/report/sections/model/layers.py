"""The layer table: the folded rows of a trace in the words and numbers that a reader sees."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reportgen.record.trace import ModelTrace, Shape
from reportgen.report.layer_table import Row, fold
from reportgen.report.layer_wording import list_essentials, list_unusual
from reportgen.report.wording import count_images, shorten
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, ngettext

MOST_ROWS = 60
UNTOLD = (
    r"(eps|momentum|affine|track_running_stats|elementwise_affine|bias|inplace|dilation=1$|padding=0$|ceil_mode=False)"
)
"""Settings that a reader does not look for; the record has them."""
DEEPEST = 6
"""Levels that are told apart by their indent."""
LONGEST_SETTINGS = 48
"""Characters of settings that no rule below shortens."""


@dataclass(frozen=True)
class LayerRow:
    """One row of the layer table, as text."""

    path: str
    name: str
    depth: int
    indent: int
    """Steps that the name is indented by, at most DEEPEST."""
    kind: str
    settings: str
    times: str
    """How many equal neighbours the row stands for, such as "×3"; empty for one."""
    shape: str
    parameters: str
    macs: str
    activations: str
    time: str
    """Share of the forward time; "—" where not timed."""
    marks: tuple[str, ...]
    """Such as "frozen" and "tied"."""
    is_leaf: bool


@dataclass(frozen=True)
class LayerTable:
    """The layer table and what its reader must know."""

    rows: tuple[LayerRow, ...]
    caption: str
    timed: bool
    """Whether a column of times is worth its place."""


def make_layer_table(trace: ModelTrace) -> LayerTable:
    """The layer table of a trace, folded to at most 60 rows."""
    rows = fold(trace, max_rows=MOST_ROWS)
    whole = trace.modules[0].seconds if trace.modules else None
    shown = tuple(make_row(row, whole) for row in rows)
    text = ngettext("{count} row", "{count} rows", len(rows))
    calls = ngettext("{count} module call", "{count} module calls", len(trace.modules))
    folding = (
        _("{rows} for {calls}; “×N” marks equal neighbours folded into one.", rows=text, calls=calls)
        if len(rows) < len(trace.modules)
        else _("{calls}, one row each.", calls=calls)
    )
    return LayerTable(shown, join_sentences((folding, explain_counts(trace))), bool(whole))


def explain_counts(trace: ModelTrace) -> str:
    """What the numbers of a layer table count."""
    counting = _(
        "All counts are for one image. A MAC is a multiply-accumulate of a convolution, linear layer, matrix product "
        "or attention; normalisation and element-wise work are not counted. Each parameter is counted once. "
        "Activations are what training keeps for the backward pass."
    )
    timed = trace.timed_batch and trace.modules and trace.modules[0].seconds
    timing = (
        _(
            "Share of time: of the forward pass of {batch}; what a module does outside its children counts in "
            "its own row alone.",
            batch=count_images(trace.timed_batch),
        )
        if trace.timed_batch and timed
        else ""
    )
    return join_sentences((counting, timing))


def make_row(row: Row, whole: float | None) -> LayerRow:
    """One row in words; `whole` is the time of the model's forward pass in seconds."""
    return LayerRow(
        path=row.path,
        name=row.name or _("whole model"),
        depth=row.depth,
        indent=min(row.depth, DEEPEST),
        kind=row.kind,
        settings=shorten_settings(row.kind, row.settings),
        times=f"×{numerals.count(row.times)}" if row.times > 1 else "",
        shape=format_shape(row.output_shape),
        parameters=dash_zero(row.parameters, numerals.count(row.parameters)),
        macs=dash_zero(row.macs, numerals.compact(row.macs)),
        activations=dash_zero(row.activation_bytes, numerals.bytes_text(row.activation_bytes)),
        time=numerals.percent(row.seconds / whole if row.seconds is not None and whole else None),
        marks=tuple(marks(row)),
        is_leaf=row.is_leaf,
    )


def dash_zero(amount: int, text: str) -> str:
    """The text, or "0" without a unit for nothing, so that the eye finds what counts."""
    return text if amount else "0"


def marks(row: Row) -> list[str]:
    """What is special about a row's parameters."""
    found = []
    if row.parameters and not row.trainable:
        found.append(_("frozen"))
    elif row.trainable < row.parameters:
        found.append(_("part frozen"))
    if row.shared and row.is_leaf:
        found.append(_("tied"))
    if row.reused:
        found.append(_("called again"))
    return found


def format_shape(shape: Shape | None) -> str:
    """A shape without its batch dimension: "16 × 32 × 32"; "—" where there is none."""
    if shape is None:
        return "—"
    return " × ".join(str(side) for side in shape[1:]) or _("one number")


def shorten_settings(kind: str, settings: str) -> str:
    """A module's extra_repr as people say it: "3 → 16, 3×3, stride 2"; what no rule knows is cut short."""
    essentials = list_essentials(kind, settings)
    if "outputs" in essentials:
        width = f"{essentials['inputs']} → {essentials['outputs']}"
        size = [essentials["size"]] if "size" in essentials else []
        return ", ".join([width, *size, *list_unusual(essentials)])
    told = ", ".join(part for part in settings.split(", ") if not re.match(UNTOLD, part))
    return shorten(told, LONGEST_SETTINGS)
