"""SSH signatures of manifest.json, made and checked by the system's `ssh-keygen -Y` (OpenSSH 8.1 and later).

The format is OpenSSH's PROTOCOL.sshsig, with the namespace `reportgen`: a signature made for git or for mail is none of
a report. Nothing is ever asked for on the terminal.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen.errors import EnvironmentTrouble, SpecError
from reportgen.system.files import is_regular

SIGNATURE = "manifest.json.sig"
VARIABLE = "REPORTGEN_SIGNING_KEY"
NAMESPACE = "reportgen"
BEGIN, END = b"-----BEGIN SSH SIGNATURE-----", b"-----END SSH SIGNATURE-----"
ARMOUR_WIDTH = 70
"""Characters of a line between them (PROTOCOL.sshsig, 3)."""
SECONDS = 60
"""A key on a token may want to be touched."""
PUBLIC = re.compile(r"\s*(?:sk-)?(?:ssh|ecdsa)-[\w@.-]+[ \t]+AAAA")
"""How the line of a public key begins; that of a list of signers begins with their names."""
GOOD = re.compile(r'Good "reportgen" signature (?:for (?P<who>.*) )?with (?P<kind>\S+) key (?P<key>\S+)')
LOCKED = "It may be protected by a passphrase: add it with ssh-add, and give the key's .pub file; nothing is asked for."


@dataclass(frozen=True)
class Signer:
    """Whose signature it is."""

    key: str
    """Kind and SHA-256 of the key, such as `ED25519 SHA256:…`."""
    name: str = ""
    """As the list of signers calls it; empty where nobody says whose key it is."""


def signing_key(given: Path | None) -> Path | None:
    """The key that reports are signed with: the one given, else the environment's; None for unsigned ones.

    Raises SpecError where it is no file, EnvironmentTrouble where ssh-keygen is missing or can't sign with it.
    """
    named = os.environ.get(VARIABLE, "")
    key = given or (Path(named).expanduser() if named else None)
    if key is not None:
        sign(b"whether this key can sign", key)
    return key


def sign(content: bytes, key: Path) -> bytes:
    """The signature of some bytes, as the file that `ssh-keygen -Y verify` reads.

    `key`: a private key without a passphrase, or a public one whose private half is in the agent. Raises as
    `signing_key` does.
    """
    if not is_regular(key):
        raise SpecError(f"there is no key {key}", f"Give it with --sign or in {VARIABLE}.")
    done = ssh_keygen(["-Y", "sign", "-f", str(key), "-n", NAMESPACE], content)
    public = key.with_name(f"{key.name}.pub")
    if done.returncode and os.environ.get("SSH_AUTH_SOCK") and is_regular(public):  # a locked key that the agent holds
        done = ssh_keygen(["-Y", "sign", "-f", str(public), "-n", NAMESPACE], content)
    if done.returncode or not done.stdout.startswith(BEGIN):
        raise EnvironmentTrouble(f"the report can't be signed with {key}: {said(done)}", LOCKED)
    return done.stdout


def find_signer(content: bytes, signature: bytes, key: Path | None = None) -> Signer | None:
    """Who signed some bytes; None where the signature is not theirs, or where `key` does not have the signer.

    `key`: a public key, or a list of signers as in ssh-keygen(1), ALLOWED SIGNERS; without it nobody's name is known.
    Raises SpecError where it is no such file, EnvironmentTrouble where ssh-keygen is missing.
    """
    with tempfile.TemporaryDirectory(prefix="reportgen-") as folder:
        path = Path(folder) / SIGNATURE
        path.write_bytes(signature)
        if key is None:
            return as_signer(ssh_keygen(["-Y", "check-novalidate", "-n", NAMESPACE, "-s", str(path)], content))
        signers = Path(folder) / "signers"
        signers.write_bytes(read_signers(key))
        found = ssh_keygen(["-Y", "find-principals", "-s", str(path), "-f", str(signers)], b"")
        names = [line for line in found.stdout.decode("utf-8", "replace").splitlines() if line.strip()]
        for name in names if found.returncode == 0 else ():
            command = ["-Y", "verify", "-f", str(signers), "-I", name, "-n", NAMESPACE, "-s", str(path)]
            signer = as_signer(ssh_keygen(command, content))
            if signer is not None:
                return signer
    return None


def spell_armoured(signature: bytes) -> bytes:
    """A signature as ssh-keygen writes it, which also reads one with other spaces, ends of lines or spare bits."""
    inner = signature.partition(BEGIN)[2].partition(END)[0]
    try:
        coded = base64.b64encode(base64.b64decode(inner))
    except binascii.Error:
        return b""
    lines = [coded[at : at + ARMOUR_WIDTH] for at in range(0, len(coded), ARMOUR_WIDTH)]
    return b"\n".join([BEGIN, *lines, END, b""])


def read_signers(key: Path) -> bytes:
    """The list of signers in a file, which a public key alone is too: whoever it belongs to.

    Raises SpecError for a file that holds neither.
    """
    if not is_regular(key):
        raise SpecError(f"there is no key {key}", "Give a public key, or a list of signers as ssh-keygen(1) has it.")
    try:
        text = key.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise SpecError(f"the key {key} can't be read: {error}", "Check its permissions.") from error
    if "PRIVATE KEY" in text:
        raise SpecError(f"{key} is a private key", "Give the public one, which lies beside it as .pub.")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not any("AAAA" in line for line in lines):
        raise SpecError(
            f"{key} holds no public key", "Give a public key, or a list of signers as ssh-keygen(1) has it."
        )
    return "".join(f"{as_signers_line(line)}\n" for line in lines).encode()


def as_signers_line(line: str) -> str:
    """A line of a list of signers: that of a public key under its comment, or under its name where it has none."""
    if not PUBLIC.match(line):
        return line
    comment = line.split(None, 2)[2:]
    name = re.sub(r"[^\w@.+-]", "_", comment[0].strip()) if comment else "the-key"
    return f'{name} namespaces="{NAMESPACE}" {line}'


def as_signer(done: subprocess.CompletedProcess[bytes]) -> Signer | None:
    """Who signed, as ssh-keygen says it; None where it found the signature wrong."""
    match = GOOD.search(done.stdout.decode("utf-8", "replace"))
    if done.returncode or match is None:
        return None
    return Signer(f"{match['kind']} {match['key']}", match["who"] or "")


def ssh_keygen(arguments: Sequence[str], content: bytes) -> subprocess.CompletedProcess[bytes]:
    """What ssh-keygen answers; it has no terminal to ask on. Raises EnvironmentTrouble where it is missing or hangs."""
    program = shutil.which("ssh-keygen")
    if program is None:
        raise EnvironmentTrouble(
            "signatures need ssh-keygen, which is not installed", "Debian, Ubuntu: apt-get install openssh-client"
        )
    try:
        return subprocess.run(
            [program, *arguments],
            input=content,
            capture_output=True,
            env=without_questions(os.environ),
            start_new_session=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise EnvironmentTrouble(f"ssh-keygen did not answer within {SECONDS} s", LOCKED) from error
    except OSError as error:
        raise EnvironmentTrouble(f"ssh-keygen can't be run: {error.strerror}") from error


def without_questions(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in which nothing asks for a passphrase, and answers come in English."""
    kept = {name: value for name, value in environment.items() if name not in ("DISPLAY", "SSH_ASKPASS")}
    return kept | {"SSH_ASKPASS_REQUIRE": "never", "LC_ALL": "C"}


def said(done: subprocess.CompletedProcess[bytes]) -> str:
    """What ssh-keygen complained about, in one line."""
    lines = [line.strip() for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    told = [line.removeprefix("Enter passphrase: ") for line in lines if not line.startswith("Signing data")]
    return told[-1][:300] if told else f"ssh-keygen ended with {done.returncode}"
