"""The files that a user's own code consists of, wherever on Python's path they lie."""

from __future__ import annotations

import importlib
import sys
from importlib.util import spec_from_file_location
from pathlib import Path

import pytest

from reportgen.errors import ModelError
from reportgen.pipeline import source_files as module
from reportgen.pipeline.source_files import local_folders, module_files, source_files
from reportgen.spec.model_code import find_code


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
    own = tmp_path.name  # relative imports make its folder a package
    assert list(source_files(find_code("a.py:make", tmp_path))) == [f"{own}/a.py", f"{own}/b.py", f"{own}/pack/c.py"]
    with pytest.raises(ModelError, match="does not exist"):
        find_code("missing.py:make", tmp_path)


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
    found = source_files(find_code("net.py:make", tmp_path / "here"))
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


def test_editable_installations_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = write(
        tmp_path / "project", {"edited/__init__.py": "", "edited/part.py": "import lone\n", "lone.py": ""}
    )

    class Finder:
        """As setuptools' editable installations put one on sys.meta_path."""

        @staticmethod
        def find_spec(name: str, _path: object = None, _target: object = None) -> object:
            places = {"edited": elsewhere / "edited" / "__init__.py", "lone": elsewhere / "lone.py"}
            return spec_from_file_location(name, places[name]) if name in places else None

    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder])
    module.editable.cache_clear()
    write(tmp_path / "here", {"net.py": "from edited import part\n"})
    found = source_files(find_code("net.py:make", tmp_path / "here"))
    module.editable.cache_clear()
    assert sorted(found) == ["edited/__init__.py", "edited/part.py", "lone.py", "net.py"]


def test_the_packages_around_a_model_and_its_project_are_followed(tmp_path: Path) -> None:
    files = {"pyproject.toml": "", "src/pkg/__init__.py": "import pkg.base", "src/pkg/base.py": "", "helpers.py": ""}
    write(tmp_path, files | {"src/pkg/net.py": "import helpers\n"})
    found = source_files(find_code("src/pkg/net.py:make", tmp_path))
    assert sorted(found) == ["helpers.py", "pkg/__init__.py", "pkg/base.py", "pkg/net.py"]


def test_installed_modules_are_known_by_their_versions(tmp_path: Path) -> None:
    assert source_files(find_code("torchvision.models.resnet:resnet18", tmp_path)) == {}
