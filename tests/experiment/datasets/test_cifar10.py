"""CIFAR-10 as it should be, and as it should not: missing, partial, damaged, hostile, far away."""

from __future__ import annotations

import hashlib
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from reportgen.errors import DataError, EnvironmentTrouble
from reportgen.experiment.datasets import cifar10
from reportgen.experiment.datasets.cifar10 import FOLDER
from reportgen.experiment.datasets.files import cache_folder
from reportgen.experiment.datasets.loading import load_data
from reportgen.progress import Silent
from reportgen.spec.types import DataSpec
from tests.experiment.cases import load
from tests.experiment.datasets.batches import IMAGES, NAMES, batch, packed, pickled, write_batches

CIFAR = DataSpec(name="cifar10")


@pytest.fixture(autouse=True)
def nowhere_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No data from the environment, an empty cache."""
    monkeypatch.delenv("REPORTGEN_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


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
    assert facts.verified is False
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
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named(damage: str, tmp_path: Path) -> None:
    file = write_batches(tmp_path) / "data_batch_3"
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    with pytest.raises(DataError, match=r"data_batch_3 is damaged: .") as caught:
        load(CIFAR, tmp_path)
    assert "Remove it" in caught.value.hint


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


def test_offline_nothing_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--offline forbids") as caught:
        load(CIFAR, tmp_path)
    assert "data.fallback: digits" in caught.value.hint
    assert not cache_folder().exists()


def test_the_fallback_steps_in_and_says_why(tmp_path: Path) -> None:
    place = write_batches(tmp_path)
    (place / "test_batch").unlink()
    facts = load(DataSpec(name="cifar10", fallback="digits"), tmp_path).facts
    assert (facts.name, facts.requested) == ("digits", "cifar10")
    assert "test_batch missing" in facts.fallback_reason
    assert str(tmp_path) not in facts.fallback_reason  # a record tells nothing of the machine


class Server:
    """Answers on this machine's own address with what it is given."""

    def __init__(self) -> None:
        self.body, self.status, self.asked = b"", 200, 0
        self.promised: int | None = None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                self.send_response(outer.status)
                self.send_header("Content-Length", str(outer.promised or len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *given: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/cifar-10-python.tar.gz"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A server that has a small archive, which passes for the published one."""
    server = Server()
    place = write_batches(tmp_path / "published")
    files = {f"{FOLDER}/{name}": (place / name).read_bytes() for name in NAMES}
    server.body = packed({**files, f"{FOLDER}/readme.html": b"hello", "../escaped": b"out"})
    md5 = hashlib.md5(server.body, usedforsecurity=False).hexdigest()
    monkeypatch.setattr(cifar10, "ARCHIVE", replace(cifar10.ARCHIVE, url=server.url, md5=md5))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


def leftovers() -> list[str]:
    home = cache_folder()
    return sorted(str(path.relative_to(home)) for path in home.rglob("*")) if home.exists() else []


def test_a_download_is_unpacked_once_and_found_again(server: Server, tmp_path: Path) -> None:
    for _ in range(2):
        data = load(CIFAR, offline=False)
        assert (data.test_images.numpy().transpose(0, 3, 1, 2).reshape(-1, 3072) == batch(5)[b"data"]).all()
    assert server.asked == 1
    assert leftovers() == [FOLDER, *sorted(f"{FOLDER}/{name}" for name in NAMES)]
    assert not list(tmp_path.rglob("escaped"))


class Counting(Silent):
    """Keeps the total of each stage and what was heard in it."""

    def __init__(self) -> None:
        self.totals: list[int | None] = []
        self.heard = 0

    def stage(self, name, total=None, unit=""):  # type: ignore[no-untyped-def]
        from contextlib import nullcontext

        self.totals.append(total)
        return nullcontext(self)

    def advance(self, amount: int = 1, note: str = "") -> None:
        self.heard += amount


def test_a_download_tells_how_far_it_is(server: Server) -> None:
    progress = Counting()
    load_data(CIFAR, data_root=None, offline=False, seed=0, base=Path(), progress=progress)
    assert progress.totals == [len(server.body)]
    assert progress.heard == len(server.body)


@pytest.mark.parametrize("fault", ["other bytes", "cut short", "not found", "closed"])
def test_a_download_that_fails_leaves_nothing(fault: str, server: Server) -> None:
    expected = "can't be fetched"
    if fault == "other bytes":
        server.body, expected = server.body[:-1] + b"!", "not the published archive"
    elif fault == "cut short":
        server.promised, expected = len(server.body), "not the published archive|can't be fetched"
        server.body = server.body[:1000]
    elif fault == "not found":
        server.status = 404
    else:
        server.http.socket.close()
    with pytest.raises(DataError, match=expected) as caught:
        load(CIFAR, offline=False)
    assert "Download http" in caught.value.hint
    assert leftovers() == []


def test_an_archive_that_is_no_archive_leaves_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.body = b"x" * 1000
    md5 = hashlib.md5(server.body, usedforsecurity=False).hexdigest()
    monkeypatch.setattr(cifar10, "ARCHIVE", replace(cifar10.ARCHIVE, md5=md5))
    with pytest.raises(DataError, match="can't be unpacked"):
        load(CIFAR, offline=False)
    assert leftovers() == []


def test_a_cache_that_can_not_be_made_is_the_machines_trouble(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(EnvironmentTrouble, match="can't be stored"):
        load(CIFAR, offline=False)


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
