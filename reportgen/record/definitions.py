"""The registry of metrics: what every number is called, its unit and direction, and which lists of a report have it.

Sections, comparison, outputs, figures, gates and `reportgen list metrics` take their lists from here, in this order. A
metric of every report is one entry here and one function in `reportgen.metrics`, see
`reportgen.metrics.computing`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from reportgen.text import numerals
from reportgen.text.i18n import _, ngettext
from reportgen.text.units import Form, Unit

Place = Literal["tiles", "spare_tiles", "evaluation", "ranking", "comment", "tensorboard", "card"]
"""A list of metrics: the tiles of page 1 and what takes the place of those that a record does not have, the table of
scores, the table of a ranking, a pull request's comment, the table of TensorBoard's runs, the measures of the model
card."""
Compared = Literal["", "decided", "paired", "counted", "timed"]
"""How a change against the baseline is found: not at all; by the tests that the verdict rests on; with an interval from
paired draws of the same images; as a plain difference and ratio; likewise, but only on the same machine."""


def nothing() -> str:
    """No text."""
    return ""


@dataclass(frozen=True)
class Definition:
    """What a metric is called, how it is read and where it is listed."""

    name: str
    """Stable key. A part `NAME` stands for any name and a part or an end of one `N` for any number, as in
    `latency.batch_N.p50`; what stands there is given to `label`."""
    label: Callable[..., str]
    """What people call it, from what the placeholders stand for and, by keyword, the conditions of the value."""
    unit: Unit
    higher_is_better: bool | None
    section: str = ""
    """The section that computes it; empty for one that is measured from every record."""
    shown_in: tuple[Place, ...] = ()
    compared: Compared = ""
    column: Callable[[], str] = nothing
    """A shorter name for the head of a column; empty: the label."""
    form: Form = "plain"
    counted: Callable[[], str] = nothing
    """What n counts where it is neither images nor the repeats of a time."""
    gated: bool = True
    """Whether a gate can name it by this name; classes have a grammar of their own."""
    reference: str = ""
    """Who described it, where it is not common property."""
    within_one: bool = False
    """Of a score: whether it lies between 0 and 1, as a share does."""
    on_hub: str = ""
    """What the Hugging Face Hub calls it; empty: as it is called here."""
    results: tuple[str, ...] = ()
    """Conditions of its values that were found or say how sure it is: a change may be taken where they differ."""

    @property
    def head(self) -> str:
        """What the column of a table is called."""
        return self.column() or self.label()


ALL_TABLES: tuple[Place, ...] = ("tiles", "evaluation", "ranking", "comment", "tensorboard", "card")


def label_batch_latency(batch: str) -> str:
    """Of a batch size."""
    return _("Latency, batches of {batch}", batch=count(batch))


def label_corruptions(count: int | None = None) -> str:
    """Of the mean over so many kinds of corruption."""
    if count is None:
        return _("Mean accuracy under corruptions")
    return ngettext("Mean accuracy under {count} corruption", "Mean accuracy under {count} corruptions", count)


def label_attack(attack: str, level: float | None) -> str:
    """Of what an attack of this size leaves; `level` in steps of 1/255."""
    if level is None:
        return _("Accuracy under {attack}", attack=attack)
    return _("Accuracy under {attack}, ε\u00a0=\u00a0{level}/255", attack=attack, level=numerals.general(level))


def label_best_throughput(batch: int | None = None) -> str:
    """Of the batch size that is fastest."""
    return _("Best throughput, batches of {batch}", batch=count(batch)) if batch else _("Best throughput")


def label_step(batch: int | None = None) -> str:
    """Of a training step of so many images."""
    return _("Training step of {batch} images", batch=count(batch)) if batch else _("Training step")


def label_map_check(method: str, what: Literal["rank", "gain"]) -> str:
    """Of a check of one kind of attribution map."""
    name = {"cam": _("Grad-CAM"), "ig": _("Integrated gradients")}.get(method, method)
    if what == "rank":
        return _("{name}: rank correlation with random weights", name=name)
    return _("{name}: gain in deletion over chance", name=name)


def count(number: str | int) -> str:
    """A whole number of a name or a condition, as people read it."""
    return numerals.count(int(number))


HEADLINE = (
    Definition(
        "accuracy",
        lambda: _("Top-1 accuracy"),
        "share",
        True,
        compared="decided",
        shown_in=("tiles", "evaluation", "comment", "tensorboard", "card"),
    ),
    Definition(
        "accuracy_seeds",
        lambda: _("Top-1, mean over seeds"),
        "share",
        True,
        shown_in=("tiles", "evaluation"),
        form="mean",
        counted=lambda: _("seeds"),
    ),
    Definition(
        "accuracy_seed_deviation",
        lambda: _("Top-1, standard deviation over seeds"),
        "share",
        False,
        shown_in=("evaluation",),
        form="deviation",
        counted=lambda: _("seeds"),
    ),
    Definition(
        "top5_accuracy",
        lambda: _("Top-5 accuracy"),
        "share",
        True,
        compared="paired",
        shown_in=("spare_tiles", "evaluation", "card"),
        on_hub="top_5_accuracy",
    ),
    Definition(
        "balanced_accuracy",
        lambda: _("Balanced accuracy"),
        "share",
        True,
        compared="paired",
        shown_in=("evaluation",),
        reference="Brodersen et al. 2010",
    ),
    Definition(
        "macro_f1",
        lambda: _("Macro F1"),
        "score",
        True,
        compared="paired",
        shown_in=ALL_TABLES,
        within_one=True,
        on_hub="f1",
    ),
    Definition(
        "nll",
        lambda: _("Negative log-likelihood"),
        "nats",
        False,
        compared="paired",
        column=lambda: _("NLL"),
        shown_in=("spare_tiles", "evaluation", "ranking", "comment", "tensorboard", "card"),
        on_hub="negative_log_likelihood",
    ),
    Definition(
        "brier",
        lambda: _("Brier score"),
        "score",
        False,
        compared="paired",
        shown_in=("evaluation", "card"),
        reference="Brier 1950",
        on_hub="brier_score",
    ),
    Definition(
        "ece",
        lambda: _("Expected calibration error"),
        "score",
        False,
        compared="paired",
        within_one=True,
        column=lambda: _("ECE"),
        shown_in=ALL_TABLES,
        reference="Naeini et al. 2015",
        on_hub="expected_calibration_error",
    ),
    Definition(
        "ece_scaled",
        lambda: _("ECE after temperature scaling"),
        "score",
        False,
        compared="paired",
        within_one=True,
        shown_in=("evaluation",),
        reference="Guo et al. 2017",
    ),
    Definition(
        "auroc",
        lambda: _("AUROC, one-vs-rest"),
        "score",
        True,
        compared="paired",
        within_one=True,
        shown_in=("evaluation", "card"),
        reference="Hanley & McNeil 1982",
        on_hub="roc_auc",
    ),
    Definition(
        "aurc",
        lambda: _("Area under risk–coverage curve"),
        "score",
        False,
        compared="paired",
        within_one=True,
        shown_in=("evaluation",),
        reference="Geifman & El-Yaniv 2017",
    ),
    Definition("train_accuracy", lambda: _("Training accuracy"), "share", True, shown_in=("tiles", "tensorboard")),
    Definition("generalisation_gap", lambda: _("Training minus test accuracy"), "share", False, form="difference"),
    Definition("teacher_accuracy", lambda: _("Accuracy of the teacher"), "share", True),
    Definition(
        "parameters",
        lambda: _("Parameters"),
        "count",
        False,
        compared="counted",
        shown_in=("tiles", "ranking", "comment"),
    ),
    Definition("macs", lambda: _("MACs"), "macs", False, compared="counted", shown_in=("tiles", "ranking", "comment")),
    Definition(
        "activation_bytes",
        lambda: _("Activation memory, training"),
        "bytes",
        False,
        compared="counted",
        shown_in=("spare_tiles",),
    ),
    Definition(
        "latency_p50",
        lambda: _("Latency, one image"),
        "seconds",
        False,
        compared="timed",
        shown_in=("tiles", "comment", "tensorboard"),
    ),
    Definition("latency_p95", lambda: _("Latency, one image, 95th percentile"), "seconds", False, compared="timed"),
    Definition("throughput", lambda: _("Throughput"), "images/s", True, compared="timed", shown_in=("tensorboard",)),
    Definition(
        "train_seconds",
        lambda: _("Training time"),
        "seconds",
        False,
        compared="timed",
        shown_in=("tiles", "comment", "tensorboard"),
    ),
    Definition("train_images_per_second", lambda: _("Training speed"), "images/s", True, compared="timed"),
    Definition("eval_seconds", lambda: _("Evaluation time"), "seconds", False, compared="timed"),
)
"""Those that are measured from every record, in the order of metrics.json."""

OF_SECTIONS = (
    Definition(
        "response.dead_share", lambda: _("Dead channels"), "share", False, "response", counted=lambda: _("channels")
    ),
    Definition(
        "explanations.cam.rank_correlation",
        lambda: label_map_check("cam", "rank"),
        "score",
        False,
        "explanations",
        reference="Adebayo et al. 2018",
    ),
    Definition(
        "explanations.cam.deletion_gain",
        lambda: label_map_check("cam", "gain"),
        "score",
        True,
        "explanations",
        reference="Petsiuk et al. 2018",
    ),
    Definition(
        "explanations.ig.rank_correlation",
        lambda: label_map_check("ig", "rank"),
        "score",
        False,
        "explanations",
        reference="Adebayo et al. 2018",
    ),
    Definition(
        "explanations.ig.deletion_gain",
        lambda: label_map_check("ig", "gain"),
        "score",
        True,
        "explanations",
        reference="Petsiuk et al. 2018",
    ),
    Definition(
        "explanations.neighbour_accuracy", lambda: _("Nearest-neighbour accuracy"), "share", True, "explanations"
    ),
    Definition(
        "corruption_accuracy", label_corruptions, "share", True, "robustness", reference="Hendrycks & Dietterich 2019"
    ),
    Definition(
        "fgsm_accuracy",
        lambda level=None: label_attack(_("FGSM"), level),
        "share",
        True,
        "robustness",
        reference="Goodfellow et al. 2015",
    ),
    Definition(
        "pgd_accuracy",
        lambda level=None: label_attack(_("PGD"), level),
        "share",
        True,
        "robustness",
        reference="Madry et al. 2018",
    ),
    Definition("latency.batch_N.p50", label_batch_latency, "seconds", False, "cost", results=("processes",)),
    Definition(
        "latency.batch_N.p95",
        lambda batch: _("Latency, batches of {batch}, 95th percentile", batch=count(batch)),
        "seconds",
        False,
        "cost",
        results=("processes",),
    ),
    Definition(
        "throughput.batch_N",
        lambda batch: _("Throughput, batches of {batch}", batch=count(batch)),
        "images/s",
        True,
        "cost",
        results=("processes",),
    ),
    Definition("throughput.best", label_best_throughput, "images/s", True, "cost", results=("batch", "processes")),
    Definition(
        "peak_memory.inference.batch_N",
        lambda batch: _("Peak memory of a forward pass of {batch}", batch=count(batch)),
        "bytes",
        False,
        "cost",
    ),
    Definition(
        "peak_memory.training.batch_N",
        lambda batch: _("Peak memory of a training step of {batch}", batch=count(batch)),
        "bytes",
        False,
        "cost",
    ),
    Definition("machine.matrix_rate", lambda: _("Matrix-multiply rate of this machine"), "FLOP/s", None, "cost"),
    Definition("machine.copy_rate", lambda: _("Memory-copy rate of this machine"), "bytes/s", None, "cost"),
    Definition("matrix_rate_share", lambda: _("Share of the machine’s matrix-multiply rate"), "share", True, "cost"),
    Definition("train_step.p50", label_step, "seconds", False, "cost"),
    Definition("train_step.data_share", lambda: _("Share of the step: data"), "share", None, "cost"),
    Definition("train_step.forward_share", lambda: _("Share of the step: forward"), "share", None, "cost"),
    Definition("train_step.backward_share", lambda: _("Share of the step: backward"), "share", None, "cost"),
    Definition("train_step.optimizer_share", lambda: _("Share of the step: optimiser"), "share", None, "cost"),
    Definition("energy_per_image", lambda: _("Energy per image"), "joules", False, "cost"),
    Definition("data.duplicates_across", lambda: _("Test images also in the training set"), "count", False, "data"),
    Definition("card.completeness", lambda: _("Model card, completeness"), "share", True, "card", form="done"),
)
"""Those that a section adds to metrics.json, for gates to name."""

OF_PARTS = (
    Definition("class.NAME.recall", lambda *_parts: _("Recall"), "share", True, gated=False),
    Definition("class.NAME.precision", lambda *_parts: _("Precision"), "share", True, gated=False),
    Definition("class.NAME.f1", lambda *_parts: _("F1"), "score", True, gated=False),
    Definition("confusion.NAME.NAME", lambda *_parts: _("Share of the true class"), "share", False, gated=False),
    Definition("robustness.clean", lambda: _("Accuracy"), "share", True, gated=False),
    Definition("robustness.NAME.N", lambda *_parts: _("Accuracy"), "share", True, gated=False),
    Definition("robustness.NAME.N.moved", lambda *_parts: _("Predictions that change"), "share", False, gated=False),
    Definition("robustness.NAME.mean", lambda *_parts: _("Accuracy"), "share", True, gated=False),
    Definition("preparation", lambda: _("Accuracy"), "share", True, gated=False),
    Definition("preparation.spec", lambda: _("Accuracy"), "share", True, gated=False),
)
"""Those of single classes, conditions and ways to prepare images, which metrics.json does not list."""

NAMED = re.compile(r"(?<=\.)NAME(?=\.|$)")
NUMBERED = re.compile(r"(?<=[._])N(?=\.|$)")
MILLISECONDS = "_ms"
"""At the end of a gate's metric in seconds: the same number in milliseconds."""
_added: dict[str, Definition] = {}


def definitions() -> tuple[Definition, ...]:
    """Every definition: of all reports, of sections, of parts, then those of plug-ins."""
    return (*HEADLINE, *OF_SECTIONS, *OF_PARTS, *_added.values())


def add_definitions(more: Iterable[Definition]) -> None:
    """Make known what a plug-in's numbers are called; the same name again replaces the plug-in's earlier one.

    Raises ValueError for a name that reportgen itself defines.
    """
    ours = {definition.name for definition in (*HEADLINE, *OF_SECTIONS, *OF_PARTS)}
    for definition in more:
        if definition.name in ours:
            raise ValueError(f"the metric {definition.name!r} is reportgen's own")
        _added[definition.name] = definition
    find_definition.cache_clear()


def shown_in(place: Place) -> tuple[Definition, ...]:
    """The metrics of a list, in its order."""
    return tuple(definition for definition in definitions() if place in definition.shown_in)


def compared_by(*ways: Compared) -> tuple[str, ...]:
    """Names of the metrics whose change is found in one of these ways, in the order of the reports."""
    return tuple(definition.name for definition in HEADLINE if definition.compared in ways)


def names_for_gates(section: str = "") -> tuple[str, ...]:
    """What gates can name of one section's numbers, or of those of every report; times in milliseconds too."""
    own = [one for one in definitions() if one.section == section and one.gated]
    return (*(one.name for one in own), *(f"{one.name}{MILLISECONDS}" for one in own if one.unit == "seconds"))


@lru_cache(maxsize=4096)
def find_definition(name: str) -> tuple[Definition | None, tuple[str, ...]]:
    """The definition of a name, and what its placeholders stand for; None for a name that nothing defines."""
    for definition in definitions():
        if definition.name == name:
            return definition, ()
        if "N" in definition.name:
            found = re.fullmatch(pattern_of(definition.name), name, re.DOTALL)
            if found is not None:
                return definition, found.groups()
    return None, ()


def is_pattern(name: str) -> bool:
    """Whether a definition's name stands for several numbers."""
    return bool(NAMED.search(name) or NUMBERED.search(name))


@lru_cache(maxsize=256)
def pattern_of(name: str) -> str:
    """A regular expression of the names that a definition's name stands for."""
    text = NUMBERED.sub("\0", NAMED.sub("\1", name))
    return re.escape(text).replace("\0", r"([\d.e+-]+)").replace("\1", "(.+?)")
