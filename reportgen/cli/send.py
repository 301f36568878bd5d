"""The command send."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reportgen.cli.build import PATH
from reportgen.system.signals import Terminated
from reportgen.text.terminal import put

if TYPE_CHECKING:
    from reportgen.pipeline.sending.send import Draft, Order, Sent
    from reportgen.pipeline.sending.smtp import Security


@click.command(short_help="Mail a report.")
@click.argument("report", type=PATH, metavar="REPORT_DIR")
@click.option(
    "--to", multiple=True, required=True, metavar="ADDRESS", help="A recipient; for several repeat it, or use commas."
)
@click.option("--cc", multiple=True, metavar="ADDRESS", help="A recipient of a copy; likewise.")
@click.option("--from", "sender", metavar="ADDRESS", help="The sender; else $REPORTGEN_SMTP_FROM, or the user.")
@click.option("--smtp", metavar="HOST[:PORT]", help="The mail server; else $REPORTGEN_SMTP, or localhost.")
@click.option("--starttls", is_flag=True, help="Encrypt with STARTTLS; the default on port 587.")
@click.option("--tls", is_flag=True, help="Encrypt from the start (TLS); the default on port 465.")
@click.option("--again", is_flag=True, help="Also send to recipients who may already have it.")
@click.option("--dry-run", is_flag=True, help="Print what would be sent to whom; connect to nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Print only errors.")
def send(
    report: Path,
    to: tuple[str, ...],
    cc: tuple[str, ...],
    sender: str | None,
    smtp: str | None,
    starttls: bool,
    tls: bool,
    again: bool,
    dry_run: bool,
    quiet: bool,
) -> int:
    """Mail the report of a folder that was built with outputs: [mail].

    The server's user and password come from REPORTGEN_SMTP_USER and REPORTGEN_SMTP_PASSWORD, or the password from a
    keyring. Who has received it is kept beside the report, so that nobody gets it twice.
    """
    from reportgen.pipeline.sending.send import find_password, make_order, read_draft, rehearse
    from reportgen.pipeline.sending.send import send as send_now
    from reportgen.system.epoch import check_epoch

    if starttls and tls:
        raise click.UsageError("--starttls and --tls exclude each other.")
    check_epoch()
    security: Security | None = "starttls" if starttls else "tls" if tls else None
    order = make_order(to, cc, sender, smtp, security, again=again, dry=dry_run)
    draft = read_draft(report)
    if dry_run:
        print_plan(draft, order, rehearse(draft, order))
        return 0
    password = find_password(order.server)
    try:
        sent = send_now(draft, order, password)
    except (KeyboardInterrupt, Terminated):  # after which a message may be on its way
        put(sys.stderr, "interrupted: the same command says who has the mail and who may have it")
        raise
    print_sent(sent, quiet)
    return sent.exit_code


def print_plan(draft: Draft, order: Order, plan: Sent) -> None:
    """What would be sent, from whom, to whom and by which server."""
    from reportgen.pipeline.sending.send import FROM, NOBODY
    from reportgen.text import numerals

    attached = ", ".join(draft.attached)
    put(sys.stdout, f"subject: {draft.subject}")
    put(sys.stdout, f"size: {numerals.bytes_text(len(draft.data))}" + (f" with {attached}" if attached else ""))
    unnamed = f"nobody yet; to send it, add --from {NOBODY.spec}, or set {FROM}"
    put(sys.stdout, f"from: {unnamed if order.sender is NOBODY else order.sender.spec}")
    how = {"plain": "without encryption", "starttls": "with STARTTLS", "tls": "with TLS"}[order.server.security]
    put(sys.stdout, f"server: {order.server}, {how}, {'with' if order.server.user else 'without'} a login")
    print_sent(plan, quiet=False)


def print_sent(sent: Sent, quiet: bool) -> None:
    """One line for everybody; what went wrong on standard error."""
    good = [f"sent: {one}" for one in sent.sent]
    good += [f"would be sent: {one}" for one in sent.waiting]
    good += [f"not sent again: {one} has it already" for one in sent.already]
    for line in () if quiet else good:
        put(sys.stdout, line)
    for one, why in sent.refused:
        put(sys.stderr, f"error: {one} was refused: {why}")
    for one, why in sent.unknown:
        put(sys.stderr, f"error: it is not known whether {one} has the mail: {why}")
        put(sys.stderr, "  Ask, or send it once more with --again.")
