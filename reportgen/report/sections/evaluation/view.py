"""Section 5: how good the model is, on which classes, and how far its confidence can be believed."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.metrics.influence import FEWEST, FEWEST_OF_CLASS, FEWEST_OF_CURVE, FEWEST_OF_LOSS
from reportgen.metrics.predictions import read_predictions
from reportgen.plugins import Section
from reportgen.record.definitions import shown_in
from reportgen.record.measurements import Bin, ClassScore, Measurements
from reportgen.record.metric_value import MetricValue
from reportgen.record.subject import Subject
from reportgen.report.components import Figures, choose_figures
from reportgen.report.model import FigureFile, SectionView, Skipped
from reportgen.report.sections.evaluation.findings import NAME, find_evaluation
from reportgen.report.table import NO_TABLE, Column, Row, Table, numbers, words
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, ngettext

MOST_CONFUSIONS = 12


@dataclass(frozen=True)
class EvaluationView(SectionView):
    """The values of sections/evaluation.html.j2."""

    scores: Table = NO_TABLE
    by_class: tuple[FigureFile | Skipped, ...] = ()
    confused: tuple[FigureFile | Skipped, ...] = ()
    calibrated: tuple[FigureFile | Skipped, ...] = ()
    trusted: tuple[FigureFile | Skipped, ...] = ()
    ranked: tuple[FigureFile | Skipped, ...] = ()
    classes: Table = NO_TABLE
    confusions: Table = NO_TABLE
    bins: Table = NO_TABLE


def build(subject: Subject, figures: Figures) -> EvaluationView | Skipped:
    """The section from the measurements, or why there is none."""
    record = subject.record
    measured = record.measured
    if measured is None or "eval.logits" not in record.arrays or not len(record.arrays["eval.labels"]):
        return Skipped(NAME, _("Evaluation"), _("The record holds no evaluation."))
    predictions = read_predictions(record.arrays["eval.logits"], record.arrays["eval.labels"])
    return EvaluationView(
        name=NAME,
        title=_("Evaluation"),
        findings=tuple(find_evaluation(record, measured, predictions, figures)),
        scores=score_table(measured, predictions.n, record.answers.draws if record.answers else 1),
        by_class=choose_figures(figures, "class_scores"),
        confused=choose_figures(figures, "confusion"),
        calibrated=choose_figures(figures, "reliability"),
        trusted=choose_figures(figures, "confidence", "risk_coverage"),
        ranked=choose_figures(figures, "precision_recall"),
        classes=class_table(measured),
        confusions=confusion_table(measured),
        bins=bin_table(measured) if predictions.finite else NO_TABLE,
    )


def list_scores() -> list[str]:
    """The scores of the table: shares first, then scores that are better when they are higher, errors last."""
    listed = sorted(shown_in("evaluation"), key=lambda one: one.unit != "share" and one.higher_is_better is False)
    return [one.name for one in listed]


def score_table(measured: Measurements, n: int, evaluations: int = 1) -> Table:
    """The scores that a record has."""
    found = (measured.value(name) for name in list_scores())
    columns = (*words(_("Score")), *numbers(_("Value"), _("Interval")), Column(_("Better"), "short"))
    repeated = "balanced_accuracy" if measured.of_equal_classes else ""
    empty = "top5_accuracy" if len(measured.classes) <= 5 else ""
    rows = tuple(score_row(value) for value in found if value is not None and value.name not in (repeated, empty))
    return Table(caption_scores(measured, n, evaluations), columns, rows, called=_("Scores"))


def score_row(value: MetricValue) -> Row:
    """One score."""
    better = _("higher") if value.higher_is_better else _("lower")
    return value.label, value.display, value.display_interval or numerals.DASH, better


def class_table(measured: Measurements) -> Table:
    """Every class, the weakest first."""
    caption = _(
        "Every class, the weakest first. AP: average precision; AUROC: area under the ROC curve, one-vs-rest. "
        "Interval: 95 %."
    )
    columns = (
        *words(_("Class")),
        *numbers(_("Images"), _("Recall"), _("Interval"), _("Precision"), _("Interval"), _("F1"), _("Interval")),
        *numbers(_("AP"), _("AUROC")),
    )
    rows = tuple(class_row(one) for one in sorted(measured.classes, key=weakest_first))
    return Table(caption, columns, rows, dense=True)


def confusion_table(measured: Measurements) -> Table:
    """The largest confusions in words and numbers."""
    columns = (
        *words(_("Label"), _("Predicted")),
        *numbers(_("Images"), _("Share of the class"), _("Interval")),
    )
    caption = _("The most frequent confusions first. Interval: 95 %, of the share.")
    return Table(caption, columns, tuple(confusion_rows(measured)))


def bin_table(measured: Measurements) -> Table:
    """The reliability diagram in numbers."""
    caption = _(
        "Fifteen bins of equal width, empty ones left out; the difference is mean confidence minus accuracy, before "
        "temperature scaling."
    )
    columns = numbers(_("Confidence"), _("Images"), _("Mean confidence"), _("Accuracy"), _("Difference"))
    return Table(caption, columns, tuple(bin_row(one) for one in measured.calibration.bins if one.n))


def caption_scores(measured: Measurements, n: int, evaluations: int) -> str:
    """On what the scores were measured and where their intervals come from."""
    text = _(
        "Scores on {n} test images with 95 % intervals: Wilson for accuracies, otherwise from the "
        "influence of each image on the score.",
        n=numerals.count(n),
    )
    over, said = measured.value("accuracy_seeds"), [text]
    if measured.of_equal_classes and measured.value("balanced_accuracy") is not None:
        said.append(
            ngettext(
                "Every class has {count} image, so balanced accuracy is top-1 accuracy.",
                "Every class has {count} images, so balanced accuracy is top-1 accuracy.",
                measured.classes[0].support,
            )
        )
    if over is not None:
        said.append(
            _(
                "Interval of the mean over the {seeds} seeds: Wilson’s for the images combined with Student’s"
                " t for the seeds; interval of the standard deviation between seeds: χ².",
                seeds=over.n,
            )
        )
    if evaluations > 1:
        said.append(
            _(
                "The model is stochastic: scores are means over {evaluations} evaluations, and intervals include the "
                "variation between them.",
                evaluations=numerals.count(evaluations),
            )
        )
    return join_sentences([*said, *note_few(measured)])


def note_few(measured: Measurements) -> list[str]:
    """Why scores have no interval, where some have none."""
    scores = [value for name in list_scores() if (value := measured.value(name)) is not None]
    supports = [one.support for one in measured.classes if one.support]
    without = [value for value in scores if value.value is not None and value.low is None]
    if not without or not supports:
        return []
    if min(supports) >= FEWEST_OF_CURVE and sum(supports) >= FEWEST_OF_LOSS:
        return [
            _("A score to which every image contributes the same has no interval: it says nothing about other images.")
        ]
    return [
        _(
            "With {n} test images, {few} in the smallest class, some scores have no interval: calibration errors "
            "need {least} images, losses and the area under risk and coverage {more}, means over "
            "classes {each} of each class, AUROC {most}.",
            n=numerals.count(sum(supports)),
            few=numerals.count(min(supports)),
            least=FEWEST,
            more=FEWEST_OF_LOSS,
            each=FEWEST_OF_CLASS,
            most=FEWEST_OF_CURVE,
        )
    ]


def weakest_first(one: ClassScore) -> tuple[bool, float, int]:
    """By recall, the lowest first; classes without images last."""
    return one.recall.value is None, one.recall.value or 0.0, one.index


def class_row(one: ClassScore) -> Row:
    """One class of the table."""
    return (
        one.name,
        numerals.count(one.support),
        *with_interval(one.recall),
        *with_interval(one.precision),
        *with_interval(one.f1),
        numerals.fixed(one.average_precision, 3),
        numerals.fixed(one.auroc, 3),
    )


def with_interval(value: MetricValue) -> Row:
    """A number and its interval as two cells."""
    return value.display, value.display_interval


def confusion_rows(measured: Measurements) -> list[Row]:
    """The largest confusions in words and numbers."""
    return [
        (
            measured.classes[one.true].name,
            measured.classes[one.predicted].name,
            numerals.count(one.count),
            one.share.display,
            one.share.display_interval,
        )
        for one in measured.confusions[:MOST_CONFUSIONS]
    ]


def bin_row(one: Bin) -> Row:
    """One bin of the reliability diagram."""
    gap = None if one.accuracy is None or one.confidence is None else one.confidence - one.accuracy
    return (
        f"{numerals.fixed(one.low, 2)}–{numerals.fixed(one.high, 2)}",
        numerals.count(one.n),
        numerals.percent(one.confidence),
        numerals.percent(one.accuracy),
        numerals.points(gap),
    )


FIGURES = ("class_scores", "confusion", "precision_recall", "reliability", "confidence", "risk_coverage")
SECTION = Section(NAME, "Evaluation", 50, FIGURES, build, essential=("brief_reliability", "brief_confusions"))
