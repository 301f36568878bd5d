"""Text as the Markdown of Bitbucket, which knows neither HTML nor character references: backslashes in their place.

Bitbucket Cloud and Data Center escape every tag, so that what folds, is small or is hidden elsewhere is not there.
"""

from __future__ import annotations

import re

from reportgen.outputs import markdown
from reportgen.outputs.markdown import GAP, START, Raw, without_triggers
from reportgen.text.shorten import one_line, shorten_middle

ESCAPED = re.compile(r"[\\`*_\[\]{}#>|]")
"""What a backslash takes the meaning of, by CommonMark and by Python-Markdown alike."""
BROKEN = re.compile(r"(?<=[<&])|(?<=~)(?=~)")
"""After what an invisible gap does."""


def finalize(value: object) -> str:
    """What a template prints for a value: text is escaped unless it is Raw."""
    return value if isinstance(value, Raw) else plain(value)


def plain(value: object, most: int | None = None) -> Raw:
    """A text on one line, of at most `most` characters, every one of them shown as it is."""
    text = BROKEN.sub(GAP, without_triggers(str(value), most))
    return Raw(START.sub(lambda found: GAP + found[0], ESCAPED.sub(r"\\\g<0>", text)))


def code(value: object, most: int = 80, ends: bool = False) -> Raw:
    """A text of at most `most` characters as a code span; one that a table would break at stands without. `ends`: as of
    `markdown.code`."""
    text = str(value)
    if "|" in text:
        return plain(shorten_middle(one_line(text), most) if ends else text, most)
    return markdown.code(text, most, ends)
