"""Weights trained elsewhere, in the caches of torchvision and timm: where they lie, how they are fetched and read.

They are fetched and kept by the libraries' own means (`torch.hub`, `huggingface_hub`), and read without executing
anything.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import socket
import threading
import urllib.error
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from reportgen.errors import DataError, EnvironmentTrouble, ModelError, about
from reportgen.progress import Progress, Silent, Task
from reportgen.record.message import N_, Message

HASH = re.compile(r"-([0-9a-f]{8,64})\.\w+$")
"""The beginning of a file's sha256 in its name, as torch.hub has it."""
PROXIES = ("https_proxy", "all_proxy")
SILENCE = 30.0
"""Seconds."""


@dataclass(frozen=True)
class Pretrained:
    """One set of weights that a library knows."""

    name: str
    """As the library calls it."""
    url: str
    file: str
    """Name of the file in the library's cache."""
    folder: Path
    """Of that cache."""
    classes: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    size: int
    """Pixels of a side of the images they were evaluated with."""
    interpolation: str
    path: Path | None = None
    """Where the file lies; None where it is not in the cache."""
    hub: tuple[str, tuple[str, ...]] | None = None
    """(repository, file names to try) on Hugging Face; None for a file of `url`."""
    custom: bool = field(default=False)
    """Whether only the library's own code reads the file."""

    @property
    def beginning(self) -> str:
        """Of the file's sha256 as its name tells it; empty where it does not."""
        found = HASH.search(self.file)
        return found[1] if found else ""


@dataclass(frozen=True)
class Fetching:
    """How what is missing may be fetched."""

    offline: bool = False
    progress: Progress = field(default_factory=Silent)


def fetched(pretrained: Pretrained, fetching: Fetching) -> Path:
    """The file of the weights, fetched into the library's cache where it is not there yet.

    Raises DataError offline, without network and for other bytes than the file's name says; EnvironmentTrouble for a
    disk that is full.
    """
    if pretrained.path is not None:
        return pretrained.path
    with about("model.pretrained"):
        return fetch(pretrained, fetching)


def fetch(pretrained: Pretrained, fetching: Fetching) -> Path:
    """The file, fetched; raises what `fetched` does."""
    place = f"the weights {pretrained.name} ({pretrained.file}) are not in {pretrained.folder}"
    if fetching.offline:
        raise DataError(f"{place}, and --offline forbids fetching them", way_out(pretrained))
    try:
        with fetching.progress.stage("Fetch the weights", None, "bytes") as task, watched(pretrained.folder, task):
            return fetch_from_hub(pretrained) if pretrained.hub else fetch_from_url(pretrained)
    except OSError as error:
        if isinstance(error, PermissionError) or error.errno == errno.ENOSPC:
            raise EnvironmentTrouble(f"{place}, and can't be stored: {error.strerror}", "Free some space.") from error
        raise DataError(
            f"{place}, and can't be fetched: {type(error).__name__}: {first(error)}{say_route(error)}",
            way_out(pretrained),
        ) from error
    except (RuntimeError, ValueError) as error:  # torch.hub for another digest, huggingface_hub for its own reasons
        raise DataError(
            f"{place}, and can't be fetched: {first(error)}{say_route(error)}", way_out(pretrained)
        ) from error


def way_out(pretrained: Pretrained) -> str:
    """What to do where weights are missing and can't be fetched."""
    if pretrained.hub is None:
        get = f"Get {pretrained.url} and put it there (TORCH_HOME moves this cache)"
    else:
        get = (
            f"Run hf download {pretrained.hub[0]} {pretrained.file} on a machine that reaches {pretrained.url}, and "
            f"copy {pretrained.folder.name} from its cache to {pretrained.folder.parent} (HF_HOME moves this cache; "
            "HF_ENDPOINT names a mirror)"
        )
    return f"{get}, name a file in model.weights, or leave model.pretrained out."


def say_route(error: BaseException) -> str:
    """By which way of the environment a request went that failed before a server answered; never its value, which may
    hold a password."""
    if isinstance(error, urllib.error.HTTPError) or getattr(error, "response", None) is not None:
        return ""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE") and "Offline" in type(error).__name__:
        return " (the variable HF_HUB_OFFLINE forbids it)"
    names = [name for wanted in PROXIES for name in (wanted, wanted.upper()) if os.environ.get(name)]
    if names:
        return f" (through the proxy in the variable {names[0]}; NO_PROXY names hosts that need none)"
    return " (directly; HTTPS_PROXY names a proxy where the network needs one)"


def first(error: BaseException) -> str:
    """The first line of what an exception says."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def fetch_from_url(pretrained: Pretrained) -> Path:
    """Fetch with torch.hub, which checks the digest in the file's name."""
    pretrained.folder.mkdir(parents=True, exist_ok=True)
    path = pretrained.folder / pretrained.file
    with patience():
        torch.hub.download_url_to_file(pretrained.url, str(path), pretrained.beginning or None, progress=False)
    return path


@contextmanager
def patience() -> Iterator[None]:
    """Inside, a connection that says nothing for a while is given up; torch.hub would wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SILENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def fetch_from_hub(pretrained: Pretrained) -> Path:
    """Fetch with huggingface_hub, which checks sizes and digests itself; raises DataError."""
    import huggingface_hub
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError
    from huggingface_hub.utils.tqdm import disable_progress_bars

    assert pretrained.hub is not None
    disable_progress_bars()  # they would write over ours
    huggingface_hub.logging.set_verbosity_error()  # type: ignore[no-untyped-call] # and so would what is tried again
    repository, names = pretrained.hub
    for name in names:
        try:
            return Path(huggingface_hub.hf_hub_download(repository, name))
        except LocalEntryNotFoundError:
            raise  # there is no network: it does not say that there is no such file
        except EntryNotFoundError:
            continue
    raise DataError(f"{repository} has none of {', '.join(names)}", "Name a file in model.weights.")


@contextmanager
def watched(folder: Path, task: Task) -> Iterator[None]:
    """Tell the task how much has arrived: the growth of the cache folder, looked at twice a second."""
    done, begin = threading.Event(), size_of(folder)

    def watch() -> None:
        told = 0
        while not done.wait(0.5):
            now = max(0, size_of(folder) - begin)
            task.advance(now - told)
            told = now

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(5)


def size_of(folder: Path) -> int:
    """Bytes of the files in a folder, those under way included."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() and not path.is_symlink() else 0
        except OSError:
            continue
    return total


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by key, read without executing anything; raises ModelError."""
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # whatever a damaged or a hostile file makes of itself
        raise ModelError(
            f"{path.name} in its library's cache can't be read as weights: {first(error)[:200]}",
            "Delete it there, so that it is fetched again.",
        ) from error
    held = loaded.get("model", loaded.get("state_dict", loaded)) if isinstance(loaded, Mapping) else {}
    return {str(key): value for key, value in held.items() if isinstance(value, Tensor)}


def digest_of(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def weights_notes(pretrained: Pretrained, digest: str) -> tuple[Message, ...]:
    """Which weights they are, and whether the file is the one that its name says."""
    notes = [N_("The run began with the weights {name}, which were trained elsewhere.", name=pretrained.name)]
    if pretrained.beginning and not digest.startswith(pretrained.beginning):
        notes.append(
            N_(
                "The file {file} is not the published one: its SHA-256 begins with {found}, not with {expected}.",
                file=pretrained.file,
                found=digest[: len(pretrained.beginning)],
                expected=pretrained.beginning,
            )
        )
    return tuple(notes)
