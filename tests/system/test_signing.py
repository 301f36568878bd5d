"""Signatures of a manifest by the system's ssh-keygen: made, checked, refused; and nothing ever asks for anything."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from reportgen.errors import EnvironmentTrouble, SpecError
from reportgen.system.signing import SIGNATURE, Signer, find_signer, sign, signing_key, spell_armoured
from reportgen.system.workspace import Workspace, is_current
from tests.support.ssh_keys import make_key

CONTENT = b'{"files": {}}\n'


def public(key: Path) -> Path:
    return key.with_name(f"{key.name}.pub")


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.delenv("REPORTGEN_SIGNING_KEY", raising=False)
    return make_key(tmp_path)


def test_a_signature_holds_for_what_was_signed_alone(key: Path, tmp_path: Path) -> None:
    signature = sign(CONTENT, key)
    assert sign(CONTENT, key) == signature
    found = find_signer(CONTENT, signature, public(key))
    assert found is not None
    assert found.name == "ann@example.org"
    assert found.key.startswith("ED25519 SHA256:")
    assert find_signer(CONTENT, signature) == Signer(found.key)
    assert find_signer(CONTENT + b" ", signature, public(key)) is None
    assert find_signer(CONTENT + b" ", signature) is None
    assert find_signer(CONTENT, b"nothing", public(key)) is None
    assert find_signer(CONTENT, signature, public(make_key(tmp_path, "other"))) is None


def test_each_byte_of_a_signature_counts(key: Path) -> None:
    signature = sign(CONTENT, key)
    assert spell_armoured(signature) == signature
    for other in (signature + b"\n", signature.replace(b"\n", b"\r\n"), signature[:40] + b" " + signature[40:], b"x"):
        assert spell_armoured(other) != other


def test_a_list_of_signers_gives_names_and_limits(key: Path, tmp_path: Path) -> None:
    signature, signers = sign(CONTENT, key), tmp_path / "allowed_signers"
    text = public(key).read_text(encoding="utf-8")
    signers.write_text(f'# ours\nann,bob@example.org namespaces="reportgen,git" {text}', encoding="utf-8")
    found = find_signer(CONTENT, signature, signers)
    assert found is not None
    assert found.name in ("ann", "bob@example.org", "ann,bob@example.org")
    signers.write_text(f'ann namespaces="git" {text}', encoding="utf-8")
    assert find_signer(CONTENT, signature, signers) is None


def test_a_signature_of_another_namespace_is_none(key: Path) -> None:
    command = ["ssh-keygen", "-Y", "sign", "-f", str(key), "-n", "git"]
    signature = subprocess.run(command, input=CONTENT, capture_output=True, check=True).stdout
    assert find_signer(CONTENT, signature, public(key)) is None
    assert find_signer(CONTENT, signature) is None


def test_a_locked_key_is_refused_at_once(key: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(EnvironmentTrouble, match="can't be signed") as refused:
        signing_key(make_key(tmp_path, "locked", "secret"))
    assert "ssh-add" in refused.value.hint
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("missing", ["nothing", "folder"])
def test_what_is_no_key_is_told(key: Path, tmp_path: Path, missing: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(SpecError, match="there is no key"):
        signing_key(tmp_path / missing)
    with pytest.raises(SpecError, match="there is no key"):
        find_signer(CONTENT, b"", tmp_path / missing)
    with pytest.raises(SpecError, match="is a private key"):
        find_signer(CONTENT, b"", key)
    (tmp_path / "text").write_text("hello\n", encoding="utf-8")
    with pytest.raises(SpecError, match="holds no public key"):
        find_signer(CONTENT, b"", tmp_path / "text")


def test_a_machine_without_ssh_keygen_says_so(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EnvironmentTrouble, match="ssh-keygen, which is not installed"):
        sign(CONTENT, key)


def test_the_environment_names_the_key(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert signing_key(None) is None
    monkeypatch.setenv("REPORTGEN_SIGNING_KEY", str(key))
    assert signing_key(None) == key


def commit(out: Path, content: bytes, key: Path | None = None) -> None:
    with Workspace(out) as space:
        space.write("report.html", content)
        space.commit("inputs", key=key)


def test_a_report_is_signed_when_it_is_moved_in_and_an_old_signature_goes(key: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    commit(out, b"one", key)
    manifest, signature = (out / "manifest.json").read_bytes(), (out / SIGNATURE).read_bytes()
    assert find_signer(manifest, signature, public(key)) is not None
    assert is_current(out, "inputs", key)
    assert not is_current(out, "inputs", make_key(tmp_path, "other"))
    commit(out, b"two")
    assert not (out / SIGNATURE).exists()
    assert is_current(out, "inputs")
    assert not is_current(out, "inputs", key)
    commit(out, b"two", key)
    assert find_signer((out / "manifest.json").read_bytes(), (out / SIGNATURE).read_bytes()) is not None


def test_a_report_that_can_not_be_signed_leaves_the_old_one(key: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    commit(out, b"one", key)
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    with pytest.raises(EnvironmentTrouble):
        commit(out, b"two", make_key(tmp_path, "locked", "secret"))
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == before
