"""The package in Python: five functions, light to import, typed, and an outcome that shows itself."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

import reportgen
from reportgen.errors import EnvironmentTrouble, RecordError, ReportgenError, SpecError
from reportgen.pipeline import api
from reportgen.record.archive import pack_files
from reportgen.record.run import RunRecord
from reportgen.record.store import encode_record
from reportgen.system.plain_lines import PlainLines
from tests.support.commands import ROOT, TINY, run_apart, run_here, write_spec
from tests.support.records import save_record
from tests.support.ssh_keys import make_key

pytestmark = pytest.mark.e2e

SPEC: dict[str, Any] = yaml.safe_load(TINY)
HOSTILE = "<script>alert(1)</script> & “x”"
VOID = {"br", "hr", "img", "input", "meta", "link"}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def drawn(record: RunRecord, home: Path) -> reportgen.Outcome:
    """The hand-written record, drawn as HTML and JSON with two gates."""
    save_to(home / "given", record)
    overrides = {"title": HOSTILE, "gates": ["accuracy >= 0.01", "accuracy >= 0.999"]}
    return reportgen.render("given", "drawn", overrides=overrides, formats=["html", "json"], progress=False)


def save_to(folder: Path, record: RunRecord) -> Path:
    folder.mkdir(parents=True)
    save_record(record, folder)
    return folder


class Parts(HTMLParser):
    """Checks that elements are closed and notes what they are."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        self.open += [] if tag in VOID else [tag]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(html: str) -> Parts:
    parts = Parts()
    parts.feed(html)
    parts.close()
    assert parts.open == []
    return parts


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, reportgen; print(sorted({n.partition('.')[0] for n in sys.modules} & set(sys.argv[1:])))\n"
        "assert {'build', 'render', 'compare', 'load_record'} <= set(dir(reportgen))\n"
        "reportgen.load_record\n"
        "print(sorted({n.partition('.')[0] for n in sys.modules} & {'torch', 'matplotlib', 'jinja2', 'weasyprint'}))\n"
        "try: reportgen.nothing\nexcept AttributeError as error: print(error)"
    )
    heavy = ["torch", "matplotlib", "numpy", "pydantic", "yaml", "jinja2", "click", "scipy", "seaborn", "weasyprint"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "[]", "module 'reportgen' has no attribute 'nothing'"]


@pytest.mark.slow
def test_a_spec_in_python_is_built_and_then_unchanged(home: Path) -> None:
    first = reportgen.build(SPEC | {"gates": ["accuracy >= 0.999"]}, progress=False)
    assert (first.folder, first.unchanged, first.exit_code) == (Path("reports/spec"), False, 1)
    assert [gate.outcome for gate in first.gates] == ["fail"]
    assert first.html == Path("reports/spec/report.html")
    assert first.pdf is None
    assert first.record.spec.model.source == "builtin:linear"
    again = reportgen.build(SPEC | {"gates": ["accuracy >= 0.999"]}, progress=False)
    assert (again.unchanged, again.exit_code, again.gates) == (True, 1, first.gates)
    assert again.record == first.record
    assert again.metrics == first.metrics
    assert again._repr_html_() == first._repr_html_()
    other = reportgen.build(SPEC, "other", overrides={"run.seed": 7}, formats="json", progress=False)
    assert other.record.spec.run.seed == 7
    assert (other.html, sorted(path.name for path in Path("other").iterdir())) == (
        None,
        ["manifest.json", "metrics.json", "record"],
    )


def test_an_unchanged_outcome_is_read_wherever_its_style_sheet_lies(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "house.css").write_text(":root { --accent: #123456; }")
    given = SPEC | {"report": {"css": str(tmp_path / "house.css")}}
    first = reportgen.build(given, "styled", formats=("html", "json"), progress=False)
    folder = first.folder.resolve()
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    again = reportgen.build(given, folder, formats=("html", "json"), progress=False)
    assert again.unchanged
    assert again.metrics == first.metrics


@pytest.mark.slow
def test_a_file_is_built_where_its_command_would(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_spec(home, name="mine.yaml")
    outcome = reportgen.build("mine.yaml", data_root=home, offline=True)
    assert outcome.folder == Path("reports/mine")
    said = capfd.readouterr()
    assert said.out == ""
    assert "Train: done" in said.err
    stream = io.StringIO()
    reportgen.build(home / "mine.yaml", outcome.folder, force=True, progress=PlainLines(stream))
    assert "Train: done" in stream.getvalue()
    assert capfd.readouterr().err == ""


@pytest.mark.slow
def test_a_comparison(record: RunRecord, home: Path) -> None:
    save_to(home / "before", record)
    save_to(home / "after", record)
    outcome = reportgen.compare("before", home / "after", margin=0.01, formats=["html"], progress=False)
    assert outcome.folder == Path("reports/comparison")
    assert outcome.metrics["accuracy.change"].value == 0
    with pytest.raises(SpecError, match="margin"):
        reportgen.compare("before", "after", margin=1.5)


def test_a_record_is_loaded_from_whatever_holds_it(record: RunRecord, home: Path) -> None:
    save_to(home / "report" / "record", record)
    (home / "record.zip").write_bytes(pack_files(encode_record(record)))
    for source in ("report", home / "report" / "record", "record.zip"):
        assert reportgen.load_record(source).fingerprint == record.fingerprint
    with pytest.raises(RecordError, match="there is no nowhere"):
        reportgen.load_record("nowhere")


@pytest.mark.parametrize("option", ["--format", "--outputs"])
def test_all_outputs_are_those_that_can_be_made_here(
    record: RunRecord, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    from reportgen import outputs

    def refuse() -> None:
        raise EnvironmentTrouble("no brush is installed")

    known = outputs.find_outputs()
    few = {name: known[name] for name in ("json", "benchmark")} | {"html": replace(known["html"], check=refuse)}
    monkeypatch.setattr(outputs, "find_outputs", lambda: few)
    said = run_here(capsys, "render", save_to(home / "mine", record), "-o", home / "all", option, "all")
    assert said.code == 0, said
    assert "the output html was left out: no brush is installed" in said.err
    made = {path.name for path in (home / "all").iterdir() if path.is_file() and path.name != "manifest.json"}
    assert made == {"metrics.json", "benchmark.json", "benchmark-bigger.json", "benchmark-smaller.json"}


def test_the_outcome_names_its_numbers(drawn: reportgen.Outcome) -> None:
    assert drawn.metrics["accuracy"].value == drawn.record.measured.value("accuracy").value  # type: ignore[union-attr]
    with pytest.raises(TypeError):
        drawn.metrics["accuracy"] = 1  # type: ignore[index]
    lines = repr(drawn).splitlines()
    assert "drawn" in lines[0]
    assert any(line.strip().startswith("Top-1 accuracy: ") for line in lines)
    assert [line.strip()[0] for line in lines[-2:]] == ["✓", "✗"]


def test_a_notebook_shows_the_outcome_and_nothing_runs(drawn: reportgen.Outcome) -> None:
    html = drawn._repr_html_()
    parts = parsed(html)
    tags = {tag for tag, _ in parts.seen}
    assert tags <= {"div", "strong", "code", "a"}
    assert HOSTILE in parts.text
    attributes = {name for _, found in parts.seen for name in found}
    assert attributes <= {"style", "href", "target", "rel"}
    assert [found["href"] for tag, found in parts.seen if tag == "a"] == ["drawn/report.html"]
    for words in (drawn.metrics["accuracy"].display, drawn.metrics["accuracy"].display_interval, "accuracy >= 0.999"):
        assert words in parts.text
    colours = set(re.findall(r"#[0-9a-f]{3,8}\b|\brgb|\b(?:black|white|gr[ae]y)\b|url\(", html))
    assert colours == set()
    assert len(html) < 10_000


def test_an_outcome_whose_folder_has_gone_still_shows_itself(tmp_path: Path) -> None:
    lost = api.Outcome(tmp_path / "<gone>", 0, (), (), (), unchanged=True)
    assert "no record" in repr(lost) or "there is no" in repr(lost)
    assert "there is no" in parsed(lost._repr_html_()).text
    with pytest.raises(RecordError):
        _ = lost.metrics


@pytest.mark.parametrize(
    ("arguments", "kind", "notes"),
    [
        ({"spec": {"model": {"source": "builtin:linear"}, "run": {"epochs": "x"}}}, SpecError, ["at run.epochs"]),
        ({"spec": {"model": {"source": "builtin:linear"}, "outputs": ["nope"]}}, SpecError, ["at outputs[0]"]),
        ({"spec": "nowhere.yaml"}, SpecError, []),
        ({"spec": 5}, SpecError, []),
        ({"spec": SPEC, "out": 5}, SpecError, []),
        ({"spec": SPEC, "overrides": {"run.epoch": 1}}, SpecError, ["at --set run.epoch"]),
        ({"spec": SPEC, "out": "/dev/null/x"}, SpecError, []),
    ],
)
def test_mistakes_are_errors_of_the_package(
    home: Path, arguments: dict[str, Any], kind: type[ReportgenError], notes: list[str]
) -> None:
    with pytest.raises(kind) as caught:
        reportgen.build(**arguments, progress=False)
    said = caught.value.__notes__
    assert said[: len(notes)] == notes
    assert said[-1] == caught.value.hint.splitlines()[-1]


USER = """
from pathlib import Path

import reportgen
from reportgen.errors import ReportgenError

try:
    outcome = reportgen.build({"model": {"source": "builtin:linear"}}, Path("out"), overrides={"run.epochs": 1})
except ReportgenError as error:
    print(error.hint)
else:
    low: float | None = outcome.metrics["accuracy"].low
    page: Path | None = outcome.html
    reveal_type(outcome.record.trace.parameters)
    again: reportgen.Outcome = reportgen.render(outcome.folder, formats=["html"])
    reportgen.compare("a", Path("b"), margin="wide")
    print(low, page, reportgen.load_record("a").fingerprint + 1, again.exit_code)
"""


MYPY = """
[mypy]
strict = true
follow_imports = silent

[mypy-torch.*,torchvision.*,timm.*,captum.*,matplotlib.*,seaborn.*,scipy.*,sklearn.*,jinja2.*,PIL.*]
follow_imports = skip
"""
"""What no type of the public names comes from is not read, which is most of the time."""


def test_a_report_is_signed_and_verified(record: RunRecord, home: Path) -> None:
    save_to(home / "given", record)
    make_key(home, owner="ann")
    reportgen.render("given", "drawn", formats=["json"], sign="key", progress=False)
    found = reportgen.verify("drawn", key="key.pub", progress=False)
    assert (found.alterations, found.exit_code) == ([], 0)
    assert found.signer is not None
    assert found.signer.name == "ann"
    (home / "drawn" / "metrics.json").write_text("{}", encoding="utf-8")
    assert "metrics.json" in {one.file for one in reportgen.verify("drawn", progress=False).alterations}
    with pytest.raises(RecordError):
        reportgen.verify("nothing", progress=False)
    with pytest.raises(SpecError, match="there is no key"):
        reportgen.render("given", "other", formats=["json"], sign="no", progress=False)


@pytest.mark.slow
def test_a_users_file_is_typed(tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(USER, encoding="utf-8")
    (tmp_path / "mypy.ini").write_text(MYPY, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", str(tmp_path / "mypy.ini"), str(tmp_path / "user.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    found = re.findall(r"user\.py:\d+: (error|note): (.*)", done.stdout)
    assert [(kind, text.partition("  [")[0].replace("builtins.", "")) for kind, text in found] == [
        ("note", 'Revealed type is "int"'),
        ("error", 'Argument "margin" to "compare" has incompatible type "str"; expected "float | None"'),
        ("error", 'Unsupported operand types for + ("str" and "int")'),
    ], done.stdout + done.stderr


def test_the_package_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reportgen", "list", "datasets"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == run_apart(["list", "datasets"], ROOT).out
    assert "cifar10" in done.stdout
    wrong = subprocess.run([sys.executable, "-m", "reportgen", "nothing"], cwd=ROOT, capture_output=True, text=True)
    assert wrong.returncode == 2
