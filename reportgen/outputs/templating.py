"""The one door to jinja2: the environment that every page is made in, and its filters."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from reportgen.errors import Location, RenderError
from reportgen.outputs import markdown
from reportgen.outputs.template_cache import CompiledTemplates
from reportgen.report.model import FigureFile, Skipped
from reportgen.text.i18n import catalogue, join_sentences, languages
from reportgen.text.i18n import language as in_language
from reportgen.text.shorten import columns, one_line, shorten

Medium = Literal["screen", "print"]
"""What the page is for: a browser, or the PDF (nothing folded away, long tables cut)."""


def render_template(
    name: str, values: Mapping[str, object], medium: Medium = "screen", folder: Path | None = None, language: str = "en"
) -> str:
    """The text of one template; `folder` holds the user's own templates, which come before the packaged ones.

    Raises RenderError naming template and line for a template that is missing, wrong or asks for what is not there.
    """
    environment = make_environment(medium, folder, language)
    if folder is None:
        environment.bytecode_cache = CompiledTemplates(folded_in())
    try:
        with in_language(language):
            return environment.get_template(name).render(values)
    except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise describe(error, name, folder) from error


def render_markdown(name: str, values: Mapping[str, object], folder: Path | None = None, language: str = "en") -> str:
    """The text of a Markdown template, in which every value is escaped unless it is `markdown.Raw`.

    Raises RenderError as `render_template` does.
    """
    environment = make_environment("screen", folder, language)
    environment.autoescape = False
    environment.finalize = markdown.finalize
    environment.filters.update(code=markdown.code, plain=markdown.plain, bar=markdown.bar)
    try:
        with in_language(language):
            return environment.get_template(name).render(values)
    except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise describe(error, name, folder) from error


def make_environment(medium: Medium, folder: Path | None = None, language: str = "en") -> Environment:
    """An environment that escapes everything, refuses unknown names and, with the user's templates, is a sandbox."""
    if language not in languages():
        known = ", ".join(languages())
        raise RenderError(f"there are no words in the language {language!r}", f"Choose one of {known}.")
    kind = Environment if folder is None else ImmutableSandboxedEnvironment
    environment = kind(
        loader=FileSystemLoader([*([folder] if folder else []), template_root()]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    words = catalogue(language)
    environment.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]
    environment.globals.update(medium=medium, language=language)
    environment.filters.update(
        data_uri=data_uri,
        svg_uri=svg_uri,
        fit=fit,
        anchor=anchor,
        inline_svg=inline_svg,
        stylesheet=stylesheet,
        sentences=join_sentences,
    )
    environment.tests["skipped"] = is_skipped
    return environment


def folded_in() -> bytes:
    """Everything beside a template's own text that jinja2 computes while it compiles: filters of constants, among them
    the style sheets."""
    return b"\0".join(path.read_bytes() for path in (Path(__file__), *sorted(template_root().glob("*.css"))))


@lru_cache(maxsize=1)
def template_root() -> Path:
    """The folder of the packaged templates: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    for root in (package / "templates", package.parent / "templates"):
        if (root / "report.html.j2").is_file():
            return root
    raise RenderError("the templates of reportgen are missing", "Install reportgen again: its package is incomplete.")


def has_template(name: str, folder: Path | None = None) -> bool:
    """Whether the user's folder or the package holds this template."""
    return any((root / name).is_file() for root in (folder, template_root()) if root is not None)


def describe(error: Exception, name: str, folder: Path | None) -> RenderError:
    """The RenderError that says which template failed, on which line, and why."""
    if isinstance(error, TemplateNotFound):
        return RenderError(f"the template {error.name} is missing", "Put it into report.templates, or leave it out.")
    file, line = locate(error, name)
    hint = f"Mend the template in {folder}." if folder else "This is a fault of reportgen; please report it."
    return RenderError(f"the template {file} can't be rendered: {error}", hint, Location(file, line))


def locate(error: Exception, name: str) -> tuple[str, int | None]:
    """Template and line where the error came from: the innermost template on the stack, or the syntax error's own."""
    if getattr(error, "lineno", None) is not None and getattr(error, "name", None) is not None:
        return str(getattr(error, "name", name)), int(getattr(error, "lineno", 0))
    found: tuple[str, int | None] = (name, None)
    step = error.__traceback__
    while step is not None:
        file = Path(step.tb_frame.f_code.co_filename)
        if file.suffix == ".j2":
            found = (f"{file.parent.name}/{file.name}" if file.parent.name == "sections" else file.name, step.tb_lineno)
        step = step.tb_next
    return found


def data_uri(picture: FigureFile | bytes) -> str:
    """A figure, or the bytes of a PNG, as a `data:` address."""
    media_type, data = (picture.media_type, picture.data) if isinstance(picture, FigureFile) else ("image/png", picture)
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def svg_uri(text: str) -> str:
    """An SVG as a `data:` address."""
    return f"data:image/svg+xml;base64,{base64.b64encode(text.encode('utf-8')).decode('ascii')}"


def fit(text: str, most: int) -> str:
    """The text in one line as wide as `most` letters at most, its end left out for "…" where it is wider.

    A character of East Asian width counts as two (Unicode annex 11).
    """
    return shorten(one_line(text), most, columns)


def inline_svg(figure: FigureFile) -> Markup:
    """The figure's own `<svg>` element to stand in the page; its drawing room has escaped every outside text.

    The element is no `img` to a screen reader, because the links inside one could not be reached.
    """
    text = figure.data.decode("utf-8")
    start = text.find("<svg")
    if figure.media_type != "image/svg+xml" or start < 0:
        raise ValueError(f"the figure {figure.name} holds no <svg> element")
    head, bracket, rest = text[start:].strip().partition(">")
    head = head.replace(' role="img"', "", 1)
    return Markup(head + bracket + rest)


def anchor(text: str) -> str:
    """An element id made of any text: letters, digits, '-' and '_' stay, everything else becomes its code point."""
    return re.sub(r"[^A-Za-z0-9_-]", lambda match: f"_{ord(match[0]):x}_", text)


def stylesheet(name: str) -> Markup:
    """The packaged style sheet of that name, without comments, to stand in a `<style>` element."""
    text = (template_root() / name).read_text(encoding="utf-8")
    return Markup(re.sub(r"/\*.*?\*/\s*", "", text, flags=re.DOTALL).strip())


def is_skipped(thing: object) -> bool:
    """Whether something could not be made."""
    return isinstance(thing, Skipped)
