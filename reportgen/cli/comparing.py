"""The command compare."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from reportgen.cli.reports import PATH, attempt, listener, noise, out_option


@click.command()
@click.argument("baseline", type=PATH)
@click.argument("candidates", nargs=-1, required=True, type=PATH, metavar="CANDIDATE...")
@out_option
@click.option("--margin", type=click.FloatRange(0, 1, min_open=True, max_open=True), metavar="SHARE",
              help="Change of top-1 accuracy that does not matter; default 0.005.")  # fmt: skip
@noise
def compare(
    baseline: Path,
    candidates: tuple[Path, ...],
    out: Path | None,
    formats: tuple[str, ...],
    margin: float | None,
    quiet: bool,
    verbose: bool,
) -> int:
    """Draw the report of each CANDIDATE against a BASELINE; each a report's folder, a record or a report.pdf.

    Several candidates go into a folder each, and are ranked with the baseline in the terminal.
    """
    from reportgen.contest import compare as compare_one
    from reportgen.pipeline import Options
    from reportgen.ranking import rank
    from reportgen.sources import find_source

    progress = listener(quiet, verbose)
    home = out or Path("reports") / "comparison"
    sources = [find_source(path) for path in (baseline, *candidates)]
    several = len(candidates) > 1
    codes = []
    for number, (path, source) in enumerate(zip(candidates, sources[1:], strict=True), start=1):
        folder = home / f"{number}-{source.name}" if several else home
        work = partial(compare_one, baseline, path, margin, folder, Options(formats=formats), progress)
        codes.append(attempt(work, progress, several))
    if several:
        names = [f"{number} {source.name}" for number, source in enumerate(sources)]
        for line in rank(names, [source.load() for source in sources]):
            click.echo(line)
    return next((code for code in codes if code), 0)
