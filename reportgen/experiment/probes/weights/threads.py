"""Small work on one thread: waiting for another costs more than it does, on a busy machine many times more."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def threads_for(work: float, enough: float) -> Iterator[None]:
    """One thread for less work than is enough for several; the number of threads is as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(1 if work < enough else before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
