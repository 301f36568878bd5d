"""Whether a library's model takes some arguments, found by making it of tensors without values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from reportgen.errors import ModelError, ReportgenError
from reportgen.experiment.models.loading import find_sources
from reportgen.experiment.random_numbers import kept_random_numbers

REFUSALS = ("unexpected keyword argument", "required positional argument", "required keyword-only argument")
"""What Python says of arguments that a function does not take, or of those that are missing."""


def try_arguments(library: str, name: str, args: Mapping[str, Any], classes: int | None, base: Path) -> None:
    """Raise ModelError where `builtin`, `torchvision` or `timm` does not make a model with these arguments.

    Nothing has memory on torch's device `meta`, where a model is made in milliseconds; what fails there for reasons of
    its own is passed over. The model's weights are not fetched.
    """
    try:
        with kept_random_numbers(), torch.device("meta"):
            find_sources()[library].make(name, args, classes, base)
    except ModelError as error:
        cause = error.__cause__
        refused = isinstance(cause, TypeError) and any(words in str(cause) for words in REFUSALS)
        if cause is None or refused or isinstance(cause, ValueError) or error.message.startswith("model.args"):
            raise
    except ReportgenError:
        return
