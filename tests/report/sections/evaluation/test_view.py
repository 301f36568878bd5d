"""Section 5: every sentence against numbers computed another way, and records that must not bring it forth."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import binomtest, chi2_contingency
from sklearn.metrics import confusion_matrix

from reportgen.metrics.predictions import read_predictions
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import Skipped
from reportgen.report.sections.evaluation.class_findings import format_errors
from reportgen.report.sections.evaluation.findings import find_coverage
from reportgen.report.sections.evaluation.view import SECTION, EvaluationView
from tests.report.register.worlds import called, measured, spoil
from tests.report.sections.cases import build, change, evaluated, outputs, page

CLASSES = ("cat", "dog", "ship")


def errors(*rows: tuple[int, int, int]) -> tuple[list[int], np.ndarray]:
    """Predictions and labels of a confusion matrix given by rows."""
    predicted = [guess for row in rows for guess, count in enumerate(row) for _ in range(count)]
    labels = np.array([true for true, row in enumerate(rows) for count in row for _ in range(count)])
    return predicted, labels


def confused(record: RunRecord, *rows: tuple[int, int, int], confidence: float = 0.9) -> RunRecord:
    predicted, labels = errors(*rows)
    return evaluated(record, outputs(predicted, 3, confidence), labels, CLASSES)


def percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def wilson(k: int, n: int) -> str:
    ends = binomtest(k, n).proportion_ci(method="wilson")
    return f"{100 * ends.low:.1f}–{100 * ends.high:.1f}"


def test_the_weakest_class_and_where_its_images_go(record: RunRecord) -> None:
    weak = confused(record, (800, 150, 50), (10, 980, 10), (10, 10, 980))
    assert build(SECTION, weak).sentence("weakest") == (
        f"“cat” is the weakest class: recall 80.0 % ({wilson(800, 1000)}, n = 1,000). Most of its misclassified images "
        "are predicted as “dog” (15.0 % of the class)."
    )


def test_balanced_accuracy_is_listed_only_where_it_says_more_than_accuracy(record: RunRecord) -> None:
    same = build(SECTION, confused(record, (30, 5, 5), (2, 36, 2), (0, 4, 36))).view
    other = build(SECTION, confused(record, (30, 5, 5), (2, 36, 2), (0, 4, 6))).view
    assert isinstance(same, EvaluationView)
    assert isinstance(other, EvaluationView)
    assert "Balanced accuracy" not in [row[0] for row in same.scores]
    assert "Every class has 40 images, so balanced accuracy is top-1 accuracy." in same.scores.caption
    single = build(SECTION, confused(record, (1, 0, 0), (0, 1, 0), (0, 1, 0))).view
    assert isinstance(single, EvaluationView)
    assert "Every class has 1 image, so balanced accuracy is top-1 accuracy." in single.scores.caption
    assert "Balanced accuracy" in [row[0] for row in other.scores]
    assert "balanced" not in other.scores.caption
    assert "Top-5 accuracy" not in [row[0] for row in other.scores], "there are three classes"


def test_a_weakest_class_that_chance_may_have_made(record: RunRecord) -> None:
    even = confused(record, (400, 50, 50), (50, 402, 48), (40, 40, 420))
    sentence = build(SECTION, even).sentence("lowest recall")
    assert "not significantly lower than any other class" in sentence
    assert "mistaken for" not in sentence  # as often for “ship” as for “dog”
    assert "weakest class" not in build(SECTION, even).text


@pytest.mark.parametrize(
    ("to_dog", "to_ship", "said"),
    [
        (60, 55, ""),
        (120, 80, "Most of its misclassified images are predicted as “dog”"),
        (6, 0, "Most of its misclassified images are predicted as “dog”"),
        (5, 0, ""),
    ],
)
def test_where_the_images_of_the_weakest_class_go_is_said_only_above_chance(
    record: RunRecord, to_dog: int, to_ship: int, said: str
) -> None:
    """The extreme of all classes is tested against the next: two-sided binomial of their two counts at one half."""
    rows = (500 - to_dog - to_ship, to_dog, to_ship), (1, 499, 0), (0, 1, 499)
    text = build(SECTION, confused(record, *rows)).text
    told = "are predicted as “dog” (" in text or "mistaken for “dog”" in text
    assert told == bool(said) == (binomtest(to_dog, to_dog + to_ship).pvalue <= 0.05)
    assert said in text


def test_errors_spread_evenly_send_no_class_anywhere() -> None:
    """Of simulated reports in which each wrong answer is as often any other class, at most one in twenty says so."""
    rng, labels, said = np.random.default_rng(0), np.arange(1000) % 10, 0
    for _ in range(300):
        counts = measured(called(spoil(rng, labels, 0.85), labels))
        weakest = min(counts.classes, key=lambda one: one.recall.value)
        said += bool(format_errors(counts, weakest))
    assert said <= 0.05 * 300


def test_classes_that_differ_by_more_than_chance(record: RunRecord) -> None:
    rows = ((800, 150, 50), (10, 980, 10), (10, 10, 980))
    test = chi2_contingency([[800, 200], [980, 20], [980, 20]], correction=False)
    sentence = build(SECTION, confused(record, *rows)).sentence("differ by more than chance")
    assert f"χ² = {test.statistic:.1f}, 2 degrees of freedom, p < 0.001" in sentence
    assert "from 80.0 % to 98.0 %" in sentence


def test_classes_that_do_not(record: RunRecord) -> None:
    test = chi2_contingency([[400, 100], [402, 98], [405, 95]], correction=False)
    sentence = build(SECTION, confused(record, (400, 50, 50), (49, 402, 49), (45, 50, 405))).sentence("χ²")
    assert sentence.startswith("The differences between the classes are no larger than expected by chance")
    assert f"p = {test.pvalue:.2f}" in sentence


def test_too_few_errors_for_the_test(record: RunRecord) -> None:
    assert "Too few images or errors" in build(SECTION, confused(record, (9, 1, 0), (0, 10, 0), (0, 0, 10))).text


def test_the_pair_confused_most_counts_both_ways(record: RunRecord) -> None:
    built = build(SECTION, confused(record, (900, 60, 40), (76, 900, 24), (30, 20, 950)))
    assert built.sentence("classes confused most") == (
        "The classes confused most are “dog” and “cat”: 76 images of the first are predicted as the second, 60 the "
        "other way "
        "round, together "
        f"{percent(136 / 250)} of the 250 errors."
    )


def test_the_strongest_class(record: RunRecord) -> None:
    built = build(SECTION, confused(record, (800, 100, 100), (100, 800, 100), (5, 5, 990)))
    assert f"“ship” is the strongest class: recall 99.0 % ({wilson(990, 1000)}, n = 1,000)." in built.text


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (((90, 5, 5), (5, 90, 5), (5, 5, 90)), "Always predicting the same class gives 33.3 %"),
        (((34, 33, 33), (33, 34, 33), (33, 33, 34)), "gives 33.3 %. The difference can’t be distinguished from zero."),
        (((10, 45, 45), (45, 10, 45), (45, 45, 10)), "gives 33.3 %. The model is less accurate than that."),
        (((760, 20, 20), (10, 90, 0), (10, 0, 90)), "Always predicting “cat” gives 80.0 %"),
    ],
)
def test_accuracy_against_the_baseline(record: RunRecord, rows: tuple[tuple[int, int, int], ...], said: str) -> None:
    assert said in build(SECTION, confused(record, *rows)).text


def test_over_confidence_and_temperature(record: RunRecord) -> None:
    sure = confused(record, (700, 200, 100), (100, 700, 200), (200, 100, 700), confidence=0.95)
    built = build(SECTION, sure)
    sentence = built.sentence("model is over-confident")
    low, high = binomtest(2100, 3000).proportion_ci(method="wilson")  # the confidence is the same of all images
    assert f"by 25.0 points ({95 - 100 * high:.1f}–{95 - 100 * low:.1f})" in sentence
    assert "its mean confidence is 95.0 %, its accuracy 70.0 %." in sentence
    assert "changes the expected calibration error from 0.250 to " in built.text
    assert re.search(r"more than the 0\.0\d+ that a perfectly calibrated model .* on average \(p.<.0\.001\)", sentence)
    assert "Under-confident" not in built.text


def test_under_confidence(record: RunRecord) -> None:
    shy = confused(record, (900, 50, 50), (50, 900, 50), (50, 50, 900), confidence=0.6)
    assert "The model is under-confident on average, by 30.0 points" in build(SECTION, shy).text


def test_a_calibrated_model_is_not_accused(record: RunRecord) -> None:
    fair = confused(record, (90, 5, 5), (5, 90, 5), (5, 5, 90), confidence=0.9)
    text = build(SECTION, fair).text
    assert "confidence of 90.0 % can’t be distinguished from its accuracy of 90.0 %" in text
    assert "model is over-confident" not in text


def test_second_guess_and_first_five(record: RunRecord) -> None:
    logits, labels = record.arrays["eval.logits"], record.arrays["eval.labels"]
    ranks = np.argsort(np.argsort(-logits, axis=1), axis=1)[np.arange(len(labels)), labels]
    wrong, second = int((ranks > 0).sum()), int((ranks == 1).sum())
    sentence = build(SECTION, record).sentence("in second place")
    assert f"Of the {wrong} wrong predictions, {percent(second / wrong)}" in sentence
    assert f"among the five most probable for {percent(float((ranks < 5).mean()))}" in sentence


def grouped(record: RunRecord, groups: tuple[int, ...], labels: np.ndarray, predicted: list[int]) -> RunRecord:
    """Outputs of as many classes as there are groups given, each image with the group of its class."""
    shown = evaluated(record, outputs(predicted, len(groups), 0.9), labels)
    coarse = np.array(groups, np.int64)[labels]
    return change(shown, data={"coarse_classes": ("animals", "vehicles")}, arrays={"eval.coarse_labels": coarse})


def test_errors_within_the_group_of_a_class(record: RunRecord) -> None:
    labels = np.repeat(np.arange(4), 25)
    predicted = [*[0] * 25, *[0] * 6, *[2] * 4, *[1] * 15, *[2] * 25, *[3] * 25]
    built = grouped(record, (0, 0, 0, 1), labels, predicted)
    assert build(SECTION, built).sentence("group of the right class") == (
        "Errors stay within the group of the right class more often than other classes drawn at random would: of the "
        f"10 wrong predictions, 100.0 % ({wilson(10, 10)[:2]}–100) do, where 66.7 % would be expected (2 groups)."
    )
    mixed = build(SECTION, grouped(record, (0, 0, 1, 1), labels, predicted)).sentence("group of the right class")
    assert "of the 10 wrong predictions, 60.0 % (" in mixed
    assert "where 33.3 % would be expected" in mixed


@pytest.mark.parametrize(("stay", "said"), [(26, 1), (7, 0), (10, 0), (13, 0), (1, -1)])
def test_errors_keep_to_their_group_or_avoid_it_beyond_chance(record: RunRecord, stay: int, said: int) -> None:
    """30 errors of four classes in two groups, of which a third would stay."""
    assert (binomtest(stay, 30, 1 / 3).pvalue <= 0.05) == (said != 0)
    labels = np.array([*[0] * 60, 1, 2, 3])
    predicted = [*[0] * 30, *[1] * stay, *[2] * (30 - stay), 1, 2, 3]
    text = build(SECTION, grouped(record, (0, 0, 1, 1), labels, predicted)).text
    assert ("more often than other classes drawn at random" in text) == (said > 0)
    assert ("less often than other classes drawn at random" in text) == (said < 0)
    assert ("no evidence that errors keep to the group" in text) == (said == 0)


def test_one_error_or_one_group_says_nothing_of_groups(record: RunRecord) -> None:
    labels = np.repeat(np.arange(4), 25)
    assert "group" not in build(SECTION, grouped(record, (0, 0, 1, 1), labels, [1, *labels[1:]])).text
    assert "group" not in build(SECTION, grouped(record, (0, 0, 0, 0), labels, [1, 1, *labels[2:]])).text


def test_groups_that_are_no_groups_of_classes_are_not_spoken_of(record: RunRecord) -> None:
    labels = np.repeat(np.arange(4), 25)
    good = grouped(record, (0, 0, 1, 1), labels, [0] * 100)
    for coarse in (np.arange(100) % 2, np.full(100, 2), np.full(100, -1), np.zeros(99), np.zeros((100, 1))):
        odd = change(good, arrays={"eval.coarse_labels": coarse.astype(np.int64)})
        assert "group of the right class" not in build(SECTION, odd).text
    assert "group of the right class" not in build(SECTION, record).text
    assert "group of the right class" not in build(SECTION, grouped(record, (0, 0, 1, 1, 1), labels, [0] * 100)).text


def test_error_at_four_fifths_coverage(record: RunRecord) -> None:
    logits, labels = record.arrays["eval.logits"].astype(float), record.arrays["eval.labels"]
    confidence = softmax(logits, axis=1).max(1)
    kept = np.argsort(-confidence, kind="stable")[:480]
    wrong = int((logits.argmax(1) != labels)[kept].sum())
    sentence = build(SECTION, record).sentence("Of the 80 %")
    assert f"{percent(wrong / 480)} ({wilson(wrong, 480)}, n = 480) are wrong; of the others, " in sentence


def test_every_prediction_right(record: RunRecord) -> None:
    perfect = confused(record, (100, 0, 0), (0, 100, 0), (0, 0, 100))
    text = build(SECTION, perfect).text
    most = 1 - binomtest(300, 300).proportion_ci(method="wilson").low
    assert f"All 300 predictions are right; the share of errors may still be as high as {percent(most)}." in text
    for word in ("weakest", "confused", "second place", "Answering only"):
        assert word not in text
    assert "The largest confusions" not in page(SECTION, perfect)


def test_every_prediction_wrong(record: RunRecord) -> None:
    hopeless = confused(record, (0, 100, 0), (0, 0, 100), (100, 0, 0))
    built = build(SECTION, hopeless)
    assert "less accurate than that" in built.text
    assert "Answering only" not in built.text
    assert "0.0 %" in page(SECTION, hopeless).replace("\u00a0", " ")


def test_a_class_without_images_is_named_and_not_zero(record: RunRecord) -> None:
    predicted, labels = errors((50, 10, 0), (10, 50, 0), (0, 0, 0))
    built = build(SECTION, evaluated(record, outputs(predicted, 3, 0.8), labels, CLASSES))
    assert "1 class has no image in the evaluation set and is not judged: “ship”." in built.text
    view = built.view
    assert isinstance(view, EvaluationView)
    assert view.classes[-1][:4] == ("ship", "0", "—", "")


def test_a_class_that_is_never_answered(record: RunRecord) -> None:
    built = build(SECTION, confused(record, (90, 10, 0), (10, 90, 0), (60, 40, 0)))
    assert "1 class is never predicted: “ship”." in built.text
    assert "never predicted" not in build(SECTION, record).text


@pytest.mark.parametrize("broken", [1, 7])
def test_outputs_that_are_no_numbers(record: RunRecord, broken: int) -> None:
    logits = np.array(record.arrays["eval.logits"])
    logits[:broken, 0] = np.nan
    bad = evaluated(record, logits, record.arrays["eval.labels"])
    built = build(SECTION, bad)
    assert f"For {broken} of 600 images the model’s output is not a finite number" in built.text
    assert built.findings[0].tone == "bad"
    assert "model is over-confident" not in built.text
    assert "—" in page(SECTION, bad)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "classes"), [(1, 2), (2, 2), (3, 1), (300, 100), (40, 20)])
def test_extreme_sizes_render(record: RunRecord, n: int, classes: int) -> None:
    rng = np.random.default_rng(n)
    odd = evaluated(record, rng.normal(size=(n, classes)), np.arange(n) % classes)
    for medium in ("screen", "print"):
        text = page(SECTION, odd, medium)
        assert "Top-1 accuracy" in text
        assert "nan" not in text.lower().replace("finance", "")


def test_the_table_of_classes_is_the_weakest_first_and_agrees(record: RunRecord) -> None:
    logits, labels = record.arrays["eval.logits"], record.arrays["eval.labels"]
    matrix = confusion_matrix(labels, logits.argmax(1))
    view = build(SECTION, record).view
    assert isinstance(view, EvaluationView)
    recalls = np.diag(matrix) / matrix.sum(1)
    assert view.classes[0][0] == record.data.classes[int(recalls.argmin())]
    shown = sorted(float(row[2].split("\u00a0")[0]) for row in view.classes)
    assert shown == pytest.approx(sorted(100 * recalls), abs=0.05)
    first = view.confusions[0]
    names = list(record.data.classes)
    off = matrix - np.diag(np.diag(matrix))
    assert int(first[2]) == off.max() == off[names.index(first[0]), names.index(first[1])]


def test_bins_hold_every_image(record: RunRecord) -> None:
    view = build(SECTION, record).view
    assert isinstance(view, EvaluationView)
    assert sum(int(row[1]) for row in view.bins) == 600


def test_a_record_without_measurements_is_skipped(record: RunRecord) -> None:
    assert isinstance(SECTION.build(Subject(change(record, measured=None)), {}), Skipped)


def test_names_with_braces_and_markup_stay_names(record: RunRecord) -> None:
    predicted, labels = errors((40, 10, 0), (5, 45, 0), (0, 0, 50))
    names = ("{other}", "<script>x</script>", "猫" * 300)
    odd = evaluated(record, outputs(predicted, 3, 0.8), labels, names)
    assert "“{other}”" in build(SECTION, odd).text
    text = page(SECTION, odd)
    assert "<script>" not in text
    assert "猫" * 300 in text


def test_no_finding_is_said_twice(record: RunRecord) -> None:
    texts = [finding.text for finding in build(SECTION, record).findings]
    assert len(texts) == len(set(texts))


def test_pairs_that_are_confused_alike_are_not_ranked(record: RunRecord) -> None:
    assert "classes confused most" not in build(SECTION, confused(record, (90, 5, 5), (5, 90, 5), (5, 5, 90))).text


def test_a_model_that_answers_nothing_finite_gets_one_sentence(record: RunRecord) -> None:
    logits = np.full((600, 10), np.nan)
    built = build(SECTION, evaluated(record, logits, record.arrays["eval.labels"]))
    assert built.text.count("\n") == 0
    assert built.text.startswith("For 600 of 600 images")


def test_confidence_that_sorts_nothing(record: RunRecord) -> None:
    labels = np.arange(400) % 2
    predicted = np.where(np.arange(400) % 4 < 2, labels, 1 - labels)
    blind = evaluated(record, outputs(predicted, 2, np.tile([0.9, 0.8, 0.9, 0.8], 100)), labels)
    sentence = build(SECTION, blind).sentence("There is no evidence that the model’s confidence separates")
    assert "n = 320) are wrong, of the others 50.0 %." in sentence
    assert "There is no evidence" not in build(SECTION, record).text


@pytest.mark.parametrize("given", [[1, 0, 2], [2, 0, 1]])
def test_classes_in_another_order_are_said_with_the_accuracy_of_the_right_one(
    record: RunRecord, given: list[int]
) -> None:
    labels = np.arange(600) % 3
    rng = np.random.default_rng(0)
    meant = np.where(rng.random(600) < 0.9, labels, rng.integers(0, 3, 600))
    logits = outputs(np.array(given)[meant], 3, np.full(600, 0.9))
    swapped = evaluated(record, logits, labels)
    finding = next(one for one in build(SECTION, swapped).findings if "order of the model’s classes" in one.text)
    assert (finding.weight, finding.tone) == (1.0, "bad")
    assert f"{sum(np.arange(3) != given)} outputs seem to mean other classes" in finding.text
    assert "means “" in finding.text
    order = re.search(r"return outputs\[:, \[([0-9, ]+)\]\] from the model’s forward", finding.text)
    assert order is not None
    told = logits[:, [int(one) for one in order[1].split(", ")]]
    assert (told.argmax(1) == labels).mean() == (meant == labels).mean()
    assert "n = 300) of the images that were not used to find it" in finding.text.replace("\u00a0", " ")
    assert "order of the model’s classes" not in build(SECTION, record).text


def test_that_a_model_has_learnt_nothing_is_said_before_another_order_that_hardly_helps(record: RunRecord) -> None:
    labels = np.arange(2000) % 10
    rng = np.random.default_rng(0)
    called = np.where(rng.random(2000) < 0.3, (labels + 1) % 10, 0)
    found = build(SECTION, evaluated(record, outputs(called, 10, np.full(2000, 0.3)), labels)).findings
    first, second = sorted(found, key=lambda one: one.rank)[:2]
    assert "The difference can’t be" in first.text or "Always predicting" in first.text
    assert "order of the model’s classes" in second.text


def test_a_subset_that_errs_less_than_the_rest_is_not_called_no_evidence() -> None:
    """66 % of the surest 800 images are wrong and 80 % of the other 200: the interval of the first holds the 69 % of
    all, and the difference is sure all the same."""
    wrong = np.r_[np.arange(200) < 160, np.arange(800) < 529]
    confidence = np.linspace(0.51, 0.99, 1000)
    logits = np.stack([np.log(confidence / (1 - confidence)), np.zeros(1000)], axis=1)
    found = find_coverage(read_predictions(logits, wrong.astype(np.int64)), "")
    assert found is not None
    assert (found.key, found.tone) == ("evaluation.confidence_separates", "plain")
    assert "66.1\u00a0% (62.8–69.3, n\u00a0=\u00a0800) are wrong; of the others, 80.0\u00a0%" in found.text
