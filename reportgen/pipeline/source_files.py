"""Which files of its own folder a Python file imports, found by reading them, without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def source_files(file: Path) -> list[Path]:
    """The file and every module beside it that it imports, directly or through another; sorted."""
    found = {file}
    waiting = [file]
    while waiting:
        for path in imported_beside(waiting.pop(), file.parent):
            if path not in found:
                found.add(path)
                waiting.append(path)
    return sorted(found)


def imported_beside(file: Path, folder: Path) -> Iterator[Path]:
    """The files in `folder` that the imports of one file lead to; none where it can't be read as Python."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        for name in imported_names(node):
            path = folder.joinpath(*name.split("."))
            for candidate in (path.with_suffix(".py"), path / "__init__.py"):
                if candidate.is_file():
                    yield candidate


def imported_names(node: ast.AST) -> list[str]:
    """Every dotted name that a statement may import, its parents included."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        below = [f"{node.module}.{alias.name}" if node.module else alias.name for alias in node.names]
        names = ([node.module] if node.module else []) + below
    else:
        return []
    return [".".join(parts[: end + 1]) for parts in (name.split(".") for name in names) for end in range(len(parts))]
