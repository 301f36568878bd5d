"""Names of files and folders as text: one line that any terminal, page and log can show, whatever bytes they hold."""

from __future__ import annotations

import re
import unicodedata

COMMANDING = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""Characters that break a line, command a terminal, reorder a text, or that no document can hold."""
BYTES = range(0xDC80, 0xDD00)
"""What Python reads a byte as that is not UTF-8: the byte and 0xDC00 (PEP 383)."""
SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def visible(name: str) -> str:
    r"""A name in Unicode's composed form (NFC), with an escape for each character that can't be shown.

    A byte that is not UTF-8 becomes `\xe9`, a line break `\n`, another character `\u{1}`. What a CI's log would take
    for a command (`##[` anywhere, `::` at the beginning) is broken by an escape.
    """
    text = COMMANDING.sub(escape, unicodedata.normalize("NFC", name)).replace("##[", r"#\u{23}[")
    return r"\u{3a}" + text[1:] if text.startswith("::") else text


def escape(match: re.Match[str]) -> str:
    """The escape of one character."""
    code = ord(match.group())
    if code in BYTES:
        return f"\\x{code - 0xDC00:02x}"
    return SHORT.get(match.group(), f"\\u{{{code:x}}}")
