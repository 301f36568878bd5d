"""Records of older formats, kept in samples/ as they were written: each is read, and drawn as it was."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from reportgen.errors import RecordError
from reportgen.experiment.datasets import find_datasets
from reportgen.record.archive import pack_files
from reportgen.record.comparison import Comparison
from reportgen.record.locate import find_source
from reportgen.record.measurements import Measurements
from reportgen.record.run import RECORD_FORMAT
from reportgen.record.store import FILES, decode, store
from reportgen.record.stored_text import drop_stored_text
from reportgen.record.upgrade import RENAMED_FIELDS, STEPS, Fields, renamed, upgrade, without
from reportgen.spec import ReportSpec
from reportgen.spec.probes import ProbesSpec
from tests.support.commands import run_here

SAMPLES = Path(__file__).parent / "samples"
"""format-1.zip: a linear model on 60 digits, by the last version of that format; format-2.zip: four epochs of one,
compared with one epoch, with two gates and a card."""


def stated(name: str) -> dict[str, object]:
    """The record.json of a sample, as it was written."""
    with zipfile.ZipFile(SAMPLES / name) as found:
        fields: dict[str, object] = json.loads(found.read("record.json"))
        return fields


def test_there_is_a_step_and_a_sample_for_every_older_format() -> None:
    assert sorted(STEPS) == list(range(1, RECORD_FORMAT))
    assert [stated(f"format-{number}.zip")["format"] for number in STEPS] == sorted(STEPS)


def test_a_record_of_format_2_comes_apart_into_three() -> None:
    old, subject = stated("format-2.zip"), find_source(SAMPLES / "format-2.zip").load().subject
    record, judgement, presentation = subject.record, subject.judgement, subject.presentation
    assert record.format == RECORD_FORMAT
    assert record.measured == Measurements.model_validate(without(drop_stored_text(old)["measured"], "resamples"))
    assert not any(name.startswith("comparison.") for name in record.arrays)
    assert judgement.compared is not None
    compared = without(renamed(drop_stored_text(old)["comparison"], RENAMED_FIELDS), "resamples", "seed")
    assert judgement.compared == Comparison.model_validate(compared)
    assert [flip.image for flip in (*judgement.compared.lost, *judgement.compared.gained)]
    assert judgement.gates == ()  # they were kept as text; they are judged again when a report is drawn
    assert sorted(judgement.arrays) == ["comparison.gained", "comparison.images", "comparison.lost"]
    assert (subject.title, old["title"]) == ("A longer training", "A longer training")
    assert presentation.card.authors == ("A. Author",)
    assert presentation.report.paper == "letter"
    assert [rule.text for rule in presentation.gates] == ["accuracy >= 0.05", "accuracy.change > 0 confidently"]
    assert subject.spec == ReportSpec.model_validate(old["spec"])


def test_a_record_of_format_1_says_that_nothing_was_probed() -> None:
    subject = find_source(SAMPLES / "format-1.zip").load().subject
    assert subject.record.spec.run.probes == ProbesSpec(level="none")
    assert subject.record.probes is None
    assert subject.title == "A tiny model"
    assert subject.judgement.comparison is None


@pytest.mark.slow
@pytest.mark.parametrize("number", STEPS)
def test_an_older_record_is_drawn_and_then_kept_in_todays_format(
    number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = run_here(capsys, "render", SAMPLES / f"format-{number}.zip", "-o", tmp_path / "out", "--format", "html,json")
    assert said.code == 0, said.err
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert ('id="section-baseline"' in page) == (number == 2)
    accuracy = next(value for value in stated(f"format-{number}.zip")["measured"]["values"])  # type: ignore[index]
    numbers = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert numbers["metrics"][0]["value"] == accuracy["value"]
    assert numbers["metrics"][0]["display"] == accuracy["display"]
    assert len(numbers.get("gates", ())) == len(stated(f"format-{number}.zip").get("gates", ()))  # type: ignore[arg-type]
    kept = json.loads((tmp_path / "out" / "record" / "record.json").read_text(encoding="utf-8"))
    assert kept["format"] == RECORD_FORMAT
    again = run_here(capsys, "render", tmp_path / "out", "-o", tmp_path / "again", "--format", "html,json")
    assert again.code == 0, again.err
    for name in ("report.html", "metrics.json", "record/record.json"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


@pytest.mark.slow
def test_an_older_record_is_a_baseline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places = [SAMPLES / f"format-{number}.zip" for number in (1, 2)]
    said = run_here(capsys, "compare", *places, "-o", tmp_path / "out", "--format", "comment")
    assert said.code == 0, said.err
    comment = (tmp_path / "out" / "comment.md").read_text(encoding="utf-8")
    assert re.search(r"^### . (These weights are|Better|Worse|Equivalent|Not enough)", comment, re.MULTILINE)


def test_an_older_record_with_files_of_today_beside_it_is_what_it_was() -> None:
    with zipfile.ZipFile(SAMPLES / "format-2.zip") as found:
        files = {name: found.read(name) for name in found.namelist()}
    beside = dict.fromkeys(set(FILES) - set(files), b"not for this record")
    assert decode(files | beside, SAMPLES).subject == decode(files, SAMPLES).subject


def test_damage_in_an_older_record_is_said_in_todays_words(tmp_path: Path) -> None:
    for field in ("trace", "spec"):
        with zipfile.ZipFile(SAMPLES / "format-2.zip") as found:
            files = {name: found.read(name) for name in found.namelist()}
        fields = json.loads(files["record.json"])
        del fields[field]
        (tmp_path / "a.zip").write_bytes(pack_files(files | {"record.json": json.dumps(fields).encode()}))
        with pytest.raises(RecordError, match=f"is damaged: {field}") as caught:
            find_source(tmp_path / "a.zip").load()
        assert caught.value.hint


def test_todays_format_is_not_changed() -> None:
    fields = Fields({"format": RECORD_FORMAT, "title": "not looked at"}, {})
    assert upgrade(fields, RECORD_FORMAT) is fields


def test_the_upgraded_record_has_the_digest_of_the_one_that_is_kept_of_it() -> None:
    stored = find_source(SAMPLES / "format-2.zip").load()
    assert stored.digest == store(stored.record).digest


def test_the_recipe_of_an_older_record_says_what_it_was() -> None:
    """SGD was Nesterov's unless a spec said otherwise, decay left biases alone, one_cycle left the momentum alone."""
    for told in ("weight decay 0.0005", {"id": "weight decay {value}", "arguments": {"value": 0.0005}}):
        training = {"optimizer": ["SGD", "momentum 0.9 (Nesterov)", told]}
        record = {"spec": {"run": {"optimizer": {"name": "sgd", "nesterov": None}}}, "training": training}
        run = upgrade(Fields(record, {}), RECORD_FORMAT).record["spec"]["run"]
        assert run["optimizer"] == {"name": "sgd", "nesterov": True, "weight_decay_on": "matrices"}
        assert run["cycle_momentum"] is False
    today = {"spec": {"run": {}}, "training": {"optimizer": ["SGD", {"id": "weight decay {value} of all parameters"}]}}
    assert upgrade(Fields(today, {}), RECORD_FORMAT).record == today
    plain = {"spec": {"run": {"schedule": "cosine"}}, "training": {"optimizer": ["AdamW", "weight decay 0.05"]}}
    assert upgrade(Fields(plain, {}), RECORD_FORMAT).record["spec"]["run"] == {
        "schedule": "cosine",
        "optimizer": {"weight_decay_on": "matrices"},
    }


@pytest.mark.parametrize("terms", [-1, "SGD", {"id": "SGD"}, None, [None, 3, []]])
def test_a_recipe_that_is_none_is_left_to_the_checks(terms: object) -> None:
    record = {"spec": {"run": {}}, "training": {"optimizer": terms}}
    assert upgrade(Fields(record, {}), RECORD_FORMAT).record == record


def test_the_stages_of_the_preprocessing_check_were_called_looks() -> None:
    fields = Fields({"probes": {"robustness": {"preparation": {"images": 100, "looks": 3}, "steps": 1}}}, {})
    found = upgrade(fields, RECORD_FORMAT).record["probes"]
    assert found == {"robustness": {"preparation": {"images": 100, "stages": 3}, "steps": 1}}


def test_an_older_record_says_what_the_hub_calls_its_data() -> None:
    """Records did not say it, and the model card knew two of them."""
    kinds = find_datasets()
    for name in ("cifar10", "cifar100", "digits"):
        found = upgrade(Fields({"data": {"name": name}}, {}), RECORD_FORMAT).record["data"]
        assert found.get("hub", "") == kinds[name].hub
    today = Fields({"data": {"name": "cifar10", "hub": ""}}, {})
    assert upgrade(today, RECORD_FORMAT) is today
