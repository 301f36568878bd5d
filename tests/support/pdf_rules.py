"""What veraPDF's profiles of PDF/A-3a and PDF/UA-1 demand, clause by clause, as far as pikepdf can see it.

A clause has a check, which yields what is wrong, or the reason why it is not checked here. Clauses of ISO 19005-3
begin with A, those of ISO 14289-1 with UA; several tests of one clause stand together.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from xml.etree import ElementTree

import pikepdf
from fontTools.cffLib import CFFFontSet
from fontTools.pens.basePen import NullPen
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name, Stream

STANDARD = frozenset(
    re.findall(
        r"\w+",
        "Document Part Art Sect Div BlockQuote Caption TOC TOCI Index NonStruct Private P H H1 H2 H3 H4 H5 H6 L LI Lbl "
        "LBody Table TR TH TD THead TBody TFoot Span Quote Note Reference BibEntry Code Link Annot Ruby RB RT RP "
        "Warichu WT WP Figure Formula Form",
    )
)
OPERATORS = {"INLINE IMAGE", "'", '"'} | set(
    re.findall(
        r"\S+",
        "b B b* B* BDC BI BMC BT BX c cm CS cs d d0 d1 Do DP EI EMC ET EX f F f* G g gs h i ID j J K k l m M MP n q Q "
        "re RG rg ri s S SC sc SCN scn sh T* Tc Td TD Tf Tj TJ TL Tm Tr Ts Tw Tz v w W W* y",
    )
)
PAINTED = {"f", "F", "f*", "B", "B*", "b", "b*", "s", "S", "Tj", "TJ", "'", '"', "Do", "sh", "INLINE IMAGE"}
FILTERS = {"/FlateDecode", "/DCTDecode", "/ASCIIHexDecode", "/ASCII85Decode", "/RunLengthDecode", "/CCITTFaxDecode"}
BLENDS = frozenset(
    re.findall(
        r"\w+",
        "Normal Compatible Multiply Screen Overlay Darken Lighten ColorDodge ColorBurn HardLight SoftLight Difference "
        "Exclusion Hue Saturation Color Luminosity",
    )
)
LANGUAGE = re.compile(r"(?:[A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8})*")
PARENTS = {
    "TR": {"Table", "THead", "TBody", "TFoot"},
    "THead": {"Table"},
    "TBody": {"Table"},
    "TFoot": {"Table"},
    "TH": {"TR"},
    "TD": {"TR"},
    "LI": {"L"},
    "LBody": {"LI"},
    "TOCI": {"TOC"},
}
KIDS = {
    "Table": {"TR", "THead", "TBody", "TFoot", "Caption"},
    "THead": {"TR"},
    "TBody": {"TR"},
    "TFoot": {"TR"},
    "TR": {"TH", "TD"},
    "L": {"L", "LI", "Caption"},
    "LI": {"Lbl", "LBody"},
    "TOC": {"TOC", "TOCI", "Caption"},
}
NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
    "pdfuaid": "http://www.aiim.org/pdfua/ns/id/",
    "pdfaSchema": "http://www.aiim.org/pdfa/ns/schema#",
    "pdfaProperty": "http://www.aiim.org/pdfa/ns/property#",
}
KNOWN = {
    NAMESPACES["dc"],
    NAMESPACES["pdfaid"],
    "http://ns.adobe.com/xap/1.0/",
    "http://ns.adobe.com/pdf/1.3/",
    "http://ns.adobe.com/xap/1.0/mm/",
    "http://www.aiim.org/pdfa/ns/extension/",
}


@dataclass
class Element:
    """One element of the structure."""

    role: str
    node: Any
    parent: Element | None
    kids: list[Element] = field(default_factory=list)
    marks: list[tuple[int, int]] = field(default_factory=list)
    annotations: list[tuple[int, int]] = field(default_factory=list)

    def below(self) -> Iterator[Element]:
        """This one and all below."""
        yield self
        for kid in self.kids:
            yield from kid.below()


class Seen:
    """A document, read once."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.pdf = pikepdf.open(io.BytesIO(data))
        self.root = self.pdf.Root
        self.page_numbers = {page.obj.objgen: number for number, page in enumerate(self.pdf.pages)}

    @cached_property
    def objects(self) -> list[Any]:
        """Every dictionary and stream, also those inside others."""
        found: list[Any] = []

        def visit(thing: Any) -> None:
            if isinstance(thing, Dictionary | Stream):
                found.append(thing)
                for value in (
                    thing.values() if isinstance(thing, Dictionary) else Dictionary(thing.stream_dict).values()
                ):
                    if not value.is_indirect if isinstance(value, pikepdf.Object) else False:
                        visit(value)
            elif isinstance(thing, Array):
                for value in thing:
                    if isinstance(value, pikepdf.Object) and not value.is_indirect:
                        visit(value)

        for thing in self.pdf.objects:
            visit(thing)
        return found

    @cached_property
    def streams(self) -> list[Any]:
        """Every stream."""
        return [thing for thing in self.objects if isinstance(thing, Stream)]

    @cached_property
    def annotations(self) -> list[Any]:
        """Every annotation."""
        return [one for page in self.pdf.pages for one in page.obj.get("/Annots", [])]

    @cached_property
    def structure(self) -> list[Element]:
        """Every element of the structure, in reading order."""
        top = self.root.StructTreeRoot.K
        return [one for node in (top if isinstance(top, Array) else [top]) for one in self.element(node, None).below()]

    def element(self, node: Any, parent: Element | None) -> Element:
        """An element and what it holds."""
        made = Element(str(node.S)[1:], node, parent)
        for kid in as_list(node.get("/K")):
            if isinstance(kid, int):
                made.marks.append((self.page_numbers[node.Pg.objgen], kid))
            elif kid.get("/Type") == Name.MCR:
                made.marks.append((self.page_numbers[kid.Pg.objgen], int(kid.MCID)))
            elif kid.get("/Type") == Name.OBJR:
                made.annotations.append(kid.Obj.objgen)
            else:
                made.kids.append(self.element(kid, made))
        return made

    @cached_property
    def content(self) -> list[list[tuple[list[Any], str]]]:
        """The instructions of every page: operands and operator."""
        return [
            [(list(one.operands), str(one.operator)) for one in pikepdf.parse_content_stream(page)]
            for page in self.pdf.pages
        ]

    @cached_property
    def marked(self) -> tuple[set[tuple[int, int]], list[str]]:
        """Marks of the pages, and what is wrong with how content is marked."""
        marks: set[tuple[int, int]] = set()
        wrong: list[str] = []
        for number, instructions in enumerate(self.content):
            stack: list[str] = []
            for operands, operator in instructions:
                if operator in ("BDC", "BMC"):
                    tag = str(operands[0])
                    if operator == "BDC" and isinstance(operands[1], Dictionary) and "/MCID" in operands[1]:
                        marks.add((number, int(operands[1].MCID)))
                        kind = "content"
                    else:
                        kind = "artifact" if tag == "/Artifact" else "other"
                    if (kind == "content" and "artifact" in stack) or (kind == "artifact" and "content" in stack):
                        wrong.append(f"page {number + 1}: {kind} inside {stack}")
                    stack.append(kind)
                elif operator == "EMC":
                    stack.pop()
                elif operator in PAINTED and not {"content", "artifact"} & set(stack):
                    wrong.append(f"page {number + 1}: {operator} is neither content nor artifact")
        return marks, wrong

    @cached_property
    def packet(self) -> bytes:
        """The XMP packet."""
        return bytes(self.root.Metadata.read_bytes())

    @cached_property
    def xmp(self) -> ElementTree.Element:
        """The XMP packet, parsed."""
        return ElementTree.fromstring(self.packet)

    def property(self, name: str) -> str | None:
        """A simple property of the XMP, by prefix and name."""
        prefix, _, local = name.partition(":")
        key = f"{{{NAMESPACES[prefix]}}}{local}"
        for one in self.xmp.iter(f"{{{NAMESPACES['rdf']}}}Description"):
            if key in one.attrib:
                return one.attrib[key]
        return None

    @cached_property
    def fonts(self) -> list[Any]:
        """Composite and simple fonts."""
        return [one for one in self.objects if one.get("/Type") == Name.Font and one.get("/Subtype") not in CID]

    @cached_property
    def shown(self) -> dict[tuple[int, int], set[int]]:
        """Codes of two bytes that are shown, by font."""
        codes: dict[tuple[int, int], set[int]] = {}
        for page, instructions in zip(self.pdf.pages, self.content, strict=True):
            fonts, now = page.obj.Resources.Font, set[int]()
            for operands, operator in instructions:
                if operator == "Tf":
                    now = codes.setdefault(fonts[str(operands[0])].objgen, set())
                elif operator in ("Tj", "TJ"):
                    texts = operands[0] if operator == "TJ" else operands
                    for text in texts:
                        if isinstance(text, pikepdf.String):
                            raw = bytes(text)
                            now.update(int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2))
        return codes

    @cached_property
    def specifications(self) -> list[Any]:
        """Files inside the document."""
        return [one for one in self.objects if one.get("/Type") == Name.Filespec]

    def of(self, *roles: str) -> list[Element]:
        """Elements of these types."""
        return [one for one in self.structure if one.role in roles]


CID = (Name.CIDFontType0, Name.CIDFontType2)
Check = Callable[[Seen], Iterator[str]]


@dataclass(frozen=True)
class Rule:
    """A clause, what it demands, and the check or why there is none."""

    clause: str
    demand: str
    check: Check | str


def without(key: str, *kinds: str) -> Check:
    """No dictionary (of one of these types or subtypes) has a key."""

    def check(seen: Seen) -> Iterator[str]:
        for one in seen.objects:
            if key in one and (not kinds or str(one.get("/Subtype", one.get("/Type", ""))) in kinds):
                yield f"{key} in {one.objgen}"

    return check


def holds(demand: Callable[[Seen], Any]) -> Check:
    """Something is true of the document."""

    def check(seen: Seen) -> Iterator[str]:
        if not demand(seen):
            yield "it does not hold"

    return check


def each(things: Callable[[Seen], Any], demand: Callable[[Any], Any]) -> Check:
    """Something is true of each of these."""

    def check(seen: Seen) -> Iterator[str]:
        for one in things(seen):
            if not demand(one):
                yield repr(one)[:300]

    return check


def find_wrong_nesting(seen: Seen) -> Iterator[str]:
    for one in seen.structure:
        parent = one.parent.role if one.parent else ""
        if one.role in PARENTS and parent not in PARENTS[one.role]:
            yield f"{one.role} in {parent}"
        for kid in one.kids:
            if one.role in KIDS and kid.role not in KIDS[one.role]:
                yield f"{kid.role} in {one.role}"
        if one.role in KIDS and one.marks:
            yield f"words right in {one.role}"


def find_wrong_groups(seen: Seen) -> Iterator[str]:
    for table in seen.of("Table", "L", "TOC"):
        roles = [kid.role for kid in table.kids]
        if roles.count("Caption") > 1 or ("Caption" in roles and roles.index("Caption") not in (0, len(roles) - 1)):
            yield f"{table.role} with its caption at {roles}"
        if roles.count("THead") > 1 or roles.count("TFoot") > 1 or ("THead" in roles and "TBody" not in roles):
            yield f"{table.role} of {roles}"


def rows_of(table: Element) -> list[Element]:
    return [one for one in table.below() if one.role == "TR"]


def attribute(element: Element, name: str, otherwise: Any = None) -> Any:
    found = element.node.get("/A", {})
    return found.get(f"/{name}", otherwise)


def find_open_grids(seen: Seen) -> Iterator[str]:
    for table in seen.of("Table"):
        taken: set[tuple[int, int]] = set()
        rows = rows_of(table)
        for y, row in enumerate(rows):
            x = 0
            for cell in row.kids:
                while (y, x) in taken:
                    x += 1
                wide, high = int(attribute(cell, "ColSpan", 1)), int(attribute(cell, "RowSpan", 1))
                places = {(y + down, x + right) for down in range(high) for right in range(wide)}
                if places & taken:
                    yield f"cells over each other in row {y + 1}"
                taken |= places
        widths = {sum(place[0] == y for place in taken) for y in range(len(rows))}
        if len(widths) > 1:
            yield f"rows of {sorted(widths)} columns"


def find_skipped_levels(seen: Seen) -> Iterator[str]:
    before = 0
    for one in seen.structure:
        if re.fullmatch("H[1-6]", one.role):
            level = int(one.role[1])
            if level > before + 1:
                yield f"H{level} after H{before}"
            before = level
    if not before:
        yield "no heading"


def find_lost_marks(seen: Seen) -> Iterator[str]:
    """Every mark of a page is in one element, and the parent tree says in which."""
    marks, wrong = seen.marked
    yield from wrong
    owners: dict[tuple[int, int], tuple[int, int]] = {}
    for one in seen.structure:
        for mark in one.marks:
            if mark in owners:
                yield f"{mark} is in two elements"
            owners[mark] = one.node.objgen
    yield from (f"{mark} is in no element" for mark in sorted(marks - set(owners)))
    yield from (f"{mark} is on no page" for mark in sorted(set(owners) - marks))
    numbers = list(seen.root.StructTreeRoot.ParentTree.Nums)
    tree = dict(zip(map(int, numbers[::2]), numbers[1::2], strict=True))
    for page, number in enumerate(range(len(seen.pdf.pages))):
        parents = tree[int(seen.pdf.pages[number].obj.StructParents)]
        for mark in (mark for mark in marks if mark[0] == page):
            if parents[mark[1]] is None or parents[mark[1]].objgen != owners.get(mark):
                yield f"the parent tree is wrong about {mark}"
    for annotation in seen.annotations:
        if annotation.objgen not in {found for one in seen.of("Link") for found in one.annotations}:
            yield "a link outside of Link"
        elif Name.Link != tree[int(annotation.StructParent)].S:
            yield "the parent tree is wrong about a link"


def find_unknown_properties(seen: Seen) -> Iterator[str]:
    described = {one.text for one in seen.xmp.iter(f"{{{NAMESPACES['pdfaSchema']}}}namespaceURI")}
    for one in seen.xmp.iter(f"{{{NAMESPACES['rdf']}}}Description"):
        for key in (*one.attrib, *(child.tag for child in one)):
            space = key[1:].partition("}")[0] if key.startswith("{") else ""
            if space not in KNOWN | described | {NAMESPACES["rdf"]}:
                yield key
    if len(list(seen.xmp.iter(f"{{{NAMESPACES['rdf']}}}RDF"))) != 1:
        yield "not one rdf:RDF"


def find_deep_states(seen: Seen) -> Iterator[str]:
    for number, instructions in enumerate(seen.content):
        depth = deepest = 0
        for _operands, operator in instructions:
            depth += {"q": 1, "Q": -1}.get(operator, 0)
            deepest = max(deepest, depth)
        if deepest > 28 or depth:
            yield f"page {number + 1}: {deepest} deep, {depth} left open"


def find_numbers_beyond(seen: Seen) -> Iterator[str]:
    for number, instructions in enumerate(seen.content):
        for operands, operator in instructions:
            for one in operands:
                if isinstance(one, int | float) and abs(one) > 2**31 - 1:
                    yield f"page {number + 1}: {one} for {operator}"
                if isinstance(one, pikepdf.String) and len(bytes(one)) > 32767:
                    yield f"page {number + 1}: a long string"


def find_broken_profiles(seen: Seen) -> Iterator[str]:
    intents = list(seen.root.get("/OutputIntents", []))
    if len(intents) != 1 or intents[0].S != Name.GTS_PDFA1:
        yield f"{len(intents)} output intents"
        return
    profile = intents[0].DestOutputProfile
    data = profile.read_bytes()
    if (data[36:40], data[12:16], data[16:20], int(profile.N)) != (b"acsp", b"mntr", b"RGB ", 3) or data[8] > 4:
        yield f"profile {data[:40]!r}"
    if int.from_bytes(data[:4], "big") != len(data):
        yield "the profile is cut"


def find_other_colours(seen: Seen) -> Iterator[str]:
    """Only grey and RGB of the device, which the output intent gives a meaning, and spaces that have their own."""
    for one in seen.streams:
        space = one.get("/ColorSpace")
        if space is not None and one.get("/Subtype") == Name.Image:
            first = str(space[0] if isinstance(space, Array) else space)
            if first not in ("/DeviceGray", "/DeviceRGB", "/Indexed", "/ICCBased", "/CalRGB", "/CalGray", "/Lab"):
                yield first
    for number, instructions in enumerate(seen.content):
        for operands, operator in instructions:
            if operator in ("k", "K") or (operator in ("cs", "CS") and str(operands[0]) == "/DeviceCMYK"):
                yield f"page {number + 1}: {operator}"


def find_broken_fonts(seen: Seen) -> Iterator[str]:
    """Embedded, with every glyph that is shown, of the width that is said, and with its character."""
    for font in seen.fonts:
        used = seen.shown.get(font.objgen, set())
        if font.Subtype != Name.Type0:
            if used and font.Subtype != Name.Type3:
                yield f"{font.get('/BaseFont')} is {font.Subtype}"
            continue
        inner = font.DescendantFonts[0]
        if font.Encoding != Name("/Identity-H") or str(inner.CIDSystemInfo.Registry) != "Adobe":
            yield f"{font.BaseFont}: encoding"
        program = inner.FontDescriptor.get("/FontFile2") or inner.FontDescriptor.get("/FontFile3")
        if program is None:
            yield f"{font.BaseFont} is not embedded"
            continue
        if inner.Subtype == Name.CIDFontType2 and inner.get("/CIDToGIDMap") != Name.Identity:
            yield f"{font.BaseFont}: CIDToGIDMap"
        yield from find_broken_glyphs(font, inner, program.read_bytes(), used)


def find_broken_glyphs(font: Any, inner: Any, program: bytes, used: set[int]) -> Iterator[str]:
    is_bare = inner.FontDescriptor.get("/FontFile3", {}).get("/Subtype") == Name.CIDFontType0C
    drawn = read_outlines(program, used) if is_bare else read_metrics(program)
    widths = dict(read_widths(inner.get("/W", [])))
    characters = read_characters(font.ToUnicode.read_bytes()) if "/ToUnicode" in font else {}
    for code in sorted(used):
        if code == 0:
            yield f"{font.BaseFont} shows .notdef"
        elif code not in drawn:
            yield f"{font.BaseFont} has no glyph {code}"
        elif abs(drawn[code] - widths.get(code, float(inner.get("/DW", 1000)))) > 1:
            yield f"{font.BaseFont}: the width of glyph {code}"
        if (
            not characters.get(code)
            or characters[code][0] in "\0\ufeff\ufffe"
            or "\ue000" <= characters[code][0] <= "\uf8ff"
        ):
            yield f"{font.BaseFont}: glyph {code} is {characters.get(code)!r}"


def read_metrics(program: bytes) -> dict[int, float]:
    """Glyph -> its width in a font of TrueType or OpenType, in thousandths of the size."""
    loaded = TTFont(io.BytesIO(program), lazy=True)
    metrics, unit = loaded["hmtx"].metrics, loaded["head"].unitsPerEm
    return {code: metrics[name][0] * 1000 / unit for code, name in enumerate(loaded.getGlyphOrder())}


def read_outlines(program: bytes, used: set[int]) -> dict[int, float]:
    """Character identifier -> the width of its glyph in a CID-keyed font of bare CFF, for those that are used."""
    fonts = CFFFontSet()
    fonts.decompile(io.BytesIO(program), None)
    (top,) = [fonts[name] for name in fonts.fontNames]
    assert top.ROS[:2] == ("Adobe", "Identity")
    found = {}
    for code in used:
        if (name := f"cid{code:05d}") in top.CharStrings:
            outline = top.CharStrings[name]
            outline.draw(NullPen())
            found[code] = outline.width * top.FontMatrix[0] * 1000
    return found


def read_widths(array: Any) -> Iterator[tuple[int, float]]:
    parts = list(array)
    while parts:
        first = int(parts.pop(0))
        if isinstance(parts[0], Array):
            yield from ((first + place, float(width)) for place, width in enumerate(parts.pop(0)))
        else:
            last, width = int(parts.pop(0)), float(parts.pop(0))
            yield from ((code, width) for code in range(first, last + 1))


def read_characters(cmap: bytes) -> dict[int, str]:
    found = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for code, text in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(code, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
        for low, high, text in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            start = int(text, 16)
            found |= {code: chr(start + code - int(low, 16)) for code in range(int(low, 16), int(high, 16) + 1)}
    return found


def find_broken_files(seen: Seen) -> Iterator[str]:
    associated = {one.objgen for one in seen.root.get("/AF", [])}
    if len(associated) != len(seen.root.get("/AF", [])):
        yield "a file is associated twice"
    for one in seen.specifications:
        inside = one.EF.F
        data = inside.read_bytes()
        told = inside.Params
        if one.objgen not in associated or str(one.get("/AFRelationship")) not in ("/Data", "/Source"):
            yield "not associated"
        if not re.fullmatch(r"/[\w.+-]+/[\w.+-]+", str(inside.get("/Subtype"))):
            yield f"its type is {inside.get('/Subtype')}"
        if int(told.Size) != len(data) or bytes(told.CheckSum) != hashlib.md5(data).digest():
            yield "size or checksum"
        if not str(told.ModDate).startswith("D:2") or not str(one.get("/Desc", "")):
            yield "no date or description"


def find_broken_destinations(seen: Seen) -> Iterator[str]:
    names = list(seen.root.get("/Names", {}).get("/Dests", {}).get("/Names", []))
    known = {str(name) for name in names[::2]}
    for one in seen.annotations:
        if "/Dest" in one and str(one.Dest) not in known:
            yield f"to {one.Dest}"


def has_language(seen: Seen) -> bool:
    tags = [str(seen.root.get("/Lang", "")), *(str(one.node.Lang) for one in seen.structure if "/Lang" in one.node)]
    return all(LANGUAGE.fullmatch(tag) for tag in tags)


LEXICAL = "of bytes, which qpdf --check reads and a test asks"
PERSON = "asks for a person's judgement"

RULES = (
    Rule(
        "A 6.1.2",
        "%PDF-1.n first, then a comment of four bytes above 127",
        holds(lambda seen: re.match(rb"%PDF-1\.[0-7]\n%[\x80-\xff]{4}", seen.data)),
    ),
    Rule(
        "A 6.1.3",
        "an ID, no encryption, nothing after the last %%EOF",
        holds(lambda seen: "/ID" in seen.pdf.trailer and not seen.pdf.is_encrypted and seen.data.endswith(b"%%EOF\n")),
    ),
    Rule("A 6.1.4", "the cross-reference table is in order", LEXICAL),
    Rule("A 6.1.6", "hexadecimal strings are whole", LEXICAL),
    Rule("A 6.1.7.1", "streams have their length, and nothing outside", without("/FFilter")),
    Rule(
        "A 6.1.7.2",
        "no LZW, no unknown filter",
        each(
            lambda seen: (str(name) for one in seen.streams for name in as_list(one.get("/Filter"))),
            FILTERS.__contains__,
        ),
    ),
    Rule(
        "A 6.1.8",
        "names are UTF-8",
        each(lambda seen: (str(key) for one in seen.objects for key in one), lambda key: key.encode("utf-8")),
    ),
    Rule("A 6.1.9", "objects are spaced", LEXICAL),
    Rule(
        "A 6.1.10",
        "no inline image with LZW",
        each(lambda seen: (operator for page in seen.content for _operands, operator in page), lambda one: one != "BI"),
    ),
    Rule("A 6.1.12", "no permissions but signatures", holds(lambda seen: "/Perms" not in seen.root)),
    Rule("A 6.1.13", "numbers and strings within limits", find_numbers_beyond),
    Rule("A 6.1.13 q", "graphics states at most 28 deep and closed", find_deep_states),
    Rule(
        "A 6.1.13 page",
        "sides of pages from 3 to 14400",
        each(
            lambda seen: (float(side) for page in seen.pdf.pages for side in page.mediabox[2:]),
            lambda side: 3 <= side <= 14400,
        ),
    ),
    Rule(
        "A 6.2.2",
        "only operators that are defined",
        each(lambda seen: (operator for page in seen.content for _operands, operator in page), OPERATORS.__contains__),
    ),
    Rule("A 6.2.3", "one output intent with a profile that is whole", find_broken_profiles),
    Rule("A 6.2.4", "colours of the device have a meaning", find_other_colours),
    Rule(
        "A 6.2.5",
        "no transfer functions and halftones",
        each(
            lambda seen: seen.objects,
            lambda one: (
                not {"/TR", "/TR2", "/HTP", "/HTO"} & set(one.keys()) or ("/TR" in one and one.get("/S") == Name.TR)
            ),
        ),
    ),
    Rule(
        "A 6.2.6",
        "rendering intents are the four",
        each(
            lambda seen: (str(one.Intent) for one in seen.objects if "/Intent" in one),
            {"/RelativeColorimetric", "/AbsoluteColorimetric", "/Perceptual", "/Saturation"}.__contains__,
        ),
    ),
    Rule(
        "A 6.2.8",
        "images have no alternates and are not interpolated",
        each(
            lambda seen: (one for one in seen.streams if one.get("/Subtype") == Name.Image),
            lambda one: "/Alternates" not in one and "/OPI" not in one and one.get("/Interpolate", False) is False,
        ),
    ),
    Rule(
        "A 6.2.9",
        "no PostScript, no reference XObject",
        each(
            lambda seen: seen.streams,
            lambda one: one.get("/Subtype") != Name.PS and "/Subtype2" not in one and "/Ref" not in one,
        ),
    ),
    Rule(
        "A 6.2.10",
        "blend modes are those of PDF 1.7",
        each(
            lambda seen: (str(mode)[1:] for one in seen.objects if "/BM" in one for mode in as_list(one.BM)),
            BLENDS.__contains__,
        ),
    ),
    Rule(
        "A 6.2.11, UA 7.21",
        "fonts are embedded, glyphs there, of their width and with their character",
        find_broken_fonts,
    ),
    Rule("A 6.2.11.4.2", "CharSet and CIDSet, where given, are complete", without("/CIDSet")),
    Rule(
        "A 6.3.1, UA 7.18.2",
        "no annotations but links",
        each(lambda seen: seen.annotations, lambda one: one.Subtype == Name.Link),
    ),
    Rule(
        "A 6.3.2",
        "annotations are printed and seen",
        each(lambda seen: seen.annotations, lambda one: int(one.get("/F", 0)) & 0b101111 == 4),
    ),
    Rule(
        "A 6.3.3",
        "annotations have an appearance (links need none)",
        each(lambda seen: seen.annotations, lambda one: "/AP" not in one),
    ),
    Rule("A 6.4, UA 7.15, 7.18.4", "no forms", holds(lambda seen: "/AcroForm" not in seen.root)),
    Rule(
        "A 6.5.1",
        "no actions but addresses",
        each(lambda seen: (one.A.S for one in seen.annotations if "/A" in one), lambda kind: kind == Name.URI),
    ),
    Rule("A 6.5.2", "nothing happens by itself", without("/AA")),
    Rule(
        "A 6.6.2.1, UA 7.1",
        "an XMP packet without bytes and encoding",
        holds(
            lambda seen: re.match(
                rb"<\?xpacket begin=\"(?:\xef\xbb\xbf)?\" id=\"W5M0MpCehiHzreSzNTczkc9d\"\?>", seen.packet
            )
        ),
    ),
    Rule("A 6.6.2.3", "properties are known or described", find_unknown_properties),
    Rule(
        "A 6.6.4",
        "it says PDF/A-3a",
        holds(lambda seen: (seen.property("pdfaid:part"), seen.property("pdfaid:conformance")) == ("3", "A")),
    ),
    Rule(
        "A 6.7.2, UA 6.2, 7.1",
        "marked, and no suspects",
        holds(lambda seen: bool(seen.root.MarkInfo.Marked) and not seen.root.MarkInfo.get("/Suspects", False)),
    ),
    Rule("A 6.7.3, UA 7.1", "all content is in one element or an artifact", find_lost_marks),
    Rule(
        "A 6.7.3.4, UA 7.1",
        "types are the standard ones",
        each(lambda seen: seen.structure, lambda one: one.role in STANDARD),
    ),
    Rule(
        "A 6.7.3.4 map", "no type is mapped to another", holds(lambda seen: "/RoleMap" not in seen.root.StructTreeRoot)
    ),
    Rule("A 6.7.4, UA 7.2", "languages are tags of BCP 47", holds(has_language)),
    Rule("A 6.7.5 to 6.7.8", "replacement texts and expansions where they are needed", PERSON),
    Rule("A 6.8, UA 7.11", "files inside: names, relationship, type, size, checksum, date", find_broken_files),
    Rule(
        "A 6.8 names",
        "files inside have both names",
        each(lambda seen: seen.specifications, lambda one: str(one.F) == str(one.UF) == "record.zip"),
    ),
    Rule("A 6.9, UA 7.10", "no optional content", holds(lambda seen: "/OCProperties" not in seen.root)),
    Rule("A 6.10", "no alternate presentations and transitions", without("/PresSteps")),
    Rule("A 6.11", "no requirements", holds(lambda seen: "/Requirements" not in seen.root)),
    Rule("UA 5", "it says PDF/UA-1", holds(lambda seen: seen.property("pdfuaid:part") == "1")),
    Rule(
        "UA 7.1 title",
        "a title, and it is shown",
        holds(
            lambda seen: (
                seen.xmp.find(f".//{{{NAMESPACES['dc']}}}title") is not None
                and bool(seen.root.ViewerPreferences.DisplayDocTitle)
            )
        ),
    ),
    Rule(
        "UA 7.1 P", "elements know what they stand in", each(lambda seen: seen.structure, lambda one: "/P" in one.node)
    ),
    Rule("UA 7.1 order", "the order of the elements is the one to read in", PERSON),
    Rule("UA 7.1 colour", "nothing is said by colour alone", PERSON),
    Rule("UA 7.2 nesting", "rows, cells, items and entries stand where they may", find_wrong_nesting),
    Rule("UA 7.2 groups", "captions first or last, one head", find_wrong_groups),
    Rule("UA 7.2 grid", "rows close, cells are not over each other", find_open_grids),
    Rule("UA 7.2 language", "the language of every text is known", holds(lambda seen: str(seen.root.Lang))),
    Rule(
        "UA 7.3",
        "figures have an alternative text and a place",
        each(
            lambda seen: seen.of("Figure"), lambda one: str(one.node.get("/Alt", "")).strip() and "/BBox" in one.node.A
        ),
    ),
    Rule(
        "UA 7.3 page",
        "figures stand on their page",
        each(lambda seen: [(seen, one) for one in seen.of("Figure")], lambda pair: stands_on_page(*pair)),
    ),
    Rule("UA 7.4", "levels of headings are not skipped, and the first is 1", find_skipped_levels),
    Rule("UA 7.4.4", "no headings without a level", holds(lambda seen: not seen.of("H"))),
    Rule(
        "UA 7.5",
        "heads say what they are the head of",
        each(lambda seen: seen.of("TH"), lambda one: str(attribute(one, "Scope")) in ("/Row", "/Column", "/Both")),
    ),
    Rule(
        "UA 7.6",
        "lists say how they are numbered",
        each(
            lambda seen: seen.of("L"),
            lambda one: str(attribute(one, "ListNumbering")) in ("/None", "/Disc", "/Decimal"),
        ),
    ),
    Rule(
        "UA 7.6 body",
        "items have a body",
        each(lambda seen: seen.of("LI"), lambda one: [kid.role for kid in one.kids] in (["LBody"], ["Lbl", "LBody"])),
    ),
    Rule("UA 7.7", "no formulas without words", holds(lambda seen: not seen.of("Formula"))),
    Rule(
        "UA 7.8",
        "heads and feet of pages are artifacts of pagination",
        holds(
            lambda seen: all(
                any(
                    operator == "BDC" and operands[0] == Name.Artifact and operands[1].get("/Type") == Name.Pagination
                    for operands, operator in page
                )
                for page in seen.content
            )
        ),
    ),
    Rule("UA 7.9", "no notes without a name", holds(lambda seen: not seen.of("Note"))),
    Rule("UA 7.16", "nothing is forbidden to programs that read aloud", holds(lambda seen: not seen.pdf.is_encrypted)),
    Rule("UA 7.17", "bookmarks", holds(lambda seen: "/Outlines" in seen.root)),
    Rule(
        "UA 7.18.1, 7.18.5",
        "links say in words where they go",
        each(lambda seen: seen.annotations, lambda one: str(one.get("/Contents", "")).strip()),
    ),
    Rule(
        "UA 7.18.3",
        "the order of tabs is that of the structure",
        each(lambda seen: seen.pdf.pages, lambda page: page.obj.get("/Tabs") == Name.S),
    ),
    Rule("UA 7.18.5 ends", "links lead somewhere", find_broken_destinations),
    Rule("UA 7.18.6", "no media", holds(lambda seen: not any(one.get("/S") == Name.Rendition for one in seen.objects))),
    Rule("UA 7.19", "no actions of scripts", without("/JS")),
    Rule("UA 7.20", "no content from other documents", without("/Ref")),
    Rule(
        "UA 7.20 marks",
        "no marks in what is drawn twice",
        each(
            lambda seen: (one for one in seen.streams if one.get("/Subtype") == Name.Form),
            lambda one: b"/MCID" not in one.read_bytes(),
        ),
    ),
)


def as_list(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, Array) else [value]


def stands_on_page(seen: Seen, figure: Element) -> bool:
    page = seen.pdf.pages[seen.page_numbers[figure.node.Pg.objgen]].mediabox
    left, bottom, right, top = map(float, figure.node.A.BBox)
    return 0 <= left < right <= float(page[2]) + 1 and 0 <= bottom < top <= float(page[3]) + 1


def broken_rules(data: bytes) -> dict[str, list[str]]:
    """Clause -> what is wrong, at most five things, of all that a document breaks."""
    seen = Seen(data)
    found = {rule.clause: list(rule.check(seen))[:5] for rule in RULES if callable(rule.check)}
    return {clause: wrong for clause, wrong in found.items() if wrong}
