"""CIFAR-10 as it should be, and as it should not: missing, partial, damaged, hostile."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from reportgen.errors import DataError
from reportgen.experiment.datasets import cifar, data_files, find_datasets
from reportgen.experiment.datasets.cifar10 import FOLDER
from reportgen.experiment.datasets.files import cache_folder
from reportgen.experiment.datasets.raw import ImageArray, LabelArray
from reportgen.record.message import N_
from reportgen.spec.types import DataSpec
from tests.experiment.cases import load
from tests.experiment.datasets.batches import IMAGES, NAMES, batch, pickled, write_batches
from tests.support.permissions import shut_off

CIFAR = DataSpec(name="cifar10")


@pytest.fixture(autouse=True)
def nowhere_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No data from the environment, an empty cache."""
    monkeypatch.delenv("REPORTGEN_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def assert_all_ways(hint: str) -> None:
    """Whatever is wrong with the files, the hint says all that can be done."""
    for way in (
        "--data-root",
        "REPORTGEN_DATA",
        "REPORTGEN_CIFAR10_URL",
        "REPORTGEN_MIN_SPEED",
        "data.fallback: digits",
    ):
        assert way in hint
    assert str(cache_folder()) in hint


def test_images_and_labels_are_those_of_the_files_in_order(tmp_path: Path) -> None:
    write_batches(tmp_path)
    data = load(CIFAR, tmp_path)
    planes = np.concatenate([batch(seed)[b"data"] for seed in range(5)]).reshape(-1, 3, 32, 32)
    assert (data.train_images.numpy() == planes.transpose(0, 2, 3, 1)).all()
    assert (data.test_images.numpy() == batch(5)[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)).all()
    assert data.train_labels.tolist() == [row % 10 for row in range(IMAGES)] * 5
    assert data.facts.classes[3] == "cat"
    assert (data.facts.normalize_name, data.facts.normalize_mean) == ("cifar10", (0.4914, 0.4822, 0.4465))


def test_files_that_are_not_the_published_ones_are_used_but_not_called_verified(tmp_path: Path) -> None:
    place = write_batches(tmp_path)
    facts = load(CIFAR, tmp_path).facts
    assert (facts.verified, facts.hub) == (False, "uoft-cs/cifar10")
    assert facts.digests == {name: hashlib.sha256((place / name).read_bytes()).hexdigest() for name in NAMES}


@pytest.mark.parametrize("inside", [True, False])
def test_the_folder_itself_and_the_folder_around_it_are_both_understood(inside: bool, tmp_path: Path) -> None:
    place = write_batches(tmp_path)
    assert len(load(CIFAR, place if inside else tmp_path).test_labels) == IMAGES


def test_the_spec_comes_before_the_command_line_and_that_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(spec: DataSpec, root: Path | None) -> int:
        return len(load(spec, root).test_labels)

    for number, name in enumerate(("spec", "command", "environment"), start=1):
        place = write_batches(tmp_path / name)
        (place / "test_batch").write_bytes(pickled(batch(0, number)))
    monkeypatch.setenv("REPORTGEN_DATA", str(tmp_path / "environment"))
    assert found(CIFAR, None) == 3
    assert found(CIFAR, tmp_path / "command") == 2
    assert found(DataSpec(name="cifar10", root=tmp_path / "spec"), tmp_path / "command") == 1


def test_missing_files_are_listed(tmp_path: Path) -> None:
    place = write_batches(tmp_path)
    (place / "data_batch_2").unlink()
    (place / "test_batch").unlink()
    with pytest.raises(DataError, match="incomplete: data_batch_2, test_batch missing") as caught:
        load(CIFAR, tmp_path)
    assert caught.value.exit_code == 3
    assert_all_ways(caught.value.hint)


def test_labels_may_be_a_row_of_bytes(tmp_path: Path) -> None:
    file = write_batches(tmp_path) / "test_batch"
    file.write_bytes(pickled({**batch(5), b"labels": np.arange(20, dtype=np.uint8) % 10}))
    assert load(CIFAR, tmp_path).test_labels.tolist() == [row % 10 for row in range(IMAGES)]


def test_only_the_images_that_the_limits_keep_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_batches(tmp_path)
    everything = load(CIFAR, tmp_path)
    made: list[int] = []
    whole = cifar.make_images

    def counting(parts: Sequence[cifar.Planes], rows: LabelArray) -> ImageArray:
        made.append(len(rows))
        return whole(parts, rows)

    monkeypatch.setattr(cifar, "make_images", counting)
    data = load(DataSpec(name="cifar10", train_limit=30, eval_limit=10), tmp_path)
    assert made == [30, 10]
    assert (data.train_images == everything.train_images[data.train_ids]).all()
    assert (data.test_images == everything.test_images[data.test_ids]).all()
    assert (data.train_labels == everything.train_labels[data.train_ids]).all()
    assert [(split.n, split.available) for split in data.facts.splits] == [(30, 100), (10, 20)]


def test_a_file_many_times_too_large_is_not_read(tmp_path: Path) -> None:
    file = write_batches(tmp_path) / "test_batch"
    with file.open("r+b") as out:
        out.truncate(1 << 33)
    with pytest.raises(DataError, match=r"test_batch is damaged: it has 8,589,934,592 bytes"):
        load(CIFAR, tmp_path)


def shortened(content: bytes) -> bytes:
    return content[: len(content) // 2]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut short": shortened,
    "empty": lambda content: b"",
    "a web page": lambda content: b"<html>not found</html>",
    "another pickle": lambda content: pickled([1, 2, 3]),
    "too few pictures": lambda content: pickled({**batch(1), b"labels": [1] * 21}),
    "labels too high": lambda content: pickled({**batch(1), b"labels": [10] * 20}),
    "labels too low": lambda content: pickled({**batch(1), b"labels": [-1] * 20}),
    "no pictures": lambda content: pickled(batch(1, 0)),
    "floats": lambda content: pickled({**batch(1), b"data": np.zeros((20, 3072))}),
    "grey pictures": lambda content: pickled({**batch(1), b"data": np.zeros((20, 1024), np.uint8)}),
    "labels in rows of one": lambda content: pickled({**batch(1), b"labels": [[row % 10] for row in range(20)]}),
    "labels in an array of rows of one": lambda content: pickled({**batch(1), b"labels": np.ones((20, 1), np.uint8)}),
    "labels in an array of one": lambda content: pickled({**batch(1), b"labels": np.array(1, np.uint8)}),
    "a label of 1.7": lambda content: pickled({**batch(1), b"labels": [1] * 19 + [1.7]}),
    "a label of True": lambda content: pickled({**batch(1), b"labels": [1] * 19 + [True]}),
    "a label of text": lambda content: pickled({**batch(1), b"labels": [1] * 19 + ["3"]}),
    "a label of nothing": lambda content: pickled({**batch(1), b"labels": [1] * 19 + [None]}),
    "a label of 2 to the 70": lambda content: pickled({**batch(1), b"labels": [1] * 19 + [2**70]}),
    "labels in a tuple": lambda content: pickled({**batch(1), b"labels": (1,) * 20}),
    "no labels": lambda content: pickled({b"data": batch(1)[b"data"]}),
    "no data": lambda content: pickled({b"labels": [1] * 20}),
    "data in a list": lambda content: pickled({**batch(1), b"data": [1] * 20}),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named(damage: str, tmp_path: Path) -> None:
    file = write_batches(tmp_path) / "data_batch_3"
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    with pytest.raises(DataError, match=r"data_batch_3 is damaged: .") as caught:
        load(CIFAR, tmp_path)
    assert "Remove its folder" in caught.value.hint
    assert_all_ways(caught.value.hint)


def test_a_check_reads_the_files_that_are_here(tmp_path: Path) -> None:
    place, examine = write_batches(tmp_path), find_datasets()["cifar10"].examine
    assert examine(CIFAR, tmp_path, tmp_path, False) == ()
    file = place / "data_batch_4"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(DataError, match="data_batch_4 is damaged"):
        examine(CIFAR, tmp_path, tmp_path, False)
    file.unlink()
    with pytest.raises(DataError, match="incomplete: data_batch_4 missing"):
        examine(CIFAR, tmp_path, tmp_path, True)


def test_a_folder_that_may_not_be_entered_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = write_batches(tmp_path)
    shut_off(monkeypatch, place)
    with pytest.raises(DataError, match="no permission to enter") as caught:
        load(CIFAR, tmp_path)
    assert caught.value.exit_code == 3


class Hostile:
    """Runs a command when it is unpickled the usual way."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)


def test_a_pickle_can_run_nothing(tmp_path: Path) -> None:
    file, target = write_batches(tmp_path) / "test_batch", tmp_path / "made by the pickle"
    file.write_bytes(pickle.dumps({b"data": Hostile(target), b"labels": []}, protocol=3))
    with pytest.raises(DataError, match="mkdir, which no CIFAR-10 file does"):
        load(CIFAR, tmp_path)
    assert not target.exists()
    pickle.loads(file.read_bytes())
    assert target.exists()  # the same file does run it where nothing guards


@pytest.mark.parametrize("inside", [f"{FOLDER}/{FOLDER}", f"cifar-10-python/{FOLDER}", "CIFAR10", FOLDER.upper()])
def test_files_one_folder_further_in_are_found(inside: str, tmp_path: Path) -> None:
    place = write_batches(tmp_path / "written")
    (tmp_path / "root" / inside).parent.mkdir(parents=True)
    place.rename(tmp_path / "root" / inside)
    assert len(load(CIFAR, tmp_path / "root").test_labels) == IMAGES
    files = data_files(CIFAR, tmp_path / "root", Path(), find_datasets()) or ()
    assert [file.relative_to(tmp_path / "root" / inside).name for file in files] == list(NAMES)


def test_what_a_download_has_not_finished_is_not_taken(tmp_path: Path) -> None:
    place = write_batches(tmp_path / "written")
    (tmp_path / "root" / ".fetch-abc").mkdir(parents=True)
    place.rename(tmp_path / "root" / ".fetch-abc" / FOLDER)
    with pytest.raises(DataError, match="--offline forbids"):
        load(CIFAR, tmp_path / "root")


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("cifar-10-batches-bin/data_batch_1.bin", "cifar-10-batches-bin holds the binary version, which is not read"),
        ("data_batch_1.bin", "holds the binary version, which is not read: get the Python version of CIFAR-10."),
        ("cifar-10-batches-mat/data_batch_1.mat", "cifar-10-batches-mat holds the MATLAB version, which is not read"),
        ("cifar-10-binary.tar.gz", "cifar-10-binary.tar.gz is another version, which is not read"),
        ("cifar-10-python.tar.gz", "is not the published archive, by its length (0 bytes, not 170,498,071)"),
        ("train/cat/0.png", "holds folders of images: data.name: image_folder reads them."),
    ],
)
def test_what_lies_there_instead_is_said(file: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "root" / file).parent.mkdir(parents=True)
    (tmp_path / "root" / "test").mkdir()
    (tmp_path / "root" / file).touch()
    with pytest.raises(DataError, match="--offline forbids") as caught:
        load(CIFAR, tmp_path / "root")
    assert said in caught.value.hint.splitlines()[0]
    assert_all_ways(caught.value.hint)
    assert said in " ".join(find_datasets()["cifar10"].examine(CIFAR, tmp_path / "root", Path(), False))


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load(CIFAR, tmp_path / "nowhere")
    assert caught.value.hint.startswith(f"There is no folder {tmp_path / 'nowhere'}.\n")
    (tmp_path / "nowhere").mkdir()
    with pytest.raises(DataError) as caught:
        load(CIFAR, tmp_path / "nowhere")
    assert caught.value.hint.startswith("Download")


def test_offline_nothing_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--offline forbids") as caught:
        load(CIFAR, tmp_path)
    assert_all_ways(caught.value.hint)
    assert not cache_folder().exists()


def test_the_fallback_steps_in_and_says_why(tmp_path: Path) -> None:
    place = write_batches(tmp_path)
    (place / "test_batch").unlink()
    facts = load(DataSpec(name="cifar10", fallback="digits"), tmp_path).facts
    assert (facts.name, facts.requested, facts.requested_title) == ("digits", "cifar10", "CIFAR-10")
    assert facts.hub == ""
    assert facts.fallback_reason is not None
    assert facts.fallback_reason.id == "{data} in {folder} is incomplete: {files} missing"  # for any language
    folder = f"{tmp_path.name}/{place.name}"
    assert facts.fallback_reason.values == {"data": "CIFAR-10", "folder": folder, "files": "test_batch"}
    assert facts.title == N_("handwritten digits")
    assert str(tmp_path) not in str(facts.fallback_reason)  # a record tells nothing of the machine


@pytest.mark.slow
@pytest.mark.data
def test_the_published_files_are_known_and_have_the_published_statistics(data_root: Path) -> None:
    data = load(CIFAR, data_root)
    facts = data.facts
    assert facts.verified
    assert [(split.n, set(split.counts)) for split in facts.splits] == [(50_000, {5_000}), (10_000, {1_000})]
    assert facts.channel_mean == pytest.approx((0.4914, 0.4822, 0.4465), abs=5e-5)
    assert facts.channel_std == pytest.approx((0.2470, 0.2435, 0.2616), abs=5e-5)
    train = {image.tobytes() for image in data.train_images.numpy()}
    test = [image.tobytes() for image in data.test_images.numpy()]
    assert facts.duplicates is not None
    assert facts.duplicates.within_train == 50_000 - len(train)
    assert facts.duplicates.within_test == 10_000 - len(set(test))
    assert facts.duplicates.across == sum(image in train for image in test)
