"""A mail from a spec to a mailbox: built with the report's own PDF inside, sent once, whatever is drawn in between."""

from __future__ import annotations

import socket
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from reportgen.pipeline.sending.ledger import LEDGER
from reportgen.system.manifest import read_manifest
from tests.support.commands import TINY, run_here, write_spec


class Box(Message):
    """Keeps what comes in."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[str] = []

    def handle_message(self, message: object) -> None:
        self.came.append(str(message))


def test_a_report_is_built_mailed_drawn_again_and_not_mailed_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report"
    spec = write_spec(tmp_path, TINY.replace("[html, json]", "[mail, pdf]"))
    assert run_here(capsys, "build", spec, "-o", out, "-q").code == 0
    message = BytesParser(policy=policy.default).parsebytes((out / "report.eml").read_bytes())
    (attached,) = message.iter_attachments()
    assert attached.get_content() == (out / "report.pdf").read_bytes()
    manifest = read_manifest(out)
    assert manifest is not None
    assert "report.eml" in manifest.files
    box = Box()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        to = ("--to", "ann@example.org", "--from", "me@example.org", "--smtp", f"127.0.0.1:{port}")
        assert run_here(capsys, "send", out, *to).code == 0
        before = (out / "report.eml").read_bytes()
        drawn = run_here(capsys, "render", out, "--format", "mail,pdf", "-q")
        assert (drawn.code, (out / "report.eml").read_bytes() == before) == (0, True)
        assert (out / LEDGER).is_file()
        assert "has it already" in run_here(capsys, "send", out, *to).out
    finally:
        controller.stop()
    assert len(box.came) == 1
