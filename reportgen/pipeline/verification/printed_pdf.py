"""What a PDF prints: the text of its pages, its alternative texts, bookmarks and properties; the rest as streams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reportgen.outputs.pdf_process import CODE_KEY
from reportgen.pipeline.verification.printed import GENERATOR, Printed, Unreadable, unpacked
from reportgen.record.locate import open_document

if TYPE_CHECKING:
    from pypdf import PdfReader

CODE = f"/{CODE_KEY}"
READ = ("/Alt", "/ActualText", "/E")
"""Entries of the tag tree that are read aloud."""


def read_pdf(data: bytes, brief: bool = False) -> Printed:
    """What a document prints; where it is `brief`, the text of its pages alone. Raises Unreadable."""
    try:
        reader = open_document(data)
        printed = Printed(version=creator_of(reader))
        for name, value in sorted((reader.metadata or {}).items()):
            if name == CODE:
                printed.code = str(value)
            else:
                printed.add(f"property {name.lstrip('/')}", str(value))
        pages = list(reader.pages)
    except Exception as error:  # pypdf raises whatever a damaged file makes its parts raise
        raise Unreadable(f"it can't be read as a PDF: {type(error).__name__}: {error}") from error
    contents = set()
    for number, page in enumerate(pages, 1):
        contents |= read_page(page, number, printed)
    if not brief:
        read_beside(reader, printed)
        read_objects(reader, contents, printed)
    return printed


def version_of(data: bytes) -> str:
    """Which reportgen drew a document; empty where it can't be read."""
    try:
        return creator_of(open_document(data))
    except Exception:  # as above
        return ""


def code_of(data: bytes) -> str:
    """The digest of the code that drew a document; empty where it does not say or can't be read."""
    try:
        found = open_document(data).metadata
        return str(found.get(CODE, "")) if found is not None else ""
    except Exception:  # as above
        return ""


def creator_of(reader: PdfReader) -> str:
    """Which reportgen drew it, as its properties say."""
    found = GENERATOR.search(reader.metadata.creator or "") if reader.metadata else None
    return found[1] if found else ""


def read_page(page: Any, number: int, printed: Printed) -> set[int]:
    """Take in one page; returns the numbers of the objects that hold its content."""
    place = f"page {number}"
    try:
        printed.add(place, page.extract_text())
        printed.draw(place, b"".join(streams_of(page)))
    except Exception as error:  # as above
        printed.add(place, f"(can’t be read: {type(error).__name__})")
    contents = page.get("/Contents")
    references = contents if isinstance(contents, list) else [page.raw_get("/Contents")] if contents is not None else []
    return {one.idnum for one in references if hasattr(one, "idnum")}


def streams_of(page: Any) -> Iterator[bytes]:
    """What a page draws, unpacked."""
    contents = page.get("/Contents")
    contents = contents.get_object() if contents is not None else None
    for one in contents if isinstance(contents, list) else [contents] if contents is not None else []:
        yield one.get_object().get_data()


def read_beside(reader: PdfReader, printed: Printed) -> None:
    """Take in bookmarks and attachments."""
    try:
        for title in titles(reader.outline):
            printed.add("bookmarks", title)
        for name, contents in reader.attachments.items():
            for content in contents:
                for inner, data in (unpacked(content) or {"": content}).items():
                    printed.draw(f"attachment {name}{f', {inner}' if inner else ''}", data)
    except Exception as error:  # as above
        printed.add("bookmarks and attachments", f"(can’t be read: {type(error).__name__})")


def titles(outline: list[Any]) -> Iterator[str]:
    """The bookmarks, from the first to the last."""
    for one in outline:
        if isinstance(one, list):
            yield from titles(one)
        else:
            yield str(one.title)


def read_objects(reader: PdfReader, contents: set[int], printed: Printed) -> None:
    """Take in alternative texts, and what is drawn with: images, fonts, drawings."""
    heard: list[str] = []
    size = int(reader.trailer.get("/Size", 0))
    for number in range(1, min(size, 1_000_000)):
        try:
            one = reader.get_object(number)
        except Exception:  # as above; an object that nothing refers to is none
            continue
        if not isinstance(one, dict):
            continue
        heard += [str(one[key]) for key in READ if isinstance(one.get(key), str)]
        if hasattr(one, "get_data") and number not in contents and one.get("/Type") not in ("/ObjStm", "/XRef"):
            read_stream(one, printed)
    for text in sorted(heard):  # whoever saves a document again may put them in another order
        printed.add("alternative text", text)


def read_stream(stream: Any, printed: Printed) -> None:
    """Take in what one stream holds; attachments are read as such."""
    kind = str(stream.get("/Subtype", "") or stream.get("/Type", "")).lstrip("/") or "data"
    if kind == "EmbeddedFile" or stream.get("/Type") == "/EmbeddedFile":
        return
    try:
        data = stream.get_data()
    except Exception as error:  # as above
        data = f"(can’t be read: {type(error).__name__})".encode()
    printed.draw(kind, data)
