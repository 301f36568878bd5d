"""What a record decides of its drawing: words and choices, never code. A record is data, whoever sent it.

Templates, a style sheet, a logo and plug-ins are files and modules of the machine that draws: they come from the
command line or from one's own spec. What a record names of them is left out, which is said.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from reportgen.comparison.gate_names import check_names
from reportgen.errors import SpecError
from reportgen.pipeline.registry import load_own
from reportgen.plugins import Plugins
from reportgen.progress import Progress
from reportgen.spec import override_report
from reportgen.spec.overrides import parse_override
from reportgen.spec.types import LogoSpec, ReportSpec
from reportgen.text.shorten import one_line, shorten

OWN = ("report.templates", "report.css", "report.logo", "plugins")
LONGEST = 200
"""Characters of a name that are repeated."""


def choose_drawing(recorded: ReportSpec, overrides: Sequence[str], progress: Progress) -> tuple[ReportSpec, Plugins]:
    """The spec that a record is drawn with, and its plug-ins: the record's own but for OWN, with what the command line
    says put in.

    Sections, outputs and gates of plug-ins that were left out are left out too. Raises SpecError for wrong overrides.
    """
    said = {".".join(str(part) for part in parse_override(text)[0]) for text in overrides}
    plain = recorded.report.model_copy(update={"templates": None, "css": None, "logo": None})
    spec = override_report(recorded.model_copy(update={"report": plain, "plugins": ()}), overrides)
    named = {key: value_of(recorded, key) for key in OWN}
    for key, value in named.items():
        if value and not any(one == key or one.startswith(f"{key}.") for one in said):
            progress.warn(
                f"{key}: {spell(value)} was left out: a record does not choose what runs here. "
                f"To draw with it: --set {shlex.quote(f'{key}={spell(value)}')}"
            )
    plugins = load_own(spec)
    return without_unknown(spec, recorded, plugins, progress) if recorded.plugins else spec, plugins


def value_of(spec: ReportSpec, key: str) -> Any:
    """What a spec has under one of OWN."""
    return spec.plugins if key == "plugins" else getattr(spec.report, key.removeprefix("report."))


def spell(value: Any) -> str:
    """A value of one of OWN as --set reads it, in one line."""
    text = f"[{','.join(value)}]" if isinstance(value, tuple) else str(value)
    if isinstance(value, LogoSpec):
        text = f"{{file: {value.file}, alt: {value.alt}}}"
    return shorten(one_line(text), LONGEST)


def without_unknown(spec: ReportSpec, recorded: ReportSpec, plugins: Plugins, progress: Progress) -> ReportSpec:
    """The spec without the record's sections, outputs and gates that only plug-ins have which were left out."""
    from reportgen.outputs import select_outputs
    from reportgen.report.sections import find_sections

    sections, outputs = find_sections() | plugins.sections, select_outputs(spec.outputs, plugins.outputs)
    report = spec.report
    if report.chosen and report.sections == recorded.report.sections:
        report = report.model_copy(update={"sections": keep(report.chosen, sections, "section", progress) or None})
    kept = spec.outputs if spec.outputs != recorded.outputs else keep(spec.outputs, outputs, "output", progress)
    wanted = report.chosen or tuple(sections)
    numbers = [name for key, section in sections.items() if key in wanted for name in section.metrics]
    gates = [rule for rule in spec.gates if rule not in recorded.gates or is_known(rule, numbers, progress)]
    changed = {"report": report, "outputs": kept or ReportSpec.model_fields["outputs"].default, "gates": tuple(gates)}
    return spec.model_copy(update=changed)


def keep(names: Sequence[str], known: Mapping[str, object], what: str, progress: Progress) -> tuple[str, ...]:
    """The names that are known; the others are said."""
    for name in names:
        if name not in known:
            progress.warn(f"the {what} {spell(name)} was left out: no plug-in that is used here has it")
    return tuple(name for name in names if name in known)


def is_known(rule: Any, numbers: Sequence[str], progress: Progress) -> bool:
    """Whether a gate is on a number that a report here has; said where it is not."""
    try:
        check_names([rule], numbers, baseline=True)
    except SpecError as error:
        progress.warn(f"the gate {spell(rule.text)} was left out: {error.message}")
        return False
    return True
