"""The command card."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reportgen.cli.build import PATH
from reportgen.errors import GateFailed
from reportgen.system.signals import Terminated, uninterrupted
from reportgen.text.terminal import plural, print_line, put

if TYPE_CHECKING:
    from reportgen.pipeline.card_questions import OpenPart, Question


@click.command(short_help="Ask for what a model card lacks.")
@click.argument("spec", type=PATH, metavar="SPEC")
@click.option("--list", "only_list", is_flag=True, help="List what is missing and ask nothing.")
def card(spec: Path, only_list: bool) -> int:
    """Ask for what the model card of SPEC lacks, one question at a time, and write each answer into it at once.

    An empty answer skips a question; what was answered before an interrupt is kept. Without a terminal nothing is
    asked: what is missing is listed. The exit code is 0 when nothing is missing, else 1.
    """
    from reportgen.pipeline.card_questions import count_missing, list_open
    from reportgen.spec.reader import read_spec

    parts = list_open(read_spec(spec))
    if not count_missing(parts):
        put(sys.stdout, f"{spec}: the model card is complete")
        return 0
    if only_list or not is_interactive():
        print_missing(spec, parts)
        return GateFailed.exit_code
    interview = Interview(spec)
    try:
        interview.ask_all(parts)
    except (click.Abort, KeyboardInterrupt, EOFError):
        return interview.say_interrupted(130)
    except Terminated as error:
        return interview.say_interrupted(error.exit_code)
    if interview.kept:
        put(sys.stdout, f"{spec}: wrote {', '.join(interview.kept)}")
    left = count_missing(list_open(read_spec(spec)))
    put(sys.stdout, f"{left} missing; {spec} holds what is there" if left else "the model card is complete")
    return GateFailed.exit_code if left else 0


def is_interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def print_missing(spec: Path, parts: tuple[OpenPart, ...]) -> None:
    """What nobody wrote, by part."""
    from reportgen.pipeline.card_questions import count_missing

    missing = count_missing(parts)
    entries = plural(missing, "entry", "entries")
    print_line(f"{spec}: {entries} of the model card {'is' if missing == 1 else 'are'} missing")
    for part in parts:
        keys = dict.fromkeys(question.key.partition(".")[0] for question in part.missing)
        for key in keys:
            print_line(f"  {part.title}: card.{key}")


class Interview:
    """Asks one question at a time and keeps each answer in the spec as it is given."""

    def __init__(self, spec: Path) -> None:
        self.spec = spec
        self.kept: list[str] = []
        """Keys of `card:` whose answers are in the file."""
        self.review: dict[str, str] = {}
        """What is said of the review, which is written when all three parts are there."""

    def ask_all(self, parts: tuple[OpenPart, ...]) -> None:
        """Ask what is missing, part by part."""
        for number, part in enumerate(parts, 1):
            put(sys.stdout, f"{number} of {len(parts)}  {part.title}")
            if part.measured:
                put(sys.stdout, f"  measured: {part.measured}")
            if part.written:
                put(sys.stdout, f"  written: {', '.join(part.written)}")
            for question in part.missing:
                self.ask_one(question)

    def ask_one(self, question: Question) -> None:
        """Ask, and write the answer into the spec."""
        in_review, opens = question.key.startswith("review."), question.key == "review.by"
        if in_review and not opens and not self.review:
            return
        answer = ask(question, must=in_review and not opens)
        if in_review and answer:
            self.review[question.key] = answer
        self.keep(self.review if in_review else {question.key: answer})

    def keep(self, answers: Mapping[str, str]) -> None:
        """Write what is whole of some answers."""
        from reportgen.pipeline.card_questions import gather, write_answers

        values = gather(answers)
        if values:
            with uninterrupted():
                write_answers(self.spec, values)
                self.kept += values

    def say_interrupted(self, code: int) -> int:
        """Say what is there now."""
        put(sys.stderr, "")
        told = f"{self.spec} holds the answers given until then: {', '.join(self.kept)}"
        put(sys.stderr, f"interrupted: {told if self.kept else f'{self.spec} is as it was, no answer was given'}")
        if self.review and "review" not in self.kept:
            put(sys.stderr, "interrupted: of the review nothing is kept, which needs by, date and decision together")
        return code


def ask(question: Question, must: bool) -> str:
    """One answer that can be taken; `must`: where an empty one would make those before it worth nothing."""
    from reportgen.pipeline.card_questions import complain

    while True:
        suffix = " " if question.text.endswith("?") else ": "
        answer: str = click.prompt(f"  {question.text}", default="", show_default=False, prompt_suffix=suffix)
        trouble = complain(question.key, answer) or ("It belongs to the review." if must and not answer.strip() else "")
        if not trouble:
            return answer.strip()
        put(sys.stderr, f"  {trouble}")
