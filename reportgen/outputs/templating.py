"""The one door to jinja2: the environment that every page is made in, its filters, and what is said of a template that
fails.

A user's own templates come first on the path and can build on ours by name, as `default/report.html.j2`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePath
from typing import Any, Literal, Protocol

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, Template, pass_context
from jinja2.exceptions import TemplateNotFound, TemplateRuntimeError, TemplateSyntaxError
from markupsafe import Markup

from reportgen.errors import RenderError, ReportgenError
from reportgen.outputs import bitbucket, markdown
from reportgen.outputs.sandbox import Sandbox
from reportgen.outputs.stylesheets import check_sheet, recolour
from reportgen.outputs.template_cache import keep_compiled
from reportgen.outputs.template_errors import Roots, TooLarge, TooLong, Undefined, check_blocks, describe, format_reason
from reportgen.outputs.template_folder import template_root
from reportgen.outputs.view_values import is_skipped
from reportgen.system.address_space import make_room
from reportgen.text.i18n import catalogue, join_sentences, languages, with_label, with_note
from reportgen.text.i18n import language as in_language
from reportgen.text.shorten import one_line
from reportgen.text.wrapping import keep_whole, split_note, split_ranges, split_rule

Medium = Literal["screen", "print"]
"""What the page is for: a browser, or the PDF (nothing folded away, long tables cut)."""
OURS = "default"
"""The folder under which the packaged templates can be named whatever the user's own are called."""
Dialect = Literal["markdown", "bitbucket"]
"""Of Markdown: GitHub's and GitLab's, or Bitbucket's."""
SHEETS = ("screen.css", "print.css", "chinese.css")
MOST_CHARACTERS = 300_000_000
"""That one's own template may print; the largest page of ours has 40 million."""
NO_BREAK = "\u00a0"
"""The space at which no line is broken."""
USUAL = ("medium", "language", "section", "ui")
"""Names that most templates have beside the values they are given."""


def render_template(
    name: str,
    values: Mapping[str, object],
    medium: Medium = "screen",
    folder: Path | None = None,
    language: str = "en",
    colours: Mapping[str, str] | None = None,
) -> str:
    """The text of one template; `folder` holds the user's own templates, which come before the packaged ones.

    `colours` are those of `stylesheets.COLOURS` that the report's own style sheet changes, for its figures.
    Raises RenderError naming template and line for a template that is missing, wrong or asks for what is not there.
    """
    return Job("html", name, dict(values), medium, folder, language, dict(colours or {})).done()


def render_markdown(
    name: str,
    values: Mapping[str, object],
    folder: Path | None = None,
    language: str = "en",
    dialect: Dialect = "markdown",
) -> str:
    """The text of a Markdown template, in which every value is escaped unless it is `markdown.Raw`.

    Raises RenderError as `render_template` does.
    """
    return Job(dialect, name, dict(values), "screen", folder, language).done()


def render_text(name: str, values: Mapping[str, object], folder: Path | None = None, language: str = "en") -> str:
    """The text of a template of plain text, in which every value stands on one line and can be printed.

    Raises RenderError as `render_template` does.
    """
    return Job("text", name, dict(values), "screen", folder, language).done()


@dataclass(frozen=True)
class Job:
    """One text to be made of a template; it can be sent to a process when its values are plain."""

    kind: Literal["html", "text"] | Dialect
    name: str
    values: Mapping[str, Any]
    medium: Medium = "screen"
    folder: Path | None = None
    language: str = "en"
    colours: Mapping[str, str] = field(default_factory=dict)

    def done(self) -> str:
        """The text; with templates of one's own it is made in a process with limits. Raises RenderError."""
        from reportgen.outputs.plain_values import make_plain  # which that process does not need

        plain = replace(self, values=make_plain(self.values, lazy=self.folder is None))
        if self.folder is None:
            return plain.fill_in()
        from reportgen.outputs.template_process import fill_in_apart

        return fill_in_apart(plain)

    def fill_in(self) -> str:
        """The text, made here. Raises RenderError."""
        environment = make_environment(self.medium, self.folder, self.language, self.colours)
        if self.kind in ("markdown", "bitbucket"):
            write_markdown(environment, self.kind)
        if self.kind == "text":
            write_text(environment)
        return fill(environment, self.name, self.values, self.folder, self.language)


def write_markdown(environment: Environment, dialect: Dialect) -> None:
    """Make the environment one of Markdown, in which every value is escaped unless it is `markdown.Raw`."""
    escaping = bitbucket if dialect == "bitbucket" else markdown
    environment.autoescape = False
    environment.finalize = at_run_time(escaping.finalize)
    environment.filters.update(code=at_run_time(escaping.code), plain=at_run_time(escaping.plain))
    environment.bytecode_cache = keep_compiled(dialect, Path(__file__))


def write_text(environment: Environment) -> None:
    """Make the environment one of plain text, in which no value can begin a line of its own."""
    environment.autoescape = False
    environment.finalize = at_run_time(on_one_line)
    environment.bytecode_cache = keep_compiled("text", Path(__file__))


def on_one_line(value: object) -> str:
    """What a template of plain text prints for a value: one line, in which numbers stay with their units."""
    return NO_BREAK.join(one_line(part) for part in str(value).split(NO_BREAK))


def fill(environment: Environment, name: str, values: Mapping[str, object], folder: Path | None, language: str) -> str:
    """The text of a template of this environment."""
    try:
        with in_language(language):
            template = environment.get_template(name)
            return template.render(values) if folder is None else collect(template, values)
    except ReportgenError:
        raise
    except MemoryError as error:
        if folder is None:
            raise
        make_room()
        raise describe(error, name, Roots(template_root(), folder), {*values, *USUAL}) from error
    except Exception as error:  # a template can call anything, so it can raise anything
        raise describe(error, name, Roots(template_root(), folder), {*values, *USUAL}) from error


def collect(template: Template, values: Mapping[str, object]) -> str:
    """The text of a template that may give more than there is room for; the line at which it does is told.

    Raises TooLarge.
    """
    parts: list[str] = []
    made: Any = template.generate(values)
    room = MOST_CHARACTERS
    try:
        for part in made:
            parts.append(part)
            room -= len(part)
            if room < 0:
                raise TooLarge(f"it prints more than {MOST_CHARACTERS:,} characters", made)
        return "".join(parts)
    except (MemoryError, TooLong) as error:
        if made.gi_frame is None:  # raised inside of the template, which knows its line
            raise
        parts.clear()
        make_room()
        raise TooLarge(format_reason(error), made) from error


def make_environment(
    medium: Medium, folder: Path | None = None, language: str = "en", colours: Mapping[str, str] | None = None
) -> Environment:
    """A sandbox that escapes everything and refuses unknown names; raises RenderError."""
    if language not in languages():
        known = ", ".join(languages())
        raise RenderError(f"there are no words in the language {language!r}", f"Choose one of {known}.")
    ours = Folder(template_root())
    environment = Sandbox(
        loader=ChoiceLoader([PrefixLoader({OURS: ours}), *([OwnFolder(folder)] if folder else []), ours]),
        autoescape=True,
        undefined=Undefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        bytecode_cache=keep_compiled("html", Path(__file__)),
    )
    words = catalogue(language)
    environment.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(medium=medium, language=language)
    changed = dict(colours or {})
    environment.filters.update(
        data_uri=at_run_time(lambda image: data_uri(image, changed)),
        svg_uri=at_run_time(lambda text: svg_uri(text, changed)),
        inline_svg=at_run_time(lambda figure: inline_svg(figure, changed)),
        anchor=at_run_time(anchor),
        stylesheet=at_run_time(partial(stylesheet, checked=bool(own_sheets(folder)))),
        sentences=at_run_time(join_sentences),
        labelling=at_run_time(with_label),
        noted=at_run_time(with_note),
        interval_apart=at_run_time(split_note),
        ranges_apart=at_run_time(split_ranges),
        kept_whole=at_run_time(keep_whole),
        rule_apart=at_run_time(split_rule),
    )
    environment.tests["skipped"] = at_run_time(is_skipped)
    return environment


def at_run_time(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter or test, never computed while a template is compiled, as jinja2 does for constants: what is kept
    compiled would not see that the function has changed."""

    @pass_context
    def called(_context: object, *values: Any, **named: Any) -> Any:
        return function(*values, **named)

    return called


class Folder(FileSystemLoader):
    """Templates of one folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.folder = folder

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Text, path, and whether it is still current.

        Raises TemplateSyntaxError for a file that is no text, and for a link that leads out of the folder;
        TemplateRuntimeError for a name that does, at the line that has it, whether there is such a file or not.
        """
        if PurePath(template).is_absolute() or ".." in PurePath(template).parts:
            raise TemplateRuntimeError(f"{template} is not a file of that folder: a link out of it, or no file")
        file = str(self.folder / template)
        if Path(file).exists() and not is_own_file(self.folder, Path(file)):
            raise TemplateSyntaxError(
                "it is not a file of that folder: a link out of it, or no file", 1, template, file
            )
        try:
            return super().get_source(environment, template)
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise TemplateSyntaxError("it is not text in UTF-8", line, template, file) from error
        except TemplateNotFound:
            raise
        except OSError as error:
            raise TemplateSyntaxError(f"it can't be read: {error.strerror}", 1, template, file) from error


class OwnFolder(Folder):
    """Templates of the user's."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """The same; raises TemplateSyntaxError for a block, too, that nothing shows."""
        text, file, is_current = super().get_source(environment, template)
        check_blocks(environment, text, template, file)
        return text, file, is_current


def is_own_file(folder: Path, file: Path) -> bool:
    """Whether a file is a regular one and, with every link followed, lies in the folder."""
    return file.is_file() and file.resolve().is_relative_to(folder.resolve())


def own_sheets(folder: Path | None) -> str:
    """The text of the style sheets that a user's folder holds in the place of ours, as templates; empty for none."""
    files = [folder / name for name in SHEETS] if folder else []
    return "".join(
        file.read_text(encoding="utf-8", errors="replace") for file in files if is_own_file(file.parent, file)
    )


class Figure(Protocol):
    """A drawn figure: a FigureFile, or the view of one."""

    @property
    def name(self) -> str:
        """Unique in the report."""

    @property
    def media_type(self) -> str:
        """Of its data."""

    @property
    def data(self) -> bytes:
        """The file."""


def data_uri(image: Figure | bytes, colours: Mapping[str, str] | None = None) -> str:
    """A figure, in these colours where it is a drawing, or the bytes of a PNG, as a `data:` address."""
    media_type, data = ("image/png", image) if isinstance(image, bytes) else (image.media_type, image.data)
    if colours and media_type == "image/svg+xml":
        data = recolour(data.decode("utf-8"), colours).encode("utf-8")
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def svg_uri(text: str, colours: Mapping[str, str] | None = None) -> str:
    """An SVG as a `data:` address."""
    data = recolour(text, colours or {}).encode("utf-8")
    return f"data:image/svg+xml;base64,{base64.b64encode(data).decode('ascii')}"


def inline_svg(figure: Figure, colours: Mapping[str, str] | None = None) -> Markup:
    """The figure's own `<svg>` element to stand in the page; its drawing package has escaped every outside text.

    The element is no `img` to a screen reader, because the links inside one could not be reached. Raises ValueError
    for a figure without one.
    """
    text = figure.data.decode("utf-8")
    start = text.find("<svg")
    if figure.media_type != "image/svg+xml" or start < 0:
        raise ValueError(f"the figure {figure.name} holds no <svg> element")
    head, bracket, rest = recolour(text[start:], colours or {}).strip().partition(">")
    head = head.replace(' role="img"', "", 1)
    return Markup(head + bracket + rest)


def anchor(text: str) -> str:
    """An element id made of any text: letters, digits, '-' and '_' stay, everything else becomes its code point."""
    return re.sub(r"[^A-Za-z0-9_-]", lambda match: f"_{ord(match[0]):x}_", text)


def stylesheet(text: str, name: str, checked: bool = False) -> Markup:
    """The text of the style sheet `name`, without comments, to stand in a `<style>` element.

    Raises RenderError, where it is `checked`, for one that refers to anything outside the page.
    """
    if checked:
        check_sheet(text, name)
    return Markup(re.sub(r"/\*.*?\*/\s*", "", text, flags=re.DOTALL).strip())
