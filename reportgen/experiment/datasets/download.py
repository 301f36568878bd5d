"""Fetch an archive, check it, unpack it beside its place and move it in whole."""

from __future__ import annotations

import hashlib
import http.client
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

from reportgen.errors import DataError, EnvironmentTrouble
from reportgen.experiment.datasets.files import Archive
from reportgen.experiment.datasets.raw import DataRequest
from reportgen.progress import Task

CHUNK = 1 << 18
TIMEOUT = 30.0
"""Seconds without a byte."""


def fetch(archive: Archive, home: Path, request: DataRequest) -> Path:
    """Download and unpack `archive` into `home`; returns the folder of its files.

    Raises DataError offline, without network or for other bytes than the published ones; EnvironmentTrouble for a disk
    that is full or closed. Nothing half-written is left.
    """
    hint = f"Download {archive.url} yourself, unpack it, and give its folder with --data-root or REPORTGEN_DATA"
    hint += "; or set data.fallback: digits."
    if request.offline:
        raise DataError(f"{archive.folder} is not on this machine, and --offline forbids fetching it", hint)
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home, prefix=".fetch-") as beside:
            file = Path(beside) / "archive.tar.gz"
            download(archive, file, request, hint)
            unpack(file, Path(beside), archive)
            final = home / archive.folder
            shutil.rmtree(final, ignore_errors=True)
            (Path(beside) / archive.folder).rename(final)
    except OSError as error:
        raise EnvironmentTrouble(
            f"the data can't be stored in {home}: {error.strerror or error}", "Free some space there (400 MB)."
        ) from error
    return final


def download(archive: Archive, file: Path, request: DataRequest, hint: str) -> None:
    """Write the archive's bytes to `file` and compare their digest with the published one."""
    try:
        with urllib.request.urlopen(archive.url, timeout=TIMEOUT) as answer:
            size = int(answer.headers.get("Content-Length") or 0)
            with request.progress.stage("Download", size or None, "bytes") as task, file.open("wb") as out:
                found = copy(answer, out, task)
    except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the connection
        reason = getattr(error, "reason", error)
        raise DataError(f"{archive.url} can't be fetched: {reason}", hint) from error
    if found != archive.md5:
        raise DataError(f"what {archive.url} gave is not the published archive (md5 {found})", hint)


def copy(source: IO[bytes], target: IO[bytes], task: Task) -> str:
    """Copy all bytes; returns their md5."""
    digest = hashlib.md5(usedforsecurity=False)
    while chunk := source.read(CHUNK):
        target.write(chunk)
        digest.update(chunk)
        task.advance(len(chunk))
    return digest.hexdigest()


def unpack(file: Path, beside: Path, archive: Archive) -> None:
    """Unpack the named files and nothing else; links, devices and paths that lead out are never written.

    Bytes are copied by hand: tarfile's own filters came with Python 3.11.4, and some systems have an earlier one.
    """
    (beside / archive.folder).mkdir()
    wanted = {f"{archive.folder}/{name}": beside / archive.folder / name for name in archive.files}
    try:
        with tarfile.open(file) as tar:
            for member in tar:
                source = tar.extractfile(member) if member.isreg() and member.name in wanted else None
                if source is not None:
                    with source, wanted[member.name].open("wb") as target:
                        shutil.copyfileobj(source, target)
    except (tarfile.TarError, EOFError) as error:
        raise DataError(f"the archive from {archive.url} can't be unpacked: {error}", "Try again.") from error
