"""Section 10: the images themselves, how they reach the model, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.metrics.values import value_of
from reportgen.plugins import Section
from reportgen.record.definitions import names_for_gates
from reportgen.record.message import draw_note
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import DataFacts, RunRecord
from reportgen.record.subject import Subject
from reportgen.report.components import Fact, Figures, choose_figures, name_augmentation
from reportgen.report.model import FigureFile, SectionView, Skipped
from reportgen.report.sections.data.findings import NAME, find_data, list_numbers
from reportgen.report.table import NO_TABLE, Row, Table, numbers, words
from reportgen.text import numerals
from reportgen.text.i18n import _, ngettext
from reportgen.text.shorten import shorten_middle

CHANNELS = ("red", "green", "blue")
ACROSS = "data.duplicates_across"
LONGEST_FILE = 60
"""Characters of a file's name in a table."""


@dataclass(frozen=True)
class DataView(SectionView):
    """The values of sections/data.html.j2."""

    facts: tuple[Fact, ...] = ()
    counts: tuple[FigureFile | Skipped, ...] = ()
    samples: tuple[FigureFile | Skipped, ...] = ()
    classes: Table = NO_TABLE
    channels: Table = NO_TABLE
    repeats: Table = NO_TABLE
    notes: tuple[str, ...] = ()
    left_out: Table = NO_TABLE


def build(subject: Subject, figures: Figures) -> DataView:
    """The section from what the record says about its data."""
    record = subject.record
    data = record.data
    return DataView(
        name=NAME,
        title=_("Data"),
        findings=tuple(find_data(record, figures)),
        metrics=list_values(record),
        facts=tuple(list_facts(data)),
        counts=choose_figures(figures, "class_counts"),
        samples=choose_figures(figures, "sample_raw", "sample_augmented"),
        classes=class_table(data),
        channels=channel_table(data),
        repeats=repeat_table(data),
        notes=tuple(note.text for note in data.notes),
        left_out=left_out_table(data),
    )


def class_table(data: DataFacts) -> Table:
    """Images of each class in each split."""
    columns = (*words(_("Class")), *numbers(*(split_title(split.name) for split in data.splits)))
    return Table(_("Images used, by class and split."), columns, tuple(class_rows(data)))


def channel_table(data: DataFacts) -> Table:
    """Mean and deviation of each channel, measured and used."""
    caption = _(
        "Pixels on the 0-to-1 scale: measured over the training images used, and what the normalisation “{name}” "
        "subtracts and divides by",
        name=data.normalize_name,
    )
    if all(split.name != "train" for split in data.splits):
        caption = _(
            "Pixels on the 0-to-1 scale: measured over the test images, because there are no training images, and what "
            "the normalisation “{name}” subtracts and divides by",
            name=data.normalize_name,
        )
    columns = (*words(_("Channel")), *numbers(_("Mean"), _("subtracted"), _("Std. dev."), _("divided by")))
    return Table(caption, columns, tuple(channel_rows(data)))


def repeat_table(data: DataFacts) -> Table:
    """Pairs of images that are the same to the pixel."""
    caption = _("Pairs of images that agree in every pixel; at most twenty.")
    if data.duplicates is not None and data.duplicates.files:
        columns = words(_("Split"), _("File"), _("the same as"), _("File"))
    else:
        columns = (*words(_("Split")), *numbers(_("No.")), *words(_("the same as")), *numbers(_("No.")))
    return Table(caption, columns, tuple(repeat_rows(data)))


def left_out_table(data: DataFacts) -> Table:
    """Files that could not be read and were left out."""
    caption = ngettext(
        "{count} file that could not be read as an image and was left out.",
        "{count} files that could not be read as images and were left out.",
        data.left_out_count,
    )
    if data.left_out_count > len(data.left_out):
        caption = _(
            "The first {shown} of {count} files that could not be read as images and were left out.",
            shown=numerals.count(len(data.left_out)),
            count=numerals.count(data.left_out_count),
        )
    rows = tuple((shorten_middle(file.name, LONGEST_FILE), file.reason.text) for file in data.left_out)
    return Table(caption, words(_("File"), _("Reason")), rows)


def list_values(record: RunRecord) -> tuple[MetricValue, ...]:
    """Test images that are training images too, for metrics.json; nothing where nobody looked."""
    duplicates = record.data.duplicates
    if duplicates is None:
        return ()
    return (value_of(ACROSS, duplicates.across, method="exact"),)


def split_title(name: str) -> str:
    """What a split is called as a head of a column."""
    return _("Training") if name == "train" else _("Test")


def list_facts(data: DataFacts) -> list[Fact]:
    """What the data are and where they come from; what nobody stated is left out."""
    facts = [Fact(_("Data set"), str(data.title), draw_note(data.description))]
    for split in data.splits:
        whole = split.n == split.available
        note = _("all available") if whole else _("of {count}", count=numerals.count(split.available))
        facts.append(Fact(_("{split} images", split=split_title(split.name)), numerals.count(split.n), note))
    facts += [
        Fact(_("Classes"), numerals.count(len(data.classes)), group_note(data)),
        Fact(_("As the model sees them"), " × ".join(map(str, data.image_shape)), shape_note(data)),
        Fact(_("Augmentation"), name_augmentation(data), _("of training images only")),
        Fact(_("Licence"), str(data.licence)),
        Fact(_("Source"), data.homepage),
        Fact(_("Reference"), data.citation),
        Fact(_("Digests"), format_verified(data)),
    ]
    return [fact for fact in facts if fact.value]


def group_note(data: DataFacts) -> str:
    """How many groups the data set's authors made of its classes."""
    return _("in {count} groups", count=len(data.coarse_classes)) if len(data.coarse_classes) > 1 else ""


def shape_note(data: DataFacts) -> str:
    """What the three numbers are, and from which size the images were resized."""
    if data.resized_from is None:
        return _("channels × height × width")
    height, width = data.resized_from
    return _("channels × height × width; resized from {height} × {width}, bilinear", height=height, width=width)


def format_verified(data: DataFacts) -> str:
    """Whether the files are the published ones."""
    if not data.published:
        return _("none published: these are your own files")
    if data.verified:
        return _("every file is the published one")
    return _("not compared with published digests, or different")


def class_rows(data: DataFacts) -> list[Row]:
    """Images of each class in each split."""
    return [
        (name, *(numerals.count(split.counts[index]) for split in data.splits))
        for index, name in enumerate(data.classes)
    ]


def channel_rows(data: DataFacts) -> list[Row]:
    """Mean and deviation of each channel, measured and used."""
    names = (_("red"), _("green"), _("blue")) if len(data.channel_mean) == len(CHANNELS) else ()
    columns = (data.channel_mean, data.normalize_mean, data.channel_std, data.normalize_std)
    return [
        (names[index] if names else str(index), *(list_numbers(column[index : index + 1]) for column in columns))
        for index in range(len(data.channel_mean))
    ]


def repeat_rows(data: DataFacts) -> list[Row]:
    """Pairs of images that are the same to the pixel."""
    if data.duplicates is None:
        return []
    if data.duplicates.files:
        named = zip(data.duplicates.examples, data.duplicates.files, strict=True)
        return [
            (
                split_title(one),
                shorten_middle(file, LONGEST_FILE),
                split_title(other),
                shorten_middle(twin, LONGEST_FILE),
            )
            for (one, _first, other, _second), (file, twin) in named
        ]
    return [
        (split_title(one), numerals.count(first), split_title(other), numerals.count(second))
        for one, first, other, second in data.duplicates.examples
    ]


SECTION = Section(
    NAME,
    "Data",
    100,
    ("sample_raw", "sample_augmented", "class_counts"),
    build,
    names_for_gates(NAME),
    values=lambda subject: list_values(subject.record),
)
