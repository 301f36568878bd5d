"""matplotlib is imported without settings of the working folder or the user, and without a pipe for a list of fonts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reportgen.system.processes import environment

SCRIPT = """
import os
before = os.getcwd(), os.environ.get("MPLCONFIGDIR"), os.environ.get("MATPLOTLIBRC")
import reportgen.figures
import matplotlib, matplotlib.font_manager
assert before == (os.getcwd(), os.environ.get("MPLCONFIGDIR"), os.environ.get("MATPLOTLIBRC"))
print(matplotlib.rcParams["figure.dpi"], matplotlib.get_cachedir())
"""
USUAL = "100.0"


def pipes(home: Path) -> dict[str, str]:
    """As a list of fonts in both caches, and as settings in the working folder."""
    import matplotlib.font_manager

    for folder in (home / "matplotlib", home / "reportgen" / "matplotlib"):
        folder.mkdir(parents=True)
        os.mkfifo(folder / f"fontlist-v{matplotlib.font_manager.FontManager.__version__}.json")
    os.mkfifo(home / "work" / "matplotlibrc")
    return {}


def settings(home: Path) -> dict[str, str]:
    """In the working folder, where MATPLOTLIBRC says, and in the user's own folder."""
    (home / "work" / "matplotlibrc").write_bytes(b"figure.dpi: 36\n# \xff")
    (home / "named").write_text("figure.dpi: 37\n")
    (home / "config").mkdir()
    (home / "config" / "matplotlibrc").write_text("figure.dpi: 38\n")
    return {"MATPLOTLIBRC": str(home / "named"), "MPLCONFIGDIR": str(home / "config")}


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
@pytest.mark.parametrize("prepare", [pipes, settings])
def test_nothing_of_others_is_read(prepare: Callable[[Path], dict[str, str]], tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    own = environment("") | {"XDG_CACHE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", SCRIPT],
        cwd=tmp_path / "work",
        env=own | prepare(tmp_path),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.decode().split() == [USUAL, str(tmp_path / "reportgen" / "matplotlib")]


TEMPORARY = """
import reportgen.figures
import matplotlib, matplotlib.font_manager
from reportgen.figures._parallel import second_process
from reportgen.figures import _parallel
_parallel.count_cores = lambda: 2
with second_process(99) as child:
    child.stdin.close()
    child.wait()
print(matplotlib.get_cachedir(), matplotlib.get_configdir())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="temporary files are the user's own")
@pytest.mark.parametrize("settings", ["", "figure.dpi: 36"])
def test_a_home_that_takes_nothing_leaves_no_temporary_folders(tmp_path: Path, settings: str) -> None:
    for name in ("tmp", "work"):
        (tmp_path / name).mkdir()
    if settings:
        (tmp_path / "work" / "matplotlibrc").write_text(settings)
    (tmp_path / "file").touch()
    blocked = str(tmp_path / "file" / "below")
    own = environment("") | {"XDG_CACHE_HOME": blocked, "XDG_CONFIG_HOME": blocked, "HOME": blocked}
    done = subprocess.run(
        [sys.executable, "-P", "-c", TEMPORARY],
        cwd=tmp_path / "work",
        env=own | {"TMPDIR": str(tmp_path / "tmp")},
        capture_output=True,
        timeout=120,
        check=True,
    )
    used = set(done.stdout.decode().split())
    assert len(used) == 1
    assert used.pop().startswith(str(tmp_path / "tmp" / "reportgen-matplotlib-"))
    assert done.stderr == b""
    assert list((tmp_path / "tmp").iterdir()) == []


NOWHERE = """
import tempfile
from reportgen.errors import EnvironmentTrouble

def refuse(**_named):
    raise FileNotFoundError(2, "No usable temporary directory found")

tempfile.mkdtemp = refuse
try:
    import reportgen.figures
except EnvironmentTrouble as error:
    print(error, error.hint, sep="; ")
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="temporary files are the user's own")
def test_no_folder_for_temporary_files_is_the_machines_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    blocked = str(tmp_path / "file" / "below")
    own = environment("") | {"XDG_CACHE_HOME": blocked, "XDG_CONFIG_HOME": blocked, "HOME": blocked}
    command = [sys.executable, "-P", "-c", NOWHERE]
    done = subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, timeout=120, check=True)
    said = "no folder for temporary files can be written: No usable temporary directory found; Set TMPDIR to a folder"
    assert done.stdout.decode().startswith(said)
