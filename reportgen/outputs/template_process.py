"""A user's own templates filled in by a process with limits of time and memory: a loop without end ends.

The process receives plain values (`plain_values`), and gives back JSON: nothing that it says is run here.
"""

from __future__ import annotations

import json
import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from reportgen.errors import Location, RenderError
from reportgen.system.processes import end, start_module, time_limit

SECONDS = 15
"""Of computing time; a page of 300 layers takes less than one."""
MOST_SECONDS = 120
"""On the clock, on a machine that does much else."""
MEBIBYTES = 1024
"""Of address space beyond what the process starts with; a large page takes a tenth."""
HINT = "Look for a loop without end, or for a text that grows, in {folder}."


class Job(Protocol):
    """A text to be made of a template, which can be pickled."""

    @property
    def name(self) -> str:
        """Of the template."""

    @property
    def folder(self) -> Path | None:
        """The user's own templates."""

    def fill_in(self) -> str:
        """The text, made here. Raises RenderError."""


def fill_in_apart(job: Job) -> str:
    """The text of a job, whose values are plain. Raises RenderError for a template that fails or needs too much."""
    child = start_module("reportgen.outputs.template_worker", str(SECONDS), str(MEBIBYTES))
    try:
        with time_limit(child, MOST_SECONDS) as limit, suppress(OSError):
            answer, said = child.communicate(pickle.dumps(job, pickle.HIGHEST_PROTOCOL))
        if limit.passed:
            message = f"the template {job.name} was not done after {MOST_SECONDS} seconds"
            raise RenderError(message, HINT.format(folder=job.folder), Location(job.name))
    finally:
        end(child)
    try:
        return read_answer(json.loads(answer))
    except (ValueError, TypeError, KeyError) as error:
        last = said.decode("utf-8", "replace").strip().splitlines()[-1:]
        message = f"the template {job.name} can't be rendered: it needs more time or memory than a template may use"
        raise RenderError("; ".join([message, *last]), HINT.format(folder=job.folder), Location(job.name)) from error


def read_answer(answer: dict[str, Any]) -> str:
    """The text of an answer. Raises the RenderError that it holds."""
    if "text" in answer:
        return str(answer["text"])
    place = answer["place"]
    raise RenderError(answer["message"], answer["hint"], Location(*place) if place else None)


def write_answer(job: Job) -> bytes:
    """The text of a job, or the error that it ended with, as JSON."""
    try:
        answer: dict[str, Any] = {"text": job.fill_in()}
    except RenderError as error:
        place = error.location
        answer = {
            "message": error.message,
            "hint": error.hint,
            "place": [place.file, place.line, place.column] if place else None,
        }
    return json.dumps(answer).encode("ascii")
