"""What assemble makes of a record: order, banners, verdict, numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reportgen.plugins import Section
from reportgen.record.message import N_
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import Divergence, RunRecord
from reportgen.report.assemble import assemble
from reportgen.report.banners import find_banners
from reportgen.report.model import Finding, SectionView, Skipped
from reportgen.report.sections import find_sections
from reportgen.report.sections.summary import SummaryView
from reportgen.report.verdict import write_verdict
from tests.comparison.cases import judged
from tests.outputs.reports import plain_figure, plain_report
from tests.support.records import presented


def part(name: str, order: int, **more: object) -> Section:
    view = replace(SectionView(name, name.title()), **more)
    return Section(name, name.title(), order, (f"figure-of-{name}",), lambda subject, figures: view)


def test_sections_come_in_their_order_and_the_summary_first(record: RunRecord) -> None:
    names = [view.name for view in plain_report(record).sections]
    assert names[0] == "summary"
    assert names[-2:] == ["card", "reproduce"]


def test_the_comparison_comes_right_after_the_summary(record: RunRecord) -> None:
    names = [view.name for view in plain_report(judged(record, record)).sections]
    assert names[:2] == ["summary", "baseline"]


def test_sections_that_the_spec_lists_come_as_they_are_listed(record: RunRecord) -> None:
    listed = ("evaluation", "reproduce", "summary", "training")
    asked = presented(record, report={"sections": listed})
    assert tuple(view.name for view in assemble(asked, {}, find_sections()).sections) == listed


def test_the_summary_takes_the_heaviest_findings_of_all(record: RunRecord) -> None:
    sections = {
        "summary": find_sections()["summary"],
        "b": part("b", 30, findings=(Finding("light", 0.1, "section-b"), Finding("heavy", 0.9, "section-b"))),
        "a": part("a", 20, findings=(Finding("middle", 0.5, "section-a"), Finding("heavy", 0.4, "section-a"))),
    }
    summary = assemble(presented(record), {}, sections).sections[0]
    assert isinstance(summary, SummaryView)
    assert [(item.text, item.source) for item in summary.highlights] == [
        ("heavy", "B"),
        ("middle", "A"),
        ("light", "B"),
    ]


def test_only_figures_of_the_chosen_sections_are_in_the_report(record: RunRecord) -> None:
    figures = {
        "figure-of-a": plain_figure("figure-of-a"),
        "other": plain_figure("other"),
        "figure-of-b": Skipped("figure-of-b", "B", "why"),
    }
    report = assemble(presented(record), figures, {"a": part("a", 20), "b": part("b", 30)})
    assert [figure.name for figure in report.figures] == ["figure-of-a"]


def test_numbers_of_sections_follow_the_measured_ones_once(record: RunRecord) -> None:
    assert record.measured is not None
    mine = MetricValue(name="a.share", value=0.5)
    again = MetricValue(name="accuracy", value=0.0)
    report = assemble(presented(record), {}, {"a": part("a", 20, metrics=(mine, again))})
    assert report.metrics == (*record.measured.values, mine)


def test_a_skipped_section_stays_in_its_place(record: RunRecord) -> None:
    skipped = Skipped("a", "A", "No training.")
    sections = {"a": Section("a", "A", 20, (), lambda *_: skipped), "b": part("b", 30)}
    assert assemble(presented(record), {}, sections).sections[0] is skipped


def with_data(record: RunRecord, **changes: object) -> RunRecord:
    return record.model_copy(update={"data": record.data.model_copy(update=changes)})


def with_training(record: RunRecord, **changes: object) -> RunRecord:
    assert record.training is not None
    return record.model_copy(update={"training": record.training.model_copy(update=changes)})


def whole(record: RunRecord) -> RunRecord:
    """The record with every image used, so that nothing can mislead."""
    splits = tuple(split.model_copy(update={"available": split.n}) for split in record.data.splits)
    return with_data(record, splits=splits)


DIVERGED = Divergence(step=17, epoch=0.5, learning_rate=0.4, batch_ids=(1, 2))


def test_a_plain_run_has_no_banner(record: RunRecord) -> None:
    assert find_banners(whole(record)) == ()


OFFLINE = N_("no network")


@pytest.mark.parametrize(
    ("change", "severity", "says"),
    [
        (
            lambda r: with_data(r, requested="cifar10", name="digits", title="Digits", fallback_reason=OFFLINE),
            "bad",
            "This report is about Digits, not about cifar10. The reason: no network.",
        ),
        (
            lambda r: with_data(r, requested="cifar10", requested_title="CIFAR-10", name="digits", title="Digits"),
            "bad",
            "No number here says anything about CIFAR-10.",
        ),
        (lambda r: with_training(r, divergence=DIVERGED, ended_by="diverged"), "bad", "step 17, learning rate 0.4"),
        (lambda r: with_training(r, ended_by="time", steps=45), "caution", "after 45 of 90 planned steps (50.0"),
        (lambda r: with_data(r, verified=False), "caution", "its 1 file could not be checked"),
        (
            lambda r: r.model_copy(update={"device": r.device.model_copy(update={"requested": "cuda"})}),
            "caution",
            "The spec asks for cuda; the run took cpu (Example CPU)",
        ),
    ],
)
def test_whatever_misleads_has_its_banner(record: RunRecord, change: object, severity: str, says: str) -> None:
    (banner,) = find_banners(change(whole(record)))  # type: ignore[operator]
    assert banner.severity == severity
    assert says in banner.text


def test_limits_of_both_splits_share_one_banner(record: RunRecord) -> None:
    (banner,) = find_banners(record)
    assert banner.text == "Training used 3,840 of the 50,000 training images, evaluation 600 of the 10,000 test images."


def test_the_training_limit_does_not_matter_to_an_evaluation(record: RunRecord) -> None:
    (banner,) = find_banners(record.model_copy(update={"training": None}))
    assert banner.text == "Evaluation used 600 of the 10,000 test images."


def test_bad_banners_come_first(record: RunRecord) -> None:
    banners = find_banners(with_training(with_data(record, verified=False), divergence=DIVERGED))
    assert [banner.severity for banner in banners] == ["bad", "caution", "caution"]


def test_the_verdict_of_a_training(record: RunRecord) -> None:
    accuracy = record.measured.value("accuracy") if record.measured else None
    assert accuracy is not None
    assert write_verdict(presented(record)) == (
        f"After 3 epochs of training (9.5\u00a0s), tiny classifies {accuracy.display} of 600 of the 10,000 CIFAR-10 "
        f"test images correctly ({accuracy.display_interval})."
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda r: with_training(r, steps=1, steps_per_epoch=30), "After 1 training step (9.5\u00a0s), tiny"),
        (lambda r: with_training(r, steps=12, steps_per_epoch=30), "After 12 training steps (9.5\u00a0s), tiny"),
        (lambda r: with_training(r, steps=30), "After one epoch of training (9.5\u00a0s), tiny"),
        (lambda r: with_training(r, steps=75), "After 2.5 epochs of training (9.5\u00a0s), tiny"),
        (lambda r: with_training(r, divergence=DIVERGED), "Training diverged at step 17"),
        (lambda r: r.model_copy(update={"training": None}), "With the weights it starts from, tiny classifies"),
        (
            lambda r: r.model_copy(
                update={"training": None, "provenance": r.provenance.model_copy(update={"weights_file": "a.pt"})}
            ),
            "With the weights a.pt, tiny classifies",
        ),
        (lambda r: r.model_copy(update={"measured": None}), "tiny was not evaluated"),
        (whole, "of the 600 CIFAR-10 test images correctly"),
    ],
)
def test_the_verdict_of_other_runs(record: RunRecord, change: object, says: str) -> None:
    assert says in write_verdict(presented(change(record)))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        (
            (MemoryError(), ValueError()),
            ["because the machine ran out of memory; its", "of an error in reportgen;"],
        ),
        ((MemoryError(), MemoryError()), ["2 parts of this report are missing because the machine ran out of memory"]),
        ((KeyError("a"), ValueError()), ["2 parts of this report are missing because of errors in reportgen"]),
    ],
)
def test_parts_without_memory_are_no_errors_of_ours(
    record: RunRecord, errors: tuple[Exception, ...], said: list[str]
) -> None:
    def failing(name: str, error: Exception) -> Section:
        def build(_subject: object, _figures: object) -> SectionView:
            raise error

        return Section(name, name.title(), 40, (), build)

    sections = {name: failing(name, error) for name, error in zip("ab", errors, strict=True)}
    report = assemble(presented(record), {}, find_sections() | sections)
    told = [banner.text for banner in report.banners if "missing because" in banner.text]
    assert len(told) == len(said)
    assert all(any(part in text for text in told) for part in said)
    by_memory = [isinstance(error, MemoryError) for error in errors]
    assert [thing.by_memory for thing in report.failed] == by_memory
    assert [thing.reason for thing in report.failed if thing.by_memory] == [
        "Not made: the machine ran out of memory." for lacking in by_memory if lacking
    ]
