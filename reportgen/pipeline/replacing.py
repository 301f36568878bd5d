"""What a new report may take the place of: an older one of the same spec or of the same run, and nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import SpecError
from reportgen.plugins import Output
from reportgen.record.locate import RECORD
from reportgen.record.store import ARRAYS_FILE, FILES, RECORD_FILE
from reportgen.system.files import is_regular
from reportgen.system.manifest import MANIFEST, read_manifest

COMPARISON = "comparison"
"""The origin of what `compare` draws: it is made of records that lie elsewhere, and can be made again."""
MEASURED = (RECORD_FILE, ARRAYS_FILE)
"""What makes a folder a record."""
HINT = "Choose another folder with -o, or replace what is there with --force."


@dataclass(frozen=True)
class Claim:
    """What is to be written into a folder."""

    fingerprint: str
    """Of the run."""
    origin: str = ""
    """Which spec or command it is made by, as the manifest says it."""
    spec_name: str = ""
    """The file name of its spec, where it is built from one."""


def origin_of(spec: Path, out: Path) -> str:
    """Which spec a report is built from, without naming a path: the digest of where it is, seen from the report."""
    home = out.absolute()
    try:
        seen = os.path.relpath(os.path.realpath(spec), os.path.realpath(home))
    except ValueError:  # another drive
        seen = os.path.realpath(spec)
    return hashlib.sha256(Path(seen).as_posix().encode("utf-8", "surrogateescape")).hexdigest()


def check_replaceable(out: Path, claim: Claim, outputs: Iterable[Output], force: bool) -> None:
    """Raise SpecError where a report would take the place of another run's, or of a file that no report lists."""
    if force:
        return
    if all(is_regular(out / name) for name in MEASURED):
        raise SpecError(f"{out} is the record of a report, where nothing else belongs", HINT)
    held, manifest = read_held(out), read_manifest(out)
    if held.get("fingerprint") == claim.fingerprint:
        return
    names = [f"{RECORD}/{name}" for name in FILES] + [name for output in outputs for name in output.files] + [MANIFEST]
    listed = {*manifest.files, MANIFEST} if manifest is not None else set()
    theirs = [name for named in names for name in find_files(out, named) if name not in listed]
    if theirs:
        message = f"{out} holds {theirs[0]}, which no report there lists"
        raise SpecError(message, HINT)
    if held and not is_older_work(held, manifest.origin if manifest is not None else "", claim):
        raise SpecError(f"{out} holds the report of another run{describe_run(held)}", HINT)


def find_files(out: Path, name: str) -> list[str]:
    """What lies at a place of an output, named from `out`: the file, or every file in a folder such as `card/`."""
    place = out / name
    if not name.endswith("/") or place.is_symlink() or not place.is_dir():
        return [name] if os.path.lexists(place) else []
    inside = (path for path in place.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path.relative_to(out).as_posix() for path in inside)


def kept_origin(out: Path, fingerprint: str) -> str:
    """What made the report of this run that is in a folder, for the one that is drawn in its place."""
    manifest = read_manifest(out)
    return manifest.origin if manifest is not None and read_held(out).get("fingerprint") == fingerprint else ""


def is_older_work(held: Mapping[str, object], origin: str, claim: Claim) -> bool:
    """Whether what a folder holds was made by what is made again now, as far as that can be known."""
    if origin and claim.origin:
        return origin == claim.origin
    provenance = held.get("provenance")
    command = provenance.get("command") if isinstance(provenance, dict) else None
    try:
        words = shlex.split(str(command))
    except ValueError:
        return False
    return bool(claim.spec_name) and not origin and claim.spec_name in words


def read_held(out: Path) -> dict[str, object]:
    """The record of the report in a folder, unchecked; empty where there is none that can be read."""
    path = out / RECORD / RECORD_FILE
    try:
        fields = json.loads(path.read_bytes()) if is_regular(path) else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def describe_run(held: Mapping[str, object]) -> str:
    """What the run in a folder is, for a message."""
    spec, provenance = held.get("spec"), held.get("provenance")
    model = spec.get("model") if isinstance(spec, dict) else None
    source = model.get("source") if isinstance(model, dict) else None
    created = provenance.get("created") if isinstance(provenance, dict) else None
    return f", {source} of {created}" if isinstance(source, str) and isinstance(created, str) else ""
