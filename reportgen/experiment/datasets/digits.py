"""The handwritten digits that come with scikit-learn: 1,797 real images, for machines without a network."""

from __future__ import annotations

import gzip
import hashlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reportgen.experiment.datasets.raw import DataRequest, ImageArray, LabelArray, RawData, RawSplit
from reportgen.plugins import DatasetKind
from reportgen.record.message import N_

TEST_SHARE = 0.2
SPLIT_SEED = 0
CLASSES = tuple(str(digit) for digit in range(10))


def load(request: DataRequest) -> RawData:
    """The digits as 32×32 images of three equal channels, split by class with a fixed seed."""
    del request
    levels, labels = read_digits()
    grey = np.round(levels * (255 / 16)).astype(np.uint8)
    images = np.repeat(np.repeat(grey, 4, axis=1), 4, axis=2)[..., None].repeat(3, axis=3)
    test = test_rows(labels)
    return RawData(
        name="digits",
        title=DATASET.title,
        description=N_("1,797 handwritten digits of 8×8 grey pixels, shown to the model as 3×32×32."),
        licence="CC BY 4.0",
        citation="E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998",
        homepage="https://archive.ics.uci.edu/dataset/80",
        classes=CLASSES,
        train=split(images, labels, np.setdiff1d(np.arange(len(labels)), test)),
        test=split(images, labels, test),
        digests={"digits (pixels and labels)": hashlib.sha256(grey.tobytes() + labels.tobytes()).hexdigest()},
        verified=True,
        unfit=("flip",),
    )


def read_digits() -> tuple[NDArray[np.float64], LabelArray]:
    """Grey levels (n, 8, 8) from 0 to 16, and labels (n,).

    Of scikit-learn the file alone is read, since its import takes a second; where it lies elsewhere, its function is
    asked.
    """
    package = find_spec("sklearn")
    folder = Path(package.origin).parent if package is not None and package.origin else Path()
    file = folder / "datasets" / "data" / "digits.csv.gz"
    try:
        with gzip.open(file, "rt", encoding="ascii") as lines:
            rows = np.loadtxt(lines, delimiter=",")
    except OSError:
        from sklearn.datasets import load_digits

        bundle = load_digits()
        return bundle.images, bundle.target.astype(np.int64)
    return rows[:, :-1].reshape(-1, 8, 8), rows[:, -1].astype(np.int64)


def test_rows(labels: LabelArray) -> LabelArray:
    """Rows (test images,) of the test split: a fifth of each class, drawn with a fixed seed, in order."""
    rng = np.random.default_rng(SPLIT_SEED)
    chosen = [rng.permutation(np.flatnonzero(labels == digit)) for digit in np.unique(labels)]
    return np.sort(np.concatenate([rows[: round(TEST_SHARE * len(rows))] for rows in chosen]))


def split(images: ImageArray, labels: LabelArray, rows: LabelArray) -> RawSplit:
    """Some rows as a split."""
    return RawSplit(np.ascontiguousarray(images[rows]), labels[rows])


DATASET = DatasetKind(
    name="digits",
    summary="scikit-learn's 1,797 handwritten digits; no network needed",
    classes=len(CLASSES),
    load=load,
    name_classes=lambda *_given: CLASSES,
    title=N_("handwritten digits"),
    sizes=(1438, 359),
)
