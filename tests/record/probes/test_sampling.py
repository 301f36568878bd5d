"""Taking by turns."""

from __future__ import annotations

import numpy as np

from reportgen.record.probes.sampling import count_turns


def test_how_many_of_the_same_came_before() -> None:
    groups = np.array([2, 0, 2, 2, 1, 0])
    assert count_turns(groups).tolist() == [0, 0, 1, 2, 0, 1]
    assert count_turns(np.empty(0, np.int64)).tolist() == []
