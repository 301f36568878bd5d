"""Whether a report is what its record gives: digests, seals, every printed number, and who signed it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.errors import EnvironmentTrouble, GateFailed, NewerRecord, RecordError
from reportgen.outputs.ranking import NUMBERS
from reportgen.pipeline.verification.comparing import Terms, compare_file, is_of_other_code
from reportgen.pipeline.verification.differences import Alteration
from reportgen.pipeline.verification.drawing import Drawn, draw_again
from reportgen.pipeline.verification.files import (
    check_file,
    check_manifest,
    check_signature,
    is_old,
    list_inner,
    list_names,
    refuse_unreadable,
)
from reportgen.pipeline.verification.numbers import check_numbers
from reportgen.pipeline.verification.printed import WHOLE
from reportgen.pipeline.verification.ranking import SIDE, compare_ranking
from reportgen.pipeline.verification.reading import find_code as code_in
from reportgen.pipeline.verification.reading import find_version as version_in
from reportgen.progress import Progress
from reportgen.record.locate import RECORD, Source, find_source, is_there, name_path
from reportgen.record.run import RECORD_FORMAT
from reportgen.record.store import ARRAYS_FILE, RECORD_FILE
from reportgen.system.fault_log import LOG
from reportgen.system.files import is_folder, is_regular
from reportgen.system.manifest import MANIFEST, read_manifest
from reportgen.system.signing import SIGNATURE, Signer
from reportgen.system.transaction import COMMIT
from reportgen.system.version import __version__

BESIDE = ("record/judgement.json", "record/presentation.json")
"""What a drawing writes of a record besides what was measured."""
DOCUMENTS = (".pdf", ".html", ".eml", ".zip")
"""Endings of what people rename, and put into a folder of any name."""


@dataclass(frozen=True)
class Options:
    """How a report is verified."""

    key: Path | None = None
    """A public key or a list of signers; None: nobody has to have signed."""
    record: Path | None = None
    """Where the record is, for a file that does not carry it."""
    overrides: tuple[str, ...] = ()
    """`KEY=VALUE`: templates, style sheet and plug-ins of one's own that the report was drawn with."""


@dataclass
class Verification:
    """What came of it."""

    alterations: list[Alteration] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What could not be compared, one sentence each."""
    files: int = 0
    """Files whose print was compared with the record."""
    numbers: int = 0
    """Printed numbers among it."""
    signer: Signer | None = None

    @property
    def exit_code(self) -> int:
        """1 where anything was altered, else 0."""
        return GateFailed.exit_code if self.alterations else 0

    def include(self, other: Verification, name: str) -> None:
        """Take in what came of a report inside this folder."""
        self.alterations += [Alteration(f"{name}/{a.file}", a.message, a.place) for a in other.alterations]
        self.notes += [f"{name}: {note}" for note in other.notes]
        self.files, self.numbers = self.files + other.files, self.numbers + other.numbers


@dataclass(frozen=True)
class Given:
    """What is to be verified."""

    home: Path | None
    """The report's folder, where there is one."""
    files: Mapping[str, bytes]
    """Its outputs by name; of a single file, under the name that its output gives it."""
    single: bool


def verify(path: Path, options: Options, progress: Progress) -> Verification:
    """Verify a report's folder, a record, or one file of a report such as its PDF with the record inside.

    Raises RecordError where there is nothing to verify or to verify it against, and for a record that can't be read in
    a file of its own; SpecError for a wrong key; EnvironmentTrouble where signatures can't be checked here, and for a
    file of the report that may not be read.
    """
    if is_folder(path) and not is_regular(path / RECORD_FILE):
        return verify_folder(path, options, progress)
    result = Verification()
    if is_folder(path):
        given = Given(None, {}, single=True)
        source = find_source(path)
    else:
        given, source = find_single(path, options)
        check_listed(path, result)
    sign_off(given.home, options, result)
    return compare_all(given, source, options, result, progress)


def verify_folder(home: Path, options: Options, progress: Progress) -> Verification:
    """Verify the report in a folder, or those in the folders of one that ranks several.

    Raises EnvironmentTrouble while a build is replacing the report.
    """
    if is_folder(home / COMMIT):
        raise EnvironmentTrouble(f"a build is replacing the report in {home}", "Verify it when that is done.")
    refuse_unreadable(home)
    manifest = read_manifest(home)
    if manifest is not None and set(manifest.files) == set(SIDE):
        return verify_several(home, options, progress)
    if not any((home / name).exists() for name in (RECORD, MANIFEST, "report.pdf", "record.zip")):
        find_source(home)  # which says what is missing
    result = Verification()
    manifest, found = check_manifest(home)
    result.alterations += found
    if is_old(manifest):
        result.notes.append(f"{MANIFEST}: an earlier version wrote it; its entries inputs and origin were not checked")
    result.notes += [f"{name}: a report of its own, which was not verified" for name in list_inner(home)]
    sign_off(home, options, result)
    names = [name for name in list_names(home) if name not in (MANIFEST, SIGNATURE) and is_regular(home / name)]
    files = {name: (home / name).read_bytes() for name in names if not name.startswith(f"{RECORD}/") or name in BESIDE}
    given = Given(home, files, single=False)
    try:
        source = find_source(options.record or home)
    except RecordError as error:
        result.alterations.append(Alteration(RECORD, f"{error.message}; nothing could be compared with it"))
        return result
    return compare_all(given, source, options, result, progress)


def verify_several(home: Path, options: Options, progress: Progress) -> Verification:
    """Verify the reports in the folders of one that ranks them."""
    result = Verification()
    _manifest, result.alterations = check_manifest(home)
    sign_off(home, options, result)
    inner = list_inner(home)
    for name in inner:
        result.include(verify_folder(home / name, options, progress), name)
    for name in sorted(read_ranked(home) - set(inner)):
        result.alterations.append(Alteration(name, f"is missing: {NUMBERS} names it as the folder of a report"))
    ranked = compare_ranking(home, tuple(inner))
    result.notes += ranked.notes
    for compared in ranked.compared:
        result.alterations += compared.alterations
        result.notes += compared.notes
        result.files, result.numbers = result.files + 1, result.numbers + compared.numbers
    return result


def read_ranked(home: Path) -> set[str]:
    """The folders of the reports that a ranking names. Raises RecordError where it names none."""
    try:
        entries = json.loads((home / NUMBERS).read_bytes())["entries"]
        found = {entry["folder"] for entry in entries if isinstance(entry["folder"], str)}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        found = set()
    if not found:
        raise RecordError(f"{home / NUMBERS} names no report", "Verify each report by its own folder.")
    return found


def find_single(path: Path, options: Options) -> tuple[Given, Source]:
    """One file of a report and the record that it is compared with: its own, the one named, or the one beside it.

    A manifest beside a file that it does not list says nothing of the file, and nor does its signature. Raises
    RecordError for a file that is not there.
    """
    manifest = read_manifest(path.parent)
    home = path.parent if manifest is not None and path.name in manifest.files else None  # else it signs other files
    if not is_regular(path):
        message = f"{name_path(path)} is not a file" if is_there(path) else f"there is no {name_path(path)}"
        raise RecordError(message, "Give a report's folder, or a file of one.")
    suffix = path.suffix.lower()
    files = {} if suffix == ".zip" else {plain_name(path): path.read_bytes()}
    if options.record is not None:
        return Given(home, files, single=True), find_source(options.record)
    try:
        return Given(home, files, single=True), find_source(path)
    except RecordError as error:
        beside = path.parent / RECORD / RECORD_FILE
        if is_regular(beside) and suffix != ".zip":
            return Given(home, files, single=True), find_source(path.parent)
        error.hint = error.hint + "\nA file without its record is compared with another: --record DIR."
        raise


def plain_name(path: Path) -> str:
    """What a file of a report is called that somebody gave another name."""
    from reportgen.outputs import find_outputs

    known = [name for output in find_outputs().values() for name in output.files]
    if path.name in known:
        return path.name
    if f"{path.parent.name}/" in known and path.suffix.lower() not in DOCUMENTS:
        return f"{path.parent.name}/{path.name}"
    return next((name for name in known if Path(name).suffix == path.suffix.lower()), path.name)


def check_listed(path: Path, result: Verification) -> None:
    """Compare one file with the manifest that lies beside it, where that lists it."""
    manifest = read_manifest(path.parent)
    if manifest is not None and path.name in manifest.files:
        result.alterations += check_file(path.parent, path.name, manifest)


def sign_off(home: Path | None, options: Options, result: Verification) -> None:
    """Check the signature."""
    result.signer, found, notes = check_signature(home, options.key)
    result.alterations += found
    result.notes += notes


def compare_all(
    given: Given, source: Source, options: Options, result: Verification, progress: Progress
) -> Verification:
    """Compare the record with itself, and every file with what the record gives."""
    try:
        stored = source.load()
    except NewerRecord:
        raise
    except RecordError as error:
        result.alterations.append(Alteration(RECORD, f"{error.message}; nothing could be compared with it"))
        return result
    other = is_other_code(given)
    found, notes = check_numbers(stored.record, other)
    result.alterations += found
    result.notes += notes
    drawn = draw_again(stored, list(given.files), given.single, options.overrides, progress)
    result.notes += drawn.notes
    terms = Terms(__version__, find_version(given.files), other, drawn.other_look)
    foreign = False
    for name, expected in drawn.files.items():
        if name not in given.files:
            find_missing(name, given, drawn, result)
        elif name not in BESIDE or same_format(given):
            compared = compare_file(name, given.files[name], expected, terms)
            result.alterations += compared.alterations
            result.notes += compared.notes
            foreign = foreign or compared.foreign
            result.files, result.numbers = result.files + 1, result.numbers + compared.numbers
    if foreign:  # then an event file or an image of this machine has other bytes too
        unsure = [one for one in result.alterations if one.place.endswith(WHOLE)]  # also of a part of a mail
        result.alterations = [one for one in result.alterations if one not in unsure]
        result.notes += [
            f"{one.file}{part_of(one.place)}: not compared: machines write its bytes differently" for one in unsure
        ]
    for name in sorted(set(given.files) - set(drawn.files) - {LOG}):
        find_unmade(name, given, drawn, terms, result)
    if stored.subject.judgement.comparison is not None:
        result.notes.append(
            "the baseline's record is not here: its numbers are compared with record/judgement.json alone"
        )
    return result


def part_of(place: str) -> str:
    """Which part of a file a place names, as a message says it; empty for the file itself."""
    part = place.removesuffix(WHOLE).rstrip(", ")
    return f", {part}" if part else ""


def is_other_code(given: Given) -> bool:
    """Whether other code drew a report, as its manifest or its document says; of other files alone nobody knows.

    A manifest or a document that does not say is of code before any said.
    """
    from reportgen.pipeline.drawing_digest import code_of_drawing

    manifest = read_manifest(given.home) if given.home is not None else None
    document = next((data for name, data in given.files.items() if name.endswith(".pdf")), None)
    if manifest is not None:
        return is_of_other_code(manifest)
    return document is not None and code_in(document) != code_of_drawing()


def same_format(given: Given) -> bool:
    """Whether the record in a folder has the format that this version writes."""
    from reportgen.pipeline.replacing import read_held

    return given.home is not None and read_held(given.home).get("format") == RECORD_FORMAT


def find_version(files: Mapping[str, bytes]) -> str:
    """The version that drew a report, as most of its files say; of as many, this one."""
    said = Counter(version for name, data in files.items() if (version := version_in(name, data)))
    most = max(said.values(), default=0)
    return __version__ if said[__version__] == most else max(said, key=lambda version: said[version])


def find_missing(name: str, given: Given, drawn: Drawn, result: Verification) -> None:
    """Tell of a file that the record's spec asks for and that neither folder nor manifest has."""
    told = {one.file for one in result.alterations}
    if given.single or name in told:
        return
    if name in drawn.asked:
        result.alterations.append(Alteration(name, "is missing: the record's spec asks for it"))
    measured = name in (f"{RECORD}/{RECORD_FILE}", f"{RECORD}/{ARRAYS_FILE}")
    if name.startswith(f"{RECORD}/") and (measured or same_format(given)) and not exists(given, name):
        result.alterations.append(Alteration(name, "is missing: it is a part of the record"))


def exists(given: Given, name: str) -> bool:
    """Whether a file is in the folder that is verified."""
    return given.home is not None and is_regular(given.home / name)


def find_unmade(name: str, given: Given, drawn: Drawn, terms: Terms, result: Verification) -> None:
    """Tell of a file that no output of this report makes."""
    if any(name == file or name.startswith(f"{file.rstrip('/')}/") for file in drawn.left_out):
        return  # which the notes say
    manifest = read_manifest(given.home) if given.home is not None else None
    if not given.single and (manifest is None or name not in manifest.files):
        return  # told already
    if drawn.other_look or terms.other_code or terms.drawn_by not in ("", terms.version) or given.single:
        result.notes.append(f"{name}: not compared: nothing of this version makes it")
    else:
        result.alterations.append(Alteration(name, "no output of this report makes it"))
