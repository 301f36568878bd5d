"""Section 11: sentences that say what the numbers do, and no more; tables, cards, omission and refusal."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.metrics.values import value_of
from reportgen.outputs.comment import make_comment
from reportgen.record.run import RunRecord
from reportgen.report.assemble import assemble
from reportgen.report.model import Skipped
from reportgen.report.sections import find_sections
from reportgen.report.sections.baseline.findings import find_classes
from reportgen.report.sections.baseline.view import SECTION, BaselineView
from reportgen.report.sections.summary import SummaryView
from reportgen.report.verdict import format_change, format_verdict, write_verdict
from reportgen.report.wording import count_flips
from tests.comparison.cases import another_seed, improved, judged, with_logits, with_seeds
from tests.figures.drawing import drawn
from tests.metrics.test_draws import by_chance, noisy
from tests.outputs.reports import plain_report
from tests.report.sections.cases import build, change, page
from tests.support.records import TITLE, presented

HOSTILE = ("<script>alert(1)</script>", "猫 🐈", "x" * 300, "{{7*7}}", "javascript:a", *"fghij")


def stale(record: RunRecord) -> RunRecord:
    """A record of other classes."""
    return change(record, data={"classes": record.data.classes[::-1]})


VERDICTS = {
    "better": lambda r: judged(improved(r, 40), r),
    "worse": lambda r: judged(r, improved(r, 40)),
    "undecided": lambda r: judged(improved(r, 3), r),
    "equivalent": lambda r: judged(improved(r, 3), r, margin=0.05),
}
BEGINNINGS = {
    "better": "These weights are better than the baseline’s: top-1 accuracy changed by +6.7 points (",
    "worse": "These weights are worse than the baseline’s: top-1 accuracy changed by −6.7 points (",
    "undecided": "Not enough evidence to distinguish these weights from the baseline’s: top-1 accuracy changed by +0.5 "
    "points (",
    "equivalent": "These weights are equivalent to the baseline’s: top-1 accuracy changed by +0.5 points (",
}


@pytest.mark.parametrize(("images", "said"), [(1, "1 image turned from right"), (2, "2 images turned from right")])
def test_images_that_flipped_are_counted_in_words_that_fit(record: RunRecord, images: int, said: str) -> None:
    subject = judged(record, improved(record, images))
    assert f"{said} to wrong and 0 from wrong to right" in build(SECTION, subject).findings[0].text
    assert drawn(subject, "baseline_flips").caption.startswith(f"{said} to wrong and 0 from wrong to right.")


def test_a_gain_that_is_sure_and_within_the_margin_is_called_small(record: RunRecord) -> None:
    """The verdict, its interval and its p say one thing."""
    same, gained = (judged(improved(record, more), record, margin=0.05) for more in (3, 12))
    found = gained.judgement.compared
    assert found is not None
    assert (found.verdict, found.mcnemar.p < 0.05) == ("equivalent", True)
    assert "The gain is significant but small." in build(SECTION, gained).findings[0].text
    assert "significant but small" not in build(SECTION, same).findings[0].text


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_output_says_the_same_verdict(record: RunRecord, verdict: str) -> None:
    whole = VERDICTS[verdict](record)  # type: ignore[no-untyped-call]
    comparison = whole.judgement.compared
    assert comparison is not None
    assert comparison.verdict == verdict
    report = plain_report(whole)
    value = comparison.value("accuracy.change")
    assert value is not None
    first = build(SECTION, whole).findings[0]
    assert first.text.replace("\u00a0", " ").startswith(BEGINNINGS[verdict])
    assert value.display_full in first.text
    assert f"{value.display}, {value.display_interval}" in report.verdict
    assert report.verdict.count(".") == report.verdict.replace("; ", "").count(".")
    summary = next(view for view in report.sections if isinstance(view, SummaryView))
    tile = summary.tiles[1]
    assert tile.label == f"These weights against the baseline’s: {format_verdict(comparison)}"
    assert tile.value.display_full == value.display_full
    assert not any(item.text.startswith(format_change(comparison)) for item in summary.highlights)
    assert next(item for item in report.metrics if item.name == "accuracy.change") == value


def test_what_would_decide_is_said_where_it_is_open(record: RunRecord) -> None:
    whole = VERDICTS["undecided"](record)  # type: ignore[no-untyped-call]
    compared = whole.judgement.compared
    assert compared is not None
    sentence = build(SECTION, whole).sentence("A decision with 80 % power")
    assert f"about {compared.images_needed:,} images" in sentence
    assert "there are 600" in sentence
    assert "80 % power" not in build(SECTION, VERDICTS["better"](record)).text  # type: ignore[no-untyped-call]


def test_the_same_model_is_told_as_the_same(record: RunRecord) -> None:
    built = build(SECTION, judged(record, record))
    assert built.findings[0].text.startswith("The outputs are those of the baseline, to the bit, for every one")
    assert "Nothing in the records differs." in built.text
    assert "turned from right" not in built.text
    assert write_verdict(judged(record, record)).endswith(" Its outputs are those of the baseline.")


def test_other_scores_are_told_with_their_direction(record: RunRecord) -> None:
    text = build(SECTION, VERDICTS["worse"](record)).sentence("Apart from accuracy")  # type: ignore[no-untyped-call]
    assert "better: Expected calibration error −0.057 (" in text
    assert "; worse: Macro F1 " in text
    assert "Balanced accuracy" not in text, "classes of one size have none but accuracy"
    assert "No other score changed" in build(SECTION, judged(improved(record, 1), record)).text


def test_classes_that_hold_after_correction_are_named(record: RunRecord) -> None:
    logits, labels = record.arrays["eval.logits"].copy(), record.arrays["eval.labels"]
    rows = np.flatnonzero((labels == 3) & (logits.argmax(1) == 3))
    logits[rows, 3] -= 50
    sentence = build(SECTION, judged(with_logits(record, logits), record)).sentence("Recall")
    assert sentence.startswith("Recall fell: “cat” −")
    assert "This is significant at 5 % after Holm’s correction over all 10 classes" in sentence
    calm = build(SECTION, VERDICTS["undecided"](record)).sentence("Holm’s correction over all")  # type: ignore[no-untyped-call]
    assert calm.startswith("No class changed significantly")


def test_a_class_is_held_to_more_where_accuracy_did_not_change(record: RunRecord) -> None:
    compared = judged(improved(record, 1), record).judgement.compared
    assert compared is not None
    fell = value_of("class.cat.recall.change", -0.15, (-0.25, -0.06), 60, "paired")
    moved = compared.classes[3].model_copy(
        update={"p": 0.003, "p_adjusted": 0.03, "lost": 9, "gained": 0, "change": fell}
    )
    classes = (*compared.classes[:3], moved, *compared.classes[4:])
    for p, level in ((0.04, "5\u00a0%"), (0.2, "1\u00a0%")):
        told = find_classes(compared.model_copy(update={"classes": classes, "p": p}), "")
        assert told is not None
        assert told.key == ("baseline.classes" if p < 0.05 else "baseline.no_class")
        assert f"significant at {level} after" in told.text or f"significantly at {level} after" in told.text


def test_one_training_each_is_a_caveat_and_several_seeds_are_counted(record: RunRecord) -> None:
    other = with_logits(record, another_seed())
    once = build(SECTION, judged(other, record))
    (caveat,) = (finding for finding in once.findings if finding.text.startswith("Each model was trained once"))
    assert caveat.always  # so that it is folded away, and not on page 1
    many = build(SECTION, judged(with_seeds(other, [1, 2], 1.0), with_seeds(record, [3], 1.0)))
    assert "over 2 seeds of the baseline and 3 seeds of this model" in many.text
    assert "Each model was trained once" not in many.text
    assert "With the first seeds, " in many.findings[0].text
    assert any(note.name == "Several seeds" for note in many.view.methods)


@pytest.mark.slow
def test_no_test_of_the_first_stands_beside_a_verdict_on_several(record: RunRecord) -> None:
    """McNemar's p of the first seeds or evaluations could contradict the verdict, which rests on all of them."""
    other = improved(record, 40)
    once = judged(other, record)
    seeds = judged(with_seeds(other, [1, 2], 1.0), with_seeds(record, [3], 1.0))
    draws = judged(by_chance(other, noisy(other, 1.5)), record)
    firsts = {"": once, "first seeds": seeds, "first evaluations": draws}
    for first, whole in firsts.items():
        compared = whole.judgement.compared
        assert compared is not None
        comment = make_comment(plain_report(presented(whole.record, whole.judgement)))
        for text in (build(SECTION, whole).findings[0].text, count_flips(compared), comment):
            assert ("McNemar" in text) == (not first)
            assert first in text
        classes = build(SECTION, whole).sentence("Holm’s correction over all")
        assert (f"This is for the {first} only" in classes) == bool(first)


@pytest.mark.slow
def test_one_training_each_is_a_verdict_on_these_weights_everywhere(record: RunRecord) -> None:
    other = with_logits(record, another_seed())
    once = judged(other, record)
    several = judged(with_seeds(other, [1, 2], 1.0), with_seeds(record, [3], 1.0))
    for whole, of_weights in ((once, True), (several, False)):
        ruled = presented(whole.record, whole.judgement, gates=("accuracy.change > -0.5", "macs <= 1e12"))
        report = plain_report(ruled)
        summary = next(view for view in report.sections if isinstance(view, SummaryView))
        (tile,) = (tile for tile in summary.tiles if tile.value.name == "accuracy.change")
        said = [
            report.verdict,
            tile.label,
            make_comment(report).splitlines()[1],
            build(SECTION, whole).findings[0].text,
        ]
        assert all(("hese weights" in text) == of_weights for text in said), said
        for text in (summary.gates_note, make_comment(report)):
            assert ("A rule on a change is about these weights and the baseline’s" in text) == of_weights
    plain = plain_report(presented(once.record, once.judgement, gates=("macs <= 1e12", "macs.change <= 0")))
    assert "A rule on a change" not in make_comment(plain)


def test_cost_is_told_in_multiples_and_times_only_of_one_machine(record: RunRecord) -> None:
    half = change(record, trace={"macs": record.trace.macs // 2})
    halved = with_logits(half, record.arrays["eval.logits"])
    assert "Relative to the baseline: MACs ×0.500." in build(SECTION, judged(halved, record)).text
    away = change(record, device={"name": "Another CPU"})
    built = build(SECTION, judged(away, record))
    facts = {fact.label: fact for fact in built.view.facts}  # type: ignore[attr-defined]
    assert [facts[name].value for name in ("Parameters", "MACs")] == ["×1.00", "×1.00"]
    assert "Times of different devices are not compared" in facts["Latency, one image"].note
    assert "Parameters" not in built.text


def test_what_differs_is_named_and_listed(record: RunRecord) -> None:
    spec = record.spec.model_copy(update={"run": record.spec.run.model_copy(update={"epochs": 9.0})})
    other = change(record, spec=spec, device={"precision": "bfloat16"})
    built = build(SECTION, judged(with_logits(other, another_seed()), record))
    assert built.sentence("Differences") == "Differences: the spec (run.epochs) and the machine (numerical precision)."
    assert isinstance(built.view, BaselineView)
    assert ("spec", "run.epochs", "3.0", "9.0") in built.view.differences
    alone = build(SECTION, judged(with_logits(record, another_seed()), record))
    assert "comes from chance or from the machine" in alone.text


def test_tables_hold_the_numbers_of_the_comparison(record: RunRecord) -> None:
    whole = VERDICTS["better"](record)  # type: ignore[no-untyped-call]
    comparison, view = whole.judgement.compared, build(SECTION, whole).view
    assert comparison is not None
    assert isinstance(view, BaselineView)
    assert record.measured is not None
    before, after = record.measured.value("accuracy"), whole.record.measured.value("accuracy")  # type: ignore[union-attr]
    assert view.values[0][1:4] == (before.display, after.display, comparison.values[0].display)  # type: ignore[union-attr]
    assert len(view.classes) == 10
    assert sum(int(row[7]) for row in view.classes) == 40


def test_cards_show_both_answers_within_the_budget(record: RunRecord) -> None:
    whole = judged(with_logits(record, another_seed()), record)
    view = build(SECTION, whole).view
    assert isinstance(view, BaselineView)
    assert [group.name for group in view.groups] == ["lost", "gained"]
    cards = [card for group in view.groups for card in group.cards]
    assert sum(len(card.png) for card in cards) <= 44_000
    for group in view.groups:
        for card in group.cards:
            assert card.right == (group.name == "gained")
            assert [guess.is_label for guess in card.guesses] == [not card.right, card.right]
            assert [guess.name == card.label for guess in card.guesses] == [not card.right, card.right]
            assert [guess.who for guess in card.guesses] == ["was", "now"]
    text = page(SECTION, whole)
    assert text.count("✗ lost") == len(view.groups[0].cards)
    assert text.count("✓ gained") == len(view.groups[1].cards)


def test_names_from_outside_stay_text(record: RunRecord) -> None:
    hostile = change(record, data={"classes": HOSTILE})
    hostile = with_logits(hostile, hostile.arrays["eval.logits"])
    text = page(SECTION, judged(with_logits(hostile, another_seed()), hostile), "print")
    assert "<script" not in text
    assert "猫 🐈" in text


def test_without_a_baseline_the_section_is_not_there_unless_asked_for(record: RunRecord) -> None:
    assert not any(view.name == "baseline" for view in plain_report(record).sections)
    asked = presented(record, report={"sections": ("summary", "baseline")})
    sections = {name: section for name, section in find_sections().items() if name in ("summary", "baseline")}
    last = assemble(asked, {}, sections).sections[-1]
    assert isinstance(last, Skipped)
    assert "names no baseline" in last.reason


def test_a_refusal_stands_in_the_sections_place_with_reason_and_advice(record: RunRecord) -> None:
    whole = judged(record, stale(record))
    report = plain_report(whole)
    view = next(view for view in report.sections if view.name == "baseline")
    assert isinstance(view, Skipped)
    assert view.reason.startswith(f"Not compared with “{TITLE}”. The classes are the same but in another")
    assert report.verdict.endswith(" It could not be compared with the baseline.")
    assert not any(value.name == "accuracy.change" for value in report.metrics)


def test_the_same_record_gives_the_same_section(record: RunRecord) -> None:
    whole = judged(with_logits(record, another_seed()), record)
    assert build(SECTION, whole) == build(SECTION, whole)
    assert page(SECTION, whole) == page(SECTION, whole)
