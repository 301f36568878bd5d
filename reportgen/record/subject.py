"""What a report is drawn from: the facts, the judgement and the presentation, together."""

from __future__ import annotations

from dataclasses import dataclass, field

from reportgen.record.judgement import Judgement
from reportgen.record.presentation import Presentation
from reportgen.record.run import RunRecord
from reportgen.spec.types import ReportSpec
from reportgen.text.i18n import _


@dataclass(frozen=True)
class Subject:
    """One report's input: what every section, figure and output receives.

    A record alone can be drawn too: nothing is judged then, and everything looks as the defaults have it.
    """

    record: RunRecord
    judgement: Judgement = field(default_factory=Judgement)
    presentation: Presentation = field(default_factory=Presentation)

    @property
    def title(self) -> str:
        """The title of the report: the spec's, or one made from model and data set."""
        if self.presentation.title:
            return self.presentation.title
        model = self.record.spec.model.source.rpartition(":")[2]
        return _("{model} on {data}", model=model, data=self.record.data.title)

    @property
    def spec(self) -> ReportSpec:
        """The whole spec: what was measured with, and how it is drawn."""
        parts = (self.record.spec, self.presentation)
        return ReportSpec(**{name: getattr(part, name) for part in parts for name in type(part).model_fields})
