"""Keys that sign the manifests of tests."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support.browser import tool


def make_key(folder: Path, name: str = "key", passphrase: str = "", owner: str = "ann@example.org") -> Path:
    """A new key; without ssh-keygen the test is skipped by name, or fails where every tool is required."""
    command = [tool("ssh-keygen"), "-q", "-t", "ed25519", "-N", passphrase, "-C", owner, "-f", str(folder / name)]
    subprocess.run(command, check=True)
    return folder / name
