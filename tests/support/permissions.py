"""Folders that may not be entered, also by root, who may enter every folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def shut_off(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let the system say nothing of what lies in a folder, as it does where somebody may not enter it."""
    stat = Path.stat

    def guarded(path: Path, **named: Any) -> object:
        if folder in path.parents:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, **named)

    monkeypatch.setattr(Path, "stat", guarded)
