"""The rules of the house: who may import what, one door per heavy library, sizes, printing, words about machines."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "reportgen"
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 260
DOORS = {
    "torch": ("experiment/",),
    "torchvision": ("experiment/",),
    "timm": ("experiment/",),
    "captum": ("experiment/",),
    "sklearn": ("experiment/",),
    "matplotlib": ("figures/",),
    "seaborn": ("figures/",),
    "jinja2": ("templating.py", "compiled.py"),
    "yaml": ("spec/",),
    "weasyprint": ("outputs/pdf", "outputs/_plates/"),
    "pypdf": ("sources.py",),
    "tensorboard": ("outputs/_tensorboard/",),
    "rich": ("livelines.py",),
    "click": ("cli/",),
    "safetensors": ("store.py", "experiment/"),
}
"""Heavy library -> beginnings of the paths, below the package, that may import it."""
PRINTERS = ("cli/", "terminal.py", "livelines.py")


def named(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports when it runs, wherever in it, and the line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    checking = [
        node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    typing_only = {id(below) for node in checking for below in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno


@pytest.mark.parametrize("library", DOORS)
def test_a_heavy_library_has_one_door(library: str) -> None:
    strangers = [
        f"{named(path)}:{line}"
        for path in MODULES
        for name, line in imports(path)
        if name.partition(".")[0] == library and not named(path).startswith(DOORS[library])
    ]
    assert strangers == []


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    tree = ast.parse(text)
    assert ast.get_docstring(tree) or not tree.body
    assert path.stem not in ("utils", "helpers", "misc", "common")


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_only_the_terminal_prints(path: Path) -> None:
    calls = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "breakpoint")
    ]
    assert not calls or named(path) in PRINTERS


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_html_is_written_in_templates_only(path: Path) -> None:
    tags = re.compile(r"</(p|div|span|td|table|section|h[1-6]|li|ul|a|html|body|style|script)>", re.IGNORECASE)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not tags.search(node.value) or is_docstring(node, path), f"{named(path)}:{node.lineno}"


def is_docstring(constant: ast.Constant, path: Path) -> bool:
    """True for a text that stands alone as a statement."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    alone = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    return any(isinstance(node, ast.Constant) and node.lineno == constant.lineno for node in alone)


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


def imported_by(code: str) -> set[str]:
    """Top-level names in sys.modules after running code in a new process."""
    script = f"import sys\n{code}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "module",
    ["spec", "store", "workspace", "fingerprint", "report", "metrics", "sections", "figures", "outputs", "pipeline",
     "comparison.comparing",
     "assembly", "datafiles", "cli", "starter", "terminal", "templating", "plugins"],
)  # fmt: skip
def test_right_of_the_wall_there_is_no_torch(module: str) -> None:
    assert not imported_by(f"import reportgen.{module}") & {"torch", "torchvision", "timm"}


@pytest.mark.parametrize("module", ["errors", "spec", "store", "workspace", "fingerprint", "terminal"])
def test_what_every_command_needs_is_light(module: str) -> None:
    heavy = {"matplotlib", "seaborn", "weasyprint", "scipy", "sklearn", "rich", "jinja2"}
    assert not imported_by(f"import reportgen.{module}") & heavy


def test_help_imports_nothing_heavy() -> None:
    code = "from click.testing import CliRunner; from reportgen.cli import commands; "
    found = imported_by(code + "assert CliRunner().invoke(commands, ['--help']).exit_code == 0")
    assert not found & {"torch", "numpy", "pydantic", "yaml", "matplotlib", "weasyprint", "rich", "jinja2", "scipy"}


def test_the_layers_are_those_of_the_contract() -> None:
    """The import-linter contracts name rooms that exist, so that none of them is kept out by a misspelling."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    assert settings["root_package"] == "reportgen"
    for contract in settings["contracts"]:
        lines = [*contract.get("layers", []), *contract.get("modules", []), *contract.get("source_modules", [])]
        for name in {part.strip() for line in lines for part in re.split(r"[|:]", line)}:
            assert importlib.util.find_spec(name), name
