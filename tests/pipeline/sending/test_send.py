"""Sending to a real server on this machine: TLS, logins, refusals, and connections that die at every moment."""

from __future__ import annotations

import json
import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from reportgen.pipeline.sending.ledger import LEDGER
from reportgen.system.manifest import MANIFEST, Manifest, describe_file
from tests.support.commands import Said, run_here

USER, PASSWORD = "robot", "s3cret-pässword"[:8]
BODY = "Line one.\n.a line that begins with a dot\n..two\nProzent: 91 %, 模型\n"


@dataclass
class Box:
    """What came in, and what the server is to do."""

    came: list[tuple[list[str], bytes]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    """Recipient -> answer."""
    at_the_end: str = "250 OK"
    """Answer to a whole message, or "dies" or "dies, kept"."""
    greeted: list[str] = field(default_factory=list)
    logged_in: list[bool] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.greeted.append(hostname)
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.refused.get(address, "250 OK")
        if answer == "dies":
            server.transport.abort()
        elif answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.logged_in.append(bool(session.authenticated))
        if self.at_the_end == "dies":
            server.transport.abort()
        elif self.at_the_end.startswith("250") or self.at_the_end == "dies, kept":
            assert isinstance(envelope.content, bytes)
            self.came.append((list(envelope.rcpt_tos), envelope.content))
            if self.at_the_end == "dies, kept":
                server.transport.abort()
        return self.at_the_end if self.at_the_end[0].isdigit() else "250 OK"


def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    fits = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=fits, handled=fits)


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def serve(box: Box) -> Iterator[Any]:
    """Start a server as `Controller` takes it, and give its address."""
    started: list[Controller] = []

    def start(**options: Any) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        controller = Controller(box, hostname="127.0.0.1", port=port, **options)
        controller.start()
        started.append(controller)
        return f"127.0.0.1:{port}"

    yield start
    for controller in started:
        controller.stop()


def built() -> bytes:
    """A mail as a build leaves it: with texts and a PDF, and without a sender or recipients."""
    message = EmailMessage(policy=policy.SMTP)
    message["Subject"] = "Größe 模型"
    message["Date"] = "Fri, 02 Jan 2026 03:04:05 +0000"
    message["Message-ID"] = "<0123456789abcdef@reportgen.invalid>"
    message["X-Unsent"] = "1"
    message.set_content(BODY, cte="quoted-printable")
    message.add_alternative("<p>x</p>", subtype="html", cte="quoted-printable")
    message.add_attachment(b"%PDF", "application", "pdf", filename="report.pdf")
    return message.as_bytes()


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A report's folder with a mail in it."""
    for name in list(os.environ):
        if name.startswith("REPORTGEN_SMTP"):
            monkeypatch.delenv(name)
    folder = tmp_path / "report"
    folder.mkdir()
    (folder / "report.eml").write_bytes(built())
    manifest = Manifest(files={"report.eml": describe_file(folder / "report.eml")})
    (folder / MANIFEST).write_bytes(manifest.spelled())
    return folder


def server_context(authority: trustme.CA, host: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(host).configure_cert(context)
    return context


@dataclass
class Sender:
    """`reportgen send` on the report, with a sender and a server."""

    capsys: pytest.CaptureFixture[str]
    report: Path
    smtp: str = ""

    def __call__(self, *arguments: str) -> Said:
        return run_here(self.capsys, "send", self.report, "--from", "me@example.org", "--smtp", self.smtp, *arguments)

    @property
    def states(self) -> dict[str, str]:
        """Of every recipient, as the ledger has it."""
        book = json.loads((self.report / LEDGER).read_text(encoding="utf-8"))
        (message,) = book["messages"].values()
        return {key: entry["state"] for key, entry in message["recipients"].items()}


@pytest.fixture
def send(capsys: pytest.CaptureFixture[str], report: Path) -> Sender:
    return Sender(capsys, report)


def test_what_comes_in_is_what_was_built_and_nobody_gets_it_twice(box: Box, serve: Any, send: Sender) -> None:
    send.smtp = serve()
    said = send("--to", "Ann Ö <ann@example.org>", "--cc", "bob@example.org")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == ["sent: ann@example.org", "sent: bob@example.org"]
    ((recipients, data),) = box.came
    assert recipients == ["ann@example.org", "bob@example.org"]
    message = BytesParser(policy=policy.default).parsebytes(data)
    assert (str(message["From"]), str(message["To"])) == ("me@example.org", "Ann Ö <ann@example.org>")
    assert (str(message["Cc"]), str(message["Subject"])) == ("bob@example.org", "Größe 模型")
    assert message["X-Unsent"] is None
    assert len(message.get_all("Date") or []) == 1
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == BODY
    built = (send.report / "report.eml").read_bytes()
    assert data.split(b"\r\n\r\n", 1)[1].rstrip() == built.split(b"\r\n\r\n", 1)[1].rstrip()
    again = send("--to", "ANN@example.org", "--cc", "bob@example.org")
    assert again.code == 0
    assert again.out.count("has it already") == 2
    assert len(box.came) == 1


def test_the_server_is_not_told_the_name_of_this_machine(box: Box, serve: Any, send: Sender) -> None:
    send.smtp = serve()
    send("--to", "ann@example.org")
    assert box.greeted == ["[127.0.0.1]"]


def test_a_refused_recipient_is_named_and_the_others_have_it(box: Box, serve: Any, send: Sender) -> None:
    send.smtp = serve()
    box.refused["nobody@example.org"] = "550 No such \x1b[31muser"
    said = send("--to", "ann@example.org,nobody@example.org,bob@example.org")
    assert said.code == 6
    assert "error: nobody@example.org was refused: 550 No such [31muser" in said.err
    assert said.out.splitlines() == ["sent: ann@example.org", "sent: bob@example.org"]
    box.refused.clear()
    retried = send("--to", "ann@example.org,nobody@example.org,bob@example.org")
    assert retried.code == 0
    assert [recipients for recipients, _data in box.came] == [
        ["ann@example.org", "bob@example.org"],
        ["nobody@example.org"],
    ]
    assert box.came[0][1] == box.came[1][1]


def test_one_who_is_added_later_gets_it_alone(box: Box, serve: Any, send: Sender) -> None:
    send.smtp = serve()
    send("--to", "ann@example.org")
    send("--to", "ann@example.org", "--cc", "bob@example.org")
    assert [recipients for recipients, _data in box.came] == [["ann@example.org"], ["bob@example.org"]]


@pytest.mark.parametrize("fate", ["dies", "dies, kept"])
def test_a_connection_that_dies_at_the_end_leaves_it_unknown(box: Box, serve: Any, send: Sender, fate: str) -> None:
    send.smtp = serve()
    box.at_the_end = fate
    said = send("--to", "ann@example.org,bob@example.org")
    assert said.code == 6
    assert "it is not known whether ann@example.org has the mail" in said.err
    assert send.states == {"ann@example.org": "unknown", "bob@example.org": "unknown"}
    box.at_the_end = "250 OK"
    before = len(box.came)
    again = send("--to", "ann@example.org,bob@example.org")
    assert (again.code, len(box.came)) == (6, before)
    assert "--again" in again.err
    third = send("--to", "ann@example.org,bob@example.org", "--again")
    assert (third.code, len(box.came)) == (0, before + 1)
    assert send.states == {"ann@example.org": "sent", "bob@example.org": "sent"}
    assert send("--to", "ann@example.org", "--again").out == "not sent again: ann@example.org has it already\n"
    assert len(box.came) == before + 1


def test_a_connection_that_dies_before_the_text_is_tried_again(box: Box, serve: Any, send: Sender) -> None:
    send.smtp = serve()
    box.refused["bob@example.org"] = "dies"
    said = send("--to", "ann@example.org,bob@example.org")
    assert said.code == 6
    assert "Nothing was sent." in said.err
    assert send.states == {}
    box.refused.clear()
    assert send("--to", "ann@example.org,bob@example.org").code == 0
    assert len(box.came) == 1


def test_an_earlier_doubt_outlives_an_attempt_that_came_to_nothing(box: Box, serve: Any, send: Sender) -> None:
    send.smtp = serve()
    box.at_the_end = "dies"
    send("--to", "ann@example.org")
    box.at_the_end, box.refused = "250 OK", {"ann@example.org": "dies"}
    assert send("--to", "ann@example.org", "--again").code == 6
    assert send.states == {"ann@example.org": "unknown"}


def test_a_message_that_is_refused_whole_may_be_sent_again(box: Box, serve: Any, send: Sender) -> None:
    send.smtp = serve()
    box.at_the_end = "552 too large"
    said = send("--to", "ann@example.org")
    assert said.code == 6
    assert "ann@example.org was refused: 552 too large" in said.err
    box.at_the_end = "250 OK"
    assert send("--to", "ann@example.org").code == 0


def test_a_message_beyond_the_servers_limit_is_refused_before_it_goes_out(box: Box, serve: Any, send: Sender) -> None:
    send.smtp = serve(data_size_limit=100)
    said = send("--to", "ann@example.org")
    assert said.code == 6
    assert "552" in said.err
    assert not box.logged_in


def test_starttls_with_a_verified_certificate_and_a_login(
    box: Box, serve: Any, send: Sender, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"authenticator": authenticate, "auth_required": True, "require_starttls": True}
    send.smtp = serve(tls_context=server_context(authority), **options)
    doubted = send("--to", "ann@example.org", "--starttls")
    assert doubted.code == 6
    assert "is not trusted" in doubted.err
    assert box.came == []
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    unknown = send("--to", "ann@example.org", "--starttls")
    assert unknown.code == 6
    assert "REPORTGEN_SMTP_USER" in unknown.err
    monkeypatch.setenv("REPORTGEN_SMTP_USER", USER)
    monkeypatch.setenv("REPORTGEN_SMTP_PASSWORD", "wrong" + PASSWORD)
    wrong = send("--to", "ann@example.org", "--starttls", "--dry-run")
    assert wrong.code == 0
    wrong = send("--to", "ann@example.org", "--starttls")
    assert wrong.code == 6
    assert "refuses the credentials: 535" in wrong.err
    monkeypatch.setenv("REPORTGEN_SMTP_PASSWORD", PASSWORD)
    right = send("--to", "ann@example.org", "--starttls")
    assert right.code == 0
    assert box.logged_in == [True]
    for said in (doubted, unknown, wrong, right):
        assert PASSWORD not in said.out + said.err
    assert PASSWORD not in (send.report / LEDGER).read_text(encoding="utf-8")


def test_tls_from_the_start_and_a_certificate_of_another_host(
    box: Box, serve: Any, send: Sender, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    send.smtp = serve_tls(serve, authority, "127.0.0.1")
    assert send("--to", "ann@example.org", "--tls").code == 0
    send.smtp = serve_tls(serve, authority, "mail.example.org")
    said = send("--to", "bob@example.org", "--tls")
    assert said.code == 6
    assert "is not trusted" in said.err
    assert len(box.came) == 1


def serve_tls(serve: Any, authority: trustme.CA, host: str) -> str:
    return str(serve(ssl_context=server_context(authority, host)))


def test_a_server_without_starttls_gets_nothing(box: Box, serve: Any, send: Sender) -> None:
    send.smtp = serve()
    said = send("--to", "ann@example.org", "--starttls")
    assert said.code == 6
    assert "offers no STARTTLS" in said.err
    assert box.came == []


def test_a_password_never_goes_over_an_open_line(send: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_SMTP_USER", USER)
    monkeypatch.setenv("REPORTGEN_SMTP_PASSWORD", PASSWORD)
    send.smtp = "mail.invalid:25"
    said = send("--to", "ann@example.org")
    assert said.code == 6
    assert "over a connection that others can read" in said.err
    assert PASSWORD not in said.out + said.err


def test_a_user_without_a_password_is_told_of_the_keyring(send: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_SMTP_USER", USER)
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)
    said = send("--to", "ann@example.org")
    assert said.code == 6
    assert "reportgen-torch[keyring]" in said.err

    class Keyring:
        @staticmethod
        def get_password(service: str, user: str) -> str | None:
            return {("reportgen-smtp:127.0.0.1", USER): PASSWORD}.get((service, user))

    monkeypatch.setitem(__import__("sys").modules, "keyring", Keyring)
    send.smtp = "127.0.0.1:9"
    assert "127.0.0.1:9 can't be used" in send("--to", "ann@example.org").err
    send.smtp = "localhost:9"
    assert "the keyring has no password" in send("--to", "ann@example.org").err


def test_addresses_in_other_alphabets_need_a_server_that_knows_them(box: Box, serve: Any, send: Sender) -> None:
    send.smtp = serve(enable_SMTPUTF8=False)
    said = send("--to", "ann@example.org,ü@bücher.example")
    assert said.code == 6
    assert said.out == "sent: ann@example.org\n"
    assert "was refused: the server accepts only ASCII addresses" in said.err
    assert b"bcher" not in box.came[0][1]
    send.smtp = serve(enable_SMTPUTF8=True)
    assert send("--to", "ann@example.org,ü@bücher.example").code == 0
    recipients, data = box.came[1]
    assert recipients == ["ü@bücher.example"]
    assert "ü@bücher.example".encode() in data.split(b"\r\n\r\n")[0]


def test_a_name_in_another_alphabet_goes_in_ascii_where_smtputf8_is_not_asked_for(
    box: Box, serve: Any, send: Sender
) -> None:
    send.smtp = serve(enable_SMTPUTF8=True)
    assert send("--to", "Ann Ö <ann@example.org>").code == 0
    head = box.came[0][1].split(b"\r\n\r\n")[0]
    assert head.isascii()
    assert str(BytesParser(policy=policy.default).parsebytes(head)["To"]) == "Ann Ö <ann@example.org>"


def test_a_dry_run_says_it_all_and_touches_nothing(report: Path, send: Sender) -> None:
    send.smtp = "mail.example.org:465"
    before = sorted(path.name for path in report.iterdir())
    said = send("--to", "ann@example.org", "--cc", "bob@example.org", "--dry-run")
    assert said.code == 0
    for line in (
        "subject: Größe 模型",
        "from: me@example.org",
        "server: mail.example.org:465, with TLS, without a login",
        "would be sent: ann@example.org",
        "would be sent: bob@example.org",
    ):
        assert line in said.out.splitlines()
    assert "with report.pdf" in said.out
    assert sorted(path.name for path in report.iterdir()) == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--to", "ann"), "--to: 'ann' is not an address"),
        (("--to", "ann@x.org\r\nBcc: all@x.org"), "is not an address"),
        (("--to", "a@x.org", "--cc", "nobody"), "--cc: 'nobody' is not an address"),
        (("--to", "a@x.org", "--smtp", "http://x"), "--smtp: 'http://x' is not a server"),
        (("--to", "a@x.org", "--smtp", "x:99999"), "is not a server"),
        (("--to", "a@x.org", "--tls", "--starttls"), "exclude each other"),
        (("--to", ",".join(f"a{number}@x.org" for number in range(101))), "more than 100 recipients"),
        ((), "Missing option '--to'"),
    ],
)
def test_mistakes_are_told_before_anything_is_sent(send: Sender, arguments: tuple[str, ...], told: str) -> None:
    send.smtp = "127.0.0.1:9"
    said = send(*arguments)
    assert said.code == 2
    assert told in said.err


def test_without_a_sender_nothing_is_sent(capsys: pytest.CaptureFixture[str], report: Path) -> None:
    said = run_here(capsys, "send", report, "--to", "ann@example.org")
    assert said.code == 2
    assert "--from" in said.err
    said = run_here(capsys, "send", report, "--to", "ann@example.org", "--dry-run")
    assert said.code == 0
    assert "from: nobody yet; to send it, add --from" in said.out
    assert "would be sent: ann@example.org" in said.out
    assert run_here(capsys, "send", report, "--to", "ann@example.org", "--from", "no", "--dry-run").code == 2


def test_a_mail_that_was_changed_or_is_not_there_is_not_sent(report: Path, send: Sender) -> None:
    file = report / "report.eml"
    file.write_bytes(file.read_bytes().replace(b"Line one", b"Line two"))
    said = send("--to", "ann@example.org")
    assert (said.code, "is not as it was built" in said.err) == (5, True)
    file.unlink()
    said = send("--to", "ann@example.org")
    assert (said.code, "holds no report.eml" in said.err) == (5, True)


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (None, "holds no manifest.json, so it is not known whether report.eml is as it was built"),
        ("{", "manifest.json is damaged"),
        (Manifest().spelled().decode(), "report.eml is not a file of the report: manifest.json does not list it"),
    ],
)
def test_why_it_is_not_known_whether_a_mail_is_as_it_was_built(
    report: Path, send: Sender, manifest: str | None, why: str
) -> None:
    (report / MANIFEST).unlink()
    if manifest is not None:
        (report / MANIFEST).write_text(manifest, encoding="utf-8")
    said = send("--to", "ann@example.org")
    assert (said.code, why in said.err) == (5, True), said.err


@pytest.mark.parametrize("content", ["[]", '{"format": 2}', '{"messages": {"a": []}}', "\0"])
def test_a_ledger_of_another_shape_stops_the_sending(
    box: Box, serve: Any, report: Path, send: Sender, content: str
) -> None:
    send.smtp = serve()
    (report / LEDGER).write_text(content, encoding="utf-8")
    said = send("--to", "ann@example.org")
    assert (said.code, "is damaged" in said.err, box.came) == (5, True, [])
    assert (report / LEDGER).read_text(encoding="utf-8") == content


def test_a_ledger_that_is_no_file_is_not_waited_for(box: Box, serve: Any, report: Path, send: Sender) -> None:
    send.smtp = serve()
    os.mkfifo(report / LEDGER)
    said = send("--to", "ann@example.org")
    assert (said.code, "it is not a file" in said.err, box.came) == (6, True, [])


def test_a_damaged_ledger_stops_the_sending(box: Box, serve: Any, report: Path, send: Sender) -> None:
    send.smtp = serve()
    (report / LEDGER).write_text("{}}", encoding="utf-8")
    said = send("--to", "ann@example.org")
    assert (said.code, "is damaged" in said.err) == (5, True)
    assert box.came == []


def test_the_ledger_is_its_owners_and_its_write_comes_first(
    box: Box, serve: Any, report: Path, send: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    send.smtp = serve()
    written: list[int] = []
    real = os.replace

    def count(source: Any, target: Any) -> None:
        written.append(len(box.came))
        real(source, target)

    monkeypatch.setattr(Path, "replace", lambda self, target: count(self, target))
    assert send("--to", "ann@example.org").code == 0
    assert written == [0, 0, 1]
    assert (report / LEDGER).stat().st_mode & 0o077 == 0
