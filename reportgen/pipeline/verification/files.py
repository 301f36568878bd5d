"""The files of a report compared with its manifest: their digests, what is missing and what is not listed."""

from __future__ import annotations

from pathlib import Path

from reportgen.errors import EnvironmentTrouble
from reportgen.pipeline.verification.differences import Alteration
from reportgen.record.locate import RECORD
from reportgen.system.files import is_regular, is_shut_off
from reportgen.system.manifest import MANIFEST, Manifest, describe_file, read_manifest, spell
from reportgen.system.signing import SIGNATURE, Signer, find_signer, spell_armoured
from reportgen.system.transaction import names_in

OURS = ".reportgen-"
"""How the names of what builds leave beside a report begin."""


def check_manifest(home: Path) -> tuple[Manifest | None, list[Alteration]]:
    """The manifest of a report's folder, and what of it is not as it says."""
    manifest = read_manifest(home)
    if manifest is None:
        said = "can't be read: it is not a manifest" if is_regular(home / MANIFEST) else "is missing"
        return None, [Alteration(MANIFEST, said)]
    found = check_spelling(manifest, (home / MANIFEST).read_bytes())
    for name in manifest.files:
        found += check_file(home, name, manifest)
    listed = {*manifest.files, MANIFEST, SIGNATURE}
    extra = [name for name in list_names(home) if name not in listed]
    return manifest, [
        *found,
        *(Alteration(name, "is no part of the report: the manifest does not list it") for name in extra),
    ]


def refuse_unreadable(home: Path) -> None:
    """Raise EnvironmentTrouble for a file of a report that may not be read, of which nothing can be said: neither that
    it is as it was written nor that it is not."""
    manifest = read_manifest(home)
    for name in dict.fromkeys((MANIFEST, *(manifest.files if manifest is not None else ()), *list_names(home))):
        path = home / name
        try:
            if is_regular(path):
                path.open("rb").close()
            elif is_shut_off(path):
                raise PermissionError
        except PermissionError as error:
            raise EnvironmentTrouble(
                f"{path} can't be read: there is no permission", "Nothing was verified. Check its permissions."
            ) from error


def check_spelling(manifest: Manifest, data: bytes) -> list[Alteration]:
    """What is wrong with the manifest itself: its own digest covers what no file of the report tells."""
    if is_old(manifest) and data == spell(manifest.fields()):
        return []
    if not manifest.is_whole:
        why = "is not as it was written: its own sha256 does not fit what it says (files, code, format, inputs, origin)"
        return [Alteration(MANIFEST, why)]
    return [] if data == manifest.spelled() else [Alteration(MANIFEST, "is not spelled as it was written")]


def is_old(manifest: Manifest | None) -> bool:
    """Whether an earlier version wrote a manifest, without a digest of its own."""
    return manifest is not None and manifest.format == 1 and not manifest.sha256


def list_names(home: Path) -> list[str]:
    """The files below a report's folder without those that builds keep there and those of reports inside it."""
    inner = list_inner(home)
    names = [name for name in names_in(home) if not name.startswith(OURS)]
    return [name for name in names if name.split("/")[0] not in inner]


def list_inner(home: Path) -> list[str]:
    """The folders in a report's folder that hold reports of their own: none of which its manifest lists a file, and not
    its record, whatever manifest somebody puts there."""
    manifest = read_manifest(home)
    own = {RECORD, *(name.split("/")[0] for name in (manifest.files if manifest is not None else ()))}
    return sorted(path.parent.name for path in home.glob(f"*/{MANIFEST}") if path.parent.name not in own)


def check_file(home: Path, name: str, manifest: Manifest) -> list[Alteration]:
    """What is wrong with one file that the manifest lists."""
    path, entry = home / name, manifest.files[name]
    if not is_regular(path):
        return [Alteration(name, "is missing: the manifest lists it")]
    try:
        found = describe_file(path)
    except OSError as error:
        return [Alteration(name, f"can't be read: {error.strerror}")]
    if found == entry:
        return []
    if found.bytes != entry.bytes:
        return [Alteration(name, f"has {found.bytes:,} bytes, the manifest says {entry.bytes:,}")]
    return [Alteration(name, f"has not the sha256 of the manifest, {entry.sha256[:12]}…")]


def check_signature(home: Path | None, key: Path | None) -> tuple[Signer | None, list[Alteration], list[str]]:
    """Who signed the manifest of a folder; what is wrong with the signature; what could not be checked.

    Raises as `find_signer` does where a `key` is given.
    """
    if home is None or not is_regular(home / SIGNATURE) or not is_regular(home / MANIFEST):
        if key is None:
            return None, [], []
        return None, [Alteration(MANIFEST, "is not signed" if home else "is not here, and with it the signature")], []
    content, signature = (home / MANIFEST).read_bytes(), (home / SIGNATURE).read_bytes()
    try:
        signer = find_signer(content, signature, key)
    except EnvironmentTrouble as error:
        if key is not None:
            raise
        return None, [], [f"{SIGNATURE}: not checked: {error.message}"]
    if signer is None:
        whose = f" by anybody in {key}" if key else ""
        return None, [Alteration(SIGNATURE, f"is no signature of this manifest{whose}")], []
    if signature != spell_armoured(signature):
        return signer, [Alteration(SIGNATURE, "is not spelled as it was written")], []
    return signer, [], []
