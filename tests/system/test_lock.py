"""The lock of a folder: one holder, whatever became of the last one."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import filelock
import pytest

from reportgen.errors import EnvironmentTrouble
from reportgen.system.lock import LOCK, FolderLock


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    first.acquire()
    with pytest.raises(EnvironmentTrouble, match="another build is writing") as caught:
        second.acquire()
    assert str(tmp_path) in caught.value.message
    assert "-o" in caught.value.hint
    second.release()
    with pytest.raises(EnvironmentTrouble):
        FolderLock(tmp_path).acquire()
    first.release()
    assert list(tmp_path.iterdir()) == []
    second.acquire()
    second.release()


def test_a_file_left_behind_blocks_nobody(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text("12345")
    lock = FolderLock(tmp_path)
    lock.acquire()
    lock.release()
    lock.release()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_not_be_one_is_the_machines_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentTrouble, match="can't be written"):
        FolderLock(tmp_path / "file").acquire()


@pytest.mark.skipif(sys.platform == "win32", reason="flock is not there")
@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_disk_without_locks_is_written_to_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(code, "no locks here")

    monkeypatch.setattr(fcntl, "flock", refuse)
    lock = FolderLock(tmp_path)
    lock.acquire()
    lock.release()


def test_a_refusal_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
    with pytest.raises(EnvironmentTrouble, match="no permission"):
        FolderLock(tmp_path).acquire()
