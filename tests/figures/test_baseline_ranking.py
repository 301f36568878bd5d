"""The forest plot of a ranking: a row a model, the baseline grey, the own model in the accent, not too many rows."""

from __future__ import annotations

import pytest

from reportgen.figures.baseline_ranking import MOST_ROWS, plot
from reportgen.record.judgement import Judgement
from reportgen.record.ranking import Ranking
from reportgen.record.run import RunRecord
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import ACCENT, MUTED, SOFT
from tests.comparison.cases import another_seed, improved, ranked, with_logits
from tests.figures.drawing import draw, drawn, marks, texts
from tests.support.records import presented


@pytest.fixture(scope="module")
def ranking(record: RunRecord) -> Ranking:
    found = (record, improved(record, 40), with_logits(record, another_seed()), improved(record, 3))
    titles = ("Main", "Good", "x" * 300, "<script>&")
    return ranked(dict(enumerate(found)), titles)


def plotted(ranking: Ranking) -> FigureFile:
    figure = plot(ranking)
    assert isinstance(figure, FigureFile)
    return figure


def test_without_a_ranking_there_is_nothing_to_draw(record: RunRecord) -> None:
    assert isinstance(draw(record, ["baseline_ranking"])["baseline_ranking"], Skipped)


def test_every_model_has_a_row_with_its_numbers(record: RunRecord, ranking: Ranking) -> None:
    figure = drawn(presented(record, Judgement(ranking=ranking.seen_by(1))), "baseline_ranking")
    shown = texts(figure)
    for entry in ranking.entries:
        assert entry.accuracy is not None
        assert {entry.accuracy.display, entry.accuracy.display_interval, entry.ranks} <= set(shown)
        told = f"classifies {entry.accuracy.display} of the images correctly, with an interval of "
        assert f"{told}{entry.accuracy.display_interval}" in figure.alt
    assert {"Good", "Main, baseline", "<script>&"} <= set(shown)
    assert max(map(len, shown)) < 60
    order = [text for text in shown if text in ("Good", "<script>&", "Main, baseline")]
    assert order == ["Good", "<script>&", "Main, baseline"]


def test_colours_tell_baseline_own_and_others(ranking: Ranking) -> None:
    own = plotted(ranking.seen_by(1))
    assert [marks(own, colour) for colour in (SOFT, ACCENT, MUTED)] == [1, 1, 2]
    assert [marks(plotted(ranking), colour) for colour in (SOFT, ACCENT, MUTED)] == [1, 3, 0]


def test_the_caption_says_how_sure_the_first_place_is(record: RunRecord, ranking: Ranking) -> None:
    assert plotted(ranking).caption.startswith("Good is first: every difference from it is significant. ")
    same = ranked({0: record, 1: record, 2: record}, "ABC")
    assert plotted(same).caption.startswith("3 models may be first. ")


def test_one_without_a_place_is_an_open_dot(record: RunRecord) -> None:
    fewer = {name: record.arrays[name][:500] for name in ("eval.logits", "eval.labels", "eval.ids", "eval.digests")}
    less = record.model_copy(update={"arrays": record.arrays.merged(fewer)})
    assert marks(plotted(ranked({0: record, 1: record, 2: less}, "ABC")), ACCENT) == 1


def test_a_long_ranking_shows_the_first_rows_the_baseline_and_the_own_one(ranking: Ranking) -> None:
    template = ranking.entries[0]
    many = tuple(
        template.model_copy(update={"name": f"Model {at}", "number": 60 - at, "rank": at}) for at in range(1, 61)
    )
    long = ranking.model_copy(update={"entries": many, "own": "Model 50"})
    figure = plotted(long)
    shown = {text for text in texts(figure) if text.startswith("Model")}
    assert shown == {*(f"Model {at}" for at in range(1, MOST_ROWS + 1)), "Model 50", "Model 60, baseline"}
    assert "28 more are in the table." in figure.caption
    assert figure.height < 960


def test_without_any_accuracy_it_says_so(ranking: Ranking) -> None:
    bare = tuple(entry.model_copy(update={"accuracy": None}) for entry in ranking.entries)
    assert isinstance(plot(ranking.model_copy(update={"entries": bare})), Skipped)
