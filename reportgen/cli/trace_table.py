"""The layer table of a traced model as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.record.trace import ModelTrace
from reportgen.report.layer_table import Row, fold


def format_trace(trace: ModelTrace, depth: int | None = None) -> str:
    """The layer table as aligned plain text, `depth` levels deep (None: as deep as about 60 rows allow)."""
    rows = fold(trace) if depth is None else fold(trace, max_rows=len(trace.modules), depth=depth)
    timed = any(row.seconds is not None for row in rows)
    head = ("module", "type", "output", "parameters", "MACs", "saved KiB", *(("ms",) if timed else ()))
    lines = [head, *(cells(row, trace.name)[: len(head)] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    table = [align(line, widths) for line in lines]
    return "\n".join([table[0], "─" * len(table[0]), *table[1:], "", *totals(trace)])


def cells(row: Row, model: str) -> tuple[str, ...]:
    """The texts of one row."""
    name = "  " * row.depth + (row.name or model) + (" (again)" if row.reused else "")
    shape = "—" if row.output_shape is None else "×".join(map(str, row.output_shape[1:])) or "scalar"
    frozen = " frozen" if row.parameters and not row.trainable else ""
    shared = " shared" if row.shared else ""
    times = f" ×{row.times}" if row.times > 1 else ""
    seconds = "—" if row.seconds is None else f"{row.seconds * 1000:,.2f}"
    return (
        name,
        row.kind + times,
        shape,
        f"{row.parameters:,}{frozen}{shared}",
        f"{row.macs:,}",
        f"{row.activation_bytes / 1024:,.1f}",
        seconds,
    )


def align(line: Sequence[str], widths: Sequence[int]) -> str:
    """Names to the left, numbers to the right."""
    texts = [
        cell.ljust(width) if column < 3 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]
    return "  ".join(texts).rstrip()


def totals(trace: ModelTrace) -> list[str]:
    """The lines under the table."""
    field = trace.receptive_field
    lines = [
        f"{trace.parameters:,} parameters ({trace.trainable_parameters:,} trainable), {trace.buffers:,} buffer values, "
        f"{trace.parameter_bytes / 2**20:,.2f} MiB",
        f"{trace.macs:,} MACs for one image of {'×'.join(map(str, trace.input_shape[1:]))} "
        "(one MAC is half a FLOP of matrix-like operators; normalisation and element-wise work not counted)",
        f"activations: {trace.activation_bytes_training / 2**20:,.2f} MiB kept for the backward pass, "
        f"{trace.activation_bytes_inference / 2**20:,.2f} MiB at the widest module without gradients",
    ]
    if field is not None:
        map_size = "×".join(map(str, field.feature_map))
        lines.append(f"receptive field {field.size} pixels, stride {field.stride}, last feature map {map_size}")
    if trace.uncounted:
        lines.append(f"MACs not known of: {', '.join(trace.uncounted)}")
    if trace.unused:
        lines.append(f"never used in the forward pass: {', '.join(trace.unused)}")
    return [*lines, *(note.text for note in trace.notes)]
