"""Which Python file a `model.source` names and how it is imported, found without running any of it.

A file may stand alone, in a package (`__init__.py` beside it), in a folder that only its relative imports make a
package, or be a module that is installed, or that lies beside the spec or in the current folder.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
import sysconfig
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from reportgen.errors import Location, ModelError
from reportgen.spec.paths import resolve_path
from reportgen.system.files import is_shut_off
from reportgen.system.regular import describe_kind, is_something_else
from reportgen.text.suggest import nearest

LIBRARIES = ("builtin", "torchvision", "timm")
"""What may stand before the colon of a `model.source` that is no code of the user's."""
INSTALLED = {"site-packages", "dist-packages"}
MARKERS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")
"""What lies at the top of a project."""
HIGHEST = 8
"""Folders above a file that are looked at for one of the markers."""
PLAIN = (ast.Constant, ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
"""Expressions whose values are no functions, classes or models."""
RELATIVE = re.compile(rb"\bfrom[\s\\]*\.")
"""The beginning of a relative import, in a line of its own or not, on one line or more."""


@dataclass(frozen=True)
class ModelCode:
    """The file that a model's factory stands in."""

    path: Path
    factory: str
    """A name in the file, dotted where it is a class's."""
    module: str
    """The dotted name that the file is imported under."""
    home: Path
    """The folder that `module` is relative to."""
    base: Path
    """The folder of the spec."""

    @property
    def is_installed(self) -> bool:
        """Whether it belongs to an installed package or to Python itself, both known by their versions."""
        return is_installed(self.path)

    @property
    def in_package(self) -> bool:
        """Whether other packages stand around it, or it is one itself."""
        return "." in self.module or self.path.name == "__init__.py"

    @property
    def label(self) -> str:
        """As messages name it."""
        return f"{self.path.name}:{self.factory}"

    @property
    def first_folders(self) -> tuple[Path, ...]:
        """Where its imports are looked for before anything else, as Python does for a script or a package."""
        return (self.home,)

    @property
    def last_folders(self) -> tuple[Path, ...]:
        """Where they are looked for at the end: its own folder, the spec's, the current one, those of its project."""
        found = [self.path.parent, self.base.resolve(), current_folder(), *project_folders(self.path, self.base)]
        return tuple(folder for folder in dict.fromkeys(found) if folder not in self.first_folders)


def is_code(source: str) -> bool:
    """Whether a `model.source` that names no library has the form of a file's or of a module's factory."""
    place, colon, _ = source.rpartition(":")
    if ".py" in source or "/" in source.partition(":")[0]:
        return True
    return bool(colon) and all(part.isidentifier() for part in place.split("."))


def find_code(source: str, base: Path) -> ModelCode:
    """The code that `path/to/file.py:factory` or `package.module:factory` names.

    Raises ModelError when it names no factory, or when there is no such file or module.
    """
    place, _, factory = source.rpartition(":")
    if not place or not all(part.isidentifier() for part in factory.split(".")):
        raise ModelError(
            f"model.source {source!r} names no factory", "Write path/to/file.py:factory or package.module:factory."
        )
    if place.endswith(".py") or "/" in place or not all(part.isidentifier() for part in place.split(".")):
        return code_of_file(place, factory, base)
    return code_of_module(place, factory, base)


def code_of_file(file: str, factory: str, base: Path) -> ModelCode:
    """The code in a file, relative to the spec; raises ModelError."""
    path = resolve_path(Path(file), base).resolve()
    if is_shut_off(path):
        message = f"the model's file {file} can't be read: there is no permission to enter its folder"
        raise ModelError(message, "Check the permissions of the folders above it.")
    if is_something_else(path):
        raise ModelError(f"the model's file {file} is {describe_kind(path)}, not a regular file", "Name a Python file.")
    if not path.is_file():
        near = sorted(item.name for item in path.parent.glob("*.py")) if path.parent.is_dir() else []
        hint = nearest(path.name, near) if near else "The path is relative to the spec's folder."
        raise ModelError(f"the model's file {file} does not exist", hint)
    home = find_home(path)
    parts = path.relative_to(home).with_suffix("").parts
    return ModelCode(path, factory, ".".join(parts[:-1] if parts[-1] == "__init__" else parts), home, base)


def code_of_module(name: str, factory: str, base: Path) -> ModelCode:
    """The code of a module beside the spec, in the current folder or on Python's path; raises ModelError."""
    spec = find_module(name, base)
    if spec is None or spec.origin is None:
        raise ModelError(
            f"model.source: there is no module {name!r} on this machine",
            "Install it, put its folder on PYTHONPATH or beside the spec, or write path/to/file.py:factory.",
        )
    if not spec.has_location:
        raise ModelError(
            f"model.source: {name!r} is a module of Python itself, which has no file and makes no model",
            "Rename a module of your own that is called so, or write path/to/file.py:factory.",
        )
    path = Path(spec.origin).resolve()
    up = len(name.split(".")) - (path.name != "__init__.py")
    return ModelCode(path, factory, name, path.parents[up], base)


def find_module(name: str, base: Path) -> ModuleSpec | None:
    """How a dotted name would be imported, found without importing the packages around it."""
    near = [str(base.resolve()), str(current_folder())]
    top, *rest = name.split(".")
    spec = PathFinder.find_spec(top, near)
    if spec is None or (spec.origin is None and not rest):
        spec = installed_spec(top) or spec
    for end in range(len(rest)):
        if spec is None or spec.submodule_search_locations is None:
            return None
        dotted = ".".join([top, *rest[: end + 1]])
        spec = PathFinder.find_spec(dotted, list(spec.submodule_search_locations))
    return spec


def installed_spec(top: str) -> ModuleSpec | None:
    """How Python would import a name without dots, editable installs included; None where it can't."""
    try:
        return importlib.util.find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return None


def find_home(path: Path) -> Path:
    """The folder above the outermost package that a file belongs to, by `__init__.py` or by its relative imports."""
    home = path.parent
    while (home / "__init__.py").is_file() and home.parent != home and home.name.isidentifier():
        home = home.parent
    needed = [home, *(package.parent for package in relative_packages(path))]
    return min(needed, key=lambda folder: len(folder.parts))


def relative_packages(path: Path) -> Iterator[Path]:
    """The folders that have to be packages for the relative imports of a file, and of what they lead to, to work."""
    waiting, seen = [path], {path}
    while waiting:
        file = waiting.pop()
        for node in relative_imports(file):
            if node.level > len(file.parents):
                continue
            package = file.parents[node.level - 1]
            yield package
            stem = package.joinpath(*(node.module or "").split(".")) if node.module else package
            names = [stem, *(stem / alias.name for alias in node.names)]
            found = [
                candidate for name in names for candidate in (name.with_name(f"{name.name}.py"), name / "__init__.py")
            ]
            new = [candidate for candidate in found if candidate.is_file() and candidate not in seen]
            seen.update(new)
            waiting += new


def relative_imports(path: Path) -> Iterator[ast.ImportFrom]:
    """The relative imports of a file, wherever in it. A text that can hold none is not parsed: to walk the tree of a
    long file takes longer than to make its model."""
    try:
        possible = path.is_file() and RELATIVE.search(path.read_bytes()) is not None
    except OSError:
        return
    for node in ast.walk(parse(path)) if possible else ():
        if isinstance(node, ast.ImportFrom) and node.level:
            yield node


def parse(path: Path) -> ast.Module:
    """The syntax tree of a file; an empty one where it can't be read as Python."""
    try:
        return ast.parse(path.read_bytes()) if path.is_file() else ast.Module([], [])
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def project_folders(path: Path, base: Path) -> Iterator[Path]:
    """The folders between a file and the top of its project, which a marker or the spec's folder shows, and `src`."""
    above = path.parents[:HIGHEST]
    top = next((folder for folder in above if any((folder / name).exists() for name in MARKERS)), None)
    top = top or (base.resolve() if base.resolve() in above else None)
    if top is None:
        return
    yield from (folder for folder in above if folder.is_relative_to(top))
    if (top / "src").is_dir():
        yield top / "src"


def is_installed(path: Path) -> bool:
    """Whether a file belongs to an installed package or to Python itself."""
    return bool(INSTALLED & set(path.parts)) or any(path.is_relative_to(own) for own in library_folders())


@lru_cache(maxsize=1)
def library_folders() -> tuple[Path, ...]:
    """Where Python keeps its own modules."""
    return tuple(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib"))


def current_folder() -> Path:
    """The working folder; Python's own where that was removed."""
    try:
        return Path.cwd()
    except OSError:
        return Path(sys.prefix)


def defined_names(path: Path) -> frozenset[str] | None:
    """The names that a file's text binds at its top level; None where more may be bound while it runs."""
    tree = parse(path)
    if not tree.body:
        return None
    found: set[str] = set()
    for node in outer_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found |= {"*"} if node.func.id in ("globals", "vars", "locals", "exec", "setattr") else set()
        elif isinstance(node, ast.Attribute) and node.attr in ("modules", "__dict__"):
            found.add("*")
    return None if {"*", "__getattr__"} & found else frozenset(found)


def imported_names(path: Path) -> frozenset[str]:
    """The names that a file's `import` statements bind."""
    statements = (node for node in outer_nodes(parse(path)) if isinstance(node, ast.Import))
    return frozenset(alias.asname or alias.name.partition(".")[0] for node in statements for alias in node.names)


def outer_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes outside of functions and classes, of those only themselves."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from outer_nodes(child)


def plain_values(path: Path) -> frozenset[str]:
    """The names that a file's text binds at its top level to numbers, texts, lists and the like, and to no more."""
    tree = parse(path)
    plain: Counter[str] = Counter()
    bound: Counter[str] = Counter()
    for node in outer_nodes(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and is_plain(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            plain.update(target.id for target in targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound[node.name] += 1
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            bound[node.id] += 1
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            bound[node.name] += 1
    elsewhere = {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    return frozenset(name for name, times in plain.items() if times == bound[name] and name not in elsewhere)


def is_plain(value: ast.expr) -> bool:
    """Whether an expression gives a value that nobody can call, whatever stands in it."""
    if isinstance(value, ast.UnaryOp):
        return isinstance(value.op, ast.Not) or is_plain(value.operand)
    if isinstance(value, ast.BinOp):
        return is_plain(value.left) and is_plain(value.right)
    return isinstance(value, PLAIN)


def check_factory(code: ModelCode) -> None:
    """Raise ModelError when the file's text shows that it has no such factory."""
    names = defined_names(code.path)
    wanted = code.factory.partition(".")[0]
    if names is None or wanted.startswith("__"):
        return
    plain = plain_values(code.path)
    if wanted in names and not (wanted in plain and wanted == code.factory):
        return
    own = sorted(name for name in names - imported_names(code.path) - plain if not name.startswith("_"))
    hint = nearest(wanted, own) if own else "Define a function that returns the model."
    problem = "is not a function or class" if wanted in names else "is not there"
    raise ModelError(f"{wanted} {problem} in {code.path.name}", hint)


def check_syntax(code: ModelCode) -> None:
    """Raise ModelError, at its line, when the file can't be read or is not Python."""
    try:
        compile(code.path.read_bytes(), str(code.path), "exec", flags=ast.PyCF_ONLY_AST, dont_inherit=True)
    except OSError as error:
        raise ModelError(f"{code.path.name} can't be read: {error.strerror}", "Check its permissions.") from error
    except (SyntaxError, ValueError) as error:
        line, column = (error.lineno, error.offset) if isinstance(error, SyntaxError) else (None, None)
        raise ModelError(
            f"{code.path.name} can't be imported: {type(error).__name__}: {error}",
            "Fix the file.",
            Location(str(code.path), line, column),
        ) from error
