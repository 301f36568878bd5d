"""From an archive that is here whole to its files in their place."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path

from reportgen.experiment.datasets.download.partial import PREFIX
from reportgen.experiment.datasets.files import Archive, NotAvailable
from reportgen.record.message import N_


def unpack(file: Path, archive: Archive, home: Path, final: Path) -> None:
    """Unpack the archive beside its place and move its folder in whole.

    Raises NotAvailable for an archive that is damaged.
    """
    try:
        with tempfile.TemporaryDirectory(dir=home, prefix=PREFIX) as beside:
            extract(file, Path(beside), archive)
            shutil.rmtree(final, ignore_errors=True)
            (Path(beside) / archive.folder).rename(final)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise NotAvailable(
            N_("the archive of {data} can't be unpacked: {error}", data=archive.title, error=str(error)),
            "Try again.",
        ) from error


def extract(file: Path, beside: Path, archive: Archive) -> None:
    """The named files and nothing else; links, devices and paths that lead out are never written.

    Bytes are copied by hand: tarfile's own filters came with Python 3.11.4, and some systems have an earlier one.
    """
    (beside / archive.folder).mkdir()
    wanted = {f"{archive.folder}/{name}": beside / archive.folder / name for name in archive.files}
    with tarfile.open(file) as tar:
        for member in tar:
            source = tar.extractfile(member) if member.isreg() and member.name in wanted else None
            if source is not None:
                with source, wanted[member.name].open("wb") as target:
                    shutil.copyfileobj(source, target)
