"""What is said of a file that is called as the archive and is not taken for it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from reportgen.experiment.datasets.files import Archive
from reportgen.experiment.datasets.other_forms import describe_archive

CONTENT = b"whole"


def archive(content: bytes) -> Archive:
    md5, sha256 = hashlib.md5(content, usedforsecurity=False).hexdigest(), hashlib.sha256(content).hexdigest()
    return Archive("A", ("https://example.org/a.tar.gz",), "A_URL", len(content), md5, sha256, "a", ())


def test_an_archive_is_described_by_what_is_known_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "a.tar.gz"
    place.write_bytes(CONTENT)
    assert describe_archive(archive(CONTENT), place) == ""
    assert "by its length (5 bytes, not 6)" in describe_archive(archive(b"longer"), place)
    assert "by its digests" in describe_archive(archive(b"other"), place)

    def refuse(*_: object) -> tuple[str, str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("reportgen.experiment.datasets.other_forms.digests_of", refuse)
    assert describe_archive(archive(CONTENT), place) == f"{place} can't be read (Permission denied)."
