"""A model from a spec: `load_model` makes it, adapts its stem, fills in its weights; `check_forward` tries it."""

from reportgen.experiment.models.forward import check_forward, logits_of, rows_of, tensors_in
from reportgen.experiment.models.loading import LoadedModel, find_sources, load_model
from reportgen.experiment.models.reading import read_model

__all__ = [
    "LoadedModel",
    "check_forward",
    "find_sources",
    "load_model",
    "logits_of",
    "read_model",
    "rows_of",
    "tensors_in",
]
