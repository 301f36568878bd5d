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

from reportgen.spec.inert_pickle import MOST_NAMES, SHOWN, Made, Name, NotAPickle, entries_of, read_pickle

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


LEVELS = 60
"""More than Python could hash: a pair of pairs of pairs has 2**60 parts."""
GETATTR = b"cbuiltins\ngetattr\n"


@pytest.mark.parametrize(
    "key",
    [
        b"N" + b"\x85" * 2_000,
        b"N" + b"2\x86" * LEVELS,
        b"N" + b"2\x86Q" * LEVELS,
        b"(" + b"N" * 1_001 + b"t",
    ],
    ids=["deep", "wide", "references", "many"],
)
@pytest.mark.parametrize("put", [b"}%bNs.", b"(%bNd.", b"\x8f(%b\x90.", b"(%b\x91.", b"cbuiltins\nset\n(%blp0\n\x85R."])
def test_a_key_that_python_could_not_hash_is_refused(key: bytes, put: bytes) -> None:
    with pytest.raises(NotAPickle, match="a key has more than 50 levels or 1,000 parts"):
        read_pickle(io.BytesIO(b"\x80\x04" + put % key))


def test_keys_that_programs_write_are_read() -> None:
    key = tuple((str(place), frozenset({place})) for place in range(200))
    assert read_pickle(io.BytesIO(pickle.dumps({key: {key}}))).root == {key: {key}}


def test_a_set_that_compares_for_ever_is_refused() -> None:
    grown = b"N" + b"q\x000(h\x00h\x00\x85\x91" * LEVELS
    with pytest.raises(NotAPickle, match="a key has more than"):
        read_pickle(io.BytesIO(b"\x80\x04" + grown + b"."))


def test_an_ordered_dict_of_unhashable_keys_is_refused() -> None:
    pairs = b"\x80\x02ccollections\nOrderedDict\n](%bN\x86e\x85R."
    with pytest.raises(NotAPickle, match="unhashable"):
        read_pickle(io.BytesIO(pairs % b"]"))
    with pytest.raises(NotAPickle, match="a key has more than"):
        read_pickle(io.BytesIO(pairs % (b"N" + b"\x85" * 2_000)))
    assert entries_of(read_pickle(io.BytesIO(pairs % b"X\x01\x00\x00\x00a")).root) == {"a": None}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (GETATTR + b"cos\npath\nN\x86R.", "the name of an attribute is not a text"),
        (GETATTR + b"cos\npath\nX\xd0\x07\x00\x00" + b"a" * 2000 + b"\x86R.", "too long"),
        (b"cos\n" + b"a" * 2000 + b"\n.", "a name has more than 1,000 characters"),
        (b"cos\npath\nq\x00" + 60 * (b"0" + GETATTR + b"h\x00X\x01\x00\x00\x00a\x86Rq\x00") + b".", "50 deep"),
        (b"cos\nsystem\nq\x00" + 60 * b"0X\x06\x00\x00\x00moduleh\x00\x86Qq\x00" + b")R.", "more than 50 deep"),
    ],
    ids=["no text", "long attribute", "long name", "attributes", "references"],
)
def test_names_that_could_not_be_shown_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(NotAPickle, match=message):
        read_pickle(io.BytesIO(b"\x80\x02" + data))


def test_few_names_of_calls_are_kept_and_each_is_cut() -> None:
    calls = b"".join(b"cos\n%b%d\n)R0" % (b"a" * 900, number) for number in range(20))
    short = b"".join(b"cos\na%d\n)R0" % number for number in range(20))
    assert read_pickle(io.BytesIO(b"\x80\x02" + calls + b"N.")).code == (f"os.{'a' * 900}"[:SHOWN],)
    assert read_pickle(io.BytesIO(b"\x80\x02" + short + b"N.")).code == tuple(f"os.a{n}" for n in range(MOST_NAMES))


@pytest.mark.parametrize(
    ("name", "code"),
    [("pipeline.config Config", ()), ("pip main", ("pip.main",)), ("pip._internal main", ("pip._internal.main",))],
)
def test_modules_that_reach_code_are_whole_names(name: str, code: tuple[str, ...]) -> None:
    data = b"\x80\x02c%b\n)R." % name.replace(" ", "\n").encode()
    assert read_pickle(io.BytesIO(data)).code == code
