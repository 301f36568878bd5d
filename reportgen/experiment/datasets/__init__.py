"""Data sets: `load_data` gives pictures, labels and facts about them, ready for a device."""

from reportgen.experiment.datasets.loaded import LoadedData, Normalizer, Sample
from reportgen.experiment.datasets.loading import find_datasets, load_data

__all__ = ["HELPERS", "LoadedData", "Normalizer", "Sample", "find_datasets", "load_data"]

HELPERS = frozenset({"download", "facts", "loaded", "loading", "raw"})
"""Modules of this package that hold no DATASET."""
