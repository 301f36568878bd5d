"""Factories and forward passes that are asynchronous functions."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportgen.errors import ModelError
from reportgen.experiment.models import LoadedModel, load_model
from reportgen.spec.types import ModelSpec

TEXT = """
import asyncio, functools, torch
from torch import nn

class Net(nn.Linear):
    def __init__(self): super().__init__(3, 10)

async def make(): return Net()
async def make_many(): yield Net()
def make_each(): yield Net()

class Async(Net):
    async def forward(self, x): return super().forward(x)

class AsyncYields(Net):
    async def forward(self, x): yield super().forward(x)

class Yields(Net):
    def forward(self, x): yield super().forward(x)

class Decorated(Net):
    @torch.no_grad()
    async def forward(self, x): return super().forward(x)

class Forgets(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = Async()
        self.head = nn.Linear(10, 10)
    def forward(self, x): return self.head(self.body(x))

class Awaits(Forgets):
    def forward(self, x): return self.head(asyncio.run(self.body(x)))

def waiting(function):
    @functools.wraps(function)
    def wait(*args): return asyncio.run(function(*args))
    return wait

class Waits(Net):
    @waiting
    async def forward(self, x): return super().forward(x)
"""


@pytest.fixture(autouse=True)
def nothing_unawaited() -> Iterator[None]:
    """Fail where Python would warn of a coroutine that was never awaited."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        yield
        gc.collect()
    assert not [str(one.message) for one in told if "never awaited" in str(one.message)]


def load(folder: Path, name: str, shape: tuple[int, int, int] | None = (1, 4, 3)) -> LoadedModel:
    (folder / "net.py").write_text(TEXT)
    return load_model(ModelSpec(source=f"net.py:{name}"), folder, 10, image_shape=shape)


@pytest.mark.parametrize(
    ("name", "message", "line"),
    [
        ("make", "returns a coroutine, not a torch.nn.Module", 8),
        ("make_many", "returns an async_generator, not a torch.nn.Module", 9),
        ("make_each", "returns a generator, not a torch.nn.Module", 10),
        ("Async", "forward of net.py:Async is an async function", 13),
        ("AsyncYields", "forward of net.py:AsyncYields is an async function", 16),
        ("Yields", "forward of net.py:Yields is a generator", 19),
        ("Decorated", "forward of Decorated in net.py:Decorated is an async function, and what calls it does not", 22),
        ("Forgets", "forward of body in net.py:Forgets is an async function, and what calls it does not await it", 13),
    ],
)
def test_what_nobody_awaits_is_refused_without_a_warning(tmp_path: Path, name: str, message: str, line: int) -> None:
    with pytest.raises(ModelError, match=message.replace(".", r"\.")) as caught:
        load(tmp_path, name)
    assert "plain function" in caught.value.hint
    assert caught.value.location is not None
    assert (Path(caught.value.location.file).name, caught.value.location.line) == ("net.py", line)


@pytest.mark.parametrize("name", ["Awaits", "Waits"])
def test_what_is_awaited_works(tmp_path: Path, name: str) -> None:
    assert not load(tmp_path, name).unfinished


def test_without_the_size_of_the_images_it_is_left_open(tmp_path: Path) -> None:
    assert load(tmp_path, "Forgets", None).unfinished
    assert not load(tmp_path, "Net", None).unfinished
