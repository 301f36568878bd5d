"""What a report takes the place of: nothing that is somebody else's, or another run's, unless it is asked to."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from reportgen.record.locate import find_source
from reportgen.system.transaction import COMMIT
from tests.support.commands import TINY, Said, made_once, run_here, write_spec

pytestmark = pytest.mark.e2e
FAST = TINY.replace("epochs: 1", "steps: 3")


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the reports of two runs, `mine` and `theirs`."""
    from reportgen import build

    def make(home: Path) -> None:
        for name, seed in (("mine", 0), ("theirs", 9)):
            spec = write_spec(home, FAST, f"{name}.yaml")
            build(spec, home / name, overrides={"run.seed": seed}, formats=["html", "json"], progress=False)

    return made_once(tmp_path_factory, "of-two-runs", make)


@pytest.fixture
def here(reports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of them in the current folder."""
    for name in ("mine", "theirs"):
        shutil.copytree(reports / name, tmp_path / name)
        shutil.copy(reports / f"{name}.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


Run = Callable[..., Said]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line in this process."""
    return lambda *arguments: run_here(capsys, *arguments)


def seed_of(folder: Path) -> int:
    """Which of the runs the report in a folder is about."""
    return find_source(folder).load().record.spec.run.seeds[0]


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "command",
    [
        ["render", "theirs", "-o", "mine"],
        ["render", "theirs.zip", "-o", "mine"],
        ["compare", "mine", "theirs", "-o", "mine"],
        ["build", "theirs.yaml", "--set", "run.seed=9", "-o", "mine"],
    ],
)
def test_another_runs_report_is_replaced_when_asked_alone(here: Path, run: Run, command: list[str]) -> None:
    from reportgen.record.archive import pack_files

    files = {path.name: path.read_bytes() for path in (here / "theirs" / "record").iterdir()}
    (here / "theirs.zip").write_bytes(pack_files(files))
    before = content(here / "mine")
    said = run(*command)
    assert said.code == 2, said.err
    assert "mine holds the report of another run" in said.err
    assert "--force" in said.err
    assert content(here / "mine") == before
    assert run(*command, "--format", "json", "--force").code == 0
    assert seed_of(here / "mine") == 9


def test_a_pdf_or_record_of_a_colleague_does_not_replace_ones_own(here: Path, run: Run) -> None:
    (here / "reports").mkdir()
    shutil.copytree("mine", "reports/spec")
    shutil.copytree("theirs/record", "spec")
    said = run("render", "spec")
    assert (said.code, seed_of(here / "reports" / "spec")) == (2, 0)
    assert run("render", "spec", "-o", "elsewhere").code == 0


def test_two_specs_of_one_name_do_not_share_a_folder(here: Path, run: Run) -> None:
    numbers = FAST.replace("[html, json]", "[json]")
    for name, seed in (("x", 0), ("y", 9)):
        (here / name).mkdir()
        write_spec(here / name, numbers.replace("run: {", f"run: {{seed: {seed}, "))
    assert run("build", "x/spec.yaml").code == 0
    said = run("build", "y/spec.yaml")
    assert (said.code, seed_of(here / "reports" / "spec")) == (2, 0)
    write_spec(here / "x", numbers.replace("run: {", "run: {seed: 4, "))
    assert run("build", "x/spec.yaml").code == 0  # the same spec, edited
    assert seed_of(here / "reports" / "spec") == 4
    assert run("render", "reports/spec", "--format", "html").code == 0
    write_spec(here / "x", numbers.replace("run: {", "run: {seed: 5, "))
    assert run("build", "x/spec.yaml").code == 0  # drawn in between
    assert seed_of(here / "reports" / "spec") == 5


@pytest.mark.parametrize("name", ["report.html", "metrics.json", "record/record.json", "manifest.json"])
@pytest.mark.parametrize("command", ["build", "render"])
def test_files_that_no_report_lists_stay(here: Path, run: Run, name: str, command: str) -> None:
    own = here / "out" / name
    own.parent.mkdir(parents=True)
    own.write_text('{"mine": 1}', encoding="utf-8")
    source = "mine" if command == "render" else "mine.yaml"
    said = run(command, source, "-o", "out")
    assert said.code == 2, said.err
    assert f"out holds {name}, which no report there lists" in said.err
    assert own.read_text(encoding="utf-8") == '{"mine": 1}'
    assert not list((here / "out").glob(".reportgen*"))
    if command == "render":
        assert run(command, source, "-o", "out", "--force").code == 0


def test_several_candidates_go_beside_nothing_of_others(here: Path, run: Run) -> None:
    said = run("compare", "mine", "theirs", "mine", "-o", "mine")
    assert said.code == 2
    assert seed_of(here / "mine") == 0
    (here / "pages").mkdir()
    (here / "pages" / "index.html").write_text("my page", encoding="utf-8")
    said = run("compare", "mine", "theirs", "mine", "-o", "pages")
    assert (said.code, (here / "pages" / "index.html").read_text(encoding="utf-8")) == (2, "my page")


def test_nothing_is_written_into_a_record(here: Path, run: Run) -> None:
    before = content(here / "theirs")
    for command in (["compare", "mine", "theirs"], ["render", "theirs"], ["build", "mine.yaml"]):
        said = run(*command, "-o", "theirs/record")
        assert (said.code, "theirs/record is the record of a report" in said.err) == (2, True)
    assert content(here / "theirs") == before


def test_a_comparison_is_made_again_in_its_place(here: Path, run: Run) -> None:
    for candidate in ("theirs", "mine", "theirs"):
        assert run("compare", "mine", candidate, "--format", "json").code == 0
    assert seed_of(here / "reports" / "comparison") == 9


@pytest.mark.parametrize("command", [["build", "mine.yaml"], ["render", "mine"], ["compare", "mine", "theirs"]])
def test_an_empty_folder_name_is_not_the_current_folder(here: Path, run: Run, command: list[str]) -> None:
    said = run(*command, "-o", "")
    assert said.code == 2
    assert "empty" in said.err
    assert not (here / "record").exists()


def decided(folder: Path, new: Path, moved: tuple[str, ...] = ()) -> None:
    """The state of a folder whose build was ended between the decision for `new` and its last move."""
    waiting = folder / COMMIT / "new"
    shutil.copytree(new, waiting)
    for name in moved:
        aside = folder / COMMIT / "old" / name
        aside.parent.mkdir(parents=True, exist_ok=True)
        (folder / name).rename(aside)
        (waiting / name).rename(folder / name)


@pytest.mark.parametrize("moved", [(), ("record/arrays.safetensors",), ("record/record.json",), ("metrics.json",)])
@pytest.mark.parametrize("command", ["render", "compare", "check"])
def test_what_a_crash_left_decided_is_read_and_kept(here: Path, run: Run, moved: tuple[str, ...], command: str) -> None:
    decided(here / "mine", here / "theirs", moved)
    assert seed_of(here / "mine") == seed_of(here / "mine" / "record") == 9
    if command == "compare":
        assert run("compare", "theirs", "mine", "-o", "out", "--format", "json").code == 0
        assert seed_of(here / "out") == 9
        assert (here / "mine" / COMMIT).is_dir()
    if command == "render":
        said = run("render", "mine", "--format", "json")
        assert said.code == 0, said.err
        assert not (here / "mine" / COMMIT).exists()
    assert seed_of(here / "mine") == 9


def test_a_commit_in_pieces_is_refused(here: Path, run: Run) -> None:
    decided(here / "mine", here / "theirs")
    (here / "mine" / COMMIT / "new" / "record" / "record.json").unlink()
    said = run("compare", "theirs", "mine", "-o", "out")
    assert said.code == 5
    assert "in pieces" in said.err


def change(folder: Path, edit: Callable[[dict[str, Any]], None] | None = None, **arrays: np.ndarray | None) -> None:
    """Change a record as a person would: the JSON, or arrays and the digest that the JSON states of them."""
    path, arrays_path = folder / "record" / "record.json", folder / "record" / "arrays.safetensors"
    fields = json.loads(path.read_bytes())
    if arrays:
        held = dict(load_arrays(arrays_path.read_bytes())) | arrays
        data = save_arrays({name: array for name, array in held.items() if array is not None})
        arrays_path.write_bytes(data)
        fields["arrays"] |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    if edit is not None:
        edit(fields)
    path.write_text(json.dumps(fields), encoding="utf-8")


def set_accuracy(value: object) -> Callable[[dict[str, Any]], None]:
    """An edit of the headline number."""

    def edit(fields: dict[str, Any]) -> None:
        next(one for one in fields["measured"]["values"] if one["name"] == "accuracy")["value"] = value

    return edit


EDITS: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "accuracy": (set_accuracy(0.999), "was changed after it was written"),
    "accuracy above one": (set_accuracy(17), "accuracy is a share"),
    "accuracy not a number": (set_accuracy("NaN"), "record.json"),
    "accuracy infinite": (set_accuracy("-Infinity"), "accuracy is a share"),
    "correct": (lambda fields: fields["training"].update(train_correct=10**9), "training.train_correct"),
    "huge": (lambda fields: fields["training"].update(steps=10**400), "training.steps"),
    "counts": (lambda fields: fields["data"]["splits"][0].update(n=5), "data.splits.0.counts"),
    "class name": (lambda fields: fields["data"]["classes"].__setitem__(0, "other"), "was changed"),
    "less classes": (lambda fields: fields["data"].update(classes=fields["data"]["classes"][:9]), "9 classes"),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_changed_number_is_not_believed(here: Path, run: Run, name: str) -> None:
    edit, says = EDITS[name]
    change(here / "mine", edit)
    for command in (["render", "mine", "-o", "out"], ["compare", "theirs", "mine", "-o", "out"]):
        said = run(*command)
        assert said.code == 5, said.err
        assert "record.json" in said.err or "arrays.safetensors" in said.err
        assert says in said.err
        assert "Traceback" not in said.err
        assert not (here / "out").exists()


ARRAYS: dict[str, dict[str, np.ndarray | None]] = {
    "fewer logits": {"eval.logits": np.zeros((7, 10), np.float32)},
    "logits of one dimension": {"eval.logits": np.zeros(120, np.float32)},
    "logits of whole numbers": {"eval.logits": np.zeros((120, 10), np.int64)},
    "other classes": {"eval.logits": np.zeros((120, 9), np.float32)},
    "labels out of range": {"eval.labels": np.full(120, 10)},
    "negative labels": {"eval.labels": np.full(120, -1)},
    "labels in a column": {"eval.labels": np.zeros((120, 1), np.int64)},
    "labels of fractions": {"eval.labels": np.zeros(120, np.float32)},
    "no height": {"images": np.zeros((3, 0, 0, 3), np.uint8)},
    "five channels": {"images": np.zeros((3, 8, 8, 5), np.uint8)},
    "flat": {"images": np.zeros((3, 64), np.uint8)},
    "fractions": {"images": np.zeros((3, 8, 8, 3), np.float32)},
    "losses": {"train.loss": np.zeros((3, 2), np.float32)},
    "fewer losses": {"train.loss": np.zeros(1, np.float32)},
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_that_do_not_fit_are_told_by_name(here: Path, run: Run, name: str) -> None:
    change(here / "mine", None, **ARRAYS[name])
    said = run("render", "mine", "-o", "out")
    assert said.code == 5, said.err
    assert "arrays.safetensors is damaged: " in said.err
    assert next(iter(ARRAYS[name])).partition(".")[0] in said.err
    assert "Traceback" not in said.err


def test_a_flipped_byte_in_a_packed_record_is_told(here: Path, run: Run) -> None:
    from reportgen.record.archive import pack_files

    packed = pack_files({path.name: path.read_bytes() for path in (here / "mine" / "record").iterdir()})
    codes = set()
    for place in range(60, len(packed) - 400, max(1, len(packed) // 150)):
        (here / "record.zip").write_bytes(packed[:place] + bytes([packed[place] ^ 0x55]) + packed[place + 1 :])
        try:
            find_source(here / "record.zip").load()
        except Exception as error:
            codes.add(type(error).__name__)
    assert codes == {"RecordError"}
    assert zlib.error


@pytest.mark.parametrize("file", ["manifest.json", "record/record.json", "record/arrays.safetensors", "report.css"])
def test_a_pipe_is_not_read(here: Path, run: Run, file: str) -> None:
    if file == "report.css":
        os.mkfifo(here / file)
        said = run("render", "mine", "-o", "out", "--set", "report.css=report.css")
        assert said.code == 2
        return
    (here / "mine" / file).unlink()
    os.mkfifo(here / "mine" / file)
    said = run("render", "mine", "-o", "out")
    assert said.code == (0 if file == "manifest.json" else 5)
