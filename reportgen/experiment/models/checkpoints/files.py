"""What a file of weights holds, told by its content and not by its ending; nothing in it is executed."""

from __future__ import annotations

import io
import mmap
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import torch

from reportgen.errors import EnvironmentTrouble, ModelError
from reportgen.experiment.models.checkpoints.stored import STORAGES, Damaged, Source, Stored
from reportgen.spec.foreign_weights import ALONE, refuse_archive
from reportgen.spec.inert_pickle import (
    Made,
    NotAPickle,
    Reference,
    entries_of,
    find_dotted_name,
    read_pickle,
)
from reportgen.spec.weights_contents import MAGIC, damaged, refuse_code
from reportgen.spec.weights_file import check_beginning, hint_for_folder, is_pickle, is_safetensors, is_shards
from reportgen.system.shards import BadIndex, read_map

HEAD = 1024
LOCAL_HEADER = 30
"""Bytes of a zip member's own header before its name."""


@dataclass(frozen=True)
class Contents:
    """What a file holds: a tree of containers, at its ends tensors, as `Stored` or as what a pickle says of them."""

    root: Any
    source: Source


class NoStorages:
    """Where a file has no storages of its own."""

    big_endian = False

    def read(self, key: str, start: int, count: int) -> bytes:
        """Nothing."""
        raise Damaged(f"the storage {key}, {count} bytes from {start} on, is missing")

    def nested(self, data: bytes) -> tuple[Any, Source]:
        """The storage of a file within the file."""
        file = io.BytesIO(data)
        try:
            if read_pickle(file).root != MAGIC:
                raise Damaged("a storage within the file is not one")
            root, source, _code = read_legacy(file)
        except NotAPickle as error:
            raise Damaged(str(error)) from error
        if not isinstance(root, Reference):
            raise Damaged("a storage within the file is not one")
        return root, source


def read_contents(path: Path) -> Contents:
    """What the file at this path holds.

    Raises ModelError when it is missing, damaged, of another kind or holds code, EnvironmentTrouble when it may not be
    read.
    """
    check_regular(path)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
            return reader_of(path, head)(path, file)
    except (NotAPickle, Damaged, EOFError, struct.error, zipfile.BadZipFile, zlib.error) as error:
        raise damaged(path.name, error) from error
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> EnvironmentTrouble:
    """The error for a file that the system does not let us read."""
    return EnvironmentTrouble(
        f"the weights {path} can't be read: {error.strerror or error}", "Check its permissions: ls -l shows them."
    )


def check_regular(path: Path) -> None:
    """Raise ModelError unless there is a file at this path: no folder, device or pipe, which may never end."""
    try:
        mode = path.stat().st_mode
    except PermissionError as error:
        raise unreadable(path, error) from error
    except (OSError, ValueError) as error:
        raise ModelError(
            f"the weights {shortened(path)} do not exist", "model.weights is relative to the spec's folder."
        ) from error
    if stat.S_ISDIR(mode):
        raise ModelError(f"the weights {path} are a folder", hint_for_folder(path))
    if not stat.S_ISREG(mode):
        raise ModelError(f"the weights {path} are a device or a pipe, not a file", "Name a file in model.weights.")


def shortened(path: Path) -> str:
    """The path, without the middle of one that nobody could read."""
    text = str(path)
    return text if len(text) <= 300 else f"{text[:140]} … {text[-140:]}"


def reader_of(path: Path, head: bytes) -> Callable[[Path, IO[bytes]], Contents]:
    """What reads a file that begins like this; raises ModelError for one that is not of weights."""
    check_beginning(path, head)
    if head.startswith(b"PK"):
        return read_zip
    if is_safetensors(head):
        return read_safetensors
    if is_pickle(head):
        return read_stream
    if is_shards(path, head):
        return read_shards
    if path.suffix == ".safetensors":
        raise Damaged("its header is not one of safetensors")
    return read_stream


def read_safetensors(path: Path, file: IO[bytes]) -> Contents:
    """The tensors of a .safetensors file. Raises Damaged for whatever keeps them from being read."""
    from safetensors import SafetensorError, safe_open

    del file
    try:
        opened = safe_open(path, "pt")
        found = {name: lazily(opened, name) for name in names_in(opened)}
    except (SafetensorError, KeyError) as error:
        raise Damaged(f"{type(error).__name__}: {error}") from error
    return Contents(found, NoStorages())


def names_in(opened: Any) -> list[str]:
    """The names of the tensors of an opened .safetensors file."""
    return list(opened.keys())


def lazily(opened: Any, name: str) -> Stored:
    """One tensor of an opened .safetensors file."""
    part = opened.get_slice(name)
    shape = tuple(part.get_shape())
    kind = opened.get_tensor(name).dtype if not shape else part[:0].dtype
    return Stored(shape, kind, lambda: opened.get_tensor(name))


def read_shards(path: Path, file: IO[bytes]) -> Contents:
    """The tensors of all files that an index names, as one; raises ModelError."""
    del file
    try:
        names = read_map(path)
    except BadIndex as error:
        raise ModelError(str(error), "The index of a sharded checkpoint names each tensor's file.") from error
    found: dict[str, Any] = {}
    for shard in sorted(set(names.values())):
        held = flat(read_contents(path.parent / shard), shard)
        found.update({key: part for key, part in held.items() if names.get(key, shard) == shard})
    return Contents(found, NoStorages())


def flat(contents: Contents, name: str) -> Mapping[str, Any]:
    """The tensors of one shard by name; raises ModelError."""
    from reportgen.experiment.models.checkpoints.stored import stored_tensor

    entries = entries_of(contents.root) or {}
    found = {
        str(key): part if isinstance(part, Stored) else stored_tensor(part, contents.source)
        for key, part in entries.items()
    }
    kept = {key: part for key, part in found.items() if part is not None}
    if not kept:
        raise ModelError(f"{name}, a shard, holds no tensors", ALONE)
    return kept


def read_stream(path: Path, file: IO[bytes]) -> Contents:
    """What torch.save wrote without its zip form, or what Python's pickle wrote."""
    file.seek(0)
    first = read_pickle(file)
    if first.root != MAGIC:
        refuse_code(path.name, first.code)
        return Contents(first.root, NoStorages())
    root, source, code = read_legacy(file)
    refuse_code(path.name, code)
    return Contents(root, source)


class LegacyStorages(NoStorages):
    """Storages that follow the pickle, each behind its number of values."""

    def __init__(
        self, file: IO[bytes], kinds: Mapping[str, tuple[int, int]], keys: list[str], big_endian: bool
    ) -> None:
        self.big_endian = big_endian
        self.parts: dict[str, memoryview] = {}
        data = memoryview(mapped(file))
        place = file.tell()
        for key in keys:
            (count,) = struct.unpack(">q" if big_endian else "<q", data[place : place + 8])
            width, declared = kinds.get(key, (1, count))
            if count != declared or place + 8 + count * width > len(data):
                raise Damaged(f"the storage {key} is not whole")
            self.parts[key] = data[place + 8 : place + 8 + count * width]
            place += 8 + count * width

    def read(self, key: str, start: int, count: int) -> bytes:
        """The bytes of a storage."""
        part = self.parts.get(key, memoryview(b""))[start : start + count]
        if len(part) != count:
            raise Damaged(f"the storage {key} is not whole")
        return bytes(part)


def mapped(file: IO[bytes]) -> Any:
    """The bytes of a file, read from the disk when they are used."""
    if isinstance(file, io.BytesIO):
        return file.getvalue()
    return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def read_legacy(file: IO[bytes]) -> tuple[Any, Source, tuple[str, ...]]:
    """What follows the magic number: version, machine, the pickle, the storages' keys and bytes. Raises Damaged."""
    version, machine = read_pickle(file).root, read_pickle(file).root
    if version != 1001 or not isinstance(machine, dict):
        raise Damaged(f"its version {version} is not known")
    found, keys = read_pickle(file), read_pickle(file).root
    if not isinstance(keys, list):
        raise Damaged("its list of storages is missing")
    kinds = {}
    for reference in references(found.root):
        key, kind, numel = (
            str(reference.id[2]),
            STORAGES.get(find_dotted_name(reference.id[1]).rpartition(".")[2]),
            reference.id[4],
        )
        if kind is not None and isinstance(numel, int):
            kinds[key] = (torch.empty(0, dtype=kind).element_size(), numel)
    big_endian = machine.get("little_endian") is False
    return found.root, LegacyStorages(file, kinds, [str(key) for key in keys], big_endian), found.code


def references(root: Any) -> list[Reference]:
    """Every storage that a pickle refers to."""
    found, seen, waiting = [], set(), [root]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, Reference) and isinstance(thing.id, tuple) and len(thing.id) > 4:
            found.append(thing)
        elif isinstance(thing, Made):
            waiting += [thing.call, *thing.args, thing.state, *thing.items, *thing.entries.values()]
        elif isinstance(thing, dict):
            waiting += thing.values()
        elif isinstance(thing, list | tuple | set | frozenset):
            waiting += thing
    return found


class ZipStorages(NoStorages):
    """Storages that are members of a zip archive."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, root: str) -> None:
        self.path, self.root = path, root
        self.members = {info.filename: info for info in archive.infolist()}
        self.checked = any(info.CRC for info in archive.infolist())  # torch.save can leave the checksums out
        self.good: set[str] = set()
        order = self.members.get(f"{root}byteorder")
        self.big_endian = order is not None and self.member(order, 0, order.file_size) == b"big"

    def read(self, key: str, start: int, count: int) -> bytes:
        """The bytes of a storage, its checksum compared once."""
        info = self.members.get(f"{self.root}data/{key}")
        if info is None or start + count > info.file_size:
            raise Damaged(f"the storage {key} is missing or not whole")
        return self.member(info, start, count)

    def member(self, info: zipfile.ZipInfo, start: int, count: int) -> bytes:
        """Bytes of a member; raises Damaged where they are not those that were written."""
        if info.compress_type != zipfile.ZIP_STORED:
            with zipfile.ZipFile(self.path) as archive, archive.open(info) as opened:
                opened.seek(start)
                return opened.read(count)
        with self.path.open("rb") as file:
            file.seek(info.header_offset)
            header = file.read(LOCAL_HEADER)
            if len(header) < LOCAL_HEADER or header[:4] != b"PK\x03\x04":
                raise Damaged(f"{info.filename} is not where the archive's index says")
            name_length, extra_length = struct.unpack("<HH", header[26:30])
            begin = info.header_offset + LOCAL_HEADER + name_length + extra_length
            self.check(file, begin, info)
            file.seek(begin + start)
            data = file.read(count)
        if len(data) != count:
            raise Damaged(f"{info.filename} is not whole")
        return data

    def check(self, file: IO[bytes], begin: int, info: zipfile.ZipInfo) -> None:
        """Raise Damaged where a storage's bytes don't have its checksum."""
        if not self.checked or info.filename in self.good:
            return
        file.seek(begin)
        left, found = info.file_size, 0
        while left > 0 and (block := file.read(min(left, 1 << 24))):
            found, left = zlib.crc32(block, found), left - len(block)
        if left or found != info.CRC:
            raise Damaged(f"{info.filename} does not have its checksum")
        self.good.add(info.filename)


def read_zip(path: Path, file: IO[bytes]) -> Contents:
    """What torch.save wrote."""
    with zipfile.ZipFile(file) as archive:
        members = archive.namelist()
        refuse_archive(path.name, members)
        pickled = next(member for member in members if member.partition("/")[2] == "data.pkl" or member == "data.pkl")
        storages = ZipStorages(path, archive, pickled.removesuffix("data.pkl"))
    info = storages.members[pickled]
    found = read_pickle(io.BytesIO(storages.member(info, 0, info.file_size)))
    refuse_code(path.name, found.code)
    return Contents(found.root, storages)
