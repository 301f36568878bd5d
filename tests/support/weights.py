"""Records with what the probe `weights` found, made by hand with numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.record.message import N_
from reportgen.record.probes import Probes
from reportgen.record.probes.sampling import Sampled
from reportgen.record.probes.weights import HISTOGRAM_BINS, MatrixNumbers, Tail, WeightFacts, WeightMatrix
from reportgen.record.run import RunRecord

SIDES = ((16, 27), (16, 144), (16, 144), (16, 144), (16, 144), (10, 16))
NAMES = ("conv1.weight", *(f"layer1.{block}.conv{one}.weight" for block in (0, 1) for one in (1, 2)), "fc.weight")
SMALL, LARGE = (16, 32), (48, 112)


def numbers(spread: float, rows: int, columns: int, **more: object) -> MatrixNumbers:
    """Of a matrix of independent normal values."""
    values: dict[str, object] = {
        "norm": spread * (rows * columns) ** 0.5,
        "mean": 0.0,
        "spread": spread,
        "largest": 4 * spread,
        "near_zero": 0.08,
        "zeros": 0.0,
        "spectral": spread * (rows**0.5 + columns**0.5),
        "effective_rank": 0.9 * min(rows, columns),
        "tail": Tail(exponent=3.0, n=49, distance=0.05),
    }
    return MatrixNumbers.model_validate(values | more)


def matrix(name: str, sides: tuple[int, int], trained: bool = True, **more: object) -> WeightMatrix:
    """A sound convolution, or a classifier when it is called fc."""
    rows, columns = sides
    spread = (2 / columns) ** 0.5
    values: dict[str, object] = {
        "name": name,
        "kind": "linear" if name.startswith("fc") else "convolution",
        "module": "Linear" if name.startswith("fc") else "Conv2d",
        "shape": sides if name.startswith("fc") else (rows, columns // 9, 3, 3),
        "rows": rows,
        "columns": columns,
        "final": numbers(1.2 * spread, rows, columns),
        "initial": numbers(spread, rows, columns) if trained else None,
        "counted": rows * columns,
        "dead": 0,
        "twins": 0,
        "moved": 0.3 if trained else None,
        "gradient": 0.002,
        "initial_gradient": 0.01 if trained else None,
    }
    return WeightMatrix.model_validate(values | more)


def weighed(
    record: RunRecord, matrices: Sequence[WeightMatrix] | None = None, trained: bool = True, **more: object
) -> RunRecord:
    """The record with these matrices, all shown, the first as a convolution whose filters are images."""
    if matrices is None:
        matrices = [matrix(name, sides, trained) for name, sides in zip(NAMES, SIDES, strict=True)]
    shown = more.pop("shown", tuple(range(len(matrices))))
    values: dict[str, object] = {
        "sampled": Sampled(images=256, split="train", seed=0),
        "loss": N_("cross entropy"),
        "matrices": tuple(matrices),
        "vectors": 90,
        "trained": trained,
        "shown": shown,
        "enlarged": (1, 2) if len(matrices) > 2 else (0,),
        "filters": 0,
        "filter_rows": tuple(range(16)),
        "filter_scale": 0.5,
    }
    facts = WeightFacts.model_validate(values | more)
    arrays = record.arrays.merged(make_arrays(facts))
    probes = (record.probes or Probes(level="fast", budget_seconds=20.0)).model_copy(update={"weights": facts})
    return record.model_copy(update={"probes": probes, "arrays": arrays})


def make_arrays(facts: WeightFacts) -> dict[str, np.ndarray]:
    """Images of noise, normal histograms."""
    rng, many = np.random.default_rng(0), len(facts.moments)

    def noise(*shape: int) -> np.ndarray:
        return np.clip(rng.normal(0, 40, shape), -127, 127).astype(np.int8)

    middles = np.linspace(-5, 5, HISTOGRAM_BINS)
    counts = np.round(1e5 * np.exp(-(middles**2) / 2)).astype(np.int64)
    spreads = [facts.matrices[place].final for place in facts.shown]
    return {
        "weights.matrices": noise(len(facts.shown), many, *SMALL),
        "weights.enlarged": noise(len(facts.enlarged), many, *LARGE),
        "weights.histograms": np.broadcast_to(counts, (len(facts.shown), many, HISTOGRAM_BINS)).copy(),
        "weights.ranges": np.array([5 * one.spread if one else 1.0 for one in spreads]),
        "weights.filters": noise(many, len(facts.filter_rows), 3, 3, 3),
    }
