"""The process that draws PDFs: started early, used once, and never left behind."""

from __future__ import annotations

import json
import subprocess

import pytest

from reportgen.outputs import pdf_worker

pytestmark = pytest.mark.slow


def set_page(child: subprocess.Popen[bytes], page: bytes = b"<p>text") -> bytes:
    head = json.dumps({"page": len(page), "created": "", "code": ""}).encode()
    out, _ = child.communicate(head + b"\n" + page)
    return out


def test_what_was_started_ahead_is_what_is_used() -> None:
    with pdf_worker.start_early():
        (early,) = pdf_worker.waiting
        with pdf_worker.take_worker() as child:
            assert child is early
            assert not pdf_worker.waiting
            assert b"%PDF" in set_page(child)
        with pdf_worker.take_worker() as another:
            assert another is not early
            assert b"%PDF" in set_page(another)


def test_what_is_not_used_is_ended() -> None:
    with pdf_worker.start_early():
        (early,) = pdf_worker.waiting
        assert early.poll() is None
    assert early.poll() is not None
    assert not pdf_worker.waiting


def test_nothing_is_started_where_no_pdf_is_asked_for() -> None:
    with pdf_worker.start_early(needed=False):
        assert not pdf_worker.waiting


def test_a_process_ends_with_its_block_whatever_it_does() -> None:
    with pdf_worker.take_worker() as child:
        assert child.poll() is None
    assert child.poll() is not None
