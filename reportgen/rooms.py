"""The sections, figures and outputs that one build uses, plugins included."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.errors import SpecError
from reportgen.kinds import FigureKind, Output, Section
from reportgen.nearest import nearest
from reportgen.spec.types import ReportSpec


@dataclass(frozen=True)
class Rooms:
    """The sections, figures and outputs that this build uses."""

    sections: dict[str, Section]
    outputs: dict[str, Output]
    extra_figures: dict[str, FigureKind]

    @classmethod
    def open(cls, spec: ReportSpec) -> Rooms:
        """Find everything that can be had, plugins included, and keep what the spec asks for."""
        from reportgen.outputs import find_outputs
        from reportgen.plugins import load_plugins
        from reportgen.sections import find_sections

        plugins = load_plugins(spec.plugins)
        sections = find_sections() | plugins.sections
        outputs = find_outputs() | plugins.outputs
        wanted = tuple(sections) if spec.report.sections == "default" else spec.report.sections
        for name in wanted:
            if name not in sections:
                raise SpecError(f"report.sections: there is no section {name!r}", nearest(name, sections))
        for name in spec.outputs:
            if name not in outputs:
                raise SpecError(f"outputs: there is no output {name!r}", nearest(name, outputs))
        chosen = sorted((sections[name] for name in wanted), key=lambda section: (section.order, section.name))
        return cls({s.name: s for s in chosen}, {n: outputs[n] for n in spec.outputs}, plugins.figures)

    def check(self, spec: ReportSpec) -> None:
        """Raise before any compute when an output can't be made on this machine."""
        for output in self.outputs.values():
            output.check()
        folder = spec.report.templates
        if folder is not None and not folder.is_dir():
            raise SpecError(f"report.templates: there is no folder {folder}", "Give a folder, or leave it out.")
