"""CIFAR-100: fine labels and names from its files, the groups beside them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reportgen.errors import DataError
from reportgen.experiment.datasets import find_datasets
from reportgen.experiment.recording import gather_arrays
from reportgen.spec.types import DataSpec
from tests.experiment.cases import load
from tests.experiment.datasets.batches import COARSE_NAMES, FINE_NAMES, batch100, pickled, write_batches100

CIFAR = DataSpec(name="cifar100")


@pytest.fixture(autouse=True)
def nowhere_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No data from the environment, an empty cache."""
    monkeypatch.delenv("REPORTGEN_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_fine_labels_and_the_names_of_the_files_are_used(tmp_path: Path) -> None:
    write_batches100(tmp_path)
    data = load(CIFAR, tmp_path)
    planes = batch100(2, 200)[b"data"].reshape(-1, 3, 32, 32)
    assert (data.test_images.numpy() == planes.transpose(0, 2, 3, 1)).all()
    assert data.train_labels.tolist() == [row % 100 for row in range(300)]
    assert data.facts.classes == tuple(name.decode() for name in FINE_NAMES)
    assert (data.facts.normalize_name, data.facts.normalize_mean) == ("cifar100", (0.5071, 0.4865, 0.4409))
    assert data.facts.verified is False
    assert set(data.facts.digests) == {"train", "test", "meta"}


def test_the_groups_of_the_images_used_are_kept_for_the_record(tmp_path: Path) -> None:
    write_batches100(tmp_path)
    data = load(DataSpec(name="cifar100", eval_limit=100), tmp_path)
    assert data.facts.coarse_classes == tuple(name.decode() for name in COARSE_NAMES)
    arrays = gather_arrays(data, np.zeros((100, 100)), np.arange(4))
    assert (arrays["eval.coarse_labels"] == data.test_labels.numpy() // 5).all()
    assert arrays["eval.coarse_labels"].dtype == np.int64


def test_data_without_groups_keeps_none() -> None:
    data = load(DataSpec(name="digits"))
    assert data.facts.coarse_classes == ()
    assert "eval.coarse_labels" not in gather_arrays(data, np.zeros((359, 10)), np.arange(4))


@pytest.mark.parametrize("missing", ["train", "test", "meta"])
def test_each_of_the_three_files_is_needed(missing: str, tmp_path: Path) -> None:
    (write_batches100(tmp_path) / missing).unlink()
    with pytest.raises(DataError, match=f"CIFAR-100 in .* is incomplete: {missing} missing") as caught:
        load(CIFAR, tmp_path)
    for way in ("--data-root", "REPORTGEN_CIFAR100_URL", "data.fallback"):
        assert way in caught.value.hint


def changed(**parts: object) -> Callable[[], bytes]:
    return lambda: pickled({**batch100(2, 200), **{key.encode(): part for key, part in parts.items()}})


def names(fine: list[bytes], coarse: list[bytes] = COARSE_NAMES) -> Callable[[], bytes]:
    return lambda: pickled({b"fine_label_names": fine, b"coarse_label_names": coarse})


DAMAGES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "fine labels too high": ("test", changed(fine_labels=[100] * 200)),
    "coarse labels too high": ("test", changed(coarse_labels=[20] * 200)),
    "too few coarse labels": ("test", changed(coarse_labels=[1] * 199)),
    "coarse labels in rows": ("test", changed(coarse_labels=[[1]] * 200)),
    "CIFAR-10's labels": ("test", lambda: pickled({b"data": batch100(2, 200)[b"data"], b"labels": [1] * 200})),
    "too few names": ("meta", names(FINE_NAMES[:99])),
    "too few groups": ("meta", names(FINE_NAMES, COARSE_NAMES[:19])),
    "a name twice": ("meta", names([FINE_NAMES[1], *FINE_NAMES[1:]])),
    "a name of numbers": ("meta", names([1, *FINE_NAMES[1:]])),  # type: ignore[list-item]
    "an empty name": ("meta", names([b"", *FINE_NAMES[1:]])),
    "a name that commands a terminal": ("meta", names([b"\x1b[2J", *FINE_NAMES[1:]])),
    "no names": ("meta", lambda: pickled({})),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named(damage: str, tmp_path: Path) -> None:
    place = write_batches100(tmp_path)
    file, content = DAMAGES[damage]
    (place / file).write_bytes(content())
    with pytest.raises(DataError, match=rf"{file} is damaged: .*which no CIFAR-100 file does"):
        load(CIFAR, tmp_path)


def test_its_files_are_what_a_run_depends_on(tmp_path: Path) -> None:
    place = write_batches100(tmp_path)
    found = find_datasets()["cifar100"].files(CIFAR, tmp_path, Path())
    assert found == (place / "train", place / "test", place / "meta")
    assert find_datasets()["cifar100"].files(CIFAR, tmp_path / "elsewhere", Path()) is None
