"""One number has one rounding: wherever a headline number stands, it stands with the same digits."""

from __future__ import annotations

import html
import json
import re
from xml.etree import ElementTree

import pytest

from reportgen.outputs import json as metrics_json
from reportgen.outputs.comment import make_comment
from reportgen.outputs.html import OUTPUT
from reportgen.outputs.junit import make_junit
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import Report
from tests.outputs.github import show
from tests.outputs.reports import plain_report
from tests.support.records import presented

HEADLINE = ("accuracy", "balanced_accuracy", "macro_f1", "nll", "brier", "ece", "auroc", "aurc", "latency_p50", "macs")
BLOCK = re.compile(r"</?(?:p|li|tr|h[1-6]|figcaption|dd|dt|summary|section|div|caption)\b[^>]*>")
NUMBER = re.compile(r"(?<![\d.,–-])\d+(?:[.,]\d+)*(?![\d.])")


@pytest.fixture
def subject(record: RunRecord) -> Subject:
    measured = record.measured
    assert measured is not None
    known = [value for value in measured.values if value.name in HEADLINE and value.value]
    return presented(record, gates=tuple(f"{value.name} >= {value.value / 2}" for value in known))


def blocks(page: str) -> list[str]:
    """The text of each paragraph, row and item, on one line."""
    plain = (html.unescape(re.sub(r"<[^>]+>", " ", part)) for part in BLOCK.split(page))
    return [" ".join(part.split()) for part in plain if part.strip()]


def pages(report: Report) -> dict[str, list[str]]:
    """The outputs as blocks of text."""
    (page,) = OUTPUT.render(report, pytest.fail)
    cases = ElementTree.fromstring(make_junit(report)).iter()
    return {
        "html": blocks(page.data.decode("utf-8")),
        "comment": blocks(show(make_comment(report))),
        "junit": [" ".join(str(case.get("message") or case.text or "").split()) for case in cases],
    }


def shown(value: MetricValue) -> str:
    """The digits of a value without unit and interval."""
    found = NUMBER.search(value.display)
    assert found is not None, value.display
    return found.group()


def other_roundings(block: str, value: MetricValue) -> list[str]:
    """Numbers in a text that are the value with more or fewer digits than it is shown with."""
    digits = shown(value)
    exact = float(digits.replace(",", ""))
    found = []
    for number in NUMBER.findall(block):
        places = len(number.partition(".")[2])
        coarser = min(places, len(digits.partition(".")[2]))
        near = abs(float(number.replace(",", "")) - exact) <= 0.5 * 10.0**-coarser + 1e-12
        if number != digits and near and places:
            found.append(number)
    return found


def test_a_headline_number_has_the_same_digits_wherever_it_stands(subject: Subject) -> None:
    report, measured = plain_report(subject), subject.record.measured
    assert measured is not None
    told = pages(report)
    for value in (value for value in measured.values if value.name in HEADLINE and value.value):
        label = value.label.lower()
        where = {
            name: [block for block in found if label in block.lower() or value.name in block]
            for name, found in told.items()
        }
        assert any(shown(value) in block for block in where["html"]), value.name
        for name, found in where.items():
            for block in found:
                assert other_roundings(block, value) == [], (name, value.display, block)


def test_metrics_json_and_gates_say_it_as_the_page_does(subject: Subject) -> None:
    report = plain_report(subject)
    files = {file.path: file for file in metrics_json.OUTPUT.render(report, pytest.fail)}
    told = json.loads(files["metrics.json"].data)
    lines = {line["name"]: line["display"] for line in told["metrics"]}
    page = " ".join(pages(report)["html"])
    for gate in told["gates"]:
        assert gate["display"].startswith(lines[gate["metric"]])
        assert " ".join(gate["display"].split()) in page


def test_the_test_sees_another_rounding(subject: Subject) -> None:
    assert subject.record.measured is not None
    value = subject.record.measured.value("accuracy")
    assert value is not None
    digits = float(shown(value))
    assert other_roundings(f"Top-1 accuracy {digits + 0.04:.2f} %", value) == [f"{digits + 0.04:.2f}"]
    assert other_roundings(f"Top-1 accuracy {value.display}", value) == []
