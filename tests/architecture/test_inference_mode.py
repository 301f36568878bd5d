"""Tensors of inference mode can't be saved for a backward pass, and a model may keep what it computes."""

from __future__ import annotations

import re

from tests.support.commands import ROOT


def test_it_is_used_nowhere() -> None:
    entered = re.compile(r"inference_mode\((?!mode=False)")
    used = [path.name for path in (ROOT / "reportgen").rglob("*.py") if entered.search(path.read_text("utf-8"))]
    assert used == []
