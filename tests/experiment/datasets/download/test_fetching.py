"""Downloads from servers on this machine that do whatever servers do: slow, cut off, wrong, gone."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from reportgen.errors import DataError, EnvironmentTrouble, SpecError
from reportgen.experiment.datasets import cifar10, cifar100, data_files, find_datasets
from reportgen.experiment.datasets.cifar10 import FOLDER
from reportgen.experiment.datasets.download import fetching, speed
from reportgen.experiment.datasets.download.partial import LOCK, PREFIX
from reportgen.experiment.datasets.download.sources import Source, find_sources
from reportgen.experiment.datasets.download.speed import LEAST_SPEED, least_speed
from reportgen.experiment.datasets.files import Archive, cache_folder
from reportgen.experiment.datasets.loading import load_data
from reportgen.progress import Silent
from reportgen.spec.types import DataSpec
from tests.experiment.cases import load
from tests.experiment.datasets.batches import NAMES, batch, packed, write_batches, write_batches100
from tests.support.sockets import collect_sockets

CIFAR = DataSpec(name="cifar10")
PART = f"{PREFIX}{FOLDER}.part"
WINDOW = 0.5
"""Seconds in place of twenty."""
Handler = BaseHTTPRequestHandler
Answer = Callable[[Handler], None]


@dataclass
class Server:
    """Answers on this machine's own address as it is told."""

    body: bytes = b""
    answer: Answer | None = None
    """None: the whole body, or the part that is asked for."""
    etag: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    """The headers of each request."""

    def __post_init__(self) -> None:
        outer = self

        class OneRequest(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append(dict(self.headers.items()))
                self.close_connection = True
                with suppress(OSError):  # the other side has gone
                    (outer.answer or outer.give)(self)

            do_CONNECT = do_GET  # noqa: N815 - as the standard library looks for it

            def log_message(self, *given: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), OneRequest)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/cifar-10-python.tar.gz"

    def begin(self, handler: Handler, *, ranges: bool = True) -> int:
        """Send the header; returns where the body begins."""
        wanted = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        same = handler.headers.get("If-Range") in (None, self.etag)
        first = int(wanted[1]) if wanted and ranges and same else 0
        handler.send_response(206 if first else 200)
        if first:
            handler.send_header("Content-Range", f"bytes {first}-{len(self.body) - 1}/{len(self.body)}")
        if self.etag:
            handler.send_header("ETag", self.etag)
        handler.send_header("Content-Length", str(len(self.body) - first))
        handler.end_headers()
        return first

    def give(self, handler: Handler) -> None:
        """All of it, or from the byte asked for on."""
        handler.wfile.write(self.body[self.begin(handler) :])

    def give_slowly(self, handler: Handler, piece: int = 200, pause: float = 0.02) -> None:
        """A few bytes at a time, far below the least speed."""
        for place in range(self.begin(handler), len(self.body), piece):
            handler.wfile.write(self.body[place : place + piece])
            handler.wfile.flush()
            time.sleep(pause)

    def stall(self, handler: Handler) -> None:
        """A thousand bytes, then nothing."""
        first = self.begin(handler)
        handler.wfile.write(self.body[first : first + 1000])
        handler.wfile.flush()
        time.sleep(4 * WINDOW)

    def cut_off(self, handler: Handler, after: int = 20_000, *, ranges: bool = True) -> None:
        """Some bytes, then the end."""
        first = self.begin(handler, ranges=ranges)
        handler.wfile.write(self.body[first : first + after])

    def ignore_ranges(self, handler: Handler) -> None:
        """All of it whatever is asked for."""
        self.begin(handler, ranges=False)
        handler.wfile.write(self.body)


@contextmanager
def running(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        thread.join()
        server.http.server_close()


@pytest.fixture(autouse=True)
def nowhere_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No data from the environment, an empty cache, short seconds, no proxy."""
    for name in ("REPORTGEN_DATA", "REPORTGEN_CIFAR10_URL", "REPORTGEN_CIFAR100_URL", "REPORTGEN_MIN_SPEED"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(speed, "WINDOW", WINDOW)


@pytest.fixture(scope="module")
def body(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small archive, with files in it that must not be unpacked."""
    place = write_batches(tmp_path_factory.mktemp("published"))
    files = {f"{FOLDER}/{name}": (place / name).read_bytes() for name in NAMES}
    return packed({**files, f"{FOLDER}/readme.html": b"hello", "../escaped": b"out"})


@pytest.fixture
def servers(body: bytes) -> Iterator[list[Server]]:
    """Three with the same small archive."""
    with running(Server(body)) as first, running(Server(body)) as second, running(Server(body)) as third:
        yield [first, second, third]


def passing(body: bytes, *urls: str) -> Archive:
    """The archive, if this were the published one."""
    md5, sha256 = hashlib.md5(body, usedforsecurity=False).hexdigest(), hashlib.sha256(body).hexdigest()
    return replace(cifar10.ARCHIVE, urls=urls, size=len(body), md5=md5, sha256=sha256)


@pytest.fixture
def server(servers: list[Server], body: bytes, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The only source."""
    monkeypatch.setattr(cifar10, "ARCHIVE", passing(body, servers[0].url))
    return servers[0]


@pytest.fixture
def chain(servers: list[Server], body: bytes, monkeypatch: pytest.MonkeyPatch) -> list[Server]:
    """Three sources in this order."""
    monkeypatch.setattr(cifar10, "ARCHIVE", passing(body, *(server.url for server in servers)))
    return servers


class Heard(Silent):
    """Keeps what a terminal would show."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int | None]] = []
        self.warnings: list[str] = []
        self.said: list[str] = []
        self.heard = 0

    @contextmanager
    def stage(self, name, total=None, unit=""):  # type: ignore[no-untyped-def]
        self.stages.append((name, total))
        yield self

    def advance(self, amount: int = 1, note: str = "") -> None:
        self.heard += amount

    def say(self, message: str) -> None:
        self.said.append(message)

    def warn(self, message: str) -> None:
        self.warnings.append(message)


def fetched(spec: DataSpec = CIFAR) -> Heard:
    """Load over the network and prove that the files are the right ones."""
    heard = Heard()
    data = load_data(spec, data_root=None, offline=False, seed=0, base=Path(), progress=heard)
    assert (data.test_images.numpy().transpose(0, 3, 1, 2).reshape(-1, 3072) == batch(5)[b"data"]).all()
    return heard


def failed() -> DataError:
    """Load over the network in vain; the hint says all that can be done."""
    with pytest.raises(DataError) as caught:
        load(CIFAR, offline=False)
    for way in ("Download http", "--data-root", "REPORTGEN_CIFAR10_URL", "REPORTGEN_MIN_SPEED", str(cache_folder())):
        assert way in caught.value.hint
    assert "data.fallback: digits" in caught.value.hint
    return caught.value


def leftovers() -> list[str]:
    """What lies in the cache, but for the lock."""
    home = cache_folder()
    found = sorted(str(path.relative_to(home)) for path in home.rglob("*")) if home.exists() else []
    return [name for name in found if name != LOCK]


WHOLE = [FOLDER, *sorted(f"{FOLDER}/{name}" for name in NAMES)]


def test_a_download_is_unpacked_once_and_found_again(server: Server, tmp_path: Path) -> None:
    for _ in range(2):
        fetched()
    assert len(server.asked) == 1
    assert leftovers() == WHOLE
    assert not list(tmp_path.rglob("escaped"))


def test_a_download_tells_from_where_and_how_far_it_is(server: Server) -> None:
    heard = fetched()
    assert heard.stages == [("Download CIFAR-10 from 127.0.0.1", len(server.body))]
    assert heard.heard == len(server.body)


def refused_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def status(code: int, content: bytes = b"", **headers: str) -> Answer:
    """An answer of this status, header and body."""

    def give(handler: Handler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return give


def greet_as_ssh(handler: Handler) -> None:
    """What another service says first."""
    handler.wfile.write(b"SSH-2.0-x\r\n")


PAGE = b"<!DOCTYPE html><html><body>Down for maintenance</body></html>"
USELESS: dict[str, tuple[Answer, str]] = {
    "not found": (status(404, PAGE), "it answered 404 Not Found"),
    "overloaded": (status(503, PAGE), "it answered 503 Service Unavailable"),
    "a web page": (
        status(200, PAGE, Content_Type="text/html", Content_Length=str(len(PAGE))),
        "61 bytes, not 370,954, of the type text/html",
    ),
    "a web page of no length": (
        status(200, PAGE, Content_Type="text/html"),
        "it sent a web page instead of the archive",
    ),
    "bytes of no length": (status(200, b"\0" * 100), "it sent something else instead of the archive"),
    "a closed port": (status(302, Location=f"http://127.0.0.1:{refused_port()}/x"), "Connection refused"),
    "a file": (status(302, Location="file:///etc/passwd"), "redirects to an address that is neither http nor https"),
    "inline data": (status(307, Location="data:,x"), "redirects to an address that is neither http nor https"),
    "no address": (status(302), "it answered 302"),
    "ftp": (status(302, Location="ftp://127.0.0.1/x"), "redirects to an address that is neither http nor https"),
    "nowhere": (status(302, Location="http://[::1/x"), "can't be used"),
    "no content": (status(204), "it answered 204"),
    "no HTTP": (greet_as_ssh, "it does not speak HTTP"),
    "nothing": (lambda handler: None, "without response|Remote end closed|does not speak HTTP|Disconnected"),
    "a part nobody asked for": (status(206, b"\x1f\x8b", Content_Range="bytes 5-9/100"), "a different part"),
    "a part of no place": (status(206, b"\x1f\x8b"), "a different part"),
}


@pytest.mark.parametrize("what", USELESS)
def test_a_source_that_has_something_else_is_given_up_and_leaves_nothing(what: str, server: Server) -> None:
    server.answer, expected = USELESS[what]
    begun = time.monotonic()
    error = failed()
    assert re.search(expected, error.message), error.message
    assert error.exit_code == 3
    assert leftovers() == []
    assert time.monotonic() - begun < 2


def test_a_source_that_redirects_in_circles_is_given_up(server: Server) -> None:
    server.answer = status(302, Location=server.url)
    assert "it redirects in a circle" in failed().message
    server.answer = lambda handler: status(302, Location=f"{server.url}?{len(server.asked)}")(handler)
    assert "it redirects more than 10 times" in failed().message
    assert leftovers() == []


def test_a_redirection_to_the_archive_is_followed(
    servers: list[Server], body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cifar10, "ARCHIVE", passing(body, servers[0].url))
    servers[0].answer = status(302, Location=servers[1].url)
    fetched()


@pytest.mark.parametrize("what", USELESS)
def test_the_next_source_is_asked_and_the_change_is_said(what: str, chain: list[Server]) -> None:
    chain[0].answer, _ = USELESS[what]
    heard = fetched()
    assert len(heard.warnings) == 1
    assert chain[0].url in heard.warnings[0]
    assert f"going on with {chain[1].url}" in heard.warnings[0]
    assert not chain[2].asked
    assert leftovers() == WHOLE


@pytest.mark.parametrize("length", ["abc", "-5", "", "1e6", "99999999999999999999999", "٣"])
def test_a_length_that_is_none_does_not_matter(length: str, server: Server) -> None:
    def give(handler: Handler) -> None:
        handler.send_response(200)
        handler.wfile.write(b"".join(handler._headers_buffer))  # type: ignore[attr-defined]
        handler._headers_buffer = []  # type: ignore[attr-defined]
        handler.wfile.write(f"Content-Length: {length}\r\n\r\n".encode() + server.body)

    server.answer = give
    fetched()


def test_no_length_does_not_matter(server: Server) -> None:
    server.answer = status(200, server.body)
    fetched()


def test_chunks_do_not_matter(server: Server) -> None:
    def give(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for place in range(0, len(server.body), 10_000):
            piece = server.body[place : place + 10_000]
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        handler.wfile.write(b"0\r\n\r\n")

    server.answer = give
    fetched()


def test_a_wrong_length_is_refused_before_anything_is_fetched(server: Server) -> None:
    server.body = server.body + b"!"
    assert f"{len(server.body):,} bytes, not {len(server.body) - 1:,}" in failed().message
    assert leftovers() == []


def test_a_source_that_never_ends_is_given_up_at_the_published_size(server: Server) -> None:
    server.answer = status(200, server.body + b"!" * 500_000)
    assert "it sent more than the" in failed().message


@pytest.mark.parametrize("place", [2, 5_000, -1])
def test_one_wrong_byte_is_found_and_nothing_of_it_is_kept(place: int, server: Server) -> None:
    changed = bytearray(server.body)
    changed[place] ^= 1
    server.body = bytes(changed)
    error = failed()
    md5 = hashlib.md5(changed, usedforsecurity=False).hexdigest()
    assert f"not the published archive (md5 {md5})" in error.message
    assert leftovers() == []


def test_the_right_md5_alone_is_not_enough(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cifar10, "ARCHIVE", replace(cifar10.ARCHIVE, sha256="0" * 64))
    assert "not the published archive" in failed().message
    assert leftovers() == []


def test_the_right_sha256_alone_is_not_enough(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cifar10, "ARCHIVE", replace(cifar10.ARCHIVE, md5="0" * 32))
    assert "not the published archive" in failed().message


def test_after_a_wrong_byte_the_next_source_gives_all_of_it(chain: list[Server]) -> None:
    chain[0].body = chain[0].body[:-1] + b"!"
    heard = fetched()
    assert "not the published archive" in heard.warnings[0]
    assert "Range" not in chain[1].asked[0]


def test_a_slow_source_is_given_up_and_the_next_goes_on_from_there(chain: list[Server]) -> None:
    chain[0].answer = chain[0].give_slowly
    heard = fetched()
    assert re.search(r"it gave \d+ kB/s over 0.5 s, and the least is 200 kB/s; going on with", heard.warnings[0])
    begin = re.fullmatch(r"bytes=(\d+)-", chain[1].asked[0]["Range"])
    assert begin
    assert 1000 < int(begin[1]) < len(chain[0].body)
    assert heard.heard == len(chain[0].body)
    assert "are here" in heard.stages[1][0]
    assert heard.stages[1][1] == len(chain[0].body) - int(begin[1])


def test_a_source_that_stalls_is_given_up(chain: list[Server]) -> None:
    chain[0].answer = chain[0].stall
    begun = time.monotonic()
    heard = fetched()
    assert "it sent nothing for 0.5 s" in heard.warnings[0]
    assert time.monotonic() - begun < 4 * WINDOW


def trickle_of_headers(handler: Handler) -> None:
    """A header that never ends, a byte at a time."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(200):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


@pytest.mark.parametrize("kind", ["header", "silence"])
def test_a_source_that_never_answers_is_given_up(kind: str, chain: list[Server]) -> None:
    chain[0].answer = trickle_of_headers if kind == "header" else lambda handler: time.sleep(4 * WINDOW)
    begun = time.monotonic()
    assert "no answer within 0.5 s" in fetched().warnings[0]
    assert time.monotonic() - begun < 4 * WINDOW


def test_a_resolver_that_hangs_is_given_up(chain: list[Server], monkeypatch: pytest.MonkeyPatch) -> None:
    known, real = cifar10.ARCHIVE, socket.getaddrinfo

    def hang(host, *rest, **more):  # type: ignore[no-untyped-def]
        if host == "slow.test":
            time.sleep(4 * WINDOW)
            raise socket.gaierror(-2, "Name or service not known")
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(cifar10, "ARCHIVE", replace(known, urls=("http://slow.test/x", *known.urls)))
    begun = time.monotonic()
    assert "no answer within" in fetched().warnings[0]
    assert time.monotonic() - begun < 4 * WINDOW


def test_a_name_that_is_not_known_is_said_at_once(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cifar10, "ARCHIVE", replace(cifar10.ARCHIVE, urls=("https://nowhere.invalid/x.tar.gz",)))
    begun = time.monotonic()
    assert re.search(r"nowhere\.invalid: (.*(known|resolution|name|resolve)|it gave no answer)", failed().message)
    assert time.monotonic() - begun < 2


@pytest.mark.slow
def test_where_all_are_slow_the_longest_beginning_is_kept_and_the_next_try_goes_on(chain: list[Server]) -> None:
    for server in chain:
        server.answer = server.give_slowly
    error = failed()
    kept = (cache_folder() / PART).stat().st_size
    assert error.message.count("kB/s over") == 3
    assert "are kept for the next try" in error.message
    assert (cache_folder() / PART).read_bytes() == chain[0].body[:kept]
    for server in chain:
        server.answer, server.asked = None, []
    heard = fetched()
    assert chain[0].asked[0]["Range"] == f"bytes={kept}-"
    assert heard.heard == len(chain[0].body) - kept
    assert leftovers() == WHOLE


@pytest.mark.slow
def test_a_lower_least_speed_accepts_a_slow_source(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answer = lambda handler: server.give_slowly(handler, 2_000, 0.01)
    monkeypatch.setenv("REPORTGEN_MIN_SPEED", "1kB/s")
    begun = time.monotonic()
    fetched()
    assert time.monotonic() - begun > 2 * WINDOW


def test_a_source_that_breaks_off_is_asked_for_the_rest(chain: list[Server]) -> None:
    server = chain[0]
    server.answer = lambda handler: server.cut_off(handler, len(server.body) // 3 + 1)
    heard = fetched()
    assert heard.warnings == []
    third = len(server.body) // 3 + 1
    assert [asked.get("Range") for asked in server.asked] == [None, f"bytes={third}-", f"bytes={2 * third}-"]
    assert not chain[1].asked


def test_a_source_that_breaks_off_too_often_is_given_up_and_the_next_goes_on(chain: list[Server]) -> None:
    chain[0].answer = lambda handler: chain[0].cut_off(handler, 1000)
    heard = fetched()
    assert re.search(r"it broke off after 4,000 of [\d,]+ bytes", heard.warnings[0])
    assert chain[1].asked[0]["Range"] == "bytes=4000-"


def test_a_source_that_breaks_off_and_knows_no_parts_is_not_asked_for_ever(chain: list[Server]) -> None:
    chain[0].answer = lambda handler: chain[0].cut_off(handler, 5_000, ranges=False)
    chain[1].answer = lambda handler: chain[1].cut_off(handler, 3_000, ranges=False)
    heard = fetched()
    assert [len(server.asked) for server in chain] == [2, 1, 1]
    assert chain[2].asked[0]["Range"] == "bytes=5000-"  # the longer beginning was kept
    assert len(heard.warnings) == 2


def test_a_source_that_knows_no_parts_begins_again(chain: list[Server]) -> None:
    chain[0].answer = lambda handler: chain[0].cut_off(handler, 1000)
    chain[1].answer = chain[1].ignore_ranges
    fetched()
    assert chain[1].asked[0]["Range"] == "bytes=4000-"
    assert leftovers() == WHOLE


def test_a_source_that_refuses_a_part_is_asked_for_the_whole(chain: list[Server]) -> None:
    def refuse_parts(handler: Handler) -> None:
        (status(416) if "Range" in handler.headers else chain[1].give)(handler)

    chain[0].answer = lambda handler: chain[0].cut_off(handler, 1000)
    chain[1].answer = refuse_parts
    fetched()
    assert [asked.get("Range") for asked in chain[1].asked] == ["bytes=4000-", None]
    assert leftovers() == WHOLE


def test_a_wrong_beginning_of_one_source_is_not_the_fault_of_the_next(chain: list[Server]) -> None:
    right = chain[0].body
    chain[0].body = right[:100] + b"!" + right[101:]
    chain[0].answer = lambda handler: chain[0].cut_off(handler, 1000)
    fetched()
    assert [asked.get("Range") for asked in chain[1].asked] == ["bytes=4000-", None]


def test_the_version_of_a_source_is_kept_so_that_a_changed_file_begins_again(server: Server) -> None:
    server.etag = '"one"'
    server.answer = server.stall
    failed()
    server.answer, server.etag, server.asked = None, '"two"', []
    heard = fetched()
    assert (server.asked[0]["If-Range"], server.asked[0]["Range"]) == ('"one"', "bytes=1000-")
    assert heard.heard == len(server.body)


def test_an_unchanged_file_goes_on(server: Server) -> None:
    server.etag = '"one"'
    server.answer = server.stall
    failed()
    server.answer = None
    assert fetched().heard == len(server.body) - 1000


@pytest.mark.parametrize("kept", ["{", "[]", '{"source": 1}', '{"etag": "a\\r\\nX: y"}'])
def test_a_note_of_the_version_that_is_damaged_does_not_matter(kept: str, server: Server) -> None:
    server.etag = '"one"'
    server.answer = server.stall
    failed()
    (cache_folder() / f"{PREFIX}{FOLDER}.json").write_text(kept)
    server.answer = None
    fetched()


def test_a_weak_version_is_not_asked_for(server: Server) -> None:
    server.etag = 'W/"one"'
    server.answer = server.stall
    failed()
    server.answer = None
    fetched()
    assert "If-Range" not in server.asked[-1]


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_a_beginning_of_any_length_is_gone_on_with_or_dropped(extra: int, server: Server) -> None:
    """All of it was here when the process was killed, one byte is missing, or there is one too many."""
    cache_folder().mkdir(parents=True)
    (cache_folder() / PART).write_bytes((server.body + b"!")[: len(server.body) + extra])
    fetched()
    assert [asked.get("Range") for asked in server.asked] == {
        -1: [f"bytes={len(server.body) - 1}-"],
        0: [],
        1: [None],
    }[extra]
    assert leftovers() == WHOLE


def test_what_killed_downloads_left_is_removed(server: Server) -> None:
    left = cache_folder() / f"{PREFIX}abc123"
    left.mkdir(parents=True)
    (left / "archive.tar.gz").write_bytes(b"x" * 1000)
    (cache_folder() / f"{PREFIX}{FOLDER}.new").write_bytes(b"x")
    (cache_folder() / "other").mkdir()
    fetched()
    assert leftovers() == [*WHOLE, "other"]


@pytest.mark.parametrize("itself", [False, True])
def test_an_archive_that_is_here_is_unpacked_and_nothing_is_fetched(
    server: Server, tmp_path: Path, body: bytes, itself: bool
) -> None:
    file = tmp_path / "downloads" / Path(server.url).name
    file.parent.mkdir()
    file.write_bytes(body)
    root = file if itself else file.parent
    assert data_files(CIFAR, root, Path(), find_datasets()) == (file,)
    assert find_datasets()["cifar10"].examine(CIFAR, root, Path(), False) == ()
    heard = Heard()
    data = load_data(CIFAR, data_root=root, offline=True, seed=0, base=Path(), progress=heard)
    assert (data.test_images.numpy().transpose(0, 3, 1, 2).reshape(-1, 3072) == batch(5)[b"data"]).all()
    assert (leftovers(), file.read_bytes(), server.asked) == (WHOLE, body, [])
    assert any(f"is unpacked from {file}" in line for line in heard.said)
    assert len(data_files(CIFAR, root, Path(), find_datasets()) or ()) == len(NAMES)


def test_an_archive_that_is_here_and_not_the_published_one_is_said_and_not_used(
    server: Server, tmp_path: Path, body: bytes
) -> None:
    file = tmp_path / "downloads" / Path(server.url).name
    file.parent.mkdir()
    file.write_bytes(bytes([body[0]]) + bytes([body[1] ^ 1]) + body[2:])
    with pytest.raises(DataError, match="--offline forbids") as caught:
        load_data(CIFAR, data_root=file.parent, offline=True, seed=0, base=Path(), progress=Heard())
    assert f"{file} is not the published archive, by its digests: get it again." in caught.value.hint
    load_data(CIFAR, data_root=file.parent, offline=False, seed=0, base=Path(), progress=Heard())
    assert len(server.asked) == 1


def test_an_archive_that_is_no_archive_leaves_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip

    server.body = gzip.compress(os.urandom(5000))
    monkeypatch.setattr(cifar10, "ARCHIVE", passing(server.body, server.url))
    with pytest.raises(DataError, match="can't be unpacked"):
        load(CIFAR, offline=False)
    assert leftovers() == []


def test_a_cache_that_can_not_be_made_is_the_machines_trouble(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(EnvironmentTrouble, match="can't be stored") as caught:
        load(CIFAR, offline=False)
    assert "--data-root" in caught.value.hint
    assert caught.value.hint.startswith("Remove what lies in the place of that folder, or give")


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.EACCES, "Make that folder writable, name another for caches in XDG_CACHE_HOME, or give the data's"),
        (errno.EROFS, "Make that folder writable"),
        (errno.ENOSPC, "Free some space there (400 MB), or give the data's folder with --data-root."),
        (errno.EIO, "Check that disk, or give the data's folder with --data-root."),
    ],
)
def test_what_keeps_the_data_from_being_stored_has_its_own_hint(
    server: Server, monkeypatch: pytest.MonkeyPatch, number: int, hint: str
) -> None:
    def refuse(*given: object, **named: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fetching, "remove_leftovers", refuse)
    with pytest.raises(EnvironmentTrouble, match="can't be stored") as caught:
        load(CIFAR, offline=False)
    assert caught.value.hint.startswith(hint)


def test_a_disk_that_is_full_is_the_machines_trouble_and_gets_its_room_back(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    server.answer = server.stall
    failed()
    assert (cache_folder() / PART).exists()
    server.answer = None
    monkeypatch.setattr(fetching.Download, "copy", full)
    with pytest.raises(EnvironmentTrouble, match="No space left on device"):
        load(CIFAR, offline=False)
    assert leftovers() == []


def test_sources_of_ones_own_come_first_in_their_order(chain: list[Server], monkeypatch: pytest.MonkeyPatch) -> None:
    chain[2].answer = status(404)
    monkeypatch.setenv("REPORTGEN_CIFAR10_URL", f"  {chain[2].url}\n {chain[1].url} ")
    heard = fetched()
    assert [len(server.asked) for server in chain] == [0, 1, 1]
    assert chain[2].url in heard.warnings[0]


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "/data/x.tar.gz", "http://", "http://[::1", "http://a b", "x"]
)
def test_a_source_that_is_no_web_address_is_given_up_and_said(
    url: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTGEN_CIFAR10_URL", url)
    assert fetched().warnings


def test_secrets_of_an_address_stand_in_no_message(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answer = status(503)
    port = server.http.server_port
    urls = (
        f"http://zqxuser:zqxword@127.0.0.1:{port}/x?token=zqxtoken#zqxpart",
        f"http://127.0.0.1:{port}/x?sig=zqxtoken",
        "http://zqxuser:zqx@word@[::1/zqx",
    )
    monkeypatch.setenv("REPORTGEN_CIFAR10_URL", " ".join(urls))
    heard = Heard()
    spec = DataSpec(name="cifar10", fallback="digits")
    facts = load_data(spec, data_root=None, offline=False, seed=0, base=Path(), progress=heard).facts
    assert len(heard.warnings) == 5
    assert heard.warnings[-1].startswith("digits in place of cifar10: CIFAR-10 can't be fetched")
    assert "--data-root" in heard.warnings[-1]
    assert "zqx" not in " ".join([*heard.warnings, str(facts.fallback_reason), *(name for name, _ in heard.stages)])
    assert "REPORTGEN_CIFAR10_URL (2): it answered 503" in str(facts.fallback_reason)


def test_the_fallback_steps_in_for_slowness_too_and_says_so(server: Server, tmp_path: Path) -> None:
    server.answer = server.give_slowly
    facts = load(DataSpec(name="cifar10", fallback="digits"), offline=False).facts
    assert (facts.name, facts.requested) == ("digits", "cifar10")
    assert "kB/s over" in str(facts.fallback_reason)
    assert str(tmp_path) not in str(facts.fallback_reason)


def test_the_environments_proxy_is_used(chain: list[Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cifar10, "ARCHIVE", replace(cifar10.ARCHIVE, urls=("http://far.test/x.tar.gz",)))
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{chain[1].http.server_port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    fetched()
    assert chain[1].asked[0]["Host"] == "far.test"


@pytest.mark.parametrize(
    ("name", "url", "answer", "said"),
    [
        ("HTTPS_PROXY", "https://far.test/x.tar.gz", None, "Connection refused"),
        ("http_proxy", "http://far.test/x.tar.gz", None, "Connection refused"),
        ("https_proxy", "https://far.test/x.tar.gz", status(403), "it answered 403 Forbidden"),
        ("HTTP_PROXY", "http://far.test/x.tar.gz", status(407), "it answered 407 Proxy Authentication Required"),
    ],
)
def test_what_a_proxy_is_to_blame_for_names_its_variable_and_not_its_password(
    server: Server, monkeypatch: pytest.MonkeyPatch, name: str, url: str, answer: Answer | None, said: str
) -> None:
    monkeypatch.setattr(cifar10, "ARCHIVE", replace(cifar10.ARCHIVE, urls=(url,)))
    monkeypatch.setattr(
        speed, "WINDOW", 20.0
    )  # the certificates of a busy machine take their time; the answer does not
    server.answer = answer or server.answer
    port = refused_port() if answer is None else server.http.server_port
    monkeypatch.setenv(name, f"http://me:secret@127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    error = failed()
    assert f"{said} (through the proxy in the variable {name})" in error.message
    assert "secret" not in error.message + error.hint
    del error
    collect_sockets()


def test_a_proxy_that_is_not_used_is_not_named(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{refused_port()}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server.answer = status(302, Location=f"http://127.0.0.1:{refused_port()}/x")
    assert "proxy" not in failed().message


@pytest.mark.parametrize(
    ("given", "speed"),
    [
        ("", LEAST_SPEED),
        ("200kB", 200e3),
        ("200 KB/s", 200e3),
        ("1.5MB", 1.5e6),
        ("2MiB/s", 2 * 2**20),
        ("50000", 5e4),
        ("0", 0),
        (" 10 ", 10),
        ("1GB", 1e9),
    ],
)
def test_the_least_speed_is_read_as_people_write_it(given: str, speed: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_MIN_SPEED", given)
    assert least_speed() == speed


@pytest.mark.parametrize("given", ["fast", "-1", "nan", "inf", "1e3", "200 kb it", "10**9", "1" * 5000, "٣"])
def test_what_is_no_speed_is_refused(given: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_MIN_SPEED", given)
    with pytest.raises(SpecError, match=r"REPORTGEN_MIN_SPEED is .*, which is not a speed") as caught:
        load(CIFAR, offline=False)
    assert len(caught.value.message) < 100
    assert not server.asked


@pytest.mark.slow
def test_two_at_once_share_one_download(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_MIN_SPEED", "1kB")
    server.answer = lambda handler: server.give_slowly(handler, 4_000, 0.02)
    heard, errors = [Heard(), Heard()], []

    def build(one: Heard) -> None:
        try:
            load_data(CIFAR, data_root=None, offline=False, seed=0, base=Path(), progress=one)
        except Exception as error:  # a thread's own would be lost
            errors.append(error)

    first, second = (threading.Thread(target=build, args=(one,)) for one in heard)
    first.start()
    while not server.asked:
        time.sleep(0.005)
    second.start()
    first.join()
    second.join()
    assert errors == []
    assert len(server.asked) == 1
    assert "waits and shares what it fetches" in heard[1].said[0]
    assert heard[1].stages == [("Wait for another build's CIFAR-10", None)]
    assert leftovers() == WHOLE


@pytest.mark.slow
def test_another_download_that_stands_still_is_not_waited_for_for_ever(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "STANDSTILL", 0.5)
    cache_folder().mkdir(parents=True)
    with (
        FileLock(cache_folder() / LOCK, thread_local=False),
        pytest.raises(DataError, match="nothing of it has arrived"),
    ):
        load(CIFAR, offline=False)
    assert not server.asked


KILLED = """
import sys
from dataclasses import replace
from pathlib import Path
from reportgen.experiment.datasets import cifar10
from reportgen.experiment.datasets.loading import load_data
from reportgen.progress import Silent
from reportgen.spec.types import DataSpec
url, size = sys.argv[1], int(sys.argv[2])
cifar10.ARCHIVE = replace(cifar10.ARCHIVE, urls=(url,), size=size)
load_data(DataSpec(name="cifar10"), data_root=None, offline=False, seed=0, base=Path(), progress=Silent())
"""


@pytest.mark.slow
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM])
def test_a_download_that_is_killed_is_gone_on_with_and_blocks_nobody(by: signal.Signals, server: Server) -> None:
    server.answer = lambda handler: server.give_slowly(handler, 2_000, 0.02)
    process = subprocess.Popen([sys.executable, "-c", KILLED, server.url, str(len(server.body))])
    part = cache_folder() / PART
    while not part.exists() or part.stat().st_size < 2_000:
        time.sleep(0.01)
        assert process.poll() is None
    process.send_signal(by)
    process.wait(10)
    kept = part.stat().st_size
    server.answer, server.asked = None, []
    assert fetched().heard == len(server.body) - kept
    assert leftovers() == WHOLE


@pytest.mark.slow
def test_a_download_cut_off_at_160_mb_goes_on_with_the_last_10(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size of the real one, and sparse on both sides: what matters is where it goes on."""
    size, cut = 170_498_071, 160_000_000
    zeros = b"\0" * (1 << 20)

    def give(handler: Handler) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        first = int(wanted[1]) if wanted else 0
        handler.send_response(206 if first else 200)
        handler.send_header("Content-Range", f"bytes {first}-{size - 1}/{size}")
        handler.send_header("Content-Length", str(size - first))
        handler.end_headers()
        place = first
        while place < (size if first else cut):
            piece = (b"\x1f\x8b" if place == 0 else b"") + zeros
            piece = piece[: (size if first else cut) - place]
            handler.wfile.write(piece)
            place += len(piece)

    with running(Server(b"", give)) as server:
        monkeypatch.setattr(cifar10, "ARCHIVE", replace(cifar10.ARCHIVE, urls=(server.url,)))
        error = failed()
    assert [asked.get("Range") for asked in server.asked] == [None, f"bytes={cut}-"]
    assert "not the published archive (md5" in error.message
    assert leftovers() == []


def test_cifar_100_is_downloaded_in_the_same_way(
    servers: list[Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = write_batches100(tmp_path)
    content = packed({f"{cifar100.FOLDER}/{name}": (place / name).read_bytes() for name in ("train", "test", "meta")})
    like = passing(content, servers[0].url, servers[1].url)
    monkeypatch.setattr(
        cifar100, "ARCHIVE", replace(cifar100.ARCHIVE, urls=like.urls, size=like.size, md5=like.md5, sha256=like.sha256)
    )
    servers[0].answer = status(503)
    servers[1].body = content
    data = load(DataSpec(name="cifar100"), offline=False)
    assert len(data.facts.classes) == 100
    assert len(servers[1].asked) == 1
    monkeypatch.setenv("REPORTGEN_CIFAR100_URL", servers[2].url)
    assert (load(DataSpec(name="cifar100"), offline=False).test_images == data.test_images).all()
    assert not servers[2].asked


@pytest.mark.parametrize("kind", [cifar10, cifar100])
def test_the_published_sources_are_the_original_and_two_mirrors(kind: object) -> None:
    archive: Archive = kind.ARCHIVE  # type: ignore[attr-defined]
    hosts = [Source(url, "").shown.split("/")[2] for url in archive.urls]
    assert hosts == ["www.cs.toronto.edu", "zenodo.org", "huggingface.co"]
    named = [source.name for source in find_sources(archive)]
    assert named == ["cs.toronto.edu", "zenodo.org", "huggingface.co"]  # none that a page takes for an address
    assert all(url.startswith("https://") for url in archive.urls)
    assert (len(archive.md5), len(archive.sha256)) == (32, 64)


def test_the_part_is_what_the_note_says(server: Server) -> None:
    server.etag = '"one"'
    server.answer = server.stall
    failed()
    kept = json.loads((cache_folder() / f"{PREFIX}{FOLDER}.json").read_text())
    assert kept == {"source": hashlib.sha256(server.url.encode()).hexdigest(), "etag": '"one"'}
    assert np.frombuffer((cache_folder() / PART).read_bytes(), np.uint8).tolist() == list(server.body[:1000])
