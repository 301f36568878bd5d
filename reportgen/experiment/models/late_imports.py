"""Imports inside a model's functions, which run when its code has been forgotten and its folders have left the path.

A finder at the end of Python's own answers for them, to code in the model's folders alone.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from reportgen.experiment.models.factories import inside
from reportgen.spec.model_code import ModelCode


class Known(Loader):
    """Gives a module that was imported before."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module itself."""
        del spec
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: it has been executed."""
        module.__spec__ = self.spec


class LateImports(MetaPathFinder):
    """The code of the models that were loaded last, and what was imported late."""

    def __init__(self) -> None:
        self.loaded: list[tuple[ModelCode, Mapping[str, ModuleType]]] = []
        self.late: set[str] = set()
        """Outermost names of what was imported late."""

    def remember(self, code: ModelCode, modules: Mapping[str, ModuleType]) -> None:
        """Answer for this code from now on."""
        self.loaded = [(known, held) for known, held in self.loaded if known.path != code.path]
        self.loaded.append((code, modules))
        if self not in sys.meta_path:
            sys.meta_path.append(self)

    def forget(self) -> None:
        """Take what was imported late out of Python's modules: another model may have others of these names."""
        for name in [name for name in sys.modules if name.partition(".")[0] in self.late]:
            del sys.modules[name]
        self.late.clear()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where a name leads for whoever imports it."""
        del target
        importer = importing_file()
        for code, modules in reversed(self.loaded):
            if importer is None or not inside(importer, code.home):
                continue
            if fullname in modules:
                self.late.add(fullname.partition(".")[0])
                return ModuleSpec(fullname, Known(modules[fullname]), is_package=hasattr(modules[fullname], "__path__"))
            folders = path if path is not None else [str(one) for one in (*code.first_folders, *code.last_folders)]
            found = PathFinder.find_spec(fullname, folders)
            if found is not None:
                self.late.add(fullname.partition(".")[0])
                return found
        return None


def importing_file() -> str | None:
    """The file whose code runs an import statement now, Python's own import machinery left out."""
    frame = inspect.currentframe()
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith("<frozen importlib") and Path(file) != Path(__file__) and "/importlib/" not in file:
            return file
        frame = frame.f_back
    return None


LATE = LateImports()
