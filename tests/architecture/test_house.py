"""The rules of the house: one door per heavy library, what commands load, where HTML is written."""

from __future__ import annotations

import ast
import graphlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "reportgen"
MODULES = sorted(PACKAGE.rglob("*.py"))
LOOSE = {"__init__.py", "__main__.py", "errors.py", "plugins.py", "progress.py"}
DOORS = {
    "torch": ("experiment/",),
    "torchvision": ("experiment/",),
    "timm": ("experiment/",),
    "captum": ("experiment/",),
    "sklearn": ("experiment/",),
    "matplotlib": ("figures/",),
    "seaborn": ("figures/",),
    "jinja2": tuple(
        f"outputs/{name}.py" for name in ("templating", "template_cache", "template_errors", "sandbox", "view_values")
    ),
    "tinycss2": ("outputs/stylesheets.py",),
    "yaml": ("spec/",),
    "weasyprint": ("outputs/pdf", "outputs/_weasyprint.py"),
    "pydyf": ("outputs/_weasyprint.py",),
    "pypdf": ("record/locate.py",),
    "tensorboard": ("outputs/_tensorboard/",),
    "css_inline": ("outputs/mail.py",),
    "fontTools": ("outputs/_pdf_fonts.py",),
    "resvg_py": ("outputs/figures.py",),
    "smtplib": ("pipeline/sending/smtp.py",),
    "rich": ("cli/live.py",),
    "click": ("cli/",),
    "safetensors": ("record/store.py", "experiment/"),
}
"""Heavy library -> beginnings of the paths, below the package, that may import it."""
LIGHT = {"torch", "torchvision", "timm", "matplotlib", "seaborn", "weasyprint", "scipy", "sklearn", "rich", "jinja2"}
"""What no module that every command needs may load."""
WITHOUT_TORCH = (
    "reportgen.cli",
    "reportgen.pipeline.build",
    "reportgen.pipeline.compare",
    "reportgen.pipeline.diff",
    "reportgen.pipeline.check",
    "reportgen.outputs",
    "reportgen.figures",
    "reportgen.report.sections",
    "reportgen.spec.starter",
    "reportgen.comparison.compare",
    "reportgen.plugins",
)
LIGHT_MODULES = (
    "reportgen.errors",
    "reportgen.spec",
    "reportgen.record.store",
    "reportgen.system.workspace",
    "reportgen.pipeline.fingerprint",
    "reportgen.cli.terminal",
)


def named(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree_of(path)))


@pytest.fixture(scope="module", autouse=True)
def forgotten() -> Iterator[None]:
    """The trees of the package are millions of objects, which slow every later search for unreachable ones."""
    yield
    nodes_of.cache_clear()
    tree_of.cache_clear()


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports when it runs, wherever in it, and the line."""
    nodes = nodes_of(path)
    checking = [
        node
        for node in nodes
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    ]
    typing_only = {id(below) for node in checking for below in ast.walk(node)}
    for node in nodes:
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno


def test_no_module_is_loose() -> None:
    assert {path.name for path in PACKAGE.glob("*.py")} == LOOSE


def test_no_module_needs_itself_through_others() -> None:
    """Late imports count, and those for types alone."""
    graph = grimp.build_graph("reportgen", cache_dir=None)
    needs = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    assert tuple(graphlib.TopologicalSorter(needs).static_order())  # raises CycleError with the circle


@pytest.mark.slow
def test_every_heavy_library_has_one_door() -> None:
    strangers = [
        f"{named(path)}:{line} imports {name}"
        for path in MODULES
        for name, line in imports(path)
        if not named(path).startswith(DOORS.get(name.partition(".")[0], ""))
    ]
    assert strangers == []


def test_every_module_says_what_it_is() -> None:
    texts = {named(path): path.read_text(encoding="utf-8") for path in MODULES}
    silent = [name for name, text in texts.items() if text.strip() and not text.startswith('"""')]
    vague = [named(path) for path in MODULES if path.stem in ("utils", "helpers", "misc", "common")]
    assert (silent, vague) == ([], [])


def test_html_is_written_in_templates_only() -> None:
    tags = re.compile(r"</(p|div|span|td|table|section|h[1-6]|li|ul|a|html|body|style|script)>", re.IGNORECASE)
    written = []
    for path in (path for path in MODULES if tags.search(path.read_text(encoding="utf-8"))):
        alone = {id(node.value) for node in nodes_of(path) if isinstance(node, ast.Expr)}  # docstrings
        written += [
            f"{named(path)}:{node.lineno}"
            for node in nodes_of(path)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone
            if tags.search(node.value)
        ]
    assert written == []


def test_numbers_are_spelled_in_one_room() -> None:
    """No exponent, sign or digit is put into or taken out of a number's text outside of text/; outputs alone, whose
    files programs read, write whole numbers of their own."""
    by_hand = r"""\.replace\("(e[-+]0?|-|\.0)"|removeprefix\((f?"[+p=])|lstrip\("\+"\)|:\.\d+e\}"""
    whole = r"""(?<!width=)(?<!float\()f"\{[^"{}]*:[,.\d]*g\}\""""
    spelled = [
        f"{named(path)}:{number}"
        for path in MODULES
        if (room := named(path).partition("/")[0]) in ("report", "figures", "outputs", "comparison", "metrics")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(by_hand if room == "outputs" else f"{by_hand}|{whole}", line)
    ]
    assert spelled == []


def test_templates_hold_no_drawing_no_colour_and_no_geometry() -> None:
    """Drawings come finished from the canvas; colours and fixed sizes stand in style sheets, widths in views."""
    drawn = re.compile(
        r"""<(svg|path|rect|circle|tspan)\b|viewBox|(?<![&\w])#[0-9a-f]{3,8}\b|["']\d+(\.\d+)?%["']""", re.IGNORECASE
    )
    whole = re.compile(r'width="100%"')  # of a table in a mail, which is a column of its own
    held = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / "templates").rglob("*.j2"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if drawn.search(whole.sub("", line))
    ]
    assert held == []


def test_the_repository_tells_nothing_of_a_machine() -> None:
    secret = re.compile(r"/(home|root|Users|work|tmp)/[a-z]|C:\\\\Users|//localhost|@\w+\.local\b")
    told = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder, pattern in (("reportgen", "*.py"), ("templates", "*.j2"), ("example_reports", "*.yaml"))
        for path in sorted((ROOT / folder).rglob(pattern))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if secret.search(line)
    ]
    assert told == []


def loaded_by(*steps: str) -> list[set[str]]:
    """Top-level names in sys.modules after each of some steps, run one after the other in a new process."""
    script = "import json, sys\nfound = []\n"
    for step in steps:
        script += f"{step}\nfound.append(sorted({{name.partition('.')[0] for name in sys.modules}}))\n"
    script += "print(json.dumps(found))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return [set(names) for names in json.loads(done.stdout.splitlines()[-1])]


@pytest.mark.slow
def test_what_a_command_loads() -> None:
    """Help nothing heavy, what every command needs no more than it needs, and what draws a record no torch."""
    help_ = (
        "from click.testing import CliRunner; from reportgen.cli import commands; "
        "assert CliRunner().invoke(commands, ['--help']).exit_code == 0"
    )
    light = "; ".join(f"import {name}" for name in LIGHT_MODULES)
    drawing = "; ".join(f"import {name}" for name in WITHOUT_TORCH)
    after_help, after_light, after_drawing = loaded_by(help_, light, drawing)
    assert not after_help & (LIGHT | {"numpy", "pydantic", "yaml"})
    assert not after_light & LIGHT
    assert not after_drawing & {"torch", "torchvision", "timm"}


def test_the_top_level_is_the_fixed_one() -> None:
    """What the project is made of stands in five places, a readme, a licence and files for tools."""
    tracked = subprocess.run(["git", "ls-tree", "--name-only", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("this tree is no checkout of git")
    named = {name for name in tracked.stdout.split() if not name.startswith(".")}
    assert named == {"LICENSE", "README.md", "example_reports", "pyproject.toml", "reportgen", "templates", "tests"}
