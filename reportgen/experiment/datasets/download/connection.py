"""One request to one source: opened in bounded time, its errors told without anything secret."""

from __future__ import annotations

import http.client
import os
import queue
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urljoin, urlsplit

from reportgen.experiment.datasets.download import speed
from reportgen.experiment.datasets.download.sources import CutOffError, GivenUpError, NoSuchPartError
from reportgen.experiment.datasets.files import Archive
from reportgen.record.message import N_, Message

CHUNK = 1 << 18
"""Bytes that are read at once at most."""
PROXY_AUTHENTICATION = http.client.PROXY_AUTHENTICATION_REQUIRED
TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})\b")
"""What `http.client` says of a proxy that refuses to lead on to a host, before words of the proxy's own."""


def receive(answer: Any) -> bytes:
    """The next bytes as soon as there are some, b"" at the end; raises GivenUpError when none come."""
    try:
        return bytes(answer.read1(CHUNK))
    except TimeoutError as error:
        raise GivenUpError(N_("it sent nothing for {seconds} s", seconds=speed.WINDOW)) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CutOffError(
            N_("the connection broke: {reason}", reason=getattr(error, "strerror", None) or type(error).__name__)
        ) from error


def open_address(url: str, headers: Mapping[str, str]) -> Any:
    """The answer to a request, at most ten redirections later; raises GivenUpError.

    In a thread of its own: neither a resolver nor a server that sends its header byte by byte keeps to a time limit.
    """
    if scheme_of(url) not in ("http", "https"):
        raise GivenUpError(N_("it has no http or https address"))
    found: queue.SimpleQueue[Any] = queue.SimpleQueue()
    late = threading.Event()
    proxies = Proxies()

    def work() -> None:
        try:
            outcome = opener(proxies).open(urllib.request.Request(url, headers=dict(headers)), timeout=speed.WINDOW)
        except Exception as error:  # whatever it is, the one who waits must hear of it
            outcome = error
        if late.is_set():
            if hasattr(outcome, "close"):
                outcome.close()
        else:
            found.put(outcome)

    threading.Thread(target=work, name="download", daemon=True).start()
    try:
        outcome = found.get(timeout=speed.WINDOW)
    except queue.Empty:
        late.set()
        raise GivenUpError(proxies.named(say_late())) from None
    if isinstance(outcome, GivenUpError):
        raise outcome
    if isinstance(outcome, Exception):
        with suppress(OSError, AttributeError):
            outcome.close()  # type: ignore[attr-defined]  # an HTTPError holds the connection
        if isinstance(outcome, urllib.error.HTTPError) and outcome.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise NoSuchPartError(reason_of(outcome)) from outcome
        of_source = isinstance(outcome, urllib.error.HTTPError) and outcome.code != PROXY_AUTHENTICATION
        raise GivenUpError(reason_of(outcome) if of_source else proxies.named(reason_of(outcome))) from outcome
    return outcome


def scheme_of(url: str) -> str | None:
    """The scheme of an address that has a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme if parts.hostname else None
    except ValueError:
        return None


class Proxies(urllib.request.ProxyHandler):
    """The environment's proxies, and which of them the last request goes through."""

    used = ""
    """The scheme that it is for; empty for none."""

    def proxy_open(self, req: Any, proxy: str, type: str) -> Any:
        """Lead a request to the proxy."""
        if not (req.host and urllib.request.proxy_bypass(req.host)):
            self.used = type
        return super().proxy_open(req, proxy, type)

    def http_request(self, req: Any) -> Any:
        """Called before each request, those that follow a redirection too."""
        self.used = ""
        return req

    https_request = http_request

    def named(self, reason: Message) -> Message:
        """A reason with the variable that names the proxy, not its value, which may hold a password."""
        if not self.used:
            return reason
        wanted = f"{self.used}_proxy"
        same = sorted((name for name, value in os.environ.items() if name.lower() == wanted and value), reverse=True)
        if not same:
            return N_("{reason} (through the proxy in the settings of this system)", reason=reason)
        return N_("{reason} (through the proxy in the variable {name})", reason=reason, name=same[0])


def leads_elsewhere(url: str, target: str) -> bool:
    """Whether a redirection leads to an address of another scheme, such as of a file, than those of the web."""
    try:
        return urlsplit(urljoin(url, target)).scheme not in ("http", "https")
    except ValueError:
        return False


class Redirections(urllib.request.HTTPRedirectHandler):
    """Follows them, and closes the connection when an address leads nowhere."""

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        """The answer from the new address.

        Raises GivenUpError where one leads back, one to the next for ever, or out of the web.
        """
        if leads_elsewhere(req.full_url, headers.get("Location") or headers.get("URI") or ""):
            fp.close()
            raise GivenUpError(N_("it redirects to an address that is neither http nor https"))
        try:
            return super().http_error_302(req, fp, code, msg, headers)
        except ValueError:
            fp.close()
            raise
        except urllib.error.HTTPError as error:
            if not str(error.msg).startswith(self.inf_msg):
                raise
            error.close()
            if max(req.redirect_dict.values()) >= self.max_repeats:
                raise GivenUpError(N_("it redirects in a circle")) from error
            raise GivenUpError(N_("it redirects more than {most} times", most=self.max_redirections)) from error

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def opener(proxies: Proxies) -> urllib.request.OpenerDirector:
    """Opens http and https, through the environment's proxies, and nothing else wherever it is sent."""
    director = urllib.request.OpenerDirector()
    for handler in (
        proxies,
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        Redirections(),
        urllib.request.HTTPErrorProcessor(),
    ):
        director.add_handler(handler)
    return director


def reason_of(error: Exception) -> Message:
    """What an error of the network says, without addresses that may hold passwords."""
    if isinstance(error, urllib.error.HTTPError):
        return answered(error.code)
    reason = getattr(error, "reason", None) or error
    if isinstance(reason, TimeoutError):
        return say_late()
    refused = TUNNEL.match(str(reason)) if isinstance(reason, OSError) else None
    if refused is not None:
        return answered(int(refused[1]))
    if isinstance(reason, OSError):
        return Message(id=reason.strerror or type(reason).__name__)  # in the words of the system
    if isinstance(reason, http.client.HTTPException) and not isinstance(reason, http.client.InvalidURL):
        return N_("it does not speak HTTP ({error})", error=type(reason).__name__)
    return N_("its address, or that of a proxy, can't be used")


def say_late() -> Message:
    """That a source gave no answer in time."""
    return N_("it gave no answer within {seconds} s", seconds=speed.WINDOW)


def answered(status: int) -> Message:
    """What a server answered, with the meaning of the number where it has one, such as "503 Service Unavailable"."""
    return N_("it answered {status}", status=f"{status} {http.client.responses.get(status, '')}".rstrip())


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
            raise GivenUpError(N_("it sent a different part than was requested"))
        first, whole = begin, part[3]
    elif answer.status == 200:
        first, whole = 0, (headers.get("Content-Length") or "").strip()
    else:
        raise GivenUpError(answered(answer.status))
    if re.fullmatch(r"\d{1,18}", whole) and int(whole) != archive.size:
        raise GivenUpError(other_size(int(whole), headers, archive))
    return first


def other_size(size: int, headers: Any, archive: Archive) -> Message:
    """What a source offers, of `size` bytes, that is not the archive by its length."""
    if headers.get("Content-Type"):
        return N_(
            "what it offers is not the published archive: {bytes} bytes, not {published}, of the type {type}",
            bytes=size,
            published=archive.size,
            type=headers.get_content_type(),
        )
    return N_(
        "what it offers is not the published archive: {bytes} bytes, not {published}",
        bytes=size,
        published=archive.size,
    )
