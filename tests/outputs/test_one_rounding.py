"""One number has one rounding: wherever a headline number stands, it stands with the same digits."""

from __future__ import annotations

import base64
import html
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from reportgen.outputs import json as metrics_json
from reportgen.outputs.comment import make_comment
from reportgen.outputs.html import OUTPUT
from reportgen.outputs.junit import make_junit
from reportgen.outputs.mail import gather
from reportgen.outputs.model_card import write_readme
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import Report
from tests.comparison.cases import improved, judged
from tests.outputs.github import show
from tests.outputs.reports import plain_report
from tests.outputs.test_mail import PDF, html_of, opened, text_of, words
from tests.support.cost_facts import with_cost
from tests.support.explanation_facts import explained
from tests.support.layers import with_responses
from tests.support.records import presented, small_record
from tests.support.robustness_facts import preparation, probed
from tests.support.weights import weighed

HEADLINE = ("accuracy", "balanced_accuracy", "macro_f1", "nll", "brier", "ece", "auroc", "aurc", "latency_p50", "macs")
WHOLE = re.compile(r'<span class="whole">([^<]*)</span>')
"""What stays in one line."""
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
    plain = (html.unescape(re.sub(r"<[^>]+>", " ", part)) for part in BLOCK.split(WHOLE.sub(r"\1", page)))
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


SPEC = "source: builtin:tiny stem: as_is"
"""In the printed spec, whose numbers are bounds and settings."""


def test_a_headline_number_has_the_same_digits_wherever_it_stands(subject: Subject) -> None:
    report, measured = plain_report(subject), subject.record.measured
    assert measured is not None
    told = pages(report)
    for value in (value for value in measured.values if value.name in HEADLINE and value.value):
        label = value.label.lower()
        where = {
            name: [block for block in found if (label in block.lower() or value.name in block) and SPEC not in block]
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


def everything(record: RunRecord) -> Subject:
    """A comparison of two records with every probe."""
    whole = with_cost(with_responses(probed(weighed(explained(record)), preparation(149, 3, 4)), 3))
    return judged(improved(whole, 40), whole)


def told_values(report: Report) -> list[MetricValue]:
    """Every share and score that metrics.json lists, those that are 0 or 1 left out."""
    known = [value for value in report.metrics if value.value is not None and value.unit in ("share", "score")]
    return [value for value in known if 0 < abs(value.value or 0) < 1]


def finer_roundings(text: str, value: MetricValue) -> list[str]:
    """Numbers anywhere in a text that are the value to four digits or more, and to more than it is shown with."""
    exact = (value.value or 0) * (100 if value.unit == "share" else 1)
    digits = shown(value)
    places = len(digits.partition(".")[2])
    finer = {f"{abs(exact):.{more}f}" for more in range(places + 1, places + 4)}
    return [
        number for number in finer if len(number.replace(".", "").strip("0")) > 3 and number in NUMBER.findall(text)
    ]


def wrong_in(report: Report, told: dict[str, str]) -> dict[tuple[str, str, str], list[str]]:
    """The values that stand in some of these texts with more digits: name, what is shown, and where."""
    return {
        (value.name, value.display, name): found
        for value in told_values(report)
        for name, text in told.items()
        if (found := finer_roundings(text, value))
    }


@pytest.fixture(scope="module")
def complete() -> tuple[Report, dict[str, str]]:
    """The report of a record with everything, and the text of each output."""
    report = plain_report(everything(small_record()))
    told = {name: " ".join(found) for name, found in pages(report).items()}
    (mail,) = gather(report, pytest.fail, {"report.pdf": PDF})
    message = opened(mail.data)
    told |= {"mail": words(html_of(message)), "mail as text": " ".join(text_of(message).split())}
    return report, told | {"card": write_readme(report, []).partition("\n---\n")[2]}


@pytest.mark.slow
def test_no_value_of_a_report_with_everything_stands_anywhere_with_more_digits(
    complete: tuple[Report, dict[str, str]],
) -> None:
    """In sentences, tables, tiles, the comment, JUnit, the mail and the model card."""
    report, told = complete
    values = told_values(report)
    assert len(values) > 15
    assert wrong_in(report, told) == {}
    odd = next(value for value in values if value.name == "accuracy").model_copy(update={"value": 0.82537})
    assert finer_roundings("It is right on 82.54 % of the images.", odd) == ["82.54"]


def letters_of(page: str) -> str:
    """What a person reads inside the drawings of a page, of those that are images too."""
    inside = re.findall(r"<svg\b.*?</svg>", page, re.DOTALL)
    inside += [base64.b64decode(data).decode() for data in re.findall(r"data:image/svg\+xml;base64,([^\"]+)", page)]
    return html.unescape(" ".join(re.sub(r"(?s)<(style|metadata)\b.*?</\1>|<[^>]+>", " ", one) for one in inside))


@pytest.mark.parametrize("example", ["pull-request", "quickstart", "resnet20-published"])
def test_no_drawing_of_an_example_says_a_value_with_more_digits(example: str) -> None:
    folder = Path(__file__).parents[2] / "example_reports" / example
    lines = json.loads((folder / "metrics.json").read_text("utf-8"))["metrics"]
    known = [
        MetricValue(**{key: line[key] for key in ("name", "value", "low", "high", "n", "unit") if key in line})
        for line in lines
        if line["unit"] in ("share", "score") and line["value"] is not None and 0 < abs(line["value"]) < 1
    ]
    letters = letters_of((folder / "report.html").read_text("utf-8"))
    assert len(NUMBER.findall(letters)) > 200
    assert {value.name: found for value in known if (found := finer_roundings(letters, value))} == {}


def test_the_calibration_errors_of_one_sentence_have_the_same_digits(complete: tuple[Report, dict[str, str]]) -> None:
    _report, told = complete
    told_after = r"expected calibration error is ([\d.]+) .{0,60}?, or ([\d.]+) after bias correction"
    sentence = re.search(told_after + r".*?more than the ([\d.]+) that a perfectly calibrated model", told["html"])
    assert sentence is not None
    assert len({len(number) for number in sentence.groups()}) == 1
