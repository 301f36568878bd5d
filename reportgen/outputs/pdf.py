"""report.pdf: the same page set for paper, made by WeasyPrint in a process of its own."""

from __future__ import annotations

import ctypes
import importlib.util
import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import copy_context
from functools import cache
from typing import Any

from reportgen.errors import EnvironmentTrouble, RenderError
from reportgen.outputs._attachment import MOST_BYTES, pack_small
from reportgen.outputs.page import make_page
from reportgen.outputs.pdf_worker import take_worker
from reportgen.plugins import Begin, Output, OutputFile
from reportgen.report.model import Report
from reportgen.system.processes import time_limit
from reportgen.text import numerals
from reportgen.text.i18n import _, join_names, ngettext, with_note

SECONDS = 120
"""A report takes about three; a page that needs more than this is not a report."""
LIBRARIES = (
    ("libpango-1.0.so.0", "libpango-1.0.0.dylib", "libpango-1.0.dylib", "libpango-1.0-0.dll"),
    ("libpangoft2-1.0.so.0", "libpangoft2-1.0.0.dylib", "libpangoft2-1.0.dylib", "libpangoft2-1.0-0.dll"),
    ("libharfbuzz.so.0", "libharfbuzz.0.dylib", "libharfbuzz-0.dll"),
    ("libfontconfig.so.1", "libfontconfig.1.dylib", "libfontconfig-1.dll"),
)
"""What WeasyPrint loads, under the names of Linux, macOS and Windows."""
CRASHES = {
    **{
        -getattr(signal, name): name
        for name in ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGTRAP")
        if hasattr(signal, name)
    },
    0xC0000005: "ACCESS_VIOLATION",
}
"""Exit codes of a process that broke down inside a library, and their names."""
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
    with take_worker() as child, ThreadPoolExecutor(1) as aside:
        children = [child]

        def begin(report: Report, warn: Callable[[str], None]) -> Callable[[], tuple[OutputFile, ...]]:
            page = make_page(report, "print")
            setting = aside.submit(copy_context().run, set_in, children, page, report, warn)  # in the same language
            return setting.result

        try:
            yield begin
        finally:
            for started in children:
                started.kill()  # what is interrupted is not waited for


class WorkerCrashed(RenderError):
    """The process that makes the PDF broke down inside a library; its `signal` says how."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the PDF can't be made: the process that makes it ended with {name}", "The HTML is complete.")
        self.signal = name


def set_in(
    children: list[subprocess.Popen[bytes]], page: str, report: Report, warn: Callable[[str], None]
) -> tuple[OutputFile, ...]:
    """The document, made by the child process that was started for it; where that breaks down, by another, appended to
    `children`, that draws no image the fast way.

    Raises RenderError.
    """
    record = cache(lambda: pack(report, warn))
    try:
        heard, document = run(children[0], page, record, report.created, report.code)
    except WorkerCrashed as crash:
        with take_worker(slow=crash.signal) as another:
            children.append(another)
            heard, document = run(another, page, record, report.created, report.code)
    if heard["refused"]:
        places = ", ".join(sorted(set(heard["refused"])))
        raise RenderError(
            f"the PDF refers to something outside itself: {places}",
            "Put images and styles into the page itself, as data: addresses.",
        )
    if heard["failures"]:
        raise RenderError(f"an image could not be set in the PDF: {heard['failures'][0]}", "The HTML is complete.")
    if heard["slow"]:
        warn(describe_slow(**heard["slow"]))
    if heard["tags"]:
        warn(describe_untagged(**heard["tags"]))
    if heard["missing"]:
        warn(describe_missing(heard["missing"]))
    return (OutputFile("report.pdf", document),)


def pack(report: Report, warn: Callable[[str], None]) -> bytes:
    """The record as the document carries it; empty in a brief one, and where the spec wants none or it is too heavy."""
    if report.abridged or not report.subject.presentation.report.attach_record:
        return b""
    packed = pack_small(report.subject)
    if packed is None:
        most = numerals.bytes_text(MOST_BYTES)
        warn(_("The PDF does not carry its record, which does not fit into {most}.", most=most))
    return packed or b""


def run(
    child: subprocess.Popen[bytes],
    page: str,
    record: Callable[[], bytes] = bytes,
    created: str = "",
    code: str = "",
) -> tuple[dict[str, Any], bytes]:
    """What the child process heard (see `pdf_process.set_document`), and the document it made, with the packed record
    inside if there is one.

    `record` is asked for when the child has its page: packing takes half a second. Raises RenderError when the child
    fails or takes too long, also where it stands still before it has read its page.
    """
    text = page.encode("utf-8")
    head = json.dumps({"page": len(text), "created": created, "code": code}).encode()
    with time_limit(child, SECONDS) as limit:
        give(child, head + b"\n" + text)
        packed = record()
        out, complaints = child.communicate(packed)
    if limit.passed:
        raise RenderError(
            f"the PDF took longer than {SECONDS} s and was stopped",
            "The HTML is complete; show fewer sections in the PDF's spec.",
        )
    if child.returncode in CRASHES:
        raise WorkerCrashed(CRASHES[child.returncode])
    if child.returncode != 0:
        raise RenderError(f"the PDF can't be made: {why_ended(child.returncode, complaints)}", "The HTML is complete.")
    head, _unused, document = out.partition(b"\n")
    heard: dict[str, Any] = json.loads(head)
    return heard, document


def give(child: subprocess.Popen[bytes], data: bytes) -> None:
    """Give a process something to begin with; one that has ended already says why when it is asked for its result."""
    assert child.stdin is not None
    with suppress(OSError):  # on Windows a broken pipe is another error than elsewhere
        child.stdin.write(data)
        child.stdin.flush()


def why_ended(code: int, complaints: bytes) -> str:
    """Why a process ended: the signal that ended it, or what it said last."""
    if code < 0 and not complaints.strip():
        with suppress(ValueError):
            return f"the process that makes it was ended by {signal.Signals(-code).name}"
    return last_line(complaints)


def last_line(text: bytes) -> str:
    """What a process said last, which is where Python names the exception."""
    lines = [line for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
    return "memory ran out" if not lines or lines[-1].startswith("MemoryError") else lines[-1][:300]


def describe_slow(what: str, part: str) -> str:
    """The sentence about a PDF whose images were left to WeasyPrint."""
    if what == "missing":
        return _(
            "The figures of the PDF were drawn the slower way, because {part} is not in the installed version; "
            "nothing is missing.",
            part=part,
        )
    if what == "changed":
        return _(
            "The figures of the PDF were drawn the slower way, because {part} works differently in the installed "
            "version; nothing is missing.",
            part=part,
        )
    return _(
        "The figures of the PDF were drawn the slower way, because the faster one failed ({part}); nothing is missing.",
        part=part,
    )


def describe_untagged(what: str, part: str) -> str:
    """The sentence about a PDF whose structure was left to WeasyPrint."""
    if what == "missing":
        return _(
            "The PDF does not declare PDF/A and PDF/UA: its structure could not be made, because {part} is not in the "
            "installed version.",
            part=part,
        )
    return _(
        "The PDF does not declare PDF/A and PDF/UA: its structure could not be made with the installed version of "
        "WeasyPrint ({part}).",
        part=part,
    )


def describe_missing(characters: list[str]) -> str:
    """The sentence about characters that no installed font has."""
    shown = [with_note(char, f"U+{ord(char):04X}") for char in characters[:5]]
    if len(characters) > 5:
        shown.append(_("{count} more", count=len(characters) - 5))
    return ngettext(
        "No installed font has {count} character of the PDF: {shown}. A font such as Noto Sans may have it; without it "
        "the PDF does not declare PDF/A and PDF/UA.",
        "No installed font has {count} characters of the PDF: {shown}. Fonts such as Noto Sans may have them; without "
        "them the PDF does not declare PDF/A and PDF/UA.",
        len(characters),
        shown=join_names(shown),
    )


OUTPUT = Output(
    "pdf", "the same for paper: A4 or Letter, tagged, with bookmarks", ("report.pdf",), check, render, prepare
)
