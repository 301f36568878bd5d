"""Optimisers against torch's own, and the table of their arguments against torch's signatures."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from torch import nn

from reportgen.errors import ModelError
from reportgen.experiment.optimizers import (
    FUSED_ON,
    begin_momentum,
    make_optimizers,
    optimizer_class,
    resolve_optimizer,
)
from reportgen.experiment.train import plan_steps, train
from reportgen.experiment.trial_step import check_step
from reportgen.record.message import draw_terms
from reportgen.spec.optimizers import ARGUMENTS, OWN, REFUSED, TITLES, UNUSED, OptimizerSpec
from reportgen.spec.types import RunSpec
from tests.experiment.cases import noise, plain_cpu

USUAL: dict[str, dict[str, Any]] = {
    "sgd": {"momentum": 0.9, "weight_decay": 5e-4},
    "adamw": {"weight_decay": 0.05},
    "muon": {"adjust_lr_fn": "match_rms_adamw"},
}


def test_the_table_names_every_optimiser_of_torch() -> None:
    classes = {
        name
        for name, kind in vars(torch.optim).items()
        if inspect.isclass(kind) and issubclass(kind, torch.optim.Optimizer)
    } - {"Optimizer"}
    assert {name.lower(): name for name in classes} == TITLES | {name.lower(): name for name in ("LBFGS", "SparseAdam")}
    assert set(REFUSED) == {"lbfgs", "sparseadam"}
    assert set(ARGUMENTS) == set(TITLES)


@pytest.mark.parametrize("name", TITLES)
def test_the_table_has_the_arguments_of_torchs_signature(name: str) -> None:
    torchs = set(inspect.signature(optimizer_class(name)).parameters) - {"params"} - UNUSED.keys()
    assert set(ARGUMENTS[name]) == torchs
    assert set(ARGUMENTS[name]) <= set(OptimizerSpec.model_fields)


def test_every_key_of_the_spec_belongs_to_an_optimiser() -> None:
    assert set(OptimizerSpec.model_fields) - {"name", *OWN} == {key for keys in ARGUMENTS.values() for key in keys}


def moved(optimizer: torch.optim.Optimizer, parameter: nn.Parameter, steps: int = 5) -> torch.Tensor:
    for step in range(steps):
        parameter.grad = torch.sin(parameter.detach() + step)
        optimizer.step()
    return parameter.detach()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", TITLES)
def test_an_optimizer_moves_a_matrix_as_torchs_plain_one_does(name: str, dtype: torch.dtype) -> None:
    start = torch.randn(4, 3, generator=torch.Generator().manual_seed(0), dtype=dtype)
    ours, theirs = (nn.Parameter(start.clone()) for _ in range(2))
    (optimizer,) = make_optimizers(resolve_optimizer(OptimizerSpec(name=name, lr=0.05)), [ours])  # type: ignore[arg-type]
    plain = optimizer_class(name)([theirs], **{"lr": 0.05, **USUAL.get(name, {})})  # type: ignore[arg-type]
    assert torch.allclose(moved(optimizer, ours), moved(plain, theirs), rtol=0, atol=1e-6)
    assert not torch.allclose(ours, start, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("sgd", {"momentum": 0.5, "dampening": 0.1}),
        ("adam", {"betas": (0.5, 0.6), "amsgrad": True}),
        ("adam", {"decoupled_weight_decay": True, "weight_decay": 0.5}),
        ("rmsprop", {"centered": True, "alpha": 0.5}),
        ("adafactor", {"eps": (1e-3, 1e-2), "beta2_decay": -0.5, "d": 2}),
        ("nadam", {"momentum_decay": 0.1}),
        ("adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 1}),
        ("rprop", {"etas": (0.3, 1.5)}),
        ("asgd", {"t0": 2, "lambd": 0.1}),
        ("adamw", {"foreach": False, "eps": 0.1}),
        ("adadelta", {"rho": 0.1}),
        ("muon", {"ns_steps": 2, "nesterov": False, "adjust_lr_fn": "original"}),
    ],
)
def test_arguments_reach_torch(name: str, given: dict[str, Any]) -> None:
    start = torch.randn(4, 3, generator=torch.Generator().manual_seed(1))
    ours, theirs, usual = (nn.Parameter(start.clone()) for _ in range(3))
    spec = OptimizerSpec(name=name, lr=0.05, **given)  # type: ignore[arg-type]
    (optimizer,) = make_optimizers(resolve_optimizer(spec), [ours])
    plain = optimizer_class(name)([theirs], **{"lr": 0.05, **USUAL.get(name, {}), **given})  # type: ignore[arg-type]
    (without,) = make_optimizers(resolve_optimizer(OptimizerSpec(name=name, lr=0.05)), [usual])  # type: ignore[arg-type]
    assert torch.allclose(moved(optimizer, ours), moved(plain, theirs), rtol=0, atol=1e-6)
    if given.keys() - {"foreach"}:
        assert not torch.equal(ours, moved(without, usual))


@pytest.mark.parametrize("name", [name for name, keys in ARGUMENTS.items() if "weight_decay" in keys])
@pytest.mark.parametrize("on", [None, "all", "matrices"])
def test_decay_is_on_what_torch_puts_it_on_unless_the_spec_says(name: str, on: str | None) -> None:
    matrix, vector = nn.Parameter(torch.ones(2, 2)), nn.Parameter(torch.ones(2))
    spec = OptimizerSpec(name=name, lr=0.1, weight_decay=0.5, weight_decay_on=on)  # type: ignore[arg-type]
    resolved = resolve_optimizer(spec)
    for optimizer in make_optimizers(resolved, [matrix, vector]):
        matrix.grad, vector.grad = torch.zeros(2, 2), torch.zeros(2)
        optimizer.step()
    assert (matrix < 1).all()
    assert bool((vector == 1).all()) == (on == "matrices")
    told = draw_terms(resolved.describe())
    assert ("of matrices and filters alone" if on == "matrices" else "of all parameters") in str(told)


def test_the_fastest_way_that_is_there_is_taken_unless_the_spec_chooses() -> None:
    parameter = [nn.Parameter(torch.ones(2, 2))]
    for name, keys in ARGUMENTS.items():
        (optimizer,) = make_optimizers(resolve_optimizer(OptimizerSpec(name=name)), parameter)  # type: ignore[arg-type]
        assert bool(optimizer.defaults.get("fused")) == ("cpu" in FUSED_ON.get(name, ()))
        if "fused" not in keys and "foreach" in keys:
            assert optimizer.defaults["foreach"]
    chosen = resolve_optimizer(OptimizerSpec(name="adam", foreach=True))
    assert make_optimizers(chosen, parameter)[0].defaults["foreach"]
    assert not make_optimizers(chosen, parameter)[0].defaults["fused"]


def test_muon_leaves_what_is_no_matrix_to_adamw() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(16, 2))
    resolved = resolve_optimizer(OptimizerSpec(name="muon", lr=0.02, weight_decay=0.3))  # type: ignore[arg-type]
    muon, rest = make_optimizers(resolved, list(module.parameters()))
    assert type(muon) is torch.optim.Muon
    assert type(rest) is torch.optim.AdamW
    assert [p.ndim for group in muon.param_groups for p in group["params"]] == [2]
    assert sorted(p.ndim for group in rest.param_groups for p in group["params"]) == [1, 1, 4]
    assert [(group["lr"], group["weight_decay"]) for group in rest.param_groups] == [(0.02, 0.3)]
    with pytest.raises(ModelError, match="trains matrices"):
        make_optimizers(resolved, list(module[0].parameters()))


@pytest.mark.parametrize("name", TITLES)
def test_every_optimiser_learns_by_heart(name: str) -> None:
    torch.manual_seed(0)
    data, module = noise(train=32), nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))
    run = RunSpec(steps=30, batch_size=32, optimizer=OptimizerSpec(name=name, lr=0.003), schedule="constant")  # type: ignore[arg-type]
    check_step(module, data, run, plain_cpu())
    losses = [float(step.loss) for step in train(module, data, run, plain_cpu(), lambda step: step / 30)]
    assert plan_steps(run, 32).steps == len(losses) == 30
    assert losses[-1] < losses[0]


def test_what_torch_refuses_is_about_the_optimiser() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))
    broken = OptimizerSpec(name="sgd", momentum=0.0, nesterov=True)
    with pytest.raises(ModelError, match="torch refuses these arguments of SGD: Nesterov") as caught:
        check_step(module, noise(), RunSpec(optimizer=broken), plain_cpu())
    assert caught.value.key == "run.optimizer"
    with pytest.raises(ModelError, match="muon trains matrices") as caught:
        check_step(
            nn.Sequential(nn.Conv2d(3, 10, 32), nn.Flatten()),
            noise(),
            RunSpec(optimizer=OptimizerSpec(name="muon")),
            plain_cpu(),
        )
    assert caught.value.key == "run.optimizer"


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (OptimizerSpec(), "SGD, highest learning rate 0.1, momentum 0.9, weight decay 0.0005 of all parameters"),
        (
            OptimizerSpec(nesterov=True, weight_decay_on="matrices"),
            "SGD, highest learning rate 0.1, momentum 0.9 (Nesterov), "
            "weight decay 0.0005 of matrices and filters alone",
        ),
        (
            OptimizerSpec(lr=0.2, momentum=0.0, weight_decay=0.0),
            "SGD, highest learning rate 0.2, momentum 0, no weight decay",
        ),
        (OptimizerSpec(name="adam"), "Adam, highest learning rate 0.001, no weight decay"),
        (
            OptimizerSpec(name="adamw", betas=(0.9, 0.95), amsgrad=True, foreach=True),
            "AdamW, highest learning rate 0.001, weight decay 0.05 of all parameters, betas 0.9 and 0.95, amsgrad on",
        ),
        (OptimizerSpec(name="rprop"), "Rprop, highest learning rate 0.01"),
        (
            OptimizerSpec(name="muon"),
            "Muon for matrices, AdamW for the rest, highest learning rate 0.001, momentum 0.95 (Nesterov), "
            "weight decay 0.1 of all parameters",
        ),
        (
            OptimizerSpec(name="adafactor", eps=(None, 0.01)),
            "Adafactor, highest learning rate 0.01, no weight decay, eps none and 0.01",
        ),
    ],
)
def test_defaults_are_filled_in_and_told(spec: OptimizerSpec, told: str) -> None:
    assert draw_terms(resolve_optimizer(spec).describe()) == told


def test_a_momentum_that_the_schedule_moves_is_told_by_its_ends() -> None:
    told = [
        draw_terms(resolve_optimizer(spec).describe((0.85, 0.95)))
        for spec in (OptimizerSpec(), OptimizerSpec(nesterov=True), OptimizerSpec(name="adam", betas=(0.9, 0.95)))
    ]
    assert "momentum 0.95 to 0.85 and back, " in told[0]
    assert "momentum 0.95 to 0.85 and back (Nesterov)" in told[1]
    assert "first beta 0.95 to 0.85 and back" in told[2]


@pytest.mark.parametrize("dampening", [0.0, 0.3])
def test_a_parameter_that_gets_its_first_gradient_later_moves_as_torch_moves_it(dampening: float) -> None:
    spec = OptimizerSpec(name="sgd", lr=0.1, momentum=0.9, weight_decay=0.01, dampening=dampening)
    ways = []
    for fused in (True, False):
        early, late = (nn.Parameter(torch.linspace(-1, 1, 5)) for _ in range(2))
        (optimizer,) = make_optimizers(resolve_optimizer(spec), [early, late])
        assert optimizer.param_groups[0]["fused"]
        optimizer.param_groups[0]["fused"] = fused
        for step in range(4):
            early.grad = early.detach() + step
            late.grad = None if step in (0, 2) else late.detach() - step
            begin_momentum(optimizer)
            optimizer.step()
        ways.append((early.detach(), late.detach()))
    for one, other in zip(*ways, strict=True):
        torch.testing.assert_close(one, other)


def test_a_model_whose_parts_are_left_out_of_some_steps_is_trained() -> None:
    class Skips(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block, self.head, self.calls = nn.Linear(3072, 3072), nn.Linear(3072, 10), 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            x = x.flatten(1)
            return self.head(self.block(x) if self.calls % 2 == 0 else x)

    steps = list(train(Skips(), noise(), RunSpec(steps=4, batch_size=16), plain_cpu(), lambda done: done / 4))
    assert len(steps) == 4


def embeds(**more: Any) -> None:
    """One step of a model whose embedding has sparse gradients."""

    class Embeds(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table, self.head = nn.Embedding(4, 3072, sparse=True), nn.Linear(3072, 10)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(x.flatten(1) + self.table(torch.zeros(len(x), dtype=torch.long)))

    run = RunSpec.model_validate({"steps": 2, "batch_size": 16, "optimizer": {"name": "sgd", **more}})
    check_step(Embeds(), noise(), run, plain_cpu())


def test_sparse_gradients_are_stepped_along_or_refused_with_what_to_change() -> None:
    embeds(weight_decay=0)
    with pytest.raises(ModelError, match="one step of SGD fails") as refused:
        embeds()
    assert "weight_decay: 0" in refused.value.hint


def test_a_model_that_computes_without_gradients_can_be_evaluated() -> None:
    class Frozen(nn.Sequential):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            with torch.no_grad():
                return super().forward(x)  # type: ignore[no-any-return]

    with pytest.raises(ModelError, match="one training step on 2 images fails") as refused:
        check_step(Frozen(nn.Flatten(), nn.Linear(3072, 10)), noise(), RunSpec(steps=2), plain_cpu())
    assert "run.mode: evaluate" in (refused.value.hint or "")
