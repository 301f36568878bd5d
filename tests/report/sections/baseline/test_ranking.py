"""The ranking in section 11: its sentence, its tables, and nothing of it where there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reportgen.record.metric_value import MetricValue
from reportgen.record.ranking import Entry, Pair, Ranking
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.sections.baseline.ranking import format_ranking, view_ranking
from reportgen.report.sections.baseline.view import SECTION, BaselineView
from tests.comparison.cases import another_seed, improved, judged, ranked, with_logits
from tests.outputs.reports import plain_figure
from tests.report.sections.cases import build, page

HOSTILE = ("<script>alert(1)</script>", "猫 🐈 {braces} %(percent)s", "x" * 300)


def third(record: RunRecord, *titles: str) -> Subject:
    """The second of three candidates, compared with the baseline and ranked among all."""
    records = (record, improved(record, 40), with_logits(record, another_seed()), improved(record, 3))
    return with_ranking(judged(records[2], record), ranked(dict(enumerate(records)), titles).seen_by(2))


def with_ranking(subject: Subject, ranking: Ranking) -> Subject:
    return replace(subject, judgement=subject.judgement.model_copy(update={"ranking": ranking}))


def made(*pairs: tuple[str, str, float, bool], own: str | None = None) -> Ranking:
    """A ranking of pairs (first, second, change, holds), names by their letters."""
    names = sorted({name for first, second, *_ in pairs for name in (first, second)})
    shown = rank_entries(names)
    found = tuple(
        Pair(
            first=first,
            second=second,
            p=0.01,
            p_adjusted=0.01 if holds else 0.9,
            holds=holds,
            change=MetricValue(
                name="accuracy.change", value=value, low=value - 0.01, high=value + 0.01, n=600, unit="share"
            ),
        )
        for first, second, value, holds in pairs
    )
    return Ranking(entries=shown, pairs=found, own=own)


def rank_entries(names: list[str]) -> tuple[Entry, ...]:
    return tuple(
        Entry(name=name, number=at, rank=at + 1, best=1, worst=len(names), accuracy=None)
        for at, name in enumerate(names)
    )


@pytest.mark.parametrize(
    ("ranking", "sentence"),
    [
        (
            made(("A", "B", 0.05, True), ("A", "C", 0.06, True), ("B", "C", 0.01, False)),
            "“B” is more accurate than “A” by +5.0 points (+4.0 to +6.0). “C” is more accurate than “A” by +6.0 points "
            "(+5.0 to +7.0). “B” and “C” can’t be distinguished. All 3 pairs of models were tested, with Holm’s "
            "correction.",
        ),
        (
            made(("A", "B", -0.05, True), ("A", "C", -0.06, True), ("B", "C", 0.01, False)),
            "“A” is more accurate than every other. “B” and “C” can’t be distinguished. All 3 pairs "
            "of models were "
            "tested, with Holm’s correction.",
        ),
        (
            made(("A", "B", 0.0, False), ("A", "C", 0.0, False), ("B", "C", 0.0, False)),
            "No difference in accuracy is significant. “A”, “B” and “C” can’t be distinguished. All 3 pairs "
            "of models were "
            "tested, with Holm’s correction.",
        ),
        (
            made(("A", "B", -0.05, False), ("A", "C", -0.06, True), ("B", "C", 0.01, False), own="C"),
            "“A” is more accurate than “C” by +6.0 points (+5.0 to +7.0). Not distinguished: “C” from “B” and “B” "
            "from “A”. All 3 pairs of models were tested, with Holm’s correction.",
        ),
        (made(("A", "B", 0.05, True)), "“B” is more accurate than “A” by +5.0 points (+4.0 to +6.0)."),
        (Ranking(entries=()), "No two of these models could be compared."),
    ],
)
def test_the_sentence_says_what_holds_and_what_does_not(ranking: Ranking, sentence: str) -> None:
    assert format_ranking(ranking).replace("\u00a0", " ") == sentence


def test_a_lead_is_the_change_seen_from_the_other_side(record: RunRecord) -> None:
    there = ranked({0: record, 1: improved(record, 40)}, "AB")
    back = ranked({0: improved(record, 40), 1: record}, "BA")
    assert format_ranking(there) == format_ranking(back)


def test_the_sentence_stands_after_the_verdict_and_leads_to_the_figure(record: RunRecord) -> None:
    whole = third(record, "Main", "Good", "Other", "Little")
    ranking = whole.judgement.ranking
    assert ranking is not None
    built = build(SECTION, whole, {"baseline_ranking": plain_figure("baseline_ranking")})
    assert built.findings[1].text == format_ranking(ranking)
    assert "“Good” is more accurate than every other" in built.findings[1].text
    assert built.findings[1].anchor == "figure-baseline_ranking"
    assert any("Mogstad" in note.reference for note in built.view.methods)


def test_the_tables_hold_every_number_as_the_records_print_it(record: RunRecord) -> None:
    whole = third(record, "Main", "Good", "Other", "Little")
    ranking = whole.judgement.ranking
    assert ranking is not None
    view = view_ranking(ranking)
    assert [row.name for row in view.standings] == [entry.name for entry in ranking.entries]
    assert {row.name: row.note for row in view.standings} == {
        "Main": "baseline",
        "Other": "this model",
        "Good": "",
        "Little": "",
    }
    assert whole.record.measured is not None
    own = next(row for row in view.standings if row.note == "this model")
    for name in ("accuracy", "macro_f1", "nll", "ece", "parameters", "macs"):
        value = whole.record.measured.value(name)
        assert value is not None
        assert value.display in own.cells
    assert all(len(row.cells) == len(view.head) for row in view.standings)
    assert len(view.pairs) == 6
    assert all("Other" in row[:2] for row in view.pairs[:3])
    text = page(SECTION, whole)
    for pair in ranking.pairs:
        assert pair.change.display in text
        assert pair.change.display_interval in text


def test_refused_pairs_say_why(record: RunRecord) -> None:
    fewer = {name: record.arrays[name][:500] for name in ("eval.logits", "eval.labels", "eval.ids", "eval.digests")}
    less = record.model_copy(update={"arrays": record.arrays.merged(fewer)})
    compared = judged(improved(record, 40), record)
    found = ranked({0: record, 1: compared.record, 2: less}, ("Main", "Good", "Less")).seen_by(1)
    text = page(SECTION, with_ranking(compared, found))
    assert "Pairs that are not compared." in text
    assert found.refused[0].reason.text in text


def test_without_a_ranking_nothing_of_it_is_there(record: RunRecord) -> None:
    alone = judged(improved(record, 40), record)
    assert alone.judgement.ranking is None
    view = build(SECTION, alone, {"baseline_ranking": plain_figure("baseline_ranking")}).view
    assert isinstance(view, BaselineView)
    assert (view.ranking, view.ranks) == (None, ())
    assert "Among all candidates" not in page(SECTION, alone)


def test_hostile_names_are_shown_as_they_are(record: RunRecord) -> None:
    text = page(SECTION, third(record, *HOSTILE, "Plain"))
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "猫 🐈 {braces} %(percent)s" in text
    assert "x" * 300 in text
