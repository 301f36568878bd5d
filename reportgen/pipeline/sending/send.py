"""Sending the mail of a report: each recipient once, whatever happens in between."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime
from pathlib import Path

from reportgen.errors import EnvironmentTrouble, RecordError, SpecError
from reportgen.pipeline.sending.addresses import Address, parse_addresses
from reportgen.pipeline.sending.ledger import Entry, Ledger
from reportgen.pipeline.sending.smtp import Connection, Delivery, Envelope, Security, Server, connect, parse_server
from reportgen.system.epoch import now
from reportgen.system.files import is_folder, is_regular, machine_trouble
from reportgen.system.lock import FolderLock
from reportgen.system.manifest import MANIFEST, describe_file, read_manifest

FILE = "report.eml"
SERVER, USER, PASSWORD, FROM = (
    "REPORTGEN_SMTP",
    "REPORTGEN_SMTP_USER",
    "REPORTGEN_SMTP_PASSWORD",
    "REPORTGEN_SMTP_FROM",
)
SERVICE = "reportgen-smtp"
"""Under which, with `:` and the host, a keyring holds the password of the user."""
MOST_RECIPIENTS = 100
"""Of one message: servers take no fewer, and a mailing list is no business of ours (RFC 5321, 4.5.3.1.8)."""
NOBODY = Address("", "you", "example.org")
"""In the place of the sender of a dry run for whom nobody is named."""
REPLACED = (b"from:", b"to:", b"cc:", b"bcc:", b"date:", b"x-unsent:")


@dataclass(frozen=True)
class Order:
    """What the command line asks for."""

    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    sender: Address
    server: Server
    again: bool = False
    """Whether those are tried once more who may have it already."""

    @property
    def recipients(self) -> tuple[Address, ...]:
        """Everybody, each mailbox once."""
        return tuple({one.key: one for one in (*self.cc, *self.to)}[key] for key in self.keys)

    @property
    def keys(self) -> tuple[str, ...]:
        """The mailboxes, those of `to` first."""
        return tuple(dict.fromkeys(one.key for one in (*self.to, *self.cc)))


@dataclass(frozen=True)
class Draft:
    """The mail in a report's folder."""

    folder: Path
    data: bytes
    message_id: str
    subject: str
    attached: tuple[str, ...]
    """File names."""


@dataclass(frozen=True)
class Sent:
    """What became of everybody."""

    sent: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    """Who had it before."""
    refused: tuple[tuple[str, str], ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    """Who may have it, and why that is not known."""
    waiting: tuple[str, ...] = ()
    """Who would get it, of a dry run."""

    @property
    def exit_code(self) -> int:
        """0 where everybody has it."""
        return EnvironmentTrouble.exit_code if self.refused or self.unknown else 0


def make_order(
    to: tuple[str, ...],
    cc: tuple[str, ...],
    sender: str | None,
    smtp: str | None,
    security: Security | None,
    *,
    again: bool = False,
    dry: bool = False,
    environment: Mapping[str, str] = os.environ,
) -> Order:
    """The order of a command line, with what the environment adds. Raises SpecError for what is wrong with it.

    `dry`: nothing will be sent, so that the sender may be nobody yet.
    """
    recipients, copies = parse_addresses(to, "--to"), parse_addresses(cc, "--cc")
    if len({one.key for one in (*recipients, *copies)}) > MOST_RECIPIENTS:
        raise SpecError(f"there are more than {MOST_RECIPIENTS} recipients", "Use a mailing list.")
    named = smtp or environment.get(SERVER) or "localhost"
    try:
        host, port, chosen = parse_server(named, security)
    except ValueError as error:
        raise SpecError(
            f"--smtp: {named!r} is not a server", "It is host or host:port, such as mail.example.org:587."
        ) from error
    user = environment.get(USER, "")
    given = sender or environment.get(FROM) or (user if "@" in user else "")
    if not given and not dry:
        raise SpecError("no sender is given", f"Add --from you@example.org, or set {FROM}.")
    found = parse_addresses((given,), "--from") if given else (NOBODY,)
    if len(found) != 1:
        raise SpecError("--from: a mail has one sender", "Name one address.")
    return Order(recipients, copies, found[0], Server(host, port, chosen, user), again)


def find_password(server: Server, environment: Mapping[str, str] = os.environ) -> str:
    """The password of the server's user: from the environment, else from a keyring; empty without a user.

    Raises SpecError for a password without a user, EnvironmentTrouble where there is none or no keyring.
    """
    password = environment.get(PASSWORD, "")
    if not server.user:
        if password:
            raise SpecError(f"{PASSWORD} is set and {USER} is not", f"Set {USER} too.")
        return ""
    if password:
        return password
    hint = f"Set {PASSWORD}, or: keyring set {SERVICE}:{server.host} {server.user}"
    try:
        import keyring
    except ImportError as error:
        raise EnvironmentTrouble(
            f"{USER} is set, {PASSWORD} is not, and no keyring is installed",
            f"Set {PASSWORD}, or: pip install 'reportgen-torch[keyring]'",
        ) from error
    try:
        held: str | None = keyring.get_password(f"{SERVICE}:{server.host}", server.user)
    except Exception as error:  # each system's keyring has errors of its own
        raise EnvironmentTrouble(f"the keyring can't be read: {type(error).__name__}", hint) from error
    if not held:
        raise EnvironmentTrouble(f"the keyring has no password for {SERVICE}:{server.host}", hint)
    return held


def read_draft(folder: Path) -> Draft:
    """The mail in a report's folder. Raises RecordError where there is none, or it is not as it was built."""
    path = folder / FILE
    if not is_folder(folder):
        raise RecordError(
            f"there is no folder {folder}", "Give the folder of a report that was built with outputs: [mail]."
        )
    if not is_regular(path):
        hint = f"Build with mail among the outputs, or: reportgen render {folder} --format html,pdf,json,mail"
        raise RecordError(f"{folder} holds no {FILE}", hint)
    check_built(folder, path)
    with machine_trouble(path):
        data = path.read_bytes()
    message = BytesParser(policy=policy.default).parsebytes(data)
    attached = tuple(name for part in message.iter_attachments() if (name := part.get_filename()))
    return Draft(folder, data, str(message["Message-ID"]), str(message["Subject"]), attached)


def check_built(folder: Path, path: Path) -> None:
    """Raises RecordError where the mail is not as it was built, or nothing says how that was."""
    again = "Draw it again with reportgen render."
    if not is_regular(folder / MANIFEST):
        message = f"{folder} holds no {MANIFEST}, so it is not known whether {FILE} is as it was built"
        raise RecordError(message, f"Take the whole folder of the report. {again}")
    manifest = read_manifest(folder)
    if manifest is None:
        raise RecordError(f"{folder / MANIFEST} is damaged", again)
    if FILE not in manifest.files:
        raise RecordError(f"{path} is not a file of the report: {MANIFEST} does not list it", again)
    if describe_file(path) != manifest.files[FILE]:
        raise RecordError(f"{path} is not as it was built", again)


def rehearse(draft: Draft, order: Order) -> Sent:
    """What `send` would do; nothing is connected to and nothing written."""
    ledger = Ledger(draft.folder, draft.message_id, "")
    return sort_out(order, ledger)


def send(draft: Draft, order: Order, password: str) -> Sent:
    """Send the mail to everybody who has not got it.

    Raises EnvironmentTrouble where nobody could be sent anything.
    """
    with locked(draft.folder):
        ledger = Ledger(draft.folder, draft.message_id, now().isoformat())
        plan = sort_out(order, ledger)
        if not plan.waiting:
            return plan
        ledger.save()  # which shows, before anybody has the mail, that it can be written
        with connect(replace(order.server, password=password)) as connection:
            done, refused = hand_over(draft, order, plan.waiting, connection, ledger)
    unknown = tuple((one, done.reason) for one in done.unknown)
    return Sent(done.sent, plan.already, (*refused, *done.refused), (*plan.unknown, *unknown))


def sort_out(order: Order, ledger: Ledger) -> Sent:
    """Who has it, who may have it, and who waits for it."""
    already, unknown, waiting = [], [], []
    for one in order.recipients:
        state = ledger.state(one.key)
        if state == "sent":
            already.append(one.spec)
        elif state == "unknown" and not order.again:
            unknown.append((one.spec, ledger.why(one.key)))
        else:
            waiting.append(one.spec)
    return Sent(already=tuple(already), unknown=tuple(unknown), waiting=tuple(waiting))


def hand_over(
    draft: Draft, order: Order, waiting: tuple[str, ...], connection: Connection, ledger: Ledger
) -> tuple[Delivery, tuple[tuple[str, str], ...]]:
    """What became of those who waited, in the ledger too; and those whose addresses this server does not know.

    Raises EnvironmentTrouble where the server does not accept the sender's address.
    """
    utf8 = connection.takes_utf8
    if order.sender.needs_utf8 and not utf8:
        raise EnvironmentTrouble(
            f"{order.server} does not accept the address {order.sender.spec}", "Send from one in ASCII."
        )
    known = {one.spec: one for one in order.recipients}
    foreign = tuple(spec for spec in waiting if known[spec].needs_utf8 and not utf8)
    refused = tuple((spec, "the server accepts only ASCII addresses (no SMTPUTF8)") for spec in foreign)
    left = tuple(spec for spec in waiting if spec not in foreign)
    before = {spec: ledger.state(known[spec].key) for spec in left}

    def note(delivery: Delivery) -> None:
        entries = describe_delivery(delivery)
        if not entries:  # nobody can have got it: those who may have it of an earlier attempt still may
            entries = {spec: None for spec in left if before[spec] != "unknown"}
        ledger.note({known[spec].key: entry for spec, entry in entries.items()})

    if not left:
        return Delivery(), refused
    needs = any(one.needs_utf8 for one in (order.sender, *order.recipients)) and utf8
    message = address(draft, order, ledger.date, needs)
    delivery = connection.deliver(Envelope(order.sender.spec, left, message, needs), note)
    note(delivery)
    return delivery, refused


def describe_delivery(delivery: Delivery) -> dict[str, Entry | None]:
    """What the ledger keeps of a transaction."""
    at = now().isoformat()
    return {
        **{one: Entry(state="sent", at=at) for one in delivery.sent},
        **{one: Entry(state="refused", at=at, said=why) for one, why in delivery.refused},
        **{one: Entry(state="unknown", at=at, said=delivery.reason) for one in delivery.unknown},
    }


def address(draft: Draft, order: Order, date: str, utf8: bool) -> bytes:
    """The draft with sender, recipients and the date of sending; every other byte as it was built.

    `utf8`: whether the server is told SMTPUTF8 (RFC 6531), without which a header is ASCII.
    """
    head, _blank, body = draft.data.partition(b"\r\n\r\n")
    kept: list[bytes] = []
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and kept:
            kept[-1] += b"\r\n" + line
        else:
            kept.append(line)
    written = EmailMessage(policy=policy.SMTPUTF8 if utf8 else policy.SMTP)
    written["From"] = order.sender.header
    for name, addresses in (("To", order.to), ("Cc", order.cc)):
        shown = [one.header for one in addresses if utf8 or not one.needs_utf8]
        if shown:
            written[name] = shown
    written["Date"] = format_datetime(datetime.fromisoformat(date))
    mine = written.as_bytes().rstrip(b"\r\n")
    return b"\r\n".join([mine, *(line for line in kept if not line.lower().startswith(REPLACED))]) + b"\r\n\r\n" + body


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The folder to ourselves: no second `send` and no build at the same time. Raises EnvironmentTrouble."""
    lock = FolderLock(folder)
    lock.acquire()
    try:
        yield
    finally:
        lock.release()
