"""The walk-throughs of CONTRIBUTING, built from their text: they work, and touch as many files as they say."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sklearn.metrics import cohen_kappa_score

from reportgen.record.run import RunRecord
from tests.support.commands import ROOT, TINY, Said, run_apart, write_spec
from tests.support.records import save_record

pytestmark = [pytest.mark.slow, pytest.mark.e2e]
BLOCK = re.compile(
    r"^`(?P<path>[\w/.]+)`, (?P<how>a new file|before the line|after the line|after the entry|in place of the line)"
    r"(?: that begins with `(?P<line>[^`\n]+)`)?:\n\n(?:<!-- fmt: off -->\n)?```\w*\n(?P<text>.*?\n)```$",
    re.MULTILINE | re.DOTALL,
)
AGAIN = """
import sys
from pathlib import Path
from reportgen.comparison import compare_with
from reportgen.comparison.ranking import rank
from reportgen.metrics import measure
from reportgen.record.presentation import Presentation
from reportgen.record.store import load_record, store, write_files
from reportgen.record.subject import Subject
from reportgen.report.sections.baseline.ranking import view_ranking
folder = Path(sys.argv[1])
record = load_record(folder)
measured = record.model_copy(update={"measured": measure(record)})
judgement = compare_with(measured, Subject(measured), "0" * 64)
write_files(store(measured).drawn_as(judgement, Presentation()).files, folder)
print(view_ranking(rank({0: Subject(measured), 1: Subject(measured)})).head)
"""
"""What a build does after training, on a record that is there: measure, compare, rank."""


@dataclass
class House:
    """A copy of this package that a walk-through is followed in."""

    folder: Path
    touched: set[str] = field(default_factory=set)

    def follow(self, title: str) -> None:
        """Do what a walk-through says."""
        text = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
        walk = text.partition(f"\n### {title}\n")[2].partition("\n### ")[0].partition("\n## ")[0]
        steps = list(BLOCK.finditer(walk))
        fences = len(re.findall(r"^```\w+$", walk, re.MULTILINE))
        assert len(steps) == fences, f"a block of {title!r} does not say where it goes"
        for step in steps:
            self.put(step["path"], step["how"], step["line"], step["text"])

    def put(self, name: str, how: str, beginning: str | None, text: str) -> None:
        """Write one block where it belongs."""
        path = self.folder / name
        self.touched.add(name)
        if how == "a new file":
            assert not path.exists()
            path.write_text(text, encoding="utf-8")
            return
        assert beginning is not None
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        if how == "after the entry":
            beginning = f"        {beginning},"
        places = [at for at, line in enumerate(lines) if line.startswith(beginning)]
        assert len(places) == 1, f"{len(places)} lines of {name} begin with {beginning!r}"
        if how == "after the entry":
            places = [lines.index("    ),\n", places[0])]
        first = places[0] + how.startswith("after")
        last = places[0] + (how != "before the line")
        lines[first:last] = [text]
        path.write_text("".join(lines), encoding="utf-8")

    def run(self, *arguments: str | Path) -> Said:
        """The command line of this copy."""
        return run_apart(arguments, self.folder, PYTHONPATH=str(self.folder))

    def python(self, code: str, *arguments: str | Path) -> str:
        """What code prints that imports this copy."""
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            timeout=240,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def build(self, spec: str, *more: str) -> str:
        """The page of a spec."""
        said = self.run("build", write_spec(self.folder, spec), "-o", self.folder / "out", *more)
        assert said.code == 0, said.err
        return (self.folder / "out" / "report.html").read_text(encoding="utf-8")

    def render(self, record: RunRecord, formats: str, sections: str = "") -> Path:
        """The report of a record, of these sections (by default all)."""
        folder = self.folder / "kept"
        folder.mkdir(exist_ok=True)
        save_record(record, folder)
        return self.draw(folder, formats, sections)

    def draw(self, folder: Path, formats: str, sections: str = "", failing: str = "") -> Path:
        """The report of a record's folder, with a gate that fails where one is given."""
        chosen = ["--set", f"report.sections=[{sections}]"] if sections else []
        gates = ["--set", f"gates=[{failing}]"] if failing else []
        said = self.run("render", folder, "-o", self.folder / "drawn", "--format", formats, *chosen, *gates)
        assert said.code == (1 if failing else 0), said.err
        assert f"gate failed: {failing}" in said.err or not failing
        return self.folder / "drawn"

    def check(self, *names: str) -> None:
        """The code as the repository's own is checked."""
        found = [name for name in names if name.endswith(".py")]
        for tool in (["ruff", "check", "--no-cache"], ["ruff", "format", "--check", "--no-cache"]):
            done = subprocess.run(
                [sys.executable, "-m", *tool, *found], cwd=self.folder, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def house(tmp_path: Path) -> House:
    folder = tmp_path / "house"
    for name in ("reportgen", "templates"):
        shutil.copytree(
            ROOT / name, folder / name
        )  # with what Python compiled of it, which holds but where it is edited
    shutil.copy(ROOT / "pyproject.toml", folder)
    return House(folder)


def section_of(page: str, name: str) -> str:
    """The part of a page that one section takes."""
    found = re.search(rf'<section id="section-{name}".*?</section>', page, re.DOTALL)
    assert found is not None, f"the page has no section {name}"
    return found[0]


def test_a_metric(house: House, record: RunRecord) -> None:
    house.follow("A metric")
    assert len(house.touched) <= 2
    house.check(*house.touched)
    folder = house.folder / "kept"
    folder.mkdir()
    save_record(record, folder)
    assert "Cohen’s kappa" in house.python(AGAIN, folder)
    out = house.draw(folder, "html,json,comment", "summary,evaluation,baseline,card", failing="kappa >= 1")
    values = {
        value["name"]: value for value in json.loads((out / "metrics.json").read_text(encoding="utf-8"))["metrics"]
    }
    kappa = cohen_kappa_score(record.arrays["eval.labels"], record.arrays["eval.logits"].argmax(1))
    assert values["kappa"]["value"] == pytest.approx(kappa)
    assert values["kappa"]["low"] < kappa < values["kappa"]["high"]
    assert values["kappa.change"]["value"] == 0
    page = (out / "report.html").read_text(encoding="utf-8")
    shown = values["kappa"]["display"]
    assert f'<dt>Cohen’s kappa</dt><dd class="tile-number">{shown}</dd>' in section_of(page, "summary")
    for place in ("evaluation", "baseline"):
        assert re.search(rf"<th scope=\"row\">Cohen’s kappa</th><td[^>]*>{shown}</td>", section_of(page, place)), place
    assert "Cohen’s kappa" in section_of(page, "card")
    assert f"| Cohen’s kappa | {shown} " in (out / "comment.md").read_text(encoding="utf-8")
    assert "kappa" in house.run("list", "metrics").out


def test_a_figure(house: House, record: RunRecord) -> None:
    house.follow("A figure")
    assert len(house.touched) <= 2
    house.check(*house.touched)
    page = (house.render(record, "html", "predictions") / "report.html").read_text(encoding="utf-8")
    figure = section_of(page, "predictions").partition('id="figure-margins"')[2]
    assert "The first class is ahead by less than 0.1" in figure
    assert "data:image/svg+xml" in figure


def test_a_section_with_a_probe(house: House) -> None:
    house.follow("A section")
    assert len(house.touched) <= 5
    house.check(*house.touched)
    alone = f"{TINY}report: {{sections: [rounding]}}\n"
    asked = alone.replace("probes: none", "probes: {level: none, rounding: {level: fast}}")
    specs = [write_spec(house.folder, text, f"{name}.yaml") for name, text in (("with", asked), ("without", alone))]
    said = house.run("build", *specs, "-o", house.folder / "out")
    assert said.code == 0, said.err
    pages = [house.folder / "out" / path.stem / "report.html" for path in specs]
    with_it, without = (page.read_text(encoding="utf-8") for page in pages)
    assert re.search(r"rounded to eight bits the model calls [\d.]+\s% of the images", section_of(with_it, "rounding"))
    assert "run.probes" in section_of(without, "rounding")


def test_a_data_set(house: House) -> None:
    house.follow("A data set")
    assert len(house.touched) == 1
    house.check(*house.touched)
    spec = TINY.replace("name: digits, train_limit: 200, eval_limit: 120", "name: shapes")
    page = house.build(f"{spec}report: {{sections: [summary, data]}}\n")
    assert "Squares, discs and crosses in random colours on grey." in section_of(page, "data")
    assert "300 training and 90 test images" in section_of(page, "summary")
    assert "shapes" in house.run("list", "datasets").out


def test_an_output(house: House, record: RunRecord) -> None:
    house.follow("An output")
    assert house.touched == {"reportgen/outputs/board.py", "templates/board.html.j2"}
    house.check(*house.touched)
    board = (house.render(record, "board") / "board.html").read_text(encoding="utf-8")
    assert record.measured is not None
    accuracy = record.measured.value("accuracy")
    assert accuracy is not None
    assert accuracy.display in board
    assert "board" in house.run("list", "outputs").out
