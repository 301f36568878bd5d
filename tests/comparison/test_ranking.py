"""Several records ranked: the numbers of every pair, Holm over all of them, places, names, refusals."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import binomtest

from reportgen.comparison import compare_with
from reportgen.comparison.ranking import bounds, rank
from reportgen.metrics import measure
from reportgen.record.ranking import Pair, Ranking, abridge
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from tests.comparison.cases import DIGEST, another_seed, improved, ranked, with_logits
from tests.report.sections.cases import change
from tests.support.records import presented, with_seeds


@pytest.fixture(scope="module")
def records(record: RunRecord) -> dict[int, Subject]:
    """A baseline, a much better one, another of the same kind, one a little better, and one like the baseline."""
    others = {1: improved(record, 40), 2: with_logits(record, another_seed()), 3: improved(record, 6), 4: record}
    titles = {0: "Main", 1: "Good", 2: "Other", 3: "Little", 4: "Same"}
    return {number: presented(one, title=titles[number]) for number, one in ({0: record} | others).items()}


@pytest.fixture(scope="module")
def ranking(records: dict[int, Subject]) -> Ranking:
    return rank(records)


def right(record: RunRecord) -> np.ndarray:
    return record.arrays["eval.logits"].argmax(1) == record.arrays["eval.labels"]


def named(ranking: Ranking, name: str) -> Pair:
    (pair,) = (pair for pair in ranking.pairs if {pair.first, pair.second} == set(name.split()))
    return pair


@pytest.mark.slow
def test_every_pair_is_that_of_a_comparison(ranking: Ranking, records: dict[int, Subject]) -> None:
    assert len(ranking.pairs) == 10
    for earlier, later in combinations(records, 2):
        pair = named(ranking, f"{records[earlier].title} {records[later].title}")
        compared = compare_with(records[later].record, records[earlier], DIGEST).compared
        assert compared is not None
        assert (pair.first, pair.second) == (records[earlier].title, records[later].title)
        assert (pair.change, pair.p) == (compared.value("accuracy.change"), compared.p)


def test_p_is_the_exact_test_and_holm_is_that_of_statsmodels(ranking: Ranking, records: dict[int, Subject]) -> None:
    from statsmodels.stats.multitest import multipletests

    by_title = {one.title: right(one.record) for one in records.values()}
    for pair in ranking.pairs:
        lost = int((by_title[pair.first] & ~by_title[pair.second]).sum())
        gained = int((~by_title[pair.first] & by_title[pair.second]).sum())
        expected = binomtest(lost, lost + gained).pvalue if lost + gained else 1.0
        assert pair.p == pytest.approx(expected, rel=1e-9)
    holds, adjusted, *_ = multipletests([pair.p for pair in ranking.pairs], alpha=0.05, method="holm")
    assert [pair.p_adjusted for pair in ranking.pairs] == pytest.approx(list(adjusted))
    assert [pair.holds for pair in ranking.pairs] == list(holds)
    assert 0 < sum(holds) < len(holds)
    assert [pair.p for pair in ranking.pairs] == sorted(pair.p for pair in ranking.pairs)


def test_the_order_is_that_of_the_accuracies_and_equal_ones_share_a_place(
    ranking: Ranking, records: dict[int, Subject]
) -> None:
    shares = {one.title: right(one.record).mean() for one in records.values()}
    assert [entry.name for entry in ranking.entries] == sorted(shares, key=lambda name: -shares[name])
    for entry in ranking.entries:
        assert entry.rank == 1 + sum(share > shares[entry.name] for share in shares.values())
        assert entry.accuracy is not None
        assert entry.accuracy.value == pytest.approx(shares[entry.name])
        assert entry.is_baseline == (entry.name == "Main")
    places = {entry.name: entry.rank for entry in ranking.entries}
    assert places["Main"] == places["Same"]
    assert [value.name for value in ranking.entries[0].values] == ["macro_f1", "nll", "ece", "parameters", "macs"]


def test_places_are_what_the_pairs_that_hold_leave_open(ranking: Ranking) -> None:
    names = [entry.name for entry in ranking.entries]
    for entry in ranking.entries:
        above = below = 0
        for other in set(names) - {entry.name}:
            pair = named(ranking, f"{entry.name} {other}")
            lead = pair.change.value if pair.second == entry.name else -pair.change.value  # type: ignore[operator]
            above += pair.holds and lead < 0  # type: ignore[operator]
            below += pair.holds and lead > 0  # type: ignore[operator]
        assert (entry.best, entry.worst) == (1 + above, len(names) - below)
        assert entry.best <= (entry.rank or 0) <= entry.worst  # type: ignore[operator]
    assert ranking.entries[0].ranks == "1"
    assert ranking.entries[-1].ranks == "2–5"
    assert bounds("Good", {"Good"}, ranking.pairs) == (1, 1)


def test_the_ranking_is_the_same_in_any_order_of_the_candidates(ranking: Ranking, records: dict[int, Subject]) -> None:
    turned = rank({0: records[0], **{5 - number: records[number] for number in (4, 3, 2, 1)}})
    places = [{entry.name: (entry.rank, entry.ranks) for entry in one.entries} for one in (ranking, turned)]
    assert places[0] == places[1]
    for pair in ranking.pairs:
        again = named(turned, f"{pair.first} {pair.second}")
        assert (again.p, again.p_adjusted) == pytest.approx((pair.p, pair.p_adjusted))


def test_names_are_titles_and_those_of_several_get_their_number(record: RunRecord) -> None:
    titles = ["Tiny", "Tiny", "Tiny (1)", "Tiny", "Other", "Tiny (1)"]
    found = ranked(dict.fromkeys(range(6), record), titles)
    names = {entry.number: entry.name for entry in found.entries}
    assert [names[at] for at in range(6)] == [
        "Tiny",
        "Tiny (1) (1)",
        "Tiny (1) (2)",
        "Tiny (3)",
        "Other",
        "Tiny (1) (5)",
    ]
    assert found.seen_by(3).own == "Tiny (3)"


def test_other_images_have_no_place_and_the_reason_is_kept(records: dict[int, Subject]) -> None:
    fewer = {
        name: records[1].record.arrays[name][:500]
        for name in ("eval.logits", "eval.labels", "eval.ids", "eval.digests")
    }
    found = rank(records | {1: replace(records[1], record=change(records[1].record, arrays=fewer))})
    last = found.entries[-1]
    assert (last.name, last.rank, last.ranks) == ("Good", None, "—")
    assert {entry.worst for entry in found.entries[:-1]} == {4}
    assert [{pair.first, pair.second} for pair in found.refused] == [
        {"Main", "Good"},
        {"Good", "Other"},
        {"Good", "Little"},
        {"Good", "Same"},
    ]
    assert "500" in found.refused[0].reason.text
    assert len(found.pairs) == 6


def test_what_was_never_measured_has_no_place(records: dict[int, Subject]) -> None:
    found = rank(records | {2: replace(records[2], record=change(records[2].record, measured=None))})
    last = found.entries[-1]
    assert (last.name, last.rank, last.accuracy, last.values) == ("Other", None, None, ())


def test_with_seeds_the_mean_stands_and_the_change_is_that_of_the_means(record: RunRecord) -> None:
    seeded = with_seeds(record, 300, 350)
    seeded = seeded.model_copy(update={"measured": measure(seeded)})
    found = ranked({0: record, 1: seeded}, ("Main", "Seeds"))
    entry = next(entry for entry in found.entries if entry.number == 1)
    mean = np.mean([right(record).mean(), 300 / 600, 350 / 600])
    assert entry.accuracy is not None
    assert entry.accuracy.value == pytest.approx(mean, abs=1e-6)
    assert found.pairs[0].change.value == pytest.approx(mean - right(record).mean(), abs=1e-6)


def test_a_long_name_keeps_its_number() -> None:
    name = "x" * 300 + " (12)"
    assert abridge(name, 40).endswith(" (12)")
    assert len(abridge(name, 40)) == 40
    assert abridge("short", 40) == "short"
