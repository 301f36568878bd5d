"""The command index."""

from __future__ import annotations

from pathlib import Path

import click

from reportgen.cli.build import PATH, force_option, listener, noise
from reportgen.text.i18n import SOURCE, languages
from reportgen.text.terminal import plural


@click.command(short_help="Write one page over the records in a folder.")
@click.argument("folder", type=PATH, metavar="DIR")
@click.option("-o", "--out", type=PATH, metavar="FILE", help="The page; default: index.html in DIR.")
@click.option("--language", type=click.Choice(languages()), default=SOURCE, help="Language of the page.")
@force_option
@noise
def index(folder: Path, out: Path | None, language: str, force: bool, quiet: bool, verbose: bool) -> int:
    """Write one page over every record below DIR: by model with its history, by date, by accuracy.

    Records are folders, record.zip, and a report.pdf with its record inside. What can't be read is named on the page,
    and nothing that a record names is run. Exit codes: 0 written; 2 usage; 5 there is no record; 6 machine.
    """
    from reportgen.pipeline.index import make_index

    progress = listener(quiet, verbose)
    made = make_index(folder, out, force, progress, language)
    for one in made.unread:
        progress.warn(f"not read: {one.place}: {one.reason}")
    progress.say(
        f"{made.page}: {plural(made.records, 'record')}" + f", {len(made.unread):,} not read" * bool(made.unread)
    )
    return 0
