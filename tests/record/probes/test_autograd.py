"""The facts of the autograd graph: readable names, and the way to the farthest parameter."""

from __future__ import annotations

import pytest

from reportgen.record.probes.autograd import LEAF, AutogradFacts, GraphCall, GraphNode, GraphParameter, readable


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("AddmmBackward0", "addmm"),
        ("ConvolutionBackward0", "convolution"),
        ("NativeBatchNormBackward0", "batch_norm"),
        ("CudnnBatchNormBackward0", "batch_norm"),
        ("NativeLayerNormBackward0", "layer_norm"),
        ("MaxPool2DWithIndicesBackward0", "max_pool2d_with_indices"),
        ("AdaptiveAvgPool2DBackward0", "adaptive_avg_pool2d"),
        ("UpsampleBilinear2DBackward1", "upsample_bilinear2d"),
        ("NllLossBackward0", "nll_loss"),
        ("UnsafeViewBackward0", "view"),
        ("MeanBackward1", "mean"),
        ("TBackward0", "t"),
        ("ScaledDotProductFlashAttentionForCpuBackward0", "scaled_dot_product_flash_attention"),
        ("ScaledDotProductEfficientAttentionBackward0", "scaled_dot_product_efficient_attention"),
        ("torch::autograd::CopySlices", "copy_slices"),
        ("MyOwnBackward", "my_own"),
        ("Backward0", "Backward0"),
    ],
)
def test_names_are_read_as_torch_spells_its_operators(name: str, said: str) -> None:
    assert readable(name) == said


def facts(*nodes: tuple[str, int | None, tuple[int, ...]], parameters: int) -> AutogradFacts:
    return AutogradFacts(
        calls=(GraphCall(path="", kind="Net", parent=None),),
        nodes=tuple(GraphNode(name=name, parameter=parameter, next=after) for name, parameter, after in nodes),
        parameters=tuple(
            GraphParameter(names=(f"p{place}",), shape=(2, 3), trainable=True, reached=True, gradient=True)
            for place in range(parameters)
        ),
    )


def test_the_farthest_parameter_is_on_the_longest_way() -> None:
    graph = facts(
        (LEAF, 0, ()),
        (LEAF, 1, ()),
        ("MulBackward0", None, (0,)),
        ("ReluBackward0", None, (2,)),
        ("AddBackward0", None, (2, 3)),
        ("AddmmBackward0", None, (1, 4)),
        ("NllLossBackward0", None, (5,)),
        parameters=2,
    )
    found = graph.farthest()
    assert found is not None
    assert (found.parameter.names, found.shortest, found.longest) == (("p0",), 4, 5)
    assert (graph.edges, graph.leaves) == (7, 2)


def test_a_graph_without_a_named_leaf_has_no_farthest() -> None:
    assert facts((LEAF, None, ()), ("NllLossBackward0", None, (0,)), parameters=0).farthest() is None


def test_a_leaf_straight_below_the_loss_is_one_operator_away() -> None:
    found = facts((LEAF, 0, ()), ("NllLossBackward0", None, (0,)), parameters=1).farthest()
    assert found is not None
    assert (found.shortest, found.longest) == (1, 1)
