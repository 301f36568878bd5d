"""Section 13: everything needed to get the same numbers again, and how each was computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reportgen.metrics.influence import (
    FEWEST,
    FEWEST_OF_CLASS,
    FEWEST_OF_CURVE,
    FEWEST_OF_LOSS,
    MOST_BETWEEN,
)
from reportgen.plugins import Section
from reportgen.record.gate_result import GateResult
from reportgen.record.latency import FEWEST_FOR_P95, FEWEST_PROCESSES, Latency
from reportgen.record.message import draw_note
from reportgen.record.run import RunRecord
from reportgen.record.store import digest_measured
from reportgen.record.subject import Subject
from reportgen.report.components import Fact, seed_fact
from reportgen.report.model import FigureFile, MethodNote, SectionView, Skipped
from reportgen.report.sections.reproduce.spec_text import format_spec
from reportgen.report.table import NO_TABLE, Column, Table, numbers, words
from reportgen.text import numerals
from reportgen.text.i18n import _, join_names, join_sentences, ngettext
from reportgen.text.shorten import shorten

NAME = "reproduce"
LONGEST_BRIEF = 600
"""Characters of the command in a brief report."""
LONGEST_WORD = 33
"""Characters of a digest there."""


@dataclass(frozen=True)
class ReproduceView(SectionView):
    """The values of sections/reproduce.html.j2."""

    command: str = ""
    spec: str = ""
    facts: tuple[Fact, ...] = ()
    versions: Table = NO_TABLE
    digests: Table = NO_TABLE
    stages: Table = NO_TABLE

    @property
    def columns(self) -> tuple[tuple[Fact, ...], ...]:
        """The facts in the two columns of small print."""
        return self.facts[:6], self.facts[6:]

    def beside(self, others: tuple[SectionView | Skipped, ...], gates: tuple[GateResult, ...]) -> ReproduceView:
        """The section with the methods of the others, each name once."""
        del gates
        told = {note.name: note for note in self.methods}
        for view in others:
            for note in view.methods if isinstance(view, SectionView) else ():
                told.setdefault(note.name, note)
        return replace(self, methods=tuple(told.values()))

    def abridged(self, figures: tuple[FigureFile | Skipped, ...], anchors: frozenset[str]) -> ReproduceView:
        """The section, of which its own template sets command and facts in small print."""
        del figures, anchors
        facts = tuple(
            one if " " in one.value else replace(one, value=shorten(one.value, LONGEST_WORD)) for one in self.facts
        )
        return replace(self, command=shorten(self.command, LONGEST_BRIEF), facts=facts)


def build(subject: Subject, figures: Mapping[str, FigureFile | Skipped]) -> ReproduceView:
    """The section from the provenance of a record and the whole spec."""
    del figures
    record = subject.record
    return ReproduceView(
        NAME,
        _("Reproduce"),
        command=record.provenance.command,
        spec=format_spec(subject.spec, record),
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
    state = {None: "", True: _("with uncommitted changes"), False: _("without uncommitted changes")}[origin.dirty]
    if origin.commit_from:
        state = _(
            "from {variable}; git could not read it: {reason}",
            variable=origin.commit_from,
            reason=draw_note(origin.commit_refused),
        )
    memory = _("channels last") if device.channels_last else _("contiguous")
    return [
        Fact(_("Commit"), origin.commit or _("none (outside git)"), state),
        seed_fact(record),
        Fact(_("Device"), device.name, device.kind),
        Fact(_("Threads"), numerals.count(device.threads)),
        Fact(_("Numerical precision"), device.precision, draw_note(device.precision_reason)),
        Fact(_("Memory format"), memory),
        *([Fact(_("Weights from"), origin.weights_url)] if origin.weights_url else []),
        Fact(_("Platform"), origin.platform),
        Fact(_("Date"), origin.created),
        Fact(_("Fingerprint"), record.fingerprint),
        Fact(_("Measurements, SHA-256"), digest_measured(record)),
        *list_weights(record),
    ]


def list_weights(record: RunRecord) -> list[Fact]:
    """The digest of the weights that the numbers are about, and with several seeds of those of each."""
    runs = [(record.spec.run.seeds[0], record.weights), *((run.seed, run.weights) for run in record.seeds)]
    return [
        Fact(
            _("Weights, SHA-256") if len(runs) == 1 else _("Weights of seed {seed}, SHA-256", seed=seed),
            weights.sha256 or _("not available"),
            draw_note(weights.reason)
            or ngettext("of {count} entry of the state dict", "of {count} entries of the state dict", weights.entries),
        )
        for seed, weights in runs
        if weights is not None
    ]


def list_digests(record: RunRecord) -> list[tuple[str, str]]:
    """(what, sha256) of everything the run read."""
    origin = record.provenance
    rows = []
    if origin.weights_sha256:
        rows.append((origin.weights_file or _("weights"), origin.weights_sha256))
    if origin.model_source_sha256:
        rows.append((_("source of the model"), origin.model_source_sha256))
    told = (origin.weights_sha256, origin.model_source_sha256)
    rows += [(name, digest) for name, digest in origin.model_files if digest not in told]
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
        notes = [*interval_methods(), *calibration_methods(), findings_method(), *notes]
    if record.answers is not None and record.answers.draws > 1:
        notes.append(chance_method(record.answers.draws))
    if record.provenance.model_source_sha256 is not None:
        notes.append(code_method())
    if record.weights is not None and record.weights.sha256 is not None:
        notes.append(weights_method())
    if record.latency:
        notes.append(
            MethodNote(
                _("Latency"),
                join_sentences(
                    [
                        _(
                            "Wall time of forward passes after a warm-up, synchronised with the device; median and "
                            "95th percentile."
                        ),
                        say_latency(record.latency),
                        draw_note(record.latency_missing),
                    ]
                ),
                "David and Nagaraja 2003, Order statistics, 3rd edition, §7.1. Wiley.",
            )
        )
    return notes


def findings_method() -> MethodNote:
    """How often a finding is made by chance."""
    return MethodNote(
        _("Findings by chance"),
        _(
            "A finding that chance could make is tested, with correction for all classes, conditions or scores it was "
            "selected from. In simulations where there is nothing of its kind, each is stated in at most 5 % of "
            "reports. Findings of different kinds are not corrected for each other: the more of them a report could "
            "make, the more often one is there by chance."
        ),
    )


def weights_method() -> MethodNote:
    """What the digest of the weights is of."""
    return MethodNote(
        _("Digest of the weights"),
        _(
            "SHA-256 of the state dict after training, or as it was evaluated where nothing was trained: the entries "
            "sorted by name, of each a line of JSON with name, type and shape, then its values in row-major order, "
            "little-endian. It depends on no file format, device or memory format. The docstring of "
            "reportgen.record.weights_digest has five lines of Python that compute it."
        ),
    )


def code_method() -> MethodNote:
    """What counts as the model's code."""
    return MethodNote(
        _("Files of the model"),
        _(
            "The model’s source, the local modules that it imports, and the files that its code opened through Python "
            "while the model was made: a build measures again when one of them changes. Files that compiled code "
            "opens, environment variables, the network and what is read only while the model runs are not followed."
        ),
    )


def say_latency(latency: Sequence[Latency]) -> str:
    """How medians, 95th percentiles and their intervals come about."""
    p95 = _(
        "The 95th percentile is stated where each process timed at least {fewest} passes; it is median-unbiased "
        "(Hyndman and Fan 1996, type 8).",
        fewest=FEWEST_FOR_P95,
    )
    several = max(len(one.processes) for one in latency)
    if several < FEWEST_PROCESSES:
        few = ngettext(
            "Timed in {count} process, fewer than the {fewest} from which the spread between processes is known: there "
            "are no intervals, and gates on these times are undecided.",
            "Timed in {count} processes, fewer than the {fewest} from which the spread between processes is known: "
            "there are no intervals, and gates on these times are undecided.",
            several or 1,
            fewest=FEWEST_PROCESSES,
        )
        return join_sentences([few, p95])
    sizes = join_names([numerals.count(one.batch_size) for one in latency if one.is_between_processes])
    many = _(
        "Batches of {sizes} in {several} fresh processes, one after the other: the median over processes of what each "
        "measured. Its interval lies between order statistics of the processes, whatever their distribution: of five "
        "the least and the most, which hold the median of all such processes in 94\u00a0%; of more, interpolated ones, "
        "95\u00a0% (Hettmansperger and Sheather 1986). What the machine does at another hour is not in it.",
        sizes=sizes,
        several=several,
    )
    return join_sentences([many, p95])


def interval_methods() -> list[MethodNote]:
    """How sure a number is."""
    return [
        MethodNote(
            _("Intervals of proportions"),
            _("Wilson score interval, 95 %, over images."),
            "Wilson 1927, Probable inference, the law of succession, and statistical inference. "
            "Journal of the American Statistical Association 22, 209–212.",
        ),
        MethodNote(
            _("Intervals of other scores"),
            _(
                "From the influence of each image on the score (its derivative with respect to the weight of the "
                "image), 95 %. Means over classes and AUROC: standard error with n/(n − 1) in each class, Student’s t "
                "with Satterthwaite’s degrees of freedom, on the logit scale. Means of losses and the area under risk "
                "and coverage: Student’s t corrected for skewness; of the variance between classes, which counts where "
                "the sizes of classes are random and not where they are fixed, half is left out, at most {between} of "
                "the whole. F1 of a class: Wilson’s interval of the Jaccard index. No interval where simulations cover "
                "less than 93 % or more than 97.5 %: below {least} images ({more} for losses and the area under risk "
                "and coverage), or below {each} ({most} for AUROC) of a class.",
                between=numerals.whole_percent(MOST_BETWEEN),
                least=FEWEST,
                more=FEWEST_OF_LOSS,
                each=FEWEST_OF_CLASS,
                most=FEWEST_OF_CURVE,
            ),
            "Hampel 1974, The influence curve and its role in robust estimation. Journal of the American Statistical "
            "Association 69, 383–393. DeLong, DeLong and Clarke-Pearson 1988, Comparing the areas under two or more "
            "correlated ROC curves. Biometrics 44, 837–845. Hall 1992, On the removal of skewness by transformation. "
            "Journal of the Royal Statistical Society B 54, 221–228.",
        ),
        MethodNote(
            _("Interval of the calibration error"),
            _(
                "By test inversion: every error under which a plug-in value like the one measured is not unlikely, "
                "with the sampling noise of each bin simulated 1,000 times. For the lower end the error lies in the "
                "bins as measured, for the upper end it is spread in proportion to their noise; both tails together "
                "have 5 %, near zero the upper one alone. The lower end is 0 unless perfect calibration is rejected "
                "at 5 % (labels drawn with the stated probabilities, 1,000 times). The debiased value subtracts the "
                "bias estimated by resampling the gaps."
            ),
            "Feldman and Cousins 1998, Unified approach to the classical statistical analysis of small signals. "
            "Physical Review D 57, 3873–3889. Kumar, Liang and Ma 2019, Verified uncertainty calibration. NeurIPS 32. "
            "Vaicenavicius et al. 2019, Evaluating model calibration in classification. AISTATS 22.",
        ),
    ]


def chance_method(evaluations: int) -> MethodNote:
    """How the scores of a model that depends on chance are made."""
    return MethodNote(
        _("Evaluations of a stochastic model"),
        _(
            "Means over {evaluations} evaluations with different random numbers. The distance of each end of an "
            "interval is the root of the sum of two squares: the distance over images, and Student’s t times the "
            "standard deviation between evaluations over the root of their number; of its square a part of what chance "
            "does to each image by itself is taken off, which the first one holds as well.",
            evaluations=numerals.count(evaluations),
        ),
        "Zou and Donner 2008, Construction of confidence limits about effect measures: a general approach. Statistics "
        "in Medicine 27, 1693–1702.",
    )


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
            _("Over- and under-confidence"),
            _(
                "Mean confidence minus accuracy; 95\u00a0% interval: Wilson’s of the accuracy, for as many images as "
                "would make it scatter as the differences between confidence and being right do."
            ),
            "Korn and Graubard 1998, Confidence intervals for proportions with small expected number of positive "
            "counts estimated from survey data. Survey Methodology 24, 193–201.",
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


SECTION = Section(NAME, "Reproduce", 130, (), build, essential=())
