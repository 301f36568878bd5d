"""What is said of a template that fails: which one, on which line, why, and what to do."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from inspect import CO_GENERATOR
from pathlib import Path
from types import FrameType
from typing import Any

from jinja2 import (
    Environment,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateRuntimeError,
    TemplateSyntaxError,
    UndefinedError,
    nodes,
)
from jinja2.exceptions import SecurityError
from jinja2.utils import missing

from reportgen.errors import Location, RenderError
from reportgen.outputs.view_values import View
from reportgen.text.suggest import nearest

REPORT = "This is a fault of reportgen; please report it."


class TooLong(TemplateRuntimeError):
    """A template is still at work when its time is up."""


class TooLarge(TemplateRuntimeError):
    """A template prints more than there is room for; knows the line that it was at."""

    def __init__(self, message: str, made: Iterator[str]) -> None:
        super().__init__(message)
        self.filename, self.lineno = find_place(made)


def find_place(made: Iterator[str]) -> tuple[str | None, int]:
    """File and line of the innermost template that gives the next part of a text; (None, 1) where none does."""
    places: list[tuple[str, int]] = []

    def note(frame: FrameType, event: str, _argument: object) -> None:
        template = frame.f_globals.get("__jinja_template__")
        if event == "call" and template is not None and frame.f_code.co_flags & CO_GENERATOR:
            places.append((frame.f_code.co_filename, template.get_corresponding_lineno(frame.f_lineno)))

    before = sys.gettrace()
    sys.settrace(note)
    try:
        next(made, None)
    finally:
        sys.settrace(before)
    return places[-1] if places else (None, 1)


class Unknown(UndefinedError):
    """A template asks for what is not there."""

    def __init__(self, message: str, name: str, holder: object) -> None:
        super().__init__(message)
        self.name = name
        self.holder = holder
        """What should have an attribute or item of that name; jinja2's `missing` for a name of its own."""


class Undefined(StrictUndefined):
    """jinja2's strict placeholder, whose error knows where the name was looked for."""

    __slots__ = ()

    def __init__(self, hint: str | None = None, obj: Any = missing, name: str | None = None, exc: Any = UndefinedError):
        told: Any = exc
        if isinstance(obj, tuple) and name is not None and hasattr(list, str(name)):  # what a list would do
            hint, told = f"access to attribute {name!r} is unsafe: what a template sees is not changed", SecurityError
        elif exc is UndefinedError and hint is None:
            told = partial(Unknown, name=str(name), holder=obj)
            if isinstance(obj, View):
                hint = f"{obj} has no attribute {str(name)!r}"
        super().__init__(hint, obj, name, told)


@dataclass(frozen=True)
class Roots:
    """The folders that templates come from."""

    ours: Path
    own: Path | None = None
    """The user's."""

    def name(self, file: Path) -> str | None:
        """What a template calls this file; None for a file that is no template."""
        if self.own is not None and file.is_relative_to(self.own):
            return file.relative_to(self.own).as_posix()
        if file.is_relative_to(self.ours):
            name = file.relative_to(self.ours).as_posix()
            return f"default/{name}" if self.own is not None else name
        return None

    def is_own(self, file: Path) -> bool:
        """Whether a file is the user's."""
        return self.own is not None and file.is_relative_to(self.own)


@dataclass(frozen=True)
class Step:
    """A line of a template that was being filled in."""

    name: str
    line: int | None
    is_own: bool

    def __str__(self) -> str:
        return str(Location(self.name, self.line))


def check_blocks(environment: Environment, text: str, template: str, file: str) -> None:
    """Raise TemplateSyntaxError for a block of a template that what it extends does not have, so that nothing shows it.

    What can't be read is told when it is compiled, and a parent that is chosen when the template runs is not known.
    """
    try:
        tree = environment.parse(text)
        known = find_inherited(environment, tree, {template})
    except (TemplateError, RecursionError):
        return
    if known is None:
        return
    for block in tree.body:
        if isinstance(block, nodes.Block) and block.name not in known and f"self.{block.name}" not in text:
            near = near_to(block.name, known)
            meant = f"; did you mean {near}?" if near else ""
            message = f"what it extends has no block {block.name!r}, so that nothing shows this one{meant}"
            raise TemplateSyntaxError(message, block.lineno, template, file)


def find_inherited(environment: Environment, tree: nodes.Template, seen: set[str]) -> set[str] | None:
    """The blocks of all that a template extends; None where it extends nothing, or what is not known before it runs."""
    extended = tree.find(nodes.Extends)
    if extended is None or not isinstance(extended.template, nodes.Const) or environment.loader is None:
        return None
    name = extended.template.value
    if name in seen:
        return None
    parent = environment.parse(environment.loader.get_source(environment, name)[0])
    further = find_inherited(environment, parent, seen | {name})
    if further is None and parent.find(nodes.Extends) is not None:
        return None
    return {block.name for block in parent.find_all(nodes.Block)} | (further or set())


def describe(error: Exception, name: str, roots: Roots, known: Collection[str]) -> RenderError:
    """The RenderError for whatever `name` raised; `known` are names that every template can use."""
    steps = list(find_steps(error, roots))
    if not steps and error.__context__ is not None:  # the time was up while another error was looked into
        steps = list(find_steps(error.__context__, roots))
    last = steps[-1] if steps else Step(name, None, roots.own is not None)
    location = Location(last.name, last.line) if steps else None
    if isinstance(error, TemplateNotFound):
        return RenderError(f"the template {error.name} is missing", format_missing(error, roots), location)
    if isinstance(error, RecursionError):
        looped = next((step for step in reversed(steps) if step.is_own), last)
        message = f"the template {looped.name} extends, includes or calls itself without end"
        ours = f" To build on ours, name it: default/{looped.name}." if (roots.ours / looped.name).is_file() else ""
        return RenderError(message, format_fix(steps, roots) + ours, Location(looped.name, looped.line))
    hint = " ".join(filter(None, (format_known(error, known), format_fix(steps, roots))))
    return RenderError(
        f"the template {last.name} can't be rendered: {format_reason(error)}", hint, location or Location(name)
    )


def find_steps(error: BaseException, roots: Roots) -> Iterator[Step]:
    """The lines of templates that led to an error, the innermost last."""
    step = error.__traceback__
    while step is not None:
        file = Path(step.tb_frame.f_code.co_filename)
        name = roots.name(file)
        if name is not None:
            template = step.tb_frame.f_globals.get("__jinja_template__")  # where jinja2 did not come to its own lines
            line = template.get_corresponding_lineno(step.tb_lineno) if template else step.tb_lineno
            yield Step(name, line, roots.is_own(file))
        step = step.tb_next
    if isinstance(error, TemplateSyntaxError | TooLarge) and error.filename:
        file = Path(error.filename)
        name = roots.name(file)
        outside = roots.own is not None and name is None
        named = getattr(error, "name", None)
        yield Step(name or named or error.filename, error.lineno, roots.is_own(file) or outside)


def format_reason(error: Exception) -> str:
    """What went wrong, in jinja2's words, or with the kind of what Python raised."""
    if isinstance(error, MemoryError):
        return "it needs more memory than a template may use"
    if isinstance(error, TemplateSyntaxError):
        return error.message or "it is not a template"
    return str(error) if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"


def format_fix(steps: list[Step], roots: Roots) -> str:
    """Whose fault it is, as far as that can be told."""
    own = [step for step in steps if step.is_own]
    if roots.own is None:
        return REPORT
    if not own and steps:
        return f"Compare the templates in {roots.own} with ours, which {steps[-1].name} relies on."
    if own and own[-1] != steps[-1]:
        return f"It is reached from {own[-1]} in {roots.own}: check what that line hands on."
    return f"Fix the template in {roots.own}."


def format_missing(error: TemplateNotFound, roots: Roots) -> str:
    """Where a template that is not there could come from."""
    ours = sorted(path.relative_to(roots.ours).as_posix() for path in roots.ours.rglob("*") if path.is_file())
    wanted = str(error.name)
    near = near_to(wanted.removeprefix("default/"), ours)
    if roots.own is None:
        return "Put it into the folder of report.templates, or leave it out."
    return f"Put it into {roots.own}, or name one of ours, such as default/{near or 'report.html.j2'}."


def format_known(error: Exception, known: Collection[str]) -> str:
    """What there is instead of a name that stands for nothing; empty for other errors."""
    if not isinstance(error, Unknown):
        return ""
    if error.holder is missing:
        near = near_to(error.name, known)
        return f"Did you mean {near}?" if near else ""
    return nearest(error.name, [name for name in dir(error.holder) if not name.startswith("_")])


def near_to(name: str, names: Collection[str]) -> str:
    """The one of these names that is like another; empty where none is."""
    return next(iter(difflib.get_close_matches(name, sorted(names), n=1, cutoff=0.6)), "")
