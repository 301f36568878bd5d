"""The page over many records: every one of them, each in its line, whatever they are called and whatever is damaged."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

from reportgen.metrics import measure
from reportgen.record.archive import pack_files
from reportgen.record.run import RunRecord
from reportgen.record.store import ARRAYS_FILE, RECORD_FILE, encode_record
from tests.comparison.cases import improved, with_seeds
from tests.outputs.hostile import NASTY
from tests.outputs.test_html import Reader
from tests.report.sections.cases import change
from tests.support.browser import complaints_about, look, tool
from tests.support.commands import ROOT, Said, run_apart, run_heard, run_here
from tests.support.records import presented, save_record, write_subject

NAMES = ("eval.logits", "eval.labels", "eval.ids", "eval.digests")


def dated(record: RunRecord, day: int, **origin: object) -> RunRecord:
    """The record of another day and commit, without its images."""
    created = f"2026-01-{day:02d}T00:00:00Z"
    told = {"created": created, "commit": f"{day:040x}"[::-1]} | origin
    arrays = {name: record.arrays[name][:20] for name in ("images", "images.ids")}
    return change(record, arrays=arrays).model_copy(
        update={"provenance": record.provenance.model_copy(update=told), "fingerprint": f"{day:064x}"}
    )


def report(home: Path, record: RunRecord, title: str = "A net", page: str = "report.html") -> Path:
    """A report's folder, with a page that a link can lead to."""
    write_subject(presented(record, title=title), home / "record")
    if page:
        (home / page).write_text("<p>a report</p>", encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def shelf(record: RunRecord, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four records of one model on the same images, one on others, one of seeds, one zipped, and what can't be read."""
    home = tmp_path_factory.mktemp("shelf") / "all reports"
    better = improved(record, 40)
    for day, one in enumerate((record, improved(record, 2), better, improved(better, 1)), start=1):
        report(home / f"day {day} #1?", dated(one, day), f"Day {day}")
    fewer = change(record, arrays={name: record.arrays[name][:500] for name in NAMES})
    fewer = fewer.model_copy(update={"measured": measure(fewer)})
    report(home / "fewer", dated(fewer, 5), "On fewer images")
    other = record.model_copy(
        update={
            "spec": record.spec.model_copy(update={"model": record.spec.model.model_copy(update={"source": "b:x"})})
        }
    )
    report(home / "seeds" / "a", dated(with_seeds(other, [1, 2]), 6), "Seeds", page="")
    report(home / "seeds" / "b", dated(with_seeds(other, [3, 4]), 7), "Seeds", page="report.pdf")
    (home / "zipped").mkdir()
    (home / "zipped" / "record.zip").write_bytes(pack_files(encode_record(dated(record, 8))))
    damage(home, dated(record, 9))
    return home


def damage(home: Path, record: RunRecord) -> None:
    """Records with one byte changed, of a later version, of somebody else, cut off; and a file that is no PDF."""
    for name in ("byte", "arrays", "newer", "foreign", "cut"):
        made = home / "damaged" / name
        made.mkdir(parents=True)
        save_record(record, made)
        file = made / RECORD_FILE
        text = file.read_bytes()
        if name == "byte":
            file.write_bytes(text.replace(b'"MIT"', b'"MIX"').replace(b"Example CPU", b"Example CPX"))
        if name == "arrays":
            data = (made / ARRAYS_FILE).read_bytes()
            (made / ARRAYS_FILE).write_bytes(data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
        if name == "newer":
            file.write_bytes(re.sub(rb'"format": \d+', b'"format": 99', text))
        if name == "foreign":
            file.write_text('{"artist": "somebody", "title": "<b>a record</b>"}', encoding="utf-8")
        if name == "cut":
            file.write_bytes(text[: len(text) // 2])
    (home / "damaged" / "report.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    (home / "damaged" / "somebody.pdf").write_bytes(b"%PDF-1.7 and nothing more")


@pytest.fixture(scope="module")
def made(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Said, str]:
    """What the command says, and the page."""
    out = tmp_path_factory.mktemp("out") / "page.html"
    said = run_heard("index", shelf, "-o", out)
    return said, out.read_text(encoding="utf-8")


def line_of(page: str, words: str) -> str:
    """The part of the page about one line."""
    return next(part for part in re.findall(r'<article class="line".*?</article>', page, re.DOTALL) if words in part)


def test_every_record_is_there_and_what_is_damaged_is_named(made: tuple[Said, str]) -> None:
    said, page = made
    assert said.code == 0, said.err
    assert "Traceback" not in said.err
    assert "8 records, 6 not read" in said.err
    assert "6 further records can’t be read" in page
    unread = page.partition('id="title-unread"')[2]
    for name in ("byte", "arrays", "newer", "foreign", "cut", "report.pdf"):
        assert f"damaged/{name}</code>" in unread
    assert "somebody.pdf" not in page
    assert "was changed after it was written" in unread
    assert "has format 99" in unread
    assert "states no format" in unread
    by_date = page.partition('id="title-date"')[2].partition("</section>")[0]
    days = re.findall(r"<td class=\"short\"[^>]*>(2026-01-\d\d)</td>", by_date)
    assert days == [f"2026-01-{day:02d}" for day in (8, 7, 6, 5, 4, 3, 2, 1)]


def test_a_line_holds_one_model_on_the_same_images(made: tuple[Said, str]) -> None:
    page = made[1]
    line = line_of(page, "Day 1")
    assert "5 records" in line
    assert "On fewer images" not in line
    assert "1 change point in top-1 accuracy in 4 paired tests" not in line
    assert "2 change points in top-1 accuracy in 4 paired tests" in line  # the zip, of the last day, is the first again
    assert "2026-01-03, commit 30000000" in line
    marked = {row.split("</th>")[0]: row.count('class="at"') for row in line.split('<tr><th scope="row">')[1:]}
    assert {name: marks for name, marks in marked.items() if marks} == {
        "Top-1 accuracy": 2,
        "Negative log-likelihood": 2,
    }
    untested = {name.partition(" <")[0] for name in marked if "not tested" in name}
    assert {"Macro F1", "Expected calibration error"} <= untested
    assert not untested & {"Top-1 accuracy", "Negative log-likelihood", "Parameters", "MACs"}
    assert "2 records" in line_of(page, "b:x")
    assert len(re.findall(r'<article class="line"', page)) == 2


def test_accuracies_are_sorted_among_the_same_images(made: tuple[Said, str]) -> None:
    part = made[1].partition('id="title-accuracy"')[2].partition("</section>")[0]
    tables = re.split(r"<h3>", part)[1:]
    assert [re.sub("<.*", "", one, flags=re.DOTALL) for one in tables] == [
        "CIFAR-10, 600 test images",
        "CIFAR-10, 500 test images",
    ]
    for table in tables:
        shares = [float(share) for share in re.findall(r'data-k="(0\.\d+)"', table)]
        assert shares == sorted(shares, reverse=True)
    assert tables[0].count("<tr><th") == 8


def test_links_lead_to_the_reports(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shelf.parent)
    said = run_heard("index", shelf.name)
    assert said.code == 0
    page = (shelf / "index.html").read_text(encoding="utf-8")
    found = {unquote(html.unescape(link)) for link in Reader(page).references if not link.startswith(("#", "data:"))}
    assert found == {f"day {day} #1?/report.html" for day in (1, 2, 3, 4)} | {"fewer/report.html", "seeds/b/report.pdf"}
    assert all((shelf / link).is_file() for link in found)
    assert "day%201%20%231%3F/report.html" in page
    (shelf / "index.html").unlink()


def test_the_page_needs_nothing_else_and_its_script_is_the_one_that_is_allowed(made: tuple[Said, str]) -> None:
    page = made[1]
    reader = Reader(page)
    assert reader.tags.count("script") == 1
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert "default-src 'none'" in page
    assert len(reader.ids) == len(set(reader.ids))
    assert "url(" not in page


@pytest.mark.slow
def test_the_page_is_drawn_in_chinese(shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run_here(capsys, "index", shelf, "--language", "zh", "-o", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert said.code == 0, said.err
    assert '<html lang="zh">' in page
    assert ("按模型" in page, "By model" in page) == (True, False)
    assert "line-break: strict" in page, "the style sheet of Chinese"
    assert 'data-k="2026-01-03T00:00:00Z">2026年1月3日</td>' in page, "sorted by the time, whatever the day looks like"
    assert re.search(r"<li>2026年1月3日，提交 [0-9a-f]+", page), "a change point is told in Chinese"


def test_another_language_is_refused(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run_here(capsys, "index", shelf, "--language", "xx")
    assert (said.code, "'en', 'zh'" in said.err) == (2, True)


@pytest.mark.slow
def test_the_same_records_give_the_same_bytes(made: tuple[Said, str], shelf: Path, tmp_path: Path) -> None:
    moved = tmp_path / "all reports"
    shutil.copytree(shelf, moved)
    out = tmp_path / "out" / "page.html"
    said = run_apart(("index", moved, "-o", out, "-q"), tmp_path, PYTHONHASHSEED="7", TZ="Asia/Tokyo")
    assert said.code == 0
    ours = re.sub(r'href="[^"#]*"', "", out.read_text(encoding="utf-8"))
    assert ours == re.sub(r'href="[^"#]*"', "", made[1])


@pytest.mark.slow
def test_nothing_of_a_record_runs_and_neither_torch_nor_matplotlib_is_loaded(shelf: Path, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom reportgen.cli import main\n"
        f"sys.argv = ['reportgen', 'index', {str(shelf)!r}, '-o', 'page.html', '-q']\n"
        "try:\n    main()\n"
        "finally:\n    print(sorted({'torch', 'matplotlib', 'seaborn', 'weasyprint'} & set(sys.modules)))"
    )
    env = {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_names_of_others_stay_text(record: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = record.spec
    for at, name in enumerate(NASTY):
        model = spec.model.model_copy(update={"source": f"{NASTY[0]}:{name}"})
        data = record.data.model_copy(update={"title": name})
        hostile = dated(record, at + 1, commit=name, created=name).model_copy(
            update={"spec": spec.model_copy(update={"model": model}), "data": data}
        )
        report(tmp_path / "shelf" / f'{at} "><img src=x> javascript:alert(1)', hostile, name)
    said = run_here(capsys, "index", tmp_path / "shelf")
    assert said.code == 0, said.err
    page = (tmp_path / "shelf" / "index.html").read_text(encoding="utf-8")
    reader = Reader(page)
    assert reader.tags.count("script") == 1
    assert "img" not in reader.tags
    assert not [name for name in reader.ids if "<" in name]
    assert "onload=" not in re.sub(r"(&#34;|&quot;) onload=", "", page)
    assert all(link.startswith(("#", "data:")) or re.match(r"\d%20%22", link) for link in reader.references)


def test_numbers_that_nothing_can_have_counted_are_damage(
    record: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert record.measured is not None
    for name, accuracy in (("nan", float("nan")), ("far", 1e308), ("huge", 10**30), ("fine", 0.5)):
        made = report(tmp_path / name, dated(record, 1)) / "record"
        fields = json.loads((made / RECORD_FILE).read_text(encoding="utf-8"))
        fields.pop("sha256")
        for value in fields["measured"]["values"]:
            if value["name"] == "accuracy":
                value["value" if name != "huge" else "n"] = accuracy
        (made / RECORD_FILE).write_text(json.dumps(fields), encoding="utf-8")
    said = run_here(capsys, "index", tmp_path)
    assert said.code == 0, said.err
    assert "Traceback" not in said.err
    assert "1 record, 3 not read" in said.err
    assert "accuracy is a share and can't be 1e+308" in said.err
    assert "no possible count" in said.err


def test_what_is_no_index_is_not_replaced(
    record: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report(tmp_path / "one", dated(record, 1))
    (tmp_path / "index.html").write_text("mine", encoding="utf-8")
    said = run_here(capsys, "index", tmp_path)
    assert (said.code, "is not an index page" in said.err) == (2, True)
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == "mine"
    assert run_here(capsys, "index", tmp_path, "--force").code == 0
    assert run_here(capsys, "index", tmp_path).code == 0  # an index is
    (tmp_path / "one" / "manifest.json").write_text("{}", encoding="utf-8")
    said = run_here(capsys, "index", tmp_path / "one")
    assert (said.code, "is the folder of a report" in said.err) == (2, True)
    assert run_here(capsys, "index", tmp_path / "one", "-o", tmp_path / "two.html").code == 0


def test_a_folder_without_records_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run_here(capsys, "index", tmp_path)
    assert (said.code, "there is no record below" in said.err) == (5, True)
    said = run_here(capsys, "index", tmp_path / "nowhere")
    assert (said.code, "there is no folder" in said.err) == (2, True)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_many_records_are_a_small_page_soon(
    record: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two hundred records; a thousand take five times as long, and the page of them is below two megabytes."""
    rng, files = np.random.default_rng(0), encode_record(dated(record, 1))
    for at in range(200):
        fields = json.loads(files[RECORD_FILE])
        fields.pop("sha256")
        fields["provenance"] |= {"created": f"2026-01-01T{at // 60:02d}:{at % 60:02d}:00Z", "commit": f"{at:040x}"}
        fields["spec"]["model"]["source"] = f"builtin:net{rng.integers(4)}"
        home = tmp_path / f"a rather long name of a folder, number {at}" / "record"
        home.mkdir(parents=True)
        (home / RECORD_FILE).write_text(json.dumps(fields), encoding="utf-8")
        (home / ARRAYS_FILE).write_bytes(files[ARRAYS_FILE])
    said = run_here(capsys, "index", tmp_path)
    assert said.code == 0, said.err
    size = (tmp_path / "index.html").stat().st_size
    assert size < 2_000_000 / 5 + 30_000


@pytest.mark.browser
def test_the_page_is_valid(made: tuple[Said, str], tmp_path: Path) -> None:
    assert complaints_about(tmp_path, made[1]) == []


CLICK = """<script>
const table = document.querySelector("#date table");
const days = () => [...table.tBodies[0].rows].filter((row) => !row.hidden).map((row) => row.cells[3].textContent);
table.tHead.rows[0].cells[3].querySelector("button").click();
const sorted = days();
const box = document.getElementById("filter");
box.value = "seeds 2026-01-07";
box.dispatchEvent(new Event("input"));
document.title = JSON.stringify([sorted, days(), document.getElementById("filtered").textContent]);
</script>"""


@pytest.mark.browser
def test_the_script_may_run_and_sorts_and_filters(made: tuple[Said, str], tmp_path: Path) -> None:
    opened = open_in_browser(made[1], tmp_path)
    assert opened.count('<button type="button">') > 20  # under its own content-security policy
    assert '<div class="filter" role="search">' in opened
    policy = re.search(r'<meta http-equiv="Content-Security-Policy"[^>]*>', made[1])
    assert policy is not None
    clicked = open_in_browser(made[1].replace(policy[0], "").replace("</body>", f"{CLICK}</body>"), tmp_path)
    title = re.search("<title>(.*?)</title>", clicked)
    assert title is not None
    ordered, shown, count = json.loads(html.unescape(title[1]))
    assert ordered == [f"2026-01-{day:02d}" for day in range(1, 9)]
    assert (shown, count) == (["2026-01-07"], "1")


def open_in_browser(page: str, folder: Path) -> str:
    """The page after its script has run."""
    (folder / "page.html").write_text(page, encoding="utf-8")
    browser = tool("chromium", "chromium-browser", "google-chrome")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}", "--dump-dom"]
    address = (folder / "page.html").as_uri()
    done = subprocess.run([browser, *options, address], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


@pytest.mark.browser
@pytest.mark.parametrize(("width", "dark"), [(1280, True), (400, False)])
def test_no_one_is_kept_out_and_nothing_overflows(
    made: tuple[Said, str], width: int, dark: bool, tmp_path: Path
) -> None:
    seen = look(made[1], tmp_path, width, dark=dark, axe=True)
    assert seen["violations"] == []
    assert seen["rules"] > 15, "axe-core looked at something"
    assert seen["width"] <= width
    assert seen["background"] == ("rgb(20, 23, 26)" if dark else "rgb(255, 255, 255)")


def test_an_epoch_that_is_no_number_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    said = run_here(capsys, "index", str(tmp_path))
    assert (said.code, "SOURCE_DATE_EPOCH is 'yesterday'" in said.err) == (2, True)
