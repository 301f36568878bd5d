"""Every fixed sentence a reader sees goes through `_`: one gettext catalogue, numbers as named arguments."""

from __future__ import annotations

import gettext
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("en",)


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str = "en") -> gettext.NullTranslations:
    """The translations of one language; English needs no file."""
    folder = Path(__file__).parents[1] / "locale"
    return gettext.translation("reportgen", localedir=folder, languages=[language], fallback=True)


def _(message: str, **values: object) -> str:
    """The sentence `message` in the reader's language, with `{name}` fields filled from `values`.

    `message` is a literal, so that a catalogue can be extracted; everything that varies is a named value.
    """
    text = catalogue().gettext(message)
    return text.format(**values) if values else text


def ngettext(one: str, many: str, count: int, **values: object) -> str:
    """The singular or plural sentence for `count`, which is also the field `{count}` (with thousands separated)."""
    return catalogue().ngettext(one, many, count).format(count=f"{count:,}", **values)
