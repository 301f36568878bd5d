"""What shows of a file of weights before it is read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from reportgen.errors import ModelError
from reportgen.spec.foreign_weights import AGAIN, JOBLIB, no_weights, refuse_foreign
from reportgen.system.files import is_shut_off
from reportgen.system.regular import describe_kind, is_something_else
from reportgen.system.shards import INDEX_ENDING
from reportgen.text.suggest import nearest

SUFFIXES = (".safetensors", ".pt", ".pth", ".th", ".tar", ".ckpt", ".bin", ".pkl")
"""Of the files that are named where the right one is missing."""
PERMISSIONS = "Check the permissions of the file and of the folders above it."
HEAD = 1024
"""Bytes by which the kind of a file is known."""
READ = f"Read what it says. {AGAIN}"
MOST_HEADER = 100_000_000
"""Bytes of a header of safetensors; the library allows no more."""


def check_weights_file(path: Path) -> None:
    """Raise ModelError for a file of weights that is not there, can't be one, or can't be read."""
    if is_shut_off(path):
        raise ModelError(f"the weights {path} can't be read: there is no permission to enter their folder", PERMISSIONS)
    if is_something_else(path):
        hint = hint_for_folder(path) if path.is_dir() else "Name the file itself."
        raise ModelError(f"the weights {path} are {describe_kind(path)}, not a file", hint)
    if path.is_symlink() and not path.is_file():
        raise ModelError(f"the weights {path} are a link to a file that is not there", "Name the file itself.")
    if not path.is_file():
        near = [item.name for item in path.parent.iterdir() if item.suffix in SUFFIXES] if path.parent.is_dir() else []
        hint = nearest(path.name, near) if near else ""
        raise ModelError(f"the weights {path} do not exist", f"model.weights is relative to the spec's folder. {hint}")
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise ModelError(f"the weights {path} can't be read: {error.strerror}", PERMISSIONS) from error
    check_beginning(path, head)


def hint_for_folder(path: Path) -> str:
    """Which files of a folder could be meant."""
    with suppress(OSError):
        names = sorted(entry.name for entry in path.iterdir())
        if ".metadata" in names and any(name.endswith(".distcp") for name in names):
            return (
                "It is a distributed checkpoint; make one file of it with "
                "torch.distributed.checkpoint.format_utils.dcp_to_torch_save."
            )
        found = [name for name in names if name.endswith(".index.json")]
        found = found or [name for name in names if Path(name).suffix in SUFFIXES]
        if found:
            return f"Name a file in it: {', '.join(found[:3])}."
    return "Name a file in it."


def check_beginning(path: Path, head: bytes) -> None:
    """Raise ModelError for a file that begins as no kind of weights does."""
    if is_pickle(head) and JOBLIB in head:
        raise no_weights(path.name, "it is a file of joblib", "Load it with joblib and save tensors with torch.save.")
    if head.startswith(b"PK") or is_safetensors(head) or is_pickle(head):
        return
    refuse_foreign(path, head)
    if not (is_shards(path, head) or path.suffix == ".safetensors" or is_old_pickle(head)):
        if is_text(head):
            raise no_weights(path.name, "it is text, such as a message or a pointer to the file", READ)
        raise no_weights(path.name, "its first bytes are not those of any known kind of weights")
    if path.suffix != INDEX_ENDING and is_shards(path, head):
        raise no_weights(path.name, "it is JSON, such as a message or a configuration", READ)


def is_text(head: bytes) -> bool:
    """Whether the first bytes of a file are words: those of UTF-8 and nothing that can't be shown."""
    text = head.decode("utf-8-sig", "ignore")
    whole = len(text.encode()) > len(head) - 8  # the last character may be cut, and the first be a mark
    return whole and len(text) > 8 and all(sign.isprintable() or sign.isspace() for sign in text)


def is_safetensors(head: bytes) -> bool:
    """Whether a file begins with the length of a header, and a header."""
    return len(head) > 8 and int.from_bytes(head[:8], "little") < MOST_HEADER and head[8:9] == b"{"


def is_pickle(head: bytes) -> bool:
    """Whether a file begins as pickles of the protocols 1 to 5 do."""
    return head[:1] == b"\x80" and head[1:2] <= b"\x05" and len(head) > 2


def is_old_pickle(head: bytes) -> bool:
    """Whether a file may be a pickle of protocol 0, which is text."""
    return head[:1] in (b"(", b"c", b"]", b"}") and b"\n" in head


def is_shards(path: Path, head: bytes) -> bool:
    """Whether a file may be the JSON that lists the files of weights in several."""
    return head.lstrip()[:1] == b"{" or path.name.endswith(".index.json")
