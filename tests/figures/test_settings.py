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
