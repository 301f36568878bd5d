"""The baseline that a spec names: found before any compute, compared with after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import SpecError, about
from reportgen.plugins import Section
from reportgen.progress import Progress
from reportgen.record.judgement import Judgement
from reportgen.record.locate import find_source
from reportgen.record.metric_value import MetricValue
from reportgen.record.subject import Subject
from reportgen.spec.paths import resolve_path
from reportgen.spec.types import ReportSpec
from reportgen.system.memory import needing_memory


@dataclass(frozen=True)
class LoadedBaseline:
    """A record to compare with."""

    subject: Subject
    digest: str
    """sha256 of its record.json."""
    margin: float


@dataclass(frozen=True)
class FoundBaseline:
    """A baseline that is there, not yet read whole."""

    path: Path
    """On this machine."""
    key: str
    """The spec's key that names it."""
    digest: str
    margin: float

    def load(self) -> LoadedBaseline:
        """The record itself. Raises RecordError, with its place in the spec, when it is damaged."""
        with about(self.key):
            return LoadedBaseline(find_source(self.path).load().subject, self.digest, self.margin)


def find_baseline(spec: ReportSpec, base: Path) -> FoundBaseline | None:
    """The baseline of a spec in the folder `base`, or None where it names none.

    Raises SpecError, with its place in the spec, where there is no record; RecordError for one that can't be read.
    """
    wanted = spec.baseline
    if wanted is None or wanted.record is None:
        return None
    key = "baseline.record"
    with about(key):
        path = resolve_path(wanted.record, base)
        if not path.exists():
            raise SpecError(f"there is no baseline {path}", "Give a report's folder, its record/, or a report.pdf.")
        return FoundBaseline(path, key, find_source(path).digest, wanted.margin)


def judge(
    subject: Subject, baseline: LoadedBaseline | None, sections: Mapping[str, Section], progress: Progress
) -> Judgement:
    """The subject's record against the baseline's, whatever was judged before; an empty judgement without one."""
    from reportgen.comparison import compare_with
    from reportgen.comparison.numbers import SectionNumbers
    from reportgen.metrics.robustness_overlap import find_overlaps

    if baseline is None:
        return Judgement()
    with progress.stage("Compare"):
        before, after = (list_values(one, sections) for one in (baseline.subject, subject))
        numbers = SectionNumbers(before, after, find_overlaps(baseline.subject.record, subject.record))
        return compare_with(subject.record, baseline.subject, baseline.digest, numbers, margin=baseline.margin)


def list_values(subject: Subject, sections: Mapping[str, Section]) -> tuple[MetricValue, ...]:
    """The numbers of all sections. Raises EnvironmentTrouble where there is no memory for those of one."""
    found: list[MetricValue] = []
    for section in sections.values():
        hint = f"Leave the section {section.name} out, or end other programs."
        with needing_memory(f"computing the numbers of the section {section.title}", hint):
            found += section.values(subject)
    return tuple(found)


def baseline_digest(judgement: Judgement) -> str:
    """The digest of the baseline that a judgement is about; empty where there is none."""
    return judgement.comparison.baseline.digest if judgement.comparison is not None else ""
