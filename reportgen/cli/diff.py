"""The command diff."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reportgen.cli.build import PATH
from reportgen.cli.inspect import parse_shape
from reportgen.text.terminal import print_line, put

if TYPE_CHECKING:
    from reportgen.pipeline.diff import Diff
    from reportgen.record.architecture import PartChange, WeightMoves

HEAD = ("", "part", "type", "change", "parameters", "MACs")
MARKS = {"same": "=", "resized": "=", "renamed": "r", "moved": "m", "changed": "~", "added": "+", "removed": "-"}
LONGEST = 60
"""Characters of a cell."""


@click.command(short_help="Print how two models differ.")
@click.argument("baseline", type=PATH, metavar="A")
@click.argument("candidate", type=PATH, metavar="B")
@click.option("-o", "--out", type=PATH, metavar="FILE", help="Write the drawing of the change there, as SVG.")
@click.option("--input", "shape", default=None, callback=parse_shape, metavar="N,C,H,W", help="Shape of their input.")
def diff(baseline: Path, candidate: Path, out: Path | None, shape: tuple[int, ...] | None) -> None:
    """Print how the model B differs from the model A: added, removed, changed, renamed and moved layers.

    Each of them is a spec, a report's folder, its record/, a report.pdf with the record inside, or a model as in
    model.source (torchvision:NAME, timm:NAME, file.py:factory). Parts are matched by structure, names and shapes. The
    model of a spec or a source is traced without data and weights, a source for as many classes as the other model.
    """
    from reportgen.pipeline.diff import check_drawing_file, draw_diff, write_drawing
    from reportgen.pipeline.diff import diff as compare

    if out is not None:
        check_drawing_file(out)
    found = compare(baseline, candidate, shape)
    if out is not None:
        write_drawing(draw_diff(found), out)
    for line in format_diff(found):
        print_line(line)
    if out is not None:
        put(sys.stdout, f"{out}: written")


def format_diff(found: Diff) -> Iterator[str]:
    """Both models, then every part that is not the same, then the weights."""
    from reportgen.report.architecture_wording import name_connection, summarize

    shapes = ["×".join(map(str, side.trace.input_shape[1:])) for side in (found.before, found.after)]
    for label, side, shape in zip(("baseline ", "candidate"), (found.before, found.after), shapes, strict=True):
        yield f"{label}  {side.trace.name} ({side.name}), image of {shape}"
    if shapes[0] != shapes[1]:
        yield "the images are of different sizes, and so are the MACs"
    yield ""
    if not found.change.is_same:
        yield from format_table([row for part in found.change.parts for row in rows(part, 0)])
        yield ""
    for skip in found.change.skips:
        yield f"{MARKS[skip.status]} connection that passes parts by: {name_connection(skip)}"
    if found.change.skips:
        yield ""
    yield summarize(found.change)
    if found.change.coarse:
        yield "there are too many parts in a row: only equal ones are matched"
    if found.weights is not None:
        yield from format_weights(found.weights)
    elif found.before.record is not None and found.after.record is not None:
        yield "how far the weights moved is not known: a record holds no sketch of them; build it again"


def format_weights(moves: WeightMoves) -> Iterator[str]:
    """How far each layer moved."""
    if not moves.layers:
        return
    width = max(len(layer.path) for layer in moves.layers)
    yield ""
    yield "‖w − w₀‖ / ‖w₀‖ by layer, w₀ the baseline’s"
    for layer in moves.layers:
        value = "—" if layer.relative is None else f"{layer.relative:.2g}"
        error = "" if layer.exact or not layer.relative else f" ± {layer.relative * moves.error:.1g}"
        yield f"{layer.path:<{width}}  {value}{error}"
    yield f"estimated from {moves.numbers} random sums a layer, ± is one standard error; without ± it is exact"
    if moves.unmatched:
        yield f"layers without a counterpart of the same shape: {moves.unmatched}"


def rows(part: PartChange, depth: int) -> Iterator[tuple[str, ...]]:
    """The rows of a part and of what changed inside it."""
    from reportgen.report.architecture_wording import (
        count_parts,
        format_change,
        format_form,
        list_changes,
        name_kinds,
        name_path,
    )
    from reportgen.text.i18n import join_terms

    folded = part.count > 1 and part.status in ("same", "resized", "renamed")
    told = [count_parts(part)] if folded else [format_form(part)] if part.status in ("added", "removed") else []
    told += list_changes(part, whole=True)
    yield (
        "  " * depth + MARKS[part.status],
        name_path(part),
        "" if folded else name_kinds(part),
        join_terms([text for text in told if text]),
        format_change(part.parameters) if part.parameters else "",
        format_change(part.macs) if part.macs else "",
    )
    for one in part.inner:
        if one.status not in ("same", "resized"):
            yield from rows(one, depth + 1)


def format_table(body: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Rows below their head, numbers to the right; the last text column is as wide as it must be."""
    cut = [tuple(cell if len(cell) <= LONGEST else cell[: LONGEST - 1] + "…" for cell in row) for row in body]
    lines = [HEAD, *cut]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    for number, line in enumerate(lines):
        cells = [
            cell.ljust(width) if column < 4 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
        if number == 0:
            yield "─" * (sum(widths) + 2 * (len(widths) - 1))
