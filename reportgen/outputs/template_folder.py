"""Where the packaged templates lie. Imports no jinja2: whether a report is what it would be is told by their bytes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from reportgen.errors import RenderError


@lru_cache(maxsize=1)
def template_root() -> Path:
    """The folder of the packaged templates: inside an installed package, or beside it in a checkout.

    Raises RenderError.
    """
    package = Path(__file__).resolve().parents[1]
    for root in (package / "templates", package.parent / "templates"):
        if (root / "report.html.j2").is_file():
            return root
    raise RenderError("the templates of reportgen are missing", "Install reportgen again: its package is incomplete.")
