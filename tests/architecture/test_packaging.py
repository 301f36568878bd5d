"""The wheel: built, installed elsewhere, and able to draw a report there."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reportgen.record.run import RunRecord
from reportgen.system.fonts import chinese_fonts
from tests.support.records import save_record

ROOT = Path(__file__).parents[2]
pytest.importorskip("hatchling", reason="hatchling is not here: pip install '.[test]'")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_the_code_and_the_templates_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    held = {path.relative_to(ROOT).as_posix() for path in (ROOT / "reportgen").rglob("*.py")}
    held |= {
        "reportgen/" + path.relative_to(ROOT).as_posix() for path in (ROOT / "templates").rglob("*") if path.is_file()
    }
    held |= {path.relative_to(ROOT).with_suffix(".mo").as_posix() for path in (ROOT / "reportgen").rglob("*.po")}
    assert "reportgen/locale/zh/LC_MESSAGES/reportgen.mo" in held
    assert held <= names
    assert all(name.startswith("reportgen") for name in names)
    assert not [name for name in names if name.startswith("reportgen/") and name not in held and "py.typed" not in name]


@pytest.mark.slow
def test_a_report_is_drawn_from_an_installed_wheel(wheel: Path, record: RunRecord, tmp_path: Path) -> None:
    home = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(home)
    (tmp_path / "record").mkdir()
    save_record(record, tmp_path / "record")
    code = (
        "import reportgen, sys; from reportgen.cli import main\n"
        "assert reportgen.__file__.startswith(sys.argv.pop(1)), reportgen.__file__\nmain()"
    )
    chinese = ["--set", "report.language=zh"] if chinese_fonts() else []
    command = [sys.executable, "-c", code, str(home), "render", "record", "-o", "out", "-q", *chinese]
    environment = {**os.environ, "PYTHONPATH": str(home), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "report.html").stat().st_size > 100_000
    assert (tmp_path / "out" / "report.pdf").read_bytes().startswith(b"%PDF-")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert ("混淆矩阵" in page) == bool(chinese)
