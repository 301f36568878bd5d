"""Hooks on modules that are gone when a block is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from torch.utils.hooks import RemovableHandle


@contextmanager
def hooked(handles: Iterable[RemovableHandle]) -> Iterator[None]:
    """Remove the hooks of these handles at the end, in the order of their registration.

    A generator registers them one by one inside of the block, so that a failure leaves none of them behind.
    """
    held: list[RemovableHandle] = []
    try:
        for handle in handles:
            held.append(handle)  # noqa: PERF402  # what was registered before a failure is known
        yield
    finally:
        for handle in held:
            handle.remove()
