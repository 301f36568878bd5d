"""Reads what a file of a report prints, by its format."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import PurePosixPath
from typing import Any

from reportgen.pipeline.verification.printed import GENERATOR, Piece, Printed, Unreadable, read_unprinted
from reportgen.text import numerals

ELEMENTS = 20
"""Tags of a drawing, opening and closing, whose shapes are compared together."""


def read_printed(name: str, data: bytes, brief: bool = False) -> Printed:
    """What the file of this name and content prints; of a document that is `brief`, its pages' text alone.

    Raises Unreadable.
    """
    kind = PurePosixPath(name).suffix.lower()
    if kind == ".pdf":
        from reportgen.pipeline.verification.printed_pdf import read_pdf

        return read_pdf(data, brief)
    if kind == ".eml":
        return read_mail(data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        return read_unprinted(data)
    if kind in (".html", ".htm", ".svg"):
        from reportgen.pipeline.verification.printed_html import read_html

        return read_html(text, ELEMENTS if kind == ".svg" else 0)
    return read_json(text) if kind == ".json" else read_lines(text)


def find_version(name: str, data: bytes) -> str:
    """Which reportgen drew a file; empty where it does not say or can't be read."""
    try:
        if name.endswith(".pdf"):
            from reportgen.pipeline.verification.printed_pdf import version_of

            return version_of(data)
        return read_printed(name, data).version if name.endswith((".html", ".md")) else ""
    except Unreadable:
        return ""


def find_code(document: bytes) -> str:
    """The digest of the code that drew a PDF; empty where it does not say."""
    from reportgen.pipeline.verification.printed_pdf import code_of

    return code_of(document)


def read_lines(text: str) -> Printed:
    """Plain text, Markdown, XML, YAML: every line."""
    found = GENERATOR.search(text)
    printed = Printed(version=found[1] if found else "")
    for number, line in enumerate(text.splitlines(), 1):
        printed.add(f"line {number}", line)
    return printed


def read_json(text: str) -> Printed:
    """JSON: every value under the path that leads to it. Raises Unreadable."""
    try:
        document = json.loads(text)
        return Printed([Piece(place, value) for place, value in walk(document, "")])
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is not JSON: {error}") from error


def walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """(path, spelled value) of every plain value inside; what has a name stands under it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from walk(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            name = inner.get("name", number) if isinstance(inner, dict) else number
            yield from walk(inner, f"{path}[{name}]")
    else:
        yield path, json.dumps(value, ensure_ascii=False)


def read_mail(data: bytes) -> Printed:
    """A message: its headers and every part by its kind. Raises Unreadable."""
    printed = Printed()
    try:
        message = message_from_bytes(data, policy=policy.default)
        for name, value in message.items():
            printed.add(f"header {name}", str(value))
        for number, part in enumerate(message.walk(), 1):
            if isinstance(part, EmailMessage) and not part.is_multipart():
                read_part(part, number, printed)
        printed.pieces = [without_sizes(piece, printed.documents.values()) for piece in printed.pieces]
    except Unreadable:
        raise
    except Exception as error:  # email raises whatever a damaged header or an unknown alphabet makes its parts raise
        raise Unreadable(f"it can't be read as a mail: {type(error).__name__}: {error}") from error
    return printed


def without_sizes(piece: Piece, documents: Iterable[bytes]) -> Piece:
    """A line of a mail without the size of what is attached, which it says truly; other fonts make other sizes."""
    text = piece.text
    for document in documents:
        size = numerals.bytes_text(len(document))
        text = text.replace(f"({size})", "(…)").replace(f"（{size}）", "（…）")
    return replace(piece, text=text)


SUFFIXES = {"text/html": ".html", "application/pdf": ".pdf", "application/json": ".json"}


def read_part(part: EmailMessage, number: int, printed: Printed) -> None:
    """Take in one part of a message."""
    kind, content = part.get_content_type(), part.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    place = f"part {number} ({part.get_filename() or kind})"
    if kind.startswith("text/"):
        data = str(part.get_content()).encode("utf-8", "replace")
    name = part.get_filename() or f"part{SUFFIXES.get(kind, '.txt' if kind.startswith('text/') else '.bin')}"
    if name.lower().endswith(".pdf"):
        printed.documents[place] = data
        printed.draw(f"attachment {place}", b"")  # that it is there; what it says is compared by itself
        return
    printed.include(read_printed(name, data), place)
