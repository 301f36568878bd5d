"""index.html and ranking.json of several candidates: valid, self-contained, whatever the names are."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from reportgen.outputs.ranking import make_index, spell_ranking
from reportgen.pipeline.compare import CandidateSet, find_links, page_values
from reportgen.record.locate import Source
from reportgen.record.ranking import Ranking
from reportgen.record.run import RunRecord
from tests.comparison.cases import another_seed, improved, ranked, with_logits
from tests.outputs.hostile import NASTY
from tests.outputs.test_html import Reader
from tests.support.browser import complaints_about, look

NAMES = {"plain": ("Main", "Good", "Other", "Less", "Main"), "hostile": (*NASTY[:4], NASTY[0])}
FOLDER = 'javascript:alert(1)"><script>?#%猫'


@pytest.fixture(params=NAMES, scope="module")
def ranking(record: RunRecord, request: pytest.FixtureRequest) -> Ranking:
    return ranking_of(record, NAMES[request.param])


def ranking_of(record: RunRecord, titles: tuple[str, ...]) -> Ranking:
    fewer = {name: record.arrays[name][:500] for name in ("eval.logits", "eval.labels", "eval.ids", "eval.digests")}
    less = record.model_copy(update={"arrays": record.arrays.merged(fewer)})
    found = (record, improved(record, 40), with_logits(record, another_seed()), less, improved(record, 3))
    return ranked(dict(enumerate(found)), titles)


def index_of(ranking: Ranking) -> str:
    links = {1: "1-good/report.html", 2: "2-other/report.pdf"}
    return make_index(page_values(ranking, links)).data.decode("utf-8")


def test_the_page_holds_everything_and_refers_to_the_reports_alone(ranking: Ranking) -> None:
    page = index_of(ranking)
    reader = Reader(page)
    for entry in ranking.entries:
        assert " ".join(entry.name.split()) in reader.text
    for pair in ranking.pairs:
        assert pair.change.display.replace("\u00a0", " ") in reader.text
    assert ranking.refused[0].reason.text in reader.text
    assert "script" not in reader.tags
    assert "default-src 'none'" in page
    assert "url(" not in page
    rest = {reference for reference in reader.references if not reference.startswith("data:")}
    assert rest == {"1-good/report.html", "2-other/report.pdf"}
    assert len(reader.ids) == len(set(reader.ids))
    assert [tag for tag in reader.tags if tag in ("h1", "h2", "h3")] == ["h1", "h2", "h2"]


@pytest.mark.browser
def test_the_page_is_valid(record: RunRecord, tmp_path: Path) -> None:
    assert complaints_about(tmp_path, *(index_of(ranking_of(record, titles)) for titles in NAMES.values())) == []


@pytest.mark.browser
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (360, True)])  # no colour depends on the width
def test_no_one_is_kept_out_and_nothing_overflows(ranking: Ranking, width: int, dark: bool, tmp_path: Path) -> None:
    seen = look(index_of(ranking), tmp_path, width, dark=dark, axe=True)
    assert seen["violations"] == []
    assert seen["rules"] > 15, "axe-core looked at something"
    assert seen["width"] <= width
    assert seen["background"] == ("rgb(20, 23, 26)" if dark else "rgb(255, 255, 255)")


def test_ranking_json_holds_the_ranking(ranking: Ranking) -> None:
    file = spell_ranking(ranking, {1: "1-good"})
    assert file.path == "ranking.json"
    found = json.loads(file.data)
    assert found["format"] == 1
    for entry, told in zip(ranking.entries, found["entries"], strict=True):
        assert (told["name"], told["rank"]) == (entry.name, entry.rank)
        assert entry.accuracy is not None
        assert (told["accuracy"]["value"], told["accuracy"]["n"]) == (entry.accuracy.value, entry.accuracy.n)
        assert told["folder"] == ("1-good" if entry.number == 1 else None)
        assert [value["name"] for value in told["values"]] == ["macro_f1", "nll", "ece", "parameters", "macs"]
    for pair, told in zip(ranking.pairs, found["pairs"], strict=True):
        assert (told["first"], told["second"], told["p"]) == (pair.first, pair.second, pair.p)
        assert (told["change"]["low"], told["holds"]) == (pair.change.low, pair.holds)
    assert [pair["reason"] for pair in found["refused"]] == [pair.reason.text for pair in ranking.refused]


def test_what_is_not_finite_is_unknown_in_json(ranking: Ranking) -> None:
    first = ranking.entries[0]
    broken = first.model_copy(update={"values": (first.values[1].model_copy(update={"value": float("nan")}),)})
    text = spell_ranking(ranking.model_copy(update={"entries": (broken,)}), {}).data
    assert json.loads(text)["entries"][0]["values"][0]["value"] is None


def test_links_are_addresses_whatever_the_folders_are_called(tmp_path: Path) -> None:
    sources = tuple(Source(tmp_path, name, None) for name in ("main", "plain", FOLDER.replace("/", "")))
    candidate_set = CandidateSet(sources, tmp_path)
    assert find_links(tmp_path, candidate_set.folders) == {}
    for number, page in ((1, "report.pdf"), (2, "report.html"), (2, "report.pdf")):
        folder = tmp_path / candidate_set.folders[number]
        folder.mkdir(exist_ok=True)
        (folder / page).touch()
    links = find_links(tmp_path, candidate_set.folders)
    assert links[1] == "1-plain/report.pdf"
    assert links[2].startswith("2-javascript%3Aalert%281%29%22%3E%3Cscript%3E%3F%23%25")
    assert links[2].endswith("/report.html")
    assert not replace(candidate_set, sources=sources[:2]).several
