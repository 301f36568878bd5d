"""The files that a user's own code consists of, wherever on Python's path they lie."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from reportgen.pipeline import source_files as module
from reportgen.pipeline.source_files import local_folders, module_files, source_files


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_siblings_are_found_by_reading(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.py": "from . import b\nfrom .pack.c import x\nimport os, json.decoder\nraise SystemExit",
            "b.py": "def broken(:\n",
            "pack/c.py": "",
            "unrelated.py": "",
        },
    )
    assert list(source_files(tmp_path / "a.py")) == ["a.py", "b.py", "pack/c.py"]
    assert list(source_files(tmp_path / "missing.py")) == ["missing.py"]


def test_modules_elsewhere_on_the_path_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = write(
        tmp_path / "elsewhere",
        {
            "shared/__init__.py": "from shared import listed\n",
            "shared/listed.py": "",
            "shared/deep/__init__.py": "",
            "shared/deep/blocks.py": "from .near import x\nfrom ..up import y\nfrom ... import beyond\nimport net\n",
            "shared/deep/near.py": "",
            "shared/up.py": "def late():\n    import solo\n",
            "shared/not_imported.py": "",
            "beyond.py": "",
            "solo.py": "",
            "net.py": "",
        },
    )
    monkeypatch.syspath_prepend(elsewhere)
    write(tmp_path / "here", {"net.py": "import shared.deep.blocks as blocks\nimport torch, reportgen.plugins\n"})
    found = source_files(tmp_path / "here" / "net.py")
    assert list(found) == [
        "net.py",
        "shared/__init__.py",
        "shared/deep/__init__.py",
        "shared/deep/blocks.py",
        "shared/deep/near.py",
        "shared/listed.py",
        "shared/up.py",
        "solo.py",
    ]
    assert found["net.py"] == tmp_path / "here" / "net.py"
    assert found["solo.py"] == elsewhere / "solo.py"


def test_a_plugin_brings_the_packages_around_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        tmp_path,
        {
            "my_sections_package/__init__.py": "import my_sections_helper\n",
            "my_sections_package/one.py": "from my_sections_package import words\n",
            "my_sections_package/words.py": "",
            "my_sections_helper.py": "",
        },
    )
    monkeypatch.syspath_prepend(tmp_path)
    plugin = importlib.import_module("my_sections_package.one")
    names = ["my_sections_helper.py", "my_sections_package/__init__.py", "my_sections_package/one.py"]
    assert list(module_files(plugin)) == [*names, "my_sections_package/words.py"]
    assert list(module_files(sys.modules["my_sections_package"])) == names[:2]


def test_of_installed_packages_only_the_plugins_own_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = write(
        tmp_path / "site-packages",
        {
            "my_installed_plugin/__init__.py": "from my_installed_plugin import more\nimport its_dependency\n",
            "my_installed_plugin/more.py": "",
            "its_dependency.py": "",
        },
    )
    monkeypatch.syspath_prepend(site)
    plugin = importlib.import_module("my_installed_plugin")
    assert list(module_files(plugin)) == ["my_installed_plugin/__init__.py", "my_installed_plugin/more.py"]


def test_pythons_own_folders_are_not_local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site-packages").mkdir()
    monkeypatch.setattr(module.sys, "path", [str(tmp_path), str(tmp_path / "none"), *sys.path])
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    folders = local_folders()
    assert folders[0] == tmp_path.resolve()
    assert not any((folder / "json" / "decoder.py").exists() or (folder / "numpy").exists() for folder in folders)
