"""Running a model without a trace: its mode, its buffers and every global source of random numbers come back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed the global random numbers of torch, numpy and Python, which a model's own code may draw from."""
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)


@contextmanager
def kept_random_numbers() -> Iterator[None]:
    """Leave all global random numbers as they were, those of accelerators included."""
    of_numpy, of_python = np.random.get_state(), random.getstate()
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    try:
        with torch.random.fork_rng(devices=list(devices)):
            yield
    finally:
        np.random.set_state(of_numpy)
        random.setstate(of_python)


@contextmanager
def left_alone(module: torch.nn.Module) -> Iterator[None]:
    """Inside, the model may be run in any mode; modes, buffers, also those assigned anew, and random numbers return."""
    modes = [(child, child.training) for child in module.modules()]
    buffers = [
        (child, name, buffer, buffer.detach().clone())
        for child in module.modules()
        for name, buffer in child.named_buffers(recurse=False)
    ]
    try:
        with kept_random_numbers():
            yield
    finally:
        for child, training in modes:
            child.training = training
        with torch.no_grad():
            for child, name, buffer, before in buffers:
                setattr(child, name, buffer)
                if not buffer.is_inference():
                    buffer.copy_(before)
