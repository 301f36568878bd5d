"""Where a record can be read from, and a record as one file: round trips, what fits, what is refused."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pikepdf
import pytest
from pypdf import PdfWriter

from reportgen.errors import RecordError
from reportgen.record.archive import PACKED_FILE, pack_files, unpack_files
from reportgen.record.locate import find_source
from reportgen.record.run import RunRecord
from reportgen.record.store import decode, encode_record
from reportgen.record.subject import Subject
from tests.support.permissions import shut_off
from tests.support.records import save_record

WHERE = Path("somewhere.zip")


def pack(record: RunRecord) -> bytes:
    return pack_files(encode_record(record))


def unpack(packed: bytes) -> Subject:
    return decode(unpack_files(packed, WHERE), WHERE).subject


def pdf_with(folder: Path, **files: bytes) -> Path:
    document = pikepdf.new()
    document.add_blank_page()
    for name, data in files.items():
        document.attachments[name.replace("_", ".")] = data
    path = folder / "some report.pdf"
    document.save(path)
    return path


def test_a_packed_record_comes_back_whole(record: RunRecord) -> None:
    packed = pack(record)
    assert unpack(packed) == Subject(record)
    assert pack(record) == packed
    with zipfile.ZipFile(io.BytesIO(packed)) as found:
        assert found.namelist() == ["record.json", "arrays.safetensors"]
        assert {entry.date_time[0] for entry in found.infolist()} == {1980}


def test_a_record_is_found_in_every_place_it_may_be(record: RunRecord, tmp_path: Path) -> None:
    folder = tmp_path / "report" / "record"
    folder.mkdir(parents=True)
    save_record(record, folder)
    packed = pack(record)
    (tmp_path / PACKED_FILE).write_bytes(packed)
    places = [folder, folder.parent, tmp_path / PACKED_FILE, pdf_with(tmp_path, record_zip=packed, other_txt=b"x")]
    found = [find_source(place) for place in places]
    assert [source.name for source in found] == ["report", "report", tmp_path.name, "some report"]
    assert len({source.digest for source in found}) == 1
    assert all(source.load().record == record for source in found)


def test_a_report_whose_record_was_removed_is_read_from_its_pdf(record: RunRecord, tmp_path: Path) -> None:
    pdf_with(tmp_path, record_zip=pack(record)).rename(tmp_path / "report.pdf")
    assert find_source(tmp_path).load().record == record


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: folder / "nowhere", "there is no "),
        (lambda folder: folder, "there is no record in"),
        (lambda folder: pdf_with(folder, other_txt=b"x"), "has no record inside"),
        (lambda folder: written(folder / "a.pdf", b"%PDF-1.7 and no more"), "can't be read as a PDF"),
        (lambda folder: written(folder / "a.zip", b"PK no zip"), "is damaged"),
        (lambda folder: written(folder / "a.zip", zipped(b"hello")), "there is no record in"),
        (lambda folder: pdf_with(folder, record_zip=b"PK no zip"), "is damaged"),
    ],
)
def test_what_is_no_record_is_said(make: object, says: str, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=says) as caught:
        find_source(make(tmp_path))  # type: ignore[operator]
    assert caught.value.hint


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def zipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("hello.txt", data)
    return buffer.getvalue()


def test_a_damaged_record_in_a_zip_is_refused(record: RunRecord, tmp_path: Path) -> None:
    packed = bytearray(pack(record))
    packed[len(packed) // 2] ^= 0xFF
    with pytest.raises(RecordError):
        find_source(written(tmp_path / "a.zip", bytes(packed))).load()


@pytest.mark.slow
def test_reading_a_record_out_of_a_pdf_needs_no_torch(record: RunRecord, tmp_path: Path) -> None:
    path = pdf_with(tmp_path, record_zip=pack(record))
    code = (
        "import sys; from pathlib import Path; from reportgen.record.locate import find_source; "
        "find_source(Path(sys.argv[1])).load(); print({'torch', 'weasyprint', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_record_that_may_not_be_looked_at_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "record").mkdir()
    shut_off(monkeypatch, tmp_path / "record")
    with pytest.raises(RecordError, match="no permission to enter a folder"):
        find_source(tmp_path)


def test_two_different_records_in_one_pdf_are_refused_and_one_twice_is_not(record: RunRecord, tmp_path: Path) -> None:
    packed = pack(record)
    other = pack(record.model_copy(update={"fingerprint": "1" * 64}))
    for name, second in (("twice.pdf", packed), ("two.pdf", other)):
        writer = PdfWriter()
        writer.add_blank_page(100, 100)
        for data in (packed, second):
            writer.add_attachment("record.zip", data)
        writer.write(tmp_path / name)
    assert find_source(tmp_path / "twice.pdf").load().record.fingerprint == record.fingerprint
    with pytest.raises(RecordError, match="2 different records"):
        find_source(tmp_path / "two.pdf")


@pytest.mark.parametrize(("user", "words"), [("secret", "is encrypted"), ("", "has no record")])
def test_an_encrypted_pdf_is_read_where_it_needs_no_password(tmp_path: Path, user: str, words: str) -> None:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt(user, owner_password="owner", algorithm="RC4-128")
    writer.write(tmp_path / "a.pdf")
    with pytest.raises(RecordError, match=words):
        find_source(tmp_path / "a.pdf")


@pytest.mark.parametrize(("data", "words"), [(b"", "is empty"), (b"<html>", "neither a PDF nor a record.zip")])
def test_a_file_that_is_no_archive_is_called_so(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(RecordError, match=words):
        find_source(written(tmp_path / "a.pdf", data))
