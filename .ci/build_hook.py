"""Compiles the catalogues of messages when a wheel or an editable install is made."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface):
    """Every `.po` of `reportgen/locale` gets its `.mo` beside it."""

    def initialize(self, _version: str, _build_data: dict[str, Any]) -> None:
        """Before the files of the wheel are listed."""
        package = Path(self.root, "reportgen")
        compile_catalogue = runpy.run_path(str(package / "text" / "compiling.py"))["compile_catalogue"]
        for source in sorted(package.glob("locale/*/LC_MESSAGES/*.po")):
            source.with_suffix(".mo").write_bytes(compile_catalogue(source))
