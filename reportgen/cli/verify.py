"""The command verify."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reportgen.cli.build import PATH, listener, noise, set_option
from reportgen.text.terminal import plural, put


@click.command(short_help="Check that a report was not altered.")
@click.argument("report", type=PATH, metavar="REPORT.pdf|DIR")
@click.option("--key", type=PATH, metavar="FILE", help="Who must have signed it: a public key, or allowed signers.")
@click.option("--record", type=PATH, metavar="DIR", help="The record, for a file that does not hold it.")
@set_option("report.templates=looks, where it was drawn with templates of your own")
@noise
def verify(
    report: Path, key: Path | None, record: Path | None, overrides: tuple[str, ...], quiet: bool, verbose: bool
) -> int:
    """Check that nothing of a report was altered: every digest, and every number that it prints.

    The report is drawn again from its record and compared; of what was altered it says file, place, what is printed
    and what the record gives. Exit codes: 0 nothing altered; 1 something altered, or not signed by --key; 2 usage;
    5 nothing to verify it against; 6 machine.
    """
    from reportgen.pipeline.verification.verify import Options, Verification
    from reportgen.pipeline.verification.verify import verify as verify_report

    progress = listener(quiet, verbose)
    found: Verification = verify_report(report, Options(key, record, overrides), progress)
    for alteration in found.alterations:
        put(sys.stdout, f"altered: {alteration}")
    for note in found.notes:
        progress.warn(note)
    if found.signer is not None:
        whose = f"by {found.signer.name} " if found.signer.name else "by somebody; whose key it is, --key tells: "
        progress.say(f"signed {whose}({found.signer.key})")
    told = (
        f"{plural(found.files, 'file')}, {plural(found.numbers, 'printed number')}"
        if found.files
        else "the record by itself"
    )
    if found.alterations:
        put(sys.stdout, f"{report}: ALTERED, {plural(len(found.alterations), 'difference')} ({told} compared)")
    else:
        partly = " but for what the warnings say" * bool(found.notes)
        progress.say(f"{report}: verified{partly}, {told}{' as the record gives them' * bool(found.files)}")
    return found.exit_code
