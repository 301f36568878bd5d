"""report.pdf: the same page set for paper, made by WeasyPrint in a process of its own."""

from __future__ import annotations

import ctypes
import importlib.util
import json
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import copy_context

from reportgen.errors import EnvironmentTrouble, RenderError
from reportgen.outputs._attachment import MOST_BYTES, pack_small
from reportgen.outputs.page import make_page
from reportgen.outputs.pdf_worker import press
from reportgen.plugins import Begin, Output, OutputFile
from reportgen.report.model import Report
from reportgen.text import numerals
from reportgen.text.i18n import _, join_names, ngettext

SECONDS = 120
"""A report takes about three; a page that needs more than this is not a report."""
LIBRARIES = (
    ("libpango-1.0.so.0", "libpango-1.0.0.dylib", "libpango-1.0.dylib", "libpango-1.0-0.dll"),
    ("libpangoft2-1.0.so.0", "libpangoft2-1.0.0.dylib", "libpangoft2-1.0.dylib", "libpangoft2-1.0-0.dll"),
    ("libharfbuzz.so.0", "libharfbuzz.0.dylib", "libharfbuzz-0.dll"),
    ("libfontconfig.so.1", "libfontconfig.1.dylib", "libfontconfig-1.dll"),
)
"""What WeasyPrint loads, under the names of Linux, macOS and Windows."""
MAC_FOLDERS = ("/opt/homebrew/lib", "/usr/local/lib", "/opt/local/lib")
"""Where Homebrew and MacPorts put libraries that the loader does not find by name."""
INSTALL = """\
Install it, or leave pdf out of outputs:
  Debian, Ubuntu:  apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
  Fedora:          dnf install pango
  macOS:           brew install pango"""


def check() -> None:
    """Raise EnvironmentTrouble when WeasyPrint or the libraries it needs are not on this machine."""
    if importlib.util.find_spec("weasyprint") is None:
        raise EnvironmentTrouble("the PDF needs WeasyPrint, which is not installed", "pip install 'weasyprint>=70'")
    for names in LIBRARIES:
        if not any(can_load(name) for name in names):
            raise EnvironmentTrouble(f"the PDF needs the library {names[0]}, which is not installed", INSTALL)


def can_load(name: str) -> bool:
    """Whether the loader finds a library by its name, or in the folders of macOS's package managers."""
    places = (name, *(f"{folder}/{name}" for folder in MAC_FOLDERS)) if name.endswith(".dylib") else (name,)
    for place in places:
        try:
            ctypes.CDLL(place)
        except OSError:
            continue
        return True
    return False


def render(report: Report, warn: Callable[[str], None]) -> tuple[OutputFile, ...]:
    """The document; `warn` hears of characters that no installed font has.

    Raises RenderError when the page refers to anything outside itself, and when time or memory run out.
    """
    with prepare() as begin:
        return begin(report, warn)()


@contextmanager
def prepare() -> Iterator[Begin]:
    """A child process that loads WeasyPrint while its page is not there yet, and sets it while others are written."""
    with press() as child, ThreadPoolExecutor(1) as aside:

        def begin(report: Report, warn: Callable[[str], None]) -> Callable[[], tuple[OutputFile, ...]]:
            page = make_page(report, "print")
            setting = aside.submit(copy_context().run, set_in, child, page, report, warn)  # in the same language
            return setting.result

        try:
            yield begin
        finally:
            child.kill()  # what is interrupted is not waited for


def set_in(
    child: subprocess.Popen[bytes], page: str, report: Report, warn: Callable[[str], None]
) -> tuple[OutputFile, ...]:
    """The document, made by a child process that was started for it."""
    heard, document = run(child, page, lambda: pack(report, warn), report.created)
    if heard["refused"]:
        places = ", ".join(sorted(set(heard["refused"])))
        raise RenderError(
            f"the PDF refers to something outside itself: {places}",
            "Put pictures and styles into the page itself, as data: addresses.",
        )
    if heard["failures"]:
        raise RenderError(f"a picture could not be set in the PDF: {heard['failures'][0]}", "The HTML is complete.")
    if heard["missing"]:
        warn(describe_missing(heard["missing"]))
    return (OutputFile("report.pdf", document),)


def pack(report: Report, warn: Callable[[str], None]) -> bytes:
    """The record as the document carries it; empty where the spec wants none or it would be too heavy."""
    if not report.subject.presentation.report.attach_record:
        return b""
    packed = pack_small(report.subject)
    if packed is None:
        most = numerals.bytes_text(MOST_BYTES)
        warn(_("The PDF does not carry its record, which does not fit into {most}.", most=most))
    return packed or b""


def run(
    child: subprocess.Popen[bytes], page: str, record: Callable[[], bytes] = bytes, created: str = ""
) -> tuple[dict[str, list[str]], bytes]:
    """What the child process heard, and the document it made, with the packed record inside if there is one.

    `record` is asked for when the child has its page: packing takes half a second.
    """
    text = page.encode("utf-8")
    head = json.dumps({"page": len(text), "created": created}).encode()
    try:
        hand(child, head + b"\n" + text)
        out, complaints = child.communicate(record(), timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise RenderError(
            f"the PDF took longer than {SECONDS} s and was given up",
            "The HTML is complete; show fewer sections in the PDF's spec.",
        ) from error
    if child.returncode != 0:
        raise RenderError(f"the PDF can't be made: {last_line(complaints)}", "The HTML is complete.")
    head, _unused, document = out.partition(b"\n")
    heard: dict[str, list[str]] = json.loads(head)
    return heard, document


def hand(child: subprocess.Popen[bytes], data: bytes) -> None:
    """Give a process something to begin with; one that has ended already says why when it is asked for its result."""
    assert child.stdin is not None
    with suppress(BrokenPipeError):
        child.stdin.write(data)
        child.stdin.flush()


def last_line(text: bytes) -> str:
    """What a process said last, which is where Python names the exception."""
    lines = [line for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
    return "memory ran out" if not lines or lines[-1].startswith("MemoryError") else lines[-1][:300]


def describe_missing(characters: list[str]) -> str:
    """The sentence about characters that no installed font has."""
    shown = [f"{char} (U+{ord(char):04X})" for char in characters[:5]]
    if len(characters) > 5:
        shown.append(_("{count} more", count=len(characters) - 5))
    return ngettext(
        "No installed font has {count} character of the PDF: {shown}. A font such as Noto Sans may have it.",
        "No installed font has {count} characters of the PDF: {shown}. Fonts such as Noto Sans may have them.",
        len(characters),
        shown=join_names(shown),
    )


OUTPUT = Output(
    "pdf", "the same for paper: A4 or Letter, tagged, with bookmarks", ("report.pdf",), check, render, prepare
)
