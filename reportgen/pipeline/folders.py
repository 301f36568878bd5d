"""Where reports go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reportgen.errors import SpecError


def output_folder(path: Path, out: Path | None, several: bool) -> Path:
    """Where a spec's report goes: `-o`, inside it when there are several specs, else reports/<spec's file name>."""
    if out is None:
        return Path("reports") / path.stem
    return out / path.stem if several else out


def unique_folders(paths: Sequence[Path], out: Path | None) -> list[Path]:
    """One folder per spec; raises SpecError when two specs would share one."""
    folders = [output_folder(path, out, len(paths) > 1) for path in paths]
    for index, folder in enumerate(folders):
        if folder in folders[:index]:
            raise SpecError(
                f"two specs would be built into {folder}", "Build them one at a time, each with its own -o."
            )
    return folders
