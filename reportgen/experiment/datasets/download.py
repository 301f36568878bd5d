"""Fetch a published archive from whoever has it, go on where an earlier try ended, check it, move it in whole.

Sources are tried in order. One that is slow, cut off, closed or wrong is given up, with a warning that says why, and
the next goes on from the bytes that are here: all sources should have the same, and the digests decide in the end.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import json
import os
import queue
import re
import shutil
import tarfile
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from reportgen import __version__
from reportgen.errors import DataError, EnvironmentTrouble, SpecError
from reportgen.experiment.datasets.files import Archive, advise
from reportgen.experiment.datasets.raw import DataRequest
from reportgen.progress import Progress, Task
from reportgen.system.lock import NO_LOCKS

PREFIX = ".fetch-"
"""Of everything in the cache that is not whole yet."""
LOCK = PREFIX + "lock"
CHUNK = 1 << 18
WINDOW = 20.0
"""Seconds over which a source's speed is averaged, and for which it may send nothing at all."""
LEAST_SPEED = 200_000
"""Bytes a second; $REPORTGEN_MIN_SPEED says otherwise."""
SPEED = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([kKMG]?)(i?)B?(?:/s|ps)?", re.ASCII)
CUT_OFF_TRIES = 4
"""How often one source is asked for the rest when it breaks off."""
GZIP = b"\x1f\x8b"


class GivenUpError(Exception):
    """Why nothing more is asked of a source."""


class CutOffError(GivenUpError):
    """The connection ended early; the same source may have the rest."""


@dataclass(frozen=True)
class Source:
    """One place that may have the archive."""

    url: str
    name: str
    """As messages and records call it: a host that is published here, or the variable that names it."""

    @property
    def shown(self) -> str:
        """The address as a terminal may show it, without passwords and tokens."""
        try:
            parts = urlsplit(self.url)
            return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        except ValueError:
            return self.name


def fetch(archive: Archive, home: Path, request: DataRequest) -> Path:
    """Download and unpack `archive` into `home`; returns the folder of its files.

    Raises DataError offline, or when no source gives the published bytes at the least speed; SpecError for a speed
    that is none; EnvironmentTrouble for a disk that is full or closed. Of a download that fails, the part that is here
    is kept for the next try; other builds wait meanwhile.
    """
    if request.offline:
        what = f"{archive.title} is not on this machine ({archive.folder}), and --offline forbids fetching it"
        raise DataError(what, advise(archive))
    least = least_speed()
    final = home / archive.folder
    partial = Partial(home, archive)
    try:
        home.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(home, partial, request.progress):
            if not all((final / name).is_file() for name in archive.files):
                remove_leftovers(home)
                Download(archive, partial, least, request.progress).run()
                unpack(partial, home, final)
    except OSError as error:
        with suppress(OSError):
            partial.drop()  # a full disk needs the room
        raise EnvironmentTrouble(
            f"the data can't be stored in {home}: {error.strerror or error}",
            f"Free some space there (400 MB), or give the data's folder with --data-root.\n{advise(archive)}",
        ) from error
    return final


def least_speed() -> float:
    """Bytes a second below which a source is given up. Raises SpecError where the environment names no speed."""
    given = os.environ.get("REPORTGEN_MIN_SPEED", "").strip()
    if not given:
        return LEAST_SPEED
    found = SPEED.fullmatch(given)
    if found is None:
        raise SpecError(
            f"REPORTGEN_MIN_SPEED is {given[:40]!r}, which is no speed",
            "Give bytes a second, such as 200kB, 1.5MB or 50000; 0 accepts any speed.",
        )
    number, prefix, binary = found.groups()
    thousand = 1024 if binary else 1000
    return float(number) * float(thousand ** ("", "k", "M", "G").index(prefix.replace("K", "k")))


def find_sources(archive: Archive) -> list[Source]:
    """The user's own sources, then the published ones."""
    own = os.environ.get(archive.variable, "").split()
    names = [archive.variable if len(own) == 1 else f"{archive.variable} ({row})" for row in range(1, len(own) + 1)]
    found = [Source(url, name) for url, name in zip(own, names, strict=True)]
    return [*found, *(Source(url, urlsplit(url).hostname or url) for url in archive.urls)]


class Partial:
    """What of an archive is here already."""

    def __init__(self, home: Path, archive: Archive) -> None:
        self.file = home / f"{PREFIX}{archive.folder}.part"
        self.fresh = home / f"{PREFIX}{archive.folder}.new"
        """What a source sends that begins at the beginning again; it replaces the other when it gets further."""
        self.tag = home / f"{PREFIX}{archive.folder}.json"
        self.archive = archive

    def size(self) -> int:
        """Bytes."""
        return self.file.stat().st_size if self.file.is_file() else 0

    def etag_of(self, source: Source) -> str:
        """The version that this source said its bytes are of; "" when they came from another."""
        try:
            kept = json.loads(self.tag.read_text("utf-8"))
            return str(kept["etag"]) if kept["source"] == digest_of(source.url) else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def remember(self, source: Source, etag: str | None) -> None:
        """Keep what `etag_of` gives; weak tags don't promise the same bytes."""
        usable = etag if etag and etag.startswith('"') and etag.isascii() and etag.isprintable() else ""
        self.tag.write_text(json.dumps({"source": digest_of(source.url), "etag": usable}), "utf-8")

    def keep_longer(self) -> bool:
        """Of two beginnings the longer one; whether that is the fresh one."""
        longer = self.fresh.is_file() and self.fresh.stat().st_size > self.size()
        if longer:
            self.fresh.replace(self.file)
        self.fresh.unlink(missing_ok=True)
        return longer

    def drop(self) -> None:
        """Remove all of it."""
        for path in (self.file, self.fresh, self.tag):
            path.unlink(missing_ok=True)

    def fault(self) -> str:
        """What is wrong with the whole file; empty when its digests are the published ones."""
        md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
        with self.file.open("rb") as file:
            while chunk := file.read(1 << 20):
                md5.update(chunk)
                sha256.update(chunk)
        if (md5.hexdigest(), sha256.hexdigest()) == (self.archive.md5, self.archive.sha256):
            return ""
        return f"what it gave is not the published archive (md5 {md5.hexdigest()})"


def digest_of(text: str) -> str:
    """For comparing addresses without keeping them."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Meter:
    """The speed of the last seconds."""

    def __init__(self) -> None:
        self.marks = deque([(time.monotonic(), 0)])
        self.total = 0

    def heard(self, size: int) -> float | None:
        """Count bytes; their average over the last seconds, None before as many have passed."""
        now = time.monotonic()
        self.total += size
        self.marks.append((now, self.total))
        while len(self.marks) > 1 and now - self.marks[1][0] >= WINDOW:
            self.marks.popleft()
        since, before = self.marks[0]
        return (self.total - before) / (now - since) if now - since >= WINDOW else None


class Download:
    """One archive from one source after another."""

    def __init__(self, archive: Archive, partial: Partial, least: float, progress: Progress) -> None:
        self.archive, self.partial, self.least, self.progress = archive, partial, least, progress

    def run(self) -> None:
        """Leave the whole archive, its digests checked, in `partial`; raises DataError when nobody has it."""
        archive, failures = self.archive, []
        if self.whole():
            return
        sources = find_sources(archive)
        for source, following in zip(sources, [*sources[1:], None], strict=True):
            try:
                self.take(source)
                return
            except GivenUpError as why:
                failures.append(f"{source.name}: {why}")
                onwards = f"; going on with {following.shown}" if following else ""
                self.progress.warn(f"{archive.title} from {source.shown}: {why}{onwards}")
        kept = self.partial.size()
        more = f"; {megabytes(kept)} of {megabytes(archive.size)} are kept for the next try" if kept else ""
        raise DataError(f"{archive.title} can't be fetched: {'; '.join(failures)}{more}", advise(archive))

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
        with closing(open_address(source.url, headers)) as answer:
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
                page = "a web page" if chunk.lstrip()[:1] == b"<" else "something else"
                raise GivenUpError(f"it sent {page} instead of the archive, starting with {chunk[:20]!r}")
            place += len(chunk)
            if place > size:
                raise GivenUpError(f"what it sends is not the published archive, which has {size:,} bytes")
            out.write(chunk)
            task.advance(len(chunk))
            speed = meter.heard(len(chunk))
            if speed is not None and speed < self.least and place < size:
                raise GivenUpError(too_slow(speed, self.least))
        if place < size:
            raise CutOffError(f"it broke off after {place:,} of {size:,} bytes")


def too_slow(speed: float, least: float) -> str:
    """The reason in words."""
    return f"it gave {speed / 1000:,.0f} kB/s over {WINDOW:g} s, and the least is {least / 1000:,.4g} kB/s"


def megabytes(size: int) -> str:
    """ "41.2 MB"."""
    return f"{size / 1e6:,.1f} MB"


def receive(answer: Any) -> bytes:
    """The next bytes as soon as there are some, b"" at the end; raises GivenUpError when none come."""
    try:
        return bytes(answer.read1(CHUNK))
    except TimeoutError as error:
        raise GivenUpError(f"it sent nothing for {WINDOW:g} s") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CutOffError(f"the connection broke: {said(error)}") from error


def open_address(url: str, headers: Mapping[str, str]) -> Any:
    """The answer to a request, at most ten redirections later; raises GivenUpError.

    In a thread of its own: neither a resolver nor a server that sends its header byte by byte keeps to a time limit.
    """
    if urlsplit_or_none(url) not in ("http", "https"):
        raise GivenUpError("it has no http or https address")
    found: queue.SimpleQueue[Any] = queue.SimpleQueue()
    late = threading.Event()

    def work() -> None:
        try:
            outcome = opener().open(urllib.request.Request(url, headers=dict(headers)), timeout=WINDOW)
        except Exception as error:  # whatever it is, the one who waits must hear of it
            outcome = error
        if late.is_set():
            if hasattr(outcome, "close"):
                outcome.close()
        else:
            found.put(outcome)

    threading.Thread(target=work, name="download", daemon=True).start()
    try:
        outcome = found.get(timeout=WINDOW)
    except queue.Empty:
        late.set()
        raise GivenUpError(f"it gave no answer within {WINDOW:g} s") from None
    if isinstance(outcome, Exception):
        with suppress(OSError, AttributeError):
            outcome.close()  # type: ignore[attr-defined]  # an HTTPError holds the connection
        raise GivenUpError(said(outcome)) from outcome
    return outcome


def urlsplit_or_none(url: str) -> str | None:
    """The scheme of an address that has a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme if parts.hostname else None
    except ValueError:
        return None


class Redirections(urllib.request.HTTPRedirectHandler):
    """Follows them, and closes the connection when an address leads nowhere."""

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        """The answer from the new address."""
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except ValueError:
            fp.close()
            raise

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def opener() -> urllib.request.OpenerDirector:
    """Opens http and https, through the environment's proxies, and nothing else wherever it is sent."""
    director = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        Redirections(),
        urllib.request.HTTPErrorProcessor(),
    ):
        director.add_handler(handler)
    return director


def said(error: Exception) -> str:
    """What an error of the network says, without addresses that may hold passwords."""
    if isinstance(error, urllib.error.HTTPError):
        return f"it answered {error.code} {http.client.responses.get(error.code, '')}".rstrip()
    reason = getattr(error, "reason", None) or error
    if isinstance(reason, TimeoutError):
        return f"it gave no answer within {WINDOW:g} s"
    if isinstance(reason, OSError):
        return reason.strerror or type(reason).__name__
    if isinstance(reason, http.client.HTTPException) and not isinstance(reason, http.client.InvalidURL):
        return f"it does not speak HTTP ({type(reason).__name__})"
    return "its address, or that of a proxy, can't be used"


def first_byte(answer: Any, begin: int, archive: Archive) -> int:
    """The place in the archive at which an answer begins: `begin`, or 0 where a server knows no parts.

    Raises GivenUpError for an answer that is not of the archive, as far as its header tells.
    """
    headers = answer.headers
    if answer.status == 206:
        part = re.fullmatch(
            r"bytes\s+(\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", (headers.get("Content-Range") or "").strip()
        )
        if part is None or int(part[1]) != begin:
            raise GivenUpError("it sent another part than was asked for")
        first, whole = begin, part[3]
    elif answer.status == 200:
        first, whole = 0, (headers.get("Content-Length") or "").strip()
    else:
        raise GivenUpError(f"it answered {answer.status}")
    if re.fullmatch(r"\d{1,18}", whole) and int(whole) != archive.size:
        kind = f", of the type {headers.get_content_type()}" if headers.get("Content-Type") else ""
        raise GivenUpError(
            f"what it offers is not the published archive: {int(whole):,} bytes{kind}, not {archive.size:,}"
        )
    return first


@contextmanager
def one_at_a_time(home: Path, partial: Partial, progress: Progress) -> Iterator[None]:
    """Hold the right to download into a cache; who waits for it says so and shows how far the other is.

    On a disk without locks nobody waits. The lock's file stays, so that all wait for the same one.
    """
    from filelock import FileLock, Timeout  # a hundredth of a second that only a download needs

    lock = FileLock(home / LOCK, mode=0o644, thread_local=False, fallback_to_soft=False)
    try:
        try:
            lock.acquire(blocking=False)
        except Timeout:
            progress.say(f"Another build is downloading into {home}; this one waits and shares what it fetches.")
            with progress.stage(f"Wait for another build's {partial.archive.title}", None, "bytes") as task:
                seen = partial.size()
                while not acquired(lock):
                    now = max(partial.size(), seen)
                    task.advance(now - seen, "waiting")
                    seen = now
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    try:
        yield
    finally:
        lock.release()


def acquired(lock: Any) -> bool:
    """Whether the lock is ours within a second."""
    from filelock import Timeout

    try:
        lock.acquire(timeout=1, poll_interval=0.1)
    except Timeout:
        return False
    return True


def remove_leftovers(home: Path) -> None:
    """Remove what downloads left that were killed, but for beginnings of archives, which are gone on with."""
    for path in home.glob(f"{PREFIX}*"):
        if path.name == LOCK or (path.suffix in (".part", ".json") and path.is_file()):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def unpack(partial: Partial, home: Path, final: Path) -> None:
    """Unpack the archive beside its place, move its folder in whole, and drop the archive."""
    try:
        with tempfile.TemporaryDirectory(dir=home, prefix=PREFIX) as beside:
            extract(partial.file, Path(beside), partial.archive)
            shutil.rmtree(final, ignore_errors=True)
            (Path(beside) / partial.archive.folder).rename(final)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"the archive of {partial.archive.title} can't be unpacked: {error}", "Try again.") from error
    finally:
        partial.drop()


def extract(file: Path, beside: Path, archive: Archive) -> None:
    """The named files and nothing else; links, devices and paths that lead out are never written.

    Bytes are copied by hand: tarfile's own filters came with Python 3.11.4, and some systems have an earlier one.
    """
    (beside / archive.folder).mkdir()
    wanted = {f"{archive.folder}/{name}": beside / archive.folder / name for name in archive.files}
    with tarfile.open(file) as tar:
        for member in tar:
            source = tar.extractfile(member) if member.isreg() and member.name in wanted else None
            if source is not None:
                with source, wanted[member.name].open("wb") as target:
                    shutil.copyfileobj(source, target)
