"""The catalogue as Babel extracts it from the package and its templates, and a second language made of it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from reportgen.text.i18n import LOCALE

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "reportgen").rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.j2"))
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "nN_": (1, 2)}
"""Names that mark a message, with the places of its forms."""
FIELD = re.compile(r"\{\{|\}\}|\{[^{}]*\}|%\(\w+\)s|%%")
"""What a translation has to leave as it is."""
LATIN = re.compile(r"[A-Za-z][\w./:-]*\w", re.ASCII)
"""A word in Latin letters."""
FOREIGN = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "ȀƁȻƊɆƑǤǶƗɈƘŁϺŊØÞɊɌŞŦƱɅƜχɎƵąƀȼɖɇƒǥħɨɉƙłɱŋøþɋɍşŧʉʌɯӿɏƶ"
)
"""Letters that no English word has, each still told from the others."""

Extracted = tuple[Path, int, "str | tuple[str, ...]"]


@cache
def extracted() -> tuple[Extracted, ...]:
    """(file, line, message or its forms) of everything that Babel finds."""
    found: list[Extracted] = []
    for path in MODULES:
        with path.open("rb") as file:
            found += [(path, line, message) for line, message, *_rest in extract("python", file, keywords=KEYWORDS)]
    for path in TEMPLATES:
        with path.open("rb") as file:
            options = {"trim_blocks": "true", "lstrip_blocks": "true", "no response": "false"}
            rows = extract(babel_extract, file, keywords=KEYWORDS, options=options)
            found += [(path, line, message) for line, message, *_rest in rows]
    return tuple(found)


def translate(text: str) -> str:
    """A message in the second language: every letter outside of its fields another."""
    parts, at = [], 0
    for field in FIELD.finditer(text):
        parts += [text[at : field.start()].translate(FOREIGN), field[0]]
        at = field.end()
    return "".join([*parts, text[at:].translate(FOREIGN)])


def write_second_language(folder: Path, name: str) -> None:
    """The compiled catalogue of a language, in which every message that Babel finds is translated."""
    book = Catalog(locale="en", domain="reportgen", charset="utf-8")
    for _path, _line, message in extracted():
        if isinstance(message, tuple):
            book.add(message, tuple(map(translate, message)))
        else:
            book.add(message, translate(message))
    target = folder / name / "LC_MESSAGES" / "reportgen.mo"
    target.parent.mkdir(parents=True)
    with target.open("wb") as file:
        write_mo(file, book)


@cache
def read_chinese() -> Catalog:
    """The catalogue of Chinese as Babel reads it."""
    path = LOCALE / "zh" / "LC_MESSAGES" / "reportgen.po"
    with path.open("rb") as file:
        return read_po(file, locale="zh", domain="reportgen", abort_invalid=True)


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """A message or a translation as all of its forms."""
    return (text,) if isinstance(text, str) else tuple(text)


def latin_words(book: Catalog) -> set[str]:
    """Words in Latin letters that translations keep outside of their fields: names, symbols, terms of the field."""
    texts = (form for message in book if message.id for form in forms(message.string))
    return {word for text in texts for word in LATIN.findall(FIELD.sub(" ", text))}
