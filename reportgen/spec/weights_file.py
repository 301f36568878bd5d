"""What shows of a file of weights before it is read."""

from __future__ import annotations

from pathlib import Path

from reportgen.errors import ModelError
from reportgen.system.files import is_shut_off
from reportgen.system.regular import describe_kind, is_something_else
from reportgen.text.suggest import nearest

SUFFIXES = (".safetensors", ".pt", ".pth", ".th", ".tar", ".ckpt", ".bin", ".pkl")
"""Of the files that are named where the right one is missing."""
PERMISSIONS = "Check the permissions of the file and of the folders above it."
POINTER = b"version https://git-lfs"


def check_weights_file(path: Path) -> None:
    """Raise ModelError for a file of weights that is not there, can't be one, or can't be read."""
    if is_shut_off(path):
        raise ModelError(f"the weights {path} can't be read: there is no permission to enter their folder", PERMISSIONS)
    if is_something_else(path):
        raise ModelError(f"the weights {path} are {describe_kind(path)}, not a file", "Name the file itself.")
    if path.is_symlink() and not path.is_file():
        raise ModelError(f"the weights {path} are a link to a file that is not there", "Name the file itself.")
    if not path.is_file():
        near = [item.name for item in path.parent.iterdir() if item.suffix in SUFFIXES] if path.parent.is_dir() else []
        hint = nearest(path.name, near) if near else ""
        raise ModelError(f"the weights {path} do not exist", f"model.weights is relative to the spec's folder. {hint}")
    try:
        with path.open("rb") as file:
            head = file.read(len(POINTER))
    except OSError as error:
        raise ModelError(f"the weights {path} can't be read: {error.strerror}", PERMISSIONS) from error
    if not head:
        raise ModelError(f"{path.name} is empty", "Save or copy the weights again.")
    if head == POINTER:
        raise ModelError(f"{path.name} is a Git LFS pointer, not the weights", "Fetch the file itself: git lfs pull.")
