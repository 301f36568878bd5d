"""The catalogue of Chinese: nothing missing, nothing left over, the same fields, punctuation of Chinese."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from reportgen.text import numerals
from reportgen.text.dates import format_day
from reportgen.text.i18n import (
    _,
    catalogue,
    join_choices,
    join_names,
    join_parts,
    join_sentences,
    join_terms,
    language,
    ngettext,
    with_label,
    with_note,
)
from tests.support.catalogue import extracted, forms, read_chinese

PERCENT = re.compile(r"%\((\w+)\)s")
TAG = re.compile(r"</?[a-z]+")
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff] ?[,;:?!](?!\w)|[\u4e00-\u9fff]\.(\s|$)")
"""Punctuation of Latin letters right after a Chinese character."""
NO_START = re.compile(r"^[，。；：、）”]")


def fields(text: str) -> set[str]:
    """Names of what is filled in, by either kind of template."""
    if PERCENT.search(text):
        return set(PERCENT.findall(text))
    return {name for _text, name, _spec, _kind in Formatter().parse(text) if name}


@pytest.mark.slow
def test_every_message_is_translated_and_no_other() -> None:
    asked = {forms(message)[0] for _path, _line, message in extracted()}
    known = {forms(message.id)[0]: message for message in read_chinese() if message.id}
    assert sorted(asked - set(known)) == []
    assert sorted(set(known) - asked) == []
    assert [text for text, message in known.items() if not all(forms(message.string))] == []
    assert [text for text, message in known.items() if message.fuzzy] == []
    assert list(read_chinese().obsolete) == []


def test_translations_have_the_same_fields_and_tags() -> None:
    wrong = []
    for message in read_chinese():
        for translated in forms(message.string) if message.id else ():
            sources = forms(message.id)
            if fields(translated) != set().union(*map(fields, sources)):
                wrong.append(translated)
            if sorted(TAG.findall(translated)) != sorted(TAG.findall(sources[-1])):
                wrong.append(translated)
    assert wrong == []


def test_plural_messages_have_the_one_form_of_chinese() -> None:
    book = read_chinese()
    assert (book.num_plurals, book.plural_expr) == (1, "0")
    assert [message.id for message in book if message.pluralizable and len(forms(message.string)) != 1] == []
    with language("zh"):
        texts = [
            ngettext("{count} image was left out.", "{count} images were left out.", count) for count in (0, 1, 2, 1234)
        ]
    assert len({text.lstrip("0123456789,") for text in texts}) <= 2


def test_punctuation_is_that_of_chinese() -> None:
    texts = [text for message in read_chinese() if message.id for text in forms(message.string)]
    assert [text for text in texts if HALF_WIDTH.search(text)] == []
    assert [text for text in texts if NO_START.search(text) or text != text.strip()] == []


def test_the_file_merges_well() -> None:
    """Sorted by message and without line numbers, so that two people who add one each touch other lines."""
    book = read_chinese()
    keys = [forms(message.id)[0] for message in book if message.id]
    assert keys == sorted(keys)
    assert [message.locations for message in book if any(line is not None for _path, line in message.locations)] == []


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (lambda: numerals.percent(0.9123, 10_000), "91.23%"),
        (lambda: numerals.points(0.012), "+1.2\u00a0个百分点"),
        (lambda: numerals.interval(-1.0, 2.0, 1), "−1.0 至 +2.0"),
        (lambda: numerals.seconds_text(200), "3 分 20 秒"),
        (lambda: numerals.seconds_text(7500), "2 小时 5 分"),
        (lambda: format_day("2026-09-03T08:22:31Z"), "2026年9月3日"),
        (lambda: join_sentences(["甲。", "乙。"]), "甲。乙。"),
        (lambda: join_names(["a", "b", "c"]), "a、b、c"),
        (lambda: join_terms(["a", "b"]), "a、b"),
        (lambda: join_choices(["a", "b"]), "a 或 b"),
        (lambda: join_parts(["91–92", "n = 3"]), "91–92，n = 3"),
        (lambda: with_note("95.8%", "93–97"), "95.8%（93–97）"),
        (lambda: with_label("准确率", "95.8%"), "准确率：95.8%"),
    ],
)
def test_numbers_days_and_lists(english, chinese: str) -> None:  # type: ignore[no-untyped-def]
    plain = english()
    with language("zh"):
        assert english() == chinese
    assert plain != chinese or plain == "甲。乙。"


def test_a_day_in_english_is_iso_and_what_is_none_stays() -> None:
    assert format_day("2026-09-03T08:22:31Z") == "2026-09-03"
    assert format_day("yesterday at noon") == "yesterday "


def test_terms_of_the_field() -> None:
    with language("zh"):
        words = {word: _(word) for word in ("Confusion matrix", "Expected calibration error", "Characteristic curves")}
    assert words == {
        "Confusion matrix": "混淆矩阵",
        "Expected calibration error": "期望校准误差",
        "Characteristic curves": "特性曲线",
    }
    assert catalogue("zh").gettext("") != ""  # the header: the catalogue is there
