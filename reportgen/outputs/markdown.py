"""Text as GitHub-flavoured Markdown that shows what it says and does nothing: no markup, mention, link or emoji.

Rules after the GFM specification 0.29 and GitHub's own filters, which work on the finished page: `@name`, `#12`,
`:name:`, commit digests and bare addresses become links unless they stand in code or are broken by an invisible space.
GitLab's filters do the same with `!12`, `$12`, `~label`, `%milestone`, `&epic` and `^alert`.
"""

from __future__ import annotations

import re
import unicodedata

from reportgen.text.shorten import shorten, shorten_middle

GAP = "\u200b"
"""Zero width space: nobody sees it, and no filter reads over it."""
STRUCTURAL = re.compile(r"[\\`*_\[\]<>&|~$@#{}^]")
TRIGGERS = re.compile(
    r"(?<=[@#])(?=\S)|(?<=[!$~%&^])(?=[\w\"*])|(?<=:)(?=//|[a-z_+][\w+-]*:)|(?<=www)(?=\.)|(?<=\bgh-)(?=\d)",
    re.IGNORECASE,
)
DIGEST = re.compile(r"\b(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b", re.IGNORECASE)
"""What could be a commit; numbers alone are left as they are."""
START = re.compile(r"^(?:[-+](?=\s|$)|[-=]+$|\d+(?=[.)](?:\s|$)))")
SPACE = re.compile(r"[^\S\u00a0\u202f]+")
"""White space that breaks or stretches; the no-break spaces of numbers stay."""
BLOCKS = "▏▎▍▌▋▊▉█"


class Raw(str):
    """Text that is Markdown already."""


def finalize(value: object) -> str:
    """What a Markdown template prints for a value: text is escaped unless it is Raw."""
    return value if isinstance(value, Raw) else plain(value)


def plain(value: object, most: int | None = None) -> Raw:
    """A text on one line, of at most `most` characters, every one of them shown as it is."""
    text = without_triggers(str(value), most)
    text = STRUCTURAL.sub(lambda found: f"&#{ord(found[0])};", text)
    return Raw(START.sub(lambda found: GAP + found[0], text))


def without_triggers(text: str, most: int | None = None) -> str:
    """A text on one line, of at most `most` characters, with a gap in whatever would become a link of itself."""
    text = one_line(text)
    text = text if most is None else shorten(text, most)
    return DIGEST.sub(lambda found: GAP.join(re.findall(".{1,6}", found[0])), TRIGGERS.sub(GAP, text))


def code(value: object, most: int = 80, ends: bool = False) -> Raw:
    """A text of at most `most` characters as a code span, in which GitHub interprets nothing; safe in a table too.
    `ends`: where it is longer, both are kept and the middle is left out."""
    text = (shorten_middle if ends else shorten)(one_line(str(value)), most) or "—"
    if "|" in text:  # a code span can't hold a pipe inside and outside of tables alike
        return Raw(f"<code>{plain(text)}</code>")
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    pad = " " if "`" in (text[0], text[-1]) else ""
    return Raw(f"{fence}{pad}{text}{pad}{fence}")


def fenced(text: str, kind: str = "") -> Raw:
    """A text of several lines as a code block, whatever fences are in it."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return Raw(f"{fence}{kind}\n{text.rstrip()}\n{fence}")


def bar(share: float | None, width: int = 10) -> Raw:
    """A proportion as `width` character cells, in eighths: "███████▌"; empty where it is unknown."""
    if share is None or not 0 <= share <= 1:
        return Raw("")
    eighths = round(share * width * 8)
    full, rest = divmod(eighths, 8)
    return Raw("█" * full + (BLOCKS[rest - 1] if rest else ""))


def one_line(text: str) -> str:
    """The text without line breaks, controls and marks that turn the direction of what follows."""
    kept = (character if unicodedata.category(character) not in ("Cc", "Cs") else " " for character in text)
    turning = dict.fromkeys(map(ord, "\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"))
    return SPACE.sub(" ", "".join(kept).translate(turning)).strip(" ")
