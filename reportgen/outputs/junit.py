"""JUnit XML: every gate, the comparison and the training as a test case that any CI can show."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from reportgen.record.comparison import ComparisonOutcome, Refusal
from reportgen.record.gate_result import GateResult
from reportgen.record.message import draw_note
from reportgen.record.run import Training
from reportgen.report.comparison_claims import claim_of
from reportgen.report.model import Report
from reportgen.text.i18n import _, join_sentences, with_label

FORBIDDEN = "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""An expression for characters that XML 1.0 can't hold."""


def make_junit(report: Report) -> bytes:
    """The file: one suite, named after the report."""
    record = report.record
    suite = ElementTree.Element("testsuite", name=clean(report.title), timestamp=record.provenance.created.rstrip("Z"))
    if record.training is not None:
        suite.append(training_case(record.training))
    for gate in report.gates:
        suite.append(gate_case(gate))
    comparison = report.subject.judgement.comparison
    baseline = report.subject.presentation.baseline
    if comparison is not None:
        suite.append(comparison_case(comparison))
    elif baseline is not None and baseline.missing is not None:
        suite.append(add(make_case("baseline", _("no worse than the baseline")), "skipped", baseline.missing))
    for kind, tag in (("tests", "testcase"), ("failures", "testcase/failure"), ("skipped", "testcase/skipped")):
        suite.set(kind, str(len(suite.findall(tag))))
    suite.set("errors", "0")
    suite.set("time", f"{sum(stage.seconds for stage in record.stages):.3f}")
    root = ElementTree.Element("testsuites", {key: suite.attrib[key] for key in ("tests", "failures", "skipped")})
    root.append(suite)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def training_case(training: Training) -> ElementTree.Element:
    """Whether the training gave numbers at all."""
    case = make_case("run", _("the loss stays finite"))
    if training.divergence is not None:
        add(case, "failure", _("Training diverged at step {step}.", step=training.divergence.step))
    return case


def gate_case(gate: GateResult) -> ElementTree.Element:
    """One gate: failed, skipped when undecided, else passed."""
    case = make_case("gates", gate.rule)
    if gate.outcome == "fail":
        failed = _(
            "{label}: {value}, {distance} from the bound", label=gate.label, value=gate.display, distance=gate.distance
        )
        add(case, "failure", failed)
    elif gate.outcome == "undecided":
        said = [_("Not enough data."), _("{label}: {value}.", label=gate.label, value=gate.display)]
        add(case, "skipped", join_sentences([*said, draw_note(gate.reason)]))
    return case


def comparison_case(comparison: ComparisonOutcome) -> ElementTree.Element:
    """The verdict against the baseline: failed when worse, skipped where it could not be told."""
    case = make_case("baseline", _("no worse than the baseline"))
    if isinstance(comparison, Refusal):
        add(case, "skipped", join_sentences([comparison.reason.text, comparison.advice.text]))
    elif comparison.verdict == "undecided":
        add(case, "skipped", claim_of(comparison).says(_("Not enough evidence.")))
    elif comparison.verdict == "worse":
        change = comparison.value("accuracy.change")
        add(case, "failure", with_label(change.label, change.display_full) if change else "")
    return case


def make_case(group: str, name: str) -> ElementTree.Element:
    """An empty test case."""
    return ElementTree.Element("testcase", classname=f"reportgen.{group}", name=clean(name))


def add(case: ElementTree.Element, tag: str, message: str) -> ElementTree.Element:
    """The case with its result."""
    ElementTree.SubElement(case, tag, message=clean(message))
    return case


def clean(text: str) -> str:
    """The text without characters that XML can't hold."""
    return re.sub(FORBIDDEN, "\ufffd", text)
