"""Where the code of a model stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import ModelError
from reportgen.spec.model_code import code_of_file, find_code
from tests.support.permissions import shut_off


def test_a_model_in_a_folder_that_may_not_be_entered_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut_off(monkeypatch, tmp_path / "closed")
    with pytest.raises(ModelError, match=r"closed/net\.py can't be read: there is no permission"):
        code_of_file("closed/net.py", "Net", tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "from . import parts\n",
        "from.parts import x\n",
        "from\\\n    .parts import x\n",
        "def f():\n\tfrom\t. import parts\n",
        "x = 1; from .parts import x\n",
        "from .. import parts, other\n",
    ],
)
def test_a_relative_import_in_any_form_makes_the_folders_above_packages(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "outer" / "inner"
    folder.mkdir(parents=True)
    (folder / "net.py").write_text(f"import os\n{text}", encoding="utf-8")
    up = 2 if ".." in text else 1
    assert code_of_file("outer/inner/net.py", "Net", tmp_path).home == [tmp_path / "outer", tmp_path][up - 1]


@pytest.mark.parametrize(
    "text", ["from os import path\n", "import os.path\n", "# from . import parts\n", "from . import (\n"]
)
def test_no_relative_import_leaves_the_file_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "net.py").write_text(text, encoding="utf-8")
    assert code_of_file("net.py", "Net", tmp_path).home == tmp_path


@pytest.mark.parametrize("name", ["os", "sys"])
def test_a_module_of_python_without_a_file_is_named_as_such(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match=f"'{name}' is a module of Python itself"):
        find_code(f"{name}:system", tmp_path)
