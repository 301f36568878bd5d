"""The command card."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reportgen.cli.build import PATH
from reportgen.errors import GateFailed
from reportgen.text.terminal import put

if TYPE_CHECKING:
    from reportgen.pipeline.card_questions import OpenPart, Question


@click.command()
@click.argument("spec", type=PATH, metavar="SPEC")
@click.option("--list", "only_list", is_flag=True, help="Say what is missing and ask nothing.")
def card(spec: Path, only_list: bool) -> int:
    """Ask for what the model card of SPEC lacks, one question at a time, and write the answers into it.

    An empty answer skips a question. Without a terminal nothing is asked: what is missing is listed. The exit code is 0
    when nothing is missing, else 1.
    """
    from reportgen.pipeline.card_questions import count_missing, gather, list_open, write_answers
    from reportgen.spec.reader import read_spec

    parts = list_open(read_spec(spec))
    if not count_missing(parts):
        put(sys.stdout, f"{spec}: the model card is complete")
        return 0
    if only_list or not is_interactive():
        print_missing(spec, parts)
        return GateFailed.exit_code
    values = gather(ask_all(parts))
    if values:
        write_answers(spec, values)
        put(sys.stdout, f"{spec}: wrote {', '.join(values)}")
    left = count_missing(list_open(read_spec(spec)))
    put(sys.stdout, f"{left} missing; {spec} holds what is there" if left else "the model card is complete")
    return GateFailed.exit_code if left else 0


def is_interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def print_missing(spec: Path, parts: tuple[OpenPart, ...]) -> None:
    """What nobody wrote, by part."""
    from reportgen.pipeline.card_questions import count_missing

    put(sys.stdout, f"{spec}: {count_missing(parts)} entries of the model card are missing")
    for part in parts:
        keys = dict.fromkeys(question.key.partition(".")[0] for question in part.missing)
        for key in keys:
            put(sys.stdout, f"  {part.title}: card.{key}")


def ask_all(parts: tuple[OpenPart, ...]) -> dict[str, str]:
    """The answers, by the key of their question."""
    answers: dict[str, str] = {}
    for number, part in enumerate(parts, 1):
        put(sys.stdout, f"{number} of {len(parts)}  {part.title}")
        if part.measured:
            put(sys.stdout, f"  measured: {part.measured}")
        if part.written:
            put(sys.stdout, f"  written: {', '.join(part.written)}")
        for question in part.missing:
            if question.key.startswith("review.") and question.key != "review.by" and not answers.get("review.by"):
                continue
            answers[question.key] = ask(question, must=question.key in ("review.date", "review.decision"))
    return answers


def ask(question: Question, must: bool) -> str:
    """One answer that can be taken; `must`: where an empty one would make those before it worth nothing."""
    from reportgen.pipeline.card_questions import complain

    while True:
        answer: str = click.prompt(f"  {question.text}", default="", show_default=False)
        trouble = complain(question.key, answer) or ("It belongs to the review." if must and not answer.strip() else "")
        if not trouble:
            return answer.strip()
        put(sys.stderr, f"  {trouble}")
