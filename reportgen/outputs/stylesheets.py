"""Style sheets: what one's own may say, and the colours that it gives to figures. The one door to tinycss2."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from reportgen.errors import Location, RenderError, SpecError
from reportgen.outputs.own_files import read_own
from reportgen.report.style import ACCENT, HAIRLINE, INK, MUTED, PAPER, RIGHT, SOFT, WRONG

MOST_BYTES = 500_000
"""Of one's own style sheet: enough for two fonts inside it, and the report stays a file that can be mailed."""
COLOURS = {
    "paper": PAPER,
    "ink": INK,
    "muted": MUTED,
    "hairline": HAIRLINE,
    "accent": ACCENT,
    "right": RIGHT,
    "wrong": WRONG,
    "baseline": SOFT,
}
"""The colours that a style sheet can change, as custom properties of :root, and what they are on white paper."""
DARK_COLOURS = {
    "paper": "#14171a",
    "ink": "#e3e6ea",
    "muted": "#9ea6b1",
    "hairline": "#33393f",
    "accent": "#58bdb5",
    "right": "#6db6ee",
    "wrong": "#f0a264",
    "baseline": "#737a84",
}
"""The same in the dark."""
NAMES = {colour: name for name, colour in COLOURS.items()}
PAINT = re.compile(r'(?P<what>\b(?:fill|stroke|stop-color|flood-color|color)(?:="|:\s*))(?P<colour>#[0-9a-fA-F]{6})\b')
"""A colour in an attribute or a declaration of an SVG."""
ADDRESS_FUNCTIONS = {"url", "src"}
IMAGE_FUNCTIONS = {"image", "image-set", "-webkit-image-set", "cross-fade", "-webkit-cross-fade"}
INSIDE = "Put fonts and images into the style sheet itself, as url(data:…): a report needs nothing but itself."


def read_sheet(path: Path) -> str:
    """One's own style sheet.

    Raises SpecError for a file that is missing, too large or not text, and with its line for one that refers to
    anything outside itself or is no CSS.
    """
    advice = "Keep what is needed: a font can be cut down to the letters that a report uses."
    data = read_own(path, "style sheet", "report.css", MOST_BYTES, advice)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecError(f"the style sheet {path} is not text in UTF-8", "Save it as UTF-8.") from error
    try:
        check_sheet(text, path.name)
    except RenderError as error:
        raise SpecError(error.message, error.hint, error.location) from error
    return text


def check_sheet(text: str, name: str) -> None:
    """Raise RenderError, with the place in the sheet `name`, where it can't stand in a page that needs nothing else."""
    end = re.search(r"</style", text, re.IGNORECASE)
    if end is not None:
        line = text.count("\n", 0, end.start()) + 1
        raise RenderError(f"{name} holds </style, which would end it", "Remove it.", Location(name, line))
    import tinycss2  # only one's own sheets are looked into

    for node in walk(tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)):
        location = Location(name, node.source_line, node.source_column)
        if node.type == "error":
            raise RenderError(f"{name} is not CSS: {node.message}", "Look at this line and the one before.", location)
        if node.type in ("at-rule", "at-keyword") and keyword(node) == "import":
            raise RenderError(f"{name} imports another style sheet", "Copy its rules into this one.", location)
        outside = address(node)
        if outside is not None and not outside.strip().lower().startswith("data:"):
            shown = outside if len(outside) <= 60 else f"{outside[:59]}…"
            raise RenderError(f"{name} refers to something outside the page: {shown}", INSIDE, location)


def walk(nodes: Iterable[Any]) -> Iterator[Any]:
    """Every node of a parsed sheet, outer ones first."""
    for node in nodes:
        yield node
        for part in ("prelude", "content", "arguments"):
            below = getattr(node, part, None)
            if isinstance(below, list):
                yield from walk(below)


def keyword(node: Any) -> str:
    """The name of an at-rule, or of the beginning of one inside a block, in small letters."""
    return str(node.lower_at_keyword if node.type == "at-rule" else node.lower_value)


def address(node: Any) -> str | None:
    """What a node refers to; None for one that refers to nothing."""
    if node.type == "url":
        return str(node.value)
    if node.type != "function" or node.lower_name not in ADDRESS_FUNCTIONS | IMAGE_FUNCTIONS:
        return None
    said = [part for part in node.arguments if part.type not in ("whitespace", "comment")]
    texts = [str(part.value) for part in said if part.type == "string"]
    outside = next((text for text in texts if not text.strip().lower().startswith("data:")), None)
    if outside is not None or node.lower_name in IMAGE_FUNCTIONS:
        return outside
    return texts[0] if len(said) == len(texts) == 1 else node.name + "(…)"


def changed_colours(text: str, dark: bool = False) -> dict[str, str]:
    """The colours that a style sheet gives to :root, by name, as #rrggbb; what is no plain opaque colour is left out.

    Rules inside @media, such as those for the dark, are not meant: a figure stands on light ground everywhere. With
    `dark` those inside the @media of the dark are, and no others.
    """
    if "--" not in text:
        return {}
    import tinycss2

    found: dict[str, str] = {}
    rules = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
    for rule in inside_dark(rules) if dark else rules:
        if rule.type == "qualified-rule" and tinycss2.serialize(rule.prelude).strip() in (":root", "html"):
            found.update(declared_colours(rule))
    usual = DARK_COLOURS if dark else COLOURS
    return {name: colour for name, colour in found.items() if colour != usual[name]}


def declared_colours(rule: Any) -> Iterator[tuple[str, str]]:
    """The names and plain opaque colours that a rule declares."""
    import tinycss2
    from tinycss2.color3 import RGBA, parse_color

    for declared in tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True):
        name = declared.name.removeprefix("--") if declared.type == "declaration" else ""
        colour = parse_color(tinycss2.serialize(declared.value).strip()) if name in COLOURS else None
        if isinstance(colour, RGBA) and colour.alpha == 1:
            yield name, "#" + "".join(f"{round(255 * part):02x}" for part in colour[:3])


def inside_dark(rules: Iterable[Any]) -> Iterator[Any]:
    """The rules that hold in the dark alone."""
    import tinycss2

    for rule in rules:
        said = tinycss2.serialize(rule.prelude) if rule.type == "at-rule" and rule.content is not None else ""
        if said and rule.lower_at_keyword == "media" and re.search(r"prefers-color-scheme:\s*dark", said):
            yield from tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)


def recolour(svg: str, colours: Mapping[str, str]) -> str:
    """A drawing in other colours: `colours` by name; what is drawn in none of COLOURS stays as it is."""
    if not colours:
        return svg

    def repaint(found: re.Match[str]) -> str:
        name = NAMES.get(found["colour"].lower(), "")
        return found["what"] + colours.get(name, found["colour"])

    return PAINT.sub(repaint, svg)
