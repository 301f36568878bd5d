"""The commands. The only place that catches ReportgenError; nothing heavy is imported before a command needs it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from reportgen import __version__
from reportgen.errors import EnvironmentTrouble, ReportgenError, SpecError

if TYPE_CHECKING:
    from reportgen.pipeline import Outcome
    from reportgen.progress import Progress

FOLDER = click.Path(path_type=Path, file_okay=True)
PATH = click.Path(path_type=Path)
KINDS = ("models", "datasets", "sections", "outputs", "metrics")


def main() -> NoReturn:
    """Run the command line; every expected failure becomes a message and its exit code."""
    signal.signal(signal.SIGTERM, interrupt)
    try:
        code = commands.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except ReportgenError as error:
        sys.exit(report_error(error))
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.exceptions.Abort):
        sys.exit(interrupted(130))
    except Terminated:
        sys.exit(interrupted(143))
    except MemoryError:
        hint = "Use a smaller run.batch_size, or data.train_limit and data.eval_limit."
        sys.exit(report_error(EnvironmentTrouble("the machine ran out of memory", hint)))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)


class Terminated(BaseException):
    """SIGTERM came."""


def interrupt(_signum: int, _frame: object) -> NoReturn:
    """Turn SIGTERM into an exception, so that everything under way is put away."""
    raise Terminated


def interrupted(code: int) -> int:
    """Say that nothing was lost."""
    click.echo("\ninterrupted: nothing was written, an earlier report is as it was", err=True)
    return code


def report_error(error: ReportgenError) -> int:
    """Print an error and return its exit code."""
    from reportgen.terminal import print_error

    print_error(error)
    return error.exit_code


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="reportgen")
def commands() -> None:
    """Reports of PyTorch models in which every number can be trusted.

    A spec names a model; `reportgen build spec.yaml` traces it, trains or evaluates it on CIFAR-10 and writes
    report.html, report.pdf and metrics.json. Exit codes: 0 built; 1 a gate failed; 2 spec or usage; 3 data;
    4 training diverged; 5 rendering; 6 machine.
    """


def noise(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options -q and -v."""
    function = click.option("-v", "--verbose", is_flag=True, help="Say more.")(function)
    return click.option("-q", "--quiet", is_flag=True, help="Say nothing but warnings and errors.")(function)


def split_formats(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    """`html,pdf` as a tuple."""
    return tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip())) if value else ()


def out_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """-o and --format."""
    function = click.option(
        "--format", "formats", callback=split_formats, metavar="LIST", help="Comma-separated: html,pdf,json."
    )(function)
    return click.option("-o", "--out", type=PATH, metavar="DIR", help="The report's folder.")(function)


def set_option(example: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """--set KEY=VALUE, any number of times."""
    return click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help=f"Override a key: {example}.")


@commands.command()
@click.argument("specs", nargs=-1, required=True, type=PATH, metavar="SPEC...")
@out_option
@set_option("run.epochs=2")
@click.option("--device", metavar="D", help="auto, cpu, cuda, cuda:1 or mps; overrides run.device.")
@click.option("--data-root", type=PATH, metavar="DIR", help="Where the data set lies.")
@click.option("--offline", is_flag=True, help="Never download.")
@click.option("--force", is_flag=True, help="Measure again even if nothing changed.")
@noise
def build(
    specs: tuple[Path, ...],
    out: Path | None,
    formats: tuple[str, ...],
    overrides: tuple[str, ...],
    device: str | None,
    data_root: Path | None,
    offline: bool,
    force: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Build the report of each SPEC, by default into reports/<spec's file name>."""
    from reportgen.pipeline import Options, unique_folders
    from reportgen.pipeline import build as build_one

    if device is not None:
        overrides = (*overrides, f"run.device={device}")
    options = Options(data_root, offline, force, formats, overrides)
    progress = listener(quiet, verbose)
    codes = []
    for path, folder in zip(specs, unique_folders(specs, out), strict=True):
        work = partial(build_one, path, folder, options, progress)
        codes.append(attempt(work, progress, len(specs) > 1))
    return next((code for code in codes if code), 0)


@commands.command()
@click.argument("record", type=PATH, metavar="RECORD_DIR")
@out_option
@set_option("report.paper=letter")
@noise
def render(
    record: Path, out: Path | None, formats: tuple[str, ...], overrides: tuple[str, ...], quiet: bool, verbose: bool
) -> int:
    """Draw a report again from its record: no model, no data, no PyTorch."""
    from reportgen.pipeline import Options
    from reportgen.pipeline import render as render_one

    progress = listener(quiet, verbose)
    options = Options(formats=formats, overrides=overrides)
    return attempt(lambda: render_one(record, out, options, progress), progress, several=False)


def attempt(work: Callable[[], Outcome], progress: Progress, several: bool) -> int:
    """Do one report's work and tell how it ended; with several, one that fails does not stop the next."""
    try:
        outcome = work()
    except ReportgenError as error:
        if not several:
            raise
        return report_error(error)
    for failure in outcome.errors:
        report_error(failure)
    progress.say(closing_line(outcome))
    return outcome.exit_code


def closing_line(outcome: Outcome) -> str:
    """Where the report is, in one line."""
    if outcome.record is None:
        return f"{outcome.folder}: unchanged"
    if outcome.exit_code == 4:
        return f"{outcome.folder}: built, but training diverged; the report says where"
    return f"{outcome.folder}: built" + (" from the earlier record" if outcome.reused else "")


def listener(quiet: bool, verbose: bool) -> Progress:
    """The progress of this terminal."""
    from reportgen.terminal import make_progress

    return make_progress(quiet, verbose)


@commands.command()
@click.argument("specs", nargs=-1, type=PATH, metavar="[SPEC...]")
@set_option("run.epochs=2")
@click.option("--data-root", type=PATH, metavar="DIR", help="Where the data set lies.")
@click.option("--offline", is_flag=True, help="Count a data set that is not here as missing.")
def check(specs: tuple[Path, ...], overrides: tuple[str, ...], data_root: Path | None, offline: bool) -> int:
    """Check specs and this machine, and print the plan: what would run, on what, for about how long."""
    from reportgen.pipeline import Options
    from reportgen.preflight import check_machine, check_spec

    options = Options(data_root=data_root, offline=offline, overrides=overrides)
    findings = list(check_machine())
    for path in specs:
        findings += check_spec(path, options)
    for finding in findings:
        click.echo(finding.line)
        for line in finding.hint.splitlines():
            click.echo(f"    {line}")
    return next((finding.exit_code for finding in findings if finding.exit_code), 0)


@commands.command()
@click.argument("model", required=False)
@click.option("-o", "--out", type=PATH, metavar="FILE", help="Write it there instead of to the terminal.")
def new(model: str | None, out: Path | None) -> None:
    """Write a commented spec that builds as it is; MODEL as in model.source."""
    from reportgen.starter import starter_spec

    text = starter_spec(model)
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise SpecError(f"{out} is there already", "Choose another name, or remove it first.") from error
    except OSError as error:
        raise EnvironmentTrouble(f"{out} can't be written: {error.strerror}", "Choose another place.") from error
    click.echo(f"{out}: written; build it with: reportgen build {out}")


def parse_shape(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[int, ...]:
    """`1,3,32,32` as a shape of one image."""
    try:
        shape = tuple(int(part) for part in value.split(","))
    except ValueError as error:
        raise click.BadParameter("give four whole numbers such as 1,3,32,32") from error
    if len(shape) != 4 or min(shape) < 1:
        raise click.BadParameter("give four whole numbers above zero such as 1,3,32,32")
    return (1, *shape[1:])


@commands.command()
@click.argument("model")
@click.option("--input", "shape", default="1,3,32,32", show_default=True, callback=parse_shape, metavar="N,C,H,W")
@click.option("--depth", type=click.IntRange(min=1), metavar="N", help="Show so many levels of modules.")
@click.option("--json", "as_json", is_flag=True, help="The whole trace as JSON.")
def trace(model: str, shape: tuple[int, ...], depth: int | None, as_json: bool) -> None:
    """Print the layer table of MODEL (as in model.source): shapes, parameters, MACs, activations."""
    from reportgen.experiment.inspect import trace_source
    from reportgen.folding import format_trace

    traced = trace_source(model, shape)
    click.echo(traced.model_dump_json(indent=2) if as_json else format_trace(traced, depth))


@commands.command(name="list")
@click.argument("kind", type=click.Choice(KINDS))
def list_kind(kind: str) -> None:
    """List what a spec can name: models, data sets, sections, outputs or metrics."""
    from reportgen.catalogue import entries

    rows = entries(kind)
    width = max(len(name) for name, _ in rows)
    for name, summary in rows:
        click.echo(f"{name:<{width}}  {summary}".rstrip())
