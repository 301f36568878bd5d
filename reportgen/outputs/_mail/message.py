"""A mail as bytes: the same for the same content, and with nothing in it of the machine that made it."""

from __future__ import annotations

import base64
import hashlib
import quopri
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

from reportgen.outputs._mail.view import HOST, MailImage

PDF = "report.pdf"


@dataclass(frozen=True)
class Mail:
    """What a message is made of."""

    subject: str
    created: str
    """ISO 8601, of the run."""
    language: str
    text: str
    html: str
    images: tuple[MailImage, ...]
    pdf: bytes
    """Empty for none."""

    @property
    def digest(self) -> str:
        """sha256 of everything in it."""
        texts = (self.subject, self.created, self.language, self.text, self.html)
        whole = hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass"))
        for data in (*(image.png for image in self.images), self.pdf):
            whole.update(hashlib.sha256(data).digest())
        return whole.hexdigest()


def compose(mail: Mail) -> bytes:
    """multipart/mixed of multipart/alternative, of text and multipart/related, and the PDF.

    It has no sender and no recipients yet: a draft to a client that knows X-Unsent.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = mail.subject
    message["Date"] = parse_date(mail.created)
    message["Message-ID"] = f"<{mail.digest[:32]}@{HOST}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Unsent"] = "1"
    message.set_content(mail.text, cte=choose_encoding(mail.text))
    message.add_alternative(mail.html, subtype="html", cte=choose_encoding(mail.html))
    _text, html = message.iter_parts()
    for image in mail.images:
        html.add_related(image.png, "image", "png", cid=f"<{image.cid}>", disposition="inline", filename=image.file)
    if mail.images:
        html.set_param("type", "text/html")  # RFC 2387 demands it
    if mail.pdf:
        message.add_attachment(mail.pdf, "application", "pdf", filename=PDF)
    message["Content-Language"] = mail.language  # after the parts, into the first of which it would move
    settle(message, mail.digest)
    return message.as_bytes()


def settle(message: EmailMessage, digest: str) -> None:
    """Give every part of several a boundary that neither encoding can produce, and leave out what says nothing."""
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{number}_{digest[:32]}")
        if number:
            del part["MIME-Version"]


def choose_encoding(text: str) -> str:
    """The shorter of the two that every server carries: quoted-printable, or base64 where most is not ASCII."""
    data = text.encode("utf-8")
    return "quoted-printable" if len(quopri.encodestring(data)) <= encoded_size(data) else "base64"


def encoded_size(data: bytes) -> int:
    """Bytes of `data` in base64, with its line ends."""
    length = len(base64.b64encode(data))
    return length + 2 * -(-length // 76)


def parse_date(created: str) -> datetime:
    """The date of the run in UTC; the first second of 1970 where it says none."""
    try:
        found = datetime.fromisoformat(created)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
