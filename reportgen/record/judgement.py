"""What one report makes of a record: how it stands against others and those before it, and the results of the gates."""

from __future__ import annotations

from pydantic import Field

from reportgen.record.arrays import Arrays
from reportgen.record.comparison import Comparison, ComparisonOutcome
from reportgen.record.gate_result import GateResult
from reportgen.record.history import MOST_RUNS, Build, History
from reportgen.record.ranking import Ranking
from reportgen.spec.frozen import Frozen


class Judgement(Frozen):
    """The verdicts of one report; they need other records or rules of the spec, and are not part of the run.

    Arrays: `comparison.*`, see Comparison.
    """

    comparison: ComparisonOutcome | None = Field(default=None, discriminator="kind")
    """With the baseline; None where the spec names none."""
    ranking: Ranking | None = None
    """Among the candidates that it was compared beside; None where there were none."""
    history: History | None = None
    """The runs of its series before it, as far as the report that it replaces or its baseline knew them."""
    target: tuple[Build, ...] = Field(default=(), max_length=MOST_RUNS)
    """The last builds of the branch that the baseline is from, the oldest first and the baseline last."""
    gates: tuple[GateResult, ...] = ()
    """Results of the rules of the presentation on the numbers of the report."""
    arrays: Arrays = Field(default_factory=Arrays, exclude=True)

    @property
    def compared(self) -> Comparison | None:
        """The comparison, where the two records could be compared."""
        return self.comparison if isinstance(self.comparison, Comparison) else None

    def with_gates(self, gates: tuple[GateResult, ...]) -> Judgement:
        """The same with today's results of the gates."""
        return self.model_copy(update={"gates": gates})
