"""The small change of sentences."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from reportgen.report.model import FigureFile, Skipped
from reportgen.report.wording import evidence, join_few, quote, share_interval
from reportgen.text.i18n import join_names


@pytest.mark.parametrize(
    ("items", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_in_words(items: list[str], text: str) -> None:
    assert join_names(items) == text


def test_a_long_list_counts_the_rest_and_never_just_one() -> None:
    assert join_few(list("abcd")) == "a, b, c and d"
    assert join_few(list("abcde")) == "a, b, c and 2 others"
    assert join_few([str(i) for i in range(2003)]) == "0, 1, 2 and 2,000 others"


def test_names_are_quoted_and_cut() -> None:
    assert quote("{x}") == "“{x}”"
    assert quote("w" * 300) == "“" + "w" * 39 + "…”"


def test_evidence_is_the_figure_when_it_is_shown() -> None:
    drawn = FigureFile("confusion", "image/png", b"", 1, 1, "t", "c", "a")
    assert evidence({"confusion": drawn}, "confusion", "evaluation") == "figure-confusion"
    assert evidence({"confusion": Skipped("confusion", "t", "r")}, "confusion", "evaluation") == "section-evaluation"
    assert evidence({}, "confusion", "evaluation") == "section-evaluation"


@pytest.mark.parametrize(("k", "n"), [(0, 500), (37, 500), (500, 500)])
def test_the_interval_is_scipys(k: int, n: int) -> None:
    ends = binomtest(k, n).proportion_ci(method="wilson")
    assert share_interval(k, n) == f"{100 * ends.low:.1f}–{100 * ends.high:.1f}"
    assert share_interval(0, 0) == ""
