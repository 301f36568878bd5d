"""The reader of pickles: all that CIFAR files hold, and nothing that a file could do with more."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.experiment.datasets.pickles import read_pickle
from tests.experiment.datasets.batches import batch, pickled

PIXELS = np.arange(12, dtype=np.uint8).reshape(2, 6)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("text", [bytes, str])
def test_what_python_3_writes_is_read_whatever_its_protocol(protocol: int, text: type) -> None:
    key = b"data" if text is bytes else "data"
    found = read_pickle(
        pickle.dumps({key: PIXELS, "labels": [3, 300, 70_000, -1], "more": (1.5, None, True)}, protocol)
    )
    assert (found["data"] == PIXELS).all()
    assert found["data"].dtype == np.uint8
    assert (found["labels"], found["more"]) == ([3, 300, 70_000, -1], (1.5, None, True))


def test_the_python_2_form_of_the_published_files_is_read() -> None:
    data = b"abcdef"
    content = (
        b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87Rq\x05"
        b"(K\x01K\x02K\x03\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff"
        b"K\x00tb\x89T" + struct.pack("<i", len(data)) + data + b"tbU\x06labelsq\x08]q\x09(K\x01K\x02eu."
    )
    found = read_pickle(content)
    assert found["data"].tobytes() == data
    assert found["data"].shape == (2, 3)
    assert found["labels"] == [1, 2]


def array(kind: bytes = b"U\x02u1", state: bytes = b"K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t") -> bytes:
    """A pickle whose one array has a type of this name and this state."""
    return (
        b"\x80\x02}U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01K\x08\x85cnumpy\ndtype\n" + kind + b"K\x00K\x01\x87R(" + state + b"b\x89U\x08AAAAAAAAtbs."
    )


def test_the_form_that_the_hostile_ones_vary_is_read() -> None:
    assert read_pickle(array())["data"].tobytes() == b"A" * 8


HOSTILE = {
    "a pointer in a type whose state lies": (
        array(
            b"U\x02V8", b"K\x03U\x01|NU\x01a\x85}U\x01acnumpy\ndtype\nU\x01OK\x00K\x01\x87RK\x00\x86sK\x08K\x01K\x00t"
        )
    ),
    "fields in the state of bytes": (
        array(state=b"K\x03U\x01|NU\x01a\x85}U\x01acnumpy\ndtype\nU\x02u1K\x00K\x01\x87RK\x00\x86sK\x08K\x01K\x00t")
    ),
    "another byte order": array(state=b"K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t"),
    "flags": array(state=b"K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x3ft"),
    "a size of its own": array(state=b"K\x03U\x01|NNNK\x08K\x01K\x00t"),
    "objects": array(b"U\x01O"),
    "whole numbers": pickled({b"data": np.arange(4)}),
    "floats": pickled({b"data": np.zeros(4)}),
    "a shape that its bytes do not fill": array().replace(b"K\x08\x85", b"K\x09\x85"),
    "a shape of no numbers": array().replace(b"K\x08\x85", b"U\x01a\x85"),
    "a negative shape": array().replace(b"K\x08\x85", b"J\xff\xff\xff\xff\x85"),
    "an array that is a type": b"\x80\x02}U\x04datacnumpy\ndtype\nU\x02u1K\x00K\x01\x87RN\x86bs.",
    "a call": pickle.dumps({"data": io.BytesIO()}),
    "an object made by its class": b"\x80\x02}U\x01acnumpy\nndarray\n)\x81s.",
    "a name of another module": b"\x80\x02}U\x01acos\nsystem\nU\x02ls\x85Rs.",
    "a dotted name": b"\x80\x04}\x8c\x01a\x8c\x05numpy\x8c\x0candarray.view\x93s.",
    "an extension": b"\x80\x02}U\x01a\x82\x01s.",
    "a persistent object": b"\x80\x02}U\x01aK\x01Qs.",
    "a place in the memory of two milliards": b"\x80\x02}r\xff\xff\xff\x7fj\xfe\xff\xff\x7f.",
    "nothing in the memory": b"\x80\x02}h\x05.",
    "a mark that is not there": b"\x80\x02}u.",
    "keys that can't be keys": b"\x80\x02}]K\x01s.",
    "text of more bytes than there are": b"\x80\x04}\x8e\xff\xff\xff\xff\xff\xff\xff\x7fab.",
    "no end": b"\x80\x02}",
    "a list": pickle.dumps([1], 2),
    "nothing": b"",
    "nothing on the stack": b"\x80\x02.",
    "a later protocol": b"\x80\x63}.",
}


@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "a later protocol"])
def test_a_file_that_holds_anything_else_is_refused_with_a_reason(name: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_pickle(HOSTILE[name])


@pytest.mark.slow
def test_no_file_reaches_numpys_own_setters_or_kills_the_process(tmp_path: Path) -> None:
    """In a process of its own, since what is tested for is its death."""
    for row, content in enumerate(HOSTILE.values()):
        (tmp_path / f"{row:02}").write_bytes(content)
    code = (
        "import sys, pathlib\nfrom reportgen.experiment.datasets.pickles import read_pickle\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):\n"
        "    try: print(path.name, [value.sum() for value in read_pickle(path.read_bytes()).values()])\n"
        "    except ValueError: print(path.name, 'refused')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, timeout=60, check=True
    )
    assert len(done.stdout.splitlines()) == len(HOSTILE)
    assert done.stdout.count("refused") == len(HOSTILE) - 1  # a number of a protocol alone does nothing


def test_what_is_cut_off_at_any_byte_is_refused() -> None:
    content = pickled(batch(1, 2))
    ends = [place for _, _, place in pickletools.genops(content)][1:]
    for end in ends:
        with pytest.raises(ValueError, match=r"\w"):
            read_pickle(content[:end])


class Runs:
    """Makes a folder when it is unpickled the usual way."""

    def __init__(self, target: Path, protocol_2: bool) -> None:
        self.target, self.protocol_2 = target, protocol_2

    def __reduce__(self) -> tuple[Any, ...]:
        return (
            (os.mkdir, (str(self.target),))
            if self.protocol_2
            else (eval, (f"__import__('os').mkdir('{self.target}')",))
        )


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("direct", [True, False])
def test_nothing_is_called(protocol: int, direct: bool, tmp_path: Path) -> None:
    content = pickle.dumps({"data": Runs(tmp_path / "made", direct)}, protocol)
    with pytest.raises(ValueError, match="it names"):
        read_pickle(content)
    assert not (tmp_path / "made").exists()
    pickle.loads(content)
    assert (tmp_path / "made").exists()  # the same bytes do run where nothing guards
