"""Whether a file of weights is whole and holds no code, as far as that shows without torch and without its values."""

from __future__ import annotations

import errno
import io
import json
import lzma
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

from reportgen.errors import ModelError
from reportgen.spec.foreign_weights import ALONE, refuse_archive
from reportgen.spec.inert_pickle import TooLong, entries_of, read_pickle
from reportgen.spec.weights_file import check_weights_file, is_pickle, is_safetensors, is_shards
from reportgen.system.shards import BadIndex, read_index

OF_OPTIMIZER = frozenset({"state", "param_groups"})
"""Keys of the state of an optimizer, whose tensors have the shapes of the weights."""
MAGIC = 0x1950A86A20F9469CFC6C
"""The first pickle of a file that torch.save wrote before 1.6, or writes without its zip form."""
FOLLOWING = 3
"""Pickles behind it whose last is the weights' own: a version, the machine, the weights."""
HEAD = 1024
MOST_GROWTH = 20
"""An archive whose parts have more than so many times its own bytes is not unpacked only to be checked."""
MOST_PICKLE = 100_000_000
"""Bytes of the pickle of such an archive, which is read all the same."""
DAMAGE = (
    *(ValueError, TypeError, OverflowError, EOFError, RuntimeError),  # also a compression not known, or a password
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
)
"""What Python's readers raise for a file that contradicts itself."""


def check_weights_contents(path: Path) -> None:
    """Raise ModelError for a file of weights that is damaged, of another kind inside, or holds code."""
    check_weights_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
            file.seek(0)
            check_by_kind(path, head, file)
    except TooLong as error:
        raise ModelError(
            f"{path.name} is not read to its end: {error}, which is more than weights need", ALONE
        ) from error
    except DAMAGE as error:
        raise damaged(path.name, error) from error
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # of the disk; bz2 gives no number, a place before the file this
            raise
        raise damaged(path.name, error) from error


def check_by_kind(path: Path, head: bytes, file: IO[bytes]) -> None:
    """The same of an opened file that begins with `head`; raises what its kind's reader does."""
    if head.startswith(b"PK"):
        check_zip(path, file)
    elif is_safetensors(head):
        check_header(path, file)
    elif not is_pickle(head) and is_shards(path, head):
        check_shards(path)
    elif is_pickle(head) or path.suffix != ".safetensors":
        check_stream(path, file)
    else:
        raise damaged(path.name, ValueError("its header is not one of safetensors"))


def check_zip(path: Path, file: IO[bytes]) -> None:
    """What torch.save wrote: its parts are whole, and what it would make are values."""
    with zipfile.ZipFile(file) as archive:
        members = archive.namelist()
        refuse_archive(path.name, members)
        pickled = next(member for member in members if member.partition("/")[2] == "data.pkl" or member == "data.pkl")
        parts, info = archive.infolist(), archive.getinfo(pickled)
        checked = any(part.CRC for part in parts)  # torch.save can leave the checksums out
        close = sum(part.file_size for part in parts) > MOST_GROWTH * path.stat().st_size
        if close and info.file_size > MOST_PICKLE:
            raise ModelError(
                f"{path.name} can't be checked for code: its {pickled} unpacks to {info.file_size:,} bytes", ALONE
            )
        if checked and not close and (bad := archive.testzip()):  # all of what is packed closely could take for ever
            raise damaged(path.name, ValueError(f"{bad} does not have its checksum"))
        if not checked:
            info.CRC = None  # type: ignore[assignment]  # which zipfile takes for one that is not known
        refuse_pickle(path.name, io.BytesIO(archive.read(info)))


def check_header(path: Path, file: IO[bytes]) -> None:
    """A .safetensors file: the header is JSON, and the tensors that it names fill the file."""
    size = path.stat().st_size
    length = int.from_bytes(file.read(8), "little")
    try:
        if 8 + length > size:
            raise ValueError(f"its header has {length:,} bytes, and the file {size:,}")
        header = json.loads(file.read(length))
        ends = [part["data_offsets"][1] for name, part in header.items() if name != "__metadata__"]
        whole = 8 + length + max(ends, default=0)
        if whole != size:
            raise ValueError(f"its header asks for {whole:,} bytes, and the file has {size:,}")
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise damaged(path.name, error) from error


def check_shards(path: Path) -> None:
    """The index of a sharded checkpoint: the files that it names are there and are weights."""
    try:
        files = read_index(path)
    except BadIndex as error:
        raise ModelError(str(error), "The index of a sharded checkpoint names each tensor's file.") from error
    for shard in files:
        check_weights_contents(shard)


def check_stream(path: Path, file: IO[bytes]) -> None:
    """What torch.save wrote without its zip form, or what Python's pickle wrote: what it would make are values."""
    root = refuse_pickle(path.name, file)
    if root == MAGIC:
        for _ in range(FOLLOWING):
            refuse_pickle(path.name, file)


def refuse_pickle(name: str, file: IO[bytes]) -> Any:
    """What a pickle would make; raises ModelError where that is more than values, or the state of an optimizer."""
    found = read_pickle(file)
    refuse_code(name, found.code)
    if (entries_of(found.root) or {}).keys() >= OF_OPTIMIZER:
        raise only_optimizer(name)
    return found.root


def damaged(name: str, error: BaseException) -> ModelError:
    """The error for a file that began as weights do and whose parts are missing or contradict each other."""
    return ModelError(
        f"{name} is damaged or cut short ({str(error)[:200] or type(error).__name__})",
        "Copy or save the file again and compare its size.",
    )


def refuse_code(name: str, code: tuple[str, ...]) -> None:
    """Raise ModelError where a pickle would call more than what makes values."""
    if code:
        raise ModelError(
            f"{name} holds code: unpickled as Python does, it would call {', '.join(code[:3])}. Nothing was executed",
            f"Use weights from a source that you trust. {ALONE}",
        )


def only_optimizer(name: str) -> ModelError:
    """The error for a file without weights."""
    return ModelError(
        f"{name} holds the state of an optimizer, and no weights",
        "Name the file that was saved with the model's state_dict().",
    )
