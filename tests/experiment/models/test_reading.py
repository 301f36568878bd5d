"""Which tensor is read of what a model returns, and as what: the same in evaluation and in training."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from sklearn.metrics import log_loss
from torch import Tensor, nn
from torch.nn import functional

from reportgen.errors import ModelError
from reportgen.experiment.losses import make_loss
from reportgen.experiment.models.reading import read_outputs
from reportgen.experiment.trace import trace_model
from reportgen.spec.types import LossSpec

IMAGES = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))
Pair = namedtuple("Pair", ["features", "scores"])


@dataclass
class Answer:
    features: Tensor
    scores: Tensor
    loss: Tensor | None = None


class ModelOutput(OrderedDict):
    """As transformers has it: a mapping whose values are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(name) from error


class Net(nn.Module):
    """Features and logits, put together by `form`, which also gets whether it trains."""

    def __init__(self, form: Callable[[Tensor, Tensor, bool], Any], classes: int = 10) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body, self.head, self.form = nn.Linear(192, 64), nn.Linear(64, classes), form
        self.norm, self.drop = nn.BatchNorm1d(64), nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Any:
        features = self.norm(torch.relu(self.body(x.flatten(1))))
        return self.form(features, self.head(self.drop(features)), self.training)


def net(form: Callable[..., Any], classes: int = 10) -> Net:
    return Net(lambda f, z, training: form(f, z) if form.__code__.co_argcount == 2 else form(f, z, training), classes)


def logits(model: nn.Module) -> Tensor:
    plain = net(lambda f, z: z, model.head.out_features).eval()
    with torch.no_grad():
        found: Tensor = plain(IMAGES)
    return found


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (lambda f, z: (f, z), "1"),
        (lambda f, z: [z, f], "0"),
        (lambda f, z: {"embedding": f, "cls": z}, "cls"),
        (lambda f, z: {"scores": z + 1, "logits": z}, "logits"),
        (lambda f, z: {"aux": z + 1, "out": z}, "out"),
        (lambda f, z: Pair(f, z), "scores"),
        (lambda f, z: Answer(f, z), "scores"),
        (lambda f, z: SimpleNamespace(loss=None, logits=z), "logits"),
        (lambda f, z: ModelOutput(loss=None, logits=z, hidden_states=(f, f)), "logits"),
        (lambda f, z: (f, {"heads": [f, z]}), "1.heads.1"),
        (lambda f, z: (z, z), "0"),
        (lambda f, z: {0: f, 1: z}, "1"),
        (lambda f, z: (z.mean(), z), "1"),
    ],
)
def test_the_one_tensor_that_fits_is_read(form: Callable[..., Any], name: str) -> None:
    model = net(form)
    facts = read_outputs(model, IMAGES, 10)
    assert (facts.name, facts.kind) == (name, "logits")
    assert torch.equal(model.eval()(IMAGES), logits(model))
    assert model.train()(IMAGES).shape == (4, 10)


def test_a_plain_model_gets_no_hook() -> None:
    model = net(lambda f, z: z)
    assert read_outputs(model, IMAGES, 10).name == ""
    assert not model._forward_hooks


def test_several_that_fit_are_named_with_their_shapes() -> None:
    with pytest.raises(ModelError, match=r"3 tensors.*: a \(4, 10\), heads\.0 \(4, 10\), heads\.1 \(4, 10\)") as caught:
        read_outputs(net(lambda f, z: {"a": z, "heads": (z + 1, z + 2), "f": f}), IMAGES, 10)
    assert "output: a" in caught.value.hint


@pytest.mark.parametrize(("key", "name"), [("1", "1"), ("-1", "2"), ("2", "2"), ("0", "0")])
def test_the_spec_says_which(key: str, name: str) -> None:
    model = net(lambda f, z: (z, z + 1, z + 2))
    assert read_outputs(model, IMAGES, 10, key).name == name
    assert torch.equal(model.eval()(IMAGES), logits(model) + int(name))


@pytest.mark.parametrize("key", ["heads.1", "1.1"])
def test_the_spec_says_which_deeper_down(key: str) -> None:
    model = net(lambda f, z: {"a": z, "heads": (z + 1, z + 2)})
    assert read_outputs(model, IMAGES, 10, key).name == "heads.1"


@pytest.mark.parametrize(
    ("key", "message"), [("other", "model.output: other is not among"), ("0", r"model.output: 0 has shape \(4, 64\)")]
)
def test_a_key_that_does_not_work_out(key: str, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        read_outputs(net(lambda f, z: (f, z, z + 1)), IMAGES, 10, key)
    assert caught.value.key == "model.output"
    assert "0 (4, 64), 1 (4, 10)" in caught.value.hint


@pytest.mark.parametrize("shape", [(10, 1, 1), (1, 10), (10, 1)])
def test_axes_of_length_one_are_taken_off(shape: tuple[int, ...]) -> None:
    model = net(lambda f, z: z.reshape(len(z), *shape))
    assert read_outputs(model, IMAGES, 10).shape == (1, *shape)
    assert torch.equal(model.eval()(IMAGES), logits(model))
    assert model(IMAGES[:1]).shape == (1, 10)


def test_a_map_of_classes_is_refused() -> None:
    with pytest.raises(ModelError, match=r"\(4, 10, 2, 2\) for 4 images"):
        read_outputs(net(lambda f, z: z[:, :, None, None].expand(-1, -1, 2, 2)), IMAGES, 10)


@pytest.mark.parametrize("auxiliary_first", [False, True])
def test_auxiliary_outputs_of_training_are_told_from_the_main_one(auxiliary_first: bool) -> None:
    model = net(lambda f, z, training: (z * 2, z)[:: 1 if auxiliary_first else -1] if training else z)
    facts = read_outputs(model, IMAGES, 10)
    assert (facts.name, facts.training_name) == ("", "1" if auxiliary_first else "0")
    assert facts.training_others == ("0" if auxiliary_first else "1",)
    model.drop.p, model.norm.momentum = 0.0, 0.0
    found = model.train()(IMAGES)
    inner = model.head(model.norm(torch.relu(model.body(IMAGES.flatten(1)))))
    assert torch.allclose(found, inner)


def test_training_outputs_that_can_not_be_told_apart_are_refused() -> None:
    with pytest.raises(ModelError, match="in training mode the model returns 2 tensors"):
        read_outputs(net(lambda f, z, training: (z * 2, z * 3) if training else z), IMAGES, 10)


def test_training_outputs_do_not_matter_where_nothing_is_trained() -> None:
    model = net(lambda f, z, training: (z * 2, z * 3) if training else (f, z))
    assert read_outputs(model, IMAGES, 10, trains=False).name == "1"
    assert torch.equal(model.eval()(IMAGES), logits(model))


def test_named_outputs_of_training() -> None:
    aux = namedtuple("GoogLeNetOutputs", ["logits", "aux_logits2", "aux_logits1"])
    facts = read_outputs(net(lambda f, z, training: aux(z, z + 1, z + 2) if training else z), IMAGES, 10)
    assert (facts.training_name, facts.training_others) == ("logits", ("aux_logits2", "aux_logits1"))


def test_probabilities_in_evaluation_alone() -> None:
    model = net(lambda f, z, training: z if training else z.softmax(1))
    facts = read_outputs(model, IMAGES, 10)
    assert (facts.kind, facts.training_kind) == ("probabilities", "logits")
    assert torch.allclose(model.eval()(IMAGES).softmax(1), logits(model).softmax(1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_probabilities_keep_their_likelihood(dtype: torch.dtype) -> None:
    model = net(lambda f, z: (10 * z).softmax(1).to(dtype))
    assert read_outputs(model, IMAGES, 10).kind == "probabilities"
    labels, given = torch.tensor([3, 1, 4, 1]), (10 * logits(model)).softmax(1).to(dtype)
    found = functional.cross_entropy(model.eval()(IMAGES).detach().double(), labels)
    rows = given.double() / given.double().sum(1, keepdim=True)
    assert float(found) == pytest.approx(log_loss(labels, rows.numpy(), labels=range(10)), rel=1e-5)


def test_a_probability_of_zero_can_be_learnt_from() -> None:
    model = net(lambda f, z: (400 * z).softmax(1))
    assert read_outputs(model, IMAGES, 10).kind == "probabilities"
    loss = make_loss(LossSpec(), 10)(model.eval()(IMAGES), torch.tensor([0, 1, 2, 3]))
    loss.backward()
    assert bool(torch.isfinite(loss))
    assert all(bool(torch.isfinite(parameter.grad).all()) for parameter in model.head.parameters())


@pytest.mark.parametrize(
    "form",
    [
        lambda f, z: z.abs(),
        lambda f, z: z.sigmoid(),
        lambda f, z: z - z.mean(1, keepdim=True) + 0.1,
        lambda f, z: z.softmax(0),
        lambda f, z: z * float("nan"),
    ],
)
def test_what_only_looks_like_probabilities_is_logits(form: Callable[..., Any]) -> None:
    assert read_outputs(net(form), IMAGES, 10).kind == "logits"


def test_logarithms_of_probabilities_are_said() -> None:
    model = net(lambda f, z: z.log_softmax(1))
    assert read_outputs(model, IMAGES, 10).kind == "log_probabilities"
    assert torch.allclose(model.eval()(IMAGES), logits(model).log_softmax(1))


@pytest.mark.parametrize("form", [lambda f, z: z, lambda f, z: z[:, 0], lambda f, z: (f, z)])
def test_one_logit_has_the_loss_of_binary_cross_entropy(form: Callable[..., Any]) -> None:
    model, labels = net(form, classes=1), torch.tensor([0, 1, 1, 0])
    assert read_outputs(model, IMAGES, 2).kind == "one_logit"
    expected = functional.binary_cross_entropy_with_logits(logits(model)[:, 0], labels.float())
    assert float(make_loss(LossSpec(), 2)(model.eval()(IMAGES).detach(), labels)) == pytest.approx(
        float(expected), rel=1e-6
    )


@pytest.mark.parametrize("form", [lambda f, z: z.sigmoid(), lambda f, z: z.sigmoid().squeeze(1)])
def test_one_probability_too(form: Callable[..., Any]) -> None:
    model, labels = net(form, classes=1), torch.tensor([0, 1, 1, 0])
    assert read_outputs(model, IMAGES, 2).kind == "one_probability"
    expected = functional.binary_cross_entropy_with_logits(logits(model)[:, 0], labels.float())
    assert float(make_loss(LossSpec(), 2)(model.eval()(IMAGES).detach(), labels)) == pytest.approx(
        float(expected), rel=1e-5
    )


def test_two_logits_of_two_classes_stay() -> None:
    assert read_outputs(net(lambda f, z: z, classes=2), IMAGES, 2).kind == "logits"


@pytest.mark.parametrize(
    ("width", "first"), [(1000, "it has the head"), (11, "one output is a background"), (64, "it was made for another")]
)
def test_more_outputs_than_classes_have_three_likely_reasons(width: int, first: str) -> None:
    with pytest.raises(ModelError, match=f"gives {width:,} classes and the data set has 10") as caught:
        read_outputs(net(lambda f, z: z, classes=width), IMAGES, 10)
    assert caught.value.hint.startswith(f"Likely one of three: {first}")
    assert all(word in caught.value.hint for word in ("num_classes: 10", "1,000", "background"))


def test_fewer_outputs_than_classes_are_refused() -> None:
    with pytest.raises(ModelError, match="gives 5 classes and the data set has 10") as caught:
        read_outputs(net(lambda f, z: z, classes=5), IMAGES, 10)
    assert "three" not in caught.value.hint
    assert "num_classes: 10" in caught.value.hint


def test_the_trace_shows_the_model_alone() -> None:
    plain, model = net(lambda f, z: z), net(lambda f, z: (f, z.softmax(1)))
    read_outputs(model, IMAGES, 10)
    traces = [trace_model(one, IMAGES[:1], "net") for one in (plain, model)]
    assert traces[1].output_shapes == ((1, 10),)
    assert traces[1].macs == traces[0].macs
    assert [one.name for one in traces[1].operators] == [*(one.name for one in traces[0].operators), "softmax"]


def test_a_model_that_changes_what_it_returns_is_told() -> None:
    model = net(lambda f, z: (f, z) if len(z) > 2 else [z])
    read_outputs(model, IMAGES, 10)
    with pytest.raises(ModelError, match="something other than before in evaluation mode"):
        model.eval()(IMAGES[:2])


def test_mode_statistics_and_random_numbers_are_left_alone() -> None:
    model = net(lambda f, z: (f, z)).train()
    model.norm.eval()
    state = torch.get_rng_state()
    read_outputs(model, IMAGES, 10)
    assert (model.training, model.norm.training, int(model.norm.num_batches_tracked)) == (True, False, 0)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(
    "form",
    [lambda f, z: z.squeeze(), lambda f, z: (f, z.squeeze()), lambda f, z: {"logits": z[0] if len(z) == 1 else z}],
)
def test_a_single_image_gets_its_axis_back(form: Callable[..., Any]) -> None:
    model = net(form).eval()
    wanted = net(lambda f, z: z).eval()(IMAGES[:1])
    facts = read_outputs(model, IMAGES, 10)
    assert facts.loses_axis
    torch.testing.assert_close(model(IMAGES[:1]), wanted)
    assert model(IMAGES).shape == (4, 10)


def test_one_number_for_two_classes_of_a_single_image() -> None:
    model = net(lambda f, z: z[:, 0].squeeze(), classes=2).eval()
    assert read_outputs(model, IMAGES, 2).loses_axis
    assert model(IMAGES[:1]).shape == (1, 2)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (lambda f, z: z.argmax(1), "numbers of the classes"),
        (lambda f, z: torch.stack([z] * 3), "3 time steps"),
        (lambda f, z: torch.stack([z] * 5, 1), "5 steps, views"),
    ],
)
def test_what_an_output_that_is_no_row_an_image_looks_like(form: Callable[..., Any], words: str) -> None:
    with pytest.raises(ModelError) as caught:
        read_outputs(net(form), IMAGES, 10)
    assert words in caught.value.hint
