"""What `import reportgen` gives: build, render, compare, verify and load_record, for scripts and notebooks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from reportgen.errors import ReportgenError, SpecError
from reportgen.pipeline import build as building
from reportgen.pipeline.drawing import Outcome as Drawn
from reportgen.pipeline.folders import output_folder
from reportgen.pipeline.guard import OwnListener, guarded
from reportgen.progress import Progress, Silent
from reportgen.record.gate_result import GateResult
from reportgen.record.locate import find_source
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.spec.given import override_texts

if TYPE_CHECKING:
    from reportgen.pipeline.verification.verify import Verification
    from reportgen.report.model import Report

StrPath = str | os.PathLike[str]
HOME = Path("reports")
NAME = "spec.yaml"
"""What a spec that is no file would be called."""


@dataclass(frozen=True)
class Outcome:
    """A report that was built, and what came of it. In a notebook it shows itself."""

    folder: Path
    """The report's folder."""
    exit_code: int
    """As of the command: 0 built; 1 a gate failed; 4 training diverged; 5 a format could not be made."""
    warnings: tuple[str, ...]
    gates: tuple[GateResult, ...]
    """Results of the spec's `gates:`."""
    errors: tuple[ReportgenError, ...]
    """What went wrong after the measurement, such as one format of several."""
    unchanged: bool
    """True where the report was already there and nothing had changed."""
    _report: Report | None = field(default=None, repr=False, compare=False)

    @cached_property
    def record(self) -> RunRecord:
        """What was measured. Raises RecordError where it has gone from the folder since."""
        return self.report.record

    @cached_property
    def metrics(self) -> Mapping[str, MetricValue]:
        """Every number of the report by its name, as in metrics.json. Raises RecordError as `record` does."""
        return MappingProxyType({value.name: value for value in self.report.metrics})

    @property
    def html(self) -> Path | None:
        """The page; None where the spec's `outputs` leave it out."""
        return self._file("report.html")

    @property
    def pdf(self) -> Path | None:
        """The PDF; None where the spec's `outputs` leave it out."""
        return self._file("report.pdf")

    @cached_property
    def report(self) -> Report:
        """What the outputs print; of an unchanged report, put together again from its record."""
        from reportgen.pipeline.showing import report_in

        return self._report or report_in(self.folder)

    def _file(self, name: str) -> Path | None:
        path = self.folder / name
        return path if path.is_file() else None

    def __repr__(self) -> str:
        from reportgen.pipeline.showing import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        """The verdict, the headline numbers, the gates and a link, for notebooks."""
        from reportgen.pipeline.showing import as_html

        return as_html(self)


def build(
    spec: StrPath | Mapping[str, Any],
    out: StrPath | None = None,
    *,
    overrides: Mapping[str, Any] | None = None,
    formats: Sequence[str] = (),
    data_root: StrPath | None = None,
    offline: bool = False,
    force: bool = False,
    sign: StrPath | None = None,
    progress: Progress | bool = True,
) -> Outcome:
    """Measure what a spec asks for and build its report; nothing is measured again where nothing changed.

    `spec`: a file, or its content as a mapping, whose paths are then relative to the current folder. `out`: the
    report's folder, by default `reports/` and the name of the spec. `overrides`: values by dotted key, such as
    `{"run.epochs": 2}`. `formats`: instead of the spec's `outputs`, or `all`. `data_root`: where data lie. `offline`:
    never download. `force`: measure again, and replace whatever is in the folder. `sign`: the SSH key that the report's
    manifest is signed with, by default that of `$REPORTGEN_SIGNING_KEY`, if any. `progress`: True writes lines to
    standard error, False nothing; or an own listener.

    A gate that failed and a training that diverged are in the outcome and raise nothing. Raises a ReportgenError whose
    notes say the place in the spec and what to do: SpecError, ModelError, DataError, RenderError, EnvironmentTrouble,
    InternalError for an error of reportgen itself. Neither `os._exit` in the model's code nor a signal ends Python
    before everything is put away; random numbers and the number of threads are afterwards as they were.
    """
    with guarded():
        given = spec if isinstance(spec, Mapping) else None
        path = Path(NAME) if isinstance(spec, Mapping) else as_path(spec, "spec")
        options = building.Options(
            data_root=None if data_root is None else as_path(data_root, "data_root"),
            offline=offline,
            force=force,
            formats=as_formats(formats),
            overrides=override_texts(overrides or {}),
            given=given,
            sign=as_key(sign),
        )
        folder = output_folder(path, None if out is None else as_path(out, "out"), several=False)
        return as_outcome(building.build(path, folder, options, listener(progress)))


def render(
    source: StrPath,
    out: StrPath | None = None,
    *,
    overrides: Mapping[str, Any] | None = None,
    formats: Sequence[str] = (),
    force: bool = False,
    sign: StrPath | None = None,
    progress: Progress | bool = True,
) -> Outcome:
    """Draw a report again from its record: no model, no data, no PyTorch.

    `source` and `out` as in `load_record` and `build`; without `out` the report that holds the record is replaced.
    `force`: replace another run's report too. `sign` as in `build`.
    `overrides` may change title, report, card, outputs, gates and plugins. Raises RecordError where there is no record,
    SpecError for other overrides, RenderError and EnvironmentTrouble.
    """
    with guarded():
        options = building.Options(
            formats=as_formats(formats), overrides=override_texts(overrides or {}), force=force, sign=as_key(sign)
        )
        folder = None if out is None else as_path(out, "out")
        return as_outcome(building.render(as_path(source, "source"), folder, options, listener(progress)))


def compare(
    baseline: StrPath,
    candidate: StrPath,
    out: StrPath | None = None,
    *,
    margin: float | None = None,
    formats: Sequence[str] = (),
    force: bool = False,
    sign: StrPath | None = None,
    progress: Progress | bool = True,
) -> Outcome:
    """Draw the report of a candidate held against a baseline, both as in `load_record`.

    `out`: by default `reports/comparison`. `margin`: the change of top-1 accuracy that does not matter, a share; by
    default 0.005. `force`: replace another run's report too. `sign` as in `build`. Raises RecordError where a record is
    missing or damaged, SpecError, RenderError and EnvironmentTrouble.
    """
    from reportgen.pipeline.compare import CandidateSet

    with guarded():
        if margin is not None and not 0 < margin < 1:
            raise SpecError(f"margin: expected a share between 0 and 1, found {margin}", "Half a point is 0.005.")
        home = HOME / "comparison" if out is None else as_path(out, "out")
        candidate_set = CandidateSet.find(as_path(baseline, "baseline"), [as_path(candidate, "candidate")], home)
        options = building.Options(formats=as_formats(formats), force=force, sign=as_key(sign))
        return as_outcome(candidate_set.compare(1, margin, options, listener(progress), None))


def verify(
    report: StrPath,
    *,
    key: StrPath | None = None,
    record: StrPath | None = None,
    overrides: Mapping[str, Any] | None = None,
    progress: Progress | bool = True,
) -> Verification:
    """Check that nothing of a report was altered: every digest, and every number that it prints.

    `report`: a report's folder, a record, or one file of a report. `key`: a public SSH key or a list of allowed
    signers, one of whom has to have signed it. `record`: where the record is, for a file that does not carry it.
    `overrides`: `report.templates`, `report.css` and `plugins` of one's own that it was drawn with.

    What was altered is in the result's `alterations`, and what could not be compared in its `notes`; neither raises.
    Raises RecordError where there is nothing to verify or to verify it against, SpecError for a wrong key or override,
    RenderError and EnvironmentTrouble where it can't be drawn or its signature not be checked here.
    """
    from reportgen.pipeline.verification.verify import Options
    from reportgen.pipeline.verification.verify import verify as verify_report

    with guarded():
        options = Options(
            None if key is None else as_path(key, "key"),
            None if record is None else as_path(record, "record"),
            override_texts(overrides or {}),
        )
        return verify_report(as_path(report, "report"), options, listener(progress))


def load_record(source: StrPath) -> RunRecord:
    """The record in a report's folder, in a record's own folder, in a report.pdf or in a record.zip.

    Raises RecordError where there is none, or a damaged or newer one.
    """
    with guarded():
        return find_source(as_path(source, "source")).load().record


def as_path(value: StrPath, name: str) -> Path:
    """The argument `name` as a path. Raises SpecError for what is none."""
    if not isinstance(value, str | os.PathLike):
        raise SpecError(f"{name}: expected a path, found a {type(value).__name__}", "Give it as a str or a Path.")
    if not os.fspath(value):
        raise SpecError(f"{name}: it is empty", "The current folder is '.'.")
    try:
        return Path(value).expanduser()
    except RuntimeError as error:
        raise SpecError(f"{name}: {error}", "Write the path out.") from error


def as_key(sign: StrPath | None) -> Path | None:
    """The key to sign with; None: that of the environment, or none."""
    return None if sign is None else as_path(sign, "sign")


def as_formats(formats: Sequence[str]) -> tuple[str, ...]:
    """The formats asked for; a single name is one."""
    return (formats,) if isinstance(formats, str) else tuple(formats)


def listener(progress: Progress | bool) -> Progress:
    """Who listens to the stages."""
    if isinstance(progress, bool):
        import sys

        from reportgen.system.plain_lines import PlainLines

        return PlainLines(sys.stderr) if progress else Silent()
    return OwnListener(progress)


def as_outcome(came: Drawn) -> Outcome:
    """The outcome as it is shown to the outside."""
    unchanged = came.subject is None
    return Outcome(came.folder, came.exit_code, came.warnings, came.gates, came.errors, unchanged, came.report)
