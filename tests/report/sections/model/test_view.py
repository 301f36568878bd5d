"""Section 2: shares, mismatches and warnings against hand-made traces; the layer table's numbers."""

from __future__ import annotations

import pytest

from reportgen.record.probes.autograd import LEAF, AutogradFacts, GraphCall, GraphNode, GraphParameter
from reportgen.record.run import RunRecord
from reportgen.record.trace import ModelTrace
from reportgen.report.sections.model.layers import make_layer_table
from reportgen.report.sections.model.view import SECTION, ModelView
from tests.figures.graphs import residual_net, with_graph
from tests.report.sections.cases import build, change, page
from tests.support.records import module, small_trace


def trace_of(*stages: tuple[str, int, int, float]) -> ModelTrace:
    """A model of leaves, each (name, parameters, MACs, seconds)."""
    leaves = [
        module(
            place + 1,
            name,
            "Conv2d",
            0,
            1,
            parameters=parameters,
            own_parameters=parameters,
            trainable=parameters,
            macs=macs,
            own_macs=macs,
            seconds=seconds,
        )
        for place, (name, parameters, macs, seconds) in enumerate(stages)
    ]
    total = [sum(stage[column] for stage in stages) for column in (1, 2, 3)]
    root = module(
        0, "", "Net", None, 0, parameters=total[0], trainable=total[0], macs=total[1], seconds=total[2], is_leaf=False
    )
    return small_trace().model_copy(
        update={"modules": (root, *leaves), "parameters": total[0], "trainable_parameters": total[0], "macs": total[1]}
    )


def test_concentration_names_the_stage_and_both_shares(record: RunRecord) -> None:
    trace = trace_of(("stem", 250, 600, 0.6), ("head", 750, 400, 0.4))
    built = build(SECTION, change(record, trace=trace))
    assert built.sentence("holds") == "“head” holds 75.0 % of the 1,000 parameters and does 40.0 % of the MACs."
    assert built.sentence("arithmetic is in") == (
        "Most of the arithmetic is in “stem”: 60.0 % of the MACs, 25.0 % of the parameters."
    )


def test_no_stage_with_half_is_said_so(record: RunRecord) -> None:
    trace = trace_of(("a", 300, 100, 0.1), ("b", 400, 200, 0.2), ("c", 300, 100, 0.1))
    text = build(SECTION, change(record, trace=trace)).text
    assert "No stage holds half of the 1,000 parameters; the largest, “b”, holds 40.0 %" in text
    assert "arithmetic is in" not in text


def test_time_that_does_not_follow_the_macs(record: RunRecord) -> None:
    trace = trace_of(("stem", 100, 100, 3.0), ("body", 451, 451, 3.5), ("tail", 449, 449, 3.5))
    sentence = build(SECTION, change(record, trace=trace)).sentence("of the forward pass (median")
    assert sentence.startswith("“stem” takes 30.0 % of the forward pass")
    assert sentence.endswith("for 10.0 % of the MACs.")
    assert "batches of 8" in sentence
    assert "Example CPU" in sentence


def test_time_that_follows_the_macs(record: RunRecord) -> None:
    trace = trace_of(("stem", 100, 100, 1.5), ("body", 900, 900, 8.5))
    sentence = build(SECTION, change(record, trace=trace)).sentence("follows the arithmetic")
    assert "never more than 5.0 points" in sentence


def test_time_below_the_share_of_macs(record: RunRecord) -> None:
    trace = trace_of(("stem", 100, 100, 0.35), ("body", 451, 451, 0.1), ("tail", 449, 449, 0.55))
    assert "“body” takes only 10.0 % of" in build(SECTION, change(record, trace=trace)).text


def test_memory_of_a_batch_is_batch_times_one_image(record: RunRecord) -> None:
    trace = {"activation_bytes_training": 2**20, "parameter_bytes": 2**24}
    sentence = build(SECTION, change(record, trace=trace)).sentence("A training batch")
    assert "128 images keeps 128 MiB" in sentence
    assert "8.0 times the 16.0 MiB" in sentence


def test_memory_of_a_batch_needs_training(record: RunRecord) -> None:
    assert "A training batch" not in build(SECTION, change(record, training=None)).text


def test_frozen_tied_unused_and_uncounted_are_said(record: RunRecord) -> None:
    modules = list(small_trace().modules)
    modules[1] = modules[1].model_copy(update={"shared": True})
    modules[4] = modules[4].model_copy(update={"shared": True})
    trace = {
        "modules": tuple(modules),
        "trainable_parameters": 9898 - 448,
        "unused": ("aux.fc",),
        "unused_parameters": 100,
        "parameters": 9898 + 100,
        "uncounted": ("grid_sample", "my_op", "grid_sample"),
    }
    built = build(SECTION, change(record, trace=trace))
    assert "5.5 % of the parameters are frozen: 548 of 9,998." in built.text
    assert "2 modules share parameters, which are counted once: “conv1” and “layer1.0.conv1”." in built.text
    assert (
        "1 module with parameters is not called in any forward pass that was traced: “aux.fc” (100 parameters)."
        in built.text
    )
    older = build(SECTION, change(record, trace=trace | {"unused_parameters": None}))
    assert "1 module with parameters is not called in any forward pass that was traced: “aux.fc”." in older.text
    assert "The MACs of 2 kinds of operator are unknown" in built.text
    assert "“grid_sample” and “my_op”" in built.text


def test_an_ordinary_model_has_no_warnings(record: RunRecord) -> None:
    assert all(finding.tone == "plain" for finding in build(SECTION, record).findings)


def test_an_all_frozen_model(record: RunRecord) -> None:
    assert "Every parameter is frozen" in build(SECTION, change(record, trace={"trainable_parameters": 0})).text


def test_rows_of_one_level_sum_to_the_model(record: RunRecord) -> None:
    view = build(SECTION, record).view
    assert isinstance(view, ModelView)
    assert view.layers is not None
    first = [row for row in view.layers.rows if row.depth == 1]
    assert sum(int(row.parameters.replace(",", "")) for row in first) == 448 + 9280 + 170
    assert view.layers.rows[0].parameters == "9,898"


def test_repeated_blocks_are_one_row_and_shares_of_time_are_of_the_pass() -> None:
    table = make_layer_table(small_trace())
    blocks = next(row for row in table.rows if row.kind == "BasicBlock")
    assert (blocks.times, blocks.name, blocks.parameters, blocks.time) == ("×2", "0–1", "9,280", "80.0\u00a0%")
    assert table.timed
    assert "what a module does outside its children counts in its own row alone." in table.caption


def test_an_untimed_model_has_no_column_of_times(record: RunRecord) -> None:
    modules = tuple(one.model_copy(update={"seconds": None}) for one in small_trace().modules)
    untimed = change(record, trace={"modules": modules, "timed_batch": None})
    built = build(SECTION, untimed)
    assert "forward pass (median" not in built.text
    assert ">Share of time</th>" not in page(SECTION, untimed)
    timed = change(record, trace={"modules": small_trace().modules, "timed_batch": 32})
    assert ">Share of time</th>" in page(SECTION, timed)


def test_settings_are_shortened() -> None:
    stem = "3, 64, kernel_size=(7, 7), stride=(2, 2), padding=(3, 3), bias=False"
    given = (stem, "p=0.5, inplace=False", "64, eps=1e-05, momentum=0.1", "x" * 100, "")
    leaves = [module(1 + i, f"m{i}", "Mystery", 0, 1, settings=settings) for i, settings in enumerate(given)]
    root = small_trace().modules[0]
    table = make_layer_table(small_trace().model_copy(update={"modules": (root, *leaves)}))
    shown = [row.settings for row in table.rows[1:]]
    assert shown == ["3 → 64, 7×7, stride 2", "p=0.5", "64", "x" * 47 + "…", ""]


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_the_page_holds_the_table(record: RunRecord, medium: str) -> None:
    text = page(SECTION, record, medium)
    assert text.count("<tr") == 1 + len(make_layer_table(record.trace).rows)
    assert "×2" in text


def test_a_trace_of_one_module(record: RunRecord) -> None:
    root = small_trace().modules[0].model_copy(update={"is_leaf": True})
    lone = change(record, trace={"modules": (root,), "operators": (), "edges": ()})
    assert build(SECTION, lone).text.count("\n") <= 1
    assert "whole model" in page(SECTION, lone)


def reach(*parameters: tuple[str, bool], chain: int = 3) -> AutogradFacts:
    """A graph in which the parameters that are reached hang on a chain of operators."""
    found = tuple(
        GraphParameter(names=(name,), shape=(10, 5), trainable=True, reached=reached, gradient=reached)
        for name, reached in parameters
    )
    leaves = [GraphNode(name=LEAF, parameter=place) for place, one in enumerate(found) if one.reached]
    nodes = [*leaves, GraphNode(name="AddmmBackward0", next=tuple(range(len(leaves))))]
    nodes += [GraphNode(name="ReluBackward0", next=(len(leaves) + number,)) for number in range(chain)]
    return AutogradFacts(
        calls=(GraphCall(path="", kind="Net", parent=None),), nodes=tuple(nodes), parameters=found, loss="cross entropy"
    )


def test_parameters_without_a_gradient_are_named(record: RunRecord) -> None:
    graph = with_graph(record, reach(("a.weight", True), ("stem.weight", False), ("b.weight", True)))
    built = build(SECTION, graph)
    sentence = built.sentence("no gradient")
    assert sentence == (
        "1 trainable parameter gets no gradient from the loss: “stem.weight”, 33.3 % of the trainable numbers. "
        "Training left them as they were."
    )
    assert next(finding for finding in built.findings if "no gradient" in finding.text).tone == "caution"
    assert "reach every" not in built.text
    assert "would leave them" in build(SECTION, change(graph, training=None)).sentence("no gradient")


def test_parameters_of_modules_that_are_never_called_are_not_named_twice(record: RunRecord) -> None:
    graph = with_graph(record, reach(("a.weight", True), ("aux.fc.weight", False)))
    text = build(SECTION, change(graph, trace={"unused": ("aux.fc",), "unused_parameters": 1200})).text
    assert "“aux.fc” (1,200 parameters)" in text
    assert "no gradient" not in text
    assert "reach every" not in text


def test_the_way_to_the_farthest_parameter_is_counted(record: RunRecord) -> None:
    sentence = build(SECTION, with_graph(record, reach(("a.weight", True)))).sentence("reach every")
    assert (
        sentence
        == "Gradients reach every trainable parameter (1); the farthest from the loss, “a.weight”, is 4 operators away."
    )
    near = build(SECTION, with_graph(record, reach(("a.weight", True), chain=0))).sentence("reach every")
    assert near.endswith("the farthest from the loss, “a.weight”, is 1 operator away.")
    residual = build(SECTION, with_graph(record, residual_net(2))).sentence("reach every")
    assert "“stem.weight”, is 15 operators away on the longest path and 10 on the shortest" in residual


def test_the_size_of_the_graph_is_a_fact(record: RunRecord) -> None:
    facts = residual_net(2)
    text = page(SECTION, with_graph(record, facts))
    assert f"{len(facts.nodes)} nodes" in text
    assert f"{facts.edges} edges, 2 training images" in text
    assert "Autograd graph" not in page(SECTION, record)
