"""The autograd graph against `next_functions` followed by hand, on nets made to be awkward."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the field's name for it

from reportgen.experiment.losses import make_loss
from reportgen.experiment.models import logits_of
from reportgen.experiment.probes import ProbeContext, ProbeRefused
from reportgen.experiment.probes.autograd import measure
from reportgen.experiment.probes.autograd.measure import PROBE
from reportgen.experiment.probes.context import Allowance
from reportgen.record.probes.autograd import AutogradFacts
from reportgen.spec.types import LossSpec, ModelSpec, ReportSpec, RunSpec
from tests.experiment.cases import noise, plain_cpu
from tests.support.records import small_trace


class Plain(nn.Sequential):
    """A chain with batch statistics, dropout and work in place."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(3, 4, 3, stride=4),
            nn.BatchNorm2d(4),
            nn.ReLU(inplace=True),
            nn.Flatten(),
            nn.Dropout(0.5),
            nn.Linear(256, 10),
        )


class Residual(nn.Module):
    """The same block called twice, an edge past it, logits in a dict."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.block, self.head = nn.Conv2d(3, 4, 8, stride=8), nn.Conv2d(4, 4, 1), nn.Linear(4, 10)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        x = self.stem(x)
        x = x + self.block(x).relu()
        x = x + self.block(x) * x
        return {"features": x, "logits": self.head(x.mean((2, 3)))}


class Tied(nn.Module):
    """One matrix held by two modules, and a parameter that is squared: two edges to one node."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.head = nn.Linear(48, 48, bias=False), nn.Linear(48, 48, bias=False), nn.Linear(48, 10)
        self.b.weight = self.a.weight
        self.scale = nn.Parameter(torch.ones(48))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.adaptive_avg_pool2d(x, 4).flatten(1)
        return self.head(self.b(self.a(x).tanh()) * (self.scale * self.scale))  # type: ignore[no-any-return]


class Cut(nn.Module):
    """A detached stem, a branch whose result nobody uses, and one that is never called."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.body = nn.Conv2d(3, 4, 8, stride=8), nn.Conv2d(4, 4, 1)
        self.aside, self.never, self.head = nn.Linear(4, 3), nn.Linear(5, 6), nn.Linear(4, 10)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = self.body(self.stem(x).detach()).mean((2, 3))
        return self.head(x), self.aside(x)


class Silent(torch.autograd.Function):
    """Passes its first input on and gives the second no gradient."""

    @staticmethod
    def forward(_ctx: Any, x: torch.Tensor, _weight: torch.Tensor) -> torch.Tensor:
        return x.clone()

    @staticmethod
    def backward(_ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        return grad, None


class Custom(nn.Module):
    """An operator of one's own that withholds a gradient, and a tensor that is no parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.head, self.kept = nn.Linear(12, 10), nn.Parameter(torch.ones(3))
        self.loose = torch.ones(12, requires_grad=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.adaptive_avg_pool2d(x, 2).flatten(1) * self.loose
        return Silent.apply(self.head(x), self.kept)  # type: ignore[no-any-return, no-untyped-call]


NETS = [Plain, Residual, Tied, Cut, Custom]


def probe(module: nn.Module, run: RunSpec | None = None) -> AutogradFacts:
    spec = ReportSpec(model=ModelSpec(source="mine.py:net"), run=run or RunSpec())
    logits, shown = np.zeros((20, 10), np.float32), np.arange(4)
    context = ProbeContext(module.eval(), None, noise(), plain_cpu(), spec, small_trace(), logits, shown)
    facts = PROBE.run(context, Allowance(1.0)).facts
    assert isinstance(facts, AutogradFacts)
    return facts


def by_hand(module: nn.Module, loss: LossSpec | None = None) -> tuple[Counter[str], int, set[str], set[str]]:
    """Node names, edges, parameters at leaves and parameters with a gradient, found by plain recursion."""
    data = noise()
    images = data.normalization.apply(data.train_images[:2])
    value = make_loss(loss or LossSpec(), 10)(logits_of(module.train()(images)), data.train_labels[:2])
    names = {id(parameter): name for name, parameter in module.named_parameters()}
    seen: dict[Any, str] = {}
    leaves: set[str] = set()
    edges = 0

    def visit(node: Any) -> None:
        nonlocal edges
        if node in seen:
            return
        seen[node] = type(node).__name__
        if hasattr(node, "variable") and id(node.variable) in names:
            leaves.add(names[id(node.variable)])
        for target, _ in node.next_functions:
            if target is not None:
                edges += 1
                visit(target)

    visit(value.grad_fn)
    value.backward()  # type: ignore[no-untyped-call]
    given = {name for name, parameter in module.named_parameters() if parameter.grad is not None}
    return Counter(seen.values()), edges, leaves, given


@pytest.mark.parametrize("net", NETS)
def test_nodes_edges_leaves_and_gradients_are_those_found_by_hand(net: type[nn.Module]) -> None:
    facts = probe(net())
    nodes, edges, leaves, given = by_hand(net())
    assert Counter(node.name for node in facts.nodes) == nodes
    assert facts.edges == edges
    assert {found.names[0] for found in facts.parameters if found.reached} == leaves
    assert {found.names[0] for found in facts.parameters if found.gradient} == given
    assert facts.leaves == nodes["AccumulateGrad"]


@pytest.mark.parametrize("net", NETS)
def test_nodes_come_after_those_they_hand_gradients_to_and_the_loss_is_last(net: type[nn.Module]) -> None:
    facts = probe(net())
    assert all(target < place for place, node in enumerate(facts.nodes) for target in node.next)
    assert facts.nodes[-1].operator == "nll_loss"
    reached = {len(facts.nodes) - 1}
    for place in range(len(facts.nodes) - 1, -1, -1):
        assert place in reached
        reached.update(facts.nodes[place].next)


def test_every_node_knows_the_call_that_made_it() -> None:
    facts = probe(Residual())
    calls = {
        (facts.calls[node.call].path, facts.calls[node.call].call)
        for node in facts.nodes
        if node.operator == "convolution"
    }
    assert calls == {("stem", 0), ("block", 0), ("block", 1)}
    assert {facts.calls[node.call].path for node in facts.nodes if node.operator in ("addmm", "t")} == {"head"}
    assert {facts.calls[node.call].path for node in facts.nodes if node.operator in ("add", "mul", "nll_loss")} == {""}
    assert [(call.path, call.parent) for call in facts.calls] == [
        ("", None),
        ("stem", 0),
        ("block", 0),
        ("block", 0),
        ("head", 0),
    ]
    assert facts.calls[1].shape == (2, 4, 4, 4)


def test_shapes_of_gradients_parameters_and_what_is_kept() -> None:
    facts = probe(Plain())
    conv = next(node for node in facts.nodes if node.operator == "convolution")
    assert conv.shape == (2, 4, 8, 8)
    assert conv.saved == ((2, 3, 32, 32),)
    weight = facts.parameters[0]
    assert (weight.names, weight.shape, weight.elements) == (("0.weight",), (4, 3, 3, 3), 108)


def test_a_tied_parameter_is_one_leaf_with_both_names() -> None:
    facts = probe(Tied())
    tied = next(found for found in facts.parameters if len(found.names) > 1)
    assert tied.names == ("a.weight", "b.weight")
    leaf = next(
        place
        for place, node in enumerate(facts.nodes)
        if node.parameter is not None and facts.parameters[node.parameter] == tied
    )
    readers = [node.operator for node in facts.nodes if leaf in node.next]
    assert readers == ["t", "t"]
    squared = next(node for node in facts.nodes if len(set(node.next)) == 1 and len(node.next) == 2)
    assert squared.operator == "mul"


def test_what_the_loss_does_not_reach_gets_no_gradient() -> None:
    missing = [found.names[0] for found in probe(Cut()).missing()]
    assert missing == [f"{path}.{name}" for path in ("stem", "aside", "never") for name in ("weight", "bias")]
    assert probe(Plain()).missing() == ()
    withheld = probe(Custom()).missing()
    assert [(found.names[0], found.reached) for found in withheld] == [("kept", True)]


def test_frozen_parameters_are_no_leaves() -> None:
    module = Plain()
    for parameter in module[0].parameters():
        parameter.requires_grad_(False)
    facts = probe(module)
    frozen = [found for found in facts.parameters if not found.trainable]
    assert [found.names[0] for found in frozen] == ["0.weight", "0.bias"]
    assert not any(found.reached or found.gradient for found in frozen)
    assert facts.missing() == ()
    assert not any(node.operator == "convolution" for node in facts.nodes)


def test_a_tensor_without_a_name_is_a_leaf_without_a_parameter() -> None:
    facts = probe(Custom())
    assert [node.parameter for node in facts.nodes if node.is_leaf].count(None) == 1
    assert any(node.operator == "silent" for node in facts.nodes)


@pytest.mark.parametrize(("name", "operator"), [("kl_div", "log_softmax"), ("mse", "pow"), ("focal", "gather")])
def test_the_loss_is_the_specs(name: Any, operator: str) -> None:
    loss = LossSpec(name=name)
    facts = probe(Plain(), RunSpec(loss=loss))
    nodes, edges, _, _ = by_hand(Plain(), loss)
    assert Counter(node.name for node in facts.nodes) == nodes
    assert facts.edges == edges
    assert operator in {node.operator for node in facts.nodes}


@pytest.mark.parametrize("net", NETS)
def test_the_model_is_left_as_it_was(net: type[nn.Module]) -> None:
    module = net().eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    probe(module)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert all(parameter.grad is None for parameter in module.parameters())
    assert not any(child.training for child in module.modules())
    assert not any(child._forward_hooks or child._forward_pre_hooks for child in module.modules())


def test_it_is_the_graph_of_training_on_two_images() -> None:
    facts = probe(Plain())
    assert facts.sampled is not None
    assert (facts.sampled.images, facts.sampled.split) == (2, "train")
    assert {node.shape[0] for node in facts.nodes if node.operator == "batch_norm"} == {2}
    assert "mul" in {node.operator for node in facts.nodes}  # dropout drops
    assert str(facts.loss) == "cross entropy"


def test_what_can_not_be_followed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen = Plain()
    for parameter in frozen.parameters():
        parameter.requires_grad_(False)
    with pytest.raises(ProbeRefused, match="No parameter"):
        probe(frozen)

    class Raising(Plain):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if self.training:
                raise ValueError("not in training")
            return super().forward(x)

    with pytest.raises(ProbeRefused, match="training mode: ValueError: not in training"):
        probe(Raising())

    class Detached(Plain):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x).detach()

    with pytest.raises(ProbeRefused, match="detached"):
        probe(Detached())

    with monkeypatch.context() as other:
        other.setattr(measure, "numbers_nodes", lambda: False)
        with pytest.raises(ProbeRefused, match="does not expose the order"):
            probe(Plain())


def test_a_model_that_can_t_be_copied_has_the_same_graph() -> None:
    class Uncopied(Plain):
        def __deepcopy__(self, memo: Any) -> Any:
            raise RuntimeError("one of a kind")

    assert len(probe(Uncopied()).nodes) == len(probe(Plain()).nodes)
