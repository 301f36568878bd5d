"""Section 4: the gap, the last quarter, the end of the pass, divergence; each against a record made for it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from reportgen.metrics import measure
from reportgen.record.arrays import Arrays
from reportgen.record.measurements import Measurements
from reportgen.record.run import TEST_RIGHT, Divergence, EpochStats, RunRecord, Stage
from reportgen.record.subject import Subject
from reportgen.report.model import Skipped
from reportgen.report.sections.training.findings import epoch_text, format_passes
from reportgen.report.sections.training.methods import training_methods
from reportgen.report.sections.training.view import MOST_EPOCHS, SECTION, TrainingView, thin
from tests.report.sections.cases import build, change, page
from tests.support.records import rising_answers


def history(*accuracies: float, n: int = 1000) -> tuple[EpochStats, ...]:
    """One point an epoch of ten steps, with these test accuracies."""
    return tuple(
        EpochStats(
            epoch=place + 1,
            step=10 * (place + 1),
            train_loss=1.0,
            train_accuracy=0.5,
            train_n=n,
            test_loss=1.0,
            test_accuracy=accuracy,
            test_n=n,
            seconds=place + 1.0,
        )
        for place, accuracy in enumerate(accuracies)
    )


def trained(record: RunRecord, **values: object) -> RunRecord:
    return change(record, training=values)


def passed(record: RunRecord, *accuracies: float, n: int = 1000) -> RunRecord:
    steps = 10 * len(accuracies)
    right = rising_answers(accuracies, n)
    told = trained(record, epochs=history(*accuracies, n=n), steps=steps, planned_steps=steps, steps_per_epoch=10)
    return change(told, arrays={TEST_RIGHT: right})


def without_answers(record: RunRecord) -> RunRecord:
    """As an older version left it."""
    arrays = {name: array for name, array in record.arrays.items() if name != TEST_RIGHT}
    return record.model_copy(update={"arrays": Arrays(arrays)})


def with_train(record: RunRecord, correct: int, n: int) -> RunRecord:
    changed = trained(record, train_correct=correct, train_n=n)
    return changed.model_copy(update={"measured": measure(changed)})


def value(measured: Measurements | None, name: str) -> str:
    assert measured is not None
    found = measured.value(name)
    assert found is not None
    return found.display_full.replace("\u00a0", " ")


def test_evaluation_alone_skips_the_section_with_its_reason(record: RunRecord) -> None:
    view = SECTION.build(Subject(change(record, training=None)), {})
    assert isinstance(view, Skipped)
    assert view.reason == "The model was evaluated as it is; this run trained nothing."


def test_a_gap_that_may_be_zero_is_not_called_over_fitting(record: RunRecord) -> None:
    sentence = build(SECTION, record).sentence("Accuracy is")
    assert value(record.measured, "train_accuracy") in sentence
    assert value(record.measured, "accuracy") in sentence
    assert "to +7.1) can’t be distinguished from zero; one of up to" in sentence


def test_a_pass_of_less_than_an_epoch_says_nothing_of_over_fitting(record: RunRecord) -> None:
    fitted = with_train(record, 990, 1000)
    assert fitted.training is not None
    training = fitted.training.model_copy(update={"steps": 40, "steps_per_epoch": 1000})
    sentence = build(SECTION, change(fitted, training=training)).sentence("Accuracy is")
    assert "The run trained on at most 4.0\u00a0% of all training images" in sentence.replace(" %", "\u00a0%")
    assert "better by" not in sentence
    assert "over-fitting" in sentence


def test_a_gap_above_zero_is_named_with_its_interval(record: RunRecord) -> None:
    fitted = with_train(record, 990, 1000)
    built = build(SECTION, fitted)
    sentence = built.sentence("fits the training images better")
    gap = fitted.measured.value("generalisation_gap") if fitted.measured else None
    assert gap is not None
    assert gap.low is not None
    assert gap.low > 0
    assert f"by {100 * gap.value:.1f} points" in sentence  # type: ignore[operator]
    assert gap.high is not None
    assert f" points ({100 * gap.low:.1f}–{100 * gap.high:.1f})." in sentence
    assert next(f for f in built.findings if "fits the training" in f.text).tone == "caution"


def test_few_images_give_the_gap_no_interval_and_say_so(record: RunRecord) -> None:
    few = with_train(record, 49, 49)
    gap = few.measured.value("generalisation_gap") if few.measured else None
    assert gap is not None
    assert (gap.low, gap.high, gap.n) == (None, None, 49)
    sentence = build(SECTION, few).sentence("Accuracy is")
    assert "These are too few images to tell over-fitting from chance." in build(SECTION, few).text
    assert "100.0 % (93–100, n = 49)" in sentence.replace("\u00a0", " ")
    more = with_train(record, 50, 50)
    assert more.measured is not None
    known = more.measured.value("generalisation_gap")
    assert known is not None
    assert known.low is not None


def test_test_images_that_are_easier(record: RunRecord) -> None:
    assert "The model is more accurate on the test images" in build(SECTION, with_train(record, 100, 500)).text


def test_still_improving_against_three_quarters_of_the_pass(record: RunRecord) -> None:
    sentence = build(SECTION, passed(record, 0.5, 0.6, 0.65, 0.75)).sentence("Still improving")
    # 50 images lost and 150 gained of 1,000: Tango's interval
    assert "since epoch 3 the test accuracy rose by 10.0 points (7.3–12.8," in sentence
    assert "n = 1,000" in sentence


def test_without_the_answers_to_each_image_a_change_has_no_interval(record: RunRecord) -> None:
    old = without_answers(passed(record, 0.5, 0.6, 0.65, 0.75))
    built = build(SECTION, old)
    sentence = built.sentence("Whether it was still improving").replace("\u00a0", " ")
    assert "since epoch 3 the test accuracy changed by +10.0 points (n = 1,000), and an interval needs" in sentence
    assert "Still improving" not in built.text
    few = build(SECTION, passed(record, 0.5, 0.6, 0.2, 0.9, n=10)).sentence("Whether it was")
    assert "changed by +70.0 points (n = 10), on too few images for an interval." in few.replace("\u00a0", " ")


def test_how_the_change_is_measured_is_said_where_it_has_an_interval(record: RunRecord) -> None:
    assert [note.name for note in training_methods(record)] == ["Progress in the last quarter"]
    assert training_methods(without_answers(record)) == []


def test_improving_with_the_rate_at_zero_asks_for_a_longer_schedule(record: RunRecord) -> None:
    grown = passed(record, 0.5, 0.6, 0.65, 0.75)
    rates = np.linspace(0.1, 0.0, 40).astype(np.float32)
    assert "would need a longer schedule" in build(SECTION, change(grown, arrays={"train.lr": rates})).text
    constant = np.full(40, 0.1, np.float32)
    assert "would need a longer schedule" not in build(SECTION, change(grown, arrays={"train.lr": constant})).text


@pytest.mark.parametrize(
    ("accuracies", "n", "said"),
    [
        ((0.5, 0.6, 0.9, 0.901), 10_000, "On a plateau"),
        ((0.5, 0.6, 0.70, 0.71), 200, "Whether it was still improving is not clear"),
        ((0.5, 0.6, 0.9, 0.8), 1000, "Getting worse"),
    ],
)
def test_other_ends_of_the_curve(record: RunRecord, accuracies: tuple[float, ...], n: int, said: str) -> None:
    text = build(SECTION, passed(record, *accuracies, n=n)).text
    words = ("Still improving", "On a plateau", "Whether it was", "Getting worse")
    assert said in text
    assert sum(word in text for word in words) == 1


def test_one_point_says_nothing_about_progress(record: RunRecord) -> None:
    text = build(SECTION, passed(record, 0.5)).text
    assert "improving" not in text
    assert "plateau" not in text


def test_divergence_names_step_rate_and_batch(record: RunRecord) -> None:
    event = Divergence(step=1087, epoch=2.4, learning_rate=0.4, batch_ids=(5, 1017, 99, 3, 8, 21, 40))
    diverged = trained(record, divergence=event, ended_by="diverged", train_correct=50)
    built = build(SECTION, diverged)
    sentence = built.sentence("Training diverged")
    assert "step 1,087 (epoch 2.40, learning rate 0.400)" in sentence
    assert "images 5, 1,017, 99, 3, 8 and 2 others" in sentence
    assert built.findings[0].tone == "bad"
    assert "Still improving" not in built.text
    assert "Accuracy is" not in built.text


def test_no_divergence_is_not_mentioned(record: RunRecord) -> None:
    assert "diverged" not in build(SECTION, record).text


def test_a_pass_that_the_clock_ended(record: RunRecord) -> None:
    built = build(SECTION, trained(record, ended_by="time", steps=45, planned_steps=90, steps_per_epoch=30))
    assert "after 45 of 90 planned steps (50.0 %), 1.50 passes" in built.text
    assert "time budget" not in build(SECTION, record).text


def test_a_pass_that_was_planned_by_the_clock(record: RunRecord) -> None:
    text = build(SECTION, trained(record, ended_by="time")).text
    assert "The time budget set the length of the pass: 90 steps, 3 passes" in text


def test_speed_and_uneven_steps(record: RunRecord) -> None:
    even = build(SECTION, change(record, arrays={"train.seconds": np.arange(1, 91) * 0.1})).sentence("images a second")
    assert even == "1,213 images a second over 90 steps of 128 images, float32 on Example CPU."
    steps = np.full(90, 0.1)
    steps[::10] = 0.5
    uneven = build(SECTION, change(record, arrays={"train.seconds": np.cumsum(steps)})).sentence("images a second")
    assert "The median step took 100 ms, one in twenty more than 500 ms" in uneven


def test_the_longest_stage(record: RunRecord) -> None:
    stages = (Stage(name="Load", seconds=10.0), Stage(name="Train", seconds=30.0))
    assert "the stage “Train” took 30 s (75.0 %)" in build(SECTION, change(record, stages=stages)).text


def test_the_history_carries_wilson_intervals(record: RunRecord) -> None:
    view = build(SECTION, passed(record, 0.5, 0.75, n=400)).view
    assert isinstance(view, TrainingView)
    ends = binomtest(300, 400).proportion_ci(method="wilson")
    assert view.history[-1][5:7] == ("75.0\u00a0%", f"{100 * ends.low:.1f}–{100 * ends.high:.1f}")


def test_a_long_history_keeps_its_last_row() -> None:
    points = history(*([0.5] * 500))
    shown = thin(points)
    assert len(shown) <= MOST_EPOCHS
    assert shown[-1] is points[-1]
    assert thin(points[:3]) == points[:3]
    assert thin(()) == ()


@pytest.mark.parametrize(("epoch", "text"), [(3.0, "3"), (2.41, "2.41"), (2.999, "3"), (0.22, "0.22")])
def test_epochs_are_whole_where_they_are(epoch: float, text: str) -> None:
    assert epoch_text(epoch) == text


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_the_page(record: RunRecord, medium: str) -> None:
    text = page(SECTION, record, medium)
    assert "SGD, highest learning rate 0.1" in text
    assert text.count("<tr") == 4


def test_the_page_without_history(record: RunRecord) -> None:
    assert "<table" not in page(SECTION, trained(record, epochs=()))


@pytest.mark.parametrize(("augment", "said"), [(("crop",), "augmented images"), ((), "images without augmentation")])
def test_the_history_says_of_what_images_the_training_loss_is(
    record: RunRecord, augment: tuple[str, ...], said: str
) -> None:
    shown = change(record, data={"augment": augment})
    assert shown.training is not None
    caption = SECTION.build(Subject(shown), {}).history.caption  # type: ignore[union-attr]
    loss = f"Training loss: mean over the steps since the row before ({shown.training.loss.text}; {said})."
    assert caption.startswith(f"The history in numbers. {loss} Test loss: mean negative log-likelihood.")


@pytest.mark.parametrize(("seen", "said"), [(0.46, "0.46 passes"), (1.0, "one pass"), (2.0, "2 passes")])
def test_passes_are_counted_in_words_that_fit(seen: float, said: str) -> None:
    assert format_passes(seen) == said
