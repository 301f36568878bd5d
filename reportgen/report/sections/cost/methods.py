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
                "A module is held against three roofs as measured on this machine: its operations at the rate of "
                "matrix products, the bytes it moves at the rate of memory copies, and its operators at the time of a "
                "call that does nothing. The longest of the three times is called its limit, unless it explains less "
                "than a third of the time, or the module is faster than the upper end of the roof allows: the roof is "
                "then no bound, and the module is said to be at or above it. Operations: "
                "two for a multiply-accumulate. Bytes: inputs, outputs and parameters of every operator once, views "
                "none. The roofs are medians of {rounds} measurements of a product of {size} rows and of a copy of "
                "{buffer}, with the least and the most as their interval, and the median of {calls} calls. The "
                "interval of a share of a roof counts that of the time and that of the roof.",
                rounds=numerals.count(facts.roofs.rounds),
                size=numerals.count(facts.roofs.matrix_size),
                buffer=numerals.bytes_text(facts.roofs.buffer_bytes),
                calls=numerals.count(facts.roofs.call_repeats),
            ),
            "Williams, Waterman and Patterson 2009, Roofline: an insightful visual performance model for multicore "
            "architectures. Communications of the ACM 52(4), 65–76.",
        )
    if any(peak.how == "tensors" for peak in facts.memory):
        yield MethodNote(
            _("Memory"),
            _(
                "The tensors alive at once, each storage once, watched operator by operator; the model and the "
                "optimiser’s state are added. Workspaces inside operators are not seen, so the process needs more."
            ),
        )
    elif facts.memory:
        yield MethodNote(
            _("Memory"),
            _(
                "What the device’s allocator or driver says was in use at once, beyond what was before; the model and "
                "the optimiser’s state are added."
            ),
        )
    if facts.step is not None:
        yield MethodNote(
            _("A training step in parts"),
            _(
                "Steps of the run’s own batch, augmentation, loss, precision and optimiser on a copy of the model, "
                "each part until the device is done with it; the learning rate is zero, so that the copy stays a "
                "trained model. A teacher’s pass is not among them."
            ),
        )
