"""Weights of torchvision and timm that the test itself puts into the libraries' caches; no network."""

from __future__ import annotations

import hashlib
import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import pytest
import torch
import torchvision
from huggingface_hub.errors import LocalEntryNotFoundError
from safetensors.torch import save_file

from reportgen.errors import DataError, ModelError
from reportgen.experiment.models import LoadedModel, load_model
from reportgen.experiment.models import pretrained as module
from reportgen.experiment.models.pretrained import Fetching, Pretrained, fetched
from reportgen.experiment.models.pretrained_choice import find_pretrained, with_preparation
from reportgen.spec.types import DataSpec, ModelSpec
from tests.support.sockets import collect_sockets

FILE = "resnet18-f37072fd.pth"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of torch.hub's cache."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def hugging_face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of Hugging Face's cache."""
    folder = tmp_path / "hf" / "hub"
    folder.mkdir(parents=True)
    for place in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        monkeypatch.setattr(huggingface_hub.constants, place, str(folder))
    return folder


def keep(folder: Path, repository: str, state: dict[str, torch.Tensor], name: str = "model.safetensors") -> Path:
    """Put weights where huggingface_hub would have kept them."""
    home = folder / f"models--{repository.replace('/', '--')}"
    place = home / "snapshots" / ("0" * 40)
    place.mkdir(parents=True)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text("0" * 40)
    if name.endswith(".safetensors"):
        save_file(state, place / name)
    else:
        torch.save(state, place / name)
    return place / name


def load(source: str, pretrained: bool | str = True, classes: int = 10, **more: object) -> LoadedModel:
    torch.manual_seed(0)
    spec = ModelSpec(source=source, pretrained=pretrained, **more)
    return load_model(spec, Path(), classes, fetching=Fetching(offline=True))


def notes(loaded: LoadedModel) -> str:
    return " ".join(note.text for note in loaded.notes)


@pytest.mark.slow
def test_torchvisions_weights_with_a_new_head(hub: Path) -> None:
    torch.manual_seed(5)
    theirs = torchvision.models.resnet18().state_dict()
    torch.save(theirs, hub / FILE)
    loaded = load("torchvision:resnet18")
    state = loaded.module.state_dict()
    assert all(torch.equal(state[key], theirs[key]) for key in theirs if not key.startswith("fc."))
    assert loaded.module.fc.out_features == 10
    assert loaded.weights_sha256 == hashlib.sha256((hub / FILE).read_bytes()).hexdigest()
    assert (loaded.weights_file, loaded.weights_url) == (FILE, f"https://download.pytorch.org/models/{FILE}")
    assert "ResNet18_Weights.IMAGENET1K_V1" in notes(loaded)
    assert "fc was replaced by a new one with fresh weights: 1,000 outputs before, 10 now" in notes(loaded)
    assert "is not the published one: its SHA-256 begins with" in notes(loaded)
    again = load("torchvision:resnet18", "ResNet18_Weights.IMAGENET1K_V1")
    assert torch.equal(again.module.fc.weight, loaded.module.fc.weight)
    assert torch.equal(load("torchvision:resnet18", classes=1000).module.fc.weight, theirs["fc.weight"])
    kept = load("torchvision:resnet18", classes=1000, head="replace").module
    assert not torch.equal(kept.fc.weight, theirs["fc.weight"])


@pytest.mark.parametrize(
    "name",
    [
        *("squeezenet1_1", "mobilenet_v3_small"),
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("googlenet", "densenet121", "vit_b_32")),
    ],
)
def test_other_families_of_torchvision(hub: Path, name: str) -> None:
    found = find_pretrained(ModelSpec(source=f"torchvision:{name}", pretrained=True))
    assert found is not None
    auxiliary = {"aux_logits": True, "init_weights": False} if name == "googlenet" else {}
    state = torchvision.models.get_model_builder(name)(weights=None, **auxiliary).state_dict()
    if name == "densenet121":  # as the published file has them
        state = {key.replace(".norm1.", ".norm.1.").replace(".conv2.", ".conv.2."): one for key, one in state.items()}
    torch.save(state, hub / found.file)
    loaded = load(f"torchvision:{name}")
    assert loaded.module(torch.zeros(2, 3, found.size, found.size)).shape == (2, 10)
    if name == "googlenet":
        assert loaded.module.transform_input


def test_what_is_missing_is_named_with_file_and_place(hub: Path) -> None:
    with pytest.raises(DataError, match=f"{FILE}.* are not in {hub}, and --offline forbids") as caught:
        load("torchvision:resnet18")
    assert "https://download.pytorch.org/models/" in caught.value.hint


def test_a_failing_proxy_and_a_silent_server_are_told(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module, "SILENCE", 0.2)
    found = find_pretrained(ModelSpec(source="torchvision:resnet18", pretrained=True))
    assert found is not None
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("https_proxy", f"http://user:secret@127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(DataError, match=r"timed out.*through the proxy in the variable https_proxy") as caught:
            fetched(found, Fetching())
    with pytest.raises(DataError, match=r"refused.*through the proxy in the variable https_proxy") as refused:
        fetched(found, Fetching())
    assert "TORCH_HOME" in refused.value.hint
    assert "secret" not in str(caught.value) + str(refused.value)
    del caught, refused
    collect_sockets()


def test_without_a_network_the_variables_of_the_hub_are_named(
    hugging_face: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(repository: str, name: str) -> str:
        raise LocalEntryNotFoundError("no connection")

    for name in ("HTTPS_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", refuse)
    hub = ("timm/net", ("model.safetensors",))
    place = hugging_face / "models--timm--net"
    wanted = Pretrained(
        *("net", "https://huggingface.co/timm/net", "model.safetensors", place, 10, (0.5,), (0.5,), 32, "bilinear"),
        hub=hub,
    )
    with pytest.raises(DataError, match="directly; HTTPS_PROXY names a proxy") as caught:
        fetched(wanted, Fetching())
    assert "hf download timm/net model.safetensors" in caught.value.hint
    assert f"copy models--timm--net from its cache to {hugging_face} (HF_HOME" in caught.value.hint
    assert "HF_ENDPOINT names a mirror" in caught.value.hint


@pytest.mark.slow
def test_timms_weights_with_a_new_head(hugging_face: Path) -> None:
    import timm  # half a second that few tests need

    torch.manual_seed(5)
    theirs = timm.create_model("resnet18", pretrained=False).state_dict()
    file = keep(hugging_face, "timm/resnet18.a1_in1k", theirs)
    for asked in (True, "a1_in1k"):
        loaded = load("timm:resnet18", asked)
        state = loaded.module.state_dict()
        assert all(torch.equal(state[key], theirs[key]) for key in theirs if not key.startswith("fc."))
        assert loaded.module.num_classes == loaded.module.fc.out_features == 10
        assert loaded.weights_sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
        assert "resnet18.a1_in1k" in notes(loaded)
        assert "fc was replaced" in notes(loaded)
        assert loaded.module.pretrained_cfg["state_dict"] is None
    assert torch.equal(load("timm:resnet18.a1_in1k", classes=1000).module.fc.weight, theirs["fc.weight"])
    with pytest.raises(DataError, match=r"model\.safetensors.*models--timm--resnet18\.tv_in1k.*--offline"):
        load("timm:resnet18", "tv_in1k")


def test_a_pickle_in_a_cache_is_never_executed(hub: Path, hugging_face: Path, tmp_path: Path) -> None:
    class Canary:
        def __reduce__(self) -> tuple[object, tuple[str, str]]:
            return Path.write_text, (tmp_path / "ran", "x")  # type: ignore[return-value]

    torch.save({"x": Canary()}, hub / FILE)
    keep(hugging_face, "timm/resnet18.a1_in1k", {"x": Canary()}, "pytorch_model.bin")  # type: ignore[dict-item]
    for source in ("torchvision:resnet18", "timm:resnet18"):
        with pytest.raises(ModelError, match="can't be read as weights"):
            load(source)
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
def test_a_file_of_another_model_is_refused(hub: Path) -> None:
    torch.save(torchvision.models.resnet34().state_dict(), hub / FILE)
    with pytest.raises(ModelError, match="in torchvision's cache does not fit resnet18"):
        load("torchvision:resnet18")


@pytest.mark.parametrize(
    ("source", "asked", "message", "hint"),
    [
        ("torchvision:resnet18", "IMAGENET1K_V9", "resnet18 has no weights 'IMAGENET1K_V9'", "IMAGENET1K_V1"),
        ("torchvision:resnet19", True, "no classification model 'resnet19'", "resnet18"),
        ("timm:resnet18", "a1_in2k", "resnet18 has no weights 'a1_in2k'", "a1_in1k"),
        ("builtin:resnet9", True, "no meaning with builtin:resnet9", "model.weights"),
    ],
)
def test_weights_that_nobody_knows(source: str, asked: bool | str, message: str, hint: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        load(source, asked)
    assert hint in caught.value.hint


def test_images_are_prepared_as_the_weights_ask() -> None:
    spec = ModelSpec(source="torchvision:vit_h_14", pretrained="IMAGENET1K_SWAG_E2E_V1")
    found = find_pretrained(spec)
    prepared = with_preparation(DataSpec(), found, spec)
    assert (prepared.image_size, prepared.normalize and prepared.normalize.name) == (518, "imagenet")
    own = DataSpec.model_validate({"image_size": 64, "normalize": "none"})
    assert with_preparation(own, found, spec) == own
    small = spec.model_copy(update={"stem": "cifar"})
    assert with_preparation(DataSpec(), found, small).image_size is None
    half = find_pretrained(ModelSpec(source="timm:vit_base_patch16_224", pretrained="augreg_in21k_ft_in1k"))
    assert half is not None
    np.testing.assert_allclose(half.mean, 0.5)
    assert half.size == 224


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A server on the loopback interface that serves the folder `served`."""
    (tmp_path / "served").mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object) -> None:
            super().__init__(*args, directory=str(tmp_path / "served"))  # type: ignore[arg-type]

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()


def test_what_is_fetched_is_checked_and_kept(tmp_path: Path, hub: Path, server: str) -> None:
    content = b"weights" * 1000
    digest = hashlib.sha256(content).hexdigest()[:8]
    for name in (f"net-{digest}.pth", "net-00000000.pth"):
        (tmp_path / "served" / name).write_bytes(content)

    def wanted(file: str) -> Pretrained:
        return Pretrained("net", f"{server}/{file}", file, hub, 10, (0.5,), (0.5,), 32, "bilinear")

    assert fetched(wanted(f"net-{digest}.pth"), Fetching()).read_bytes() == content
    for file, reason in (("net-00000000.pth", "hash"), ("absent-00000000.pth", "404")):
        with pytest.raises(DataError, match=f"are not in {hub}, and can't be fetched: .*{reason}"):
            fetched(wanted(file), Fetching())
    assert [path.name for path in hub.iterdir()] == [f"net-{digest}.pth"]


def test_how_much_has_arrived_is_told(tmp_path: Path) -> None:
    told: list[int] = []

    class Task:
        def advance(self, amount: int = 1, note: str = "") -> None:
            told.append(amount)

    with module.watched(tmp_path, Task()):
        (tmp_path / "part").write_bytes(b"x" * 500)
        threading.Event().wait(0.7)
    assert sum(told) == 500


def test_no_network_is_not_taken_for_no_such_file(hugging_face: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(repository: str, name: str) -> str:
        raise LocalEntryNotFoundError(f"no connection, and {name} of {repository} is not in the cache")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", refuse)
    with pytest.raises(DataError, match=r"can't be fetched: LocalEntryNotFoundError: no connection") as caught:
        load_model(ModelSpec(source="timm:resnet18", pretrained=True), Path(), 10)
    assert caught.value.key == "model.pretrained"
