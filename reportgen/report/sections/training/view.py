"""Section 4: how the model was trained, and what that did."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.metrics.seeds import accuracy_by_seed
from reportgen.plugins import Section
from reportgen.record.message import draw_note, draw_terms
from reportgen.record.run import EpochStats, RunRecord, Training
from reportgen.record.subject import Subject
from reportgen.report.components import Fact, Figures, choose_figures, name_augmentation, seed_fact
from reportgen.report.model import FigureFile, SectionView, Skipped
from reportgen.report.sections.training.dynamics_findings import find_dynamics
from reportgen.report.sections.training.findings import NAME, epoch_text, find_training, point_interval
from reportgen.report.sections.training.layers import list_methods, make_layer_table
from reportgen.report.sections.training.methods import training_methods
from reportgen.report.table import NO_TABLE, Row, Table, numbers
from reportgen.report.wording import share_interval
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences

MOST_EPOCHS = 60
"""Rows of the history; longer ones are thinned evenly, the last row always kept."""


@dataclass(frozen=True)
class TrainingView(SectionView):
    """The values of sections/training.html.j2."""

    facts: tuple[Fact, ...] = ()
    curves: tuple[FigureFile | Skipped, ...] = ()
    step_curves: tuple[FigureFile | Skipped, ...] = ()
    times: tuple[FigureFile | Skipped, ...] = ()
    history: Table = NO_TABLE
    by_layer: tuple[FigureFile | Skipped, ...] = ()
    layers: Table = NO_TABLE
    seeds: Table = NO_TABLE


def build(subject: Subject, figures: Figures) -> TrainingView | Skipped:
    """The section from the training history, or why there is none."""
    record = subject.record
    training = record.training
    if training is None:
        reason = _("The model was evaluated as it is; this run trained nothing.")
        return Skipped(NAME, _("Training"), reason)
    return TrainingView(
        name=NAME,
        title=_("Training"),
        methods=(*training_methods(record), *list_methods(record)),
        findings=(*find_training(record, training, figures), *find_dynamics(record, figures, NAME)),
        facts=tuple(list_facts(record, training)),
        curves=choose_figures(figures, "training_curves"),
        step_curves=choose_figures(figures, "training_steps"),
        times=choose_figures(figures, "time_spent"),
        history=history_table(training, bool(record.data.augment)),
        by_layer=choose_layers(figures),
        layers=make_layer_table(record),
        seeds=seed_table(record, training),
    )


def history_table(training: Training, augmented: bool) -> Table:
    """The history in numbers."""
    points = thin(training.epochs)
    columns = numbers(
        _("Epoch"),
        _("Step"),
        _("Training loss"),
        _("Test loss"),
        _("Training accuracy"),
        _("Test accuracy"),
        _("Interval"),
        _("Time"),
    )
    return Table(caption_history(training, len(points), augmented), columns, tuple(make_row(point) for point in points))


def seed_table(record: RunRecord, training: Training) -> Table:
    """Every seed in numbers."""
    columns = numbers(
        _("Seed"),
        _("Test accuracy"),
        _("Interval"),
        _("Test loss"),
        _("Training accuracy"),
        _("Steps"),
        _("Time in steps"),
    )
    return Table(caption_seeds(record), columns, tuple(seed_rows(record, training)))


def choose_layers(figures: Figures) -> tuple[FigureFile | Skipped, ...]:
    """The figures by layer; one reason where it is the same for both."""
    chosen = choose_figures(figures, "training_layers", "training_activations")
    reasons = {figure.reason for figure in chosen if isinstance(figure, Skipped)}
    return chosen[:1] if len(reasons) == 1 and all(isinstance(figure, Skipped) for figure in chosen) else chosen


def list_facts(record: RunRecord, training: Training) -> list[Fact]:
    """How the pass was set up and how long it was."""
    done = numerals.count(training.steps)
    facts = [
        Fact(_("Optimiser"), draw_terms(training.optimizer)),
        Fact(_("Schedule"), training.schedule.text),
        Fact(_("Loss"), training.loss.text),
        *teacher_facts(training),
        Fact(
            _("Steps"),
            done
            if training.steps == training.planned_steps
            else _("{done} of {planned} planned", done=done, planned=numerals.count(training.planned_steps)),
            _(
                "of {batch} images; {epoch} per epoch",
                batch=numerals.count(training.batch_size),
                epoch=numerals.count(training.steps_per_epoch),
            ),
        ),
        Fact(_("Images seen"), numerals.count(training.images_seen), _("repeats included")),
        Fact(_("Augmentation"), name_augmentation(record.data)),
        Fact(_("Time in steps"), numerals.seconds_text(training.seconds), _("evaluations between not counted")),
        Fact(_("Numerical precision"), record.device.precision, draw_note(record.device.precision_reason)),
        seed_fact(record),
    ]
    return [fact for fact in facts if fact.value]


def teacher_facts(training: Training) -> list[Fact]:
    """The model learnt from, with the file of its weights."""
    teacher = training.teacher
    if teacher is None:
        return []
    notes = [teacher.weights_file] if teacher.weights_file else []
    return [Fact(_("Teacher"), teacher.source, join_rows([*notes, *(note.text for note in teacher.notes)]))]


def seed_rows(record: RunRecord, training: Training) -> list[Row]:
    """Every seed in numbers, the first one too; nothing where there is one alone."""
    if not record.seeds:
        return []
    nll = record.measured.value("nll") if record.measured else None
    losses = (nll.value if nll else None, *(run.loss for run in record.seeds))
    trainings = (training, *(run.training for run in record.seeds))
    return [
        (
            str(seed),
            numerals.percent(right / n, n),
            share_interval(right, n),
            numerals.fixed(loss, 3),
            numerals.percent(done.train_correct / done.train_n if done.train_n else None),
            numerals.count(done.steps),
            numerals.seconds_text(done.seconds),
        )
        for (seed, right, n), loss, done in zip(accuracy_by_seed(record), losses, trainings, strict=True)
    ]


def caption_seeds(record: RunRecord) -> str:
    """What the rows of the seeds are."""
    return _(
        "Every seed, each trained and evaluated like the first on the same {n} test images. Interval: over images. "
        "The images that training used are the same too.",
        n=numerals.count(len(record.arrays.get("eval.labels", ()))),
    )


def thin(points: tuple[EpochStats, ...]) -> tuple[EpochStats, ...]:
    """At most MOST_EPOCHS rows of the history, evenly, the last one kept."""
    every = -(-len(points) // MOST_EPOCHS) or 1
    return tuple(point for place, point in enumerate(points) if (len(points) - 1 - place) % every == 0)


def make_row(point: EpochStats) -> Row:
    """One row of the history."""
    return (
        epoch_text(point.epoch),
        numerals.count(point.step),
        numerals.fixed(point.train_loss, 3),
        numerals.fixed(point.test_loss, 3),
        numerals.percent(point.train_accuracy),
        numerals.percent(point.test_accuracy),
        point_interval(point.test_accuracy, point.test_n) or numerals.DASH,
        numerals.seconds_text(point.seconds),
    )


def caption_history(training: Training, shown: int, augmented: bool) -> str:
    """What the columns of the history are, and on how many images."""
    sizes = (
        max((point.train_n for point in training.epochs), default=0),
        max((point.test_n for point in training.epochs), default=0),
    )
    text = _(
        "The history in numbers. Training loss: mean over the steps since the row before ({loss}; {images}). Test "
        "loss: mean negative log-likelihood. Accuracies: on fixed samples of {train} training and {test} test images, "
        "not augmented; the 95\u00a0% interval is of the test accuracy.",
        loss=training.loss.text,
        images=_("augmented images") if augmented else _("images without augmentation"),
        train=numerals.count(sizes[0]),
        test=numerals.count(sizes[1]),
    )
    if shown == len(training.epochs):
        return text
    rest = _("{shown} of {all} rows.", shown=shown, all=numerals.count(len(training.epochs)))
    return join_sentences([text, rest])


FIGURES = ("training_curves", "training_steps", "training_layers", "training_activations", "time_spent")
SECTION = Section(NAME, "Training", 40, FIGURES, build, essential=("training_curves",))
