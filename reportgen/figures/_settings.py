"""matplotlib imported by itself: without anybody's `matplotlibrc`, and without a list of fonts that never ends.

On import it reads the settings in the working folder, which may be a folder that somebody sent, in the user's own and
where MATPLOTLIBRC points to; no figure uses them. Then it opens the list of fonts in its cache, whatever that is.
"""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reportgen.system.cache import private_folder
from reportgen.system.regular import is_something_else

SETTINGS = "matplotlibrc"
FONTS = "fontlist*"
VARIABLES = ("MPLCONFIGDIR", "MATPLOTLIBRC")


def import_matplotlib() -> None:
    """Import matplotlib here where its own import would read more than its own files; else leave it to whoever does."""
    with suppress(OSError, RuntimeError):  # RuntimeError: nobody's home is known
        folders = matplotlib_folders()
        if not (os.environ.get("MATPLOTLIBRC") or os.path.lexists(SETTINGS) or any(map(disturbs, folders))):
            return
    with own_folder(), elsewhere():
        matplotlib = importlib.import_module("matplotlib")
        matplotlib.get_configdir()
        matplotlib.get_cachedir()  # both are found once in a process


def matplotlib_folders() -> tuple[Path, ...]:
    """Where matplotlib keeps settings and its cache for this user."""
    if given := os.environ.get("MPLCONFIGDIR"):
        return (Path(given),)
    home = Path.home()
    bases = (os.environ.get("XDG_CONFIG_HOME") or home / ".config", os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return (*(Path(base) / "matplotlib" for base in bases), home / ".matplotlib")


def disturbs(folder: Path) -> bool:
    """Whether a folder holds settings, or a list of fonts that is no file."""
    return os.path.lexists(folder / SETTINGS) or any(is_something_else(path) for path in folder.glob(FONTS))


@contextmanager
def own_folder() -> Iterator[None]:
    """In this block matplotlib's folder is one of our own, or one for this process alone."""
    before = {name: os.environ.pop(name) for name in VARIABLES if name in os.environ}
    folder = private_folder("matplotlib")
    with suppress(OSError):
        for path in folder.iterdir() if folder is not None else ():
            if is_something_else(path) or path.name == SETTINGS:
                path.unlink()
    if folder is None or disturbs(folder):
        folder = Path(tempfile.mkdtemp(prefix="reportgen-matplotlib-"))
    os.environ["MPLCONFIGDIR"] = str(folder)
    try:
        yield
    finally:
        del os.environ["MPLCONFIGDIR"]
        os.environ.update(before)


@contextmanager
def elsewhere() -> Iterator[None]:
    """In this block the working folder is this package's own."""
    try:
        here = os.open(".", os.O_RDONLY) if hasattr(os, "fchdir") else None
        before = None if here is not None else Path.cwd()
    except OSError:  # it was removed, or may not be read, and holds no settings that could be
        yield
        return
    os.chdir(Path(__file__).parent)
    try:
        yield
    finally:
        if here is not None:
            os.fchdir(here)
            os.close(here)
        elif before is not None:
            os.chdir(before)
