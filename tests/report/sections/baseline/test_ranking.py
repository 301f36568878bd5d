"""The ranking in section 11: its sentence, its tables, and nothing of it where there is none."""

from __future__ import annotations

import pytest

from reportgen.comparison import compare_with, uncompared
from reportgen.comparison.ranking import rank
from reportgen.record.metric_value import MetricValue
from reportgen.record.ranking import Entry, Pair, Ranking
from reportgen.record.run import RunRecord
from reportgen.report.sections.baseline.ranking import say_ranking, view_ranking
from reportgen.report.sections.baseline.view import SECTION, BaselineView
from tests.comparison.cases import DIGEST, another_seed, improved, with_logits
from tests.outputs.reports import plain_figure
from tests.report.sections.cases import build, page

HOSTILE = ("<script>alert(1)</script>", "猫 🐈 {braces} %(percent)s", "x" * 300)


def titled(record: RunRecord, title: str) -> RunRecord:
    return record.model_copy(update={"title": title})


def ranked(record: RunRecord, *titles: str) -> RunRecord:
    """The second of four candidates, compared with the first and ranked among all."""
    candidates = (record, improved(record, 40), with_logits(record, another_seed()), improved(record, 3))
    records = {at: titled(one, title) for at, (one, title) in enumerate(zip(candidates, titles, strict=True))}
    compared = compare_with(records[2], records[0], DIGEST)
    return compared.model_copy(update={"ranking": rank(records).seen_by(2)})


def made(*pairs: tuple[str, str, float, bool], own: str | None = None) -> Ranking:
    """A ranking of pairs (first, second, change, holds), names by their letters."""
    names = sorted({name for first, second, *_ in pairs for name in (first, second)})
    shown = rank_entries(names)
    found = tuple(
        Pair(first=first, second=second, p=0.01, p_adjusted=0.01 if holds else 0.9, holds=holds,
             change=MetricValue(name="accuracy.change", label="", value=value, low=value - 0.01, high=value + 0.01,
                                n=600, display=f"{100 * value:+.1f} points", display_interval="ends"))
        for first, second, value, holds in pairs
    )  # fmt: skip
    return Ranking(entries=shown, pairs=found, resamples=10, seed=0, own=own)


def rank_entries(names: list[str]) -> tuple[Entry, ...]:
    return tuple(Entry(name=name, number=at, place=at + 1, best=1, worst=len(names), accuracy=None)
                 for at, name in enumerate(names))  # fmt: skip


@pytest.mark.parametrize(
    ("ranking", "sentence"),
    [
        (made(("A", "B", 0.05, True), ("A", "C", 0.06, True), ("B", "C", 0.01, False)),
         "After Holm’s correction over all 3 pairs of models, “B” is more accurate than “A” by +5.0 points (ends); “C” "
         "is more accurate than “A” by +6.0 points (ends); “B” and “C” can’t be told apart."),
        (made(("A", "B", -0.05, True), ("A", "C", -0.06, True), ("B", "C", 0.01, False)),
         "After Holm’s correction over all 3 pairs of models, “A” is more accurate than every other; “B” and “C” can’t "
         "be told apart."),
        (made(("A", "B", 0.0, False), ("A", "C", 0.0, False), ("B", "C", 0.0, False)),
         "After Holm’s correction over all 3 pairs of models, no difference of accuracy holds; “A”, “B” and “C” can’t "
         "be told apart."),
        (made(("A", "B", -0.05, False), ("A", "C", -0.06, True), ("B", "C", 0.01, False), own="C"),
         "After Holm’s correction over all 3 pairs of models, “A” is more accurate than “C” by +6.0 points (+5.0 to "
         "+7.0); not told apart are “C” from “B” and “B” from “A”."),
        (made(("A", "B", 0.05, True)),
         "Of the one pair of models, “B” is more accurate than “A” by +5.0 points (ends)."),
        (Ranking(entries=(), resamples=10, seed=0), "No two of these models could be compared."),
    ],
)  # fmt: skip
def test_the_sentence_says_what_holds_and_what_does_not(ranking: Ranking, sentence: str) -> None:
    assert say_ranking(ranking).replace("\u00a0", " ") == sentence


def test_a_lead_is_the_change_seen_from_the_other_side(record: RunRecord) -> None:
    there = rank({0: titled(record, "A"), 1: titled(improved(record, 40), "B")})
    back = rank({0: titled(improved(record, 40), "B"), 1: titled(record, "A")})
    assert say_ranking(there) == say_ranking(back)


def test_the_sentence_stands_after_the_verdict_and_leads_to_the_figure(record: RunRecord) -> None:
    whole = ranked(record, "Main", "Good", "Other", "Little")
    assert whole.ranking is not None
    built = build(SECTION, whole, {"baseline_ranking": plain_figure("baseline_ranking")})
    assert built.findings[1].text == say_ranking(whole.ranking)
    assert "“Good” is more accurate than every other" in built.findings[1].text
    assert built.findings[1].anchor == "figure-baseline_ranking"
    assert any("Mogstad" in note.reference for note in built.view.methods)


def test_the_tables_hold_every_number_as_the_records_print_it(record: RunRecord) -> None:
    whole = ranked(record, "Main", "Good", "Other", "Little")
    assert whole.ranking is not None
    view = view_ranking(whole.ranking)
    assert [row.name for row in view.standings] == [entry.name for entry in whole.ranking.entries]
    assert {row.name: row.note for row in view.standings} == {"Main": "baseline", "Other": "this model", "Good": "",
                                                              "Little": ""}  # fmt: skip
    assert whole.measured is not None
    own = next(row for row in view.standings if row.note == "this model")
    for name in ("accuracy", "macro_f1", "nll", "ece", "parameters", "macs"):
        value = whole.measured.value(name)
        assert value is not None
        assert value.display in own.cells
    assert all(len(row.cells) == len(view.head) for row in view.standings)
    assert len(view.pairs) == 6
    assert all("Other" in row[:2] for row in view.pairs[:3])
    text = page(SECTION, whole)
    for pair in whole.ranking.pairs:
        assert pair.change.display in text
        assert pair.change.display_interval in text


def test_refused_pairs_say_why(record: RunRecord) -> None:
    fewer = {name: record.arrays[name][:500] for name in ("eval.logits", "eval.labels", "eval.ids", "eval.digests")}
    less = titled(record.model_copy(update={"arrays": record.arrays.merged(fewer)}), "Less")
    compared = compare_with(improved(record, 40), record, DIGEST)
    found = rank({0: record, 1: compared, 2: less}).seen_by(1)
    text = page(SECTION, compared.model_copy(update={"ranking": found}))
    assert "Pairs that are not compared." in text
    assert found.refused[0].reason in text


def test_without_a_ranking_nothing_of_it_is_there(record: RunRecord) -> None:
    whole = ranked(record, "Main", "Good", "Other", "Little")
    alone = compare_with(whole, record, DIGEST)
    assert alone.ranking is None
    assert uncompared(whole) == uncompared(alone)
    view = build(SECTION, alone, {"baseline_ranking": plain_figure("baseline_ranking")}).view
    assert isinstance(view, BaselineView)
    assert (view.ranking, view.ranks) == (None, ())
    assert "Among all candidates" not in page(SECTION, alone)


def test_hostile_names_are_shown_as_they_are(record: RunRecord) -> None:
    text = page(SECTION, ranked(record, *HOSTILE, "Plain"))
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "猫 🐈 {braces} %(percent)s" in text
    assert "x" * 300 in text
