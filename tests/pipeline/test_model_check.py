"""What `check` knows of a model without running any of its code."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path

import pytest

from reportgen.errors import ReportgenError, SpecError
from reportgen.experiment.models import find_sources, load_model
from reportgen.pipeline.build import Options
from reportgen.pipeline.check import Line, check_spec
from reportgen.pipeline.model_check import registered
from reportgen.spec import open_spec
from reportgen.system.machine import lacks_device

NET = "raise SystemExit('this ran')\nimport os.path\ndef make(): ...\nready = make()\nif True:\n    def late(): ...\n"
PLAIN = (
    "SIZE: int = -3 * 4\nLAYERS = [len]\nTABLE = {'a': 1}\nchanged = given = None\nfor given in [len]: ...\n"
    "def make():\n    global changed\n    changed = len\n"
)


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "wrong.py").write_text("def make(:\n")
    (tmp_path / "plain.py").write_text(PLAIN)
    (tmp_path / "star.py").write_text("from net import *\n")
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "inner.py").write_text("def make(): ...\n")
    (tmp_path / "folder.pt").mkdir()
    (tmp_path / "folder.pt" / "model.safetensors").touch()
    (tmp_path / "cut.pt").write_bytes(b"PK\x03\x04weights")
    with zipfile.ZipFile(tmp_path / "script.pt", "w") as archive:
        archive.writestr("script/constants.pkl", b"")
    (tmp_path / "empty.pt").touch()
    with zipfile.ZipFile(tmp_path / "best.pt", "w") as archive:
        archive.writestr("best/data.pkl", pickle.dumps({"weight": 1}))
    (tmp_path / "spec.yaml").write_text("data:\n  name: digits\nmodel:\n  source: net.py:make\nrun:\n  steps: 3\n")
    os.mkfifo(tmp_path / "fifo")
    return tmp_path


def check(base: Path, *overrides: str) -> list[Line]:
    return [*check_spec(base / "spec.yaml", Options(overrides=overrides))]


@pytest.mark.parametrize(
    ("override", "message", "hint"),
    [
        ("model.source=builtin:resnet8", "there is no builtin model 'resnet8'", "Did you mean resnet9?"),
        ("model.source=torchvision:resnet19", "no torchvision classification model 'resnet19'", "resnet18"),
        ("model.source=timm:resnet19", "there is no timm model 'resnet19'", "resnet18"),
        ("model.source=nope", "'nope' is not understood", "package.module:factory"),
        ("model.source=tim:resnet18", "'tim:resnet18' is not understood", "Did you mean timm?"),
        ("model.source=nte.py:make", "the model's file nte.py does not exist", "Did you mean net.py?"),
        ("model.source=net.py:mkae", "mkae is not there in net.py", "Did you mean make? There is: late, make, ready."),
        ("model.source=plain.py:SIZE", "SIZE is not a function or class in plain.py", "There is: changed, given, make"),
        ("model.source=plain.py:LAYERS", "LAYERS is not a function or class", "make"),
        ("model.source=plain.py:TABLE", "TABLE is not a function or class", "make"),
        ("model.source=plain.py:maek", "maek is not there", "Did you mean make? There is: changed, given, make"),
        ("model.source=net.py", "'net.py' names no factory", "path/to/file.py:factory"),
        ("model.source=wrong.py:make", "wrong.py can't be imported: SyntaxError", "Fix the file"),
        ("model.source=pkg.outer:make", "there is no module 'pkg.outer'", "PYTHONPATH"),
        ("model.source=pkg.inner:mkae", "mkae is not there in inner.py", "There is only make"),
        ("model.source=torchvision.models.resnet:resnet19", "resnet19 is not there in resnet.py", "resnet18"),
        ("model.source=fifo.py:make", "does not exist", ""),
        ("model.source=./fifo:make", "is a FIFO", ""),
        ("model.weights=bset.pt", "bset.pt do not exist", "Did you mean best.pt?"),
        ("model.weights=folder.pt", "a folder, not a file", "Name a file in it: model.safetensors."),
        ("model.weights=cut.pt", "cut.pt is damaged or cut short", "compare its size"),
        ("model.weights=script.pt", "script.pt is a TorchScript archive", "Where you trust it"),
        ("model.weights=fifo", "a FIFO, not a file", ""),
        ("model.weights=/dev/zero", "a device, not a file", ""),
        ("model.weights=empty.pt", "empty.pt is empty", ""),
        ("model.weights=net.py", "net.py can't be read as weights: it is text", "Read what it says"),
        ("data.name=digit", "there is no data set 'digit'", "Did you mean digits?"),
        ("run.device=cuda:7", "cuda:7 is not on this machine", "--device cpu"),
        ("run.loss={name: kl_div, teacher: {source: 'builtin:nope'}}", "no builtin model 'nope'", ""),
        ("run.loss={name: kl_div, teacher: {source: 'net.py:make', weights: x.pt}}", "x.pt do not exist", ""),
        ("baseline=nope", "there is no baseline", ""),
        ("report.templates=nope", "there is no folder", ""),
    ],
)
def test_what_can_not_be_built_is_not_ok(base: Path, override: str, message: str, hint: str) -> None:
    (line,) = check(base, override)
    assert line.line.startswith("wrong")
    assert message in line.line
    assert hint in line.hint
    assert line.exit_code == 2


def test_templates_that_may_not_be_read_are_not_ok(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (base / "own").mkdir()
    assert check(base, "report.templates=own")[0].line.startswith("ok")
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "own" and access(path, mode))
    (line,) = check(base, "report.templates=own")
    assert "own can't be read: there is no permission" in line.line
    assert line.exit_code == 2


@pytest.mark.parametrize(
    "source",
    [
        *("net.py:make", "net.py:late", "net.py:ready", "net:make", "pkg.inner:make", "pkg/inner.py:make"),
        *("plain.py:make", "plain.py:changed", "plain.py:given", "plain.py:TABLE.get"),
        *("star.py:any", "builtin:resnet9", "torchvision:resnet18", "timm:resnet18.a1_in1k"),
        "torchvision.models.resnet:resnet18",
    ],
)
def test_what_is_there_is_ok_and_not_run(base: Path, source: str) -> None:
    assert check(base, f"model.source={source}", "model.weights=best.pt")[0].line.startswith("ok")


def test_an_error_names_line_and_column(base: Path) -> None:
    (base / "spec.yaml").write_text("data: {name: digits}\nmodel:\n  source: builtin:nope\n")
    (line,) = check(base)
    assert line.line.startswith(f"wrong  {base / 'spec.yaml'}:3:3: there is no builtin model")


@pytest.mark.parametrize(
    ("source", "args", "message", "hint"),
    [
        ("builtin:resnet9", "{scael: 0.5}", "model.args do not fit builtin:resnet9: got an unexpected", "mean scale?"),
        ("builtin:cifar_resnet20", "{depth: 3}", "got an unexpected keyword argument 'depth'", "only num_classes"),
        ("torchvision:resnet18", "{widht: 3}", "torchvision:resnet18 raises TypeError: ResNet", "Look at model.args"),
        ("torchvision:alexnet", "{weights: DEFAULT}", "asks torchvision to download the weights", "model.pretrained"),
        ("torchvision:resnet18", "{replace_stride_with_dilation: [1]}", "raises ValueError: replace_stride", "Look"),
        ("timm:resnet18", "{widht: 3}", "timm:resnet18 raises TypeError", "Look at model.args"),
    ],
)
def test_arguments_that_a_library_refuses_are_refused_as_a_build_does(
    base: Path, source: str, args: str, message: str, hint: str
) -> None:
    (base / "spec.yaml").write_text(f"data: {{name: digits}}\nmodel:\n  args: {args}\n  source: {source}\n")
    (line,) = check(base)
    assert line.line.startswith(f"wrong  {base / 'spec.yaml'}:4:3: ")
    assert message in line.line
    assert hint in line.hint
    assert line.exit_code == 2
    with pytest.raises(ReportgenError) as built:
        load_model(open_spec(base / "spec.yaml").spec.model, base, 10)
    assert built.value.message in line.line


def test_arguments_that_fit_are_ok_and_those_of_a_teacher_are_told_as_its(base: Path) -> None:
    for source, args in (("builtin:resnet9", "{scale: 0.25}"), ("torchvision:vgg11", "{dropout: 0.1}")):
        assert check(base, f"model.source={source}", f"model.args={args}")[0].line.startswith("ok")
    teacher = "run.loss={name: kl_div, teacher: {source: 'builtin:linear', args: {sise: 3}}}"
    (line,) = check(base, teacher)
    assert "the teacher: run.loss.teacher.args do not fit builtin:linear" in line.line


def test_code_that_no_import_names_is_told(base: Path) -> None:
    (base / "helper.py").write_text("import importlib\ndef load(name): return importlib.import_module(name)\n")
    (base / "net.py").write_text("import helper\ndef make(): ...\n")
    notes = [line.line for line in check(base) if line.line.startswith("note")]
    assert len(notes) == 1
    assert "helper.py:2 runs code that its text does not name (import_module)" in notes[0]


def test_pretrained_weights_are_looked_for_and_not_fetched(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    wanted = ("model.source=torchvision:resnet18", "model.pretrained=true")
    notes = [line.line for line in check(base, *wanted) if line.line.startswith("note")]
    assert len(notes) == 1
    assert "(resnet18-f37072fd.pth) are not in" in notes[0]
    (line,) = check_spec(base / "spec.yaml", Options(overrides=wanted, offline=True))
    assert line.exit_code == 3
    assert line.line.startswith("wrong  --set model.pretrained: the weights ResNet18_Weights.IMAGENET1K_V1")
    (line,) = check(base, wanted[0], "model.pretrained=IMAGENET1K_V9")
    assert "Did you mean IMAGENET1K_V1?" in line.hint
    assert line.exit_code == 2


@pytest.mark.parametrize("library", ["builtin", "torchvision", "timm"])
def test_the_names_in_a_librarys_text_are_names_that_it_has(library: str) -> None:
    names, known = registered(library), set(find_sources()[library].names())
    assert len(names & known) > 0.8 * len(known)
    assert names <= known | ({"quantize_model"} if library == "torchvision" else set())


def test_a_spec_that_is_no_regular_file_is_not_opened(base: Path) -> None:
    with pytest.raises(SpecError, match="is a FIFO, not a spec file"):
        open_spec(base / "fifo")
    with pytest.raises(ReportgenError, match="is a device, not a spec file"):
        open_spec(Path("/dev/zero"))


def test_devices_that_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert [lacks_device(name, tmp_path) for name in ("auto", "cpu", "cuda", "cuda:1")] == [False, False, True, True]
    for number in (0, 1):
        (tmp_path / f"nvidia{number}").touch()
    assert [lacks_device(name, tmp_path) for name in ("cuda", "cuda:1", "cuda:2", "mps")] == [False, False, True, True]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert [lacks_device(name, tmp_path) for name in ("cuda:0", "cuda:1")] == [False, True]


FACTORIES = """
import functools, os
from torch import nn
from pkg.shapes import make as far, Wide
raise SystemExit("this ran")
def plain(width, num_classes=10): ...
def free(width=3, **kwargs): ...
def needs(depth): ...
def counts(n_classes, *, depth=2): ...
@functools.cache
def kept(width=3): ...
@unknown
def wrapped(width=3): ...
other = plain
half = functools.partial(plain, width=2)
if os.name == "nt":
    def twice(width): ...
else:
    def twice(depth): ...
class Net(nn.Module):
    def __init__(self, width: int = 3): ...
    @classmethod
    def small(cls, depth): ...
class Inherits(Net): ...
class Bare(nn.Module): ...
class Made(Net):
    def __new__(cls, depth): ...
class Mixed(Net, Wide): ...
ready = Net()
layers = nn.Sequential(nn.Flatten())
"""


@pytest.fixture
def factories(base: Path) -> Path:
    (base / "own.py").write_text(FACTORIES)
    (base / "pkg" / "shapes.py").write_text(
        "from .inner import again as make\nclass Wide:\n    def __init__(s, w): ...\n"
    )
    (base / "pkg" / "inner.py").write_text("def again(size, classes=('a',)): ...\n")
    return base


@pytest.mark.parametrize(
    ("factory", "args", "message", "hint"),
    [
        ("plain", "{widht: 3}", "model.args do not fit own.py:plain: missing a required argument: 'width'", "width?"),
        ("plain", "{width: 3, scale: 1}", "got an unexpected keyword argument 'scale'", "There is: width, num_classes"),
        ("needs", "{}", "missing a required argument: 'depth'", "It takes (depth)."),
        ("counts", "{n_class: 3}", "unexpected keyword argument 'n_class'", "Did you mean n_classes?"),
        ("kept", "{depth: 3}", "unexpected keyword argument 'depth'", "only width"),
        ("other", "{depth: 3}", "missing a required argument: 'width'", ""),
        ("half", "{depth: 3}", "unexpected keyword argument 'depth'", "width"),
        ("Net", "{depth: 3}", "unexpected keyword argument 'depth'", "There is only width"),
        ("Net.small", "{}", "missing a required argument: 'depth'", ""),
        ("Inherits", "{depth: 3}", "unexpected keyword argument 'depth'", "width"),
        ("Bare", "{depth: 3}", "unexpected keyword argument 'depth'", "It takes ()."),
        ("far", "{sise: 3}", "missing a required argument: 'size'", "Did you mean size?"),
        ("layers", "{depth: 3}", "unexpected keyword argument 'depth'", "It takes ()."),
        ("Wide", "{w: 3, v: 1}", "unexpected keyword argument 'v'", ""),
    ],
)
def test_arguments_that_a_factory_of_ones_own_refuses_are_refused_unrun(
    factories: Path, factory: str, args: str, message: str, hint: str
) -> None:
    (line,) = check(factories, f"model.source=own.py:{factory}", f"model.args={args}")
    assert message in line.line
    assert hint in line.hint
    assert line.exit_code == 2


@pytest.mark.parametrize(
    ("source", "args"),
    [
        *(("own.py:plain", "{width: 3}"), ("own.py:free", "{anything: 3}"), ("own.py:counts", "{depth: 1}")),
        *(("own.py:wrapped", "{depth: 3}"), ("own.py:half", "{width: 9}"), ("own.py:twice", "{depth: 3}")),
        *(("own.py:twice", "{width: 3}"), ("own.py:Made", "{depth: 3}"), ("own.py:Mixed", "{w: 3}")),
        *(("own.py:Net.small", "{depth: 3}"), ("own.py:ready", "{}"), ("pkg.shapes:make", "{size: 3}")),
        ("torchvision.models.resnet:resnet18", "{anything: 3}"),
    ],
)
def test_arguments_that_may_fit_are_ok(factories: Path, source: str, args: str) -> None:
    assert check(factories, f"model.source={source}", f"model.args={args}")[0].line.startswith("ok")


def test_an_installed_modules_factory_is_judged_by_its_text(base: Path) -> None:
    (line,) = check(base, "model.source=torchvision.models.resnet:ResNet", "model.args={layers: [1, 1, 1, 1]}")
    assert "missing a required argument: 'block'" in line.line


def test_a_build_refuses_arguments_in_the_same_words(factories: Path) -> None:
    text = FACTORIES.replace('raise SystemExit("this ran")', "def unknown(f): return f")
    (factories / "own.py").write_text(text)
    sets = ("model.source=own.py:plain", "model.args={widht: 3}")
    (line,) = check(factories, *sets)
    with pytest.raises(ReportgenError) as built:
        load_model(open_spec(factories / "spec.yaml", sets).spec.model, factories, 10)
    assert built.value.message in line.line
    assert (built.value.hint, built.value.location) == (line.hint, None)
