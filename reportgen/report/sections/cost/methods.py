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
                "A module’s time can’t be less than its operations at the rate of matrix products, than the bytes it "
                "moves at the rate of memory copies, or than its operators at the time of a call that does nothing. "
                "The longest of the three limits it, unless it explains less than a third of the time. Operations: "
                "two for a multiply-accumulate. Bytes: inputs, outputs and parameters of every operator once, views "
                "none. All three rates are measured on this machine: the best of several products of {size} rows, "
                "the best of several copies of {buffer}, the median of {calls} calls.",
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
