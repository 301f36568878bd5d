"""The reports under example_reports: there, light, of this version, and telling the same numbers in every format."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pikepdf
import pytest

from reportgen import __version__
from reportgen.spec import read_spec
from tests.support.browser import tool
from tests.support.commands import run_here

ROOT = Path(__file__).parents[2] / "example_reports"
EXAMPLES = sorted(path.parent for path in ROOT.glob("*/spec.yaml"))
MOST = {"report.html": 1_500_000, "report.pdf": 3_000_000}
BEFORE_THE_RECORD = 1_500_000
"""Of a PDF without what is attached to it."""
SHOWN = ("accuracy", "macro_f1", "nll", "brier", "ece", "auroc", "parameters", "macs", "activation_bytes")


def metrics(folder: Path) -> dict[str, dict[str, object]]:
    found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["metrics"]
    return {metric["name"]: metric for metric in found}


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ").replace("\u202f", " "))


def test_the_examples_are_there_and_light() -> None:
    named = {"quickstart", "resnet20-published", "resnet18-short", "resnet18-deep", "pull-request", "zh"}
    assert {path.name for path in EXAMPLES} == named
    kept = [path for path in ROOT.rglob("*") if path.is_file() and not {"record", "baseline"} & set(path.parts)]
    assert sum(path.stat().st_size for path in kept) < 12_000_000


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_whole_and_of_this_version(folder: Path) -> None:
    spec = read_spec(folder / "spec.yaml")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert spec.title is not None
    assert html.escape(spec.title) in page
    assert __version__ in page
    for name, most in MOST.items():
        assert (folder / name).stat().st_size <= most
    with pikepdf.open(folder / "report.pdf") as document:
        attached = sum(len(file.get_file().obj.read_raw_bytes()) for file in document.attachments.values())
    assert (folder / "report.pdf").stat().st_size - attached <= BEFORE_THE_RECORD


@pytest.mark.browser
@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.name)
def test_page_and_pdf_print_the_numbers_of_the_json(folder: Path) -> None:
    page = re.sub(r"<[^>]+>", " ", (folder / "report.html").read_text(encoding="utf-8"))
    command = [tool("pdftotext"), str(folder / "report.pdf"), "-"]
    paper = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for name in SHOWN:
        display = plain(str(metrics(folder)[name]["display"]))
        assert display in plain(html.unescape(page)), name
        assert display in plain(paper), name


def test_the_published_checkpoint_scores_what_was_published() -> None:
    accuracy = metrics(ROOT / "resnet20-published")["accuracy"]
    assert (accuracy["value"], accuracy["n"]) == (0.9173, 10_000)


@pytest.mark.parametrize("name", ["quickstart", "resnet18-short", "resnet18-deep", "pull-request", "zh"])
def test_training_taught_the_network_something(name: str) -> None:
    found = metrics(ROOT / name)
    assert float(str(found["accuracy"]["low"])) > 0.3
    assert found["train_accuracy"]["value"]


def test_the_chinese_one_is_drawn_again_from_its_pdf_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(ROOT / "zh" / "report.pdf", tmp_path)
    said = run_here(capsys, "verify", tmp_path / "report.pdf")
    assert said.code == 0, said.out + said.err
    said = run_here(capsys, "render", tmp_path / "report.pdf", "-o", tmp_path / "again", "--format", "html,json")
    assert said.code == 0, said.err
    assert metrics(tmp_path / "again") == metrics(ROOT / "zh")


def test_the_deep_one_has_every_section_measured() -> None:
    page = (ROOT / "resnet18-deep" / "report.html").read_text(encoding="utf-8")
    for name in ("parameters", "response", "explanations", "robustness", "cost"):
        assert f'<section id="section-{name}" class="section section-{name}" ' in page, name


def test_the_pull_request_says_the_same_in_page_comment_and_junit() -> None:
    folder = ROOT / "pull-request"
    change = metrics(folder)["accuracy.change"]
    comment = (folder / "comment.md").read_text(encoding="utf-8")
    assert plain(str(change["display"])) in plain(comment)
    assert plain(str(change["display"])) in plain(html.unescape((folder / "report.html").read_text(encoding="utf-8")))
    cases = ElementTree.parse(folder / "junit.xml").iterfind(".//testcase[@classname='reportgen.gates']")
    failures = {case.get("name"): case.find("failure") is not None for case in cases}
    failed = {name for name, failure in failures.items() if failure}
    assert failed == set(re.findall(r"^\| `([^`]+)` \| \*\*✗ fail", comment, flags=re.MULTILINE))
    assert len(failures) == len(read_spec(folder / "spec.yaml").gates)
