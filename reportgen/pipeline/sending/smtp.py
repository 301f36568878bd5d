"""The one door to smtplib: a connection to a mail server, and what became of each recipient.

A message is handed over in one transaction. Until the server has asked for its text nobody can have got it; from then
on until the server has answered nobody knows, and that is said instead of guessed.
"""

from __future__ import annotations

import ipaddress
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from reportgen.errors import EnvironmentTrouble
from reportgen.text.shorten import one_line, shorten

Security = Literal["plain", "starttls", "tls"]
PORTS: dict[Security, int] = {"plain": 25, "starttls": 587, "tls": 465}
TIMEOUT = 30.0
"""Seconds for the connection and each answer."""
LAST_TIMEOUT = 120.0
"""Seconds for the answer to a whole message, which a server may look into first."""
ACCEPTED = (250, 251)
GO_ON = 354
NEEDS_LOGIN = 530
TOO_LARGE = 552
SHOWN = 200
"""Characters of a server's answer that are repeated."""


@dataclass(frozen=True)
class Server:
    """A mail server and how to talk to it."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = TIMEOUT
    last_timeout: float = LAST_TIMEOUT

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_here(self) -> bool:
        """Whether it is this machine, so that nobody else reads what goes there."""
        if self.host.lower() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True)
class Envelope:
    """Who sends what to whom, as the server is told it."""

    sender: str
    recipients: tuple[str, ...]
    message: bytes
    utf8: bool = False
    """Whether an address is not ASCII."""


@dataclass(frozen=True)
class Delivery:
    """What became of one transaction."""

    sent: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    """Recipients and what the server said."""
    unknown: tuple[str, ...] = ()
    """Recipients who may have got it: the connection died before the server answered."""
    reason: str = ""
    """Of the unknown ones."""


Note = Callable[[Delivery], None]
"""Hears what is known so far, before the next thing happens."""


class Connection:
    """An open connection, logged in where there are credentials."""

    def __init__(self, server: Server, client: smtplib.SMTP) -> None:
        self.server = server
        self._client = client

    @property
    def takes_utf8(self) -> bool:
        """Whether the server takes addresses that are not ASCII."""
        return self._client.has_extn("smtputf8")

    def deliver(self, envelope: Envelope, note: Note) -> Delivery:
        """Hand a message over; `note` hears, before the text goes out, who may have it if this process dies.

        Raises EnvironmentTrouble where nobody can have got it: the sender is refused, or the connection breaks early.
        """
        try:
            accepted, refused = self._begin(envelope)
            if not accepted:
                self._client.rset()
                return Delivery(refused=refused)
            note(Delivery(refused=refused, unknown=accepted, reason="the process ended before the server had answered"))
            code, answer = self._client.docmd("DATA")
        except (OSError, smtplib.SMTPException) as error:
            note(Delivery())
            raise broken(self.server, error) from error
        if code != GO_ON:
            return Delivery(refused=(*refused, *((one, said(code, answer)) for one in accepted)))
        try:
            self._client.send(quote(envelope.message))
            if self._client.sock is not None:
                self._client.sock.settimeout(self.server.last_timeout)
            code, answer = self._client.getreply()
        except (OSError, smtplib.SMTPException) as error:
            return Delivery(refused=refused, unknown=accepted, reason=shorten(one_line(describe(error)), SHOWN))
        if code in ACCEPTED:
            return Delivery(sent=accepted, refused=refused)
        return Delivery(refused=(*refused, *((one, said(code, answer)) for one in accepted)))

    def _begin(self, envelope: Envelope) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
        """The recipients that the server takes, and those it refuses with its reasons."""
        options = [f"SIZE={len(envelope.message)}"] if self._client.has_extn("size") else []
        if envelope.utf8:
            options += ["SMTPUTF8", "BODY=8BITMIME"]
            self._client.command_encoding = "utf-8"
        code, answer = self._client.mail(envelope.sender, options)
        if code not in ACCEPTED:
            hint = "Check --from."
            if code == NEEDS_LOGIN:
                hint = "Set REPORTGEN_SMTP_USER and REPORTGEN_SMTP_PASSWORD."
            elif code == TOO_LARGE:
                hint = "The mail is too large for it; outputs without pdf make it smaller."
            raise EnvironmentTrouble(
                f"{self.server} does not take mail of {envelope.sender}: {said(code, answer)}", hint
            )
        accepted: list[str] = []
        refused: list[tuple[str, str]] = []
        for one in envelope.recipients:
            code, answer = self._client.rcpt(one)
            if code in ACCEPTED:
                accepted.append(one)
            else:
                refused.append((one, said(code, answer)))
        return tuple(accepted), tuple(refused)


@contextmanager
def connect(server: Server) -> Iterator[Connection]:
    """A connection as safe as asked for: certificates are verified, and no password goes over a line others can read.

    Raises EnvironmentTrouble with what is wrong.
    """
    if server.user and server.security == "plain" and not server.is_here:
        raise EnvironmentTrouble(
            f"the password would go to {server} over a connection that others can read", "Add --starttls or --tls."
        )
    client = open_client(server)
    try:
        greet(server, client)
        yield Connection(server, client)
        with suppress(OSError, smtplib.SMTPException):  # the mail is there, whatever the server says to the farewell
            client.quit()
    finally:
        client.close()


def open_client(server: Server) -> smtplib.SMTP:
    """The connection before its first word."""
    try:
        if server.security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(
                server.host, server.port, local_hostname="localhost", timeout=server.timeout, context=context
            )
        return smtplib.SMTP(server.host, server.port, local_hostname="localhost", timeout=server.timeout)
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        raise broken(server, error) from error


def greet(server: Server, client: smtplib.SMTP) -> None:
    """Say hello, begin TLS and log in as the server is to be talked to."""
    try:
        client.local_hostname = own_address(client)
        client.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            client.starttls(context=ssl.create_default_context())
            client.ehlo_or_helo_if_needed()
    except (OSError, smtplib.SMTPException) as error:
        raise broken(server, error) from error
    if server.user:
        log_in(server, client)


def own_address(client: smtplib.SMTP) -> str:
    """This end of the connection as an address literal (RFC 5321, 4.1.3): our host's name is nobody's business."""
    found = ipaddress.ip_address(client.sock.getsockname()[0]) if client.sock is not None else None
    if found is None:
        return "localhost"
    return f"[{found}]" if found.version == 4 else f"[IPv6:{found}]"


def log_in(server: Server, client: smtplib.SMTP) -> None:
    """Use the credentials. Raises EnvironmentTrouble, in which they do not stand."""
    try:
        client.login(server.user, server.password)
    except smtplib.SMTPAuthenticationError as error:
        message = f"{server} refuses the credentials: {said(error.smtp_code, error.smtp_error)}"
    except smtplib.SMTPNotSupportedError:
        message = f"{server} knows no login" + ("" if server.security != "plain" else " without --starttls or --tls")
    except UnicodeError:
        message = "the credentials hold characters that are not ASCII, which this login can't carry"
    except (OSError, smtplib.SMTPException) as error:
        message = f"{server} did not let us log in: {type(error).__name__}"
    else:
        return
    raise EnvironmentTrouble(message, "They come from REPORTGEN_SMTP_USER and REPORTGEN_SMTP_PASSWORD, or a keyring.")


def broken(server: Server, error: Exception) -> EnvironmentTrouble:
    """The error of a connection that came to nothing, so that nobody has the mail."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return EnvironmentTrouble(
            f"the certificate of {server} is not trusted: {error.verify_message}",
            "Nothing was sent. Where the server has its own certificate authority, name it in SSL_CERT_FILE.",
        )
    if isinstance(error, smtplib.SMTPNotSupportedError) and "STARTTLS" in str(error):
        return EnvironmentTrouble(f"{server} offers no STARTTLS", "Nothing was sent. Try --tls, or another port.")
    hint = "Nothing was sent. Check --smtp, and whether the server wants --starttls or --tls."
    return EnvironmentTrouble(f"{server} can't be used: {shorten(one_line(describe(error)), SHOWN)}", hint)


def describe(error: Exception) -> str:
    """An error in words."""
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "the connection was closed"
    if isinstance(error, smtplib.SMTPResponseException):
        return said(error.smtp_code, error.smtp_error)
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def said(code: int, answer: bytes | str) -> str:
    """What a server answered, as one line that can be printed."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return shorten(one_line(f"{code} {text}"), SHOWN)


def quote(message: bytes) -> bytes:
    """The message as it goes over the line: dots at the beginning of a line doubled, a lone one at the end."""
    ended = message if message.endswith(b"\r\n") else message + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", ended) + b".\r\n"


def parse_server(text: str, security: Security | None) -> tuple[str, int, Security]:
    """Host, port and security of `host`, `host:port` or `[IPv6]:port`; ports 465 and 587 say the security themselves.

    Raises ValueError.
    """
    found = re.fullmatch(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?", text)
    if found is None:
        raise ValueError(text)
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port < 65536:
        raise ValueError(text)
    if security is None:
        security = {465: "tls", 587: "starttls"}.get(port or 0, "plain")  # type: ignore[assignment]
    assert security is not None
    return found["six"] or found["host"], port or PORTS[security], security
