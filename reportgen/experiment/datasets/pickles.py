"""Reads pickles as the CIFAR files are: lists, dictionaries, text, numbers and arrays of bytes.

Nothing a file names is ever called or made, and no object is given a state that the file chose: numpy's own classes
trust theirs, and a data type whose state lies makes the process follow any pointer. So a file is read instruction by
instruction, and what stands for an array is checked before numpy sees its bytes.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMPY_MODULES = ("numpy.core", "numpy._core")
ARRAY, TYPE, ENCODE = ("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")
RECONSTRUCT = {(f"{module}.multiarray", "_reconstruct") for module in NUMPY_MODULES}
FROM_BUFFER = {(f"{module}.numeric", "_frombuffer") for module in NUMPY_MODULES}
NAMES = {ARRAY, TYPE, ENCODE, *RECONSTRUCT, *FROM_BUFFER}
"""All that the published files name, and what Python 3 and later versions of numpy write in its place."""
STATE_OF_BYTES = (3, "|", None, None, None, -1, -1, 0)
"""Of numpy's uint8: version, byte order, no parts, no names, no fields, no size or alignment of its own, no flags."""
WHOLE_NUMBERS = {"INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1"}
TEXTS = {"BINSTRING", "SHORT_BINSTRING", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
BYTES = {"BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
VALUES = {*WHOLE_NUMBERS, *TEXTS, *BYTES, "BINFLOAT"}
"""The instructions whose argument is the value."""
MARK = object()


class ByteType:
    """Stands for numpy's uint8, the only type there is."""


class ByteArray:
    """Stands for an array until its bytes are known."""

    def __init__(self) -> None:
        self.values: NDArray[np.uint8] | None = None

    def fill(self, shape: Any, kind: Any, data: Any) -> None:
        """Take the bytes where they are as many as the shape says; raises ValueError."""
        if not isinstance(kind, ByteType):
            raise ValueError("it holds an array that is not of bytes")
        if not isinstance(shape, tuple) or not all(type(size) is int and size >= 0 for size in shape):
            raise ValueError("the shape of an array is no row of numbers")
        content = data.encode("latin-1") if isinstance(data, str) else data
        if not isinstance(content, bytes | bytearray) or len(content) != prod(shape):
            raise ValueError("an array has another length than its shape says")
        self.values = np.frombuffer(content, np.uint8).reshape(shape)


class PickleMachine:
    """Carries out the instructions of one pickle."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.act: dict[str, Callable[[Any], None]] = {
            "MARK": lambda _: self.stack.append(MARK),
            "NONE": lambda _: self.stack.append(None),
            "NEWTRUE": lambda _: self.stack.append(True),
            "NEWFALSE": lambda _: self.stack.append(False),
            "EMPTY_LIST": lambda _: self.stack.append([]),
            "EMPTY_DICT": lambda _: self.stack.append({}),
            "EMPTY_TUPLE": lambda _: self.stack.append(()),
            "TUPLE1": lambda _: self.tuple_of(1),
            "TUPLE2": lambda _: self.tuple_of(2),
            "TUPLE3": lambda _: self.tuple_of(3),
            "TUPLE": lambda _: self.stack.append(tuple(self.marked())),
            "LIST": lambda _: self.stack.append(self.marked()),
            "APPEND": lambda _: self.extend([self.stack.pop()]),
            "APPENDS": lambda _: self.extend(self.marked()),
            "SETITEM": lambda _: self.update([self.stack.pop(-2), self.stack.pop()]),
            "SETITEMS": lambda _: self.update(self.marked()),
            "DICT": lambda _: self.new_dict(self.marked()),
            "GLOBAL": lambda both: self.name(*str(both).split(" ", 1)),
            "STACK_GLOBAL": lambda _: self.name(self.stack.pop(-2), self.stack.pop()),
            "REDUCE": lambda _: self.make(self.stack.pop(-2), self.stack.pop()),
            "BUILD": lambda _: self.build(self.stack[-2], self.stack.pop()),
            "MEMOIZE": lambda _: self.memo.__setitem__(len(self.memo), self.stack[-1]),
        }
        for put in ("PUT", "BINPUT", "LONG_BINPUT"):
            self.act[put] = lambda key: self.memo.__setitem__(key, self.stack[-1])
        for get in ("GET", "BINGET", "LONG_BINGET"):
            self.act[get] = lambda key: self.stack.append(self.memo[key])
        for nothing in ("PROTO", "FRAME", "STOP"):
            self.act[nothing] = lambda _: None

    def run(self, content: bytes) -> Any:
        """What the pickle holds. Raises ValueError, or an error of whatever an instruction lacks."""
        for operation, argument, _ in pickletools.genops(content):
            if operation.name in VALUES:
                self.stack.append(argument)
            elif operation.name in self.act:
                self.act[operation.name](argument)
            else:
                raise ValueError(f"it uses the instruction {operation.name}")
        return self.stack.pop()

    def marked(self) -> list[Any]:
        """What lies above the last mark, which goes too."""
        place = next(row for row in range(len(self.stack) - 1, -1, -1) if self.stack[row] is MARK)
        found = self.stack[place + 1 :]
        del self.stack[place:]
        return found

    def tuple_of(self, size: int) -> None:
        """Put the last values together."""
        self.stack[-size:] = [tuple(self.stack[-size:])]

    def extend(self, items: list[Any]) -> None:
        """Into the list below."""
        if not isinstance(self.stack[-1], list):
            raise ValueError("it appends to what is no list")
        self.stack[-1].extend(items)

    def update(self, items: list[Any]) -> None:
        """Keys and values in turn into the dictionary below."""
        if not isinstance(self.stack[-1], dict):
            raise ValueError("it sets items of what is no dictionary")
        self.stack[-1].update(zip(items[::2], items[1::2], strict=True))

    def new_dict(self, items: list[Any]) -> None:
        """A dictionary of keys and values in turn."""
        self.stack.append({})
        self.update(items)

    def name(self, module: Any, name: Any) -> None:
        """One of the names that such files may hold; it stays a name."""
        if (module, name) not in NAMES:
            raise ValueError(f"it names {module}.{name}")
        self.stack.append((module, name))

    def make(self, name: Any, given: Any) -> None:
        """What a call would make: the stand-in for an array or its type, or bytes that were written as text."""
        if name in RECONSTRUCT and given[0] == ARRAY:
            self.stack.append(ByteArray())
        elif name == TYPE and plain(given[0]) == "u1":
            self.stack.append(ByteType())
        elif name == TYPE:
            raise ValueError(f"it holds numbers of the type {str(plain(given[0]))[:20]}, not bytes")
        elif name == ENCODE and given[1] == "latin1" and isinstance(given[0], str):
            self.stack.append(given[0].encode("latin-1"))
        elif name in FROM_BUFFER and given[3] == "C":
            array = ByteArray()
            array.fill(given[2], given[1], given[0])
            self.stack.append(array)
        else:
            raise ValueError("it makes what no array is made of")

    def build(self, target: Any, state: Any) -> None:
        """The state of a stand-in, if it is that of bytes."""
        if isinstance(target, ByteType):
            if not isinstance(state, tuple) or tuple(map(plain, state)) != STATE_OF_BYTES:
                raise ValueError("it holds a type of its own making")
        elif isinstance(target, ByteArray) and isinstance(state, tuple) and len(state) == 5 and not state[3]:
            target.fill(state[1], state[2], state[4])
        else:
            raise ValueError("it gives a state to what has none")


def plain(value: Any) -> Any:
    """Bytes as text, since Python 2 wrote all text as bytes; anything else as it is."""
    return value.decode("latin-1") if isinstance(value, bytes) else value


def read_pickle(content: bytes) -> dict[str, Any]:
    """A dictionary by text, its arrays as uint8 arrays; raises ValueError that says what is wrong."""
    try:
        found = PickleMachine().run(content)
    except (IndexError, KeyError, StopIteration, TypeError, AttributeError, UnicodeError) as error:
        raise ValueError(f"it is no whole pickle ({type(error).__name__})") from error
    if not isinstance(found, dict):
        raise ValueError(f"it holds a {type(found).__name__} and no dictionary")
    return {str(plain(key)): value.values if isinstance(value, ByteArray) else value for key, value in found.items()}
