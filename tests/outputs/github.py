"""A comment as GitHub shows it: its own Markdown renderer, then the rules of its sanitiser and its filters."""

from __future__ import annotations

import html
import re

import cmarkgfm
import nh3
from cmarkgfm.cmark import Options

TAGS = frozenset(
    re.findall(
        r"\w+",
        "h1 h2 h3 h4 h5 h6 br b i strong em a pre code img tt div ins del sup sub p picture ol ul table thead tbody "
        "tfoot blockquote dl dt dd kbd q samp var hr ruby rt rp li tr td th s strike summary details caption figure "
        "figcaption abbr bdo cite dfn mark small source span time wbr",
    )
)
"""html-pipeline's allow-list."""
LINKING = (
    re.compile(r"(?<![\w/])@[a-z\d]", re.IGNORECASE),
    re.compile(r"(?<!\w)#\d"),
    re.compile(r"\bgh-\d", re.IGNORECASE),
    re.compile(r":[a-z_+-][\w+-]*:"),
    re.compile(r"\b(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b"),
    re.compile(r"https?://|www\."),
)
"""What GitHub's filters make a mention, reference, emoji, commit or link of, in text outside code and links."""


def show(markdown: str) -> str:
    """The HTML that reaches a reader."""
    page = cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE)
    return nh3.clean(
        page, tags=set(TAGS), attributes={"*": {"align", "open"}, "a": {"href"}, "img": {"src"}}, link_rel=None
    )


def text_of(page: str) -> str:
    """What is read, invisible gaps removed."""
    return html.unescape(re.sub(r"<[^>]+>", "", page)).replace("\u200b", "")


def linked(page: str) -> list[str]:
    """What GitHub would turn into a link, a mention or an emoji."""
    outside = html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(code|pre)>.*?</\1>", " ", page)))
    return [match[0] for pattern in LINKING for match in pattern.finditer(outside)] + re.findall(r"<(?:a|img)\b", page)
