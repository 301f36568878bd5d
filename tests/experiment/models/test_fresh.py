"""Factories that hand out one model again and again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from reportgen.errors import ModelError
from reportgen.experiment.models import load_model
from reportgen.experiment.models.fresh import check_fresh, remember_trained
from reportgen.spec.types import ModelSpec

CODE = """
import copy, functools, torch
from torch import nn
net = nn.Linear(3, 10)
def held(): return net
@functools.cache
def cached(num_classes=10): return nn.Linear(3, num_classes)
def inside(): return nn.Sequential(net, nn.Linear(10, 10))
def copied(): return copy.deepcopy(net)
def new(num_classes=10): return nn.Linear(3, num_classes)
def seeded():
    torch.manual_seed(0)
    return nn.Linear(3, 10)
frozen = nn.Linear(3, 10).requires_grad_(False)
def on_frozen(): return nn.Sequential(frozen, nn.Linear(10, 10))
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A spec's folder with a module elsewhere on Python's path, which stays imported."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "kept_between_calls.py").write_text(CODE)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "net.py").write_text("from kept_between_calls import *\n")
    monkeypatch.syspath_prepend(str(tmp_path / "lib"))
    yield tmp_path / "own"
    __import__("sys").modules.pop("kept_between_calls", None)


def make(home: Path, factory: str, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return load_model(ModelSpec(source=f"net.py:{factory}"), home, 10).module


@pytest.mark.parametrize("factory", ["held", "cached", "inside"])
def test_a_model_that_is_given_again_is_refused_before_a_second_seed_and_after_a_training(
    home: Path, factory: str
) -> None:
    first = make(home, factory, 0)
    with pytest.raises(ModelError, match=r"net.py:make gives the same model at each call") as caught:
        check_fresh(first, lambda: make(home, factory, 1), "net.py:make", begins_given=False)
    assert caught.value.key == "run.seeds"
    remember_trained(first)
    with pytest.raises(ModelError, match=r"was trained before, in this same process"):
        make(home, factory, 1)


@pytest.mark.parametrize(
    ("factory", "same"), [("copied", True), ("seeded", True), ("new", False), ("on_frozen", False)]
)
def test_seeds_that_begin_with_the_same_weights_are_told(home: Path, factory: str, same: bool) -> None:
    first = make(home, factory, 0)
    for given, told in ((False, same), (True, False)):
        notes = check_fresh(first, lambda: make(home, factory, 1), "net.py:make", begins_given=given)
        assert bool(notes) == told
    remember_trained(first)
    assert make(home, factory, 1) is not first


def test_random_numbers_go_on_as_if_no_second_model_had_been_made(home: Path) -> None:
    first = make(home, "new", 0)
    before = torch.random.get_rng_state()
    check_fresh(first, lambda: make(home, "new", 1), "net.py:new", begins_given=False)
    assert torch.equal(torch.random.get_rng_state(), before)
