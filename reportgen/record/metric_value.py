"""A number as people read it: value, interval, n, unit and the one text that every output prints."""

from __future__ import annotations

from typing import Literal

from reportgen.spec.frozen import Frozen

Unit = Literal[
    "share", "nats", "score", "count", "macs", "bytes", "seconds", "images/s", "pixels", "ratio", "FLOP/s", "bytes/s",
    "joules",
]  # fmt: skip
Method = Literal["exact", "wilson", "bootstrap", "student", "measured", "paired", "seeds", ""]
"""How value and interval came about: counted exactly; Wilson score; stratified bootstrap over images; Student's t over
seeds; a clock; two models on the same images, paired; t interval over seeds and images."""


class MetricValue(Frozen):
    """One number of the report. Printed by every output from here, so that all agree to the digit."""

    name: str
    """Stable key such as `accuracy` or `class.cat.recall`."""
    label: str
    """What people call it, such as "Top-1 accuracy"."""
    value: float | None
    """Proportions are 0 to 1; None is unknown."""
    low: float | None = None
    high: float | None = None
    n: int | None = None
    counted: str = ""
    """What n counts, such as "seeds"; empty for images, and for the repeats of a time."""
    unit: Unit = "score"
    higher_is_better: bool | None = None
    display: str
    """What people read, such as "91.73 %"; "—" where unknown."""
    display_interval: str = ""
    """The interval as people read it, such as "91.2–92.3"; empty where there is none."""
    method: Method = ""

    @property
    def display_full(self) -> str:
        """Value, interval and n in one phrase: "91.73 % (91.2–92.3, n = 10,000)", not broken inside "n = 10,000"."""
        inside = [self.display_interval] if self.display_interval else []
        things = f"\u00a0{self.counted}" if self.counted else ""
        inside += [f"n\u00a0=\u00a0{self.n:,}{things}"] if self.n is not None else []
        return f"{self.display} ({', '.join(inside)})" if inside else self.display
