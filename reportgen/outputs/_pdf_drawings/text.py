"""What a line of text in a drawing consists of."""

from __future__ import annotations

from dataclasses import dataclass

WEIGHTS = {"normal": 400, "bold": 700}


@dataclass(frozen=True)
class Font:
    """What letters are asked for."""

    family: tuple[str, ...]
    size: float
    weight: int = 400
    style: str = "normal"


@dataclass(frozen=True)
class Run:
    """Letters of one font and one colour: three numbers of PDF."""

    text: str
    font: Font
    colour: str
