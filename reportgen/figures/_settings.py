"""matplotlib imported by itself: without anybody's `matplotlibrc`, and without a list of fonts that never ends.

On import it reads the settings in the working folder, which may be a folder that somebody sent, in the user's own and
where MATPLOTLIBRC points to; no figure uses them. Then it opens the list of fonts in its cache, whatever that is.
"""

from __future__ import annotations

import atexit
import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reportgen.errors import EnvironmentTrouble
from reportgen.system.cache import private_folder
from reportgen.system.regular import is_something_else

SETTINGS = "matplotlibrc"
FONTS = "fontlist*"
VARIABLES = ("MPLCONFIGDIR", "MATPLOTLIBRC")
SHARED = "REPORTGEN_MATPLOTLIB"
"""The variable that tells a second process which temporary folder it shares with the one that started it."""
TEMPORARY: list[Path] = []
"""The folder that this process has made for itself and removes when it ends."""


def import_matplotlib() -> None:
    """Import matplotlib here where its own import would read more than its own files; else leave it to whoever does."""
    with suppress(OSError, RuntimeError):  # RuntimeError: nobody's home is known
        folders = matplotlib_folders()
        foreign = os.environ.get("MATPLOTLIBRC") or os.path.lexists(SETTINGS) or any(map(disturbs, folders))
        if not foreign and all(map(is_usable, written_folders(folders))):
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


def written_folders(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    """Those of matplotlib's folders that it writes to on this system: where it can't, it makes a temporary one, which
    a process that is killed leaves behind."""
    if sys.platform == "win32":  # where several places are possible, and temporary files are the user's own
        return ()
    return folders[:2] if sys.platform.startswith(("linux", "freebsd")) else folders[-1:]


def is_usable(folder: Path) -> bool:
    """Whether a folder is there, or can be made, and can be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return folder.is_dir() and os.access(folder, os.W_OK)


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
        folder = temporary_folder()
    os.environ["MPLCONFIGDIR"] = str(folder)
    try:
        yield
    finally:
        del os.environ["MPLCONFIGDIR"]
        os.environ.update(before)


def temporary_folder() -> Path:
    """A folder for this process and the ones that it starts, which goes when it ends.

    Raises EnvironmentTrouble where nothing can be written.
    """
    if given := os.environ.get(SHARED):
        return Path(given)
    if not TEMPORARY:
        try:
            TEMPORARY.append(Path(tempfile.mkdtemp(prefix="reportgen-matplotlib-")))
        except OSError as error:
            message = f"no folder for temporary files can be written: {error.strerror or error}"
            raise EnvironmentTrouble(message, "Set TMPDIR to a folder that can be.") from error
        atexit.register(shutil.rmtree, TEMPORARY[0], ignore_errors=True)
    return TEMPORARY[0]


def shared_variables() -> dict[str, str]:
    """What a second process is told by its environment, so that it makes no folder of its own."""
    return {SHARED: str(TEMPORARY[0])} if TEMPORARY else {}


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
