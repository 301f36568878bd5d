"""Where the time of a training step goes.

By matplotlib: seaborn stacks no bars, and this one is named part by part.
"""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.figures._style import sheet, spread
from reportgen.figures._table import write_csv
from reportgen.plugins import FigureKind
from reportgen.record.message import draw_note
from reportgen.record.probes.cost import StepTime
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.naming import name_device
from reportgen.report.style import ACCENT, INK, MUTED, PAPER, RIGHT, RIGHT_SOFT, SOFT
from reportgen.report.wording import count_images
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences

COLOURS = (SOFT, RIGHT_SOFT, RIGHT, ACCENT)
"""Data, forward, backward, optimiser."""
LABEL = 0.15
"""Of the width, what a label takes."""


def draw(subject: Subject) -> FigureFile | Skipped:
    """One bar from the start of a step to its end, the parts named above and below it."""
    record = subject.record
    name, title = "step_time", _("Where a training step’s time goes")
    facts = record.probes.cost if record.probes else None
    if facts is None or facts.step is None:
        reason = draw_note(facts.step_missing) if facts else _("A training step was not timed in parts.")
        return Skipped(name, title, reason)
    step, labels = facts.step, name_parts()
    with sheet(name, 84) as paper:
        axes = paper.figure.add_subplot()
        starts = [sum(step.shares[:place]) for place in range(len(labels))]
        middles = [start + share / 2 for start, share in zip(starts, step.shares, strict=True)]
        axes.barh([0] * len(labels), step.shares, left=starts, color=COLOURS, height=0.5, edgecolor=PAPER, linewidth=1)
        for place, x in enumerate(spread([min(max(middle, LABEL / 2), 1 - LABEL / 2) for middle in middles], LABEL)):
            axes.plot([middles[place], middles[place], x], [0.25, 0.4, 0.55], color=SOFT, linewidth=0.75)
            share, time = numerals.percent(step.shares[place]), numerals.seconds_text(step.parts[place])
            axes.text(x, 1.02, labels[place], ha="center", va="bottom", color=INK)
            axes.text(x, 0.98, f"{share} · {time}", ha="center", va="top", color=MUTED)
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.3, 1.5)
        axes.set_axis_off()
        rows = zip(PARTS, step.parts, [100 * share for share in step.shares], strict=True)
        data = write_csv(("part", "time (s)", "share of the step (%)"), rows)
        return paper.svg(title, caption(record, step), describe(labels, step), data)


PARTS = ("data", "forward", "backward", "optimiser")
"""In the CSV, where they are the same in every language."""


def name_parts() -> tuple[str, ...]:
    """What the parts are called, in their order."""
    return _("data"), _("forward"), _("backward"), _("optimiser")


def caption(record: RunRecord, step: StepTime) -> str:
    """The longest part, then what a step is and how it was timed."""
    labels = name_parts()
    longest = max(range(len(labels)), key=lambda place: step.parts[place])
    text = _(
        "The {part} part takes {share} of a step. Medians of {n} synchronised steps of {batch} on a copy of the "
        "model; data: picking, augmenting and normalising; forward with the loss.",
        part=labels[longest],
        share=numerals.percent(step.shares[longest]),
        n=numerals.count(step.n),
        batch=count_images(step.batch_size),
    )
    if step.batch_size < step.planned_batch:
        less = _(
            "The run’s own {planned} did not fit into the budget of time and memory, so the optimiser’s share "
            "is larger here than in the run.",
            planned=numerals.count(step.planned_batch),
        )
        text = join_sentences([text, less])
    device = _("{device}.", device=name_device(record.device, record.device.precision))
    return join_sentences([text, device])


def describe(labels: Sequence[str], step: StepTime) -> str:
    """Every part with its time and share."""
    parts = [
        _(
            "{part} takes {time}, {share} of the step",
            part=label,
            time=numerals.seconds_text(seconds),
            share=numerals.percent(share),
        )
        for label, seconds, share in zip(labels, step.parts, step.shares, strict=True)
    ]
    return _("One bar of a step’s parts in their order: {parts}.", parts=join_rows(parts))


FIGURE = FigureKind("step_time", draw)
