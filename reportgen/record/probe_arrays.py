"""What the arrays of the probes look like: types, shapes and ranges, as the facts of each probe describe them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.record.probes.robustness import UNMEASURED


@dataclass(frozen=True)
class Form:
    """The kinds of numpy types that an array can have, and its axes: a length, or a letter of the same length wherever
    it stands in the arrays of the probe; `values`: what whole numbers it holds."""

    kinds: str
    axes: tuple[str | int, ...]
    values: str = ""


ROW = "row"
"""A position in the evaluation arrays."""
CLASS = "class"
PREDICTED = "predicted"

FORMS: dict[str, Form] = {
    "dynamics.steps": Form("iu", ("S",)),
    "dynamics.gradient": Form("f", ("S", "L")),
    "dynamics.weight": Form("f", ("S", "L")),
    "dynamics.update": Form("f", ("S", "L")),
    "explanations.rows": Form("iu", ("n",), ROW),
    "explanations.cam": Form("f", ("n", "h", "w")),
    "explanations.cam_random": Form("f", ("n", "h", "w")),
    "explanations.cam_label": Form("f", ("n", "h", "w")),
    "explanations.ig": Form("f", ("n", "H", "W")),
    "explanations.ig_random": Form("f", ("n", "H", "W")),
    "explanations.check.cam.rows": Form("iu", ("c",), ROW),
    "explanations.check.cam.rank": Form("f", ("c",)),
    "explanations.check.ig.rows": Form("iu", ("i",), ROW),
    "explanations.check.ig.rank": Form("f", ("i",)),
    "explanations.deletion.share": Form("f", ("p",)),
    "explanations.deletion.cam": Form("f", ("dc", "p")),
    "explanations.deletion.cam.control": Form("f", ("dc", "p")),
    "explanations.deletion.ig": Form("f", ("di", "p")),
    "explanations.deletion.ig.control": Form("f", ("di", "p")),
    "explanations.embedding.rows": Form("iu", ("s",), ROW),
    "explanations.embedding.xy": Form("f", ("s", 2)),
    "explanations.embedding.pca": Form("f", ("s", 2)),
    "explanations.embedding.vote": Form("iu", ("s",), CLASS),
    "explanations.neighbours.rows": Form("iu", ("q",), ROW),
    "explanations.neighbours.ids": Form("iu", ("q", "k")),
    "explanations.neighbours.labels": Form("iu", ("q", "k"), CLASS),
    "explanations.neighbours.similarity": Form("f", ("q", "k")),
    "explanations.neighbours.images": Form("u", ("qi", "k", "nh", "nw", "nc")),
    "response.exposures": Form("f", ("E",)),
    "response.drives": Form("f", ("D",)),
    "response.layers": Form("f", ("V", 2, "E", "U")),
    "response.right": Form("u", (2, "E", "n")),
    "response.confidence": Form("f", (2, "E", "n")),
    "response.rms": Form("f", ("V", "D", "U")),
    "response.channels": Form("f", ("V", "D", 3, "U")),
    "response.power": Form("f", ("V", 3, "U", "m")),
    "response.bend": Form("f", ("V", "U")),
    "robustness.rows": Form("iu", ("n",), ROW),
    "robustness.predicted": Form("u", ("C", "n"), PREDICTED),
    "robustness.examples": Form("u", ("e", "h", "w", "c")),
    "weights.matrices": Form("i", ("s", "m", "h", "w")),
    "weights.enlarged": Form("i", ("e", "m", "H", "W")),
    "weights.histograms": Form("iu", ("s", "m", "b")),
    "weights.ranges": Form("f", ("s",)),
    "weights.filters": Form("i", ("m", "f", "k", "l", "c")),
}


def find_wrong_probe_arrays(arrays: Mapping[str, np.ndarray], images: int | None, classes: int) -> Iterator[str]:
    """What is wrong with the arrays of the probes, each with its array's name; `images`: how many were evaluated."""
    lengths: dict[tuple[str, str], tuple[int, str]] = {}  # (probe, letter) -> length, and the array that it is of
    for name, form in FORMS.items():
        if name not in arrays:
            continue
        array, probe = arrays[name], name.partition(".")[0]
        if array.dtype.kind not in form.kinds:
            yield f"{name}: numbers of type {array.dtype}, which it can't have"
        elif array.ndim != len(form.axes):
            yield f"{name}: {array.ndim} dimensions instead of {len(form.axes)}"
        else:
            for axis, length in zip(form.axes, array.shape, strict=True):
                expected, of = (
                    (axis, name) if isinstance(axis, int) else (lengths.setdefault((probe, axis), (length, name)))
                )
                if length != expected:
                    like = "" if of == name else f", as {of} has"
                    yield f"{name}: {tuple(array.shape)}, where an axis has length {expected}{like}"
            yield from wrong_values(name, array, form.values, images, classes)


def wrong_values(name: str, array: np.ndarray, values: str, images: int | None, classes: int) -> Iterator[str]:
    """Whole numbers that point to nothing."""
    limit: Any = {ROW: images, CLASS: classes, PREDICTED: classes}.get(values)
    told = array[array != UNMEASURED] if values == PREDICTED else array
    if limit is None or not told.size:
        return
    low, high = int(told.min()), int(told.max())
    if low < 0 or high >= limit:
        yield f"{name}: values from {low} to {high}, and there are {limit} {'images' if values == ROW else 'classes'}"
