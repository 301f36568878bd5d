"""The autograd graph as a figure: every operator and every parameter, whole or by structure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from reportgen.figures._diagram.autograd_tree import build_autograd_tree
from reportgen.figures._diagram.flat import partition
from reportgen.figures.autograd import FIGURES, FLAT
from reportgen.record.operators import BACKWARD_GLUE
from reportgen.record.probes.autograd import AutogradFacts
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from tests.figures.graphs import Back, block, residual_net, with_graph
from tests.support.records import small_record

SVG = "{http://www.w3.org/2000/svg}"
BUDGET = 45_000
"""Bytes of all pages together."""


def files(facts: AutogradFacts) -> list[FigureFile]:
    record = with_graph(small_record(), facts)
    return [file for file in (kind.draw(Subject(record)) for kind in FIGURES) if isinstance(file, FigureFile)]


def texts(file: FigureFile) -> list[str]:
    return ["".join(element.itertext()) for element in ET.fromstring(file.data).iter(f"{SVG}text")]


def every(facts: AutogradFacts) -> list[str]:
    return [text for file in files(facts) for text in texts(file)]


def operators(facts: AutogradFacts, name: str) -> int:
    return sum(node.operator == name for node in facts.nodes)


@pytest.mark.parametrize("blocks", [1, 3, 8])
def test_a_small_graph_is_drawn_operator_by_operator(blocks: int) -> None:
    facts = residual_net(blocks)
    assert len(facts.nodes) <= FLAT
    said = every(facts)
    for name, sign in (("convolution", "convolution"), ("relu", "relu"), ("add", "+"), ("addmm", "addmm")):
        assert said.count(sign) == operators(facts, name), name
    assert "view" not in said
    pills = [text for text in said if text.endswith(("16×16×3×3", "bias 16", "10×16", "bias 10"))]
    assert len(pills) == facts.leaves


def test_names_of_parameters_are_whole_with_what_stands_above_them() -> None:
    said = every(residual_net(3))
    assert {"stem", "block0", "fc", "block1.down"} <= set(said)
    assert {"weight 16×16×3×3", "conv2.weight 16×16×3×3", "conv1.weight 16×16×3×3", "weight 10×16"} <= set(said)


def test_the_loss_is_at_the_top_and_the_first_layer_at_the_bottom() -> None:
    (file,) = files(residual_net(1))
    heights = {
        "".join(element.itertext()): float(element.get("y", "0"))
        for element in ET.fromstring(file.data).iter(f"{SVG}text")
    }
    assert heights["loss"] < heights["nll_loss"] < heights["log_softmax"] < heights["addmm"]
    assert max(heights, key=lambda text: heights[text]).startswith(("weight 16", "bias 16", "convolution"))


def test_parts_say_where_they_go_on() -> None:
    said = every(residual_net(8))
    count = sum(", part " in text for text in said)
    assert count > 1
    for number in range(1, count):
        assert said.count(f"on to part {number + 1}") == said.count(f"from part {number}") == 1


def test_a_large_graph_is_drawn_by_structure() -> None:
    facts = residual_net(30)
    assert len(facts.nodes) > FLAT
    said = every(facts)
    assert {"Block A ×20", "Block B ×10"} <= set(said)
    assert said.count("convolution") == 1 + 2 + 3  # the stem, and each structure once
    caption = files(facts)[0].caption
    assert "tinted box" in caption
    assert f"{len(facts.nodes) - facts.leaves} operators to {facts.leaves} parameters" in caption


def test_links_resolve_and_meet_no_other_drawings() -> None:
    drawn = [ET.fromstring(file.data) for file in files(residual_net(30))]
    ids = {element.get("id") for root in drawn for element in root.iter() if element.get("id")}
    links = {element.get("href", "") for root in drawn for element in root.iter(f"{SVG}a")}
    assert links
    assert {link.removeprefix("#") for link in links} <= ids
    assert all(str(name).startswith("bw-") for name in ids)


def test_shapes_of_a_repeated_structure_are_ranges() -> None:
    back = Back()
    x = back.conv("stem")
    for number in range(60):
        with back.call("Layer", f"layer{number}"):
            y = back.op("Relu", back.conv("conv", x, width=16 if number < 30 else 64))
            x = back.op("Add", y, x)
    assert "weight 16–64×16–64×3×3" in every(back.facts())


def test_frozen_parameters_stand_dashed_where_their_module_runs() -> None:
    back = Back()
    x = back.conv("stem")
    with back.call("BatchNorm2d", "norm"):
        frozen = back.parameter("weight", (16,), trainable=False)
        own = (back.parameter("bias", (16,)),)
        back.op("NativeBatchNorm", x, parameters=own)
    facts = back.facts()
    assert frozen not in {node.parameter for node in facts.nodes}
    (file,) = files(facts)
    pills = [rect for rect in ET.fromstring(file.data).iter(f"{SVG}rect") if rect.get("stroke-dasharray")]
    assert len(pills) == 1
    assert "weight 16" in texts(file)
    assert "Dashed pills are frozen" in file.caption
    assert "Dashed" not in files(residual_net(1))[0].caption


@pytest.mark.parametrize("blocks", [1, 30])
def test_what_is_not_reached_stands_beside_the_graph(blocks: int) -> None:
    back = Back()
    x = back.conv("stem")
    for number in range(blocks):
        x = block(back, f"block{number}", x)
    with back.call("Linear", "aside"):
        back.parameter("weight", (3, 4), reached=False)
    back.op("Mean", x)
    said = every(back.facts())
    assert {"Not reached by the loss", "aside", "weight 3×4"} <= set(said)
    assert "Not reached by the loss" not in every(residual_net(blocks))


def test_many_unreached_modules_are_counted() -> None:
    back = Back()
    back.conv("stem")
    for number in range(40):
        with back.call("Linear", f"aside{number}"):
            back.parameter("weight", (3, 4), reached=False)
    assert "and 24 more modules" in every(back.facts())


def test_parameters_reached_through_views_belong_to_the_operator_that_reads_them() -> None:
    back = Back()
    weight = back.parameter("weight", (10, 16))
    back.op("Addmm", back.op("T", parameters=(weight,)))
    facts = back.facts()
    tree = build_autograd_tree(facts)
    assert "t" in BACKWARD_GLUE
    assert [[leaf.names[0] for leaf in found if leaf] for found in tree.leaves] == [[], ["weight"], [], []]
    assert tree.operators[0] == (1, 2, 3)


def test_an_operator_of_parameters_alone_is_drawn() -> None:
    back = Back()
    x = back.conv("stem")
    table = back.op("Index", parameters=(back.parameter("table", (169, 3)),))
    back.op("Add", x, table)
    said = every(back.facts())
    assert {"index", "table 169×3", "+"} <= set(said)


def test_without_a_graph_the_reason_stands_in_its_place(record: RunRecord) -> None:
    bare = record.model_copy(update={"probes": None})
    assert all(isinstance(kind.draw(Subject(bare)), Skipped) for kind in FIGURES)
    skipped = FIGURES[0].draw(Subject(bare))
    assert isinstance(skipped, Skipped)
    assert "before this could be measured" in skipped.reason


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "网络" * 150, "x" * 300, "a\x00b\x1b[31m\ud800\u202e", "{{7*7}} {a}"]
)
def test_hostile_names_stay_text(name: str) -> None:
    back = Back(kind=name)
    x = back.conv(name)
    x = block(back, name, x, kind=name)
    x = block(back, "again", x, kind=name)
    with back.call(name, name):
        back.parameter(name, (2,), reached=False)
        back.op(name, x, parameters=(back.parameter(name, (3, 4)),))
    for file in files(back.facts()):
        root = ET.fromstring(file.data.decode())
        assert {element.tag for element in root.iter()} <= {
            SVG + tag for tag in ("svg", "g", "a", "rect", "path", "polygon", "text", "tspan", "title")
        }
        assert all(len(text) <= 180 for text in texts(file))
        assert b"<script" not in file.data


@pytest.mark.parametrize("blocks", [1, 17, 30, pytest.param(300, marks=pytest.mark.slow)])
def test_type_is_large_enough_and_pages_within_their_size(blocks: int) -> None:
    drawn = files(residual_net(blocks))
    assert drawn
    assert sum(len(file.data) for file in drawn) <= BUDGET
    for file in drawn:
        root = ET.fromstring(file.data)
        assert min(float(element.get("font-size", "0")) for element in root.iter(f"{SVG}text")) >= 10.5
        assert file.height <= 880
        assert file.width == 680 or file.is_narrow
        assert len(file.alt) < 4000


def test_parts_are_as_even_as_they_can_be() -> None:
    assert partition([10.0] * 8, 100.0) == [8]
    assert partition([30.0] * 8, 100.0) == [3, 6, 8]
    assert partition([50.0, 50, 90, 10, 90], 100.0) == [2, 4, 5]
    assert partition([90.0] * 5, 100.0) is None
    assert partition([101.0], 100.0) is None


@pytest.mark.slow
def test_same_bytes_whatever_the_hash_seed() -> None:
    """This process has a seed of its own, unless the environment gives one."""
    program = "from tests.figures.test_autograd import *; sys.stdout.buffer.write(whole())"
    environment = {**os.environ, "PYTHONHASHSEED": "77"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=True, capture_output=True, env=environment
    )
    assert done.stdout == whole()
    assert len(done.stdout) > 10_000


def whole() -> bytes:
    drawn = [file for facts in (residual_net(3), residual_net(30)) for file in files(facts)]
    return b"".join(file.data + file.caption.encode() + file.alt.encode() for file in drawn)
