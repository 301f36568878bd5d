"""Which files a user's own Python code consists of, found by reading its imports, without running it.

Followed are modules of the code's own folder and of every folder on Python's path but those of installed packages and
of Python itself; those are known by their versions, and this package's own code by its digest. A module that is
imported under a name made at run time is not found.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from reportgen.spec.model_code import INSTALLED, ModelCode, current_folder, installed_spec, is_installed, parse

OWN = "reportgen"
"""Left out: `code_digest` knows it."""
LONGEST = 300
"""Characters of a text that is looked at as the name of a file."""


@dataclass(frozen=True)
class Source:
    """One file of code."""

    path: Path
    home: Path
    """The folder that its module's name is relative to."""

    @property
    def name(self) -> str:
        """Relative to its home, with '/': the same wherever the home lies."""
        return self.path.relative_to(self.home).as_posix()


@dataclass(frozen=True)
class Search:
    """Where modules are looked for, first come first."""

    home: Path
    """The folder of the code that is asked about."""
    top: str | None
    """The only package of the home that is the user's own, where it is a folder of installed packages; None: all."""
    others: tuple[Path, ...]

    def find(self, name: str) -> Source | None:
        """The file of a dotted name, or None for one that is not local."""
        top = name.partition(".")[0]
        if top == OWN:
            return None
        homes = (self.home, *self.others) if self.top in (None, top) else self.others
        return next((found for home in homes if (found := find_in(home, name))), None) or find_by_python(name)

    def follow(self, waiting: list[Source]) -> dict[str, Path]:
        """Name -> file of these and of everything local that they import, directly or through another; sorted."""
        found = {}
        while waiting:
            source = waiting.pop()
            if source.name not in found:
                found[source.name] = source.path
                waiting += self.imported(source)
        return dict(sorted(found.items()))

    def imported(self, source: Source) -> Iterator[Source]:
        """The local files that the imports of one file lead to; none where it can't be read as Python."""
        try:
            regular = source.path.suffix == ".py" and source.path.is_file()
            tree = ast.parse(source.path.read_bytes()) if regular else ast.Module([], [])
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            return
        for node in ast.walk(tree):
            near = isinstance(node, ast.ImportFrom) and node.level > 0
            for name in imported_names(node, source):
                found = find_in(source.home, name) if near else self.find(name)
                if found is not None:
                    yield found


def source_files(code: ModelCode) -> dict[str, Path]:
    """A model's file, the packages around it and every local module that they import, directly or through another:
    name -> file, sorted. Of an installed module nothing: it is known by the version of its package."""
    if code.is_installed:
        return {}
    search = Search(code.home, None, (*local_folders(), *code.last_folders))
    inner = code.path.relative_to(code.home).parent.parts
    around = (code.home.joinpath(*inner[: end + 1], "__init__.py") for end in range(len(inner)))
    return search.follow(
        [Source(code.path, code.home), *(Source(file, code.home) for file in around if file.is_file())]
    )


def module_files(module: ModuleType) -> dict[str, Path]:
    """The same of an imported module, with the packages around it; nothing for one without a file."""
    if module.__file__ is None:
        return {}
    file, parts = Path(module.__file__), module.__name__.split(".")
    home = file.parents[len(parts) - (file.stem != "__init__")]
    installed = bool(INSTALLED & set(home.parts))
    search = Search(home, parts[0] if installed else None, local_folders())
    around = [search.find(name) for name in with_parents(module.__name__)]
    return search.follow([Source(file, home), *(source for source in around if source is not None)])


def named_files(sources: Mapping[str, Path], args: Mapping[str, Any], base: Path) -> dict[str, Path]:
    """The files that the texts of these sources and the arguments of a factory name, where they are there: relative to
    the source, to the spec's folder or to the current one. Name -> file, sorted."""
    found: dict[str, Path] = {}
    texts = {path.parent: set(constants(path)) for path in sources.values()}
    texts[base] = texts.get(base, set()) | set(strings_in(args))
    for folder, mentioned in texts.items():
        for text in mentioned:
            place = next((home / text for home in (folder, base, current_folder()) if is_data(home / text)), None)
            if place is not None:
                found[text] = place
    return dict(sorted(found.items()))


def is_data(path: Path) -> bool:
    """Whether there is a regular file of that name that is no code, and so not followed already."""
    try:
        return path.suffix != ".py" and path.is_file()
    except (OSError, ValueError):
        return False


def constants(path: Path) -> Iterator[str]:
    """The texts in a file of code that could be names of files."""
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and could_be_name(node.value):
            yield node.value


def strings_in(value: Any) -> Iterator[str]:
    """The texts in an argument that could be names of files."""
    if isinstance(value, str) and could_be_name(value):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for one in value.values() for text in strings_in(one))
    elif isinstance(value, list | tuple):
        yield from (text for one in value for text in strings_in(one))


def could_be_name(text: str) -> bool:
    """Whether a text has the form of a file's name with an ending."""
    return 2 < len(text) < LONGEST and "." in text and text.isprintable()


def local_folders() -> tuple[Path, ...]:
    """The folders on Python's path that hold neither installed packages nor Python's own modules."""
    folders = dict.fromkeys(Path(entry).resolve() for entry in sys.path)
    return tuple(folder for folder in folders if folder.is_dir() and not is_installed(folder))


def find_by_python(name: str) -> Source | None:
    """The file of a dotted name that only Python's own finders know, such as an editable installation's."""
    top, *rest = name.split(".")
    start = editable(top)
    if start is None:
        return None
    if not rest:
        return start
    return find_in(start.home, name) if start.path.name == "__init__.py" else None


@lru_cache(maxsize=256)
def editable(top: str) -> Source | None:
    """The file of a name without dots that is neither installed nor Python's own."""
    spec = None if top in sys.stdlib_module_names else installed_spec(top)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    path = Path(spec.origin).resolve()
    if is_installed(path) or path.name not in ("__init__.py", f"{top}.py"):
        return None
    return Source(path, path.parents[path.name == "__init__.py"])


def find_in(home: Path, name: str) -> Source | None:
    """The file of a dotted name in one folder."""
    path = home.joinpath(*name.split("."))
    candidates = (path / "__init__.py", path.with_name(f"{path.name}.py"))
    return next((Source(candidate, home) for candidate in candidates if candidate.is_file()), None)


def imported_names(node: ast.AST, source: Source) -> list[str]:
    """Every dotted name that a statement may import, its parents included; of a relative import, from its home."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        around = source.path.relative_to(source.home).parent.parts
        if node.level > max(1, len(around)):
            return []  # beyond the outermost package
        package = around[: len(around) + 1 - node.level] if node.level else ()
        start = ".".join([*package, *([node.module] if node.module else [])])
        names = [start] if start else []
        names += [f"{start}.{alias.name}" if start else alias.name for alias in node.names]
    else:
        return []
    return [name for whole in names for name in with_parents(whole)]


def with_parents(name: str) -> list[str]:
    """A dotted name and the packages around it, from the outside."""
    parts = name.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]
