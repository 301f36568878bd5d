"""Balanced columns are those that WeasyPrint makes, with fewer layouts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from reportgen.outputs import _weasyprint
from reportgen.outputs._weasyprint import Parts, find_parts, quick_columns

Line = tuple[int, str, float, float]

STYLE = """
@page { size: 400px 300px; margin: 20px }
body, h3, p, dl, dd, ul { margin: 0; padding: 0; font: 11px/14px sans-serif }
div, h3 { margin: 7px 0 } h3 { break-after: avoid } main { columns: 2; column-gap: 10px }
p { margin: 0 0 3px; orphans: 2; widows: 2 } .whole { break-inside: avoid }
aside { float: left; width: 60% } .framed { padding: 5px; border: 1px solid }
dl { display: table; width: 100% } dt, dd { display: table-cell; width: 50% }
.box { display: inline-block; width: 45% } .narrow { margin: -3px 0 -5px } .placed { position: relative; top: 2px }
.placed i { position: absolute; right: 0 }
"""


def set_columns(page: str, parts: Parts) -> tuple[list[Line], int, int]:
    """Page, text and place of every line; how often a column, and how often any block, was laid out."""
    from weasyprint import HTML

    columns = blocks = 0

    def counted(context: Any, box: Any, *values: Any, **named: Any) -> Any:
        nonlocal columns, blocks
        columns, blocks = columns + box.is_column, blocks + 1
        return lay_out(context, box, *values, **named)

    lay_out = parts.lay_out_block
    with quick_columns(dataclasses.replace(parts, lay_out_block=counted)):
        document = HTML(string=page).render()
    boxes = [(number, box) for number, one in enumerate(document.pages) for box in one._page_box.descendants()]
    lines = [(number, box.text, box.position_x, box.position_y) for number, box in boxes if hasattr(box, "text")]
    return lines, columns, blocks


Both = Callable[[str], tuple[tuple[list[Line], int, int], tuple[list[Line], int, int]]]


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Both:
    """`set_columns` as it is, and with every trial left to WeasyPrint."""
    parts = find_parts()
    assert isinstance(parts, Parts)

    def set_both(body: str) -> tuple[tuple[list[Line], int, int], tuple[list[Line], int, int]]:
        page = f"<style>{STYLE}</style>{body}"
        ours = set_columns(page, parts)
        with monkeypatch.context() as patch:
            patch.setattr(_weasyprint, "ColumnTrials", lambda lay_out: lay_out)
            return ours, set_columns(page, parts)

    return set_both


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "float_words", "at_most"),
    [((3, 0, 0, 0), 0, 0.6), ((1, 0), 0, 1.0), ((40, 3, 60, 9), 0, 1.0), ((0, 1), 12, 1.5)],
)
def test_columns_are_balanced_as_weasyprint_balances_them_in_fewer_trials(
    rows: tuple[int, ...], float_words: int, at_most: float, both: Both
) -> None:
    """Columns of parts whose titles and paragraphs are kept whole; what is left of a float goes on in the next."""
    left = f"<aside>{'word ' * float_words}</aside>" if float_words else ""
    each = [f"<h3>Part</h3>{left}<div>{'<p>row</p>' * count}<p>{'word ' * 24}</p></div>" for count in rows]
    body = f"<style>p {{ break-inside: avoid }}</style><main>{''.join(f'<div>{one}</div>' for one in each)}</main>"
    (ours, _, few), (theirs, _, many) = both(body)
    assert ours == theirs
    assert few <= many * at_most


def test_the_height_of_one_block_that_is_kept_whole_is_found_in_few_trials(both: Both) -> None:
    (ours, few, _), (theirs, many, _) = both(f"<main><div class=whole>{'<p>row</p>' * 12}</div></main>")
    assert ours == theirs
    assert many > 80  # one pixel after the other
    assert few < 20


def random_block(random: Random, depth: int = 0) -> str:
    """One block of a column: text, or other blocks, or what is no plain block."""
    words = "word " * random.randint(1, 30)
    kind = random.choice(
        ["p", "p", "h3", "div", "div", "dl", "float", "inline", "placed"] if depth < 3 else ["p", "h3"]
    )
    look = random.choice(["", "", " class=whole", " class=framed", " class=narrow"])
    if kind == "div":
        return f"<div{look}>{''.join(random_block(random, depth + 1) for _ in range(random.randint(0, 5)))}</div>"
    if kind == "dl":
        return f"<dl><dt>{words[:20]}</dt><dd><div{look}>{words}</div></dd></dl>"
    if kind == "float":
        return f"<aside>{words[:40]}</aside><p{look}>{words}</p>"
    if kind == "inline":
        return f"<p>{'<span class=box><p>word</p></span>' * 2} {words}</p>"
    if kind == "placed":
        return f"<p class=placed>{words}<i>at</i></p>"
    return f"<{kind}{look}>{words}</{kind}>"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_whatever_stands_in_columns_they_are_those_of_weasyprint(seed: int, both: Both) -> None:
    random = Random(seed)
    body = "".join(random_block(random) for _ in range(random.randint(2, 12)))
    before = "<p>before</p>" * random.randint(0, 12)
    (ours, _, few), (theirs, _, many) = both(f"{before}<main>{body}</main><p>after</p>")
    assert ours == theirs
    assert few <= many * 1.3 + 20
