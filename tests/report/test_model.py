from __future__ import annotations

import pytest

from reportgen.report.model import FigureFile


@pytest.mark.parametrize(
    ("width", "height", "caption", "is_beside"),
    [
        (680, 200, "Ten lines " * 24, True),
        (680, 200, "Fifteen lines and more " * 18, False),
        (680, 200, "十行" * 60, True),
        (680, 200, "十六行" * 70, False),
        (680, 40, "Three lines of a caption, as short as that of a low figure.", True),
        (680, 40, "Four lines " * 9, False),
        (330, 260, "Narrow", False),
    ],
)
def test_a_caption_that_is_no_higher_than_its_figure_stands_beside_it(
    width: int, height: int, caption: str, is_beside: bool
) -> None:
    figure = FigureFile("name", "image/svg+xml", b"", width, height, "Title", caption, "alt")
    assert figure.is_captioned_beside is is_beside
