"""The commands. The only place that catches ReportgenError; nothing heavy is imported before a command needs it."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

import click

from reportgen import __version__
from reportgen.cli.build import build, render, report_error
from reportgen.cli.compare import compare
from reportgen.cli.inspect import check, list_kind, new, schema, trace
from reportgen.errors import EnvironmentTrouble, ReportgenError


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


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="reportgen")
def commands() -> None:
    """Reports of PyTorch models in which every number can be trusted.

    A spec names a model; `reportgen build spec.yaml` traces it, trains or evaluates it on CIFAR-10 and writes
    report.html, report.pdf and metrics.json. Exit codes: 0 built; 1 a gate failed; 2 spec or usage; 3 data;
    4 training diverged; 5 rendering; 6 machine.
    """


for command in (build, render, compare, check, new, trace, list_kind, schema):
    commands.add_command(command)
