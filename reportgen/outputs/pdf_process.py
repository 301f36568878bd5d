"""The child process that sets the PDF: a page on its input, a line of JSON and the document on its output.

The input is a line of JSON with the length in bytes of the page, then the page, then the packed record that is to be
attached, if there is one.

The page's images are drawn the fast way (`_pdf_drawings`, `_weasyprint`) where the installed WeasyPrint has what that
takes; where it has not, and when the fast way fails in the middle, the same page is set again by WeasyPrint alone.

A process of its own, because WeasyPrint gives no memory back and a page can make it run for ever.
"""

from __future__ import annotations

import gc
import hashlib
import io
import json
import logging
import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Any

from reportgen.outputs._pdf_claims import PRIVATE_USE, VARIANT, finish
from reportgen.outputs._pdf_drawings.drawing import SCHEME, convert_drawings
from reportgen.outputs._pdf_fonts import shrink_fonts
from reportgen.outputs._weasyprint import (
    Images,
    Parts,
    SlowWay,
    TagParts,
    find_parts,
    find_tag_parts,
    own_structure,
    quick_columns,
)

RECORD_NAME = "record.zip"
RECORD_DESCRIPTION = "The measurements behind this report; reportgen draws it again and compares it from this file."

CODE_KEY = "ReportgenCode"
"""The document's property that holds the digest of the code that drew it."""


class LogHandler(logging.Handler):
    """Listens to WeasyPrint's log: characters without a glyph, and images that could not be drawn."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.missing: set[str] = set()
        self.failures: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Sort one line of the log."""
        text = record.getMessage()
        glyph = re.search(r"notdef glyph.*U\+([0-9A-F]+)", text)
        if glyph:
            self.missing.add(chr(int(glyph[1], 16)))
        elif text.startswith(("Failed to render", "Failed to load")):
            self.failures.append(text[:200])


def limit_memory(mebibytes: int) -> None:
    """Cap the address space where the system can; a page that needs more fails alone."""
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    size = mebibytes * 2**20
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size if hard < 0 else min(size, hard), hard))


def make_fetcher(refused: list[str]) -> Any:
    """A fetcher that opens `data:` addresses and keeps a list of all others."""
    from weasyprint.urls import URLFetcher

    class DataOnly(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            if not url.lower().startswith("data:"):
                refused.append(url[:200])
                raise ValueError(f"refused: {url[:200]}")
            return super().fetch(url, headers)

    return DataOnly(allowed_protocols={"data"}, allow_redirects=False)


def set_document(
    page: str, read_record: Callable[[], bytes], created: str, parts: Parts | SlowWay | None = None, code: str = ""
) -> tuple[dict[str, Any], bytes]:
    """What happened (missing, failures, refused, tags, slow) and the bytes of the PDF, the packed record attached if
    there is one.

    `created` is the date of the attachment, ISO 8601 in UTC to the second. The record is read when the pages are laid
    out, which takes longer than packing it. `parts` is what `find_parts` found; None: it is asked here. `slow` says
    why the images were left to WeasyPrint, `tags` why the structure was; None where they were not. `code` is the digest
    of the code that drew the page, for the document's properties.
    """
    parts = find_parts() if parts is None else parts
    asked = Asked(page, cache(read_record), created, code)
    try:
        return set_either_way(asked, parts, VARIANT)
    except Unfinished as error:
        heard, document = set_either_way(asked, parts, None)
        return heard | {"tags": asdict(SlowWay("failed", str(error)))}, document


@dataclass(frozen=True)
class Asked:
    """What `set_document` was asked for."""

    page: str
    read_record: Callable[[], bytes]
    created: str
    code: str


def set_either_way(asked: Asked, parts: Parts | SlowWay, variant: str | None) -> tuple[dict[str, Any], bytes]:
    """What happened and the PDF, its images drawn by `parts` where they can. Raises Unfinished, or what `set_once` does
    without parts."""
    slow = parts if isinstance(parts, SlowWay) else None
    if isinstance(parts, Parts):
        try:
            heard, document = set_once(asked, parts, variant)
            return heard | {"slow": None}, document
        except (MemoryError, Unfinished):  # of memory the slow way takes more
            raise
        except Exception as error:  # whatever another version does with what it does not promise
            slow = SlowWay("failed", describe(error))
    heard, document = set_once(asked, None, variant)
    return heard | {"slow": asdict(slow) if slow else None}, document


class DrawingsIgnored(Exception):
    """WeasyPrint did not take the drawings that stood in its cache."""


class Unfinished(Exception):
    """What a document says that it is could not be completed; says why."""


def set_once(asked: Asked, parts: Parts | None, variant: str | None) -> tuple[dict[str, Any], bytes]:
    """What happened and the PDF, its images drawn by `parts`, or with None by WeasyPrint as it is documented; without
    a `variant` it says of no standard that it follows it.

    Raises DrawingsIgnored, Unfinished, or whatever WeasyPrint raises.
    """
    from weasyprint import HTML
    from weasyprint.text.fonts import FontConfiguration

    handler, refused, fonts = listen(), list[str](), FontConfiguration()
    options: dict[str, Any] = {"pdf_variant": variant, "pdf_tags": True}
    text, images = asked.page, None
    if parts is not None:
        text, drawings = convert_drawings(asked.page)
        images = Images(drawings, parts, fonts)
        options["cache"] = images
    source = HTML(string=text, url_fetcher=make_fetcher(refused))
    with quick_columns(parts) if parts is not None else nullcontext():
        laid_out = source.render(font_config=fonts, **options)
    record = asked.read_record()
    options |= {
        "pdf_identifier": hashlib.sha256(asked.page.encode("utf-8") + record).digest()[:16],
        "attachments": attach(record, asked.created) if record else None,
    }
    tag_parts, failures = find_tag_parts(), list[Exception]()

    def complete(laid_out: Any, pdf: Any) -> None:
        is_tagged = isinstance(tag_parts, TagParts) and not failures
        if variant:
            finish_or_raise(pdf, is_tagged and not handler.missing and not PRIVATE_USE.search(asked.page))
        if asked.code:
            pdf.info[CODE_KEY] = f"({asked.code})"
        shrink_fonts(pdf)
        if parts is not None:
            parts.compress(laid_out, pdf)

    with own_structure(tag_parts, source.etree_element, failures), warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # WeasyPrint leaves the profile of its colours open
        document = laid_out.write_pdf(**options, finisher=complete)
    if images is not None and (images.were_ignored() or any(SCHEME in text for text in (*refused, *handler.failures))):
        raise DrawingsIgnored("the images in its cache were not used")
    untagged = tag_parts if isinstance(tag_parts, SlowWay) else None
    for failure in failures:
        untagged = SlowWay("failed", describe(failure))
    heard = {"missing": sorted(handler.missing), "failures": handler.failures, "refused": refused}
    return heard | {"tags": asdict(untagged) if untagged else None}, document


def finish_or_raise(pdf: Any, is_whole: bool) -> None:
    """See `finish`. Raises Unfinished for whatever that raises."""
    try:
        finish(pdf, is_whole)
    except MemoryError:
        raise
    except Exception as error:  # whatever another version does with its objects
        raise Unfinished(describe(error)) from error


def listen() -> LogHandler:
    """The one handler of WeasyPrint's log, attached."""
    handler = LogHandler()
    logger = logging.getLogger("weasyprint")
    logger.handlers = [handler]
    logger.propagate = False
    return handler


def describe(error: Exception) -> str:
    """An exception and the function that raised it, in one line."""
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    at = f"{frames[-1].f_globals.get('__name__', '')}.{frames[-1].f_code.co_qualname}" if frames else ""
    return f"{type(error).__name__}{': ' if said else ''}{said[:160]}{' in ' if at else ''}{at}"


def attach(record: bytes, created: str) -> list[Any]:
    """The record as a file inside the document, dated so that the same record gives the same bytes."""
    from weasyprint import Attachment

    when = datetime.strptime(created, "%Y-%m-%dT%H:%M:%SZ")  # written as UTC whatever its zone
    packed = Attachment(
        file_obj=io.BytesIO(record),
        name=RECORD_NAME,
        description=RECORD_DESCRIPTION,
        created=when,
        modified=when,
        relationship="Data",
    )
    return [packed]


def main() -> None:
    """Read the page and the record, write what happened and the document.

    Arguments: the limit of memory in MiB and, where the images are to be left to WeasyPrint, the word for why.
    """
    limit_memory(int(sys.argv[1]))
    from weasyprint import HTML

    HTML(string="<p>Text").render()  # while the page is still being drawn
    parts = SlowWay("failed", sys.argv[2]) if len(sys.argv) > 2 else find_parts()
    gc.disable()  # a tenth faster, and 130 MiB are not worth collecting in a process that ends here
    head = json.loads(sys.stdin.buffer.readline())
    page = sys.stdin.buffer.read(head["page"]).decode("utf-8")
    heard, document = set_document(page, sys.stdin.buffer.read, head["created"], parts, head["code"])
    sys.stdout.buffer.write(json.dumps(heard).encode("ascii") + b"\n" + document)
    sys.stdout.buffer.flush()
    os._exit(0)  # giving the memory of half a million boxes back piece by piece takes a tenth of a second


if __name__ == "__main__":
    main()
