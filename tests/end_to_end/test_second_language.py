"""A second language is only a catalogue: the whole report in one whose every letter is foreign."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reportgen.comparison import compare_with
from reportgen.figures import draw
from reportgen.metrics import measure
from reportgen.outputs.page import make_page
from reportgen.record.probes import Probes
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.assemble import assemble
from reportgen.report.model import FigureFile, Report, Skipped
from reportgen.report.sections import find_sections
from reportgen.text import i18n
from tests.support.catalogue import LATIN, latin_words, read_chinese, write_second_language
from tests.support.cost_facts import with_cost
from tests.support.explanation_facts import explained
from tests.support.layers import with_dynamics, with_responses
from tests.support.records import presented
from tests.support.robustness_facts import probed
from tests.support.weights import weighed

NAME = "xx"
UNSEEN = {"style", "script", "title"}
QUOTED = {"code", "pre", "svg"}
"""Elements whose text is code, or drawn."""


class Visible(HTMLParser):
    """The texts that a person sees or hears, without code."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSEEN | QUOTED:
            self.inside.append(tag)
        self.texts += [value for name, value in attrs if name in ("alt", "aria-label", "title") and value]

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside and data.strip():
            self.texts.append(data)


AT_ONCE = 8
"""Figures drawn in one go: a second process, which many are worth, knows nothing of a catalogue made for a test."""
WORD = re.compile(r"[A-Za-z][\w./:-]*\w")
DIGEST = re.compile("[0-9a-f]{64}")
SYMBOLS = {"px", "ms", "min", "KiB", "MiB", "GiB", "GFLOP/s", "MFLOP/s", "FLOP", "GB/s", "UTC"}
"""Units, which are the same in every language."""


def plain_words(value: object, keys: bool = False) -> Iterator[str]:
    """The words of a part of a record that are nobody's message, such as names; those of its `keys` too."""
    if isinstance(value, dict):
        message = set(value) == {"id", "many", "count", "values"}
        for key, inner in value["values"].items() if message else value.items():
            yield from plain_words(inner, keys)
            yield from WORD.findall(key) if keys else ()
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from plain_words(inner, keys)
    elif isinstance(value, str):
        yield from WORD.findall(value)


def names_in(subject: Subject) -> set[str]:
    """What has a name of its own: classes, modules, files, versions, what people wrote."""
    record = subject.record
    fields = record.model_dump(mode="json") | {"presentation": subject.presentation.model_dump(mode="json")}
    found = {*plain_words(fields["presentation"], True), *plain_words(fields["device"]), *plain_words(fields["data"])}
    found |= {*plain_words(fields["spec"], True), *plain_words(fields["provenance"], True)}
    found |= {*plain_words(fields["trace"]), *plain_words(fields["probes"])}
    found |= {*WORD.findall((record.provenance.commit or "")[:12]), *Probes.model_fields}
    return found | {"SGD", "sha256", "test_batch", "Other", record.spec.model.source.rpartition(":")[2]}


def fullest(record: RunRecord) -> Subject:
    """Everything that can be shown at once."""
    record = record.model_copy(update={"measured": measure(record)})
    probes = with_dynamics(with_responses(probed(weighed(explained(record))), 3), layers=8, steps=40)
    whole = with_cost(probes)
    return presented(whole, compare_with(whole, presented(record, title="Other"), "0" * 64))


def make_report(subject: Subject) -> Report:
    """The report with its real figures."""
    sections = find_sections()
    names = [name for section in sections.values() for name in section.figures]
    figures: dict[str, FigureFile | Skipped] = {}
    for start in range(0, len(names), AT_ONCE):
        figures |= draw(subject, names[start : start + AT_ONCE])
    return assemble(subject, figures, sections)


@pytest.fixture
def second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A language made of the catalogue, in which everything is drawn."""
    write_second_language(tmp_path, NAME)
    monkeypatch.setattr(i18n, "LOCALE", tmp_path)
    with i18n.language(NAME):
        yield NAME


def words_left(whole: Subject, language: str, word: re.Pattern[str] = WORD) -> dict[str, set[str]]:
    """Every text of the page with a `word` that is no name, by its beginning."""
    report = make_report(whole)
    page = make_page(report, "screen")
    assert f'<html lang="{language}">' in page
    seen = Visible()
    seen.feed(page)
    methods = [method for section in report.sections for method in getattr(section, "methods", ())]
    known = names_in(whole) | SYMBOLS | {one for method in methods for one in word.findall(method.reference)}
    drawn = [figure.data.decode() for figure in report.figures if figure.media_type == "image/svg+xml"]
    texts = [*seen.texts, *(text for svg in drawn for text in re.findall(r"<text[^>]*>([^<]+)</text>", svg))]
    texts = [text for text in texts if not DIGEST.fullmatch(text.strip())]
    return {text.strip()[:200]: words for text in texts if (words := set(word.findall(text)) - known)}


@pytest.mark.slow
def test_no_english_sentence_is_left(record: RunRecord, second: str) -> None:
    assert words_left(fullest(record), second) == {}


@pytest.mark.slow
def test_no_english_sentence_is_left_in_chinese(record: RunRecord) -> None:
    allowed = latin_words(read_chinese())
    assert "the" not in allowed
    with i18n.language("zh"):
        left = words_left(fullest(record), "zh", LATIN)
    assert {text: rest for text, words in left.items() if (rest := words - allowed)} == {}
