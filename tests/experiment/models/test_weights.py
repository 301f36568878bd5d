from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from reportgen.errors import ModelError
from reportgen.experiment.models import load_model
from reportgen.experiment.models.weights import fill_weights
from reportgen.spec.types import ModelSpec

State = dict[str, Tensor]


def net(outputs: int = 4) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, outputs))


@pytest.fixture
def state() -> State:
    torch.manual_seed(7)
    return dict(net().state_dict())


@pytest.mark.parametrize("wrap", [None, "state_dict", "model", "model_state_dict", "net"])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "module._orig_mod."])
def test_wrappers_and_prefixes(tmp_path: Path, state: State, wrap: str | None, prefix: str) -> None:
    saved: object = {prefix + key: tensor for key, tensor in state.items()}
    path = tmp_path / "w.pt"
    torch.save({wrap: saved, "epoch": 3} if wrap else saved, path)
    module = net()
    assert fill_weights(module, path) == hashlib.sha256(path.read_bytes()).hexdigest()
    assert all(torch.equal(tensor, state[key]) for key, tensor in module.state_dict().items())


def test_safetensors(tmp_path: Path, state: State) -> None:
    save_file(state, tmp_path / "w.safetensors")
    module = net()
    fill_weights(module, tmp_path / "w.safetensors")
    assert all(torch.equal(tensor, state[key]) for key, tensor in module.state_dict().items())


def test_old_checkpoints_lack_the_batch_counters(tmp_path: Path, state: State) -> None:
    torch.save({key: tensor for key, tensor in state.items() if "num_batches" not in key}, tmp_path / "w.pth")
    fill_weights(net(), tmp_path / "w.pth")


def test_a_module_that_is_called_module_keeps_its_name(tmp_path: Path) -> None:
    wrapped = nn.Sequential()
    wrapped.add_module("module", nn.Linear(2, 2))
    torch.save(wrapped.state_dict(), tmp_path / "w.pt")
    fill_weights(wrapped, tmp_path / "w.pt")


def test_missing_unexpected_and_misshapen_keys_are_listed(tmp_path: Path, state: State) -> None:
    for index in range(20):
        state[f"extra.{index}"] = torch.zeros(1)
    del state["1.running_mean"]
    state["0.weight"] = torch.zeros(4, 3, 5, 5)
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(ModelError) as caught:
        fill_weights(net(), tmp_path / "w.pt")
    text = caught.value.message
    assert "1 missing in the file: 1.running_mean" in text
    assert "20 unexpected in the file: extra.0, " in text
    assert "extra.7, … and 12 more" in text
    assert "1 of another shape: 0.weight (4, 3, 5, 5) instead of (4, 3, 3, 3)" in text


def test_a_refused_checkpoint_changes_nothing(tmp_path: Path, state: State) -> None:
    module = net()
    before = {key: tensor.clone() for key, tensor in module.state_dict().items()}
    torch.save(state | {"extra": torch.zeros(1)}, tmp_path / "w.pt")
    with pytest.raises(ModelError):
        fill_weights(module, tmp_path / "w.pt")
    assert all(torch.equal(tensor, before[key]) for key, tensor in module.state_dict().items())


def test_another_class_count_has_its_own_sentence(tmp_path: Path) -> None:
    torch.save(net(100).state_dict(), tmp_path / "w.pt")
    with pytest.raises(ModelError, match=r"has 100 classes and the model 4 \(3\.weight\)") as caught:
        fill_weights(net(4), tmp_path / "w.pt")
    assert "num_classes: 100" in caught.value.hint


def test_another_architecture_is_called_so(tmp_path: Path) -> None:
    source = ModelSpec(source="torchvision:squeezenet1_1", weights=Path("w.pt"))
    torch.save(net().state_dict(), tmp_path / "w.pt")
    with pytest.raises(ModelError, match="does not fit the model") as caught:
        load_model(source, tmp_path, 10)
    assert "another architecture" in caught.value.hint


class Payload:
    """Would write a file if it were ever unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.target,)


def test_code_in_a_pickle_is_not_executed(tmp_path: Path, state: State) -> None:
    torch.save({"state_dict": state, "hyper": Payload(tmp_path / "pwned")}, tmp_path / "w.pt")
    with pytest.raises(ModelError, match="holds Python objects beside tensors"):
        fill_weights(net(), tmp_path / "w.pt")
    assert not (tmp_path / "pwned").exists()


def test_a_saved_module_is_refused_with_the_way_out(tmp_path: Path) -> None:
    torch.save(net(), tmp_path / "w.pt")
    with pytest.raises(ModelError, match="could execute code") as caught:
        fill_weights(net(), tmp_path / "w.pt")
    assert "state_dict()" in caught.value.hint


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
@pytest.mark.parametrize("keep", [10, 100, 1000])
def test_files_cut_short(tmp_path: Path, state: State, suffix: str, keep: int) -> None:
    path = tmp_path / f"w.{suffix}"
    if suffix == "pt":
        torch.save(state, path)
    else:
        save_file(state, path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match=r"is damaged or cut short|can't be read as weights"):
        fill_weights(net(), path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("w.pt", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "Git LFS pointer"),
        ("w.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "Git LFS pointer"),
        ("w.pt", b"", "is empty"),
        ("w.pt", b"<html>404</html>", "can't be read as weights"),
        ("w.onnx", b"x", "is not a file of weights"),
    ],
)
def test_files_that_are_something_else(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=message):
        fill_weights(net(), tmp_path / name)


@pytest.mark.parametrize("content", [{"epoch": 3}, [1, 2], {"state_dict": {}}])
def test_files_without_a_state_dict(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "w.pt")
    with pytest.raises(ModelError, match="holds no state dict"):
        fill_weights(net(), tmp_path / "w.pt")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="do not exist"):
        fill_weights(net(), tmp_path / "w.pt")


@pytest.mark.data
def test_the_published_checkpoint_loads(data_root: Path) -> None:
    path = data_root / "checkpoints" / "resnet20-12fca82f.th"
    loaded = load_model(ModelSpec(source="builtin:cifar_resnet20", weights=path), Path(), 10)
    assert loaded.weights_file == path.name
    assert loaded.weights_sha256 is not None
    assert loaded.weights_sha256.startswith("12fca82f")  # the file's name carries the first digits
