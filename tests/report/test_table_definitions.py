"""What captions of tables define is a column of theirs, and what a column needs is defined: the tables of all cases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import lru_cache

import pytest

from reportgen.report.model import SectionView
from reportgen.report.table import Table
from tests.report.register.test_register import ALL
from tests.support.records import as_subject, small_record

DEFINED = re.compile(r"(?:^|(?<=[.;] ))([A-Zpα][^.:;]{0,24}?):(?= )")
"""A term of few words before a colon, where a sentence or its part begins."""
READING = {
    "In brackets": "of the numbers in a cell",
    "Small and grey": "of the numbers in a cell",
    "Accuracies": "Training accuracy",
    "Lost and gained": "Lost",
    "predictions changed": "Predictions changed",
    "p": "p",
    "α": "Tail α (n)",
    "Update": "Update / weight",
    "Gradient": "Gradient",
}
"""Terms that are called something else in the head, or are of no column."""
NEEDED = {
    "AP": "AP:",
    "AUROC": "AUROC:",
    "Near zero": "Near zero:",
    "Effective rank": "Effective rank:",
    "Tail α (n)": "α:",
    "Moved": "Moved:",
    "Gradient": "Gradient:",
    "Gradient, median": "Gradient:",
    "Update / weight": "Update:",
    "Gain": "Gain:",
    "Before": "Before:|Recall of every class",
    "At rest": "At rest:",
    "Linear": "Linear,",
    "Threshold": "threshold",
    "Saturation": "saturation",
    "Dead": "Dead:",
    "Time": "Time:|history",
    "Share": "Share:",
    "Of peak": "Of peak:",
    "Limit": "Limit:",
    "FLOP/byte": "FLOP/byte:",
    "Lost": "Lost and gained:",
    "Gained": "Lost and gained:",
    "p": "p: exact McNemar test|p of no change|p after Holm",
    "p, Holm": "Holm",
    "Interval": "[Ii]nterval",
    "95 % interval": "interval",
    "Interval or ratio": "95 % intervals.*multiples",
    "Mean change": "Mean change:",
    "Predictions changed": "predictions changed:",
    "Training loss": "Training loss:",
    "Test loss": "Test\\s+loss:|each trained and evaluated like the first",
    "Training accuracy": "Accuracies:|The images that training used",
    "95th percentile": "95th percentile",
}
"""Heads that are no everyday words, and what defines each."""


def tables_of(thing: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Caption and heads of every table in a view that has rows."""
    if isinstance(thing, Table):
        if thing.rows:
            yield thing.caption, tuple(column.head for column in thing.columns)
    elif is_dataclass(thing):
        heads, caption = getattr(thing, "columns", None), getattr(thing, "caption", None)
        if isinstance(heads, tuple) and isinstance(caption, str):
            yield caption, tuple(column.head for column in heads)
        for field in fields(thing):
            yield from tables_of(getattr(thing, field.name))
    elif isinstance(thing, tuple | list):
        for part in thing:
            yield from tables_of(part)


@lru_cache(maxsize=1)
def tables() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Those of every record of the register, each caption once."""
    record, found = small_record(), dict[tuple[str, tuple[str, ...]], None]()
    for cases in ALL:
        for make in cases.records.values() if cases.section is not None else ():
            assert cases.section is not None
            view = cases.section.build(as_subject(make(record)), {})
            if isinstance(view, SectionView):
                found |= dict.fromkeys(tables_of(view))
    return tuple((caption.replace("\u00a0", " "), heads) for caption, heads in found)


@pytest.mark.slow
def test_what_a_caption_defines_is_a_column() -> None:
    strangers = {
        (term, heads)
        for caption, heads in tables()
        for term in DEFINED.findall(caption)
        if term not in READING and not any(head.startswith(term) for head in heads)
    }
    assert not strangers
    shown = {head for _caption, heads in tables() for head in heads}
    assert {head for head in READING.values() if not head.startswith("of ")} <= shown


@pytest.mark.slow
@pytest.mark.parametrize("head", sorted(NEEDED))
def test_what_a_column_needs_is_defined(head: str) -> None:
    having = [caption for caption, heads in tables() if head in heads]
    assert having, "no table of the register has it"
    assert not [caption for caption in having if not re.search(NEEDED[head], caption)]


@pytest.mark.slow
def test_what_is_defined_is_said_only_where_the_column_is() -> None:
    for caption, heads in tables():
        for head, words in NEEDED.items():
            if words.endswith(":") and words in caption and f"{head}" not in heads:
                assert any(other in heads and NEEDED[other] == words for other in NEEDED), (words, heads)
