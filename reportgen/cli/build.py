"""The commands that make reports: build and render."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reportgen.errors import EnvironmentTrouble, GateFailed, ReportgenError
from reportgen.system.garbage import uncollected
from reportgen.text.terminal import put_command

if TYPE_CHECKING:
    from reportgen.pipeline.drawing import Outcome
    from reportgen.progress import Progress
    from reportgen.record.gate_result import GateResult

PATH = click.Path(path_type=Path)


def report_error(error: ReportgenError) -> int:
    """Print an error and return its exit code."""
    from reportgen.cli.errors import print_error

    print_error(error)
    return error.exit_code


def noise(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options -q and -v."""
    function = click.option("-v", "--verbose", is_flag=True, help="Print more.")(function)
    return click.option("-q", "--quiet", is_flag=True, help="Print only warnings and errors.")(function)


def split_formats(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    """`html,pdf` as a tuple."""
    return tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip())) if value else ()


def out_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """-o and --format."""
    function = click.option(
        "--format",
        "--outputs",
        "formats",
        callback=split_formats,
        metavar="LIST",
        help="Comma-separated, such as html,pdf,json; all: every output that can be made here.",
    )(function)
    return click.option("-o", "--out", type=Folder(path_type=Path), metavar="DIR", help="Folder of the report.")(
        function
    )


class Folder(click.Path):
    """A folder; an empty text, such as a variable that is not set, would be the current one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path. Fails for an empty text."""
        if value == "":
            self.fail("it is empty; the current folder is '.'", param, ctx)
        return super().convert(value, param, ctx)


def force_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """--force of commands that measure nothing."""
    return click.option("--force", is_flag=True, help="Replace another run's report, and files that belong to none.")(
        function
    )


def sign_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """--sign of commands that write a report."""
    return click.option(
        "--sign", type=PATH, metavar="KEY", help="Sign manifest.json with this SSH key; or set REPORTGEN_SIGNING_KEY."
    )(function)


def set_option(example: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """--set KEY=VALUE, any number of times."""
    return click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help=f"Override a key: {example}.")


@click.command(short_help="Build the report of each spec.")
@click.argument("specs", nargs=-1, required=True, type=PATH, metavar="SPEC...")
@out_option
@set_option("run.epochs=2")
@click.option("--device", metavar="D", help="auto, cpu, cuda, cuda:1 or mps; overrides run.device.")
@click.option("--data-root", type=PATH, metavar="DIR", help="Folder of the data set.")
@click.option("--offline", is_flag=True, help="Never download.")
@sign_option
@click.option("--force", is_flag=True, help="Measure again even if nothing changed, and replace what is there.")
@noise
def build(
    specs: tuple[Path, ...],
    out: Path | None,
    formats: tuple[str, ...],
    overrides: tuple[str, ...],
    device: str | None,
    data_root: Path | None,
    offline: bool,
    sign: Path | None,
    force: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Build the report of each SPEC, by default into reports/<spec's file name>."""
    with uncollected(keep=True):
        from reportgen.pipeline.build import Options
        from reportgen.pipeline.build import build as build_one
        from reportgen.pipeline.folders import unique_folders

    if device is not None:
        overrides = (*overrides, f"run.device={device}")
    options = Options(data_root, offline, force, formats, overrides, sign=sign)
    progress = listener(quiet, verbose)
    codes = []
    for path, folder in zip(specs, unique_folders(specs, out), strict=True):
        work = partial(build_one, path, folder, options, progress)
        codes.append(attempt(work, progress, len(specs) > 1))
    return next((code for code in codes if code), 0)


@click.command(short_help="Draw a report again from its record.")
@click.argument("record", type=PATH, metavar="REPORT.pdf|DIR")
@out_option
@set_option("report.paper=letter")
@sign_option
@force_option
@noise
def render(
    record: Path,
    out: Path | None,
    formats: tuple[str, ...],
    overrides: tuple[str, ...],
    sign: Path | None,
    force: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Draw a report again from its record, or from a report.pdf that holds it: no model, no data, no PyTorch.

    The outputs are those that it was built with; --format names others, or all.
    """
    from reportgen.outputs.pdf_worker import start_early

    with start_early(not formats or bool({"pdf", "all"} & set(formats))):
        with uncollected(keep=True):
            from reportgen.pipeline.build import Options
            from reportgen.pipeline.build import render as render_one

        progress = listener(quiet, verbose)
        options = Options(formats=formats, overrides=overrides, force=force, sign=sign)
        return attempt(lambda: render_one(record, out, options, progress), progress, several=False)


def attempt(work: Callable[[], Outcome], progress: Progress, several: bool) -> int:
    """Do one report's work and tell how it ended; with several, one that fails does not stop the next."""
    try:
        outcome = work()
    except ReportgenError as error:
        if not several:
            raise
        return report_error(error)
    except Exception as error:
        if not several:
            raise
        from reportgen.system.unexpected import explain

        return report_error(explain(error))
    for failure in outcome.errors:
        report_error(failure)
    progress.say(closing_line(outcome))
    for gate in outcome.gates:
        print_gate(gate, progress)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        print_actions(outcome)
    return outcome.exit_code


def print_actions(outcome: Outcome) -> None:
    """The step's summary, outputs and annotations of a GitHub workflow. Raises EnvironmentTrouble where they can't be
    written."""
    from reportgen.cli import github
    from reportgen.pipeline.history import find_subject

    subject = outcome.subject or find_subject(outcome.folder)
    try:
        unsaid = github.write_summary(outcome.folder, os.environ)
        banners = outcome.report.banners if outcome.report is not None else None
        github.write_outputs(github.step_outputs(subject, outcome.folder, banners) if subject else {}, os.environ)
    except OSError as error:
        raise EnvironmentTrouble(f"GitHub's step files can't be written: {error}", "The report is built.") from error
    for line in (*filter(None, [unsaid]), *github.annotate(outcome.gates, outcome.gate_locations)):
        put_command(sys.stdout, line)


def print_gate(gate: GateResult, progress: Progress) -> None:
    """Say the result of a gate; what did not pass is said even where silence was asked for."""
    from reportgen.record.message import draw_note

    away = f", {gate.distance} from the bound" if gate.distance and gate.outcome == "fail" else ""
    line = f"{gate.rule}: {gate.display}{away}"
    if gate.outcome == "fail":
        report_error(GateFailed(f"gate failed: {line}"))
    elif gate.outcome == "undecided":
        progress.warn(f"gate undecided, not enough data: {line}. {draw_note(gate.reason)}")
    else:
        progress.say(f"gate passed: {line}")


def closing_line(outcome: Outcome) -> str:
    """Where the report is, in one line."""
    if outcome.subject is None:
        return f"{outcome.folder}: unchanged"
    if outcome.errors:
        return f"{outcome.folder}: built without what failed; the measurements are kept"
    if outcome.exit_code == 4:
        return f"{outcome.folder}: built, but training diverged; the report says where"
    failed = sum(gate.outcome == "fail" for gate in outcome.gates)
    if failed:
        return f"{outcome.folder}: built; {failed} of {len(outcome.gates)} gates failed"
    return f"{outcome.folder}: built" + (" from the earlier record" if outcome.reused else "")


def listener(quiet: bool, verbose: bool) -> Progress:
    """The progress of this terminal."""
    from reportgen.cli.terminal import make_progress

    return make_progress(quiet, verbose)
