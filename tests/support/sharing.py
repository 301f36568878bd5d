"""What several tests are about, made once: the results of a function for the very same frozen objects."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from reportgen.record.run import RunRecord

P, R = ParamSpec("P"), TypeVar("R")
MOST = 64
"""Results of each function that are kept, and with them what they were made of, so that no other object has its id."""


def made_once(function: Callable[P, R]) -> Callable[P, R]:
    """The function, which gives the same result again for the same records and other values; it has to be frozen."""
    kept: OrderedDict[object, tuple[object, R]] = OrderedDict()

    @wraps(function)
    def shared(*given: P.args, **named: P.kwargs) -> R:
        values = (*given, *named.values())
        key = (*(id(value) if isinstance(value, RunRecord) else value for value in values), *named)
        if key not in kept:
            kept[key] = (values, function(*given, **named))
            if len(kept) > MOST:
                kept.popitem(last=False)
        return kept[key][1]

    return shared
