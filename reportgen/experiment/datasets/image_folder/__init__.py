"""Images of one's own, one folder a class: how the folder is laid out, what lies in it, and how a file is read."""

from reportgen.experiment.datasets.image_folder.dataset import DATASET

__all__ = ["DATASET"]
