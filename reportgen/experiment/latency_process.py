"""A process that times the forward pass of a model and nothing else: a line of JSON in, a line of JSON out.

What a process happens to get (where its memory lies, which core it begins on, how its libraries were started) changes
its times by more than its passes differ among themselves, so that the spread within one process says too little.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import torch

from reportgen.experiment.device import ComputeDevice, find_device
from reportgen.experiment.latency import time_passes
from reportgen.experiment.models import LoadedModel, load_model
from reportgen.experiment.models.batch_groups import find_group, settle_groups
from reportgen.experiment.models.single_images import FEW, settle_single
from reportgen.experiment.trace.kinds import packed_weights
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
    group = find_group(loaded.module, torch.randn(FEW, *shape))
    settle_groups(loaded.module, torch.randn(group, *shape), group)
    settle_single(loaded.module, torch.randn(FEW, *shape))
    found: dict[str, Any] = {"changed": True}
    if asked["expected"] is None or is_as_expected(loaded, asked["expected"]):
        device = ComputeDevice(kind, torch_device, facts)
        counts = {int(size): number for size, number in asked["counts"].items()}
        found = {"seconds": time_passes(loaded.module, shape, device, counts)}
    os.write(answer, json.dumps(found).encode("ascii") + b"\n")
    os._exit(0)


def is_as_expected(loaded: LoadedModel, expected: dict[str, Any]) -> bool:
    """Whether a model was made by the code that a record was measured with, and has as many parameters."""
    module = loaded.module
    parameters = sum(parameter.numel() for parameter in module.parameters())
    parameters += sum(packed.elements for packed in packed_weights(module))
    return (
        loaded.source_sha256 == expected["source_sha256"]
        and {digest for _name, digest in loaded.files} <= set(expected["files"])
        and parameters == expected["parameters"]
    )


if __name__ == "__main__":
    main()
