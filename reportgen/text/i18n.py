"""Every fixed sentence a reader sees goes through `_`: one gettext catalogue, numbers as named arguments.

The language is that of the drawing: `with language("en"):` around it, English where nothing is said. A second language
is only a catalogue: `locale/<language>/LC_MESSAGES/reportgen.po`, compiled to a `.mo` beside it.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from reportgen.errors import EnvironmentTrouble
from reportgen.text.compiling import compile_catalogue, is_stale, keep

DOMAIN = "reportgen"
SOURCE = "en"
"""The language of the messages themselves."""
LOCALE = Path(__file__).parents[1] / "locale"
"""Where the catalogues lie."""
_drawn_in: ContextVar[str] = ContextVar("language", default=SOURCE)


def languages(folder: Path | None = None) -> tuple[str, ...]:
    """The languages that a report can be drawn in: English and every one with a catalogue."""
    found = (path.parents[1].name for path in (folder or LOCALE).glob(f"*/LC_MESSAGES/{DOMAIN}.[mp]o"))
    return (SOURCE, *sorted(set(found) - {SOURCE}))


@lru_cache(maxsize=8)
def read_catalogue(name: str, folder: Path) -> gettext.NullTranslations:
    """The translations of one language in a folder; English needs no file.

    Raises EnvironmentTrouble where the catalogue has to be compiled and Babel is not installed.
    """
    compiled = folder / name / "LC_MESSAGES" / f"{DOMAIN}.mo"
    source = compiled.with_suffix(".po")
    if not is_stale(compiled, source):
        if not compiled.is_file():
            return gettext.NullTranslations()
        with compiled.open("rb") as file:
            return gettext.GNUTranslations(file)
    try:
        content = compile_catalogue(source)
    except ImportError as error:
        hint = "Install reportgen again (pip install -e .), or pip install babel."
        raise EnvironmentTrouble(f"the translation into {name!r} is not compiled: {source}", hint) from error
    keep(compiled, content)
    return gettext.GNUTranslations(io.BytesIO(content))


def catalogue(name: str | None = None) -> gettext.NullTranslations:
    """The translations of one language, of the one that is being drawn where none is named."""
    return read_catalogue(name or current_language(), LOCALE)


def current_language() -> str:
    """The language that is being drawn."""
    return _drawn_in.get()


@contextmanager
def language(name: str) -> Iterator[None]:
    """Draw in this language inside; the one before comes back after it."""
    token = _drawn_in.set(name)
    try:
        yield
    finally:
        _drawn_in.reset(token)


def _(message: str, **values: object) -> str:
    """The sentence `message` in the reader's language, with `{name}` fields filled from `values`.

    `message` is a literal, so that a catalogue can be extracted; everything that varies is a named value.
    """
    return translate(message, values)


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    """The singular or plural sentence for `count`, which is also the field `{count}` (with thousands separated)."""
    return catalogue().ngettext(one, many, count).format(count=f"{count:,}", **values)


def translate(message: str, values: dict[str, object]) -> str:
    """What `_` gives, of a message that is no literal here because `N_` has marked it elsewhere."""
    text = catalogue().gettext(message) if message else ""  # to gettext the empty message is the catalogue's header
    return text.format(**values) if values else text


def join_sentences(sentences: Sequence[str]) -> str:
    """Complete sentences one after another; a language that puts no space between them translates the pattern."""
    return fold(_("{sentences} {next}"), "sentences", "next", sentences)


def join_names(names: Sequence[str]) -> str:
    """The names as people list them: "a", "a and b", "a, b and c"."""
    if len(names) < 2:
        return "".join(names)
    return _("{names} and {last}", names=join_terms(names[:-1]), last=names[-1])


def join_terms(terms: Sequence[str]) -> str:
    """Short terms side by side: "a, b, c"."""
    return fold(_("{terms}, {next}"), "terms", "next", terms)


def join_rows(rows: Sequence[str]) -> str:
    """What could stand in the rows of a table, in one line: "a 1, 2; b 3, 4"."""
    return fold(_("{rows}; {next}"), "rows", "next", rows)


def join_parts(parts: Sequence[str]) -> str:
    """What belongs to one thing: "91.2–92.3, n = 500"."""
    return fold(_("{parts}, {next}"), "parts", "next", parts)


def with_note(text: str, note: str) -> str:
    """A text and what is said of it in brackets: "91.7 % (91.2–92.3)"; without brackets where the note is empty."""
    return _("{text} ({note})", text=text, note=note) if note else text


def with_label(label: str, text: str) -> str:
    """What something is, and its value: "Accuracy: 91.7 %"."""
    return _("{label}: {text}", label=label, text=text)


def join_steps(steps: Sequence[str]) -> str:
    """What comes one after the other: "a, then b, then c"."""
    return fold(_("{steps}, then {next}"), "steps", "next", steps)


def join_choices(choices: Sequence[str]) -> str:
    """What may be the one or the other: "a or b"."""
    return fold(_("{choices} or {next}"), "choices", "next", choices)


def fold(pattern: str, before: str, after: str, items: Sequence[str]) -> str:
    """The items that are not empty, each joined by the pattern to those before it."""
    text = ""
    for item in filter(None, items):
        text = pattern.format(**{before: text, after: item}) if text else item
    return text
