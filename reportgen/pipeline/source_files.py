"""Which files a user's own Python code consists of, found by reading its imports, without running it.

Followed are modules of the code's own folder and of every folder on Python's path but those of installed packages and
of Python itself; those are known by their versions, and this package's own code by its digest. A module that is
imported under a name made at run time is not found.
"""

from __future__ import annotations

import ast
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

INSTALLED = {"site-packages", "dist-packages"}
OWN = "reportgen"
"""Left out: `code_digest` knows it."""


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
        return next((found for home in homes if (found := find_in(home, name))), None)

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
            tree = ast.parse(source.path.read_bytes()) if source.path.suffix == ".py" else ast.Module([], [])
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            return
        for node in ast.walk(tree):
            near = isinstance(node, ast.ImportFrom) and node.level > 0
            for name in imported_names(node, source):
                found = find_in(source.home, name) if near else self.find(name)
                if found is not None:
                    yield found


def source_files(file: Path) -> dict[str, Path]:
    """A file of code and every local module that it imports, directly or through another: name -> file, sorted."""
    return Search(file.parent, None, local_folders()).follow([Source(file, file.parent)])


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


def local_folders() -> tuple[Path, ...]:
    """The folders on Python's path that hold neither installed packages nor Python's own modules."""
    library = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")]
    folders = dict.fromkeys(Path(entry).resolve() for entry in sys.path)
    return tuple(
        folder
        for folder in folders
        if folder.is_dir()
        and not INSTALLED & set(folder.parts)
        and not any(folder.is_relative_to(own) for own in library)
    )


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
