"""Which modules of this package a result depends on, found from their imports, and one digest of them.

Nothing is listed by hand, so that a module which is added or moved can't be forgotten. Files are read, not imported:
late imports count, imports for types alone do not, and a package whose members are discovered counts with all of them.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from reportgen.system.cache import Cache
from reportgen.system.digests import identity, is_settled
from reportgen.system.version import __version__

NAME = "reportgen"
PACKAGE = Path(__file__).parents[1]
# with the name put in, since a module that is named in a text counts as needed by that text
MEASURING = (
    f"{NAME}.experiment",
    f"{NAME}.metrics",
    f"{NAME}.pipeline.baseline_timing",
    f"{NAME}.pipeline.measuring",
)
"""What makes a record."""
FIGURES = (f"{NAME}.figures",)
"""What draws the figures of a record."""
DRAWING = (
    f"{NAME}.comparison",
    f"{NAME}.figures",
    f"{NAME}.report",
    f"{NAME}.outputs",
    f"{NAME}.pipeline.baseline",
    f"{NAME}.pipeline.drawing",
    f"{NAME}.pipeline.history",
    f"{NAME}.pipeline.platform",
    f"{NAME}.pipeline.received",
)
"""What makes a report of a record."""

CACHE = Cache("code", most=24)
"""Digests of some modules and what they need, under what the system says of every module."""

FOR_TYPES = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t]+.*\n|\n)+", re.MULTILINE)
FROM = re.compile(rf"from ({NAME}[\w.]*) import (\([^)]*\)|[^\n#]+)")
PLAIN = re.compile(rf"import ({NAME}[\w.]*)")
NAMED = re.compile(rf"{NAME}(?:\.\w+)+(?=[\"'])")
"""A module named in a text: one that is discovered or started as a process."""


@dataclass(frozen=True)
class Module:
    """One module of the package, as text."""

    path: Path
    content: bytes
    imports: frozenset[str]
    """Dotted names, of modules or of what they hold."""
    discovers: frozenset[str]
    """Packages whose members it finds for itself."""


def code_digest(*roots: str) -> str:
    """`read_digest`, remembered between runs: the modules are read only where the system says that one changed."""
    state, latest = look_over(PACKAGE)
    key = hashlib.sha256("\0".join((__version__, state, *roots)).encode()).hexdigest()
    kept = CACHE.read(key)
    if kept is not None:
        return kept.decode()
    found = read_digest(*roots)
    if is_settled(latest):
        CACHE.write(key, found.encode())
    return found


@lru_cache(maxsize=2)
def look_over(package: Path) -> tuple[str, float]:
    """A digest of the name, size, inode and times of every module, and the latest of the times; nothing is read.

    Asked once, and before the modules are read: what changes meanwhile has other times, which are not remembered.
    """
    whole, latest = hashlib.sha256(), 0.0
    for folder, folders, names in os.walk(package):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".py"):
                path = os.path.join(folder, name)  # noqa: PTH118 - 650 of them, 10 times faster than Path
                stat = os.stat(path)  # noqa: PTH116 - as above
                whole.update(f"{path}\0{identity(stat)}\n".encode("utf-8", "surrogateescape"))
                latest = max(latest, stat.st_mtime, stat.st_ctime)
    return whole.hexdigest(), latest


def read_digest(*roots: str) -> str:
    """sha256, hexadecimal, of the package's version and of every module that these ones need, themselves and their
    members included."""
    whole = hashlib.sha256(__version__.encode())
    for name, module in needed(*roots).items():
        whole.update(f"{name}\0{len(module.content)}\0".encode() + module.content)
    return whole.hexdigest()


def catalogue_digest(*languages: str) -> str:
    """sha256, hexadecimal, of the translations into some languages, or into all; of English there are none.

    No part of `code_digest`: what is measured depends on no words.
    """
    files: dict[str, Path] = {}
    for path in sorted(PACKAGE.glob("locale/*/LC_MESSAGES/*.[mp]o")):
        files[path.parents[1].name] = path  # the source is the later one, where there is one
    whole = hashlib.sha256()
    for name, path in files.items():
        if not languages or name in languages:
            whole.update(f"{name}\0".encode() + path.read_bytes())
    return whole.hexdigest()


def needed(*roots: str) -> dict[str, Module]:
    """The modules that these ones need, by name, sorted: what they import, directly or through another, and the
    packages around each."""
    modules = read_package(PACKAGE)
    found: set[str] = set()
    waiting = {name for root in roots for name in members(modules, root)}
    while waiting:
        found |= waiting
        imported = set[str]().union(*(modules[name].imports for name in waiting))
        found_for_itself = {package for name in waiting for package in modules[name].discovers}
        reached = with_packages(waiting | imported) & modules.keys()
        waiting = reached.union(*(members(modules, package) for package in found_for_itself)) - found
    return {name: modules[name] for name in sorted(found)}


def with_packages(names: Iterable[str]) -> set[str]:
    """Some dotted names and the packages around each."""
    found: set[str] = set()
    for name in names:
        while name and name not in found:
            found.add(name)
            name = name.rpartition(".")[0]
    return found


def members(modules: Mapping[str, Module], package: str) -> list[str]:
    """A module or package, and everything below it."""
    return [name for name in modules if name == package or name.startswith(f"{package}.")]


@lru_cache(maxsize=2)
def read_package(package: Path) -> dict[str, Module]:
    """Every module of the package by its dotted name; read once, since a running program is what it was."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = (NAME, *path.relative_to(package).with_suffix("").parts)
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = read_module(path, name)
    return found


def read_module(path: Path, name: str) -> Module:
    """One module with what its text says that it imports."""
    content = path.read_bytes()
    text = content.decode("utf-8")
    text = FOR_TYPES.sub("", text) if "TYPE_CHECKING" in text else text
    imports = {found[1] for found in PLAIN.finditer(text) if begins_line(text, found.start())}
    for found in FROM.finditer(text):
        if begins_line(text, found.start()):
            imports |= {found[1], *(f"{found[1]}.{word}" for word in re.findall(r"\w+", found[2]))}
    discovers = {found[0] for found in NAMED.finditer(text) if text[found.start() - 1] in "\"'"} - {name}
    if "discover(__name__" in text:
        discovers.add(name)
    return Module(path, content, frozenset(imports), frozenset(discovers))


def begins_line(text: str, place: int) -> bool:
    """Whether nothing but spaces stands before a place in its line."""
    return not text[text.rfind("\n", 0, place) + 1 : place].strip()
