"""Reading a file of weights without executing anything, and putting them into a model whose keys they must match."""

from __future__ import annotations

import hashlib
import pickle
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from reportgen.errors import ModelError

WRAPPERS = ("state_dict", "model_state_dict", "model", "net")
"""Keys under which training scripts save the state dict beside the optimizer's and the epoch."""
PREFIXES = ("module.", "_orig_mod.")
"""Put before every key by DataParallel and by torch.compile."""
SUFFIXES = (".safetensors", ".pt", ".pth", ".th")
LISTED = 8
"""Keys listed in an error; the rest is counted."""
POINTER = b"version https://git-lfs"

State = Mapping[str, Tensor]


def fill_weights(module: torch.nn.Module, path: Path) -> str:
    """Copy the weights of the file into the module and return the file's sha256.

    Raises ModelError when the file is missing, damaged or holds more than tensors, or when keys or shapes differ.
    """
    state = strip_prefixes(read_state(path), module.state_dict().keys())
    check_state(module, state, path.name)
    wanted = module.state_dict().keys()
    module.load_state_dict({key: tensor for key, tensor in state.items() if key in wanted}, strict=False)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_state(path: Path) -> State:
    """The tensors of a file by key, wrappers opened; raises ModelError."""
    if not path.is_file():
        raise ModelError(f"the weights {path} do not exist", "model.weights is relative to the spec's folder.")
    if path.suffix not in SUFFIXES:
        raise ModelError(f"{path.name} is not a file of weights", f"It should end in {', '.join(SUFFIXES)}.")
    with path.open("rb") as file:
        head = file.read(len(POINTER))
    if head == POINTER:
        raise ModelError(f"{path.name} is a Git LFS pointer, not the weights", "Fetch the file itself: git lfs pull.")
    if not head:
        raise ModelError(f"{path.name} is empty", "Save or copy the weights again.")
    return read_safetensors(path) if path.suffix == ".safetensors" else unwrap(read_pickle(path), path.name)


def read_safetensors(path: Path) -> State:
    """The tensors of a .safetensors file."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise damaged(path.name, error) from error


def read_pickle(path: Path) -> Any:
    """What torch.save wrote, tensors and plain containers only."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:
        text = str(error)
        foreign = re.search(r"Unsupported (?:global|class)\S*\s+(?:GLOBAL )?([\w.]+)", text)
        if isinstance(error, pickle.UnpicklingError) and foreign:
            raise holds_code(path.name, f"Python objects beside tensors ({foreign[1]})") from error
        if "TorchScript" in text:
            raise holds_code(path.name, "a TorchScript archive") from error
        raise damaged(path.name, error) from error


def holds_code(name: str, what: str) -> ModelError:
    """The error for a file that would execute something."""
    return ModelError(
        f"{name} holds {what}, and reading those could execute code",
        "Save the weights alone: torch.save(model.state_dict(), path), or a .safetensors file.",
    )


def damaged(name: str, error: BaseException) -> ModelError:
    """The error for a file that is cut short or is something else."""
    text = str(error)
    inner = re.search(r"WeightsUnpickler error:\s*(.+)", text)
    reason = inner[1] if inner else next(iter(text.splitlines()), "")
    kind = "is damaged or cut short" if is_cut_short(error) else "can't be read as weights"
    return ModelError(
        f"{name} {kind} ({type(error).__name__}: {reason[:200]})",
        "Copy or save the file again and compare its size.",
    )


def is_cut_short(error: BaseException) -> bool:
    """Whether the file began as it should and did not hold what its index says."""
    signs = ("PytorchStreamReader", "central directory", "Incomplete", "incomplete", "Header")
    return isinstance(error, EOFError | zipfile.BadZipFile) or any(sign in str(error) for sign in signs)


def unwrap(loaded: Any, name: str) -> State:
    """The state dict inside what torch.save wrote; raises ModelError when there is none."""
    while isinstance(loaded, Mapping):
        inner = next((loaded[key] for key in WRAPPERS if isinstance(loaded.get(key), Mapping)), None)
        if inner is None:
            break
        loaded = inner
    if isinstance(loaded, Mapping):
        tensors = {str(key): value for key, value in loaded.items() if isinstance(value, Tensor)}
        if tensors:
            return tensors
    keys = (
        f"only {', '.join(map(repr, list(loaded)[:LISTED]))}" if isinstance(loaded, Mapping) else type(loaded).__name__
    )
    raise ModelError(f"{name} holds no state dict ({keys})", f"It may stand under one of {', '.join(WRAPPERS)}.")


def strip_prefixes(state: State, wanted: Iterable[str]) -> State:
    """The state without prefixes that all its keys carry and the model's don't."""
    known = set(wanted)
    while state and not known & state.keys():
        prefix = next((one for one in PREFIXES if all(key.startswith(one) for key in state)), None)
        if prefix is None:
            break
        state = {key.removeprefix(prefix): tensor for key, tensor in state.items()}
    return state


def check_state(module: torch.nn.Module, state: State, name: str) -> None:
    """Raise ModelError when the checkpoint is not of this model."""
    wanted = module.state_dict()
    missing = [key for key in wanted if key not in state and not key.endswith("num_batches_tracked")]
    unexpected = [key for key in state if key not in wanted]
    differing = [key for key in wanted if key in state and state[key].shape != wanted[key].shape]
    if not (missing or unexpected or differing):
        return
    if not (missing or unexpected) and (classes := class_counts(wanted, state, differing)):
        raise ModelError(
            f"{name} has {classes[0]:,} classes and the model {classes[1]:,} ({differing[0]})",
            f"Set model.args: {{num_classes: {classes[0]}}} for a data set of {classes[0]:,} classes, or use weights "
            f"trained for {classes[1]:,}.",
        )
    parts = [
        listing("missing in the file", missing),
        listing("unexpected in the file", unexpected),
        listing(
            "of another shape",
            [f"{key} {tuple(state[key].shape)} instead of {tuple(wanted[key].shape)}" for key in differing],
        ),
    ]
    share = len([key for key in wanted if key in state]) / max(len(wanted), 1)
    hint = "Hardly any key is the same: these are the weights of another architecture." if share < 0.1 else ""
    raise ModelError(
        f"{name} does not fit the model: " + "; ".join(part for part in parts if part),
        hint or "Check model.source, model.args and model.stem against how the weights were trained.",
    )


def class_counts(wanted: State, state: State, differing: list[str]) -> tuple[int, int] | None:
    """(classes in the file, classes in the model) when only the classifier's output size differs."""
    sizes = {(state[key].shape[:1], wanted[key].shape[:1]) for key in differing}
    layers = {key.rpartition(".")[0] for key in differing}
    inner_equal = all(state[key].shape[1:] == wanted[key].shape[1:] for key in differing)
    if len(sizes) != 1 or len(layers) != 1 or not inner_equal:
        return None
    ((file_shape, model_shape),) = sizes
    return (file_shape[0], model_shape[0]) if file_shape and model_shape else None


def listing(title: str, items: list[str]) -> str:
    """The count and the first few, or nothing."""
    if not items:
        return ""
    more = f", … and {len(items) - LISTED:,} more" if len(items) > LISTED else ""
    return f"{len(items):,} {title}: {', '.join(items[:LISTED])}{more}"
