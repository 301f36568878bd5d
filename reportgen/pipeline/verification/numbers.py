"""The numbers that a record states compared with those that its own arrays give."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from reportgen.pipeline.verification.differences import Alteration
from reportgen.record.run import RunRecord
from reportgen.system.version import __version__
from reportgen.text.terminal import plural

TOLERANCE = 1e-6
"""Relative; other processors and versions of numpy add in another order."""
FILE = "record/record.json"


def check_numbers(record: RunRecord, other: bool = False) -> tuple[list[Alteration], list[str]]:
    """Where the stated numbers are not those of the arrays, and what can't be told.

    Where another version computed them, or `other` code of this one, only values count: intervals may have been
    computed in another way.
    """
    if record.measured is None or "eval.logits" not in record.arrays:
        return [], []
    from reportgen.metrics import measure

    try:
        again = measure(record.model_copy(update={"measured": None}))
    except Exception as error:  # of arrays that hold what nothing can have measured
        return [Alteration(FILE, f"its numbers can't be computed from its arrays: {type(error).__name__}")], []
    differing = list(differences(record.measured.model_dump(), again.model_dump(), "measured"))
    version = record.provenance.versions.get("reportgen-torch", __version__)
    strict = [one for one in differing if (version == __version__ and not other) or one.place.endswith(".value")]
    notes = []
    if len(strict) < len(differing):
        who = "other code of the same version" if version == __version__ else f"version {version}"
        many = plural(len(differing) - len(strict), "entry of them differs", "entries of them differ")
        notes.append(f"{FILE}: {who} computed intervals in another way; {many}")
    return strict, notes


def differences(stated: Any, given: Any, path: str) -> Iterator[Alteration]:
    """Where two dumps differ by more than rounding."""
    if isinstance(stated, dict) and isinstance(given, dict):
        for key in stated.keys() | given.keys():
            yield from differences(stated.get(key), given.get(key), f"{path}.{key}")
    elif isinstance(stated, list | tuple) and isinstance(given, list | tuple) and len(stated) == len(given):
        for number, (one, other) in enumerate(zip(stated, given, strict=True)):
            name = one.get("name", number) if isinstance(one, dict) else number
            yield from differences(one, other, f"{path}[{name}]")
    elif not same(stated, given):
        said = f"states {stated!r}, the record's arrays give {given!r}"
        yield Alteration(FILE, said, path, str(stated), str(given))


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal to rounding."""
    if isinstance(one, float) and isinstance(other, float):
        return (
            one == other or math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=1e-9) or (one != one and other != other)
        )
    return bool(one == other)
