"""Cells of the PDF's tables that may break inside a word: those of tables that may be too wide, and no others."""

from __future__ import annotations

import pytest

from reportgen.outputs._cells import LONGEST_WORD, fits, longest_word, mark_long_cells

LONG = "x" * (LONGEST_WORD + 1)


def table(*rows: tuple[str, ...]) -> str:
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<p>{'y' * 200}</p><table><tbody>{lines}</tbody></table>"


def test_a_table_that_fits_stays_as_it_is() -> None:
    page = table((LONG, "1.0", "2.0"), ("short", "1.0", "2.0"))
    assert mark_long_cells(page) == page


def test_long_cells_of_a_table_that_may_be_too_wide_are_marked() -> None:
    page = table((LONG, "short words", LONG * 9), ("a", LONG, "b"))
    assert mark_long_cells(page).count('<td class="long">') == 3
    assert "<td>short words</td>" in mark_long_cells(page)


@pytest.mark.parametrize(
    ("cell", "marked"),
    [
        ('<th scope="row">', '<th scope="row" class="long">'),
        ('<td class="code">', '<td class="code long">'),
        ('<td class="a b" lang="en">', '<td class="a b long" lang="en">'),
    ],
)
def test_what_a_cell_has_stays(cell: str, marked: str) -> None:
    contents = f"<code>{LONG * 16}</code>"
    close = f"</{cell[1:3]}>"
    page = f"<table><tr>{cell}{contents}{close}</tr></table>"
    assert mark_long_cells(page) == f"<table><tr>{marked}{contents}{close}</tr></table>"


def test_a_long_name_breaks_between_its_words_first() -> None:
    page = f'<table><tr><td>{LONG * 16}</td><td><code title="aB">ConvNeXtBlock</code></td><td>aB</td></tr></table>'
    assert (
        '<td class="long"><code title="aB">Conv\u200bNe\u200bXt\u200bBlock</code></td><td>aB</td>'
        in mark_long_cells(page)
    )


def test_words_are_what_people_see() -> None:
    assert longest_word("<b title='a very long attribute'>two</b> &lt;&amp;&gt;&#39;") == 4
    assert longest_word("") == 0


def test_what_fits_is_told_by_the_longest_word_of_each_column() -> None:
    assert fits(table(("x" * 40, "y"), ("x", "y" * 40)))
    assert not fits(table(("x" * 60, "y"), ("x", "y" * 60)))
    assert fits("<table></table>")


def test_numbers_count_as_a_whole() -> None:
    cells = "<td class='x'>1 2</td>".replace("'x'", '"numeric"') * 9
    assert fits(f"<table><tr>{cells}</tr></table>")
    assert not fits(f"<table><tr>{cells.replace('1 2', '1 2 3 4 5 6 7')}</tr></table>")
