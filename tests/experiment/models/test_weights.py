from __future__ import annotations

import argparse
import datetime
import enum
import functools
import hashlib
import json
import os
import pickle
import random
import re
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file, save_model
from torch import Tensor, distributed, nn
from torch.nn.utils import prune as pruning
from torchvision import models

from reportgen.errors import ModelError
from reportgen.experiment.models import load_model, weights_notes
from reportgen.experiment.models.weights import Filled, fill_weights
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
    assert fill_weights(module, path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
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
    for said in ("set model.head: replace.", "data of 100 classes", "trained for 4"):
        assert said in caught.value.hint


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
    with pytest.raises(ModelError, match=r"holds code: .* call pathlib\.Path\.touch\. Nothing was executed"):
        fill_weights(net(), tmp_path / "w.pt")
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("as_zip", [True, False])
def test_of_a_saved_module_only_the_tensors_are_read(tmp_path: Path, as_zip: bool) -> None:
    saved, module = net(), net()
    torch.save({"model": saved, "epoch": 1}, tmp_path / "w.pt", _use_new_zipfile_serialization=as_zip)
    filled = fill_weights(module, tmp_path / "w.pt")
    assert all(torch.equal(tensor, saved.state_dict()[key]) for key, tensor in module.state_dict().items())
    assert "whole pickled model (torch.nn.modules.container.Sequential)" in filled.notes[0].text


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_a_scripted_module_is_refused_with_the_way_out(tmp_path: Path) -> None:
    torch.jit.save(torch.jit.script(net()), tmp_path / "w.pt")
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
        ("w.onnx", b"x", "is an ONNX model"),
        ("w.ckpt", b"x", "not those of any known kind"),
        ("w.pth", b"\xef\xbb\xbf<!-- saved from -->\n<html>", "it is a web page or XML"),
        ("w.pth", b"Entry not found", "it is text, such as a message or a pointer"),
        ("w.bin", "\ufeffKein Zugriff: falsches Paßwort".encode(), "it is text, such as a message or a pointer"),
        ("w.pth", b'{"error": "Repository not found"}', "it is JSON, such as a message or a conf"),
        ("w.index.json", b'{"error": 1}', "has no weight_map"),
        ("w.pkl", b"\x80\x04\x95\x10\x8c\x13joblib.numpy_pickle\x8c\x11NumpyArrayWrapper", "a file of joblib"),
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


def filled(tmp_path: Path, saved: object, module: nn.Module, key: str | None = None, name: str = "w.ckpt") -> Filled:
    """The module filled from what torch.save makes of `saved`."""
    torch.save(saved, tmp_path / name)
    return fill_weights(module, tmp_path / name, key)


def equal(module: nn.Module, state: State) -> bool:
    return all(torch.equal(tensor, state[key]) for key, tensor in module.state_dict().items())


def said(result: Filled) -> str:
    return " ".join(note.text for note in result.notes)


class Shade(enum.Enum):
    DARK = 1


class Trainer:
    """A class of the user's own."""

    def __init__(self) -> None:
        self.path, self.best = Path("runs"), {"epoch": 3}


@pytest.mark.parametrize("name", ["model_best.pth.tar", "last.ckpt", "pytorch_model.bin", "w.pkl", "weights"])
@pytest.mark.parametrize("protocol", [2, 4])
def test_what_lies_beside_the_weights_is_inert(tmp_path: Path, state: State, name: str, protocol: int) -> None:
    beside = {
        "best": np.float64(91.2),
        "history": np.arange(3),
        "args": argparse.Namespace(lr=0.1, shade=Shade.DARK),
        "when": datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
        "counts": defaultdict(list, {"a": [1]}),
        "out": Path("runs"),
        "trainer": Trainer(),
        "norm": functools.partial(nn.LayerNorm, eps=1e-6),
        "generator": np.random.default_rng(0),
    }
    module = net()
    torch.save({"epoch": 3, **beside, "state_dict": state}, tmp_path / name, pickle_protocol=protocol)
    assert fill_weights(module, tmp_path / name).key == "state_dict"
    assert equal(module, state)


def arrays_by_columns(state: State) -> bytes:
    """Arrays whose first axis runs fastest, in the last protocol."""
    return pickle.dumps({key: np.asfortranarray(part.numpy()) for key, part in state.items()}, protocol=5)


@pytest.mark.parametrize(
    "write",
    [
        pickle.dumps,
        lambda state: pickle.dumps({k: v.numpy() for k, v in state.items()}, protocol=4),
        lambda state: pickle.dumps({k: v.numpy() for k, v in state.items()}, protocol=5),
        lambda state: pickle.dumps({k: v.numpy().astype(v.numpy().dtype.newbyteorder(">")) for k, v in state.items()}),
        lambda state: pickle.dumps(
            {k: v.numpy()[..., ::-1][..., ::-1] for k, v in state.items() if v.ndim}, protocol=5
        ),
        arrays_by_columns,
    ],
)
def test_plain_pickles_of_tensors_and_arrays(tmp_path: Path, state: State, write: Callable[[State], bytes]) -> None:
    module = net()
    (tmp_path / "w.pkl").write_bytes(write(state))
    fill_weights(module, tmp_path / "w.pkl")
    assert equal(module, state)


def test_two_values_for_one_tensor_are_refused(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    state = module.state_dict()
    module[1].weight = module[0].weight  # type: ignore[assignment]
    with pytest.raises(ModelError, match=r"different values for 0\.weight and 1\.weight, which are one tensor"):
        filled(tmp_path, state, module)
    both = {**state, "1.weight": state["0.weight"]}
    filled(tmp_path, both, module)
    assert equal(module, both)


def test_the_state_of_an_optimizer_is_no_set_of_weights(tmp_path: Path, state: State) -> None:
    module = net()
    optimizer = torch.optim.Adam(module.parameters())
    sum(weight.sum() for weight in module.parameters()).backward()  # type: ignore[union-attr]
    optimizer.step()
    with pytest.raises(ModelError, match="holds the state of an optimizer, and no weights"):
        filled(tmp_path, optimizer.state_dict(), net())
    assert filled(tmp_path, {"adam": optimizer.state_dict(), "best": state}, net()).key == "best"


def test_a_flipped_byte_is_found(tmp_path: Path, state: State) -> None:
    torch.save(state, tmp_path / "w.pt")
    data = bytearray((tmp_path / "w.pt").read_bytes())
    data[data.find(state["0.weight"].numpy().tobytes())] ^= 1
    (tmp_path / "w.pt").write_bytes(data)
    with pytest.raises(ModelError, match=r"is damaged or cut short .*checksum"):
        fill_weights(net(), tmp_path / "w.pt")


def test_a_dict_that_holds_itself(tmp_path: Path, state: State) -> None:
    saved: dict[str, object] = {"epoch": 1}
    saved["model"] = saved
    with pytest.raises(ModelError, match="holds no state dict"):
        filled(tmp_path, saved, net())
    saved["weights"] = state
    module = net()
    assert filled(tmp_path, saved, module).key == "weights"
    assert equal(module, state)


@pytest.mark.parametrize("call", [(os.system, ("true",)), (eval, ("1",)), (functools.partial(os.getcwd), ())])
@pytest.mark.parametrize("as_zip", [True, False])
def test_hostile_pickles_hold_code(tmp_path: Path, state: State, call: tuple[object, object], as_zip: bool) -> None:
    class Hostile:
        def __reduce__(self) -> tuple[object, object]:
            return call

    torch.save({"state_dict": state, "h": Hostile()}, tmp_path / "w.pt", _use_new_zipfile_serialization=as_zip)
    with pytest.raises(ModelError, match="holds code"):
        fill_weights(net(), tmp_path / "w.pt")


def test_pipes_devices_and_folders_are_refused_at_once(tmp_path: Path, state: State) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(ModelError, match="a device or a pipe"):
            fill_weights(net(), path)
    save_file(state, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="are a folder") as caught:
        fill_weights(net(), tmp_path)
    assert "model.safetensors" in caught.value.hint


@pytest.mark.parametrize(
    ("off", "model", "says"),
    [
        ("model.", "", "“model.” was removed from"),
        ("net.backbone.", "", "“net.backbone.” was removed from"),
        ("", "backbone", "“backbone.” was put before"),
        ("module.encoder.", "backbone", "encoder.” in the names of w.ckpt stands for “backbone.”"),
    ],
)
def test_any_common_beginning(tmp_path: Path, state: State, off: str, model: str, says: str) -> None:
    inner = net()
    module = nn.Sequential(OrderedDict({model: inner})) if model else inner
    saved = {"state_dict": {f"{off}{key}": tensor for key, tensor in state.items()}}
    assert says in said(filled(tmp_path, saved, module))
    assert equal(inner, state)


def branches(first: str, last: str) -> nn.Sequential:
    """A small network whose layers lie in a part of their own, but for the last."""
    inner = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten())
    return nn.Sequential(OrderedDict({first: inner, last: nn.Linear(4, 4)}))


@pytest.mark.parametrize(
    ("file", "model", "said_of"),
    [
        (("backbone", "head.fc"), ("net", "fc"), ("“backbone.” in the names of w.ckpt stands for “net.”", "“head.”")),
        (("module.backbone", "module.fc"), ("features", "fc"), ("stands for “features.” of the model",)),
        (("trunk", "fc"), ("backbone", "head"), ("stands for “backbone.”", "“fc.” in the names of w.ckpt")),
    ],
)
def test_a_backbone_and_a_classifier_may_each_have_a_beginning(
    tmp_path: Path, file: tuple[str, str], model: tuple[str, str], said_of: tuple[str, ...]
) -> None:
    saved, module = branches("a", "b"), branches(model[0], model[1])
    names = {"a": file[0], "b": file[1]}
    state = {names[key[0]] + key[1:]: part for key, part in saved.state_dict().items()}
    result = filled(tmp_path, {"state_dict": state}, module)
    assert result.key == "state_dict"
    for words in said_of:
        assert words in said(result)
    pairs = zip(saved.state_dict().values(), module.state_dict().values(), strict=True)
    assert all(torch.equal(theirs, own) for theirs, own in pairs)


def test_of_two_classifiers_that_fit_none_is_taken(tmp_path: Path) -> None:
    state = {key.replace("a.", "backbone."): part for key, part in branches("a", "b").state_dict().items()}
    two = {name: part for name, part in state.items() if name[0] != "b" or name.startswith("backbone")}
    for head in ("head1", "head2"):
        two |= {f"{head}.weight": torch.ones(4, 4), f"{head}.bias": torch.ones(4)}
    with pytest.raises(ModelError, match=r"2 missing in the file: fc.weight, fc.bias"):
        filled(tmp_path, two, branches("net", "fc"))


def test_a_part_under_another_name_is_no_key_of_the_file(tmp_path: Path) -> None:
    state = {key.replace("b.", "classifier."): part for key, part in branches("a", "b").state_dict().items()}
    result = filled(tmp_path, state, branches("a", "fc"))
    assert result.key == ""
    assert "“classifier.” in the names of w.ckpt stands for “fc.” of the model" in said(result)


def test_of_equal_parts_the_first_in_the_file_is_used(tmp_path: Path, state: State) -> None:
    later = {f"module.encoder_k.{key}": tensor + 1 for key, tensor in state.items()}
    both = {f"module.encoder_q.{key}": tensor for key, tensor in state.items()} | later
    module = net()
    result = filled(tmp_path, {"state_dict": both | {"module.queue": torch.ones(2, 3)}}, module)
    assert (result.key, equal(module, state)) == ("state_dict.encoder_q", True)
    assert "state_dict.encoder_k would fit as well" in said(result)


def test_pairs_of_names_and_tensors(tmp_path: Path, state: State) -> None:
    module = net()
    filled(tmp_path, {"weights": list(state.items())}, module)
    assert equal(module, state)


def test_wrappers_in_the_middle_of_names(tmp_path: Path, state: State) -> None:
    saved = {key.replace("0.", "0.module.").replace("3.", "3._orig_mod."): part for key, part in state.items()}
    module = net()
    assert "“module.” was removed from" in said(filled(tmp_path, saved, module))
    assert equal(module, state)


def test_several_sets_are_named_and_one_is_chosen(tmp_path: Path, state: State) -> None:
    other = {key: tensor + 1 for key, tensor in state.items()}
    saved = {"state_dict_ema": other, "epoch": 3, "state_dict": state}
    module = net()
    result = filled(tmp_path, saved, module)
    assert result.key == "state_dict"
    assert "state_dict_ema would fit as well" in said(result)
    assert equal(module, state)
    asked = filled(tmp_path, saved, module, "state_dict_ema")
    assert asked.key == "state_dict_ema"
    assert "those under state_dict_ema in" in said(asked)
    assert "state_dict would fit as well" in said(asked)
    assert equal(module, other)
    with pytest.raises(ModelError, match="no weights under the key 'ema_model'") as caught:
        filled(tmp_path, {"state_dict": {f"ema_model.{key}": part for key, part in state.items()}}, module, "ema_model")
    assert caught.value.hint == "Did you mean state_dict.ema_model?"
    with pytest.raises(ModelError, match="no weights under the key 'state_dict_em'") as caught:
        filled(tmp_path, saved, module, "state_dict_em")
    assert "Did you mean state_dict" in caught.value.hint


def test_an_average_inside_one_state_dict(tmp_path: Path, state: State) -> None:
    other = {key: tensor + 1 for key, tensor in state.items()}
    both = {f"model.{key}": part for key, part in state.items()}
    both |= {f"model_ema.module.{key}": part for key, part in other.items()}
    module = net()
    result = filled(tmp_path, {"state_dict": both}, module)
    assert (result.key, equal(module, state)) == ("state_dict.model", True)
    assert "state_dict.model_ema would fit as well" in said(result)
    filled(tmp_path, {"state_dict": both}, module, "state_dict.model_ema")
    assert equal(module, other)


def test_the_average_of_torch(tmp_path: Path) -> None:
    averaged = torch.optim.swa_utils.AveragedModel(net())
    module = net()
    filled(tmp_path, averaged.state_dict(), module)
    assert equal(module, dict(averaged.module.state_dict()))


def test_parts_saved_under_keys_of_their_own(tmp_path: Path) -> None:
    def make() -> nn.Sequential:
        return nn.Sequential(OrderedDict(encoder=nn.Conv2d(3, 4, 3), flat=nn.Flatten(), head=nn.Linear(4, 2)))

    saved, module = make(), make()
    parts = {"encoder": saved.encoder.state_dict(), "head": saved.head.state_dict(), "epoch": 2}
    assert "assembled from several state dicts" in said(filled(tmp_path, parts, module))
    assert equal(module, dict(saved.state_dict()))


@pytest.mark.parametrize("old_file", [True, False])
@pytest.mark.parametrize("off", ["", "module."])
def test_spectral_normalisation_of_both_ages(tmp_path: Path, old_file: bool, off: str) -> None:
    def make(old: bool) -> nn.Sequential:
        kind = nn.utils.spectral_norm if old else nn.utils.parametrizations.spectral_norm
        return nn.Sequential(kind(nn.Linear(3, 4)), nn.Linear(4, 2))

    saved, module = make(old_file).eval(), make(not old_file).eval()
    result = filled(tmp_path, {f"{off}{key}": tensor for key, tensor in saved.state_dict().items()}, module)
    assert "The file keeps spectral normalisation as" in said(result)
    images = torch.randn(5, 3)
    torch.testing.assert_close(module(images), saved(images))


def prune(module: nn.Module) -> None:
    """Put a mask over the weights of the first layer."""
    pruning.l1_unstructured(module[0], "weight", 0.5)


def normalise(module: nn.Module) -> None:
    """Put a weight norm on the last layer."""
    nn.utils.parametrizations.weight_norm(module[3])


@pytest.mark.parametrize("change", [prune, normalise])
def test_weights_that_something_stands_in_for_are_refused_with_how_to_take_it_off(
    tmp_path: Path, change: Callable[[nn.Module], None]
) -> None:
    saved = net()
    change(saved)
    with pytest.raises(ModelError, match="does not fit the model") as caught:
        filled(tmp_path, saved.state_dict(), net())
    assert "normalisation or pruning, which the model does not have" in caught.value.hint


def test_what_only_training_used_can_be_left_out_of_the_file(tmp_path: Path, state: State) -> None:
    with pytest.raises(ModelError, match=r"1 unexpected in the file: aux.weight") as caught:
        filled(tmp_path, {**state, "aux.weight": torch.ones(2, 2)}, net())
    assert caught.value.hint.endswith("save the file again without it.")
    with pytest.raises(ModelError, match=r"1 unexpected in the file: 1.gamma") as caught:
        filled(tmp_path, {**state, "1.gamma": torch.ones(2, 2)}, net())
    assert caught.value.hint.endswith("how the weights were trained.")


@pytest.fixture
def one_process() -> Iterator[None]:
    """torch.distributed among this process alone."""
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


@pytest.mark.skipif(not distributed.is_available(), reason="torch was built without it")
@pytest.mark.usefixtures("one_process")
def test_a_distributed_tensor_is_read_where_all_of_it_is_in_the_file(tmp_path: Path, state: State) -> None:
    from torch.distributed.tensor import DTensor, Partial, Replicate, Shard, distribute_tensor, init_device_mesh

    mesh = init_device_mesh("cpu", (1,))
    for placement in (Shard(0), Replicate()):
        module = net()
        spread = {key: distribute_tensor(part, mesh, [placement]) for key, part in state.items() if part.ndim}
        filled(tmp_path, {**state, **spread}, module)
        assert equal(module, state)
    summand = DTensor.from_local(state["3.weight"], mesh, [Partial()])
    with pytest.raises(ModelError, match=r"3\.weight in w\.ckpt is a tensor of a class of its own") as caught:
        filled(tmp_path, {**state, "3.weight": summand}, net())
    assert "full_tensor" in caught.value.hint


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize(
    ("odd", "what", "hint"),
    [
        (lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]), "a nested tensor", "to_padded_tensor"),
        (lambda: torch.ones(4, 4, device="meta"), "a tensor on the meta device", "fill the model with its weights"),
        (lambda: torch.ones(4, 4).to_sparse_csr(), "a sparse tensor", "to_dense"),
    ],
)
@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support")
def test_a_tensor_without_plain_values_is_refused_with_what_to_save(
    tmp_path: Path, state: State, odd: Callable[[], Tensor], what: str, hint: str
) -> None:
    with pytest.raises(ModelError, match=f"3.weight in w.ckpt is {what}") as caught:
        filled(tmp_path, {**state, "3.weight": odd()}, net())
    assert hint in caught.value.hint
    with pytest.raises(ModelError, match="1 unexpected in the file: beside"):
        filled(tmp_path, {**state, "beside": odd()}, net())


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated")
@pytest.mark.parametrize("old_file", [True, False])
@pytest.mark.parametrize("off", ["", "module."])
def test_weight_normalisation_of_both_ages(tmp_path: Path, old_file: bool, off: str) -> None:
    def make(old: bool) -> nn.Sequential:
        kind = nn.utils.weight_norm if old else nn.utils.parametrizations.weight_norm
        return nn.Sequential(kind(nn.Linear(3, 4)), nn.Linear(4, 2))

    saved, module = make(old_file).eval(), make(not old_file).eval()
    filled(tmp_path, {f"{off}{key}": tensor for key, tensor in saved.state_dict().items()}, module)
    images = torch.randn(5, 3)
    torch.testing.assert_close(module(images), saved(images), rtol=0, atol=0)


def test_the_modules_own_loading_code_is_used(tmp_path: Path) -> None:
    class Renames(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(3, 2), nn.Linear(2, 2)

        def _load_from_state_dict(self, state: State, prefix: str, *rest: object) -> None:
            for one, other in (("a", "first"), ("b", "second")):
                for part in ("weight", "bias"):
                    if f"{prefix}{one}.{part}" in state:
                        state[f"{prefix}{other}.{part}"] = state.pop(f"{prefix}{one}.{part}")
            super()._load_from_state_dict(state, prefix, *rest)

    saved, module = Renames().state_dict(), Renames()
    old = {key.replace("first", "a").replace("second", "b"): tensor for key, tensor in saved.items()}
    assert "own loading code" in said(filled(tmp_path, old, module))
    assert equal(module, saved)


def test_tied_tensors_are_stored_once(tmp_path: Path) -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.head = nn.Embedding(5, 4), nn.Linear(4, 5, bias=False)
            self.head.weight = self.embed.weight

    saved, module = Tied(), Tied()
    save_model(saved, str(tmp_path / "w.safetensors"))
    fill_weights(module, tmp_path / "w.safetensors")
    assert torch.equal(module.head.weight, saved.embed.weight)
    assert module.head.weight is module.embed.weight


def test_buffers_come_and_go_and_parameters_do_not(tmp_path: Path) -> None:
    def make(*buffers: str) -> nn.Linear:
        module = nn.Linear(4, 2)
        for name in buffers:
            module.register_buffer(name, torch.arange(3))
        return module

    saved = make("position_ids")
    assert "position_ids" in said(filled(tmp_path, saved.state_dict(), make()))
    assert "keeps its initial value" in said(filled(tmp_path, make().state_dict(), make("attn_mask")))
    longer = {**saved.state_dict(), "position_ids": torch.arange(9)}
    assert "keeps its initial value" in said(filled(tmp_path, longer, make("position_ids")))
    with pytest.raises(ModelError, match="1 unexpected in the file: scale"):
        filled(tmp_path, {**saved.state_dict(), "scale": torch.ones(2)}, make())
    with pytest.raises(ModelError, match="1 missing in the file: bias"):
        filled(tmp_path, {"weight": saved.weight}, make())


@pytest.mark.filterwarnings("ignore:Sparse CSR", "ignore:torch.quantize_per_tensor")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda part: (part * 100).to(torch.int8), "holds int8 numbers for 0.weight, where the model has float32"),
        (lambda part: part.to(torch.complex64), "holds complex64 numbers for 0.weight"),
        (lambda part: part.to("meta"), "a tensor on the meta device"),
        (lambda part: part.to_sparse_csr() if part.dim() == 2 else part, "3.weight in w.ckpt is a sparse tensor"),
        (
            lambda part: torch.quantize_per_tensor(part, 0.1, 0, torch.qint8) if part.dim() == 2 else part,
            "3.weight in w.ckpt is a quantised tensor",
        ),
    ],
)
def test_numbers_of_another_kind_are_refused(
    tmp_path: Path, state: State, change: Callable[[Tensor], Tensor], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        filled(tmp_path, {key: change(tensor) for key, tensor in state.items()}, net())


def test_numbers_of_another_width_are_said(tmp_path: Path, state: State) -> None:
    module = net()
    result = filled(tmp_path, {key: tensor.half() for key, tensor in state.items()}, module)
    assert "Stored as float16 in w.ckpt" in said(result)
    assert torch.equal(module[0].weight, state["0.weight"].half().float())
    assert "float16" not in said(filled(tmp_path, state, module))


def test_sparse_tensors_are_filled_up(tmp_path: Path, state: State) -> None:
    module = net()
    filled(tmp_path, {key: part.to_sparse() if part.dim() == 2 else part for key, part in state.items()}, module)
    assert equal(module, state)


def test_values_that_are_no_numbers_are_counted(tmp_path: Path, state: State) -> None:
    state["0.bias"] = torch.full((4,), float("nan"))
    assert filled(tmp_path, state, net()).not_finite == 4
    state["3.bias"] = torch.tensor([1.0, float("inf"), -float("inf"), 2.0])
    assert filled(tmp_path, state, net()).not_finite == 6
    masked = net()
    masked.register_buffer("mask", torch.full((3,), -float("inf")))
    assert filled(tmp_path, state, masked).not_finite == 6  # a mask keeps infinity on purpose


def test_shards(tmp_path: Path, state: State) -> None:
    parts = list(state.items())
    names = {key: f"model-0000{1 + (place > 3)}-of-00002.safetensors" for place, (key, _part) in enumerate(parts)}
    for name in set(names.values()):
        save_file({key: part for key, part in parts if names[key] == name}, tmp_path / name)
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": names}))
    module = net()
    first = fill_weights(module, index).sha256
    assert equal(module, state)
    with pytest.raises(ModelError, match="does not fit") as caught:
        fill_weights(net(), tmp_path / "model-00001-of-00002.safetensors")
    assert "file 1 of 2 of a sharded checkpoint" in caught.value.hint
    save_file({key: part + 1 for key, part in parts[4:]}, tmp_path / "model-00002-of-00002.safetensors")
    assert fill_weights(net(), index).sha256 != first
    save_file({key: part - 1 for key, part in state.items()}, tmp_path / "model-00002-of-00002.safetensors")
    mixed = net()
    fill_weights(mixed, index)  # of two that hold a tensor, that which the index names
    assert torch.equal(mixed[0].weight, state["0.weight"])
    assert torch.equal(mixed[3].weight, state["3.weight"] - 1)
    index.write_text(json.dumps({"weight_map": {"a": "../w.bin"}}))
    with pytest.raises(ModelError, match="not a file beside it"):
        fill_weights(net(), index)


def test_another_architecture_is_said_only_where_shapes_differ(tmp_path: Path, state: State) -> None:
    renamed = {key.replace("0.", "stem.").replace("3.", "out."): tensor for key, tensor in state.items()}
    with pytest.raises(ModelError) as caught:
        filled(tmp_path, renamed, net())
    assert "architecture" not in caught.value.hint
    assert "0.weight (4, 3, 3, 3) in the model, stem.weight (4, 3, 3, 3) in the file" in caught.value.message


def test_a_backbone_without_its_classifier(tmp_path: Path, state: State) -> None:
    with pytest.raises(ModelError, match=r"holds no classifier: of the model it lacks 3\.weight, 3\.bias"):
        filled(tmp_path, {key: part for key, part in state.items() if not key.startswith("3.")}, net())


def test_a_backbone_whose_file_holds_another_head(tmp_path: Path, state: State) -> None:
    student = {f"module.backbone.{key}": part for key, part in state.items() if not key.startswith("3.")}
    head = {"module.head.mlp.0.weight": torch.ones(7, 4), "module.head.mlp.0.bias": torch.ones(7)}
    with pytest.raises(ModelError, match=r"w.ckpt \(student.backbone\) holds no classifier: of the model it lacks 3"):
        filled(tmp_path, {"student": student | head}, net())


def test_a_classifier_of_which_a_part_is_missing_is_no_missing_classifier(tmp_path: Path, state: State) -> None:
    with pytest.raises(ModelError, match=r"does not fit the model: 1 missing in the file: 3\.bias"):
        filled(tmp_path, {key: part for key, part in state.items() if key != "3.bias"}, net())


def test_a_tensor_alone_is_called_so(tmp_path: Path) -> None:
    torch.save(torch.ones(3), tmp_path / "one.pt")
    with pytest.raises(ModelError, match=r"holds no state dict \(a tensor\)"):
        fill_weights(net(), tmp_path / "one.pt")


@pytest.mark.slow
def test_auxiliary_classifiers_and_the_input_of_googlenet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = models.googlenet(weights=None, init_weights=False, num_classes=7)
    module = models.googlenet(weights=None, init_weights=False, num_classes=7, aux_logits=False)
    result = filled(tmp_path, saved.state_dict(), module)
    assert "20 tensors of auxiliary classifiers" in said(result)
    assert "`transform_input` is off" in said(result)
    assert not module.transform_input
    monkeypatch.setattr(weights_notes, "published_digests", lambda _home: (result.sha256[:8],))
    assert "was turned on" in said(fill_weights(module, tmp_path / "w.ckpt"))
    assert module.transform_input


def test_published_files_are_known_by_their_names() -> None:
    assert weights_notes.published_digests("torchvision.models.googlenet") == ("1378be20",)
    assert weights_notes.published_digests("torchvision.models.inception") == ("0cc3c7bd",)


@pytest.mark.slow
def test_names_of_old_densenets(tmp_path: Path) -> None:
    saved, module = models.densenet121(weights=None).state_dict(), models.densenet121(weights=None)
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", key): part for key, part in saved.items()}
    filled(tmp_path, {key: part for key, part in old.items() if "num_batches" not in key}, module)
    assert equal(module, saved)


def test_files_of_original_authors_go_through_timm(tmp_path: Path) -> None:
    timm = pytest.importorskip("timm")
    saved, module = (timm.create_model("convnext_atto", num_classes=3) for _ in range(2))

    def original(key: str) -> str:
        key = key.replace("stem.", "downsample_layers.0.").replace("head.norm.", "norm.").replace("head.fc.", "head.")
        key = re.sub(r"stages\.(\d)\.downsample\.", r"downsample_layers.\1.", key)
        key = re.sub(r"stages\.(\d)\.blocks\.", r"stages.\1.", key).replace("conv_dw", "dwconv")
        return key.replace("mlp.fc1", "pwconv1").replace("mlp.fc2", "pwconv2")

    state = {original(key): part for key, part in saved.state_dict().items()}
    result = filled(tmp_path, {"model": state}, module)
    assert "timm’s own conversion" in said(result)
    assert "would fit as well" not in said(result)
    assert equal(module, saved.state_dict())


@pytest.mark.parametrize("kind", ["legacy", "safetensors"])
def test_damage_is_a_refusal_and_nothing_else(tmp_path: Path, state: State, kind: str) -> None:
    path, noise = tmp_path / "w.bin", random.Random(2)
    if kind == "legacy":
        torch.save({"model": net(), "rest": state}, path, _use_new_zipfile_serialization=False)
    else:
        save_file(state, path)
    whole = path.read_bytes()
    refused = 0
    for _ in range(60):
        data = bytearray(whole)
        for _place in range(noise.randint(1, 4)):
            data[noise.randrange(min(1500, len(data)))] = noise.randrange(256)
        path.write_bytes(data)
        try:
            fill_weights(net(), path)
        except ModelError:
            refused += 1
    assert refused > 20


def test_a_length_beyond_the_file_costs_no_memory(tmp_path: Path) -> None:
    (tmp_path / "w.pkl").write_bytes(b"\x80\x05\x96" + (1 << 60).to_bytes(8, "little") + b"x.")
    with pytest.raises(ModelError, match="is damaged or cut short"):
        fill_weights(net(), tmp_path / "w.pkl")


def test_calls_without_end_inside_each_other(tmp_path: Path) -> None:
    deep = b"cbuiltins\ngetattr\n" * 5000 + b"cos\npath\n" + b"X\x01\x00\x00\x00a\x86R" * 5000
    (tmp_path / "w.pkl").write_bytes(b"\x80\x02" + deep + b".")
    with pytest.raises(ModelError, match=r"is damaged|holds"):
        fill_weights(net(), tmp_path / "w.pkl")


def quantised(seed: int, kind: str, classes: int = 4) -> nn.Module:
    """A model with layers of packed weights: linear ones with one scale, or a convolution with one for each row."""
    from torch.ao import quantization

    torch.manual_seed(seed)
    if kind == "dynamic":
        plain = nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, classes))
        return quantization.quantize_dynamic(plain, {nn.Linear}, dtype=torch.qint8)
    if kind == "half":
        plain = nn.Sequential(nn.Flatten(), nn.Linear(12, classes))
        return quantization.quantize_dynamic(plain, {nn.Linear}, dtype=torch.float16)
    stub, back = quantization.QuantStub(), quantization.DeQuantStub()
    model = nn.Sequential(stub, nn.Conv2d(3, classes, 2), nn.Flatten(), nn.Linear(classes, classes), back).eval()
    model.qconfig = quantization.get_default_qconfig(torch.backends.quantized.engine)
    quantization.prepare(model, inplace=True)
    model(torch.rand(4, 3, 2, 2))
    return quantization.convert(model)


def values(state: Mapping[str, object]) -> list[object]:
    """What a quantised state dict holds, as numbers that can be compared."""
    found = list[object]()
    for part in state.values():
        for one in part if isinstance(part, tuple) else (part,):
            found.append(one.detach().dequantize().tolist() if isinstance(one, Tensor) else one)
    return found


QUIET = ("ignore:torch.ao.quantization:DeprecationWarning", "ignore::UserWarning")


@pytest.mark.slow
@pytest.mark.filterwarnings(*QUIET)
@pytest.mark.parametrize("kind", ["dynamic", "half", "static"])
def test_a_quantised_model_is_filled_from_a_quantised_file(tmp_path: Path, kind: str) -> None:
    saved, images = quantised(1, kind), torch.rand(5, 3, 2, 2)
    wrapped = {f"module.{key}": part for key, part in saved.state_dict().items()}
    for what, old in ((saved.state_dict(), False), (saved.state_dict(), True), ({"net": wrapped, "epoch": 3}, False)):
        module = quantised(2, kind)
        assert not torch.equal(module(images), saved(images))
        torch.save(what, tmp_path / "w.pth", _use_new_zipfile_serialization=not old)
        result = fill_weights(module, tmp_path / "w.pth")
        assert values(module.state_dict()) == values(saved.state_dict())
        assert torch.equal(module(images), saved(images))
        assert ("“module.” was removed from" in said(result), result.key == "net") == (("net" in what,) * 2)


@pytest.mark.slow
@pytest.mark.filterwarnings(*QUIET)
def test_what_is_quantised_on_one_side_alone_is_refused_with_what_to_do(tmp_path: Path, state: State) -> None:
    with pytest.raises(
        ModelError, match=r"holds no quantised weights, and the model is quantised \(1 first\)"
    ) as caught:
        filled(tmp_path, state, quantised(1, "dynamic"))
    assert "before it quantises the model" in caught.value.hint
    for kind, first in (("dynamic", "1._packed_params._packed_params"), ("static", "1.weight")):
        with pytest.raises(ModelError, match=f"holds quantised weights \\({first} first\\)") as caught:
            filled(tmp_path, quantised(1, kind).state_dict(), net())
        assert "torch.ao.quantization.convert" in caught.value.hint
    with pytest.raises(
        ModelError, match=r"1 of another shape: 3\._packed_params\._packed_params \(9, 8\) instead of \(4, 8\)"
    ):
        filled(tmp_path, quantised(1, "dynamic", 9).state_dict(), quantised(1, "dynamic"))
    with pytest.raises(ModelError, match=r"does not fit the quantised model: .* missing"):
        filled(tmp_path, quantised(1, "half").state_dict(), quantised(1, "static"))
