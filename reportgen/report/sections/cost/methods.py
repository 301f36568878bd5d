"""How the numbers of the section `cost` are measured."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.record.probes.cost import CostFacts
from reportgen.report.model import MethodNote
from reportgen.text import numerals
from reportgen.text.i18n import _


def list_methods(facts: CostFacts) -> Iterator[MethodNote]:
    """Only those that this report uses."""
    if facts.roofs is not None:
        yield MethodNote(
            _("Limits of modules"),
            _(
                "The time of a module is compared with three limits, each measured on this machine: its operations at "
                "the rate of matrix products, the bytes it moves at the rate of memory copies, and its operators at "
                "the time of an empty call. The longest of the three times is called its limit, unless it explains "
                "less than a third of the time, or the module is faster than the upper end of the measured rate "
                "allows: the module is then said to be at or above the roof. Operations: two for a "
                "multiply-accumulate. Bytes: inputs, outputs and parameters of every operator once, views none. The "
                "rates are medians of {rounds} measurements of a product of {size} rows and of a copy of {buffer}, "
                "with an interval of at least 95\u00a0% between the lowest and the highest of them; the time of an "
                "empty call is the median of {calls}. The interval of a share of a rate puts that of the time and that "
                "of the rate together by the squares of their logarithms.",
                rounds=numerals.count(facts.roofs.rounds),
                size=numerals.count(facts.roofs.matrix_size),
                buffer=numerals.bytes_text(facts.roofs.buffer_bytes),
                calls=numerals.count(facts.roofs.call_repeats),
            ),
            "Williams, Waterman and Patterson 2009, Roofline: an insightful visual performance model for multicore "
            "architectures. Communications of the ACM 52(4), 65–76.",
        )
    yield from list_measurements(facts)


def list_measurements(facts: CostFacts) -> Iterator[MethodNote]:
    """Of memory and of a training step."""
    if any(peak.how == "tensors" for peak in facts.memory):
        yield MethodNote(
            _("Memory"),
            _(
                "The peak size of the live tensors, each storage counted once, tracked operator by operator; the "
                "model and the optimiser’s state are added. Workspaces inside operators are not included, so the "
                "process needs more."
            ),
        )
    elif facts.memory:
        yield MethodNote(
            _("Memory"),
            _(
                "The peak that the device’s allocator or driver reports, less what was in use before; the model and "
                "the optimiser’s state are added."
            ),
        )
    if facts.step is not None:
        yield MethodNote(
            _("A training step in parts"),
            _(
                "Steps with the run’s augmentation, loss, precision and optimiser on a copy of the model, with its "
                "batch size or, where that does not fit into the budget, a smaller one, "
                "each part until the device is done with it; the learning rate is zero, so that the copy stays a "
                "trained model. A teacher’s pass is not among them."
            ),
        )
