"""What a case of the register is: records made to show claims, and which of them shows which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from reportgen.plugins import Section
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.banners import find_banners
from reportgen.report.claims import Claim
from reportgen.report.model import SectionView
from tests.support.records import as_subject

Make = Callable[[RunRecord], "RunRecord | Subject"]


@dataclass(frozen=True)
class Cases:
    """The cases of one section."""

    records: dict[str, Make]
    """Name -> how the record is made from the hand-written one."""
    shown: dict[str, tuple[str, str]]
    """Key of a claim -> the record that shows it, and one that does not though it has the section."""
    section: Section | None = None
    """None for banners."""

    def keys(self, record: RunRecord, name: str) -> set[str]:
        """The claims that the section makes of one of the records."""
        made = self.records[name](record)
        if self.section is None:
            subject = as_subject(made)
            found = find_banners(subject.record, baseline=subject.presentation.baseline)
            return {banner.key for banner in found}
        return keys_of(self.section, made)


def keys_of(section: Section, made: RunRecord | Subject) -> set[str]:
    """The claims of a section's view."""
    view = section.build(as_subject(made), {})
    assert isinstance(view, SectionView), view.reason
    return said(view.findings)


@contextmanager
def listening() -> Iterator[dict[str, set[str]]]:
    """What is said by claims while it is open, findings and banners apart: the texts by the key of the claim."""
    heard: dict[str, set[str]] = {}

    def hear(claim: Claim, text: str) -> str:
        heard.setdefault(claim.key, set()).add(text)
        return text

    with patch.object(Claim, "says", hear):
        yield heard


def said(findings: Iterable[object]) -> set[str]:
    """The keys of findings or banners, None left out."""
    return {getattr(finding, "key", "") for finding in findings if finding is not None}
