"""The digits as scikit-learn gives them, without its import."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from reportgen.experiment.datasets import digits


def test_the_file_holds_what_scikit_learn_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = load_digits()
    monkeypatch.delattr("sklearn.datasets.load_digits")
    levels, labels = digits.read_digits()
    np.testing.assert_array_equal(levels, theirs.images)
    np.testing.assert_array_equal(labels, theirs.target)
    assert (levels.dtype, labels.dtype) == (np.float64, np.int64)


def test_where_the_file_lies_elsewhere_scikit_learn_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    levels, labels = digits.read_digits()
    monkeypatch.setattr(digits, "find_spec", lambda _name: None)
    monkeypatch.chdir(tmp_path)
    for one, other in zip(digits.read_digits(), (levels, labels), strict=True):
        np.testing.assert_array_equal(one, other)
