"""Shapes of SVG as path operators of PDF (ISO 32000-1, 8.5.2), and transformations as six numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
NUMBERS = re.compile(NUMBER)
COMMAND = re.compile(rf"([A-Za-z])((?:[\s,]*{NUMBER})*)[\s,]*")
TRANSFORM = re.compile(r"\s*([a-zA-Z]+)\(([^)]*)\)[\s,]*")
ARGUMENTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "Q": 4, "Z": 0}
SAME = {"M": "m", "L": "l", "C": "c"}
"""Commands whose numbers PDF takes as they are."""
ROUND = 0.5522847
"""Of the radius: where the controls of the cubic curve stand that is nearest to a quarter of a circle."""

Affine: TypeAlias = tuple[float, float, float, float, float, float]
"""a, b, c, d, e, f: x' = a·x + c·y + e and y' = b·x + d·y + f."""


class NotDrawn(Exception):
    """Something in an SVG that is not converted."""


def format_numbers(*numbers: float) -> str:
    """Numbers as PDF writes them, to a ten-thousandth."""
    return " ".join(f"{number:.4f}".rstrip("0").rstrip(".") for number in numbers)


def path(data: str, x: float = 0.0, y: float = 0.0) -> str:
    """The operators of the `d` of a path whose origin is at (x, y).

    Raises NotDrawn for arcs, smooth curves and what is no path.
    """
    end, drawn, pen = 0, list[str](), Pen(x, y)
    for found in COMMAND.finditer(data.strip()):
        if found.start() != end:
            break
        end = found.end()
        drawn.extend(pen.follow(found[1], NUMBERS.findall(found[2])))
    if end != len(data.strip()):
        raise NotDrawn(f"path {data[:40]!r}")
    return " ".join(drawn)


class Pen:
    """Where a path is, and where it began."""

    def __init__(self, x: float, y: float) -> None:
        self.origin = self.x, self.y = x, y
        self.first_x, self.first_y = x, y

    def follow(self, letter: str, numbers: list[str]) -> Iterator[str]:
        """The operators of one letter with all its numbers."""
        kind = letter.upper()
        size = ARGUMENTS.get(kind)
        if size is None or (len(numbers) % size if size else numbers) or (size and not numbers):
            raise NotDrawn(f"path command {letter} with {len(numbers)} numbers")
        if kind == "Z":
            self.x, self.y = self.first_x, self.first_y
            yield "h"
            return
        for start in range(0, len(numbers), size):
            step, points = "L" if kind == "M" and start else kind, numbers[start : start + size]
            if letter in SAME and self.origin == (0, 0) and "e" not in "".join(points).lower():
                self.stand(step, float(points[-2]), float(points[-1]))
                yield f"{' '.join(points)} {SAME[step]}"
            else:
                yield self.step(step, letter != kind, [float(number) for number in points])

    def step(self, kind: str, relative: bool, numbers: list[float]) -> str:
        """The operator of one segment."""
        x, y = (self.x, self.y) if relative else self.origin
        if kind == "H":
            points = [numbers[0] + x, self.y]
        elif kind == "V":
            points = [self.x, numbers[0] + y]
        else:
            points = [number + (y if index % 2 else x) for index, number in enumerate(numbers)]
        if kind == "Q":
            points = raise_degree(self.x, self.y, *points)
        self.stand(kind, *points[-2:])
        return f"{format_numbers(*points)} {'m' if kind == 'M' else 'c' if kind in 'CQ' else 'l'}"

    def stand(self, kind: str, x: float, y: float) -> None:
        """Be at a point."""
        self.x, self.y = x, y
        if kind == "M":
            self.first_x, self.first_y = x, y


def raise_degree(x0: float, y0: float, x1: float, y1: float, x2: float, y2: float) -> list[float]:
    """A quadratic curve as the cubic one that is the same: two controls and the end."""
    return [
        x0 + 2 / 3 * (x1 - x0),
        y0 + 2 / 3 * (y1 - y0),
        x2 + 2 / 3 * (x1 - x2),
        y2 + 2 / 3 * (y1 - y2),
        x2,
        y2,
    ]


def polygon(points: str, closed: bool = True) -> str:
    """The operators of the `points` of a polygon. Raises NotDrawn for other than pairs of numbers."""
    numbers = [float(number) for number in NUMBERS.findall(points)]
    if len(numbers) < 4 or len(numbers) % 2:
        raise NotDrawn(f"points {points[:40]!r}")
    corners = [format_numbers(*numbers[start : start + 2]) for start in range(0, len(numbers), 2)]
    return f"{corners[0]} m {' '.join(f'{corner} l' for corner in corners[1:])}{' h' if closed else ''}"


def rectangle(x: float, y: float, width: float, height: float, radius: float = 0.0) -> str:
    """The operators of a rectangle, its corners round by `radius`."""
    if not radius:
        return f"{format_numbers(x, y, width, height)} re"
    r = min(radius, width / 2, height / 2)
    c, right, bottom = r * (1 - ROUND), x + width, y + height
    parts = (
        (x + r, y),
        (right - r, y),
        (right - c, y, right, y + c, right, y + r),
        (right, bottom - r),
        (right, bottom - c, right - c, bottom, right - r, bottom),
        (x + r, bottom),
        (x + c, bottom, x, bottom - c, x, bottom - r),
        (x, y + r),
        (x, y + c, x + c, y, x + r, y),
    )
    letters = ("m", *("c" if len(part) == 6 else "l" for part in parts[1:]))
    return " ".join(f"{format_numbers(*part)} {letter}" for part, letter in zip(parts, letters, strict=True)) + " h"


def transformation(text: str) -> Affine:
    """The `transform` of an element as one; raises NotDrawn for skews and what is no transformation."""
    result: Affine = (1, 0, 0, 1, 0, 0)
    end = 0
    for found in TRANSFORM.finditer(text):
        if found.start() != end:
            break
        end = found.end()
        result = inside(one_transformation(found[1], [float(number) for number in NUMBERS.findall(found[2])]), result)
    if end != len(text):
        raise NotDrawn(f"transform {text[:40]!r}")
    return result


def one_transformation(name: str, numbers: list[float]) -> Affine:
    """The six numbers of `translate(…)`, `scale(…)`, `rotate(…)` or `matrix(…)`. Raises NotDrawn for any other."""
    match name, numbers:
        case "translate", [x, *y]:
            return (1, 0, 0, 1, x, y[0] if y else 0.0)
        case "scale", [x, *y]:
            return (x, 0, 0, y[0] if y else x, 0, 0)
        case "rotate", [angle, *centre] if len(centre) in (0, 2):
            cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
            x, y0 = centre or (0.0, 0.0)
            return (cos, sin, -sin, cos, x - cos * x + sin * y0, y0 - sin * x - cos * y0)
        case "matrix", [a, b, c, d, e, f]:
            return (a, b, c, d, e, f)
    raise NotDrawn(f"transform {name}")


def inside(inner: Affine, outer: Affine) -> Affine:
    """The transformation that does `inner` first and `outer` then."""
    a, b, c, d, e, f = inner
    p, q, r, s, t, u = outer
    return (
        p * a + r * b,
        q * a + s * b,
        p * c + r * d,
        q * c + s * d,
        p * e + r * f + t,
        q * e + s * f + u,
    )


def joined(parts: Iterable[str]) -> bytes:
    """Operators as a content stream holds them."""
    return "\n".join(parts).encode("ascii")
