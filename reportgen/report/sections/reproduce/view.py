"""Section 13: everything needed to get the same numbers again, and how each was computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reportgen.plugins import Section
from reportgen.record.gate_result import GateResult
from reportgen.record.message import draw_note
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.components import Fact, seed_fact
from reportgen.report.model import FigureFile, MethodNote, SectionView, Skipped
from reportgen.report.sections.reproduce.spec_text import format_spec
from reportgen.report.table import NO_TABLE, Column, Table, numbers, words
from reportgen.text import numerals
from reportgen.text.i18n import _

NAME = "reproduce"


@dataclass(frozen=True)
class ReproduceView(SectionView):
    """The values of sections/reproduce.html.j2."""

    command: str = ""
    spec: str = ""
    facts: tuple[Fact, ...] = ()
    versions: Table = NO_TABLE
    digests: Table = NO_TABLE
    stages: Table = NO_TABLE

    def beside(self, others: tuple[SectionView | Skipped, ...], gates: tuple[GateResult, ...]) -> ReproduceView:
        """The section with the methods of the others, each name once."""
        del gates
        told = {note.name: note for note in self.methods}
        for view in others:
            for note in view.methods if isinstance(view, SectionView) else ():
                told.setdefault(note.name, note)
        return replace(self, methods=tuple(told.values()))


def build(subject: Subject, figures: Mapping[str, FigureFile | Skipped]) -> ReproduceView:
    """The section from the provenance of a record and the whole spec."""
    del figures
    record = subject.record
    return ReproduceView(
        NAME,
        _("Reproduce"),
        command=record.provenance.command,
        spec=format_spec(subject.spec),
        facts=tuple(list_facts(record)),
        versions=version_table(record),
        digests=digest_table(record),
        stages=stage_table(record),
        methods=tuple(list_methods(record)),
    )


def version_table(record: RunRecord) -> Table:
    """Versions of packages."""
    rows = tuple(record.provenance.versions.items())
    return Table(_("Versions of what the numbers depend on"), words(_("Package"), _("Version")), rows)


def digest_table(record: RunRecord) -> Table:
    """Digests of what was read."""
    columns = (Column(_("File")), Column(_("SHA-256"), "code"))
    return Table(_("SHA-256 of every file the run read"), columns, tuple(list_digests(record)))


def stage_table(record: RunRecord) -> Table:
    """The stages of the build."""
    columns = (*words(_("Stage")), *numbers(_("Time"), _("Share")))
    return Table(_("Where the time of the build went"), columns, tuple(list_stages(record)))


def list_facts(record: RunRecord) -> list[Fact]:
    """Commit, seed, device and platform of the run."""
    device, origin = record.device, record.provenance
    state = {None: "", True: _("files differed from it"), False: _("no file differed from it")}[origin.dirty]
    memory = _("channels last") if device.channels_last else _("contiguous")
    return [
        Fact(_("Commit"), origin.commit or _("none (outside git)"), state),
        seed_fact(record),
        Fact(_("Device"), device.name, device.kind),
        Fact(_("Threads"), numerals.count(device.threads)),
        Fact(_("Precision"), device.precision, draw_note(device.precision_reason)),
        Fact(_("Memory format"), memory),
        Fact(_("Platform"), origin.platform),
        Fact(_("Date"), origin.created),
        Fact(_("Fingerprint"), record.fingerprint),
    ]


def list_digests(record: RunRecord) -> list[tuple[str, str]]:
    """(what, sha256) of everything the run read."""
    origin = record.provenance
    rows = []
    if origin.weights_sha256:
        rows.append((origin.weights_file or _("weights"), origin.weights_sha256))
    if origin.model_source_sha256:
        rows.append((_("source of the model"), origin.model_source_sha256))
    teacher = record.training.teacher if record.training else None
    if teacher is not None and teacher.weights_sha256:
        rows.append((_("{file}, of the teacher", file=teacher.weights_file), teacher.weights_sha256))
    if teacher is not None and teacher.source_sha256:
        rows.append((_("source of the teacher"), teacher.source_sha256))
    return rows + sorted(record.data.digests.items())


def list_stages(record: RunRecord) -> list[tuple[str, str, str]]:
    """(stage, time, share of all) of the build."""
    whole = sum(stage.seconds for stage in record.stages)
    return [
        (
            stage.name.text,
            numerals.seconds_text(stage.seconds),
            numerals.percent(stage.seconds / whole if whole else None),
        )
        for stage in record.stages
    ]


def list_methods(record: RunRecord) -> list[MethodNote]:
    """How the numbers of this report came about; only methods it uses."""
    notes = [count_method()]
    if record.measured is not None:
        notes = [*interval_methods(record.measured.resamples, record.measured.seed), *calibration_methods(), *notes]
    if record.latency:
        notes.append(
            MethodNote(
                _("Latency"),
                _(
                    "Wall time of forward passes after a warm-up, synchronised with the device; median and 95th "
                    "percentile. The interval of a median of times lies between two order statistics, 95 %, whatever "
                    "their distribution; repeats are taken as independent."
                ),
                "David and Nagaraja 2003, Order statistics, 3rd edition, §7.1. Wiley.",
            )
        )
    return notes


def interval_methods(resamples: int, seed: int) -> list[MethodNote]:
    """How sure a number is."""
    return [
        MethodNote(
            _("Intervals of proportions"),
            _("Wilson score interval, 95 %, over images."),
            "Wilson 1927, Probable inference, the law of succession, and statistical inference. "
            "Journal of the American Statistical Association 22, 209–212.",
        ),
        MethodNote(
            _("All other intervals"),
            _(
                "Percentile bootstrap over images, stratified by class, {resamples} resamples, seed {seed}, 95 %.",
                resamples=numerals.count(resamples),
                seed=seed,
            ),
            "Efron 1979, Bootstrap methods: another look at the jackknife. The Annals of Statistics 7, 1–26.",
        ),
    ]


def calibration_methods() -> list[MethodNote]:
    """How far confidence can be believed."""
    return [
        MethodNote(
            _("Calibration error"),
            _(
                "Expected calibration error: mean distance between confidence and accuracy over 15 bins of equal "
                "width, weighted by their images. Temperature scaling is fitted on one half of the images and judged "
                "on the other."
            ),
            "Guo, Pleiss, Sun and Weinberger 2017, On calibration of modern neural networks. ICML.",
        ),
        MethodNote(
            _("Brier score"),
            _("Mean squared distance between the predicted probabilities and the label, summed over classes."),
            "Brier 1950, Verification of forecasts expressed in terms of probability. Monthly Weather Review 78, 1–3.",
        ),
    ]


def count_method() -> MethodNote:
    """What is counted as a multiply-accumulate."""
    return MethodNote(
        _("MACs"),
        _(
            "One traced forward pass of one image. A multiply-accumulate is half a floating-point operation of "
            "convolutions, linear layers, matrix products, attention and recurrent cells; normalisation and "
            "element-wise work is not counted. Every parameter counts once, wherever it is used."
        ),
    )


SECTION = Section(NAME, "Reproduce", 130, (), build)
