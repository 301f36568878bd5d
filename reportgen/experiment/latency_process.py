"""A process that times the forward pass of a model and nothing else: a line of JSON in, a line of JSON out.

What a process happens to get (where its memory lies, which core it begins on, how its libraries were started) changes
its times by more than its passes differ among themselves, so that the spread within one process says too little.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import torch

from reportgen.experiment.device import ComputeDevice, find_device
from reportgen.experiment.latency import time_passes
from reportgen.experiment.models import load_model
from reportgen.record.run import Device
from reportgen.spec.types import ModelSpec


def main() -> None:
    """Make the model that the input names, without its weights, and write the seconds of its passes by batch size."""
    asked = json.loads(sys.stdin.buffer.readline())
    answer, sys.stdout = os.dup(1), sys.stderr  # what a model prints is no part of the answer
    os.dup2(2, 1)
    facts = Device.model_validate(asked["device"])
    torch.set_num_threads(facts.threads)
    kind, torch_device = find_device(facts.requested)
    torch.manual_seed(asked["seed"])
    channels, height, width = asked["shape"]
    shape, spec = (channels, height, width), ModelSpec.model_validate(asked["model"])
    loaded = load_model(spec, Path(asked["base"]), asked["classes"], image_shape=shape)
    device = ComputeDevice(kind, torch_device, facts)
    found = time_passes(loaded.module, shape, device, {int(size): number for size, number in asked["counts"].items()})
    os.write(answer, json.dumps(found).encode("ascii") + b"\n")
    os._exit(0)


if __name__ == "__main__":
    main()
