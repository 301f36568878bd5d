"""The command compare."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reportgen.cli.build import PATH, attempt, force_option, listener, noise, out_option, sign_option
from reportgen.text.i18n import with_note
from reportgen.text.terminal import put

if TYPE_CHECKING:
    from reportgen.record.ranking import Ranking


def refuse_nan(_context: click.Context, _parameter: click.Parameter, value: float | None) -> float | None:
    """A number, which not-a-number is not, although it is below nothing and above nothing."""
    if value is not None and not 0 < value < 1:
        raise click.BadParameter(f"{value} is not in the range 0<x<1.")
    return value


@click.command(short_help="Compare reports, and rank several candidates.")
@click.argument("baseline", type=PATH)
@click.argument("candidates", nargs=-1, required=True, type=PATH, metavar="CANDIDATE...")
@out_option
@click.option(
    "--margin",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    callback=refuse_nan,
    metavar="SHARE",
    help="Change in top-1 accuracy that does not matter; default 0.005.",
)
@sign_option
@force_option
@noise
def compare(
    baseline: Path,
    candidates: tuple[Path, ...],
    out: Path | None,
    formats: tuple[str, ...],
    margin: float | None,
    sign: Path | None,
    force: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Draw the report of each CANDIDATE against a BASELINE; each a report's folder, a record or a report.pdf.

    Several candidates go into a folder each, and are ranked with the baseline: in every report, in the terminal, and in
    an index.html and a ranking.json beside their folders.
    """
    from reportgen.pipeline.build import Options
    from reportgen.pipeline.compare import CandidateSet

    progress = listener(quiet, verbose)
    candidate_set = CandidateSet.find(baseline, candidates, out or Path("reports") / "comparison")
    candidate_set.check_home(force)
    ranking, options, codes = candidate_set.rank(progress), Options(formats=formats, force=force, sign=sign), []
    for number in range(1, len(candidate_set.sources)):
        work = partial(candidate_set.compare, number, margin, options, progress, ranking)
        codes.append(attempt(work, progress, candidate_set.several))
    if ranking is not None:
        for line in format_ranking(
            ranking, [f"{number} {source.name}" for number, source in enumerate(candidate_set.sources)]
        ):
            put(sys.stdout, line)
        if candidate_set.made:
            progress.say(f"{candidate_set.publish(ranking, sign)}: ranking of {len(ranking.entries)} models")
    return next((code for code in codes if code), 0)


def format_ranking(ranking: Ranking, called: Sequence[str]) -> list[str]:
    """The models with their accuracies, the best first, then every pair; `called`: names for the terminal by number."""
    names = {entry.name: called[entry.number] for entry in ranking.entries}
    width = max(map(len, names.values()))
    lines = [
        f"{names[entry.name]:<{width}}  {entry.accuracy.display_full if entry.accuracy else '—'}"
        for entry in ranking.entries
    ]
    for pair in ranking.pairs:
        how = "differ" if pair.holds else "can't be distinguished"
        change = with_note(pair.change.display, pair.change.display_interval)
        told = f"{change}, p = {pair.p_adjusted:.3g}"
        lines.append(f"{names[pair.second]} and {names[pair.first]} {how}: {told} after Holm's correction")
    return [
        *lines,
        *(f"{names[one.second]} and {names[one.first]} are not compared: {one.reason.text}" for one in ranking.refused),
    ]
