"""What `reportgen list` names: our things, and those of plug-ins that are installed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reportgen.cli.catalogue import entries
from reportgen.errors import SpecError

PLUGIN = """\
from reportgen.plugins import DatasetKind, ModelSource, Output, Section
from reportgen.record.definitions import Definition

DATASET = DatasetKind("shapes_of_mine", "shapes", 2, lambda request: None)
SOURCE = ModelSource("mine", "models of mine", lambda *given: None, lambda: ("small",))
OUTPUT = Output("board", "a board", ("board.txt",), lambda: None, lambda report, warn: ())
SECTION = Section("tides", "Tides", 1000, (), lambda subject, figures: None)
DEFINITIONS = (
    Definition("tides.height", lambda: "Height of the tide", "score", True, "tides"),
    Definition("tides.day_N.height", lambda day: day, "score", True, "tides"),
)
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path with an installed plug-in, as an installer leaves one."""
    (tmp_path / "listed_plugin.py").write_text(PLUGIN, encoding="utf-8")
    told = tmp_path / "listed_plugin-1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: listed-plugin\nVersion: 1\n", encoding="utf-8")
    (told / "entry_points.txt").write_text("[reportgen.plugins]\nlisted = listed_plugin\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "listed_plugin", raising=False)
    monkeypatch.setattr("reportgen.record.definitions._added", {})
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "ours", "theirs"),
    [
        ("models", "builtin:linear", ("mine:small", "models of mine")),
        ("datasets", "cifar10", ("shapes_of_mine", "shapes")),
        ("sections", "training", ("tides", "Tides")),
        ("outputs", "html", ("board", "a board")),
        ("metrics", "accuracy", ("tides.height", "Height of the tide")),
    ],
)
def test_what_an_installed_plugin_adds_is_listed_with_ours(
    kind: str, ours: str, theirs: tuple[str, str], installed: Path
) -> None:
    rows = entries(kind)
    assert {ours, theirs[0]} <= {name for name, _summary in rows}
    assert theirs in rows
    assert "tides.day_N.height" not in dict(rows)


def test_a_plugin_that_can_not_be_imported_is_named(installed: Path) -> None:
    (installed / "listed_plugin.py").write_text("import zqx_missing\n", encoding="utf-8")
    with pytest.raises(SpecError, match=r"listed_plugin.*zqx_missing"):
        entries("outputs")
