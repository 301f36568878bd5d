"""Where the code of a model stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import ModelError
from reportgen.spec.model_code import code_of_file
from tests.support.permissions import shut_off


def test_a_model_in_a_folder_that_may_not_be_entered_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut_off(monkeypatch, tmp_path / "closed")
    with pytest.raises(ModelError, match=r"closed/net\.py can't be read: there is no permission"):
        code_of_file("closed/net.py", "Net", tmp_path)
