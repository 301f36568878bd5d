"""Where a model is put before anything is measured, and what its logits are there."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from reportgen.errors import EnvironmentTrouble
from reportgen.experiment.placement import place_by_trial
from reportgen.spec.types import RunSpec
from tests.experiment.cases import noise, plain_cpu


@pytest.mark.parametrize("after", [1, 3])
@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("no more")])
def test_memory_that_runs_out_on_the_device_is_no_error_of_the_model(error: Exception, after: int) -> None:
    passes: list[int] = []

    class Large(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(3072, 10)

        def forward(self, x: Tensor) -> Tensor:
            passes.append(1)
            if len(passes) > after:  # the first three are of the model as the factory made it
                raise error
            logits: Tensor = self.fc(x.flatten(1))
            return logits

    data = noise()
    plain = replace(data, normalization=replace(data.normalization, channels_last=False))
    with pytest.raises(EnvironmentTrouble, match=r"one forward pass.* needs more memory than there is"):
        place_by_trial(Large(), plain, RunSpec(mode="evaluate"), plain_cpu())
