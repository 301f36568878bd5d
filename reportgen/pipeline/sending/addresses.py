"""Addresses of mail, checked before anything is sent: none can hold a line of its own or another recipient."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.headerregistry import Address as HeaderAddress

from reportgen.errors import SpecError
from reportgen.text.shorten import shorten

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
LOCAL = re.compile(rf"{ATOM}(\.{ATOM})*")
LABEL = r"[A-Za-z0-9\u0080-\U0010ffff]([A-Za-z0-9\u0080-\U0010ffff-]*[A-Za-z0-9\u0080-\U0010ffff])?"
DOMAIN = re.compile(rf"{LABEL}(\.{LABEL})*")
NAMED = re.compile(r'(?P<name>"[^"\\<>]*"\s*|[^"<>]*("[^"<>]*"[^"<>]*)*)<(?P<spec>[^<>]*)>')
QUOTED = re.compile(r'"[^"]*"')
LONGEST, LONGEST_LOCAL = 254, 64
"""Bytes of an address, and of what stands before its @ (RFC 5321, 4.5.3.1)."""
SHOWN = 80
HINT = (
    "An address is name@example.org, or 'Ann Author <ann@example.org>'; several with commas or --to again; a name with "
    "a comma stands in quotation marks."
)


@dataclass(frozen=True)
class Address:
    """One address."""

    name: str
    local: str
    domain: str

    @property
    def spec(self) -> str:
        """As a server is told it."""
        return f"{self.local}@{self.domain}"

    @property
    def key(self) -> str:
        """By which the same mailbox is known again, however it is written."""
        return self.spec.lower()  # not casefold, to which “straße” and “strasse” are one

    @property
    def needs_utf8(self) -> bool:
        """Whether a server must know SMTPUTF8 (RFC 6531) to take it."""
        return not self.spec.isascii()

    @property
    def header(self) -> HeaderAddress:
        """As a header holds it."""
        return HeaderAddress(self.name, self.local, self.domain)


def parse_addresses(texts: Sequence[str], option: str) -> tuple[Address, ...]:
    """The addresses of one option, each mailbox once.

    Raises SpecError for one that no mail can go to.
    """
    found: dict[str, Address] = {}
    for text in texts:
        for part in split(text):
            one = parse_address(part, option)
            found.setdefault(one.key, one)
    return tuple(found.values())


def split(text: str) -> Iterator[str]:
    """The parts of a list between its commas, those in quotation marks aside."""
    yield from re.findall(r'(?:"[^"]*"|[^,"]|")+', text) or [text]


def parse_address(text: str, option: str) -> Address:
    """One address, with or without a name before it. Raises SpecError where it is none."""
    if not text.isprintable():
        raise wrong(text, option, "it holds a character that can't be printed, such as the end of a line")
    named = NAMED.fullmatch(text.strip())
    spec = named["spec"] if named else text.strip()
    name = read_name(named["name"].strip()) if named else ""
    local, at, domain = spec.rpartition("@")
    if not at:
        raise wrong(text, option, "it has no @")
    if not LOCAL.fullmatch(local):
        raise wrong(text, option, "what stands before the @ is no name of a mailbox")
    if not DOMAIN.fullmatch(domain):
        raise wrong(text, option, "what stands behind the @ is no domain")
    if len(spec.encode()) > LONGEST or len(local.encode()) > LONGEST_LOCAL:
        raise wrong(text, option, "it is longer than any address")
    return Address(name, local, ascii_domain(domain) if local.isascii() else domain)  # else it takes SMTPUTF8 anyway


def read_name(text: str) -> str:
    """A name without the quotation marks around the whole of it; those within it, as of a nickname, belong to it."""
    return text[1:-1].strip() if QUOTED.fullmatch(text) else text


def ascii_domain(domain: str) -> str:
    """A domain as every server knows it, or as it is written where it has no such form.

    By IDNA 2008 (RFC 5891) as registries give domains out: that of 2003, which Python has, takes ß for ss, and so one
    owner's domain for another's.
    """
    if domain.isascii():
        return domain
    import idna  # tables that few addresses need

    try:
        return idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")
    except idna.IDNAError:
        return domain


def wrong(text: str, option: str, why: str) -> SpecError:
    """The error about an address."""
    return SpecError(f"{option}: {shorten(ascii(text)[1:-1], SHOWN)!r} is not an address: {why}", HINT)
