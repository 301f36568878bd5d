"""What a module of the package imports, itself or by what it imports, late imports included."""

from __future__ import annotations

import grimp


def imported_by(*roots: str) -> set[str]:
    """Dotted names of the package's modules that these rooms need; imports for types alone are left out."""
    graph = grimp.build_graph("reportgen", exclude_type_checking_imports=True)
    found: set[str] = set()
    waiting = set(roots).union(*(graph.find_descendants(root) for root in roots))
    while waiting:
        found |= waiting
        waiting = {other for name in waiting for other in graph.find_modules_directly_imported_by(name)} - found
    return found


def rooms_of(names: set[str]) -> set[str]:
    """The packages that modules stand in; those of the package itself stand in none."""
    return {name.split(".")[1] for name in names if name.count(".") > 1}
