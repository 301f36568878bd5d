"""matplotlib's SVG without what nobody reads: half the bytes, the same picture."""

from __future__ import annotations

import re

PROLOGUE = re.compile(rb"\A.*?(?=<svg)", re.DOTALL)
COMMENTS = re.compile(rb"<!--.*?-->", re.DOTALL)
"""Never part of a text: there "<" is written as an entity."""
TAGS = re.compile(rb"<[^>]+>")
FINE = re.compile(rb"([0-9]\.[0-9]{2})[0-9]+")
"""A hundredth of a point is a tenth of what a printer resolves."""
UNUSED_IDS = re.compile(rb'<g id="[a-z_A-Z.]+_?[0-9]*">')
NO_TURN = re.compile(rb' transform="rotate\(-?0 [^)]*\)"')
BETWEEN = re.compile(rb">\s+<")
FAMILY = re.compile(rb"font-family: 'DejaVu Sans'(?:; )?")
LINES = re.compile(rb"\s*\n\s*")


def compact(svg: bytes, fonts: str, size: float) -> bytes:
    """The SVG with its font family and its usual size (points) said once, at the root, and without prologue,
    comments, ids that nothing refers to, rotations by nothing, indentation and digits nobody can see."""
    data = PROLOGUE.sub(b"", svg, count=1)
    data = COMMENTS.sub(b"", data)
    data = UNUSED_IDS.sub(b"<g>", data)
    data = NO_TURN.sub(b"", data)
    data = FAMILY.sub(b"", data)
    data = re.sub(rb"font-size: %s(?:; )?" % f"{size:g}px".encode(), b"", data)
    data = data.replace(b' style=""', b"")
    data = BETWEEN.sub(b"><", data)
    data = LINES.sub(b" ", data)
    data = TAGS.sub(lambda tag: FINE.sub(rb"\1", tag[0]), data)
    root = f'<svg font-family="{fonts}" font-size="{size:g}px" '
    return data.replace(b"<svg ", root.encode(), 1)
