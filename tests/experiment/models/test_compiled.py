"""Functions inside a model that were compiled, told wherever they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from reportgen.experiment.models.compiled import note_compiled
from reportgen.experiment.models.preparing import compilers_as_before, late_layers, unwrapped


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    with compilers_as_before():
        yield


def twice(x: Tensor) -> Tensor:
    return 2 * x


FAST: Any = torch.compile(twice)


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: Tensor) -> Any:
        return self.conv(x)


class Attribute(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.act: Any = torch.compile(functional.relu)

    def forward(self, x: Tensor) -> Any:
        return self.act(self.conv(x))


class Method(Plain):
    @torch.compile
    def features(self, x: Tensor) -> Any:
        return self.conv(x)

    def forward(self, x: Tensor) -> Any:
        return self.features(self.features(x)[:, :3])


class Forward(Plain):
    @torch.compile
    def forward(self, x: Tensor) -> Any:
        return self.conv(x)


class OfTheFile(Plain):
    def forward(self, x: Tensor) -> Any:
        return FAST(self.conv(x))


class InAList(Plain):
    def __init__(self) -> None:
        super().__init__()

        def third(x: Tensor) -> Tensor:
            return x / 3

        self.steps: list[Any] = [torch.compile(third), torch.compile(twice)]

    def forward(self, x: Tensor) -> Any:
        for step in self.steps:
            x = step(x)
        return self.conv(x)


class InAPart(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(OfTheFile(), nn.ReLU())


class InTraining(Plain):
    def forward(self, x: Tensor) -> Any:
        return FAST(x) if self.training else x


class RaisesBehind(Plain):
    def forward(self, x: Tensor) -> Any:
        FAST(x)
        raise RuntimeError("no more")


class Unused(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.act: Any = torch.compile(twice)


class InPlace(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.conv.compile()


class Disabled(Plain):
    @torch.compiler.disable
    def forward(self, x: Tensor) -> Any:
        return self.conv(x)


ONE = "1 function that the model calls is compiled with torch.compile, and was run uncompiled"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Attribute, f"{ONE}, so that its operators can be seen: relu."),
        (Method, f"{ONE}, so that its operators can be seen: Method.features."),
        (Forward, f"{ONE}, so that its operators can be seen: Forward.forward."),
        (OfTheFile, f"{ONE}, so that its operators can be seen: twice."),
        (
            InAList,
            "2 functions that the model calls are compiled with torch.compile, and were run uncompiled, so that their "
            "operators can be seen: third and twice.",
        ),
        (InAPart, f"{ONE}, so that its operators can be seen: twice."),
        (InTraining, f"{ONE}, so that its operators can be seen: twice."),
        (RaisesBehind, f"{ONE}, so that its operators can be seen: twice."),
        (Plain, None),
        (Unused, None),
        (InPlace, None),
        (Disabled, None),
    ],
)
def test_compiled_functions_that_are_called_are_named(kind: type[nn.Module], said: str | None) -> None:
    module, _ = unwrapped(kind())
    before, mode = {name: value.clone() for name, value in module.state_dict().items()}, module.training
    notes = note_compiled(module, torch.randn(2, 3, 8, 8))
    assert [note.text for note in notes] == ([] if said is None else [said])
    assert module.training == mode
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_what_is_compiled_in_the_first_forward_pass_runs_uncompiled_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[bool] = []

    def compiler(graph: Any, _inputs: Any) -> Any:
        def compiled(*args: Any) -> Any:
            ran.append(True)
            return graph(*args)

        return compiled

    class Late(Plain):
        act: Any = None

        def forward(self, x: Tensor) -> Any:
            if self.act is None:
                self.act = torch.compile(twice, backend=compiler)
            return self.act(self.conv(x))

    module = Late()
    assert late_layers(module, (3, 8, 8)) == []
    assert ran == [True]
    module(torch.randn(5, 3, 8, 8))
    assert ran == [True]
    assert "twice" in note_compiled(module, torch.randn(2, 3, 8, 8))[0].text


def test_whoever_profiles_the_process_goes_on() -> None:
    import sys

    heard: list[str] = []

    def profiler(_frame: Any, event: str, _what: Any) -> None:
        heard.append(event)

    module, _ = unwrapped(OfTheFile())
    sys.setprofile(profiler)
    try:
        note_compiled(module, torch.randn(2, 3, 8, 8))
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(None)
    assert heard
