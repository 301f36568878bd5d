"""What makes two runs the same run, and what does not."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

import reportgen.pipeline.fingerprint as module
from reportgen.pipeline.drawing_digest import drawing_digest
from reportgen.pipeline.fingerprint import fingerprint
from reportgen.spec.types import ModelSpec, ReportSpec
from reportgen.system import digests
from reportgen.system.digests import CACHE, KEY, LARGE, DigestMemo
from reportgen.system.machine import accelerator, processor_name


def spec(**more: object) -> ReportSpec:
    return ReportSpec.model_validate({"model": {"source": "net.py:make", "weights": "best.pt"}} | more)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text("import helper\nfrom parts.blocks import Block\n")
    (tmp_path / "helper.py").write_text("import os, net\n")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "__init__.py").write_text("")
    (tmp_path / "parts" / "blocks.py").write_text("Block = 1\n")
    (tmp_path / "unrelated.py").write_text("x = 1\n")
    (tmp_path / "best.pt").write_bytes(b"weights")
    (tmp_path / "batch_1").write_bytes(b"images")
    return tmp_path


def of(base: Path, **more: object) -> str:
    return fingerprint(spec(**more), base, [base / "batch_1"])


def test_it_is_a_digest_and_stays(base: Path) -> None:
    assert len(of(base)) == 64
    assert of(base) == of(base)


def test_a_gate_on_a_number_of_a_probe_measures_it_and_one_on_another_number_does_not(base: Path) -> None:
    named = of(base, gates=["corruption_accuracy >= 0.5"])
    assert named != of(base)
    assert named == of(base, gates=["corruption_accuracy.change > -0.1 confidently", "accuracy >= 0.5"])
    assert of(base, gates=["accuracy >= 0.5", "latency_p50_ms <= 3"]) == of(base)
    assert of(base, gates=["pgd_accuracy >= 0.1"]) not in (named, of(base))


@pytest.mark.parametrize(
    "more",
    [
        {"title": "x"},
        {"report": {"sections": ["summary"], "paper": "letter"}},
        {"outputs": ["json"]},
        {"card": {"licence": "MIT"}},
        {"data": {"root": "elsewhere"}},
    ],
)
def test_restyling_never_trains_again(base: Path, more: dict[str, object]) -> None:
    assert of(base, **more) == of(base)


@pytest.mark.parametrize(
    "more",
    [
        {"run": {"seed": 1}},
        {"run": {"seeds": [0, 1]}},
        {"data": {"mixup": 0.2}},
        {"run": {"epochs": 2}},
        {"run": {"device": "cuda"}},
        {"run": {"precision": "float64"}},
        {"data": {"name": "digits"}},
        {"data": {"train_limit": 10}},
        {"data": {"normalize": "imagenet"}},
        {"model": {"source": "net.py:other", "weights": "best.pt"}},
        {"model": {"source": "net.py:make"}},
        {"model": {"source": "net.py:make", "weights": "best.pt", "stem": "cifar"}},
        {"model": {"source": "net.py:make", "weights": "best.pt", "args": {"width": 2}}},
    ],
)
def test_what_the_numbers_depend_on_is_in_it(base: Path, more: dict[str, object]) -> None:
    assert of(base, **more) != of(base)


def test_processes_that_gates_ask_for_are_in_it(base: Path) -> None:
    alone = of(base, run={"probes": "none"})
    assert of(base, run={"probes": "none"}, gates=["accuracy >= 0.5", "train_seconds <= 9"]) == alone
    timed = of(base, run={"probes": "none"}, gates=["latency_p50_ms <= 3"])
    assert len({alone, timed, of(base, run={"probes": "none"}, gates=["latency_p95_ms <= 3"])}) == 3
    assert of(base, run={"probes": "none"}, gates=["throughput >= 3", "latency_p50 <= 1"]) == timed


def test_a_teacher_is_in_it_as_the_model_is(base: Path) -> None:
    (base / "teacher.py").write_text("make = 1\n")
    (base / "teacher.pt").write_bytes(b"its weights")

    def taught(**more: object) -> str:
        teacher = {"source": "teacher.py:make", "weights": "teacher.pt"} | more
        return of(base, run={"loss": {"name": "kl_div", "teacher": teacher}})

    seen = {of(base), taught(), taught(args={"width": 2}), taught(weights=None)}
    for name in ("teacher.py", "teacher.pt"):
        (base / name).write_bytes((base / name).read_bytes() + b"# changed\n")
        seen.add(taught())
    assert len(seen) == 6
    (base / "kept").mkdir()
    before = taught()
    (base / "teacher.pt").rename(base / "kept" / "teacher.pt")
    assert taught(weights="kept/teacher.pt") == before


@pytest.mark.parametrize("name", ["net.py", "helper.py", "parts/blocks.py", "best.pt", "batch_1"])
def test_every_file_that_is_read_is_in_it(base: Path, name: str) -> None:
    before = of(base)
    (base / name).write_bytes((base / name).read_bytes() + b"\n# changed\n")
    changed = of(base)
    (base / name).unlink()
    assert len({before, changed, of(base)}) == 3


def test_files_that_are_not_read_are_not(base: Path) -> None:
    before = of(base)
    (base / "unrelated.py").write_text("x = 2\n")
    assert of(base) == before


def test_moving_weights_and_data_changes_nothing(base: Path) -> None:
    before = of(base)
    (base / "kept").mkdir()
    for name in ("best.pt", "batch_1"):
        (base / name).rename(base / "kept" / name)
    moved = spec(model={"source": "net.py:make", "weights": "kept/best.pt"})
    assert fingerprint(moved, base, [base / "kept" / "batch_1"]) == before


@pytest.mark.parametrize("name", ["versions", "machine", "code_digest"])
def test_machine_versions_and_code_are_in_it(base: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    before = of(base)
    monkeypatch.setattr(module, name, lambda *_: "another")
    assert of(base) != before


def test_threads_are_in_it_unless_the_spec_says_how_many(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    usual, asked = of(base), of(base, run={"threads": 2})
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert (of(base) != usual, of(base, run={"threads": 2}) == asked) == (True, True)


def many(base: Path, folder: str = "images") -> list[Path]:
    files = [base / folder / ("a" if index < 3 else "b") / f"{index}.png" for index in range(5)]
    for index, path in enumerate(files):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % index)
    return files


@pytest.mark.parametrize("most", [3, 1000])
def test_files_are_known_by_class_name_and_content(base: Path, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    files = many(base)
    monkeypatch.setattr(module, "MANY_FILES", most)
    before = fingerprint(spec(), base, files)
    assert fingerprint(spec(), base, files[::-1]) == before
    assert fingerprint(spec(), base, many(base, "copied")) == before  # wherever they lie
    moved = files[2].rename(base / "images" / "b" / "2.png")
    assert fingerprint(spec(), base, [*files[:2], moved, *files[3:]]) != before
    moved.rename(files[2])
    (base / "images" / "a").rename(base / "images" / "aardvark")
    renamed = [base / "images" / ("aardvark" if index < 3 else "b") / f"{index}.png" for index in range(5)]
    assert fingerprint(spec(), base, renamed) != before


@pytest.mark.parametrize("most", [3, 1000])
def test_files_written_over_are_seen_though_size_and_time_are_kept(
    base: Path, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = many(base)
    monkeypatch.setattr(module, "MANY_FILES", most)
    monkeypatch.setattr(digests, "SETTLED_SECONDS", -1.0)
    before, stat = fingerprint(spec(), base, files), files[1].stat()
    assert fingerprint(spec(), base, files) == before
    files[1].write_bytes(b"9")
    os.utime(files[1], ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert fingerprint(spec(), base, files) != before


def test_very_many_files_are_read_once(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = many(base)
    monkeypatch.setattr(module, "MANY_FILES", 3)
    monkeypatch.setattr(digests, "SETTLED_SECONDS", -1.0)
    before = fingerprint(spec(), base, files)
    read, digest = [], DigestMemo.digest

    def counted(self: DigestMemo, path: Path) -> str | None:
        read.append(path)
        return digest(self, path)

    monkeypatch.setattr(DigestMemo, "digest", counted)
    assert fingerprint(spec(), base, files) == before
    assert not set(read) & set(files)
    os.utime(files[2], (1, 1))
    assert fingerprint(spec(), base, files) == before  # read again, and the same
    assert set(files) <= set(read)


def test_names_in_either_form_of_unicode_are_one(base: Path) -> None:
    found = []
    for form in ("NFC", "NFD"):
        file = base / form / unicodedata.normalize(form, "café") / "0.png"
        file.parent.mkdir(parents=True)
        file.write_bytes(b"x")
        (base / form / "tea.png").write_bytes(b"y")
        found.append(fingerprint(spec(), base, [file, base / form / "tea.png"]))
    assert found[0] == found[1]


def test_a_pipe_is_not_read(base: Path) -> None:
    os.mkfifo(base / "pipe")
    assert DigestMemo().digest(base / "pipe") is None


def test_templates_and_code_are_in_the_digest_of_a_drawing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, own = tmp_path / "templates", tmp_path / "own"
    ours.mkdir()
    own.mkdir()
    monkeypatch.setattr("reportgen.outputs.template_folder.template_root", lambda: ours)
    found = [(drawing_digest(), drawing_digest(own))]
    for path in (ours / "report.html.j2", own / "summary.html.j2"):
        path.write_text("2")
        found.append((drawing_digest(), drawing_digest(own)))
    assert [len({pair[at] for pair in found}) for at in (0, 1)] == [2, 3]
    (own / "sections").mkdir()
    (own / "summary.html.j2").rename(own / "sections" / "summary.html.j2")
    assert drawing_digest(own) not in {pair[1] for pair in found}
    monkeypatch.setattr("reportgen.pipeline.drawing_digest.code_digest", lambda *_: "another")
    assert drawing_digest() not in {pair[0] for pair in found}


@pytest.mark.parametrize(
    ("device", "kind"), [("nvidia0", "cuda"), ("kfd", "rocm"), ("nvidiactl", "cpu"), ("dxg", "cuda"), ("null", "cpu")]
)
@pytest.mark.skipif(sys.platform == "darwin", reason="on this system the answer may be mps")
def test_the_accelerator_shows_without_torch(tmp_path: Path, device: str, kind: str) -> None:
    (tmp_path / device).touch()
    assert accelerator(tmp_path) == kind


def test_the_processor_has_a_name(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Example CPU @ 2 GHz\nmodel name\t: other\n")
    assert processor_name(tmp_path / "cpuinfo") == "Example CPU @ 2 GHz"
    assert isinstance(processor_name(tmp_path / "nothing"), str)


@pytest.mark.slow
def test_no_torch_and_the_same_in_every_process(base: Path) -> None:
    code = f"""
import sys
from pathlib import Path
from reportgen.pipeline.fingerprint import fingerprint
from reportgen.spec.types import ModelSpec, ReportSpec
spec = ReportSpec.model_validate({{"model": {{"source": "net.py:make", "weights": "best.pt"}}}})
base = Path({str(base)!r})
print(fingerprint(spec, base, [base / "batch_1"]), "torch" in sys.modules)
"""
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone},
        ).stdout
        for seed, zone in (("0", "UTC"), ("1", "Asia/Tokyo"))
    }
    assert printed == {f"{of(base)} False\n"}


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Written long ago."""
    path = tmp_path / "large.bin"
    path.write_bytes(b"x" * LARGE)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    monkeypatch.setattr(digests, "SETTLED_SECONDS", -1.0)
    return path


def test_a_large_file_is_read_once(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memo = DigestMemo.load()
    digest = memo.digest(large)
    assert digest == hashlib.sha256(b"x" * LARGE).hexdigest()
    memo.save()
    monkeypatch.setattr(hashlib, "file_digest", lambda *_: pytest.fail("read again"))
    assert DigestMemo.load().digest(large) == digest


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(b"y" * (LARGE + 1)),
        lambda path: path.write_bytes(b"y" * LARGE),
        lambda path: (path.write_bytes(b"y" * LARGE), os.utime(path, (10**9,) * 2)),
        lambda path: (path.rename(path.with_name("old")), path.write_bytes(b"y" * LARGE), os.utime(path, (10**9,) * 2)),
    ],
)
def test_a_changed_file_is_read_again(large: Path, change: Callable[[Path], object]) -> None:
    memo = DigestMemo.load()
    before = memo.digest(large)
    change(large)
    assert memo.digest(large) == hashlib.sha256(large.read_bytes()).hexdigest() != before


def test_a_file_just_written_is_not_remembered(tmp_path: Path) -> None:
    (tmp_path / "new").write_bytes(b"x" * LARGE)
    memo = DigestMemo()
    memo.digest(tmp_path / "new")
    os.utime(tmp_path / "new", (10**9,) * 2)
    memo.digest(tmp_path / "new")
    assert memo.known == {}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}', "\0"])
def test_a_damaged_memo_is_as_good_as_none(large: Path, text: str) -> None:
    CACHE.write(KEY, text.encode())
    memo = DigestMemo.load()
    assert memo.known == {}
    memo.digest(large)
    memo.save()
    assert DigestMemo.load().known == memo.known != {}


def test_a_memo_that_can_not_be_written_costs_nothing(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/nowhere")
    memo = DigestMemo.load()
    assert memo.digest(large)
    memo.save()
    assert DigestMemo.load().known == {}


def test_pipes_and_devices_have_no_digest(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert DigestMemo().digest(tmp_path / "pipe") is None
    assert DigestMemo().digest(Path("/dev/zero")) is None


def test_every_shard_of_a_checkpoint_counts(tmp_path: Path) -> None:
    index = tmp_path / "model.safetensors.index.json"
    index.write_text('{"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}')
    for name in ("one", "two"):
        (tmp_path / f"{name}.safetensors").write_bytes(b"x")
    spec = ReportSpec(model=ModelSpec(source="builtin:linear", weights=Path(index.name)))
    before = fingerprint(spec, tmp_path)
    assert fingerprint(spec, tmp_path) == before
    (tmp_path / "two.safetensors").write_bytes(b"y")
    assert fingerprint(spec, tmp_path) != before


def test_the_key_into_a_file_of_weights_counts(tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(b"x")
    model = ModelSpec(source="builtin:linear", weights=Path("w.pt"))
    other = model.model_copy(update={"weights_key": "ema"})
    assert fingerprint(ReportSpec(model=model), tmp_path) != fingerprint(ReportSpec(model=other), tmp_path)


@pytest.mark.parametrize("where", ["source", "args", "helper"])
def test_files_that_the_code_or_its_arguments_name_are_in_it(base: Path, where: str) -> None:
    (base / "parts" / "near.json").write_text("1")
    (base / "config.json").write_text("1")
    more: dict[str, object] = {}
    name = "config.json"
    if where == "source":
        (base / "net.py").write_text("from parts.blocks import Block\nread('config.json')\n")
    elif where == "args":
        more = {"model": {"source": "net.py:make", "args": {"files": [{"config": "config.json"}]}}}
    else:
        (base / "parts" / "blocks.py").write_text("path = folder / 'near.json'\n")
        name = "parts/near.json"
    before = of(base, **more)
    (base / name).write_text("2")
    changed = of(base, **more)
    (base / name).unlink()
    assert len({before, changed, of(base, **more)}) == 3
