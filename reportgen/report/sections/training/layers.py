"""The table of training by layer: gradient, update and weight of every layer in numbers."""

from __future__ import annotations

import numpy as np

from reportgen.metrics.dynamics import Dynamics, read_dynamics
from reportgen.record.run import RunRecord
from reportgen.report.model import MethodNote
from reportgen.report.sections.training.dynamics_findings import find_typical, format_norm, format_share
from reportgen.report.table import Column, Row, Table, numbers
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences

MOST_ROWS = 60


def make_layer_table(record: RunRecord) -> Table:
    """One row a layer; none where nothing was recorded."""
    dynamics = read_dynamics(record)
    if dynamics is None:
        return Table()
    count = len(dynamics.facts.layers)
    most = min(count, MOST_ROWS)
    shown = [round(place * (count - 1) / max(1, most - 1)) for place in range(most)]
    columns = (
        Column(_("Layer"), "code"),
        *numbers(_("Gradient, median"), _("Gradient, at most"), _("Update / weight"), _("Weight, first")),
        *numbers(_("Weight, last")),
    )
    return Table(caption(dynamics, most), columns, make_rows(dynamics, shown), dense=True)


def make_rows(dynamics: Dynamics, shown: list[int]) -> tuple[Row, ...]:
    """Median and largest gradient norm, median update against weight, and the weight's norm at both ends."""
    gradient, weight = dynamics.gradient, dynamics.norms("weight")
    usual, ratio = find_typical(gradient), find_typical(dynamics.ratio)
    known = np.where(np.isfinite(gradient), gradient, -np.inf).max(axis=0)
    return tuple(
        (
            dynamics.facts.layers[place],
            format_finite(float(usual[place])),
            format_finite(float(known[place])),
            format_share(float(ratio[place])) if np.isfinite(ratio[place]) else numerals.DASH,
            format_finite(float(weight[0, place])),
            format_finite(float(weight[-1, place])),
        )
        for place in shown
    )


def format_finite(value: float) -> str:
    """A norm, a dash where it is not finite."""
    return format_norm(value) if np.isfinite(value) and value > 0 else "0" if value == 0 else numerals.DASH


def caption(dynamics: Dynamics, shown: int) -> str:
    """What the columns are."""
    steps = dynamics.steps
    text = _(
        "Weights of two or more dimensions from input to output, at {samples} of the steps, {first} to {last}. "
        "Gradient: L2 norm. Update: norm of what the step added against the norm of the weight before it.",
        samples=numerals.count(len(steps)),
        first=numerals.count(steps[0]),
        last=numerals.count(steps[-1]),
    )
    count = len(dynamics.facts.layers)
    if shown == count:
        return text
    part = _("{shown} of {count} layers, taken at equal steps of depth.", shown=shown, count=numerals.count(count))
    return join_sentences([text, part])


def list_methods(record: RunRecord) -> tuple[MethodNote, ...]:
    """How the numbers by layer come about; nothing where there are none."""
    if record.probes is None or record.probes.dynamics is None:
        return ()
    text = _(
        "Recorded between the steps, at no more than 150 of them evenly over the pass: L2 norm of the gradient by "
        "which the step was made, of the weight before it and of what the step added; weights of two or more "
        "dimensions. Activations: the output of every nonlinearity, with the initial and the final weights in "
        "evaluation mode; a channel is dead whose output is the same for all images and positions. Initial batch "
        "normalisation that never saw an image takes its statistics from the sample."
    )
    reference = (
        "Of the usual update of 0.1 %: Hinton 2010, A practical guide to training restricted Boltzmann machines, "
        "technical report UTML TR 2010–003, §7."
    )
    return (MethodNote(_("Training by layer"), text, reference),)
