"""The comment of a pull request and the JUnit file: numbers, size, and names that try to break out."""

from __future__ import annotations

import html
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from reportgen.comparison import compare_with
from reportgen.errors import Location
from reportgen.metrics import measure
from reportgen.metrics.values import value_of
from reportgen.outputs._comment.shortening import Room, cut_off
from reportgen.outputs.comment import MOST, MOST_BITBUCKET, make_comment, marker, note_classes, render
from reportgen.outputs.junit import make_junit
from reportgen.record.comparison import Refusal
from reportgen.record.history import Build
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.wording import format_age
from reportgen.spec.gates import parse_rule
from tests.comparison.cases import improved, judged
from tests.outputs.github import TAGS, linked, show, text_of
from tests.outputs.hostile import NASTY, hostile_subject
from tests.outputs.reports import plain_report
from tests.report.sections.cases import change
from tests.report.test_assemble import whole
from tests.support.browser import NODE, QUIET, tool
from tests.support.cost_facts import in_processes, latency
from tests.support.records import TITLE, logits_and_labels, presented
from tests.support.sharing import made_once

GATES = ("accuracy >= 0.7", "ece <= 0.05 confidently", "accuracy >= 0.76 confidently", "class.cat.recall >= 0.5")


def gated(record: RunRecord, gates: tuple[str, ...] = GATES) -> Subject:
    return presented(record, gates=gates)


def test_the_comment_says_the_outcome_first(record: RunRecord) -> None:
    lines = make_comment(plain_report(gated(record))).splitlines()
    assert lines[0] == f"<!-- reportgen:{marker(TITLE)} -->"
    assert lines[1].startswith("### ✗ 1 gate of 4 failed: ")
    text = text_of(show("\n".join(lines)))
    for value in record.measured.values if record.measured else ():
        if value.name in ("accuracy", "macro_f1", "nll", "ece", "macs"):
            assert value.display in text, value.name
    assert "? not enough data" in text
    assert "The bound lies inside the interval; more images would decide." in text
    assert "<Message>" not in text
    assert "Weakest classes" in text


@pytest.mark.parametrize(("processes", "said"), [(1, " (one process)"), (3, " (3 processes)"), (5, " (1.92–2.12)")])
def test_a_latency_has_its_interval_or_the_few_processes_that_it_is_of(
    record: RunRecord, processes: int, said: str
) -> None:
    one = in_processes(1, 0.002, processes) if processes > 1 else latency(1, 0.002)
    timed = record.model_copy(update={"latency": (one,)})
    timed = timed.model_copy(update={"measured": measure(timed)})
    text = make_comment(plain_report(presented(timed)))
    assert f"| Latency, one image | 2.00 ms{said} |" in text.replace("\u00a0", " ")


def test_without_gates_it_is_quiet(record: RunRecord) -> None:
    text = make_comment(plain_report(record))
    assert "Gate" not in text
    assert text.splitlines()[1] == f"### {TITLE}"
    assert make_comment(plain_report(gated(record, ("accuracy >= 0.1",)))).splitlines()[1].startswith("### ✓ All gates")


def test_names_from_outside_break_nothing() -> None:
    page = show(make_comment(plain_report(hostile_subject(gates=GATES))))
    assert linked(page) == []
    text = re.sub(r"\s+", " ", text_of(page))
    for name in NASTY:
        assert name[:30] in text
    assert set(re.findall(r"<([a-z0-9]+)", page)) <= TAGS - {"a", "img"}
    assert page.count("<details") == page.count("</details>")


def many_classes(record: RunRecord) -> RunRecord:
    names = tuple(f"{number} " + "👩‍👩‍👧‍👦|`@x`<b>" * 20 for number in range(100))
    logits, labels = logits_and_labels(1, n=1000, classes=100)
    arrays = record.arrays.merged({"eval.logits": logits, "eval.labels": labels})
    arrays = arrays.merged({"eval.ids": np.arange(1000), "eval.digests": np.arange(1000, dtype=np.uint64)})
    splits = tuple(split.model_copy(update={"counts": (split.n // 100,) * 100}) for split in record.data.splits)
    data = record.data.model_copy(update={"classes": names, "splits": splits})
    more = record.model_copy(update={"arrays": arrays, "data": data})
    return more.model_copy(update={"measured": measure(more)})


@pytest.mark.slow
def test_a_hundred_classes_with_long_names_fit(record: RunRecord) -> None:
    wide = gated(many_classes(record), tuple(f"class.{number}.recall >= 0" for number in range(3)))
    text = make_comment(plain_report(wide))
    assert len(text) <= MOST
    assert linked(show(text)) == []
    assert "Weakest classes" in text


def test_classes_are_held_to_more_where_accuracy_did_not_change(record: RunRecord) -> None:
    compared = judged(improved(record, 1), record).judgement.compared
    assert compared is not None
    fell = value_of("class.cat.recall.change", -0.15, (-0.25, -0.06), 60, "paired")
    moved = compared.classes[3].model_copy(update={"p_adjusted": 0.03, "change": fell})
    classes = (*compared.classes[:3], moved, *compared.classes[4:])
    told = [note_classes(compared.model_copy(update={"classes": classes, "p": p})) for p in (0.04, 0.2)]
    assert "“cat” changed significantly at 5\u00a0%." in told[0]
    assert "no class changed significantly at 1\u00a0%." in told[1]


def test_details_go_before_the_comment_grows_too_long(record: RunRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    report = plain_report(record)
    whole = make_comment(report)
    monkeypatch.setattr("reportgen.outputs.comment.MOST", len(whole) - 2)
    shorter = make_comment(report)
    assert len(shorter) < len(whole)
    assert "What was run" not in shorter
    assert "Weakest classes" in shorter


def test_junit_counts_a_training_only_where_there_was_one(record: RunRecord) -> None:
    for training in (record.training, None):
        root = ElementTree.fromstring(make_junit(plain_report(presented(change(record, training=training)))))
        names = [case.get("name") for case in root.iter("testcase")]
        assert ("the loss stays finite" in names) == (training is not None)
        assert root.get("tests") == str(len(names))


def test_junit_tells_failures_and_what_is_undecided(record: RunRecord) -> None:
    report = plain_report(gated(record))
    root = ElementTree.fromstring(make_junit(report))
    suite = root.find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("5", "1", "1")
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert failed == ["ece <= 0.05 confidently"]
    ElementTree.fromstring(make_junit(plain_report(hostile_subject(gates=GATES))))


def test_the_same_report_gives_the_same_bytes(record: RunRecord) -> None:
    first, second = (render(plain_report(gated(record)), lambda _: None) for _ in range(2))
    assert [file.path for file in first] == ["comment.md", "junit.xml", "check.json"]
    assert first == second


def compared(record: RunRecord, gates: tuple[str, ...]) -> Subject:
    """The record with other outputs, compared with itself as it was."""
    found = against_itself(record)
    return presented(found.record, found.judgement, gates=gates)


@made_once
def against_itself(record: RunRecord) -> Subject:
    """The record with other outputs, compared with itself as it was, without gates."""
    rng = np.random.default_rng(1)
    logits = np.array(record.arrays["eval.logits"])
    logits += rng.normal(0, 0.8, logits.shape).astype(np.float32)
    other = record.model_copy(update={"arrays": record.arrays.merged({"eval.logits": logits})})
    other = other.model_copy(update={"measured": measure(other)})
    return presented(other, compare_with(other, presented(record), "0" * 64))


def test_a_comparison_says_its_verdict_changes_and_flips(record: RunRecord) -> None:
    gates = ("accuracy.change > -1", "class.cat.recall.change > -1", "macs.change_ratio <= 1.1")
    candidate = compared(record, gates)
    comparison = candidate.judgement.compared
    assert comparison is not None
    report = plain_report(candidate)
    assert [gate.outcome for gate in report.gates] == ["pass"] * 3
    markdown = make_comment(report)
    heads = {"better": "▲", "worse": "▼", "equivalent": "=", "undecided": "?"}
    assert markdown.splitlines()[1].startswith(f"### {heads[comparison.verdict]} ")
    text = text_of(show(markdown))
    change = comparison.value("accuracy.change")
    assert change is not None
    assert change.display in text
    assert f"{comparison.mcnemar.lost} images went from right to wrong" in text
    junit = ElementTree.fromstring(make_junit(report))
    assert junit.find(".//testcase[@classname='reportgen.baseline']") is not None


def test_a_refusal_is_said(record: RunRecord) -> None:
    fewer = {name: record.arrays[name][:500] for name in ("eval.logits", "eval.labels", "eval.ids", "eval.digests")}
    other = record.model_copy(update={"arrays": record.arrays.merged(fewer)})
    judgement = compare_with(record, presented(other), "0" * 64)
    assert isinstance(judgement.comparison, Refusal)
    report = plain_report(presented(record, judgement, gates=("accuracy.change > -1",)))
    assert report.gates[0].outcome == "undecided"
    assert judgement.comparison.reason.text in text_of(show(make_comment(report)))
    assert b"skipped" in make_junit(report)


def unchanged(record: RunRecord, when: str = "changed", **drawn: object) -> Subject:
    """The record against itself."""
    judgement = compare_with(record, presented(record), "0" * 64)
    return presented(whole(record), judgement, comment={"when": when}, **drawn)


def visible(markdown: str) -> list[str]:
    return [line for line in text_of(show(markdown)).splitlines() if line.strip()]


def test_an_equivalent_model_gets_one_line_where_only_changes_count(record: RunRecord) -> None:
    quiet = plain_report(unchanged(record, gates=("accuracy >= 0.1",)))
    markdown = make_comment(quiet)
    (line,) = visible(markdown)
    assert line.startswith("= These weights are equivalent to the baseline’s: ")
    assert "Its outputs are those of the baseline." in line
    assert markdown.startswith(f"<!-- reportgen:{marker(TITLE)} -->\n")
    assert "comment_worth=false" in markdown
    always = make_comment(plain_report(unchanged(record, "always")))
    assert len(visible(always)) > 20
    assert "comment_worth" not in always


def test_what_a_reader_has_to_know_is_said_in_the_line_and_posted(record: RunRecord) -> None:
    told = plain_report(unchanged(record, gates=("accuracy >= 0.76 confidently",)))
    markdown = make_comment(told)
    (line,) = visible(markdown)
    assert line.endswith("1 gate is undecided.")
    assert "comment_worth" not in markdown
    comparison = told.subject.judgement.compared
    assert comparison is not None
    larger = MetricValue.model_validate({"name": "macs.change_ratio", "value": 2.0, "unit": "ratio", "method": "exact"})
    values = (*(value for value in comparison.values if value.name != "macs.change_ratio"), larger)
    judgement = told.subject.judgement.model_copy(update={"comparison": change(comparison, values=values)})
    (line,) = visible(make_comment(replace(told, subject=replace(told.subject, judgement=judgement))))
    assert "Cost changed: MACs, ratio: ×2.00." in line


@pytest.mark.parametrize("when", ["changed", "failed"])
def test_a_failure_is_worth_the_whole_comment(record: RunRecord, when: str) -> None:
    failed = plain_report(unchanged(record, when, gates=("accuracy >= 0.99",)))
    assert make_comment(failed).splitlines()[1].startswith("### ✗ 1 gate of 1 failed")
    passed = plain_report(presented(whole(record), comment={"when": when}, gates=("accuracy >= 0.1",)))
    assert (len(visible(make_comment(passed))) == 1) is (when == "failed")
    misleading = change(whole(record), data={"requested": "cifar10", "name": "digits"})
    said = plain_report(presented(misleading, comment={"when": when}))
    assert len(visible(make_comment(said))) > 20


@pytest.mark.slow
@pytest.mark.parametrize("platform", ["github", "bitbucket"])
def test_many_gates_shorten_the_comment_and_are_counted(record: RunRecord, platform: str) -> None:
    many = 400 if platform == "bitbucket" else 900
    rules = [f"accuracy >= 0.{number:05}" for number in range(many)]
    rules[many // 2] = "accuracy >= 0.99"
    report = plain_report(presented(record, gates=rules, comment={"platform": platform}))
    text = make_comment(report)
    assert len(text) <= (MOST_BITBUCKET if platform == "bitbucket" else MOST)
    assert "accuracy >= 0.99" in text
    listed = len(re.findall(r"^\| `accuracy", text, re.MULTILINE))
    assert 0 < listed < many
    assert f"{many - listed:,} of the {many:,} gates are not listed, none of which failed." in text
    assert "Left out to keep this comment short: what was run" in text


@pytest.mark.slow
def test_a_template_of_ones_own_that_writes_a_book_is_cut_off(record: RunRecord, tmp_path: Path) -> None:
    (tmp_path / "comment.md.j2").write_text(
        "<details><summary>x</summary>\n\n```\n{% for n in range(9000) %}\nline {{ n }}\n{% endfor %}\n```\n</details>"
    )
    text = make_comment(replace(plain_report(record), templates=tmp_path))
    assert len(text) <= MOST
    page = show(text)
    assert page.count("<details") == page.count("</details>")
    assert text.endswith("The rest is left out to keep this comment short; the report has everything.\n")
    assert "The rest is left out" not in "".join(re.findall(r"(?s)<pre>.*?</pre>", page))


def test_a_comment_cut_inside_a_table_keeps_no_head_without_rows() -> None:
    head, line, row = "| rule | outcome |\n", "|:--|--:|\n", "| a | pass |\n"
    text = "before\n\n" + head + line + row * 9
    for most in range(150, 330):
        kept = cut_off(text, Room(most), "The rest.")
        assert ("rule" in kept) == (row in kept), most
        assert kept.startswith("before\n") == (most >= 9 + 101 + 7), most


def test_bitbucket_gets_neither_html_nor_character_references(record: RunRecord) -> None:
    judgement = compare_with(record, presented(record), "0" * 64)
    subject = presented(record, judgement, comment={"platform": "bitbucket"}, gates=GATES, title="a_b <c> | `d` & #1")
    text = make_comment(plain_report(subject))
    assert text.startswith("[//]: # (reportgen:")
    assert not re.search(r"</?(?:details|summary|sub|code)\b|&#?\w+;|```", text)
    assert "#### Weakest classes" in text
    page = show(text)
    assert "a_b <c> | `d` & #1" in text_of(page)
    assert "reportgen:" not in text_of(page)
    assert linked(page) == []
    nasty = make_comment(plain_report(replace_platform(hostile_subject(gates=GATES), "bitbucket")))
    assert linked(show(nasty)) == []
    assert "```" not in nasty


def replace_platform(subject: Subject, platform: str) -> Subject:
    drawn = subject.presentation.model_copy(
        update={"comment": subject.presentation.comment.model_copy(update={"platform": platform})}
    )
    return replace(subject, presentation=drawn)


def test_gitlab_makes_no_references_of_names(record: RunRecord) -> None:
    title = 'See !12 $34 ~bug ~"two words" %8.6 &56 ^alert#7 *iteration:8'
    text = make_comment(plain_report(presented(record, comment={"platform": "gitlab"}, title=title)))
    page = show(text)
    assert title in text_of(page)
    raw = re.sub(r"<[^>]+>", "", page)
    raw = html.unescape(raw)
    assert not re.search(r'[!$&~%^][\w"]', raw)
    assert "<details>" in text


def number(value: float, width: float) -> MetricValue:
    fields = {
        "name": "accuracy",
        "unit": "share",
        "value": value,
        "low": value - width,
        "high": value + width,
        "n": 10_000,
    }
    return MetricValue.model_validate(fields)


def blocks(record: RunRecord, values: list[MetricValue | None]) -> str:
    """The line of blocks of the target branch's builds and, after a space, of this run; empty where there is none."""
    *before, now = values
    assert record.measured is not None
    others = tuple(one for one in record.measured.values if one.name != "accuracy")
    measured = record.measured.model_copy(update={"values": (now, *others)})
    subject = presented(record.model_copy(update={"measured": measured}))
    builds = tuple(Build(created=f"2026-01-0{day}T00:00:00Z", accuracy=one) for day, one in enumerate(before, 1))
    judgement = subject.judgement.model_copy(update={"target": builds})
    found = re.findall("`([▁-█·]+ [▁-█])`", make_comment(plain_report(replace(subject, judgement=judgement))))
    return found[0] if found else ""


def test_blocks_rise_with_the_builds_and_stay_flat_where_only_chance_moves(record: RunRecord) -> None:
    rising = [number(0.5 + 0.05 * step, 0.001) for step in range(8)]
    assert blocks(record, rising) == "▁▂▃▄▅▆▇ █"
    noisy = [number(0.7 + 0.002 * (step % 2), 0.01) for step in range(6)]
    assert len(set(blocks(record, noisy)) - {" "}) <= 2
    assert blocks(record, [rising[0], None, rising[1], rising[-1]]) == "▁·▂ █"
    assert blocks(record, [rising[0], rising[-1]]) == ""


def test_the_builds_of_the_target_branch_are_shown(record: RunRecord) -> None:
    builds = tuple(
        Build(created=f"2026-01-0{day}T00:00:00Z", accuracy=number(0.5 + 0.02 * day, 0.01)) for day in (1, 2)
    )
    subject = compared(record, ())
    judgement = subject.judgement.model_copy(update={"target": builds})
    text = make_comment(plain_report(replace(subject, judgement=judgement)))
    told = "Top-1 accuracy of the last 2 builds of the target branch, from 52.00 % to 54.00 %, and of this run"
    assert told in text.replace("\u00a0", " ")
    assert re.search(r"`[▁-█]{2} [▁-█]`", text)
    assert "branch" not in make_comment(plain_report(subject))


def chart_of(record: RunRecord, names: tuple[str, ...], first: float | None = None) -> str:
    """Mermaid's text for classes of these names, the first with a recall of its own."""
    subject = compared(record, ())
    comparison = subject.judgement.compared
    assert comparison is not None
    classes = [one.model_copy(update={"name": name}) for one, name in zip(comparison.classes, names, strict=False)]
    if first is not None:
        after = classes[0].after.model_copy(update={"value": first})
        classes[0] = classes[0].model_copy(update={"after": after})
    judgement = subject.judgement.model_copy(
        update={"comparison": comparison.model_copy(update={"classes": tuple(classes)})}
    )
    found = re.search(r"(?s)```mermaid\n(.*?)\n```", make_comment(plain_report(replace(subject, judgement=judgement))))
    assert found is not None
    return found[1]


def test_a_chart_stands_beside_its_table_and_holds_any_name(record: RunRecord) -> None:
    names = ('<=50K "x"', ">=50K `x`", "a#quot;b", "%%{init: x}%%", "same", "same", "x" * 60 + "1", "x" * 60 + "2")
    text = chart_of(record, names)
    axis = next(line for line in text.splitlines() if "x-axis" in line)
    shown = re.findall(r'"([^"]*)"', axis)
    assert len(shown) == len(set(shown)) == len(names)
    assert not re.search(r"[<>#%&`{}]", "".join(shown))
    assert len(json.loads(re.findall(r"bar (.*)", text)[0])) == len(names)
    page = make_comment(plain_report(compared(record, ())))
    assert page.index("```mermaid") < page.index("| `")
    assert "mermaid" not in make_comment(plain_report(record))


def checked(report_of: object) -> dict[str, object]:
    files = {file.path: file.data for file in render(plain_report(report_of), lambda _: None)}  # type: ignore[arg-type]
    found: dict[str, object] = json.loads(files["check.json"])
    return found


def placed(subject: Subject, rules: list[str]) -> Subject:
    gates = tuple(
        replace(parse_rule(rule), location=Location("models/spec.yaml", line, 5)) for line, rule in enumerate(rules, 3)
    )
    return replace(subject, presentation=subject.presentation.model_copy(update={"gates": gates}))


def test_the_check_concludes_as_junit_and_stands_at_the_gates(record: RunRecord) -> None:
    fine = whole(record)
    cases = {
        "success": ["accuracy >= 0.1"],
        "neutral": ["accuracy >= 0.76 confidently"],
        "failure": ["accuracy >= 0.1", "ece <= 0.0001"],
    }
    for conclusion, rules in cases.items():
        payload = checked(placed(presented(fine), rules))
        assert (payload["name"], payload["status"], payload["conclusion"]) == ("Model report", "completed", conclusion)
    (annotation,) = payload["output"]["annotations"]  # type: ignore[index]
    assert (annotation["path"], annotation["start_line"], annotation["annotation_level"]) == (
        "models/spec.yaml",
        4,
        "failure",
    )
    assert "from the bound" in annotation["message"]
    misleading = change(fine, data={"requested": "cifar10", "name": "digits"})
    assert checked(presented(misleading))["conclusion"] == "failure"


def test_a_check_keeps_to_the_limits_of_the_api(record: RunRecord) -> None:
    rules = [f"accuracy >= 0.99{number:03}" for number in range(70)] + ["ece <= 0.05 confidently"]
    output = checked(placed(presented(record, title="t" * 999), rules))["output"]
    assert isinstance(output, dict)
    assert len(output["annotations"]) == 50
    assert all(one["annotation_level"] == "failure" for one in output["annotations"])
    assert "21 more gates did not pass and have no annotation" in output["summary"]
    assert len(output["summary"].encode()) <= 65_535
    assert len(output["title"]) <= 255
    assert {file.path for file in render(plain_report(presented(record, comment={"platform": "gitlab"})), print)} == {
        "comment.md",
        "junit.xml",
    }


@pytest.mark.slow
def test_the_summary_of_a_check_is_measured_in_bytes(record: RunRecord) -> None:
    """Names of three bytes a character: a comment that its own limit, in characters, allows."""
    names = tuple(f"{'类' * 200}{number}" for number in range(10))
    rules = tuple(f'class."{name}".recall >= 0.99{number:02}' for name in names for number in range(40))
    files = {
        file.path: file.data
        for file in render(plain_report(presented(change(record, data={"classes": names}), gates=rules)), print)
    }
    comment = files["comment.md"]
    assert len(comment.decode()) <= MOST < 65_535 < len(comment)
    summary = json.loads(files["check.json"])["output"]["summary"]
    assert len(summary.encode()) <= 65_535
    assert "Left out to keep this comment short: " in text_of(show(summary))
    assert summary.count("<details") == summary.count("</details>")


def test_a_baseline_that_is_missing_is_said_and_leaves_its_gates_undecided(record: RunRecord) -> None:
    subject = presented(record, baseline={"missing": "The report of main has expired"}, gates=("accuracy.change > -1",))
    report = plain_report(subject)
    assert (report.gates[0].outcome, report.gates[0].reason.text) == (  # type: ignore[union-attr]
        "undecided",
        "There is no baseline to compare with.",
    )
    assert "Nothing here is compared with a baseline: The report of main has expired." in text_of(
        show(make_comment(report))
    )
    root = ElementTree.fromstring(make_junit(report))
    skipped = root.find(".//testcase[@classname='reportgen.baseline']/skipped")
    assert skipped is not None
    assert skipped.get("message") == "The report of main has expired"
    assert checked(presented(whole(record), baseline={"missing": "It has expired."}))["conclusion"] == "neutral"


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ("2026-01-02T03:04:00Z", "less than a minute before this run"),
        ("2026-01-02T02:04:05Z", "1 hour before this run"),
        ("2025-12-30T03:04:05Z", "3 days before this run"),
        ("2026-01-03T03:04:05Z", "later than this run"),
        ("some day", "of unknown date"),
    ],
)
def test_the_age_of_the_baseline_is_told(before: str, told: str) -> None:
    assert format_age(before, "2026-01-02T03:04:05Z") == told


@pytest.mark.parametrize(("count", "first"), [(21, "fail"), (20, "pass")])
def test_of_many_gates_those_that_failed_come_first(record: RunRecord, count: int, first: str) -> None:
    rules = (*(f"accuracy >= 0.{number:04d}" for number in range(1, count)), "accuracy >= 0.99")
    rows = [
        line
        for line in make_comment(plain_report(presented(record, gates=rules))).splitlines()
        if "`accuracy >=" in line
    ]
    assert len(rows) == count
    assert first in rows[0]
    assert sum("fail" in row for row in rows) == 1


MERMAID = """<!DOCTYPE html><meta charset="utf-8"><pre id="source">{source}</pre><pre id="result"></pre>
<script>{script}</script>
<script>
mermaid.initialize({{startOnLoad: false, securityLevel: "strict"}});
const told = document.getElementById("result");
mermaid.render("drawn", document.getElementById("source").textContent).then(
  ({{svg}}) => {{
    const drawn = new DOMParser().parseFromString(svg, "text/html");
    const bars = [...drawn.querySelectorAll("rect")].map(bar => [bar.getAttribute("fill"), +bar.getAttribute("width")]);
    told.textContent = JSON.stringify([bars, drawn.body.textContent]);
  }}, error => {{ told.textContent = "failed: " + error.message; }});
</script>"""


@pytest.mark.browser
def test_mermaid_draws_the_chart_whatever_the_names_are(record: RunRecord, tmp_path: Path) -> None:
    mermaid = NODE / "mermaid" / "dist" / "mermaid.min.js"
    if not mermaid.is_file():  # CI does without its hundred packages
        pytest.skip("mermaid is not here: npm install mermaid in the folder that REPORTGEN_NODE names")
    script = mermaid.read_text(encoding="utf-8")
    names = ("a|b", '<=50K "x"', "`x`", "%%{init: {}}%%", "line\nbreak", "類", "end]", "; bar [1]", "\\n", "#1;")
    chart = chart_of(record, names, first=0.0)
    page = tmp_path / "chart.html"
    page.write_text(MERMAID.format(source=html.escape(chart), script=script), encoding="utf-8")
    chromium = tool("chromium", "chromium-browser", "google-chrome")
    asked = ("--virtual-time-budget=20000", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri())
    done = subprocess.run([chromium, *QUIET, *asked], capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r'<pre id="result">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None
    bars, text = json.loads(html.unescape(found[1]))
    widths = [width for colour, width in bars if colour == "#63b5ad"]
    assert [width == 0 for width in widths] == [True, *[False] * 9]
    assert "類" in text
