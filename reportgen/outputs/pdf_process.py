"""The child process that sets the PDF: a page on its input, a line of JSON and the document on its output.

The input is a line of JSON with the length in bytes of the page, then the page, then the packed record that is to be
attached, if there is one.

A process of its own, because WeasyPrint gives no memory back and a page can make it run for ever.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import io
import json
import logging
import os
import re
import sys
import zlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

RECORD_NAME = "record.zip"
RECORD_DESCRIPTION = "The measurements behind this report; reportgen draws it again and compares it from this file."
VARIANT = "pdf/ua-1"
"""Tagged, with title and language: a screen reader gets headings, lists, tables and alternative texts."""


class Ear(logging.Handler):
    """Listens to WeasyPrint's log: characters without a glyph, and pictures that could not be drawn."""

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


def set_document(page: str, read_record: Callable[[], bytes], created: str) -> tuple[dict[str, Any], bytes]:
    """What happened (missing, failures, refused) and the bytes of the PDF, the packed record attached if there is one.

    `created` is the date of the attachment, ISO 8601 in UTC to the second. The record is read when the pages are laid
    out, which takes longer than packing it.
    """
    from weasyprint import HTML
    from weasyprint.text.fonts import FontConfiguration

    from reportgen.outputs._pdf_drawings.drawing import plates

    ear, refused = Ear(), list[str]()
    logger = logging.getLogger("weasyprint")
    logger.handlers = [ear]
    logger.propagate = False
    fonts = FontConfiguration()
    light, images = plates(page, fonts)
    options: dict[str, Any] = {"pdf_variant": VARIANT, "cache": images}
    laid_out = HTML(string=light, url_fetcher=make_fetcher(refused)).render(font_config=fonts, **options)
    record = read_record()
    options |= {
        "pdf_identifier": hashlib.sha256(page.encode("utf-8") + record).digest()[:16],
        "attachments": attach(record, created) if record else None,
    }
    document = laid_out.write_pdf(finisher=compress, **options)
    return {"missing": sorted(ear.missing), "failures": ear.failures, "refused": refused}, document


def compress(_document: Any, pdf: Any) -> None:
    """Compress the streams of a document at zlib's usual level; at the highest, which is what pydyf takes, it would
    take three times as long and be 3 % smaller."""
    from pydyf import Stream

    for thing in pdf.objects:
        if isinstance(thing, Stream) and thing.compress:
            thing.compress = False
            _, _, body = thing.data.partition(b"\nstream\n")
            thing.stream = [zlib.compress(body.removesuffix(b"\nendstream"))]
            thing.extra["Filter"] = "/FlateDecode"


def attach(record: bytes, created: str) -> list[Any]:
    """The record as a file inside the document, dated so that the same record gives the same bytes."""
    from weasyprint import Attachment

    when = datetime.strptime(created, "%Y-%m-%dT%H:%M:%SZ")  # written as UTC whatever its zone
    packed = Attachment(
        file_obj=io.BytesIO(record), name=RECORD_NAME, description=RECORD_DESCRIPTION, created=when, modified=when,
        relationship="Data",
    )  # fmt: skip
    return [packed]


def main() -> None:
    """Read the page and the record, write what happened and the document."""
    limit_memory(int(sys.argv[1]))
    importlib.import_module("weasyprint").HTML(string="<p>Text").render()  # while the page is still being drawn
    gc.disable()  # a tenth faster, and 130 MiB are not worth collecting in a process that ends here
    head = json.loads(sys.stdin.buffer.readline())
    page = sys.stdin.buffer.read(head["page"]).decode("utf-8")
    heard, document = set_document(page, sys.stdin.buffer.read, head["created"])
    sys.stdout.buffer.write(json.dumps(heard).encode("ascii") + b"\n" + document)
    sys.stdout.buffer.flush()
    os._exit(0)  # giving the memory of half a million boxes back piece by piece takes a tenth of a second


if __name__ == "__main__":
    main()
