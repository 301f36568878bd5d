"""The baseline that a spec names: found before any compute, compared with after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import SpecError, about
from reportgen.plugins import Section
from reportgen.progress import Progress
from reportgen.record.locate import find_source
from reportgen.record.run import RunRecord
from reportgen.spec.paths import resolve_path
from reportgen.spec.types import BaselineSpec, ReportSpec, resolve_baseline


@dataclass(frozen=True)
class Opponent:
    """A record to compare with."""

    record: RunRecord
    digest: str
    """sha256 of its record.json."""
    margin: float


@dataclass(frozen=True)
class Chosen:
    """A baseline that is there, not yet read whole."""

    path: Path
    """On this machine."""
    key: str
    """The spec's key that names it."""
    digest: str
    margin: float

    def load(self) -> Opponent:
        """The record itself. Raises RecordError, with its place in the spec, when it is damaged."""
        with about(self.key):
            return Opponent(find_source(self.path).load(), self.digest, self.margin)


def choose_baseline(spec: ReportSpec, base: Path) -> Chosen | None:
    """The baseline of a spec in the folder `base`, or None where it names none.

    Raises SpecError, with its place in the spec, where there is no record; RecordError for one that can't be read.
    """
    wanted = resolve_baseline(spec.baseline)
    if wanted is None:
        return None
    key = "baseline.record" if isinstance(spec.baseline, BaselineSpec) else "baseline"
    with about(key):
        path = resolve_path(wanted.record, base)
        if not path.exists():
            raise SpecError(f"there is no baseline {path}", "Give a report's folder, its record/, or a report.pdf.")
        return Chosen(path, key, find_source(path).digest, wanted.margin)


def judge(
    record: RunRecord, opponent: Opponent | None, sections: Mapping[str, Section], progress: Progress
) -> RunRecord:
    """The record with its comparison; without an opponent, without any that an earlier build left in it."""
    from reportgen.comparison import compare_with, uncompared
    from reportgen.comparison.numbers import SectionNumbers

    if opponent is None:
        return uncompared(record)
    with progress.stage("Compare"):
        before, after = (
            tuple(value for section in sections.values() for value in section.values(one))
            for one in (opponent.record, record)
        )
        numbers = SectionNumbers(before, after)
        return compare_with(record, opponent.record, opponent.digest, numbers, margin=opponent.margin)


def stored_digest(record: RunRecord) -> str:
    """The digest of the baseline that a record was last compared with; empty where there is none."""
    return record.comparison.baseline.digest if record.comparison is not None else ""
