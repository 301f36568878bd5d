"""The README keeps its word: its section can be added as it says, its spec is one, its commands exist."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pypdf import PdfReader

from reportgen.comparison.gate_names import check_names
from reportgen.outputs import find_outputs
from reportgen.outputs.stylesheets import COLOURS
from reportgen.record.locate import find_source
from reportgen.record.run import RunRecord
from reportgen.report.sections import find_sections
from reportgen.spec import read_spec
from reportgen.spec.gates import parse_rule, recommend
from reportgen.spec.probes import ProbesSpec
from reportgen.spec.types import CommentSpec
from tests.support.commands import run_here, write_spec
from tests.support.records import save_record

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")

PAINTED = r"([\d.]+) ([\d.]+) ([\d.]+) (?:rg|RG)\b"
"""A colour in a page of a PDF."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def block_with(language: str, words: str) -> str:
    return next(block for block in blocks(language) if words in block)


def render_readme(
    record: RunRecord, folder: Path, capsys: pytest.CaptureFixture[str], *changes: str, formats: str = "html"
) -> Path:
    """The folder of a record's report, drawn with some changes of its spec."""
    (folder / "record").mkdir(exist_ok=True)
    save_record(record, folder / "record")
    options = [part for change in changes for part in ("--set", change)]
    said = run_here(capsys, "render", folder / "record", "-o", folder / "out", "--format", formats, *options)
    assert said.code == 0, said.err
    return folder / "out"


@pytest.mark.parametrize("template", [False, True])
def test_the_section_of_the_readme_stands_in_a_report(
    record: RunRecord,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    template: bool,
) -> None:
    (tmp_path / "my_readme_module.py").write_text(block_with("python", "SECTION ="), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    changes = ["plugins=[my_readme_module]"]
    if template:
        (tmp_path / "mine" / "sections").mkdir(parents=True)
        (tmp_path / "mine" / "sections" / "size.html.j2").write_text(blocks("jinja")[1], encoding="utf-8")
        changes.append(f"report.templates={tmp_path / 'mine'}")
    page = (render_readme(record, tmp_path, capsys, *changes) / "report.html").read_text(encoding="utf-8")
    assert 'id="section-size"' in page
    assert "The model has 9,898 parameters." in page
    assert ("As a part of the report" in page) is template


def test_the_looks_of_the_readme_are_those_of_the_report(
    record: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet, template = blocks("css")[0], blocks("jinja")[0]
    assert max(len(sheet.splitlines()), len(template.splitlines())) <= 20
    (tmp_path / "house.css").write_text(sheet, encoding="utf-8")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "report.html.j2").write_text(template, encoding="utf-8")
    changes = (f"report.css={tmp_path / 'house.css'}", f"report.templates={tmp_path / 'mine'}")
    out = render_readme(record, tmp_path, capsys, *changes, formats="html,pdf")
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.index("--accent: #0b6b66") < page.index("--accent: #8a1c5b")
    assert "to the vision team.</footer>" in page
    document = PdfReader(out / "report.pdf")
    assert "to the vision team." in document.pages[-1].extract_text()
    drawn = "".join(page.get_contents().get_data().decode("latin-1") for page in document.pages)
    painted = {tuple(round(255 * float(part)) for part in found) for found in re.findall(PAINTED, drawn)}
    assert {(0x8A, 0x1C, 0x5B), (0x23, 0x55, 0x8F)} <= painted
    assert (0x00, 0x60, 0xA0) not in painted


def test_the_accent_alone_of_the_readme_is_that_of_the_report(
    record: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = blocks("css")[1]
    assert len(sheet.splitlines()) == 1
    (tmp_path / "house.css").write_text(sheet, encoding="utf-8")
    out = render_readme(record, tmp_path, capsys, f"report.css={tmp_path / 'house.css'}")
    page = (out / "report.html").read_text(encoding="utf-8")
    assert page.index("--accent: #0b6b66") < page.index(sheet.strip())


def test_the_logo_of_the_readme_stands_above_the_title(
    record: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logo = blocks("xml")[0]
    named = re.search(r"`report: \{logo: (\{file: logo.svg, alt: ([^}]*)\})\}`", README)
    assert named is not None
    (tmp_path / "logo.svg").write_text(logo, encoding="utf-8")
    change = "report.logo=" + named[1].replace("logo.svg", str(tmp_path / "logo.svg"))
    out = render_readme(record, tmp_path, capsys, change, formats="html,pdf")
    page = (out / "report.html").read_text(encoding="utf-8")
    shown = base64.b64encode(logo.encode()).decode()
    assert page.index(f'src="data:image/svg+xml;base64,{shown}" alt="{named[2]}"') < page.index("<h1")
    first = PdfReader(out / "report.pdf").pages[0].extract_text()
    assert named[2] in first
    kept = find_source(out).load().subject.presentation.report.logo
    assert kept is not None
    assert (kept.file, kept.alt) == (Path("logo.svg"), named[2])
    said = run_here(capsys, "render", out, "-o", tmp_path / "again", "--format", "html")
    assert (said.code, "report.logo: {file: logo.svg, alt: Example Ltd} was left out" in said.err) == (0, True)


def test_every_look_of_the_readme_is_short() -> None:
    looks = [*blocks("css"), *blocks("xml"), *blocks("jinja"), block_with("python", "SECTION =")]
    assert len(looks) >= 6
    assert max(len(look.splitlines()) for look in looks) <= 20


def test_the_colours_of_the_readme_are_all_there_are() -> None:
    section = README.partition("## Your own styles")[2].partition("\n## ")[0]
    named = next(line for line in section.split("\n\n") if "`--paper`" in line)
    assert re.findall(r"`--([a-z]+)`", named)[: len(COLOURS)] == list(COLOURS)


def test_the_lines_for_a_notebook_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_spec(tmp_path)
    lines = [line for line in block_with("python", "import reportgen").splitlines() if line]
    assert len(lines) == 5
    names: dict[str, Any] = {}
    exec("\n".join(lines[:-1]), names)
    shown = eval(lines[-1], names)
    assert names["accuracy"].low < names["accuracy"].value < names["accuracy"].high
    assert names["record"].spec.run.seed == 1
    assert names["accuracy"].display in shown._repr_html_()


def test_the_spec_of_the_readme_is_one(tmp_path: Path) -> None:
    text = re.sub(r"card: \{.*\}", "card: {authors: somebody}", blocks("yaml")[0])
    path = tmp_path / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    spec = read_spec(path)
    assert spec.model.stem == "cifar"
    assert spec.run.optimizer.weight_decay == 0.0005


def test_the_probes_of_the_readme_are_all_there_are(tmp_path: Path) -> None:
    block = next(text for text in blocks("yaml") if "  probes:\n" in text)
    path = tmp_path / "spec.yaml"
    path.write_text(f'model: {{source: "builtin:linear"}}\n{block}', encoding="utf-8")
    probes = read_spec(path).run.probes
    assert isinstance(probes, ProbesSpec)
    assert probes.model_fields_set == set(ProbesSpec.model_fields)
    assert probes.level_of("robustness") == "full"


def test_the_tour_names_every_section_in_its_order() -> None:
    sections = sorted(find_sections().values(), key=lambda section: section.order)
    table = README.partition("| section | what it shows |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| (.+?) \|", table, re.MULTILINE) == [section.title for section in sections]


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^reportgen (\w+)", "\n".join(blocks("sh")), re.MULTILINE))))
def test_every_command_of_the_readme_is_there(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_here(capsys, command, "--help").code == 0


def test_every_file_of_the_readme_is_there() -> None:
    root = Path(__file__).parents[2]
    links = re.findall(r"\]\((?!http)([^)]+)\)", README)
    assert links
    assert [link for link in links if not (root / link).exists()] == []


def test_the_gates_of_the_readme_are_gates() -> None:
    spec = next(yaml.safe_load(block) for block in blocks("yaml") if "gates:" in block)
    assert len(spec["gates"]) >= 6
    rules = [parse_rule(text) for text in spec["gates"]]
    check_names(rules, [name for one in find_sections().values() for name in one.metrics], baseline=True)


def test_the_workflows_of_the_readme_run_commands_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    flows = [yaml.safe_load(block) for block in blocks("yaml") if "runs-on" in block]
    assert [flow["name"] for flow in flows] == ["Model report", "Comment on the model report"]
    assert flows[1][True]["workflow_run"]["workflows"] == [flows[0]["name"]]  # YAML 1.1 reads the key "on" as true
    assert "pull-requests" not in flows[0]["permissions"]
    (job,) = flows[0]["jobs"].values()
    (action,) = [step for step in job["steps"] if "actions/report" in step["uses"]]
    home = Path(__file__).parents[2] / action["uses"]
    named = yaml.safe_load((home / "action.yml").read_text(encoding="utf-8"))["inputs"]
    assert set(action["with"]) <= set(named)
    lines = (home / "build.sh").read_text(encoding="utf-8").splitlines()
    (built,) = [line.removeprefix("exec ") for line in lines if "reportgen build" in line]
    command, *rest = built.split()[1:]
    shown = run_here(capsys, command, "--help").out
    assert all(option in shown for option in (*rest, "--set") if option.startswith("-"))
    assert set(named["formats"]["default"].split(",")) <= set(find_outputs())


def test_the_comment_of_the_readme_is_all_there_is(tmp_path: Path) -> None:
    block = next(text for text in blocks("yaml") if text.startswith("comment:"))
    path = tmp_path / "spec.yaml"
    path.write_text(f'model: {{source: "builtin:linear"}}\n{block}', encoding="utf-8")
    assert read_spec(path).comment.model_fields_set == set(CommentSpec.model_fields)
    recommended = README.partition("`gates: recommended`")[2].partition("\n\n")[0].replace("\n", " ")
    rules = recommend(0.005, duplicates=True)
    assert [rule for rule in rules if rule.replace("0.005", "MARGIN") not in recommended] == []
