"""How one report of a record is drawn: everything of the spec that changes no number."""

from __future__ import annotations

from reportgen.spec.frozen import Frozen
from reportgen.spec.gates import Rule
from reportgen.spec.paths import without_absolute_paths
from reportgen.spec.types import Baseline, CardSpec, CommentSpec, ReportOptions, ReportSpec


class Presentation(Frozen):
    """Title, card, options, outputs, gate rules, baseline and plug-ins of one report: the keys of ReportSpec that are
    not MeasuredSpec's.

    Of an absolute path only the last part is kept. The defaults draw a record that nobody has presented yet.
    """

    title: str | None = None
    """None: made from model and data set, see Subject.title."""
    report: ReportOptions = ReportOptions()
    card: CardSpec = CardSpec()
    outputs: tuple[str, ...] = ReportSpec.model_fields["outputs"].default
    baseline: Baseline | None = None
    """As the spec names it; what came of the comparison is in the Judgement."""
    gates: tuple[Rule, ...] = ()
    """The rules; their results are in the Judgement."""
    comment: CommentSpec = CommentSpec()
    plugins: tuple[str, ...] = ()

    @classmethod
    def of(cls, spec: ReportSpec) -> Presentation:
        """The presentation that a spec asks for."""
        kept = without_absolute_paths(spec)
        return cls(**{name: getattr(kept, name) for name in cls.model_fields})
