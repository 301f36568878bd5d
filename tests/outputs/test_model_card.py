"""card/: loaded back as the Hub loads it, agreeing with the record, and with names that try to break out of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import cmarkgfm
import pytest
import yaml
from huggingface_hub import EvalResult, ModelCard, parse_eval_result_entries

from reportgen.outputs.licences import SPDX, name_for_hub
from reportgen.outputs.markdown import fenced
from reportgen.outputs.model_card import render
from reportgen.record.message import N_
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.record.weights_digest import WeightsDigest
from reportgen.text.i18n import language
from tests.outputs.hostile import NASTY, change, hostile_subject
from tests.outputs.test_comment import GATES, compared, gated
from tests.outputs.test_mail import report_of
from tests.support.records import CARD, presented, small_record, with_seeds

REVIEW = {"by": "B. Reviewer", "date": "2026-11-30", "decision": "approved for the pilot"}
HUB = {"dataset": "owner/my-data"}


def made(subject: Subject | RunRecord, warn: Callable[[str], None] = lambda _: None) -> dict[str, bytes]:
    return {file.path.removeprefix("card/"): file.data for file in render(report_of(subject), warn)}


def readme(subject: Subject | RunRecord) -> str:
    return made(subject)["README.md"].decode()


@cache
def usual() -> str:
    return readme(small_record())


def body(text: str) -> str:
    return text.split("\n---\n", 1)[1]


def with_card(record: RunRecord, **card: object) -> Subject:
    return presented(record, card=CARD.model_dump() | card)


def test_the_hub_reads_the_front_matter(record: RunRecord) -> None:
    data = ModelCard(usual()).data
    assert (data.license, data.library_name, data.pipeline_tag) == ("mit", "pytorch", "image-classification")
    assert data.datasets == ["uoft-cs/cifar10"]
    assert "image-classification" in data.tags
    assert data.metrics[:3] == ["accuracy", "top_5_accuracy", "f1"]
    assert data.model_name == "A small residual net on CIFAR-10"
    assert ModelCard(str(ModelCard(usual()))).data.to_dict() == data.to_dict()


def test_every_result_is_the_records_with_its_interval(record: RunRecord) -> None:
    results: list[EvalResult] = ModelCard(usual()).data.eval_results
    assert record.measured is not None
    for result, name in zip(results, ("accuracy", "top5_accuracy", "macro_f1"), strict=False):
        value = record.measured.value(name)
        assert value is not None
        assert (result.task_type, result.dataset_split) == ("image-classification", "test")
        assert (result.metric_name, result.metric_value) == (value.label, value.value)
        assert result.metric_args == {
            "confidence_level": 0.95,
            "confidence_interval": [value.low, value.high],
            "n": value.n,
        }


def test_the_results_file_is_one_of_the_hub(record: RunRecord) -> None:
    (name,) = [name for name in made(record) if name.startswith(".eval_results/")]
    (entry,) = parse_eval_result_entries(yaml.safe_load(made(record)[name]))
    accuracy = record.measured.value("accuracy") if record.measured else None
    assert accuracy is not None
    assert (entry.dataset_id, entry.task_id, entry.value) == ("uoft-cs/cifar10", "default", accuracy.value)
    assert entry.date == record.provenance.created
    assert entry.notes is not None
    assert accuracy.display_interval in entry.notes
    assert "600 of 10,000 test images" in entry.notes


def test_a_data_set_that_the_hub_does_not_know_is_said_and_can_be_named(record: RunRecord) -> None:
    own = change(record, data={"name": "my_images", "hub": ""})
    heard: list[str] = []
    files = made(own, heard.append)
    assert ".eval_results/my_images.yaml" in files
    assert b"is not a data set on the Hub" in files[".eval_results/my_images.yaml"]
    assert len(heard) == 1
    assert "card.dataset" in heard[0]
    named = made(with_card(own, **HUB), heard.append)
    (entry,) = parse_eval_result_entries(yaml.safe_load(named[".eval_results/owner_my_data.yaml"]))
    assert entry.dataset_id == "owner/my-data"
    assert len(heard) == 1


def test_a_model_that_was_not_evaluated_has_no_results(record: RunRecord) -> None:
    files = made(change(record, measured=None, training=None))
    assert not [name for name in files if name.startswith(".eval_results")]
    assert ModelCard(files["README.md"].decode()).data.eval_results is None


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("MIT", "mit"),
        ("apache 2.0", "apache-2.0"),
        ("Apache License 2.0", "apache-2.0"),
        ("CC BY-SA 4.0", "cc-by-sa-4.0"),
        ("GPL-3.0-or-later", "gpl-3.0"),
        ("", "unknown"),
        ("Our own, ask us", "other"),
    ],
)
def test_licences_as_the_hub_names_them(record: RunRecord, written: str, name: str) -> None:
    data = ModelCard(readme(with_card(record, licence=written or None))).data
    assert data.license == name
    assert (data.get("license_name") == "our-own-ask-us") == (name == "other")


def test_no_licence_has_a_name_that_says_nothing() -> None:
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.-]+", name_for_hub(one)) for one in SPDX)


def test_every_image_has_an_alternative_text_and_is_there(record: RunRecord) -> None:
    files = made(compared(record, GATES))
    shown = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", files["README.md"].decode())
    assert len(shown) == 4
    assert all(alt and path in files for alt, path in shown)
    assert {path for _alt, path in shown} == {name for name in files if name.startswith("images/")}


def test_the_same_record_gives_the_same_bytes(record: RunRecord) -> None:
    assert made(record) == made(record)


def test_the_nine_parts_the_review_and_what_is_missing_are_there(record: RunRecord) -> None:
    plain = body(usual())
    assert len(re.findall(r"(?m)^### ", plain.split("\n## Model card")[1])) == 9
    assert "This card has not been reviewed yet." in plain
    assert "3 of 14" in plain
    assert plain.count("*Not provided*") == 11
    assert "The model’s limitations and the uses it is not meant for are not documented." in plain
    whole = body(readme(with_card(record, review=REVIEW, limitations="Fails in fog.")))
    assert "**approved for the pilot** (B. Reviewer, 2026-11-30)" in whole
    assert "5 of 14" in whole
    assert "- Fails in fog." in whole
    assert "not documented" not in whole
    assert "not been reviewed" not in whole


def test_a_chinese_card_has_full_width_marks(record: RunRecord) -> None:
    card = CARD.model_dump() | {"review": REVIEW}
    with language("zh"):
        whole = body(readme(presented(record, card=card, report={"language": "zh"})))
    assert "审核：**approved for the pilot**（B. Reviewer，2026年11月30日）" in whole
    assert "- **审核**：approved for the pilot（B. Reviewer，2026年11月30日）" in whole
    assert not re.search(r"[\u4e00-\u9fff*]: ", whole.partition("<details>")[0])


def test_the_digest_of_the_weights_of_each_seed_stands_where_the_run_is_described(record: RunRecord) -> None:
    first, other = "1" * 64, "2" * 64
    one = record.model_copy(update={"weights": WeightsDigest(sha256=first, entries=4)})
    assert f"\n- Weights, SHA-256: `{first}` (of 4 entries of the state dict)\n" in readme(one)
    two = with_seeds(one, 3)
    digest = WeightsDigest(sha256=other, entries=1)
    two = two.model_copy(update={"seeds": (two.seeds[0].model_copy(update={"weights": digest}),)})
    assert f"\n- Weights of seed 0, SHA-256: `{first}` (of 4 entries of the state dict)\n" in readme(two)
    assert f"\n- Weights of seed 1, SHA-256: `{other}` (of 1 entry of the state dict)\n" in readme(two)
    none = record.model_copy(update={"weights": WeightsDigest(reason=N_("It is odd."))})
    assert "\n- Weights, SHA-256: not available (It is odd.)\n" in readme(none)


def test_who_loads_the_model_learns_what_to_feed_it_and_which_class_is_which(record: RunRecord) -> None:
    told = readme(record).split("## How to use")[1].split("## Limits")[0]
    channels, height, width = record.data.image_shape
    assert f"{channels} × {height} × {width} (channels × height × width), pixels from 0 to 1" in told
    for number in (*record.data.normalize_mean, *record.data.normalize_std):
        assert f"{number:.4f}" in told
    places = [told.index(name) for name in record.data.classes]
    assert places == sorted(places)
    assert "resized" not in told


def test_what_reaches_the_model_is_said_as_it_was(record: RunRecord) -> None:
    facts = {"normalize_name": "none", "resized_from": (28, 30), "classes": tuple(f"c{at}" for at in range(1000))}
    told = readme(change(record, measured=None, training=None, data=facts)).split("## How to use")[1]
    assert "They were resized from 28 × 30, bilinear." in told
    assert "subtracted" not in told
    assert "Output: 1,000 classes, in this order: c0, c1, c2, " in told
    assert " c99. 900 more are not listed." in told


def test_gates_and_numbers_are_those_of_the_report(record: RunRecord) -> None:
    report = report_of(gated(record))
    text = readme(gated(record))
    for value in report.metrics:
        if value.name in ("accuracy", "ece", "macro_f1"):
            assert f"| {value.label} | {value.display} | {value.display_interval} | 600 |" in text
    assert "✗ fail" in text
    assert report.verdict in text


def test_names_from_outside_stay_text() -> None:
    text = readme(hostile_subject())
    assert ModelCard(text).data.model_name.startswith(NASTY[0])
    parts = body(text)
    html = cmarkgfm.github_flavored_markdown_to_html(parts, cmarkgfm.cmark.Options.CMARK_OPT_UNSAFE)
    outside = re.sub(r"(?s)<code.*?</code>|<pre.*?</pre>", "", html)
    tags = set(re.findall(r"<([a-z0-9]+)", outside))
    usual_html = cmarkgfm.github_flavored_markdown_to_html(body(usual()), cmarkgfm.cmark.Options.CMARK_OPT_UNSAFE)
    assert tags <= set(re.findall(r"<([a-z0-9]+)", usual_html))
    assert "javascript:" not in html
    assert "猫の写真 🐈" in html
    assert len(re.findall(r"<h[123]", html)) == len(re.findall(r"<h[123]", usual_html))


@pytest.mark.parametrize(
    "text",
    ["a\n---\nlicense: mit", "x: y", "- z", "'", '"', "# no", "[a, b]", "{a}", "yes", "1.0", "null", "猫", "a\u2028b"],
)
def test_a_title_can_not_leave_its_place(record: RunRecord, text: str) -> None:
    data = ModelCard(readme(presented(record, title=text))).data
    assert data.license == "mit"
    assert data.model_name == " ".join(text.split())


def test_numbers_are_read_back_as_numbers_also_the_smallest(record: RunRecord) -> None:
    """YAML 1.1 takes 1e-07 for a text."""
    assert record.measured is not None
    tiny = record.measured.value("accuracy")
    assert tiny is not None
    values = tuple(
        one.model_copy(update={"value": 1e-07, "low": 1e-30, "high": 1.0}) if one.name == "accuracy" else one
        for one in record.measured.values
    )
    text = readme(record.model_copy(update={"measured": record.measured.model_copy(update={"values": values})}))
    first = yaml.safe_load(text.split("\n---\n")[0].removeprefix("---\n"))["model-index"][0]["results"][0]["metrics"][0]
    assert (first["value"], first["args"]["confidence_interval"]) == (1e-07, [1e-30, 1.0])


def test_a_code_block_holds_any_text() -> None:
    html = cmarkgfm.github_flavored_markdown_to_html(fenced("a\n```\n# b\n````\nc", "yaml"))
    assert html.count("<pre") == 1
    assert "<h1" not in html
