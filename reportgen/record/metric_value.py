"""A number and what is known of it; how it is written is found when it is drawn, from value, unit and definition."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reportgen.record.latency import FEWEST_PROCESSES
from reportgen.record.meaning import Meaning, find_meaning
from reportgen.spec.frozen import Frozen
from reportgen.text.i18n import _, join_parts, with_note
from reportgen.text.units import (
    Unit,
    format_change,
    format_change_interval,
    format_form,
    format_interval,
    format_value,
)

Method = Literal[
    "exact", "wilson", "delta", "bootstrap", "student", "measured", "paired", "seeds", "draws", "alternated", ""
]
"""How value and interval came about: counted exactly; Wilson score; from what each image adds to the score (delta
method, see `reportgen.metrics.influence`); stratified bootstrap over images; Student's t over
seeds; a clock; two models on the same images, paired; t interval over seeds and images; the same over the evaluations
of a model that depends on chance, see `reportgen.metrics.draws`; t interval over pairs of processes that timed two
models in turn, see `reportgen.comparison.latencies`."""


class MetricValue(Frozen):
    """One number of the report. Printed by every output from here, so that all agree to the digit.

    The fields are what was measured; label, direction and every text are properties, from the definition of its name.
    """

    name: str
    """Stable key such as `accuracy` or `class.cat.recall`."""
    value: float | None
    """Proportions are 0 to 1; None is unknown."""
    low: float | None = None
    high: float | None = None
    n: int | None = None
    unit: Unit = "score"
    method: Method = ""
    conditions: dict[str, int | float | str] = Field(default_factory=dict)
    """What the label says beside the name, by the arguments of its definition: `{"batch": 128}`."""

    @property
    def meaning(self) -> Meaning:
        """What its name says: the definition, and whether this is a change of what is defined."""
        return find_meaning(self.name)

    @property
    def label(self) -> str:
        """What people call it, such as "Top-1 accuracy"; the name itself where nothing defines it."""
        return self.meaning.label(self.conditions, over_seeds=self.method == "seeds")

    @property
    def counted(self) -> str:
        """What n counts, such as "seeds"; empty for images, and for the repeats of a time."""
        if self.method == "alternated":
            return _("pairs of processes")
        definition = self.meaning.definition
        if "processes" in self.conditions and not self.meaning.change:
            return _("processes") if self.conditions["processes"] != 1 else _("passes in one process")
        return definition.counted() if definition is not None and not self.meaning.change else ""

    @property
    def few_processes(self) -> str:
        """Of a time of so few processes that their spread is not known, how many these are; empty for any other."""
        processes = self.conditions.get("processes", FEWEST_PROCESSES)
        if self.meaning.change or not isinstance(processes, int) or processes >= FEWEST_PROCESSES:
            return ""
        return _("one process") if processes == 1 else _("{count} processes", count=processes)

    @property
    def higher_is_better(self) -> bool | None:
        """Which way is better, for a change as for the number itself; None where neither is, or it is not known."""
        definition = self.meaning.definition
        return definition.higher_is_better if definition is not None else None

    @property
    def display(self) -> str:
        """What people read, such as "91.73 %"; "—" where unknown."""
        return self.texts[0]

    @property
    def display_interval(self) -> str:
        """The interval as people read it, such as "91.2–92.3"; empty where there is none."""
        return self.texts[1]

    @property
    def texts(self) -> tuple[str, str]:
        """The value and its interval as people read them."""
        unit, value, low, high, n = self.unit, self.value, self.low, self.high, self.n
        if self.meaning.change == "change":
            return format_change(unit, value, low, high, n), format_change_interval(unit, low, high, n)
        definition = self.meaning.definition
        if definition is not None and not self.meaning.change:
            return format_form(definition.form, unit, value, low, high, n)
        return format_value(unit, value, low, high, n), format_interval(unit, value, low, high, n)

    @property
    def tells_n(self) -> bool:
        """Whether the value itself, such as "7 of 13", holds n."""
        definition = self.meaning.definition
        return definition is not None and definition.form == "done" and not self.meaning.change

    @property
    def sureness(self) -> str:
        """Interval and n: "91.2–92.3, n = 10,000", not broken inside "n = 10,000"; empty where there is neither."""
        inside = [self.display_interval] if self.display_interval else []
        things = f"\u00a0{self.counted}" if self.counted else ""
        inside += [f"n\u00a0=\u00a0{self.n:,}{things}"] if self.n is not None and not self.tells_n else []
        return join_parts(inside)

    @property
    def display_full(self) -> str:
        """Value, interval and n in one phrase: "91.73 % (91.2–92.3, n = 10,000)"."""
        return with_note(self.display, self.sureness)
