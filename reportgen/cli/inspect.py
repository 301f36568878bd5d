"""The commands that look and prepare: check, new, trace, list and schema."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reportgen.cli.build import set_option
from reportgen.errors import EnvironmentTrouble, RenderError, ReportgenError, SpecError
from reportgen.text.terminal import print_line, put

if TYPE_CHECKING:
    from reportgen.record.trace import ModelTrace

PATH = click.Path(path_type=Path)

LARGEST_IMAGE = 100_000_000
"""Numbers of one image: 400 MB, of which a network makes many times as many."""
SCHEMAS = ("spec", "record", "metrics")
KINDS = ("models", "datasets", "sections", "outputs", "metrics")


@click.command(short_help="Check specs and this machine; print the plan.")
@click.argument("specs", nargs=-1, type=PATH, metavar="[SPEC...]")
@set_option("run.epochs=2")
@click.option("--data-root", type=PATH, metavar="DIR", help="Folder of the data set.")
@click.option("--offline", is_flag=True, help="Count a data set that is not here as missing.")
def check(specs: tuple[Path, ...], overrides: tuple[str, ...], data_root: Path | None, offline: bool) -> int:
    """Check specs and this machine, and print the plan: what would run, on what, for about how long."""
    from reportgen.cli.errors import LONGEST_MESSAGE
    from reportgen.pipeline.build import Options
    from reportgen.pipeline.check import check_machine, check_spec
    from reportgen.text.shorten import shorten_middle

    options = Options(data_root=data_root, offline=offline, overrides=overrides)
    findings = list(check_machine())
    for path in specs:
        findings += check_spec(path, options)
    for finding in findings:
        print_line(shorten_middle(finding.line, LONGEST_MESSAGE) if finding.exit_code else finding.line)
        for line in finding.hint.splitlines():
            print_line(f"    {shorten_middle(line, LONGEST_MESSAGE)}")
    return next((finding.exit_code for finding in findings if finding.exit_code), 0)


@click.command(short_help="Write a commented spec to begin with.")
@click.argument("model", required=False)
@click.option("-o", "--out", type=PATH, metavar="FILE", help="Write it into this file instead of to the terminal.")
def new(model: str | None, out: Path | None) -> None:
    """Write a commented spec that builds as it is; MODEL as in model.source."""
    from reportgen.spec.starter import starter_spec

    text = starter_spec(model)
    if model is not None:
        check_starter(model, Path.cwd() if out is None else out.parent)
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise SpecError(f"{out} already exists", "Choose another name, or remove it first.") from error
    except OSError as error:
        raise EnvironmentTrouble(f"{out} can't be written: {error.strerror}", "Choose another place.") from error
    put(sys.stdout, f"{out}: written; build it with: reportgen build {out}")


def check_starter(model: str, base: Path) -> None:
    """Raise ModelError for a model that no library has, and a form that means nothing; warn of a file or factory that
    is not there yet."""
    from reportgen.pipeline.model_check import check_source
    from reportgen.plugins import load_plugins
    from reportgen.spec.model_code import LIBRARIES, is_code

    try:
        check_source(model, base, load_plugins(()))
    except ReportgenError as error:
        place = model.partition(":")[0]
        if place in LIBRARIES or not is_code(model) or not ("/" in place or "." in place):
            raise
        put(sys.stderr, f"warning: {error.message}")


def parse_shape(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    """`1,3,32,32` as a shape of one image; None where none is given."""
    if value is None:
        return None
    try:
        shape = tuple(int(part) for part in value.split(","))
    except ValueError as error:
        raise click.BadParameter("give four whole numbers such as 1,3,32,32") from error
    if len(shape) != 4 or min(shape) < 1:
        raise click.BadParameter("give four whole numbers above zero such as 1,3,32,32")
    if math.prod(shape[1:]) > LARGEST_IMAGE:
        raise click.BadParameter(f"an image of more than {LARGEST_IMAGE:,} numbers is too large to be traced")
    return (1, *shape[1:])


@click.command(short_help="Print the layer table of a model.")
@click.argument("model")
@click.option(
    "--input",
    "shape",
    callback=parse_shape,
    metavar="N,C,H,W",
    help="Shape of its input; default: the spec's, or 1,3,32,32.",
)
@click.option("--depth", type=click.IntRange(min=1), metavar="N", help="Levels of modules to show; default: all.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole trace as JSON.")
@click.option("--svg", type=PATH, metavar="FILE", help="Also draw the architecture into this file.")
def trace(model: str, shape: tuple[int, ...] | None, depth: int | None, as_json: bool, svg: Path | None) -> None:
    """Print the layer table of MODEL: shapes, parameters, MACs, activations.

    MODEL is a model as in model.source (torchvision:NAME, timm:NAME, file.py:factory), a spec, which is traced without
    data and weights, or what holds a record: a report's folder, its record/, a report.pdf.
    """
    from reportgen.cli.trace_table import format_trace

    if svg is not None:
        from reportgen.pipeline.diff import check_drawing_file

        check_drawing_file(svg)
    from reportgen.pipeline.diff import trace_model

    traced = trace_model(model, shape)
    click.echo(traced.model_dump_json(indent=2) if as_json else format_trace(traced, depth))
    if svg is not None:
        write_architecture(traced, svg)


def write_architecture(traced: ModelTrace, path: Path) -> None:
    """The drawing of a model as a file. Raises RenderError where there is nothing that can be drawn."""
    from reportgen.pipeline.diff import draw_model, write_drawing
    from reportgen.report.model import Skipped

    figure = draw_model(traced)
    if isinstance(figure, Skipped):
        raise RenderError(f"{traced.name} can't be drawn: {figure.reason}", "The layer table has every module.")
    write_drawing(figure, path)


@click.command(name="list", short_help="List models, data sets, outputs and so on.")
@click.argument("kind", type=click.Choice(KINDS))
def list_kind(kind: str) -> None:
    """List what a spec can name: models, data sets, sections, outputs or metrics."""
    from reportgen.cli.catalogue import entries

    rows = entries(kind)
    width = max(len(name) for name, _ in rows)
    for name, summary in rows:
        click.echo(f"{name:<{width}}  {summary}".rstrip())


@click.command(short_help="Print a JSON Schema.")
@click.argument("kind", type=click.Choice(SCHEMAS))
def schema(kind: str) -> None:
    """Print the JSON Schema (draft 2020-12) of a spec file, of record.json or of metrics.json."""
    import json  # which every command would import

    click.echo(json.dumps(find_schema(kind), indent=2, ensure_ascii=False))


def find_schema(kind: str) -> dict[str, Any]:
    """The schema of one of the files."""
    if kind == "spec":
        from reportgen.spec import spec_schema

        return spec_schema()
    if kind == "record":
        from reportgen.record.store import record_schema

        return record_schema()
    from reportgen.outputs.json import metrics_schema

    return metrics_schema()
