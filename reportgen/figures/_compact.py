"""matplotlib's SVG without what nobody reads: half the bytes, the same image."""

from __future__ import annotations

import base64
import hashlib
import io
import re

import numpy as np
from PIL import Image

PROLOGUE = re.compile(rb"\A.*?(?=<svg)", re.DOTALL)
COMMENTS = re.compile(rb"<!--.*?-->", re.DOTALL)
"""Never part of a text: there "<" is written as an entity."""
TAGS = re.compile(rb"<[^>]+>")
FINE = re.compile(rb"([0-9]\.[0-9]{2})[0-9]+")
"""A hundredth of a point is a tenth of what a printer resolves."""
UNUSED_IDS = re.compile(rb'<g id="[^"]*"(/?>)')
"""Of groups; what is referred to are clips and markers."""
EMPTY = re.compile(rb"<g/>|<g></g>")
ALONE = re.compile(rb"<g>(<(?:path|use) [^>]*/>)</g>")
"""A shape in a group of its own, which says nothing."""
NO_TURN = re.compile(rb' transform="rotate\(-?0 [^)]*\)"')
ALIKE = re.compile(rb'<path d="([^"]*)" ([^>]*fill: none[^>]*)/>(?:<path d="[^"]*" \2/>)+')
"""Strokes of one look after each other, which are one path."""
DRAWN = re.compile(rb' d="([^"]*)"')
BETWEEN = re.compile(rb">\s+<")
FAMILY = re.compile(rb"font-family: 'DejaVu Sans'(?:, '[^']*')*(?:; )?")
CLIP = re.compile(rb'<clipPath id="(p[0-9a-f]+)"')
CLIP_USED = re.compile(rb'(<clipPath id="|url\(#)(p[0-9a-f]+)')
LINES = re.compile(rb"\s*\n\s*")
PNG = re.compile(rb"data:image/png;base64,([A-Za-z0-9+/=\s]+)")


def compact(svg: bytes, name: str, fonts: str, size: float) -> bytes:
    """The SVG with its font family and its usual size (points) said once, at the root, and without prologue,
    comments, ids that nothing refers to, groups of one shape, rotations by nothing, indentation and digits nobody can
    see; strokes of one look are one path, and the ids of its clips are of the figure's name.
    """
    data = PNG.sub(
        lambda found: b"data:image/png;base64," + base64.b64encode(lean_png(base64.b64decode(found[1]))), svg
    )
    data = PROLOGUE.sub(b"", data, count=1)
    data = COMMENTS.sub(b"", data)
    data = UNUSED_IDS.sub(rb"<g\1", data)
    data = NO_TURN.sub(b"", data)
    data = FAMILY.sub(b"", data)
    data = re.sub(rb"font-size: %s(?:; )?" % f"{size:g}px".encode(), b"", data)
    data = data.replace(b'<text style="text-anchor: start; ', b'<text style="')
    data = data.replace(b' style=""', b"")
    data = BETWEEN.sub(b"><", data)
    data = LINES.sub(b" ", data)
    data = ALONE.sub(rb"\1", EMPTY.sub(b"", data))
    data = ALIKE.sub(join_strokes, data)
    data = TAGS.sub(lambda tag: FINE.sub(rb"\1", tag[0]), data)
    data = name_clips(data, name)
    root = f'<svg font-family="{fonts}" font-size="{size:g}px" '
    return data.replace(b"<svg ", root.encode(), 1)


def join_strokes(alike: re.Match[bytes]) -> bytes:
    """Several strokes as one path; those that let shine through stay, as they are darker where they cross."""
    if b"opacity" in alike[2]:
        return alike[0]
    return b'<path d="%s" %s/>' % (b"".join(DRAWN.findall(alike[0])), alike[2])


def name_clips(svg: bytes, name: str) -> bytes:
    """The SVG with its clips numbered: matplotlib names them by a digest of all digits of their corners, and the last
    of those are another in every process, as the solver of its layouts goes by addresses."""
    salt = hashlib.sha256(name.encode()).hexdigest()[:6]
    numbers = {old: f"p{salt}{number}".encode() for number, old in enumerate(dict.fromkeys(CLIP.findall(svg)))}
    return CLIP_USED.sub(lambda found: found[1] + numbers.get(found[2], found[2]), svg)


def lean_png(png: bytes) -> bytes:
    """The same pixels without a channel of opacity that says nothing, and by palette where there are few colours."""
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))
    if (pixels[:, :, 3] < 255).any():
        return png
    flat = pixels[:, :, :3].astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colours, index = np.unique(flat, return_inverse=True)
    buffer = io.BytesIO()
    if len(colours) > 256:
        Image.fromarray(np.ascontiguousarray(pixels[:, :, :3])).save(buffer, "PNG", compress_level=9)
    else:
        image = Image.fromarray(index.reshape(flat.shape).astype(np.uint8))
        image.putpalette([int(part) for colour in colours for part in (colour >> 16, colour >> 8 & 255, colour & 255)])
        bits = next(bits for bits in (1, 2, 4, 8) if len(colours) <= 1 << bits)
        image.save(buffer, "PNG", bits=bits, compress_level=9)
    return buffer.getvalue()
