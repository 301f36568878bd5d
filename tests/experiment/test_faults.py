"""What ends one part of a run, and what ends all of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from reportgen.errors import DataError, ModelError
from reportgen.experiment.faults import Faults, blamed_on_model
from reportgen.record.message import N_
from reportgen.system.signals import Terminated, errors_passed_over, exits_raised

PART = N_("the evaluation")


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(0), GeneratorExit(), asyncio.CancelledError()])
def test_whatever_a_model_raises_ends_one_part(error: BaseException) -> None:
    faults = Faults()
    with faults.guard(PART):
        raise error
    assert [raised for _part, raised in faults.raised] == [error]
    assert len(faults.found) == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Terminated()])
def test_an_interruption_ends_all(error: BaseException) -> None:
    faults = Faults()
    with pytest.raises(type(error)), faults.guard(PART):
        raise error
    assert not faults.found


def raise_in(file: Path, kind: str) -> None:
    """What a line of a user's file raises."""
    file.write_text(f"import asyncio\nraise {kind}('x\\ny')\n", encoding="utf-8")
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), {})


def test_a_model_that_leaves_the_process_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text("import os\nos._exit(0)\n", encoding="utf-8")
    with pytest.raises(ModelError, match="raises SystemExit: 0") as caught, exits_raised(), blamed_on_model(file):
        exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), {})
    assert caught.value.location is not None
    assert caught.value.location.line == 2


@pytest.mark.parametrize("kind", ["KeyError", "SystemExit", "GeneratorExit", "asyncio.CancelledError"])
def test_what_a_model_raises_before_anything_is_measured_is_told_with_its_line(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "net.py"
    with pytest.raises(ModelError, match=f"raises {kind.rpartition('.')[2]}: ") as caught, blamed_on_model(file):
        raise_in(file, kind)
    assert caught.value.location is not None
    assert (caught.value.location.file, caught.value.location.line) == (str(file), 2)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Terminated(), DataError("x"), ZeroDivisionError()])
def test_what_is_not_the_models_is_not_blamed_on_it(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, blamed_on_model(tmp_path / "net.py"):
        raise error
    assert caught.value is error


@pytest.mark.parametrize("error", [KeyError(), SystemExit(1), GeneratorExit()])
def test_errors_are_passed_over_but_for_interruptions(error: BaseException) -> None:
    with errors_passed_over():
        raise error
    with pytest.raises(KeyboardInterrupt), errors_passed_over():
        raise KeyboardInterrupt
