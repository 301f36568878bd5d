"""Fetch a published archive from whoever has it, go on where an earlier try ended, check it, move it in whole.

Sources are tried in order. One that is slow, cut off, closed or wrong is given up, with a warning that says why, and
the next goes on from the bytes that are here: all sources should have the same, and the digests decide in the end.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from reportgen.errors import EnvironmentTrouble
from reportgen.experiment.datasets.download.connection import first_byte, open_address, receive
from reportgen.experiment.datasets.download.partial import LOCK, Partial, remove_leftovers
from reportgen.experiment.datasets.download.sources import (
    CutOffError,
    GivenUpError,
    NoSuchPartError,
    Source,
    find_sources,
)
from reportgen.experiment.datasets.download.speed import Meter, least_speed, too_slow
from reportgen.experiment.datasets.download.unpacking import unpack
from reportgen.experiment.datasets.files import Archive, NotAvailable, advise, find_archive
from reportgen.experiment.datasets.raw import DataRequest
from reportgen.progress import Progress, Task
from reportgen.record.message import N_, Message, join_rows
from reportgen.system.files import FULL, REFUSED
from reportgen.system.lock import NO_LOCKS
from reportgen.system.version import __version__

CUT_OFF_TRIES = 4
"""How often one source is asked for the rest when it breaks off."""
GZIP = b"\x1f\x8b"
STANDSTILL = 300.0
"""Seconds without a new byte after which another build that downloads is not waited for any longer."""


def fetch(archive: Archive, home: Path, request: DataRequest) -> Path:
    """Unpack `archive`, which is here or is downloaded, into `home`; returns the folder of its files.

    Raises NotAvailable offline, or when no source gives the published bytes at the least speed; SpecError for a speed
    that is none; EnvironmentTrouble for a disk that is full or closed. Of a download that fails, the part that is here
    is kept for the next try; other builds wait meanwhile.
    """
    found = find_archive(archive, request.spec, request.data_root, request.base)
    if request.offline and found is None:
        raise NotAvailable(
            N_(
                "{data} is not on this machine ({folder}), and --offline forbids fetching it",
                data=archive.title,
                folder=archive.folder,
            ),
            advise(archive),
        )
    least = least_speed()
    final = home / archive.folder
    partial = Partial(home, archive)
    try:
        home.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(home, partial, request.progress):
            if not all((final / name).is_file() for name in archive.files):
                remove_leftovers(home)
                if found is not None:
                    request.progress.say(f"{archive.title} is unpacked from {found} into {home}.")
                    unpack(found, archive, home, final)
                else:
                    Download(archive, partial, least, request.progress).run()
                    unpack_fetched(partial, home, final)
    except OSError as error:
        with suppress(OSError):
            partial.drop()  # a full disk needs the room
        raise EnvironmentTrouble(
            f"the data can't be stored in {home}: {error.strerror or error}",
            f"{make_room(error)}, or give the data's folder with --data-root.\n{advise(archive)}",
        ) from error
    return final


def make_room(error: OSError) -> str:
    """What would let the data be stored."""
    if error.errno in FULL:
        return "Free some space there (400 MB)"
    if error.errno in REFUSED or error.errno == errno.EROFS:
        return "Make that folder writable, name another for caches in XDG_CACHE_HOME"
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return "Remove what lies in the place of that folder"
    return "Check that disk"


def unpack_fetched(partial: Partial, home: Path, final: Path) -> None:
    """Unpack what was downloaded, and drop the archive, also where it can't be unpacked."""
    try:
        unpack(partial.file, partial.archive, home, final)
    finally:
        partial.drop()


class Download:
    """One archive from one source after another."""

    def __init__(self, archive: Archive, partial: Partial, least: float, progress: Progress) -> None:
        self.archive, self.partial, self.least, self.progress = archive, partial, least, progress

    def run(self) -> None:
        """Leave the whole archive, its digests checked, in `partial`; raises NotAvailable when nobody has it."""
        archive, failures = self.archive, list[Message]()
        if self.whole():
            return
        sources = find_sources(archive)
        for source, following in zip(sources, [*sources[1:], None], strict=True):
            try:
                self.take(source)
                return
            except GivenUpError as why:
                failures.append(N_("{source}: {reason}", source=source.name, reason=why.why))
                onwards = f"; going on with {following.shown}" if following else ""
                self.progress.warn(f"{archive.title} from {source.shown}: {why}{onwards}")
        if kept := self.partial.size():
            failures.append(
                N_("{kept} of {size} are kept for the next try", kept=megabytes(kept), size=megabytes(archive.size))
            )
        raise NotAvailable(
            N_("{data} can't be fetched: {reasons}", data=archive.title, reasons=join_rows(failures)), advise(archive)
        )

    def whole(self) -> bool:
        """Whether an earlier try left all of it; what is too much, or wrong, is dropped."""
        self.partial.fresh.unlink(missing_ok=True)
        size = self.partial.size()
        if size < self.archive.size:
            return False
        if size == self.archive.size and not self.partial.fault():
            return True
        self.partial.drop()
        return False

    def take(self, source: Source) -> None:
        """All that is missing from one source; raises GivenUpError."""
        mixed = self.partial.size() > 0
        self.ask_until_whole(source)
        fault = self.partial.fault()
        if fault and mixed:  # whose part is wrong nobody knows
            self.partial.drop()
            self.ask_until_whole(source)
            fault = self.partial.fault()
        if fault:
            self.partial.drop()
            raise GivenUpError(fault)

    def ask_until_whole(self, source: Source) -> None:
        """Ask for the rest as long as a source that breaks off gives more each time."""
        for turn in range(1, CUT_OFF_TRIES + 1):
            before = self.partial.size()
            try:
                return self.ask(source)
            except CutOffError:
                if turn == CUT_OFF_TRIES or self.partial.size() <= before:
                    raise
        return None

    def ask(self, source: Source) -> None:
        """One request, from the byte on at which what is here ends."""
        begin = self.partial.size()
        headers = {"User-Agent": f"reportgen/{__version__}", "Accept-Encoding": "identity"}
        if begin:
            headers["Range"] = f"bytes={begin}-"
        if begin and (etag := self.partial.etag_of(source)):
            headers["If-Range"] = etag
        meter = Meter()
        with closing(open_from(source.url, headers)) as answer:
            first = first_byte(answer, begin, self.archive)
            target = self.partial.file if first == begin else self.partial.fresh
            name = f"Download {self.archive.title} from {urlsplit(source.shown).hostname or source.name}"
            if first:
                name += f", {megabytes(first)} are here"
            try:
                with (
                    self.progress.stage(name, self.archive.size - first, "bytes") as task,
                    target.open("ab" if first else "wb") as out,
                ):
                    self.copy(answer, out, first, meter, task)
            finally:
                if not self.partial.size() and not self.partial.fresh.exists():
                    self.partial.drop()
                elif target == self.partial.file or self.partial.keep_longer():
                    self.partial.remember(source, headers.get("If-Range") if first else answer.headers.get("ETag"))

    def copy(self, answer: Any, out: IO[bytes], begin: int, meter: Meter, task: Task) -> None:
        """Write what comes; raises GivenUpError when it is slow, ends early or can't be the archive."""
        place, size = begin, self.archive.size
        while chunk := receive(answer):
            if place == 0 and chunk[:2] != GZIP[: len(chunk)]:
                raise GivenUpError(not_an_archive(chunk))
            place += len(chunk)
            if place > size:
                raise GivenUpError(N_("it sent more than the {bytes} bytes of the published archive", bytes=size))
            out.write(chunk)
            task.advance(len(chunk))
            speed = meter.add(len(chunk))
            if speed is not None and speed < self.least and place < size:
                raise GivenUpError(too_slow(speed, self.least))
        if place < size:
            raise CutOffError(N_("it broke off after {received} of {bytes} bytes", received=place, bytes=size))


def open_from(url: str, headers: dict[str, str]) -> Any:
    """The answer to a request for a part; for the whole where the server refuses that part. Raises GivenUpError."""
    try:
        return open_address(url, headers)
    except NoSuchPartError:
        if "Range" not in headers:
            raise
        return open_address(url, {name: value for name, value in headers.items() if name not in ("Range", "If-Range")})


def not_an_archive(chunk: bytes) -> Message:
    """What a source sent whose first bytes are these."""
    start = repr(chunk[:20])
    if chunk.lstrip()[:1] == b"<":
        return N_("it sent a web page instead of the archive, starting with {start}", start=start)
    return N_("it sent something else instead of the archive, starting with {start}", start=start)


def megabytes(size: int) -> str:
    """ "41.2 MB"."""
    return f"{size / 1e6:,.1f} MB"


@contextmanager
def one_at_a_time(home: Path, partial: Partial, progress: Progress) -> Iterator[None]:
    """Hold the right to download into a cache; who waits for it says so and shows how far the other is.

    On a disk without locks nobody waits. The lock's file stays, so that all wait for the same one. Raises NotAvailable
    where the other stands still, as one that was stopped does.
    """
    from filelock import FileLock, Timeout  # a hundredth of a second that only a download needs

    lock = FileLock(home / LOCK, mode=0o644, thread_local=False, fallback_to_soft=False)
    try:
        try:
            lock.acquire(blocking=False)
        except Timeout:
            progress.say(f"Another build is downloading into {home}; this one waits and shares what it fetches.")
            with progress.stage(f"Wait for another build's {partial.archive.title}", None, "bytes") as task:
                seen, arrived, since = partial.size(), partial.received(), time.monotonic()
                while not acquired(lock):
                    now = max(partial.size(), seen)
                    task.advance(now - seen, "waiting")
                    seen = now
                    if arrived != (arrived := partial.received()):
                        since = time.monotonic()
                    elif time.monotonic() - since > STANDSTILL:
                        raise stands_still(partial.archive) from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    try:
        yield
    finally:
        lock.release()


def stands_still(archive: Archive) -> NotAvailable:
    """The error for another build that holds the right to download and does nothing with it."""
    return NotAvailable(
        N_(
            "another build is downloading {data}, and nothing of it has arrived for {seconds} s",
            data=archive.title,
            seconds=round(STANDSTILL),
        ),
        f"End that build, or let it go on where it was stopped.\n{advise(archive)}",
    )


def acquired(lock: Any) -> bool:
    """Whether the lock is ours within a second."""
    from filelock import Timeout

    try:
        lock.acquire(timeout=1, poll_interval=0.1)
    except Timeout:
        return False
    return True
