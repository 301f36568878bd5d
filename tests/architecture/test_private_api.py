"""Parts of other libraries that their documentation does not promise are used in the fences alone, one a library."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "reportgen"
FENCES = {
    "outputs/_weasyprint.py": frozenset({"weasyprint", "pydyf"}),
    "experiment/_torch_internals.py": frozenset({"torch"}),
}
"""Module -> the libraries whose private parts may stand in it."""
DOCUMENTED = frozenset({"os._exit", "os._Environ"})
"""Names with an underscore that are documented all the same."""
PROMISED = {
    "weasyprint": {
        "weasyprint.HTML",
        "weasyprint.Attachment",
        "weasyprint.text.fonts.FontConfiguration",
        "weasyprint.urls.URLFetcher",
    },
    "pydyf": set[str](),
}
"""Of libraries whose private parts have no underscore: what is promised, and may be used outside of the fence."""
UNPROMISED = {"torch.utils.flop_counter.flop_registry"}
"""Names without an underscore that are not promised (not in the `__all__` of their module)."""
BOUND = {"weasyprint", "pydyf", "torch"}
"""Dependencies whose private parts are used."""
UNBOUND = {"pillow", "rich", "platformdirs"}
"""Those that raise their major version for the Pythons that they leave."""


def is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__")) and name != "_"


def third_party(module: str) -> bool:
    top = module.partition(".")[0]
    return top != "reportgen" and top not in sys.stdlib_module_names


def own_names(tree: ast.AST) -> set[str]:
    """Private names that a file itself makes: functions, classes, variables, attributes of its objects, arguments."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return {name for name in found if is_private(name)}


def private_uses(source: str, packages_own: frozenset[str] = frozenset()) -> Iterator[tuple[int, str]]:
    """(line, what) of every use of another library's private parts; `packages_own` are the package's own names."""
    tree = ast.parse(source)
    ours = own_names(tree) | packages_own
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            yield from private_access(node, ours)
            continue
        for name in filter(third_party, names):
            promised = PROMISED.get(name.partition(".")[0])
            kept_back = name in UNPROMISED or (promised is not None and name not in promised)
            if kept_back or any(is_private(part) for part in name.split(".")):
                yield node.lineno, name


def private_access(node: ast.AST, ours: set[str] | frozenset[str]) -> Iterator[tuple[int, str]]:
    """A private attribute, by a dot or by its name as text, that is none of this package's own."""
    if isinstance(node, ast.Attribute):
        if is_private(node.attr) and node.attr not in ours and ast.unparse(node) not in DOCUMENTED:
            yield node.lineno, ast.unparse(node)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
        called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        texts = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if called in ("getattr", "hasattr", "setattr", "delattr", "attrgetter"):
            yield from ((node.lineno, text) for text in texts if is_private(text) and text not in ours)
        elif called == "import_module":
            yield from private_uses_of(node.lineno, texts)
        elif called == "startswith":  # of names that `dir` gave
            yield from ((node.lineno, text) for text in texts if is_private(text) and text.strip("_"))


def private_uses_of(line: int, modules: list[str]) -> Iterator[tuple[int, str]]:
    """Modules imported by their names as text."""
    for name in filter(third_party, modules):
        if name.partition(".")[0] in PROMISED or any(is_private(part) for part in name.split(".")):
            yield line, name


def names_of_the_package() -> frozenset[str]:
    """Private names of modules of the package, which others of its modules import."""
    return frozenset(path.stem for path in PACKAGE.rglob("_*.py")) | {
        path.name for path in PACKAGE.rglob("_*") if path.is_dir()
    }


@pytest.mark.slow
def test_private_parts_of_other_libraries_stand_in_the_fences_alone() -> None:
    ours = names_of_the_package()
    outside = [
        f"{path.relative_to(PACKAGE).as_posix()}:{line} uses {what}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.relative_to(PACKAGE).as_posix() not in FENCES
        for line, what in private_uses(path.read_text(encoding="utf-8"), ours)
    ]
    assert outside == []


def test_a_fence_keeps_to_its_library() -> None:
    for name, libraries in FENCES.items():
        tree = ast.parse((PACKAGE / name).read_text(encoding="utf-8"))
        modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        modules |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert {module.partition(".")[0] for module in modules if third_party(module)} <= libraries, name


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ntorch._C.something()",
        "from torch.nn.modules.batchnorm import _BatchNorm",
        "from torch.utils._pytree import tree_leaves",
        "import torch.utils._pytree",
        "from torch.utils.flop_counter import flop_registry",
        "def f(tensor): return tensor._version",
        "class Mine(Theirs):\n    def f(self): return self._theirs",
        "def f(node): return getattr(node, '_input_metadata', ())",
        "def f(node): return [name for name in dir(node) if name.startswith('_saved_')]",
        "from weasyprint.text.line_break import Layout",
        "import pydyf",
        "import weasyprint.draw.text",
        "import importlib\nimportlib.import_module('weasyprint.draw')",
        "import os\nos._other()",
    ],
)
def test_private_parts_are_seen(source: str) -> None:
    assert len(list(private_uses(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "from weasyprint import HTML, Attachment\nfrom weasyprint.text.fonts import FontConfiguration",
        "import os\nos._exit(0)",
        "class Mine:\n    def __init__(self): self._own = 1\n    def f(self, other): return self._own + other._own",
        "from reportgen.figures._svg import draw\nfrom reportgen.figures import _style\n_style.use()",
        "def f(module): return module.__dict__, getattr(module, '__file__', None)",
        "def f(names): return [name for name in names if name.startswith('_')]",
    ],
)
def test_what_is_ones_own_or_promised_is_no_private_part(source: str) -> None:
    assert list(private_uses(source)) == []


def test_dependencies_carry_bounds_and_what_lies_beyond_is_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    bounds = {requirement.partition(">=")[0]: requirement for requirement in project["dependencies"]}
    bounded = {name for name in bounds if "<" in bounds[name]}
    assert bounded == set(bounds) - UNBOUND >= BOUND
    workflow = ROOT / ".github" / "workflows" / "ci.yml"
    if not workflow.exists():
        pytest.skip("this tree has no workflows")
    entries = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]["versions"]["strategy"]["matrix"]["include"]
    assert {entry["name"] for entry in entries} == {"newest", "lowest", "unbounded"}
    assert set(" ".join(entry.get("beyond", "") for entry in entries).split()) == bounded
