"""reportgen diff: the table of a change, its drawing in a file, and what it says of what can't be read."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from reportgen.cli.diff import format_table
from reportgen.record.run import RunRecord
from tests.comparison.architectures import residual_net
from tests.comparison.test_weight_moves import sketched
from tests.support.commands import run_here
from tests.support.records import save_record

SPEC = """\
model: {{source: "{source}"}}
data: {{name: digits}}
"""
NETS = """\
from torch import nn

def base(width=8):
    return nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(10))

def wider():
    return base(12)
"""


@pytest.fixture(scope="module")
def records(record: RunRecord, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two records whose models differ by a block and by how far the weights are scaled."""
    folder = tmp_path_factory.mktemp("records")
    for name, model in (("a", sketched(record, residual_net())), ("b", sketched(record, residual_net((16,) * 5), 1.5))):
        (folder / name).mkdir()
        save_record(model, folder / name)
    return folder / "a", folder / "b"


def test_the_table_names_what_changed_and_the_weights(
    records: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    said = run_here(capsys, "diff", *records)
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert [line.split()[:2] for line in lines if line.startswith("+")] == [["+", "body.4"]]
    assert any(line.startswith("=") and "4 unchanged blocks" in line for line in lines)
    assert any(line.startswith("stem ") and "±" in line for line in lines)
    assert "Blocks and layers: 1 added, 7 unchanged." in said.out


def test_one_model_twice_is_said_in_a_sentence(records: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    said = run_here(capsys, "diff", records[0], records[0])
    assert said.code == 0
    assert "Both have the same architecture" in said.out
    assert "unchanged" not in said.out


def test_the_drawing_replaces_an_old_one_only_when_it_is_whole(
    records: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "diff.svg"
    out.write_text("old")

    def full(_number: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("reportgen.system.files.os.fsync", full)
        failed = run_here(capsys, "diff", *records, "-o", out)
    assert failed.code == 6
    assert str(out) in failed.err
    assert (out.read_text(), [path.name for path in tmp_path.iterdir()]) == ("old", ["diff.svg"])
    assert run_here(capsys, "diff", *records, "-o", out).code == 0
    root = ET.parse(out).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "body.4: added" in (root.findtext("{http://www.w3.org/2000/svg}desc") or "")
    first = out.read_bytes()
    assert run_here(capsys, "diff", *records, "-o", out).code == 0
    assert out.read_bytes() == first


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nothing", "nothing"), 5, ("nothing", "report's folder")),
        (("nothing.yaml", "nothing"), 5, ("there is no nothing",)),
        ((".", "."), 5, ("no record",)),
        (("x", "y", "-o", "x.png"), 2, ("x.png", "SVG", "x.svg")),
        (("x", "y", "-o", "no/x.svg"), 2, ("no folder no",)),
        (("x", "y", "-o", "."), 2, (". is a folder",)),
        (("x",), 2, ("Missing argument",)),
    ],
)
def test_mistakes_are_told_with_what_to_do(
    arguments: tuple[str, ...],
    code: int,
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    said = run_here(capsys, "diff", *arguments)
    assert said.code == code
    assert all(word in said.err for word in words), said.err
    assert "Traceback" not in said.err


FIXED = """
import torch
from torch import nn


class Fixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3 * 64 * 64, 10)

    def forward(self, images):
        assert images.shape[-1] == 64, "Wrong image size! Expected 64"
        return self.layer(images.flatten(1))
"""


@pytest.mark.slow
def test_a_model_of_another_image_size_is_told_of_the_option_that_gives_it(
    records: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fixed.py").write_text(FIXED)
    spec = "model: {source: fixed.py:Fixed}\ndata: {name: cifar10, image_size: 64}\n"
    (tmp_path / "fixed.yaml").write_text(spec)
    (tmp_path / "small.yaml").write_text(spec.replace("64", "32"))
    for command in (
        ("diff", "builtin:linear", "fixed.py:Fixed"),
        ("diff", str(records[0]), "fixed.yaml"),
        ("trace", "fixed.py:Fixed"),
        ("diff", "--input", "1,3,48,48", "fixed.yaml", "builtin:linear"),
    ):
        said = run_here(capsys, *command)
        assert said.code == 2
        assert "--input 1,3,224,224" in said.err
        assert ("3×48×48" if "--input" in command else "3×32×32") in said.err
        assert "image_size" not in said.err
    assert run_here(capsys, "trace", "--input", "1,3,64,64", "fixed.py:Fixed").code == 0
    own = run_here(capsys, "trace", "small.yaml")
    assert own.code == 2
    assert "data.image_size" in own.err


def test_long_cells_are_cut() -> None:
    table = list(format_table([("+", "a" * 200, "", "", "", "")]))
    assert max(map(len, table)) < 120


@pytest.mark.slow
def test_specs_are_traced_without_data_and_an_image_can_be_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("nets.py").write_text(NETS)
    Path("a.yaml").write_text(SPEC.format(source="nets.py:base"))
    Path("b.yaml").write_text(SPEC.format(source="nets.py:wider"))
    Path("c.yaml").write_text(SPEC.format(source="nets.py:missing"))
    said = run_here(capsys, "diff", "a.yaml", "b.yaml", "--input", "1,3,16,16")
    assert said.code == 0, said.err
    assert "image of 3×16×16" in said.out
    assert "8 → 12 channels" in said.out
    wrong = run_here(capsys, "diff", "a.yaml", "c.yaml")
    assert (wrong.code, "missing is not there in nets.py" in wrong.err) == (2, True)
    Path("d.yaml").write_text("model: {source: builtin:linear}\ndata: {name: nothing}\n")
    wrong = run_here(capsys, "diff", "a.yaml", "d.yaml")
    assert (wrong.code, "d.yaml:2:8" in wrong.err) == (2, True)


def test_trace_takes_a_record_and_says_what_it_is_traced_on(
    records: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = run_here(capsys, "trace", records[0], "--svg", tmp_path / "model.svg")
    assert (said.code, said.err) == (0, "")
    assert "stem" in said.out
    assert ET.parse(tmp_path / "model.svg").getroot().tag.endswith("svg")
    again = run_here(capsys, "trace", records[0], "--input", "1,3,8,8")
    assert again.code == 2
    assert "Leave out --input" in again.err
    assert run_here(capsys, "trace", tmp_path / "no.yaml").code == 2


@pytest.mark.slow
def test_trace_writes_the_drawing_of_one_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "model.svg"
    said = run_here(capsys, "trace", "builtin:cifar_resnet20", "--svg", out)
    assert said.code == 0
    root = ET.parse(out).getroot()
    assert "BasicBlock" in "".join(root.itertext())
    assert run_here(capsys, "trace", "builtin:linear", "--svg", tmp_path / "model.pdf").code == 2


@pytest.mark.slow
def test_sources_are_taken_as_trace_takes_them(
    records: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(NETS)
    said = run_here(capsys, "diff", "nets.py:base", "nets.py:wider")
    assert (said.code, said.err) == (0, "")
    assert "8 → 12 channels" in said.out
    assert "Net" not in said.out.splitlines()[0]
    built_in = run_here(capsys, "diff", "builtin:linear", records[0])
    assert built_in.code == 0
    unknown = run_here(capsys, "diff", "builtin:liner", records[0])
    assert unknown.code == 2
    assert "liner" in unknown.err


def test_a_spec_of_a_folder_has_as_many_classes_as_the_record_beside_it(
    records: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "nets.py").write_text(
        "from torch import nn\n\ndef net(num_classes=7):\n"
        "    return nn.Sequential(nn.Flatten(), nn.LazyLinear(num_classes))\n"
    )
    spec = tmp_path / "spec.yaml"
    spec.write_text("model: {source: nets.py:net}\ndata: {name: image_folder, root: images}\n")
    said = run_here(capsys, "diff", records[0], spec)
    assert said.code == 0
    assert "→ 30.7\u00a0k parameters" in said.out  # 3,072 inputs and 10 outputs, as of the record
