"""The composite action: its form, and its shell steps with programs in the place of gh and reportgen."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from reportgen.cli.github import step_outputs
from reportgen.outputs import find_outputs
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.spec import open_spec

pytestmark = pytest.mark.e2e
HERE = Path(__file__).parents[2] / ".github" / "actions" / "report"
ACTION: dict[str, Any] = yaml.safe_load((HERE / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
GH = """#!/usr/bin/env python3
import json, os, pathlib, sys
state = json.loads(pathlib.Path(os.environ["STATE"]).read_text())
words = sys.argv[1:]
pathlib.Path(os.environ["STATE"] + ".calls").open("a").write(" ".join(words) + "\\n")
if words[:2] == ["run", "list"]:
    if state.get("down"):
        sys.exit(1)
    for run in state["runs"]:
        print(run["id"], run["conclusion"], "2026-11-%02d" % run["id"])
elif words[0] == "api":
    run = next(run for run in state["runs"] if "/%d/" % run["id"] in words[1])
    if run.get("expired") is not None:
        print(str(run["expired"]).lower())
elif words[:2] == ["run", "download"]:
    run = next(run for run in state["runs"] if str(run["id"]) == words[2])
    if run.get("broken"):
        sys.exit("no valid artifacts found to download")
    record = pathlib.Path(words[words.index("--dir") + 1], "record")
    record.mkdir(parents=True)
    (record / "record.json").write_text(str(run["id"]))
"""


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def outputs_of(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def run_step(name: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """One of the scripts, as a runner calls it."""
    (folder / "out").touch()
    known = {
        "PATH": f"{folder / 'bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_OUTPUT": str(folder / "out"),
        "GITHUB_REPOSITORY": "me/models",
        "GITHUB_WORKFLOW_REF": "me/models/.github/workflows/report.yml@refs/pull/7/merge",
        "GITHUB_REF_NAME": "7/merge",
        "GITHUB_BASE_REF": "main",
        "ARTIFACT": "model-report",
        "BASELINE": str(folder / "baseline"),
        "STATE": str(folder / "state"),
    }
    command = ["bash", str(HERE / f"{name}.sh")]
    return subprocess.run(command, env=known | environment, capture_output=True, text=True, check=False)


def fetch(folder: Path, state: dict[str, Any], **environment: str) -> tuple[dict[str, str], str]:
    program(folder / "bin", "gh", GH)
    (folder / "state").write_text(json.dumps(state))
    done = run_step("fetch-baseline", folder, **environment)
    assert done.returncode == 0, done.stderr
    return outputs_of(folder / "out"), done.stdout


def test_the_newest_report_of_the_target_branch_is_the_baseline(tmp_path: Path) -> None:
    runs = [{"id": 9, "conclusion": "success", "expired": False}, {"id": 8, "conclusion": "success", "expired": False}]
    found, said = fetch(tmp_path, {"runs": runs})
    assert found == {"folder": str(tmp_path / "baseline")}
    assert (tmp_path / "baseline" / "record" / "record.json").read_text() == "9"
    assert "::warning" not in said
    listed = (tmp_path / "state.calls").read_text().splitlines()[0]
    assert "--workflow report.yml --branch main --event push" in listed


def test_a_failed_build_is_passed_over_and_said(tmp_path: Path) -> None:
    runs = [{"id": 9, "conclusion": "failure", "expired": False}, {"id": 8, "conclusion": "success", "expired": False}]
    found, said = fetch(tmp_path, {"runs": runs})
    assert found == {"folder": str(tmp_path / "baseline")}
    assert (tmp_path / "baseline" / "record" / "record.json").read_text() == "8"
    assert "The newest 1 of main failed; the baseline is the report of 2026-11-08." in said


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"runs": []}, "There is no build of main yet."),
        ({"runs": [], "down": True}, "The builds of main could not be listed."),
        ({"runs": [{"id": 9, "conclusion": "failure", "expired": False}]}, "The builds of main failed."),
        (
            {"runs": [{"id": 9, "conclusion": "success", "expired": True}]},
            "The report of main of 2026-11-09 has expired.",
        ),
        (
            {"runs": [{"id": 9, "conclusion": "success"}]},
            "The build of main of 2026-11-09 left no report that can be read.",
        ),
        (
            {"runs": [{"id": 9, "conclusion": "success", "expired": False, "broken": True}]},
            "The build of main of 2026-11-09 left no report that can be read.",
        ),
    ],
)
def test_without_a_baseline_it_says_why_and_goes_on(tmp_path: Path, state: dict[str, Any], reason: str) -> None:
    found, said = fetch(tmp_path, state)
    assert found == {"missing": reason}
    assert f"::warning title=No baseline::{reason} The report is built without it." in said


def test_a_push_is_held_against_the_build_before_on_its_own_branch(tmp_path: Path) -> None:
    found, _said = fetch(tmp_path, {"runs": []}, GITHUB_BASE_REF="", GITHUB_REF_NAME="trunk")
    assert found == {"missing": "There is no build of trunk yet."}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"BASELINE": "", "MISSING": ""}, []),
        ({"BASELINE": "/tmp/a b", "MISSING": ""}, ["--set", "baseline.record=/tmp/a b"]),
        (
            {"BASELINE": "/tmp/a b", "MISSING": "", "CODE": "/tmp/c d"},
            ["--set", "baseline.record=/tmp/a b", "--set", "baseline.code=/tmp/c d"],
        ),
        (
            {"BASELINE": "", "MISSING": "It's gone."},
            ["--set", "baseline.record=null", "--set", "baseline.missing='It''s gone.'"],
        ),
    ],
)
@pytest.mark.parametrize("own", ["reports/main", "{record: reports/main, margin: 0.01}"])
def test_the_build_gets_the_baseline_or_the_reason(
    tmp_path: Path, given: dict[str, str], words: list[str], own: str
) -> None:
    program(tmp_path / "bin", "reportgen", '#!/bin/sh\nfor word; do printf "%s\\n" "$word"; done\nexit 4\n')
    done = run_step("build", tmp_path, SPEC="my spec.yaml", OUT="report", FORMATS="html,comment", **given)
    assert done.stdout.splitlines() == [
        "build",
        "my spec.yaml",
        "-o",
        "report",
        "--format",
        "html,comment",
        *words,
    ]
    assert done.returncode == 4
    (tmp_path / "spec.yaml").write_text(f"model: {{source: builtin:linear}}\nbaseline: {own}\n")
    baseline = open_spec(tmp_path / "spec.yaml", words[1::2]).spec.baseline
    assert baseline is not None
    assert baseline.missing == (given["MISSING"] or None)
    assert baseline.record == (None if given["MISSING"] else Path(given["BASELINE"] or "reports/main"))
    assert baseline.code == (Path(given["CODE"]) if "CODE" in given else None)
    assert baseline.margin == (0.01 if "margin" in own else 0.005), "what else the spec says of its baseline stays"


def git(folder: Path, *words: str) -> str:
    names = {
        f"GIT_{who}_{what}": f"{what}@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    done = subprocess.run(
        ["git", *words], cwd=folder, env=os.environ | names, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> tuple[Path, str]:
    """A shallow checkout of a change to a model's code, as a runner has it, and the commit before the change."""
    far = tmp_path / "far"
    (far / "models").mkdir(parents=True)
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(far))
    git(far, "config", "uploadpack.allowAnySHA1InWant", "true")  # as GitHub does
    (far / "models" / "net.py").write_text("old\n")
    (far / "models" / "spec.yaml").write_text("run: {}\n")
    git(far, "add", ".")
    git(far, "commit", "--quiet", "-m", "before")
    before = git(far, "rev-parse", "HEAD")
    (far / "models" / "net.py").write_text("new\n")
    git(far, "commit", "--quiet", "-am", "after")
    git(tmp_path, "clone", "--quiet", "--depth=1", far.as_uri(), "near")
    return tmp_path / "near", before


def check_out(folder: Path, near: Path, commit: object) -> tuple[dict[str, str], str]:
    record = folder / "baseline" / "record"
    record.mkdir(parents=True, exist_ok=True)
    (record / "record.json").write_text(json.dumps({"provenance": {"commit": commit}}))
    (folder / "out").write_text("")
    done = run_step("baseline-code", folder, SPEC=str(near / "models" / "spec.yaml"), CODE=str(folder / "code"))
    assert done.returncode == 0, done.stderr
    return outputs_of(folder / "out"), done.stdout


def test_the_code_of_the_baseline_is_checked_out_where_it_is_another(
    tmp_path: Path, checkout: tuple[Path, str]
) -> None:
    near, before = checkout
    for _again in range(2):  # a machine of one's own keeps what the run before left
        found, said = check_out(tmp_path, near, before)
        assert found == {"folder": str(tmp_path / "code" / "models")}
        assert "::" not in said
    assert (tmp_path / "code" / "models" / "net.py").read_text() == "old\n"
    assert (near / "models" / "net.py").read_text() == "new\n"
    assert git(near, "status", "--porcelain") == ""


def test_code_that_did_not_change_needs_no_second_checkout(tmp_path: Path, checkout: tuple[Path, str]) -> None:
    near, _before = checkout
    (near / "models" / "spec.yaml").write_text("run: {seed: 1}\n")
    found, said = check_out(tmp_path, near, git(near, "rev-parse", "HEAD"))
    assert (found, (tmp_path / "code").exists()) == ({}, False)
    assert "The code is that of the baseline's commit" in said


@pytest.mark.parametrize(
    ("commit", "reason"),
    [
        (None, "The baseline’s record names no commit."),
        ("--upload-pack=x", "The baseline’s record names no commit."),
        ("0" * 40, "The baseline’s commit 000000000000 could not be fetched."),
    ],
)
def test_without_the_code_of_the_baseline_it_says_why_and_goes_on(
    tmp_path: Path, checkout: tuple[Path, str], commit: str | None, reason: str
) -> None:
    found, said = check_out(tmp_path, checkout[0], commit)
    assert found == {}
    assert f"::notice title=Baseline not timed::{reason}" in said


def test_a_spec_outside_of_git_has_no_code_to_check_out(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    found, said = check_out(tmp_path, tmp_path, "1" * 40)
    assert found == {}
    assert "The spec is in no checkout that git reads." in said


def test_every_step_has_what_a_composite_action_needs() -> None:
    assert ACTION["runs"]["using"] == "composite"
    for step in STEPS:
        assert ("run" in step) != ("uses" in step)
        assert "uses" in step or step["shell"] == "bash"
        assert "${{" not in step.get("run", ""), "what others name never becomes a part of a script"
        for script in re.findall(r"([\w-]+\.sh)", step.get("run", "")):
            assert (HERE / script).is_file()
    named = {name for step in STEPS for name in re.findall(r"inputs\.([\w-]+)", json.dumps(step))}
    assert named == set(ACTION["inputs"])
    order = [step.get("id") or step.get("uses", "").partition("@")[0] or step["name"] for step in STEPS]
    assert order == ["Install", "actions/cache", "baseline", "code", "build", "actions/upload-artifact"]
    assert STEPS[-1]["if"] == "always()"
    assert set(ACTION["inputs"]["formats"]["default"].split(",")) <= set(find_outputs())


def test_its_outputs_are_those_of_a_build(record: RunRecord) -> None:
    told = step_outputs(Subject(record), Path("report"))
    for name, output in ACTION["outputs"].items():
        assert output["value"] == f"${{{{ steps.build.outputs.{name} }}}}"
    assert set(ACTION["outputs"]) == set(told)


@pytest.mark.slow
def test_the_schema_of_actions_holds() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-actions"]
    done = subprocess.run([*command, str(HERE / "action.yml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
