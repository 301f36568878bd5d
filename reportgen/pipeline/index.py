"""One page over every record below a folder. Nothing that a record names is run, and none is read whole."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

from reportgen.comparison.history import (
    Answers,
    Step,
    compare_answers,
    compare_losses,
    compare_records,
    mark_changes,
    read_answers,
)
from reportgen.errors import RecordError, ReportgenError, SpecError
from reportgen.progress import Progress
from reportgen.record.archive import PACKED_FILE
from reportgen.record.locate import RECORD, Source, find_source, read_file
from reportgen.record.store import RECORD_FILE
from reportgen.record.summary import Summary, read_glance
from reportgen.report.index import Line, Listed, Unread, view_index
from reportgen.system.cache import replace_file
from reportgen.system.epoch import check_epoch
from reportgen.system.files import is_folder, is_regular, machine_trouble
from reportgen.system.manifest import read_manifest
from reportgen.system.transaction import COMMIT
from reportgen.text.i18n import SOURCE, language

PAGES = ("report.html", "report.pdf")
"""What a link leads to, the first that there is."""
OURS = ".reportgen-"
"""How folders begin that hold what is being built."""
READERS = 2
"""Threads: one waits for the disk while the other checks a digest."""


@dataclass(frozen=True)
class Found:
    """One record that was read."""

    source: Source
    home: Path
    """The folder of its report, or the file that holds it."""
    summary: Summary
    answers: Answers | None


@dataclass(frozen=True)
class Index:
    """What came of it."""

    page: Path
    records: int
    unread: tuple[Unread, ...]


def make_index(folder: Path, out: Path | None, force: bool, progress: Progress, drawn_in: str = SOURCE) -> Index:
    """Write the page over every record below `folder` to `out`, by default the folder's index.html, in the language
    `drawn_in`.

    Raises SpecError where there is no such folder, the page would take the place of something else or
    SOURCE_DATE_EPOCH is no number, RecordError where there is no record, EnvironmentTrouble when the machine can't.
    """
    from reportgen.outputs.index import INDEX
    from reportgen.outputs.index import make_index as make_page

    check_epoch()
    if not is_folder(folder):
        raise SpecError(f"there is no folder {folder}", "Give the folder that the reports lie below.")
    page = folder / INDEX if out is None else out / INDEX if is_folder(out) else out
    check_replaceable(page, force)
    places = [*find_places(folder)]
    with progress.stage("Read", len(places), "records") as task:
        found, unread = read_all(places, folder)
        task.advance(len(places))
    if not found and not unread:
        raise RecordError(f"there is no record below {folder}", "Build one: reportgen build spec.yaml")
    with progress.stage("Compare"):
        lines = make_lines(found, folder, page)
    with language(drawn_in):
        file = make_page(view_index(folder.resolve().name or str(folder), lines, unread))
    with machine_trouble(page):
        page.parent.mkdir(parents=True, exist_ok=True)
        replace_file(page, file.data)
        page.chmod(0o666 & ~current_umask())
    return Index(page, len(found), tuple(unread))


def current_umask() -> int:
    """The bits that files of this process are made without."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def check_replaceable(page: Path, force: bool) -> None:
    """Raise SpecError where a page would take the place of anything but an earlier one, or stand in a report's folder,
    whose files its manifest lists."""
    from reportgen.outputs.index import MARK

    if force:
        return
    if read_manifest(page.parent) is not None:
        raise SpecError(f"{page.parent} is the folder of a report", "Choose another file with -o.")
    if not os.path.lexists(page):
        return
    try:
        held = page.read_bytes()[:4096] if is_regular(page) else b""
    except OSError:
        held = b""
    if MARK not in held:
        raise SpecError(
            f"{page} exists and is not an index page", "Choose another file with -o, or replace it with --force."
        )


def find_places(folder: Path) -> Iterator[Path | OSError]:
    """Everything below a folder that holds a record or looks as if it did, in one order on every machine: folders of
    reports and records, and PDFs and zips that lie beside no record; folders that can't be looked into as the error."""
    problems: list[OSError] = []
    for home, folders, files in os.walk(folder, onerror=problems.append):
        yield from problems
        problems.clear()
        here, names = Path(home), set(files)
        folders[:] = sorted(name for name in folders if not name.startswith(OURS))
        decided = is_folder(here / COMMIT)
        if decided or is_regular(here / RECORD / RECORD_FILE):
            folders[:] = [name for name in folders if name != RECORD]
            yield here
        elif RECORD_FILE in names:
            yield here
        else:
            yield from (here / name for name in sorted(names) if is_candidate(here / name))
    yield from problems


def is_candidate(file: Path) -> bool:
    """Whether a file may hold a record: a PDF, or a zip of the name that packed records have."""
    if file.name == PACKED_FILE:
        return not is_regular(file.parent / "report.pdf")
    return file.suffix.lower() == ".pdf" and is_regular(file)


def read_all(places: Sequence[Path | OSError], folder: Path) -> tuple[list[Found], list[Unread]]:
    """Every record, and what can't be read, in the order of the places."""
    found, unread = [], []
    with ThreadPoolExecutor(READERS) as pool:
        for came in pool.map(lambda place: read_one(place, folder), places):
            if isinstance(came, Found):
                found.append(came)
            elif came is not None:
                unread.append(came)
    return found, unread


def read_one(place: Path | OSError, folder: Path) -> Found | Unread | None:
    """One record, or why it can't be read; None for a PDF that is somebody else's."""
    if isinstance(place, OSError):
        return Unread(name_place(Path(place.filename or folder), folder), place.strerror or str(place))
    try:
        source = find_source_at(place)
        if source is None:
            return None
        seen = read_glance(source)
        answers = None if seen.summary.unfinished else read_answers(seen.summary.classes, seen.arrays)
    except ReportgenError as error:
        return Unread(name_place(place, folder), error.message.replace(f"{folder}{os.sep}", ""))
    except OSError as error:
        return Unread(name_place(place, folder), error.strerror or str(error))
    return Found(source, place, seen.summary, answers)


def find_source_at(place: Path) -> Source | None:
    """The record at a place; None for a PDF of another name than a report's that holds none. Raises RecordError."""
    if not is_regular(place):
        return find_source(place)
    try:
        return read_file(place)
    except RecordError:
        if place.suffix.lower() == ".pdf" and place.name != PAGES[1]:
            return None
        raise


def name_place(path: Path, folder: Path) -> str:
    """A path as the page shows it: relative to the folder, whatever its bytes are."""
    return os.fsencode(os.path.relpath(path, folder)).decode("utf-8", "replace").replace(os.sep, "/")


def make_lines(found: Sequence[Found], folder: Path, page: Path) -> list[Line]:
    """The records of one model on the same test images together, in the order of time, with their change points."""
    members: dict[tuple[str, str], list[Found]] = defaultdict(list)
    for number, one in enumerate(found):
        alone = f"\0{number}"  # what holds no evaluation is in no history
        members[one.summary.model.model_dump_json(), one.answers.images if one.answers else alone].append(one)
    lines = []
    for group in members.values():
        ordered = sorted(group, key=lambda one: (one.summary.created, name_place(one.home, folder)))
        answers = ordered[0].answers
        lines.append(
            Line(
                tuple(Listed(one.summary, name_place(one.home, folder), find_link(one.home, page)) for one in ordered),
                tuple(mark_changes(find_steps(ordered))),
                answers.images if answers else "",
                len(answers.right) if answers else 0,
                tuple(mark_changes(find_loss_steps(ordered))),
            )
        )
    return lines


def find_steps(records: Sequence[Found]) -> list[Step | None]:
    """The change from each record to the next; None for the first, for a copy, and where it can't be tested."""
    steps: list[Step | None] = [None] * len(records)
    plain, pairs = [], []
    for at in range(1, len(records)):
        before, after = records[at - 1], records[at]
        if before.answers is None or after.answers is None or before.summary.digest == after.summary.digest:
            continue
        if before.summary.plain and after.summary.plain:
            plain.append(at)
            pairs.append((before.answers, after.answers))
        else:
            steps[at] = compare_whole(before, after)
    compared = compare_answers([one for one, _other in pairs], [other for _one, other in pairs])
    for at, step in zip(plain, compared, strict=True):
        steps[at] = step
    return steps


def find_loss_steps(records: Sequence[Found]) -> list[Step | None]:
    """The change of negative log-likelihood from each record to the next; None for the first and where it is not
    tested, as between several seeds."""
    steps: list[Step | None] = [None] * len(records)
    for at, (before, after) in enumerate(pairwise(records), 1):
        single = before.summary.plain and after.summary.plain and before.summary.digest != after.summary.digest
        if single and before.answers is not None and after.answers is not None:
            steps[at] = compare_losses(before.answers, after.answers)
    return steps


def compare_whole(before: Found, after: Found) -> Step | None:
    """The change between records of several seeds or evaluations, for which all of their arrays are needed."""
    try:
        return compare_records(before.source.load().record, after.source.load().record)
    except ReportgenError:
        return None


def find_link(home: Path, page: Path) -> str:
    """The address of a report, relative to the page; empty where there is only a record."""
    folder = home if is_folder(home) else home.parent
    if folder.name == RECORD and not is_regular(folder / PAGES[0]):
        folder = folder.parent
    named = home if home.suffix.lower() == ".pdf" else None
    first = next((folder / name for name in PAGES if is_regular(folder / name)), None)
    target = named or first
    if target is None:
        return ""
    try:
        relative = os.path.relpath(os.path.realpath(target), os.path.realpath(page.parent))
    except ValueError:  # another drive
        return target.absolute().as_uri()
    return quote(os.fsencode(relative.replace(os.sep, "/")))
