"""The sections, figures and outputs that one build uses, plugins included."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.comparison.gate_names import check_names
from reportgen.errors import SpecError, about
from reportgen.plugins import Output, Plugins, Section, load_plugins
from reportgen.record.subject import Subject
from reportgen.spec.types import ReportSpec
from reportgen.system.files import is_folder
from reportgen.system.fonts import check_chinese
from reportgen.text.i18n import catalogue
from reportgen.text.suggest import nearest

if TYPE_CHECKING:
    from reportgen.report.model import Logo


def load_own(spec: ReportSpec) -> Plugins:
    """The plug-ins that the spec names and the installed ones. Raises SpecError, with its place."""
    with about("plugins"):
        return load_plugins(spec.plugins)


@dataclass(frozen=True)
class Registry:
    """The sections, figures and outputs that this build uses."""

    sections: dict[str, Section]
    outputs: dict[str, Output]
    plugins: Plugins
    """Of the spec and installed ones, loaded once for all that asks for them."""
    css: str = ""
    """The user's own style sheet."""
    logo: Logo | None = None
    """The image above the title."""
    brief: bool = False
    """Whether the pages show the essential figures alone."""

    @property
    def look(self) -> str:
        """All that is seen of the user's own files but templates."""
        return look_text(self.css, self.logo)

    @classmethod
    def load(cls, spec: ReportSpec, plugins: Plugins) -> Registry:
        """Find everything that is available, plug-ins included, and keep what the spec asks for."""
        from reportgen.outputs import select_outputs
        from reportgen.report.failing import guarded
        from reportgen.report.sections import find_sections

        sections = find_sections() | plugins.sections
        outputs = select_outputs(spec.outputs, plugins.outputs)
        chosen = spec.report.chosen
        wanted = chosen or sorted(sections, key=lambda name: (sections[name].order, name))
        refuse_unknown("section", wanted, sections, "report.sections")
        refuse_unknown("output", spec.outputs, outputs, "outputs")
        css, logo = read_css(spec), read_own_logo(spec)
        selected = {name: guarded(sections[name]) for name in wanted}
        return cls(selected, {n: outputs[n] for n in spec.outputs}, plugins, css, logo, spec.report.is_brief)

    @classmethod
    def checked(cls, spec: ReportSpec, plugins: Plugins) -> Registry:
        """`load`, and `check` of it."""
        registry = cls.load(spec, plugins)
        registry.check(spec)
        return registry

    def figures_of_sections(self, subject: Subject) -> tuple[str, ...]:
        """The names of the figures that sections show."""
        sections = self.sections.values()
        return tuple(name for one in sections for name in (*one.shown(self.brief), *one.chosen(subject)))

    @property
    def shows_figures(self) -> bool:
        """Whether any output shows the figures of sections."""
        return any(output.shows_figures for output in self.outputs.values())

    def figures_of_outputs(self, subject: Subject) -> tuple[str, ...]:
        """The names of the figures that outputs show and no section does."""
        return tuple(name for output in self.outputs.values() for name in output.figures(subject))

    def check(self, spec: ReportSpec) -> None:
        """Raise before any compute when an output can't be made on this machine."""
        more = [name for section in self.sections.values() for name in section.metrics]
        check_names(spec.gates, more, baseline=spec.baseline is not None)
        for output in self.outputs.values():
            output.check()
        with about("report.language"):
            check_language(spec.report.language)
        folder = spec.report.templates
        with about("report.templates"):
            if folder is not None and not is_folder(folder):
                hint = (
                    "report.templates is relative to the spec, or in render to the current folder. Give it with "
                    "--set report.templates=FOLDER, or leave it out with --set report.templates=null."
                )
                raise SpecError(f"there is no folder {folder}", hint)
            if folder is not None and not os.access(folder, os.R_OK | os.X_OK):
                raise SpecError(f"the folder {folder} can't be read: there is no permission", "Check its permissions.")


def check_language(name: str) -> None:
    """Raise EnvironmentTrouble where this machine has not the words or the letters of a language."""
    catalogue(name)
    if name == "zh":
        check_chinese()


def look_text(css: str, logo: Logo | None) -> str:
    """All that is seen of the user's own files but templates, as text."""
    return css + (f"\0{logo.uri}" if logo is not None else "")


def read_look(spec: ReportSpec) -> str:
    """`Registry.look` of a spec, before any section or output is loaded. Raises SpecError."""
    return look_text(read_css(spec), read_own_logo(spec))


def read_css(spec: ReportSpec) -> str:
    """The text of the style sheet that the spec names, if it names one; raises SpecError for what is wrong with it."""
    if spec.report.css is None:
        return ""
    from reportgen.outputs.stylesheets import read_sheet

    with about("report.css"):
        return read_sheet(spec.report.css)


def read_own_logo(spec: ReportSpec) -> Logo | None:
    """The image that the spec names, if it names one; raises SpecError for what is wrong with it."""
    if spec.report.logo is None:
        return None
    from reportgen.outputs.logos import read_logo

    with about("report.logo"):
        return read_logo(spec.report.logo)


def refuse_unknown(what: str, names: Sequence[str], known: Mapping[str, object], key: str) -> None:
    """Raise SpecError, with its place in the spec, for the first name that is not known."""
    for index, name in enumerate(names):
        if name not in known:
            with about(f"{key}.{index}"):
                raise SpecError(f"there is no {what} {name!r}", nearest(name, known))
