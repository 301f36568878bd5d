"""What templates would have to repeat everywhere about the words on a page: addresses that can be followed, and the
language of words in another script than the page's.

Both work on a finished page: text between its tags, never on attributes, styles or what is a link already.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

PIECES = re.compile(
    r"(<!--.*?-->|<(?:style|title|script|svg|a)\b.*?</(?:style|title|script|svg|a)>|<[^>]*>)", re.DOTALL
)
"""What is left alone: tags, and elements whose text is none of the page's or is linked."""
ADDRESS = re.compile(
    r"(?:https?://|www\.)(?:[^\s<>\"'\u200b&]|&amp;)*[^\s<>\"'\u200b&.,;:!?)\]}…]"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
)
LONG_ADDRESS = 32
"""Characters from which on an address may not fit on its line."""
KANA = "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f"
HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
SCRIPTS = {
    "ja": KANA + HAN,
    "ko": HANGUL,
    "ru": "\u0400-\u052f",
    "el": "\u0370-\u03ff\u1f00-\u1fff",
    "ar": "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff",
    "he": "\u0590-\u05ff",
    "hi": "\u0900-\u097f",
    "th": "\u0e00-\u0e7f",
}
"""The language that most of what is written in a script is in, and its letters; Chinese is Japanese without kana."""
FOREIGN = re.compile(f"[{''.join(SCRIPTS.values())}]")
WORDS = "|".join(
    f"(?P<{language}>{'' if language in ('ja', 'ko') else f'[{letters}](?=[{letters}])'}[{letters}]+"
    f"(?:[ ·'’-][{letters}]+)*)"
    for language, letters in SCRIPTS.items()
)
"""Words in such a script, as an expression for the pages that have any; a letter alone only where it can be a word: σ
is a symbol."""


def link_addresses(page: str) -> str:
    """The page, web and mail addresses in its text as links."""
    return in_text(page, ADDRESS, link) if "://" in page or "@" in page or "www." in page else page


def mark_languages(page: str, language: str) -> str:
    """The page, words in a script that its language is not written with marked as what they are likely to be."""
    own = language.partition("-")[0]

    def mark(found: re.Match[str]) -> str:
        tongue = language_of(found)
        return found[0] if tongue == own else wrap(found[0], "span", f'lang="{tongue}"')

    return in_text(page, re.compile(WORDS), mark) if FOREIGN.search(page) else page


def language_of(found: re.Match[str]) -> str:
    """The language that the words of a match are likely to be of."""
    language = found.lastgroup or ""
    return "zh" if language == "ja" and not re.search(f"[{KANA}]", found[0]) else language


def link(found: re.Match[str]) -> str:
    """An address, as it stands in HTML, as a link to itself."""
    shown = found[0]
    address = html.unescape(shown)
    if "@" in address and "://" not in address:
        address = f"mailto:{address}"
    elif address.startswith("www."):
        address = f"https://{address}"
    return wrap(break_paths(shown), "a", f'href="{html.escape(address)}"')


def break_paths(shown: str) -> str:
    """An address, as it stands in HTML; in a long one a line may end behind each slash of its path."""
    return shown if len(shown) < LONG_ADDRESS else re.sub(r"(?<=[^/]/)(?=[^/])", "<wbr>", shown)


def wrap(words: str, element: str, attribute: str) -> str:
    """Words, as they stand in HTML, in an element."""
    return f"<{element} {attribute}>{words}</{element}>"


def in_text(page: str, pattern: re.Pattern[str], change: Callable[[re.Match[str]], str]) -> str:
    """The page with what a pattern finds in its text changed."""
    head, body, rest = page.partition("<body")
    pieces = PIECES.split(body + rest)
    return head + "".join(piece if place % 2 else pattern.sub(change, piece) for place, piece in enumerate(pieces))
