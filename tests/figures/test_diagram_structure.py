"""From a trace to structures: lifting, opening, folding, naming."""

from __future__ import annotations

from reportgen.figures._diagram.cards import Scheme, Style
from reportgen.figures._diagram.compose import compose
from reportgen.figures._diagram.structure import Structures
from reportgen.figures._diagram.tree import build_tree
from reportgen.figures._diagram.writer import Writer, paths
from reportgen.record.trace import ModelTrace
from tests.figures.traces import Bench, residual
from tests.support.records import module, small_trace


def scheme(trace: ModelTrace, call: int = 0) -> Scheme:
    """The overview, or the structure of one call."""
    structures = Structures(build_tree(trace))
    graph = structures.graph(call) if call else structures.overview(40)
    return compose(Writer(structures, (call,), (graph,), Style(0, shapes=True)))


def texts(drawn: Scheme) -> list[list[str]]:
    return [[row.heading for row in card.rows] for card in drawn.cards]


def test_overview_of_the_small_trace() -> None:
    drawn = scheme(small_trace())
    assert texts(drawn) == [
        ["in"],
        ["Conv2d 3×3, 16"],
        ["BasicBlock"],
        ["adaptive_avg_pool2d", "flatten", "Linear 16→10"],
        ["out"],
    ]
    assert drawn.edges == ((0, 1), (1, 2), (2, 3), (3, 4))
    assert [card.times for card in drawn.cards] == ["", "", "×2", "", ""]
    assert drawn.cards[2].rows[0].path == "layer1.0–1"


def test_residual_block_keeps_every_edge_and_marks_the_skip() -> None:
    drawn = scheme(small_trace(), call=3)
    assert texts(drawn) == [["in"], ["Conv2d 3×3, 16", "Conv2d 3×3, 16"], ["+"], ["out"]]
    assert drawn.cards[1].rows[0].follow == ("ReLU",)
    assert drawn.edges == ((0, 1), (0, 2), (1, 2), (2, 3))
    assert drawn.skips == {(0, 2)}


def test_a_branch_with_a_card_of_its_own_is_no_skip() -> None:
    bench = Bench()
    residual(bench, "a", bench.input, down=True)
    drawn = scheme(bench.trace(), call=1)
    assert texts(drawn)[2] == ["Conv2d 1×1, 16, stride 2"]
    assert drawn.edges == ((0, 1), (0, 2), (1, 3), (2, 3), (3, 4))
    assert not drawn.skips


def test_equal_structures_share_a_digest_and_others_do_not() -> None:
    bench = Bench()
    x = bench.input
    for name, width, down, kind in (
        ("a", 16, False, "Block"),
        ("b", 32, False, "Block"),
        ("c", 32, True, "Block"),
        ("d", 32, False, "Other"),
    ):
        x = residual(bench, name, x, width, down, kind)
    trace = bench.trace()
    structures = Structures(build_tree(trace))
    digests = {c.name: structures.digest(c.index) for c in trace.modules if c.kind in {"Block", "Other"}}
    assert digests["a"] == digests["b"]
    assert len(set(digests.values())) == 3
    assert [structures.letter(digests[name]) for name in "abcd"] == ["A", "A", "B", ""]
    assert len(structures.calls(digests["a"])) == 2


def test_blocks_in_turn_are_folded_together() -> None:
    bench = Bench()
    x = bench.input
    for number in range(3):
        x = residual(bench, f"a{number}", x, kind="Even")
        x = residual(bench, f"b{number}", x, kind="Odd")
    drawn = scheme(bench.trace())
    assert texts(drawn) == [["in"], ["Even", "Odd"], ["out"]]
    assert drawn.cards[1].times == "×3"
    assert [row.path for row in drawn.cards[1].rows] == ["a0–2", "b0–2"]


def test_a_run_is_not_folded_when_its_inside_is_read_elsewhere() -> None:
    bench = Bench()
    first = residual(bench, "a", bench.input)
    second = residual(bench, "b", first)
    bench.op("cat", first, second)
    drawn = scheme(bench.trace())
    assert texts(drawn) == [["in"], ["Block"], ["Block"], ["cat"], ["out"]]
    assert drawn.skips == {(1, 3)}


def test_a_dense_block_is_folded_and_says_so() -> None:
    bench = Bench()
    with bench.call("DenseBlock", "dense"):
        features = [bench.input]
        for number in range(4):
            with bench.call("DenseLayer", f"layer{number}"):
                x = bench.op("cat", *features)
                for part in range(7):
                    x = bench.conv(f"conv{part}", x)
            features.append(x)
        bench.op("cat", *features)
    trace = bench.trace()
    drawn = scheme(trace, call=1)
    assert texts(drawn) == [["in"], ["DenseLayer"], ["cat"], ["out"]]
    assert drawn.cards[1].times == "×4"
    assert drawn.cards[1].rows[0].follow == ("each reads all earlier ones",)
    assert drawn.skips == {(0, 2)}


def test_unequal_output_shapes_are_not_folded_in_the_overview() -> None:
    bench = Bench()
    x = residual(bench, "a", bench.input, 16)
    residual(bench, "b", x, 32)
    assert texts(scheme(bench.trace())) == [["in"], ["Block"], ["Block"], ["out"]]


def test_work_that_only_needs_a_shape_is_drawn_aside() -> None:
    bench = Bench()
    x = bench.conv("conv", bench.input)
    mask = bench.op("new_zeros", x)
    mask = bench.op("masked_fill", mask, mask)
    bench.op("add", x, mask)
    drawn = scheme(bench.trace())
    kinds = [card.kind for card in drawn.cards]
    side = kinds.index("side")
    assert texts(drawn)[side] == ["2 operators beside the path"]
    assert not [edge for edge in drawn.edges if edge[1] == side]
    assert (side, kinds.index("join")) in drawn.edges


def test_stored_tensors_are_drawn_small() -> None:
    bench = Bench()
    token = bench.op("expand", on_path=False)
    x = bench.conv("conv", bench.input)
    bench.op("cat", token, x)
    drawn = scheme(bench.trace())
    assert [card.kind for card in drawn.cards] == ["port", "const", "card", "join", "port"]


def test_edges_pass_through_reshaping_operators() -> None:
    bench = Bench()
    x = bench.conv("conv", bench.input)
    left, right = bench.op("chunk", x), bench.op("permute", x)
    bench.op("matmul", bench.op("view", left), right)
    drawn = scheme(bench.trace())
    assert texts(drawn) == [["in"], ["Conv2d 3×3, 16", "matmul"], ["out"]]


def test_tensors_read_at_different_places_are_different_inputs() -> None:
    bench = Bench()
    memory = bench.conv("a", bench.input)
    x = bench.conv("b", bench.input)
    with bench.call("Decoder", "decoder"):
        y = bench.op("matmul", x, memory)
        y = bench.op("add", y, x)
        for part in range(6):
            y = bench.conv(f"c{part}", y)
    drawn = scheme(bench.trace(), call=3)
    assert texts(drawn)[:2] == [["in 1"], ["in 2"]]


def test_every_operator_on_the_path_has_a_place() -> None:
    trace = small_trace()
    structures = Structures(build_tree(trace))
    shown: set[int] = set()
    waiting, seen = [structures.overview(40)], set()
    while waiting:
        graph = waiting.pop()
        for item in graph.items:
            for index in (i for part in item.parts for i in part):
                if item.role == "operator":
                    shown.add(index)
                elif item.role == "call" and structures.tree.is_row(index):
                    shown |= {op.index for op in trace.operators if index in structures.tree.ancestors[op.module]}
                elif item.role == "call" and index not in seen:
                    seen.add(index)
                    waiting.append(structures.graph(index))
    assert shown == {op.index for op in trace.operators if op.name != "input"}


def test_names_of_a_run() -> None:
    def run(first: str, last: str) -> str:
        return paths([module(0, first, "K", None, 0), module(1, last, "K", None, 0)])

    assert run("layer1.0", "layer1.11") == "layer1.0–11"
    assert run("layer1.10", "layer1.12") == "layer1.10–12"
    assert run("inception4a", "inception4c") == "inception4a–c"
    assert run("encoder.layer_0", "encoder.layer_11") == "encoder.layer_0–11"
    assert run("a.x", "b.y") == "a.x–b.y"
    assert run("a.x", "a.x") == "a.x"
