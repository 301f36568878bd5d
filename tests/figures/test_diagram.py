"""The architecture diagram as a figure: links, captions, sizes, hostile names, repeatability."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from reportgen.figures.diagram import FIGURES, figure
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.record.trace import ModelTrace
from reportgen.report.model import FigureFile, Skipped
from tests.figures.traces import Bench, residual
from tests.support.records import small_trace

SVG = "{http://www.w3.org/2000/svg}"


def files(trace: ModelTrace) -> list[FigureFile]:
    drawn = [figure(trace, number, kind.name) for number, kind in enumerate(FIGURES)]
    return [file for file in drawn if isinstance(file, FigureFile)]


def roots(trace: ModelTrace) -> list[ET.Element]:
    return [ET.fromstring(file.data) for file in files(trace)]


def texts(root: ET.Element) -> list[str]:
    return ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]


def two_kinds() -> ModelTrace:
    """Five residual blocks, two of them with a convolution on the skip edge, at two widths."""
    bench = Bench()
    x = bench.conv("stem", bench.input)
    for number, (width, down) in enumerate([(16, False), (16, False), (32, True), (32, False), (64, True)]):
        x = residual(bench, f"blocks{number}", x, width, down)
    bench.op("flatten", x, shape=(1, 64))
    return bench.trace()


def many_kinds(count: int) -> ModelTrace:
    """As many classes of blocks as asked, two of each."""
    bench = Bench()
    x = bench.input
    for number in range(count):
        for twice in range(2):
            x = residual(bench, f"b{number}{twice}", x, kind=f"Kind{number}")
    return bench.trace()


def test_small_record_is_one_figure(record: RunRecord) -> None:
    first, *others = [kind.draw(Subject(record)) for kind in FIGURES]
    assert isinstance(first, FigureFile)
    assert all(isinstance(other, Skipped) for other in others)
    assert (first.media_type, first.inline, first.width) == ("image/svg+xml", True, 680)
    assert "BasicBlock ×2" in first.caption
    assert "3×32×32" in first.caption
    assert "Conv2d 3×3, 16" in first.alt


def test_each_structure_once_with_its_count() -> None:
    (root,) = roots(two_kinds())
    headings = [text for text in texts(root) if text.startswith("Block ") and "×" in text]
    assert headings == ["Block A ×3", "Block B ×2"]
    panels = [element.get("id") for element in root.iter(f"{SVG}g") if element.get("id")]
    assert len(panels) == len(set(panels)) == 3


def test_settings_of_all_occurrences_are_listed() -> None:
    (root,) = roots(two_kinds())
    assert "Conv2d 3×3, 32·64, stride 2" in texts(root)
    assert "Conv2d 1×1, 32·64, stride 2" in texts(root)
    assert "Conv2d 3×3, 16·32" in texts(root)


def test_links_resolve_and_cover_every_block() -> None:
    for trace, blocks in ((two_kinds(), 4), (many_kinds(4), 4), (small_trace(), 1)):
        drawn = roots(trace)
        ids = {element.get("id") for root in drawn for element in root.iter() if element.get("id")}
        links = [element.get("href", "") for root in drawn for element in root.iter(f"{SVG}a")]
        assert len(links) == blocks
        assert {link.removeprefix("#") for link in links} <= ids
        assert all(element.get("aria-label") for root in drawn for element in root.iter(f"{SVG}a"))


@pytest.mark.slow
def test_what_finds_no_page_is_counted_and_not_linked() -> None:
    drawn = files(many_kinds(70))
    assert len(drawn) == len(FIGURES)
    found = [ET.fromstring(file.data) for file in drawn]
    panels = {e.get("id") for root in found for e in root.iter(f"{SVG}g") if e.get("id")} - {"dg-overview"}
    links = {e.get("href", "").removeprefix("#") for root in found for e in root.iter(f"{SVG}a")}
    assert links < panels
    assert 20 < len(panels) < 70
    assert "and others" in drawn[0].caption
    assert drawn[-1].caption.endswith(f"{70 - len(panels)} further structures are not drawn.")


def test_skip_edges_are_counted_in_the_caption() -> None:
    (file,) = files(two_kinds())
    assert "The coloured line is an edge" in file.caption
    (plain,) = files(straight(3))
    assert "coloured" not in plain.caption


def straight(length: int) -> ModelTrace:
    bench = Bench()
    x = bench.input
    for number in range(length):
        x = bench.conv(str(number), x)
    return bench.trace()


def test_a_very_long_model_leaves_out_its_middle() -> None:
    (root,) = roots(straight(100))
    assert "… 80 more rows …" in texts(root)
    assert len([text for text in texts(root) if text == "Conv2d 3×3, 16"]) == 20


def test_many_blocks_share_a_card_and_stay_links() -> None:
    (root, *_) = roots(many_kinds(24))
    assert len([text for text in texts(root) if text.startswith("Kind") and text.endswith("×2")]) >= 20
    assert "Kind0 ×2" in texts(root)


def test_nothing_to_draw_is_said() -> None:
    bench = Bench()
    skipped = figure(bench.trace(), 0, "diagram")
    assert isinstance(skipped, Skipped)
    assert "no operator" in skipped.reason


def test_what_nobody_could_follow_is_said() -> None:
    bench = Bench()
    made = [bench.input]
    for number in range(30):
        joined = bench.op("cat", *made)
        made.append(bench.conv(str(number), joined))
    skipped = figure(bench.trace(), 0, "diagram")
    assert isinstance(skipped, Skipped)
    assert "60 parallel parts" in skipped.reason


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "网络" * 150, "x" * 300, "a\x00b\x1b[31m\ud800\u202e", "{{7*7}} {a}"]
)
def test_hostile_names_stay_text(name: str) -> None:
    bench = Bench(kind=name)
    x = residual(bench, name, bench.input, kind=name)
    x = residual(bench, "again", x, kind=name)
    x = bench.leaf(name, name, x, settings=name)
    bench.op(name, x)
    drawn = files(bench.trace(name=name))
    for file in drawn:
        root = ET.fromstring(file.data.decode())
        assert {element.tag for element in root.iter()} <= {
            SVG + tag for tag in ("svg", "g", "a", "rect", "path", "polygon", "text", "tspan", "title")
        }
        assert all(len(text) <= 140 for text in texts(root))
        assert b"<script" not in file.data
        assert len(file.caption) < 1200
    assert drawn


def test_type_is_large_enough_and_nothing_leaks() -> None:
    for trace in (two_kinds(), many_kinds(5), small_trace()):
        for file, root in zip(files(trace), roots(trace), strict=True):
            sizes = [float(element.get("font-size", "0")) for element in root.iter(f"{SVG}text")]
            assert min(sizes) >= 10.5
            assert (file.width, float(root.get("width", "0"))) == (680, 680.0)
            assert file.height <= 880
            assert not [e for e in root.iter() if {"class", "style"} & set(e.attrib)]
            assert b"url(" not in file.data


@pytest.mark.slow
def test_same_bytes_whatever_the_hash_seed() -> None:
    program = (
        "import sys; from tests.figures.test_diagram import *\n"
        "for trace in (two_kinds(), many_kinds(9)):\n"
        "    for file in files(trace): sys.stdout.buffer.write(file.data + file.caption.encode() + file.alt.encode())"
    )
    root = Path(__file__).parents[2]
    outputs = set()
    for seed in ("0", "1", "77"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
        command = [sys.executable, "-c", program]
        outputs.add(subprocess.run(command, cwd=root, check=True, capture_output=True, env=environment).stdout)
    assert len(outputs) == 1
    assert len(outputs.pop()) > 10_000
