"""The output folder: whole before, whole after, whatever happens in between."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.errors import EnvironmentTrouble, SpecError
from reportgen.system import transaction, workspace
from reportgen.system.files import write_file
from reportgen.system.manifest import read_manifest
from reportgen.system.signals import uninterrupted
from reportgen.system.workspace import MOST_KEPT, Workspace, check_writable, is_current

OLD = {"report.html": b"old page", "metrics.json": b"{}", "comment.md": b"old", "record/record.json": b"old record"}
NEW = {"report.html": b"new page", "metrics.json": b"{1}", "report.pdf": b"%PDF", "record/arrays.bin": b"new arrays"}
MOVES = 10
"""Of the change from OLD to NEW: two files go, two and the manifest are put aside, four and the manifest come in."""


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


def build(out: Path, files: dict[str, bytes], inputs: str = "digest") -> None:
    with Workspace(out) as space:
        for name, data in files.items():
            space.write(name, data)
        space.commit(inputs)


def fail(out: Path, act: Callable[[Workspace], None]) -> None:
    """A build that comes to nothing after `act`."""
    with Workspace(out) as space:
        act(space)
        raise ZeroDivisionError


def visible(out: Path) -> dict[str, bytes]:
    """Every file of the folder by name, without the manifest."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }


def assert_whole(out: Path, files: dict[str, bytes]) -> None:
    """Exactly these files, and a manifest that says so."""
    assert visible(out) == files
    listed = json.loads((out / "manifest.json").read_text())["files"]
    assert listed == {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
    }


@pytest.fixture
def out(tmp_path: Path) -> Path:
    build(tmp_path / "out", OLD, "old digest")
    return tmp_path / "out"


def interfere(monkeypatch: pytest.MonkeyPatch, at: int, act: Callable[[], None]) -> SimpleNamespace:
    """Do something before the `at`-th move of a commit, once."""
    real, count = transaction.move, SimpleNamespace(moves=0)

    def move(source: Path, target: Path) -> None:
        count.moves += 1
        if count.moves == at:
            act()
        real(source, target)

    monkeypatch.setattr(transaction, "move", move)
    return count


def test_a_report_replaces_the_old_one_whole(out: Path) -> None:
    assert_whole(out, OLD)
    build(out, NEW)
    assert_whole(out, NEW)
    assert sorted(path.name for path in out.iterdir()) == [
        "manifest.json",
        "metrics.json",
        "record",
        "report.html",
        "report.pdf",
    ]


def test_the_manifest_is_the_same_for_the_same_report(out: Path, tmp_path: Path) -> None:
    build(tmp_path / "again", dict(reversed(OLD.items())), "old digest")
    assert (tmp_path / "again" / "manifest.json").read_bytes() == (out / "manifest.json").read_bytes()
    assert read_manifest(out) == read_manifest(tmp_path / "again")


def test_files_of_others_stay(out: Path) -> None:
    foreign = {"spec.yaml": b"model: x", "record/notes.txt": b"mine", "figures/a.png": b"png"}
    for name, data in foreign.items():
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_bytes(data)
    build(out, NEW)
    assert visible(out) == NEW | foreign


def test_an_output_no_longer_asked_for_goes_unless_somebody_changed_it(out: Path) -> None:
    (out / "comment.md").write_bytes(b"old, and a remark of mine")
    build(out, {"report.html": b"x"})
    assert visible(out) == {"report.html": b"x", "comment.md": b"old, and a remark of mine"}
    assert not (out / "record").exists()


def test_nothing_changes_without_a_commit(out: Path) -> None:
    with Workspace(out) as space:
        space.write("report.html", b"half")
    assert_whole(out, OLD)
    with pytest.raises(ZeroDivisionError):
        fail(out, lambda space: space.write("report.html", b"half"))
    assert_whole(out, OLD)
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


def test_a_folder_made_for_nothing_goes(tmp_path: Path) -> None:
    with Workspace(tmp_path / "a" / "b") as space:
        space.write("x", b"")
    assert list(tmp_path.iterdir()) == []
    check_writable(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


def test_the_test_counts_its_moves(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count = interfere(monkeypatch, 0, lambda: None)
    build(out, NEW)
    assert count.moves == MOVES


@pytest.mark.parametrize("at", range(1, MOVES + 1))
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
def test_a_refusal_at_any_move_leaves_the_old_report(
    out: Path, monkeypatch: pytest.MonkeyPatch, at: int, number: int
) -> None:
    def refuse() -> None:
        raise OSError(number, os.strerror(number))

    interfere(monkeypatch, at, refuse)
    with pytest.raises(EnvironmentTrouble) as caught:
        build(out, NEW)
    assert caught.value.hint
    assert_whole(out, OLD)
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("at", range(1, MOVES + 1))
def test_a_crash_at_any_move_is_finished_by_the_next_build(out: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    def kill() -> None:
        raise Killed

    with monkeypatch.context() as patch:
        interfere(patch, at, kill)
        with pytest.raises(Killed):
            build(out, NEW, "new digest")
    assert not is_current(out, "new digest")
    assert not is_current(out, "old digest")
    with Workspace(out):
        assert is_current(out, "new digest")
    assert_whole(out, NEW)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from(["a", "b", "c/d", "c/e", "f/g/h"]), st.binary(max_size=3), min_size=1),
            st.integers(1, 14),
            st.sampled_from(["finish", "refuse", "kill"]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_history_of_builds_ends_in_a_whole_report(history: list[tuple[dict[str, bytes], int, str]]) -> None:
    def end(how: str) -> Callable[[], None]:
        def act() -> None:
            if how == "refuse":
                raise OSError(errno.ENOSPC, "full")
            if how == "kill":
                raise Killed

        return act

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        (out / "spec.yaml").write_bytes(b"mine")
        current: dict[str, bytes] = {}
        for files, at, how in history:
            with pytest.MonkeyPatch.context() as patch:
                interfere(patch, at, end(how))
                try:
                    build(out, files)
                    current = files
                except EnvironmentTrouble:
                    pass
                except Killed:
                    current = files
            with Workspace(out):
                pass
            expected = current | {"spec.yaml": b"mine"}
            assert visible(out) == expected


def test_a_process_killed_in_the_middle(out: Path) -> None:
    code = f"""
import os, signal
from pathlib import Path
from reportgen.system import transaction, workspace
from reportgen.system.workspace import Workspace
real, count = transaction.move, []
def move(source, target):
    count.append(1)
    if len(count) == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    real(source, target)
transaction.move = move
with Workspace(Path({str(out)!r})) as space:
    for name, data in {NEW!r}.items():
        space.write(name, data)
    space.commit("new")
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    assert (out / ".reportgen-commit").is_dir()
    with Workspace(out):
        pass
    assert_whole(out, NEW)


def test_staging_folders_of_dead_builds_go(out: Path) -> None:
    (out / ".reportgen-staging-dead" / "new").mkdir(parents=True)
    (out / ".reportgen-staging-dead" / "new" / "report.html").write_bytes(b"half")
    with Workspace(out):
        pass
    assert_whole(out, OLD)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_for_the_end_of_the_commit(out: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def stop(*_: object) -> None:
        raise InterruptedError

    before = signal.signal(number, stop)
    try:
        interfere(monkeypatch, 3, lambda: signal.raise_signal(number))
        with pytest.raises(InterruptedError):
            build(out, NEW)
        assert signal.getsignal(number) is stop
    finally:
        signal.signal(number, before)
    assert_whole(out, NEW)


def test_a_signal_before_the_commit_leaves_the_old_report(out: Path) -> None:
    def stop(space: Workspace) -> None:
        space.write("report.html", b"new")
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        fail(out, stop)
    assert_whole(out, OLD)


def test_outside_the_main_thread_the_block_runs() -> None:
    ran = []

    def work() -> None:
        with uninterrupted():
            ran.append(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ran == [1]


@pytest.fixture
def other_build(out: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process inside a workspace of the same folder."""
    code = f"""
import sys
from pathlib import Path
from reportgen.system.workspace import Workspace
with Workspace(Path({str(out)!r})) as space:
    space.write("report.html", b"other")
    print("in", flush=True)
    sys.stdin.readline()
    space.commit("other")
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "in\n"
    with process:
        yield process
        process.kill()


def test_two_builds_into_one_folder_do_not_mix(out: Path, other_build: subprocess.Popen[str]) -> None:
    with pytest.raises(EnvironmentTrouble, match="another build is writing") as caught:
        build(out, NEW)
    assert "-o" in caught.value.hint
    other_build.communicate("\n")
    assert_whole(out, {"report.html": b"other"})
    build(out, NEW)
    assert_whole(out, NEW)


def test_the_lock_of_a_killed_build_does_not_stay(out: Path, other_build: subprocess.Popen[str]) -> None:
    other_build.kill()
    other_build.wait()
    assert (out / ".reportgen-lock").exists()
    build(out, NEW)
    assert_whole(out, NEW)


def keep_text(key: str, text: bytes) -> Callable[[Workspace], None]:
    return lambda space: space.keep(key, lambda at: write_file(at / "record.json", text))


def kept_text(out: Path, key: str) -> bytes | None:
    with Workspace(out) as space:
        folder = space.kept(key)
        return None if folder is None else (folder / "record.json").read_bytes()


def test_what_was_kept_outlives_a_failure_and_goes_with_the_commit(out: Path) -> None:
    for text in (b"first", b"second"):
        with pytest.raises(ZeroDivisionError):
            fail(out, keep_text("run", text))
        assert kept_text(out, "run") == text
    with Workspace(out) as space:
        for name, data in NEW.items():
            space.write(name, data)
        space.commit("new digest", done="run")
    assert_whole(out, NEW)


def test_what_was_kept_outlives_other_reports_in_the_folder(out: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        fail(out, keep_text("run", b"first"))
    build(out, NEW)
    with Workspace(out) as space:
        space.write("report.html", b"third")
        space.commit("third digest", done="another run")
    assert kept_text(out, "run") == b"first"


def test_of_many_runs_the_last_are_kept(out: Path) -> None:
    for number in range(MOST_KEPT + 2):
        with pytest.raises(ZeroDivisionError):
            fail(out, keep_text(f"run{number}", b"%d" % number))
    assert [kept_text(out, f"run{number}") for number in range(MOST_KEPT + 2)] == [None, None, b"2", b"3", b"4"]


def test_a_stage_that_can_not_be_kept_leaves_the_one_before(out: Path) -> None:
    def refuse(at: Path) -> None:
        write_file(at / "record.json", b"half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail(out, keep_text("run", b"first"))
    with Workspace(out) as space, pytest.raises(ZeroDivisionError):
        space.keep("run", refuse)
    assert kept_text(out, "run") == b"first"


def test_a_pipe_in_the_place_of_a_stage_is_removed_unopened(out: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        fail(out, keep_text("run", b"first"))
    (stage,) = (out / ".reportgen-kept" / "run").glob("stage-*")
    for path in stage.iterdir():
        path.unlink()
    stage.rmdir()
    os.mkfifo(stage)
    with pytest.raises(ZeroDivisionError):
        fail(out, keep_text("run", b"second"))
    assert kept_text(out, "run") == b"second"
    assert not stage.exists()


def test_a_file_for_all_stages_lies_beside_them(out: Path) -> None:
    with Workspace(out) as space:
        space.keep_beside("run", "weights.pt", lambda path: write_file(path, b"w"))
        space.keep("run", lambda at: write_file(at / "record.json", b"1"))
        space.keep("run", lambda at: write_file(at / "record.json", b"2"))
        assert space.kept_beside("run", "weights.pt").read_bytes() == b"w"
    assert kept_text(out, "run") == b"2"


def test_folders_are_staged_too(out: Path) -> None:
    with Workspace(out) as space:
        space.write_folder("record", lambda folder: write_file(folder / "record.json", b"1"))
        space.commit()
    assert_whole(out, {"record/record.json": b"1"})


@pytest.mark.parametrize("name", ["", ".", "../x", "/x", "a/../../b", "manifest.json", ".reportgen-lock", "a\\b"])
def test_names_that_no_output_may_use(out: Path, name: str) -> None:
    with Workspace(out) as space, pytest.raises(ValueError, match="not a name"):
        space.write(name, b"")


def test_a_report_is_current_only_as_it_was_written(out: Path) -> None:
    assert is_current(out, "old digest")
    assert not is_current(out, "another digest")
    (out / "report.html").write_bytes(b"OLD page")
    assert not is_current(out, "old digest")
    (out / "report.html").write_bytes(OLD["report.html"])
    assert is_current(out, "old digest")
    (out / "metrics.json").unlink()
    assert not is_current(out, "old digest")
    build(out, OLD, "")
    assert not is_current(out, "")
    assert not is_current(out / "nowhere", "x")


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"format": 1, "inputs": 3}', '{"files": {"../../x": {"bytes": 1, "sha256": ""}}}']
)
def test_a_damaged_manifest_is_none(out: Path, text: str) -> None:
    (out / "manifest.json").write_text(text)
    assert read_manifest(out) is None
    assert not is_current(out, "old digest")
    build(out, NEW)
    assert visible(out) == NEW | {name: data for name, data in OLD.items() if name not in NEW}


def test_a_manifest_can_not_make_us_remove_what_lies_outside(out: Path) -> None:
    victim = out.parent / "victim"
    victim.write_bytes(b"x")
    entry = {"bytes": 1, "sha256": hashlib.sha256(b"x").hexdigest()}
    (out / "manifest.json").write_text(json.dumps({"format": 1, "inputs": "", "files": {"../victim": entry}}))
    build(out, NEW)
    assert victim.read_bytes() == b"x"


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    for path in (tmp_path / "out", tmp_path / "out" / "deeper"):
        with pytest.raises(SpecError, match="is a file, not a folder"):
            build(path, NEW)
        with pytest.raises(SpecError, match="is a file, not a folder"):
            check_writable(path)


def test_a_folder_in_the_place_of_a_file(out: Path) -> None:
    (out / "report.pdf" / "mine").mkdir(parents=True)
    with pytest.raises(EnvironmentTrouble, match=r"report\.pdf is a folder"):
        build(out, NEW)
    assert_whole(out, OLD)


def test_a_name_too_long_for_the_disk(tmp_path: Path) -> None:
    for act in (lambda path: build(path, NEW), check_writable):
        with pytest.raises(EnvironmentTrouble, match="too long") as error:
            act(tmp_path / ("x" * 300))
        assert len(error.value.message) < 260


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EACCES, "no permission"),
        (errno.EROFS, "read-only"),
        (errno.EFBIG, "larger than a file may be"),
        (errno.EIO, "error"),
    ],
)
def test_a_machine_that_refuses_at_once(out: Path, monkeypatch: pytest.MonkeyPatch, number: int, message: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    for act in (lambda path: build(path, NEW), check_writable):
        with pytest.raises(EnvironmentTrouble, match=message) as caught:
            act(out)
        assert caught.value.hint
    assert_whole(out, OLD)


def test_a_disk_that_fills_up_while_writing(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(EnvironmentTrouble, match="disk is full"):
        build(out, NEW)
    assert_whole(out, OLD)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_disk_that_is_full() -> None:
    with pytest.raises(EnvironmentTrouble, match="disk is full"):
        write_file(Path("/dev/full"), b"x")


def test_a_disk_that_is_almost_full(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=12_000_000))
    for act in (lambda path: build(path, NEW), check_writable):
        with pytest.raises(EnvironmentTrouble, match="12 MB left"):
            act(out)
    assert_whole(out, OLD)


def test_what_a_process_leaves_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "MOVED_IN", [])
    monkeypatch.setattr(workspace, "KEPT_IN", [])
    assert workspace.left_behind() == []
    with Workspace(tmp_path / "out") as space:
        space.keep("run", lambda at: write_file(at / "record.json", b"1"))
        (kept,) = workspace.left_behind()
        assert "is kept" in kept
        space.write("report.html", b"x")
        space.commit(done="run")
    (moved,) = workspace.left_behind()
    assert moved == f"the new report in {tmp_path / 'out'} is whole"
