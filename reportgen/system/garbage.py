"""Python's search for unreachable objects, and when it is not worth its time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected(keep: bool = False) -> Iterator[None]:
    """No search inside this block. What it has made is searched from then on, or, where all of it is to be kept as
    modules are, never."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if keep:
            gc.freeze()
        if on:
            gc.enable()
