"""The small change of sentences."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from reportgen.record.run import RunRecord
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.wording import evidence, join_few, names_told_apart, quote, share_interval
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


def test_names_of_one_record_stay_different_where_a_sentence_has_no_room_for_them(record: RunRecord) -> None:
    classes = tuple(f"class_with_a_rather_long_name_and_a_suffix_{at:04}_of_many" for at in range(12))
    long = record.model_copy(update={"data": record.data.model_copy(update={"classes": classes})})
    with names_told_apart(long):
        told = [quote(name) for name in classes]
        assert quote("a name of no class that is longer than forty") == "“a name of no class that is longer than…”"
    assert len(set(told)) == len(classes)
    assert all(len(one) <= 42 and f"{at:04}" in one for at, one in enumerate(told))
    assert len({quote(name) for name in classes}) == 1  # outside nothing is known of the others
