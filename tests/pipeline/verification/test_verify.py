"""`reportgen verify`: an unchanged report passes, and what is altered anywhere in it is named."""

from __future__ import annotations

import base64
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest
from pypdf import PdfReader

import reportgen
from reportgen.errors import EnvironmentTrouble, RecordError
from reportgen.outputs import find_outputs, template_folder, templating
from reportgen.pipeline.drawing_digest import code_of_drawing
from reportgen.pipeline.verification.verify import Options, Verification, verify
from reportgen.progress import Silent
from reportgen.record.archive import pack_files
from reportgen.record.arrays import Arrays
from reportgen.record.locate import find_source
from reportgen.record.run import RunRecord
from reportgen.record.store import ARRAYS_FILE, RECORD_FILE, encode_record, store, write_files
from reportgen.system.manifest import Manifest, describe_file, read_manifest, spell
from reportgen.system.transaction import names_in
from tests.support.commands import ROOT, run_here
from tests.support.records import presented, small_record, write_subject
from tests.support.ssh_keys import make_key

pytestmark = pytest.mark.slow
DRAWN = {"report": {"sections": ["summary", "evaluation", "reproduce"]}, "gates": ["accuracy >= 10 %"]}
FEW = {"report": {"sections": ["summary", "data", "reproduce"], "attach_record": True}, "gates": ["accuracy >= 10 %"]}
DIGIT = re.compile(rb"(?<=[ >|\"])\d+\.(\d)(?!\d*\.)")
"""The first digit behind a point, of a number that is printed and no version."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with every output that there is."""
    home = tmp_path_factory.mktemp("verified")
    subject = presented(small_record(), **FEW, outputs=sorted(find_outputs()))
    write_subject(subject, home / "given")
    reportgen.render(home / "given", home / "out", progress=False)
    return home / "out"


@pytest.fixture
def received(built: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(built, tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report without its PDF, which is drawn in less than a second."""
    home = tmp_path_factory.mktemp("light")
    subject = presented(small_record(), **DRAWN, outputs=["html", "json"])
    write_subject(subject, home / "given")
    reportgen.render(home / "given", home / "out", progress=False)
    return home / "out"


@pytest.fixture
def light(drawn: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(drawn, tmp_path / "out")
    return tmp_path / "out"


def found_in(path: Path, **options: Path) -> Verification:
    return verify(path, Options(**options), Silent())


def files_of(home: Path) -> list[str]:
    return [name for name in names_in(home) if not name.startswith(".reportgen-")]


def fit_manifest(home: Path) -> None:
    """Make the manifest list what is there now, as somebody would who alters a file."""
    manifest = read_manifest(home)
    assert manifest is not None
    names = [name for name in files_of(home) if not name.startswith("manifest.json")]
    changed = manifest.model_copy(update={"files": {name: describe_file(home / name) for name in names}})
    (home / "manifest.json").write_bytes(changed.spelled())


def alter_digit(path: Path) -> None:
    """Print another digit somewhere in a file, in a PDF as a reader sees it; in a file without text, another byte."""
    data = path.read_bytes()
    if path.suffix == ".pdf":
        alter_document(path)
    elif b"\0" not in data and (match := DIGIT.search(data)):
        at = match.start(1)
        path.write_bytes(data[:at] + str((int(match[1]) + 1) % 10).encode() + data[at + 1 :])
    elif b"\0" not in data and (last := list(re.finditer(rb"\d", data))):  # a file of whole numbers only
        at = last[-1].start()
        path.write_bytes(data[:at] + str((int(last[-1][0]) + 1) % 10).encode() + data[at + 1 :])
    else:
        path.write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])


def alter_document(path: Path) -> None:
    """Draw one digit of the first page as another, in the stream of the page."""
    with pikepdf.open(path, allow_overwriting_input=True) as document:
        page = document.pages[0]
        instructions = list(pikepdf.parse_content_stream(page))
        maps, codes = dict(fonts_of(page)), {}
        for at, one in enumerate(instructions):
            if str(one.operator) == "Tf":
                codes = maps.get(str(one.operands[0]), {})
            if str(one.operator) not in ("Tj", "TJ"):
                continue
            texts = one.operands[0] if str(one.operator) == "TJ" else [one.operands[0]]
            shown = [bytes(text) if isinstance(text, pikepdf.String) else text for text in texts]
            for number, text in enumerate(shown):
                for old, new in (("8", "3"), ("7", "1"), ("6", "5")):
                    if isinstance(text, bytes) and old in codes and new in codes:
                        pairs = [text[i : i + 2] for i in range(0, len(text), 2)]
                        if codes[old] in pairs:
                            pairs[pairs.index(codes[old])] = codes[new]
                            shown[number] = b"".join(pairs)
                            array = pikepdf.Array([pikepdf.String(t) if isinstance(t, bytes) else t for t in shown])
                            instructions[at] = pikepdf.ContentStreamInstruction([array], pikepdf.Operator("TJ"))
                            page.Contents = document.make_stream(pikepdf.unparse_content_stream(instructions))
                            document.save(path, static_id=True)
                            return
    raise AssertionError("no digit was found")


def fonts_of(page: pikepdf.Page) -> Iterator[tuple[str, dict[str, bytes]]]:
    """For every font of a page, the code of each character."""
    for name, font in page.resources.Font.items():
        text = font.ToUnicode.read_bytes().decode("latin-1")
        pairs = re.findall(r"<([0-9a-fA-F]{4})>\s*<([0-9a-fA-F]{4})>\s*\n", text)
        yield name, {chr(int(to, 16)): bytes.fromhex(code) for code, to in pairs}


def test_an_unchanged_report_is_verified(built: Path) -> None:
    result = found_in(built)
    assert (result.alterations, result.notes) == ([], [])
    assert result.exit_code == 0
    assert result.numbers > 500


def test_one_digit_in_each_output_is_caught_although_the_manifest_fits(received: Path) -> None:
    outputs = [name for name in files_of(received) if not name.startswith(("record/", "manifest."))]
    made = {one.name: one.files for one in find_outputs().values()}
    for output, files in made.items():  # also one that is added later
        assert all(any(name == f or name.startswith(f.rstrip("/") + "/") for name in outputs) for f in files), output
    for name in outputs:
        alter_digit(received / name)
    fit_manifest(received)
    result = found_in(received)
    assert {alteration.file for alteration in result.alterations} == set(outputs)
    for name in (name for name in outputs if not name.endswith((".png", ".svg")) and "tfevents" not in name):
        told = [one for one in result.alterations if one.file == name and one.printed]
        assert told, name
        assert told[0].place, name
        assert any(character.isdigit() for character in told[0].printed + told[0].given), told
    assert result.exit_code == 1


def test_a_document_verifies_by_itself_and_draws_the_whole_report(built: Path, tmp_path: Path) -> None:
    (tmp_path / "mailed").mkdir()
    document = tmp_path / "mailed" / "a report.pdf"
    shutil.copy(built / "report.pdf", document)
    result = found_in(document)
    assert (result.alterations, result.notes) == ([], [])
    reportgen.render(document, tmp_path / "again", progress=False)
    for name in files_of(built):
        if name != "manifest.json" and not name.startswith("record/"):  # whose images are smaller in a document
            assert (tmp_path / "again" / name).read_bytes() == (built / name).read_bytes(), name
    alter_document(document)
    (altered,) = [one for one in found_in(document).alterations if one.printed]
    assert altered.place == "page 1"
    assert altered.printed in (PdfReader(document).pages[0].extract_text() or "").replace("\u202f", " ")


def flip(path: Path, draw: random.Random) -> None:
    """Turn one bit of one byte of a file around."""
    data = bytearray(path.read_bytes())
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    path.write_bytes(data)


@pytest.mark.parametrize("seed", range(5))
def test_a_byte_anywhere_in_any_file_is_caught_and_the_file_named(received: Path, seed: int) -> None:
    draw, names = random.Random(seed), [name for name in files_of(received) if name != "manifest.json"]
    assert len(names) > 20
    for name in names:
        flip(received / name, draw)
    (received / "record" / ARRAYS_FILE).write_bytes(b"")  # so that nothing is drawn, which takes seconds
    result = found_in(received)
    assert {one.file for one in result.alterations} >= set(names)
    assert result.exit_code == 1


def test_every_byte_of_a_manifest_counts(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_bytes(b"a page")
    entry = describe_file(tmp_path / "report.html")
    whole = Manifest(inputs="1" * 64, origin="2" * 64, files={"report.html": entry}).spelled()
    path = tmp_path / "manifest.json"
    path.write_bytes(whole)
    assert check_files(tmp_path) == []
    draw = random.Random(0)
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << draw.randrange(8)]) + whole[at + 1 :])
        assert "manifest.json" in str(check_files(tmp_path)), at
    for altered in (whole[:-1], whole + b"\n", whole.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + whole):
        path.write_bytes(altered)
        assert "manifest.json" in str(check_files(tmp_path))


@pytest.mark.parametrize("name", ["inputs", "origin"])
def test_a_digit_of_what_no_file_tells_is_caught(light: Path, name: str) -> None:
    path = light / "manifest.json"
    said = json.loads(path.read_bytes())
    said[name] = ("4" if said[name].startswith("3") else "3") + said[name][1:]
    path.write_bytes(spell(said))
    (told,) = found_in(light).alterations
    assert str(told).startswith("manifest.json: is not as it was written: its own sha256 does not fit")


def test_a_manifest_of_an_earlier_version_is_told(light: Path) -> None:
    path = light / "manifest.json"
    said = json.loads(path.read_bytes())
    del said["sha256"]
    path.write_bytes(spell(said))
    assert len(found_in(light).alterations) == 1
    path.write_bytes(spell(said | {"format": 1}))
    result = found_in(light)
    assert result.alterations == []
    assert "an earlier version wrote it" in result.notes[0]


SHOWN = {
    "alternative text": rb'alt="[^"]*?(\d)\.\d',
    "table": rb"<td>[^<]*?(\d)\.\d",
    "sentence": rb"<(?:p|li|h1)(?: [^>]*)?>[^<]*?(\d)\.\d",
    "label": rb'aria-label="[^"]*?(\d)',
    "title": rb"<title>[^<]*?(\d)",
}
"""Where a page holds numbers: each altered by itself."""


def test_a_number_is_caught_wherever_a_page_has_it(light: Path) -> None:
    path = light / "report.html"
    page = path.read_bytes()
    altered = {}
    for what, pattern in SHOWN.items():
        match = re.search(pattern, page)
        assert match is not None, what
        page = page[: match.start(1)] + str((int(match[1]) + 1) % 10).encode() + page[match.end(1) :]
        altered[what] = match
    drawing = re.search(rb'src="data:image/svg\+xml;base64,([^"]*)"', page)
    assert drawing is not None
    inside = base64.b64decode(drawing[1])
    label = re.search(rb">(\d)[^<]*</text>", inside)
    assert label is not None
    other = inside[: label.start(1)] + str((int(label[1]) + 1) % 10).encode() + inside[label.end(1) :]
    path.write_bytes(page.replace(drawing[1], base64.b64encode(other)))
    fit_manifest(light)
    told = [one for one in found_in(light).alterations if one.file == "report.html"]
    assert len(told) == len(SHOWN) + 1
    assert all(one.printed and one.given and one.place for one in told)
    assert any(one.place.endswith(", image") for one in told)


@pytest.mark.parametrize("fits", [False, True])
def test_one_byte_in_each_file_is_caught(received: Path, fits: bool) -> None:
    for name in [name for name in files_of(received) if name.startswith(("record/", "manifest."))]:
        if fits and name == "manifest.json":
            continue
        kept = (received / name).read_bytes()
        listed = (received / "manifest.json").read_bytes()
        middle = len(kept) // 2
        (received / name).write_bytes(kept[:middle] + bytes([kept[middle] ^ 1]) + kept[middle + 1 :])
        if fits:
            fit_manifest(received)
        only_words = name == "record/presentation.json" or name == "manifest.json"
        if not only_words:  # which are drawn with
            assert found_in(received).exit_code == 1, name
        elif not fits:
            told = check_files(received)
            assert told, name
        (received / name).write_bytes(kept)
        (received / "manifest.json").write_bytes(listed)


def check_files(home: Path) -> list[str]:
    from reportgen.pipeline.verification.files import check_manifest

    return [str(one) for one in check_manifest(home)[1]]


def test_files_that_are_missing_and_files_too_many_are_told(light: Path) -> None:
    (light / "metrics.json").unlink()
    (light / "notes.txt").write_text("mine", encoding="utf-8")
    assert [str(one) for one in found_in(light).alterations] == [
        "metrics.json: is missing: the manifest lists it",
        "notes.txt: is no part of the report: the manifest does not list it",
    ]
    fit_manifest(light)
    assert [str(one) for one in found_in(light).alterations] == [
        "metrics.json: is missing: the record's spec asks for it",
        "notes.txt: no output of this report makes it",
    ]
    (light / "manifest.json").unlink()
    assert "manifest.json: is missing" in [str(one) for one in found_in(light).alterations]


def resealed(home: Path, record: RunRecord) -> None:
    """Put another record into a report, with every digest as it should be."""
    write_files(encode_record(record), home / "record")
    fit_manifest(home)


def test_a_record_that_states_other_numbers_than_its_arrays_is_told(light: Path) -> None:
    record = find_source(light).load().record
    assert record.measured is not None
    first, *others = record.measured.values
    assert first.name == "accuracy"
    better = first.model_copy(update={"value": (first.value or 0) + 0.01})
    measured = record.measured.model_copy(update={"values": (better, *others)})
    resealed(light, record.model_copy(update={"measured": measured}))
    told = [str(one) for one in found_in(light).alterations]
    assert any(one.startswith("record/record.json, measured.values[accuracy].value: states 0.") for one in told)
    assert any(one.startswith("report.html, section Evaluation: printed") for one in told)
    assert any(one.startswith("metrics.json, metrics[accuracy].value: printed") for one in told)


def test_what_is_measured_and_printed_nowhere_is_told_by_the_digest_in_the_report(light: Path) -> None:
    record = find_source(light).load().record
    rate = record.arrays["train.lr"].copy()
    rate[3] *= 1.5
    resealed(light, store(record.model_copy(update={"arrays": Arrays({**record.arrays, "train.lr": rate})})).record)
    told = [str(one) for one in found_in(light).alterations]
    assert any("section Reproduce" in one for one in told), told


def test_a_page_is_held_against_the_record_beside_it_or_one_that_is_named(light: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    shutil.copy(light / "report.html", page)
    assert found_in(page, record=light).exit_code == 0
    page.write_bytes(page.read_bytes().replace(b"Macro F1", b"Micro F1"))
    assert found_in(page, record=light).exit_code == 1
    assert found_in(light / "report.html").exit_code == 0
    assert found_in(light / "record").exit_code == 0


@pytest.mark.parametrize("name", [RECORD_FILE, ARRAYS_FILE, "judgement.json"])
def test_a_part_of_the_record_that_is_gone_is_told_although_the_manifest_fits(light: Path, name: str) -> None:
    (light / "record" / name).unlink()
    fit_manifest(light)
    told = [str(one) for one in found_in(light).alterations]
    assert told
    assert told[0].startswith("record")


def test_a_manifest_inside_a_record_hides_nothing_of_it(light: Path) -> None:
    (light / "record" / "manifest.json").write_bytes((light / "manifest.json").read_bytes())
    (light / "record" / "notes.txt").write_text("theirs", encoding="utf-8")
    assert {one.file for one in found_in(light).alterations} == {"record/manifest.json", "record/notes.txt"}


def test_a_report_inside_a_report_is_told_and_not_vouched_for(light: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(light, light / "inner")
    assert found_in(light).notes == ["inner: a report of its own, which was not verified"]
    said = run_here(capsys, "verify", light)
    assert (said.code, "verified but for what the warnings say" in said.err) == (0, True)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "report.pdf")
    with pytest.raises(RecordError, match=r"report\.pdf is not a file"):
        found_in(tmp_path / "report.pdf")
    with pytest.raises(RecordError, match=r"there is no .*report\.html"):
        found_in(tmp_path / "report.html")


def test_a_folder_that_only_says_it_ranks_reports_is_not_verified(light: Path) -> None:
    for name in ("index.html", "ranking.json"):
        (light / name).write_text('{"entries": []}', encoding="utf-8")
    names = [name for name in files_of(light) if name not in ("index.html", "ranking.json")]
    for name in names:
        (light / name).unlink()
    write_side(light)
    with pytest.raises(RecordError, match="names no report"):
        found_in(light)
    (light / "ranking.json").write_text('{"entries": [{"folder": "1-a"}, {"folder": null}]}', encoding="utf-8")
    write_side(light)
    (told,) = found_in(light).alterations
    assert str(told) == "1-a: is missing: ranking.json names it as the folder of a report"


def write_side(home: Path) -> None:
    names = ("index.html", "ranking.json")
    manifest = Manifest(files={name: describe_file(home / name) for name in names})
    (home / "manifest.json").write_bytes(manifest.spelled())


def test_a_packed_record_is_verified_by_itself(light: Path, tmp_path: Path) -> None:
    path = tmp_path / "record.zip"
    path.write_bytes(pack_files(encode_record(find_source(light).load().record)))
    assert (found_in(path).alterations, found_in(path).exit_code) == ([], 0)
    record = find_source(light).load().record
    assert record.measured is not None
    first, *others = record.measured.values
    measured = record.measured.model_copy(update={"values": (first.model_copy(update={"value": 0.999}), *others)})
    path.write_bytes(pack_files(encode_record(record.model_copy(update={"measured": measured}))))
    assert found_in(path).alterations[0].place == "measured.values[accuracy].value"


def test_nothing_of_a_received_report_is_run(light: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = light / "record" / "presentation.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(said | {"plugins": ["antigravity_of_theirs"]}), encoding="utf-8")
    fit_manifest(light)
    heard = run_here(capsys, "verify", light)
    assert "plugins: [antigravity_of_theirs] was left out" in heard.err
    assert "drawn with plug-ins of its own" in heard.err
    assert "antigravity_of_theirs" not in sys.modules


@pytest.mark.e2e
def test_torch_is_not_imported(light: Path) -> None:
    program = (
        "import sys\nfrom reportgen.cli import main\n"
        f"sys.argv = ['reportgen', 'verify', {str(light)!r}]\n"
        "try:\n    main()\nexcept SystemExit as ended:\n    print(ended.code, 'torch' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, env=environment()
    )
    assert done.stdout.split() == ["0", "False"], done.stderr


def environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT)}


def test_what_is_no_report_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    for name in ("empty", "nothing", "broken.pdf"):
        said = run_here(capsys, "verify", tmp_path / name)
        assert (said.code, "Traceback" in said.err) == (5, False), name


def use_other_templates(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Be other code of the same version: another style sheet, another element around the sections, a line more."""
    shutil.copytree(templating.template_root(), folder)
    (folder / "screen.css").write_text((folder / "screen.css").read_text() + "\np { letter-spacing: 1px }\n")
    (folder / "print.css").write_text((folder / "print.css").read_text() + "\np { font-size: 13pt }\n")
    page = (folder / "report.html.j2").read_text()
    (folder / "report.html.j2").write_text(page.replace("</main>", "<p>Drawn anew.</p></main>"))
    for module in (templating, template_folder):  # what draws, and what takes the digest of its code
        monkeypatch.setattr(module, "template_root", lambda: folder)


def test_other_code_of_the_same_version_is_told_and_raises_no_alarm(
    received: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_other_templates(monkeypatch, tmp_path / "templates")
    result = found_in(received)
    assert result.alterations == []
    said = "report.html: drawn by other code of the same version: layout and words were not compared; "
    (note,) = (note for note in result.notes if note.startswith(said))
    assert "numbers compared, all as the record gives them" in note
    alone = found_in(received / "report.pdf")
    assert alone.alterations == []
    moved = Path(shutil.copy(received / "report.pdf", tmp_path / "alone.pdf"))
    by_itself = found_in(moved)
    assert by_itself.alterations == []
    assert any("drawn by other code of the same version" in note for note in by_itself.notes)
    alter_document(moved)
    assert found_in(moved).alterations
    for name in ("report.html", "metrics.json", "comment.md"):
        alter_digit(received / name)
        assert {one.file for one in found_in(received / name).alterations} == {name}


def test_a_manifest_that_says_no_code_is_of_code_before_any_said(
    light: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = read_manifest(light)
    assert manifest is not None
    assert manifest.code == code_of_drawing()
    (light / "manifest.json").write_bytes(manifest.model_copy(update={"code": ""}).spelled())
    assert "code" not in json.loads((light / "manifest.json").read_bytes())
    assert (found_in(light).alterations, found_in(light).notes) == ([], [])  # every byte is the same all the same
    use_other_templates(monkeypatch, tmp_path / "templates")
    result = found_in(light)
    assert result.alterations == []
    assert any("drawn by other code" in note for note in result.notes)


def test_who_signed_is_told(light: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("ours", "theirs"):
        make_key(tmp_path, name, owner=f"{name}@example.org")
    assert run_here(capsys, "verify", light, "--key", tmp_path / "ours.pub").code == 1
    assert run_here(capsys, "render", light, "--sign", tmp_path / "ours").code == 0
    said = run_here(capsys, "verify", light, "--key", tmp_path / "ours.pub")
    assert (said.code, "signed by ours@example.org" in said.err) == (0, True), said
    assert "whose key it is, --key tells" in run_here(capsys, "verify", light).err
    assert run_here(capsys, "verify", light / "report.html", "--key", tmp_path / "ours.pub").code == 0
    shutil.copy(light / "report.html", light / "another.html")  # which nobody signed, beside what somebody did
    said = run_here(capsys, "verify", light / "another.html", "--key", tmp_path / "ours.pub", "--record", light)
    assert (said.code, "signed by" in said.err) == (1, False)
    (light / "another.html").unlink()
    said = run_here(capsys, "verify", light, "--key", tmp_path / "theirs.pub")
    assert said.code == 1
    assert "altered: manifest.json.sig: is no signature of this manifest by anybody in" in said.out
    (light / "report.html").write_bytes((light / "report.html").read_bytes().replace(b"Macro", b"Micro"))
    fit_manifest(light)
    said = run_here(capsys, "verify", light)
    assert "altered: manifest.json.sig: is no signature of this manifest" in said.out


def test_a_file_of_a_folder_is_held_against_the_record_that_is_named(built: Path, tmp_path: Path) -> None:
    shutil.copytree(built / "card", tmp_path / "card")
    page = tmp_path / "card" / "README.md"
    assert found_in(page, record=built).alterations == []
    alter_digit(page)
    assert [one.file for one in found_in(page, record=built).alterations] == ["card/README.md"]


def test_a_file_that_may_not_be_read_is_no_alteration(light: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open

    def refuse(path: Path, *args: object, **named: object) -> object:
        if path.name == RECORD_FILE:
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(EnvironmentTrouble, match="there is no permission"):
        found_in(light)
