"""Where the time of the build went."""

from __future__ import annotations

from reportgen.figures._marks import draw_bars
from reportgen.figures._style import bare, chart, shorten
from reportgen.figures._table import write_csv
from reportgen.plugins import FigureKind
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import INK, MUTED, SOFT
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows

MOST = 12


def draw(subject: Subject) -> FigureFile | Skipped:
    """One bar a stage, in the order they ran; beyond MOST the shortest are put together."""
    record = subject.record
    name, title = "time_spent", _("Where the time went")
    if not record.stages:
        return Skipped(name, title, _("The record holds no times of its stages."))
    whole = sum(stage.seconds for stage in record.stages)
    room = MOST if len(record.stages) <= MOST else MOST - 1
    longest = sorted(record.stages, key=lambda stage: -stage.seconds)[:room]
    rows = [(stage.name.text, stage.seconds) for stage in record.stages if stage in longest]
    if len(rows) < len(record.stages):
        rows.append((_("other"), whole - sum(seconds for _unused, seconds in rows)))
    with chart(name, 20 + 24 * len(rows)) as paper:
        axes = paper.figure.add_subplot()
        draw_bars(axes, [seconds for _unused, seconds in rows], SOFT, 0.62)
        for index, (_unused, seconds) in enumerate(rows):
            axes.annotate(
                numerals.seconds_text(seconds),
                (seconds, index),
                (4, 0),
                textcoords="offset points",
                va="center",
                color=MUTED,
            )
        axes.set_yticks(range(len(rows)), [shorten(label, 30) for label, _unused in rows])
        axes.tick_params(axis="y", labelcolor=INK)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xticks([])
        axes.set_xlim(0, 1.02 * max(seconds for _unused, seconds in rows) or 1)
        bare(axes)
        label, seconds = max(rows, key=lambda row: row[1])
        caption = _(
            "Longest: {stage}, {part} of {whole}. Stages in the order they ran.",
            stage=shorten(label, 40),
            part=numerals.seconds_text(seconds),
            whole=numerals.seconds_text(whole),
        )
        data = write_csv(("stage", "time (s)"), rows)
        told = join_rows([f"{shorten(label, 40)} {numerals.seconds_text(seconds)}" for label, seconds in rows])
        return paper.svg(title, caption, _("Bars of time by stage: {stages}.", stages=told), data)


FIGURE = FigureKind("time_spent", draw, by_seaborn=True)
