"""Pickles read as descriptions: what they would make, what would be code, what is no pickle."""

from __future__ import annotations

import argparse
import datetime
import functools
import http
import io
import operator
import os
import pickle
import platform
import random
import re
import signal
import subprocess
import typing
from collections import Counter, OrderedDict, defaultdict, deque
from pathlib import Path
from typing import Any

import pytest

from reportgen.spec.inert_pickle import Made, Name, NotAPickle, entries_of, read_pickle

OPTIONAL: Any = typing.Optional
PLAIN = {
    "a": [1, -5, 2**70, 1.5, None, True],
    "b": (b"x", "é", {3, 4}, frozenset({5})),
    "c": {},
    7: ((), (1,), (1, 2, 3, 4)),
}


@pytest.mark.parametrize("protocol", range(6))
def test_plain_containers_come_back(protocol: int) -> None:
    assert read_pickle(io.BytesIO(pickle.dumps(PLAIN, protocol))).root == PLAIN


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "thing",
    [
        datetime.datetime(2026, 1, 1),
        Path("x"),
        argparse.Namespace(a=1),
        Counter("ab"),
        defaultdict(int, a=2),
        deque([1, 2], 5),
        OrderedDict(a=1),
        random.Random(0),
        ValueError("x"),
        range(3),
        http.HTTPStatus.OK,
        signal.SIGINT,
        re.IGNORECASE,
        platform.uname(),
        os.terminal_size((80, 24)),
        FileNotFoundError(2, "x"),
        list[int],
        int | None,
        OPTIONAL[int],
        operator.methodcaller("strip"),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_values_of_the_standard_library_are_no_code(thing: Any, protocol: int) -> None:
    found = read_pickle(io.BytesIO(pickle.dumps(thing, protocol)))
    assert isinstance(found.root, Made | Name)  # an enumeration's member by its name, as some versions of Python do
    assert found.code == ()


def test_entries_of_mappings_and_objects() -> None:
    for thing in (OrderedDict(a=1, b=2), defaultdict(int, a=1, b=2), argparse.Namespace(a=1, b=2)):
        assert entries_of(read_pickle(io.BytesIO(pickle.dumps(thing))).root) == {"a": 1, "b": 2}
    assert entries_of([5]) == {"0": 5}
    assert entries_of(3) is None


class Calls:
    def __init__(self, *what: Any) -> None:
        self.what = what

    def __reduce__(self) -> Any:
        return self.what


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    ("call", "name"),
    [
        (Calls(os.system, ("true",)), "posix.system"),
        (Calls(subprocess.Popen, ("true",)), "subprocess.Popen"),
        (Calls(eval, ("1",)), "builtins.eval"),
        (Calls(Path.touch, (Path("x"),)), "pathlib.Path.touch"),
        (Calls(operator.methodcaller("strip"), ("x",)), "what operator.methodcaller returns"),
    ],
)
def test_calls_of_functions_are_code(call: Calls, name: str, protocol: int) -> None:
    assert read_pickle(io.BytesIO(pickle.dumps({"deep": [call]}, protocol))).code == (name,)


def test_reducing_by_anything_but_a_union_is_code() -> None:
    for protocol, name in ((2, "builtins.reduce"), (4, "_functools.reduce")):
        joined = pickle.dumps(Calls(functools.reduce, (os.system, ["true", "true"])), protocol)
        assert read_pickle(io.BytesIO(joined)).code == (name,)


def test_a_name_alone_is_not_a_call() -> None:
    found = read_pickle(io.BytesIO(pickle.dumps(os.system)))
    assert (found.root, found.code) == (Name("posix", "system"), ())


def test_a_container_that_holds_itself() -> None:
    own: dict[str, Any] = {}
    own["own"] = own
    root = read_pickle(io.BytesIO(pickle.dumps(own))).root
    assert root["own"] is root


@pytest.mark.parametrize("cut", range(0, 60, 4))
def test_cut_pickles(cut: int) -> None:
    whole = pickle.dumps(PLAIN)
    with pytest.raises(NotAPickle):
        read_pickle(io.BytesIO(whole[: min(cut, len(whole) - 1)]))


@pytest.mark.parametrize(
    "data",
    [b"\x80\x02.", b"\x80\x020.", b"\x80\x02}(K\x01u.", b"\x80\x02K\x01K\x01b.", b"\x80\x02K\x01]K\x01sN.", b"t."],
)
def test_pickles_that_make_no_sense(data: bytes) -> None:
    with pytest.raises(NotAPickle):
        read_pickle(io.BytesIO(data))


def test_damage_raises_nothing_else() -> None:
    whole, noise = pickle.dumps([PLAIN, argparse.Namespace(a=1), OrderedDict(a=[1])]), random.Random(3)
    for _ in range(2000):
        data = bytearray(whole)
        for _place in range(noise.randint(1, 4)):
            data[noise.randrange(len(data))] = noise.randrange(256)
        try:
            read_pickle(io.BytesIO(bytes(data)))
        except NotAPickle:
            continue
