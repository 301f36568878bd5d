"""The structure of a document, from its HTML and what was set of it on its pages."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from reportgen.outputs._pdf_tags import Area, Mark, Node, Piece, Structure, make_structure


def structure_of(html: str, pages: dict[str, int] | None = None) -> Structure:
    """The structure of a page that was set in the order of its text; `pages`: text -> number of its page, else 0."""
    root = ElementTree.fromstring(html)
    pieces: list[Piece] = []
    numbers = count()

    def visit(element: Any) -> None:
        def say(text: str | None) -> None:
            if text:
                page = (pages or {}).get(text.strip(), 0)
                pieces.append(Piece(element, mark=Mark(page, next(numbers)), text=text))

        if element.tag in ("td", "th"):
            pieces.append(Piece(element))
        if element.tag == "a":
            annotation = SimpleNamespace(number=next(numbers))
            pieces.append(Piece(element, area=Area(0, annotation, (0, 0, 9, 9))))
            pieces.append(Piece(element, "after", area=Area(0, SimpleNamespace(number=next(numbers)), (1, 1, 2, 2))))
        if element.tag == "img":
            pieces.append(Piece(element, mark=Mark(0, next(numbers)), rectangle=(1, 2, 3, 4)))
        say(element.text)
        for child in element:
            visit(child)
            if child.tail:
                pieces.append(Piece(element, mark=Mark(0, next(numbers)), text=child.tail))

    visit(root)
    return make_structure(root, pieces)


def shape(node: Node) -> str:
    """A node as text: P[..] with a dot for each mark, @ for each link's area."""
    kids = "".join(shape(kid) if isinstance(kid, Node) else "." if isinstance(kid, Mark) else "@" for kid in node.kids)
    return f"{node.role}[{kids}]"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a <b>b</b> c</p>", "P[...]"),
        ("<div><div>a</div><div>b<p>c</p></div></div>", "P[.]P[.]P[.]"),
        ("<section><h2>a</h2>b</section>", "Sect[H2[.]P[.]]"),
        ("<ul><li>a</li><li><p>b</p><p>c</p></li></ul>", "L[LI[LBody[.]]LI[LBody[P[.]P[.]]]]"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "L[LI[LBody[P[.]L[LI[LBody[.]]]]]]"),
        ("<ul><li>a</li>lost</ul>", "Div[P[.]P[.]]"),
        ("<dl><div><dt>a</dt><dd>b</dd></div></dl>", "L[LI[Lbl[.]LBody[.]]]"),
        ("<dl><dt>a</dt><dd>b</dd><dd>c</dd></dl>", "L[LI[Lbl[.]LBody[P[.]P[.]]]]"),
        ("<dl><dt>a</dt><dd>b</dd> <dt>c</dt></dl>", "L[LI[Lbl[.]LBody[.]]LI[LBody[.]]]"),
        ("<nav><p>a</p><ol><li><a>b</a></li></ol></nav>", "TOC[Caption[.]TOCI[Reference[Link[@.]]]]"),
        ("<nav><a>a</a> and <a>b</a></nav>", "Div[P[Link[@.].Link[@.]]]"),
        ("<figure><img alt='words'/><figcaption>a</figcaption></figure>", "Div[Figure[.]Caption[.]]"),
        ("<p>a <code>b</code></p>", "P[.Code[.]]"),
        ("<p> <img alt=''/></p><p><span aria-hidden='true'>b</span></p>", "P[.]"),
        ("<p>a <span lang='fr'>b</span></p>", "P[.Span[.]]"),
        ("<p>a <span lang='en'>b</span></p>", "P[..]"),
        ("<div><div></div><p></p></div>", ""),
    ],
)
def test_an_element_of_html_is_one_of_the_structure(html: str, expected: str) -> None:
    structure = structure_of(f'<html lang="en"><body>{html}</body></html>')
    assert shape(structure.root) == f"Document[{expected}]"


TABLE = (
    '<html lang="en"><table><caption>t</caption><thead><tr><th>a</th><th>b</th><th>c</th></tr></thead><tbody>'
    '<tr><th scope="row">d</th><td>e</td><td></td></tr><tr><th scope="row">f</th><td colspan="2">g</td></tr>'
    '<tr><th scope="row">h</th><td>i</td><td>j</td></tr>'
    '<tr><th scope="row">k</th><td>l</td><td>m</td></tr></tbody></table></html>'
)


def cells(node: Node) -> list[Node]:
    found = [kid for kid in node.kids if isinstance(kid, Node)]
    return [node] if node.role in ("TH", "TD") else [cell for kid in found for cell in cells(kid)]


def test_a_table_over_two_pages_is_one_and_its_heads_say_of_what() -> None:
    structure = structure_of(TABLE, {"f": 1, "g": 1, "h": 1, "i": 1, "j": 1, "k": 1, "l": 1, "m": 1})
    row = "TR[TH[.]TD[.]TD[.]]"
    expected = f"Table[Caption[.]THead[TR[TH[.]TH[.]TH[.]]]TBody[TR[TH[.]TD[.]TD[]]TR[TH[.]TD[.]]{row}{row}]]"
    assert shape(structure.root) == f"Document[{expected}]"
    scopes = [cell.attributes.get("Scope") for cell in cells(structure.root)]
    assert scopes == ["Column"] * 3 + ["Row", None, None, "Row", None, "Row", None, None, "Row", None, None]
    assert cells(structure.root)[7].attributes == {"ColSpan": 2}


def test_a_head_that_is_repeated_is_no_content() -> None:
    root = ElementTree.fromstring(TABLE)
    heads, data = root.findall(".//thead//th"), root.findall(".//td")
    pieces = [Piece(head, mark=Mark(page, place)) for page in (3, 4) for place, head in enumerate(heads)]
    structure = make_structure(root, [*pieces, *(Piece(cell, mark=Mark(4, 3 + n)) for n, cell in enumerate(data))])
    assert structure.artifacts == {Mark(4, 0), Mark(4, 1), Mark(4, 2)}
    assert set(structure.root.marks()) == {Mark(3, 0), Mark(3, 1), Mark(3, 2)} | {
        Mark(4, 3 + n) for n in range(len(data))
    }


def test_a_small_table_has_no_more_heads_than_cells() -> None:
    row = "<tr><th scope='row'>c</th><td>d</td></tr>"
    structure = structure_of(f"<html><table><thead><tr><th>a</th><th>b</th></tr></thead>{row}</table></html>")
    roles = [cell.role for cell in cells(structure.root)]
    assert roles == ["TH", "TH", "TD", "TD"]


def test_a_link_says_where_it_goes_and_has_one_area() -> None:
    structure = structure_of("<html><p><a>see <b>there</b></a></p></html>")
    ((node, words),) = structure.links
    assert words == "see there"
    assert [kid for kid in node.kids if isinstance(kid, Area)] == [Area(0, node.kids[0].annotation, (0, 0, 9, 9))]
    assert [area.rectangle for area in structure.dropped] == [(1, 1, 2, 2)]


def test_the_area_of_an_image_in_a_link_is_the_links() -> None:
    root = ElementTree.fromstring("<html><a><img alt='A figure.' /></a></html>")
    link, image = root.find(".//a"), root.find(".//img")
    whole, part = (SimpleNamespace(number=number) for number in range(2))
    pieces = [
        Piece(link, area=Area(0, whole, (0, 0, 9, 9))),
        Piece(image, area=Area(0, part, (0, 3, 9, 9))),
        Piece(image, mark=Mark(0, 2), rectangle=(0, 3, 9, 9)),
    ]
    structure = make_structure(root, pieces)
    assert shape(structure.root) == "Document[P[Link[@Figure[.]]]]"
    assert [area.annotation for area in structure.dropped] == [part]


def test_what_stands_outside_of_the_page_is_an_artifact() -> None:
    root = ElementTree.fromstring("<html><ul> <li>a</li></ul></html>")
    item = root.find(".//li")
    head, dots, space, words = (Mark(0, number) for number in range(4))
    pieces = [
        Piece(None, mark=head, text="Title"),
        Piece(item, "after", dots, text=". . .", adorns=True),
        Piece(root.find(".//ul"), mark=space, text=" "),
        Piece(item, mark=words, text="a"),
    ]
    structure = make_structure(root, pieces)
    assert structure.artifacts == {head, dots, space}
    assert shape(structure.root) == "Document[L[LI[LBody[.]]]]"


def test_bullets_are_labels() -> None:
    root = ElementTree.fromstring("<html><ul><li>a</li></ul></html>")
    item = root.find(".//li")
    pieces = [Piece(item, mark=Mark(0, 0), text="a"), Piece(item, "before", Mark(0, 1), text="•")]
    structure = make_structure(root, pieces)
    assert shape(structure.root) == "Document[L[LI[Lbl[.]LBody[.]]]]"
    assert structure.root.kids[0].attributes == {"ListNumbering": "Disc"}


def test_words_that_would_be_lost_are_an_error() -> None:
    root = ElementTree.fromstring("<html><table><tr><td>a</td></tr></table></html>")
    with pytest.raises(ValueError, match="no place for 'stray'"):
        make_structure(root, [Piece(root.find("table"), mark=Mark(0, 0), text="stray")])
