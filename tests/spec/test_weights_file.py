"""What shows of a file of weights before it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import ModelError
from reportgen.spec.weights_file import check_weights_file
from tests.support.permissions import shut_off


def test_weights_in_a_folder_that_may_not_be_entered_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut_off(monkeypatch, tmp_path / "closed")
    with pytest.raises(ModelError, match="no permission to enter their folder") as caught:
        check_weights_file(tmp_path / "closed" / "w.pt")
    assert "permissions" in caught.value.hint


@pytest.mark.parametrize("target", ["nowhere.pt", "w.pt"])
def test_a_link_to_no_file_is_told_as_such(tmp_path: Path, target: str) -> None:
    (tmp_path / "w.pt").symlink_to(target)
    with pytest.raises(ModelError, match="are a link to a file that is not there"):
        check_weights_file(tmp_path / "w.pt")
