"""Where numbers come from: commit, date, command; and nothing of the machine."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from reportgen.errors import SpecError
from reportgen.experiment.provenance import (
    Checkout,
    created_now,
    find_commit,
    git_state,
    installed_versions,
    rebuild_command,
)
from reportgen.spec.paths import resolve_path, without_absolute_paths
from reportgen.spec.types import DataSpec, LossSpec, ModelSpec, ReportSpec, RunSpec


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_commit_and_dirty_flag_are_those_of_git(tmp_path: Path) -> None:
    assert git_state(tmp_path) == (None, None)
    git(tmp_path, "init", "-q")
    (tmp_path / "model.py").write_text("a = 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert git_state(tmp_path) == (commit, False)
    (tmp_path / "new.py").write_text("not tracked\n")
    assert git_state(tmp_path) == (commit, False)
    (tmp_path / "model.py").write_text("a = 2\n")
    assert git_state(tmp_path) == (commit, True)


def checkout(folder: Path) -> str:
    git(folder, "init", "-q")
    (folder / "model.py").write_text("a = 1\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return git(folder, "rev-parse", "HEAD")


@pytest.mark.parametrize("variable", ["GITHUB_SHA", "CI_COMMIT_SHA", "BITBUCKET_COMMIT", "BUILD_SOURCEVERSION"])
def test_a_commit_that_git_refuses_to_tell_is_the_platforms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    commit, inner = checkout(tmp_path), tmp_path / "deep" / "er"
    inner.mkdir(parents=True)
    assert find_commit(inner, {variable: "0" * 40}) == Checkout(commit, False)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    told = find_commit(inner, {variable: commit})
    assert (told.commit, told.dirty, told.variable) == (commit, None, variable)
    assert told.refused is not None
    assert "another user" in told.refused.text
    assert find_commit(inner, {variable: "main; rm -rf /"}).commit is None


@pytest.mark.parametrize(
    ("sha", "root"), [("GITHUB_SHA", "GITHUB_WORKSPACE"), ("BUILD_SOURCEVERSION", "BUILD_SOURCESDIRECTORY")]
)
def test_the_platforms_commit_is_that_of_its_own_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sha: str, root: str
) -> None:
    checkout(tmp_path)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    inside = {sha: "a" * 40, root: str(tmp_path)}
    outside = inside | {root: str(tmp_path / "other")}
    assert find_commit(tmp_path, inside).commit == "a" * 40
    assert find_commit(tmp_path, outside).commit is None


def test_without_git_the_commit_is_not_simply_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_commit(tmp_path, {"GITHUB_SHA": "a" * 40}) == Checkout()
    git(tmp_path, "init", "-q")
    assert find_commit(tmp_path, {}) == Checkout()  # without a commit there is none to tell
    monkeypatch.setenv("PATH", str(tmp_path))
    refused = find_commit(tmp_path, {}).refused
    assert refused is not None
    assert refused.text == "git is not installed"


def test_the_date_can_be_set_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert created_now() == "2001-09-09T01:46:40Z"


def test_the_command_can_be_pasted_and_holds_no_absolute_path() -> None:
    command = rebuild_command("my spec.yaml", ["run.epochs=2", "data.root=/home/me/data", "title=a b"])
    assert command == "reportgen build 'my spec.yaml' --set run.epochs=2 --set 'title=a b'"


@pytest.mark.parametrize(
    ("override", "kept"),
    [
        ("data.root='/home/me/data'", None),
        ("data.root=~/data", None),
        ("data.root=~me/data", None),
        ("data.root=C:/Users/me/data", None),
        ("model.args.token=hf_abcdefghijklmnop", None),
        ("model.args.api_key=x", None),
        ("model.args.db.password=12345", None),
        ("baseline={record: /home/me/report}", "baseline={record: report}"),
        ("data={name: digits, root: '/home/me/my data'}", "data={name: digits, root: my data}"),
        ("model={source: /home/me/net.py:make, args: {w: ~/x.pt}}", "model={source: net.py:make, args: {w: x.pt}}"),
        ("model.args={token: abc, width: 4}", "model.args={token: …, width: 4}"),
        ("model.args={url: https://me:pass@example.org/a/b}", "model.args={url: https://example.org/a/b}"),
        ("model.args.name=ghp_abcdefghijklmnopqrstuvwx", "model.args.name=…"),
        ("model.args={file: file:///home/me/x.pt}", "model.args={file: x.pt}"),
        ("run.epochs=1/2", "run.epochs=1/2"),
        ("model.args={num_tokens: 4, key_dim: 8, d: a/b/c, r: ../w.pt}",) * 2,
    ],
)
def test_the_command_tells_no_paths_and_no_credentials(override: str, kept: str | None) -> None:
    expected = [] if kept is None else ["--set", kept]
    assert shlex.split(rebuild_command("s.yaml", [override])) == ["reportgen", "build", "s.yaml", *expected]


def test_arguments_of_a_model_reach_a_record_without_paths_and_credentials() -> None:
    args = {
        "checkpoint": "/home/me/John Doe/best.pt",
        "nested": [{"root": "~/data", "hf_token": "x1y2"}, "hf_abcdefghijklmnop", "load from /home/me/a.txt now"],
        "windows": "C:\\Users\\me\\best.pt",
        "secret": 7,
        "num_tokens": 7,
        "pool": "token",
        "address": "https://me:pw@example.org/x",
        "relative": "weights/best.pt",
        "ratio": 0.5,
    }
    teacher = ModelSpec(source="/home/me/t.py:make", args=args)
    spec = ReportSpec.model_validate({"model": {"source": "builtin:linear", "args": args}})
    spec = spec.model_copy(update={"run": RunSpec(loss=LossSpec(name="kl_div", teacher=teacher))})
    kept = without_absolute_paths(spec)
    assert kept.run.loss.teacher is not None
    for model in (kept.model, kept.run.loss.teacher):
        assert model.args == {
            "checkpoint": "best.pt",
            "nested": [{"root": "data", "hf_token": "…"}, "…", "load from a.txt now"],
            "windows": "best.pt",
            "secret": "…",
            "num_tokens": 7,
            "pool": "token",
            "address": "https://example.org/x",
            "relative": "weights/best.pt",
            "ratio": 0.5,
        }


def test_versions_are_the_installed_ones() -> None:
    import numpy

    assert installed_versions()["numpy"] == numpy.__version__


def test_absolute_paths_do_not_reach_a_record() -> None:
    spec = ReportSpec(
        model=ModelSpec(source="/home/me/net.py:make", weights=Path("~/weights/best.pt")),
        data=DataSpec(root=Path("/data")),
    )
    kept = without_absolute_paths(spec)
    assert (kept.model.source, kept.model.weights, kept.data.root) == ("net.py:make", Path("best.pt"), None)
    relative = ReportSpec(model=ModelSpec(source="sub/net.py:make", weights=Path("w.pt")))
    assert without_absolute_paths(relative) == relative


def test_variables_and_homes_in_paths(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEIGHTS", "/elsewhere")
    monkeypatch.setenv("HOME", "/home/me")
    assert resolve_path(Path("w.pt"), tmp_path) == tmp_path / "w.pt"
    assert resolve_path(Path("${WEIGHTS}/w.pt"), tmp_path) == Path("/elsewhere/w.pt")
    assert resolve_path(Path("~/w.pt"), tmp_path) == Path("/home/me/w.pt")


def test_nothing_that_a_repository_names_is_run(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    folder = tmp_path / "received"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "a.py").write_text("one", encoding="utf-8")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    hooks = folder / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "fsmonitor-watchman", "post-checkout"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch '{canary}'\n", encoding="utf-8")
        (hooks / name).chmod(0o755)
    (folder / ".gitattributes").write_text("* filter=evil diff=evil\n", encoding="utf-8")
    keys = {
        "core.fsmonitor": f"touch '{canary}'; false",
        "core.hooksPath": str(hooks),
        "core.pager": f"touch '{canary}'",
        "filter.evil.clean": f"touch '{canary}'; cat",
        "filter.evil.process": f"touch '{canary}'",
        "diff.evil.textconv": f"touch '{canary}'; cat",
        "diff.external": f"touch '{canary}'",
        "core.sshCommand": f"touch '{canary}'",
    }
    for key, value in keys.items():
        git(folder, "config", key, value)
    (folder / "a.py").write_text("two", encoding="utf-8")
    commit, dirty = git_state(folder)
    assert (commit is not None, dirty) == (True, True)
    assert not canary.exists()
    subprocess.run(["git", "-C", str(folder), "status"], capture_output=True, check=False)
    assert canary.exists()  # which git itself does


def test_what_git_prints_may_be_any_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    script = bin_folder / "git"
    script.write_bytes(b"#!/bin/sh\nprintf 'caf\\351\\n'\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}:/usr/bin:/bin")
    assert git_state(tmp_path) == ("caf\ufffd", True)
    script.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    monkeypatch.setattr("reportgen.experiment.provenance.GIT_SECONDS", 0.2)
    assert git_state(tmp_path) == (None, None)


@pytest.mark.parametrize("path", ["~nobodyatall/w.pt", "a" * 5000, "b/" * 3000, "a\0b", "\ud800"])
def test_what_is_no_path_is_told_in_a_short_line(tmp_path: Path, path: str) -> None:
    with pytest.raises(SpecError) as caught:
        resolve_path(Path(path), tmp_path)
    assert len(caught.value.message) < 300
