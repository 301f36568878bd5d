"""SOURCE_DATE_EPOCH."""

from __future__ import annotations

import pytest

from reportgen.errors import SpecError
from reportgen.system.epoch import check_epoch, now


@pytest.mark.parametrize(
    "text", ["abc", "-1", "1.5", "1e9", " 5", "٣", "999999999999999999", "0x10", "9" * 5000, "0" * 30]
)
def test_what_is_no_time_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", text)
    with pytest.raises(SpecError, match="SOURCE_DATE_EPOCH is"):
        check_epoch()


def test_a_time_is_taken_and_an_empty_one_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    assert now().isoformat() == "2001-09-09T01:46:40+00:00"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "")
    assert now().year >= 2024
