"""How far the weights of each layer lie apart in two models, from the sketches in their records."""

from __future__ import annotations

import numpy as np

from reportgen.comparison.architecture import Matched, match_models, walk
from reportgen.record.architecture import WeightMove, WeightMoves
from reportgen.record.run import RunRecord
from reportgen.record.sketch import SKETCH_ARRAY, SKETCH_SIZE, SketchedLayer


def compare_weights(before: RunRecord, after: RunRecord) -> WeightMoves | None:
    """Every layer with matrices that both have in the same shapes; None where a record holds no sketch of its weights.

    Layers are matched as the architectures are, so that one with another name is compared with what it was.
    """
    if not (has_sketch(before) and has_sketch(after)):
        return None
    assert before.sketch is not None
    assert after.sketch is not None
    matched, _coarse = match_models(before.trace, after.trace)
    names = pair_paths(matched)
    rows = {layer.path: (number, layer) for number, layer in enumerate(before.sketch.layers)}
    old, new = before.arrays[SKETCH_ARRAY], after.arrays[SKETCH_ARRAY]
    moves, unmatched = [], 0
    for number, layer in enumerate(after.sketch.layers):
        path = find_path(layer.path, names)
        found = rows.get(path) if path is not None else None
        if path is None or found is None or found[1].shapes != layer.shapes:
            unmatched += 1
            continue
        away = float(np.linalg.norm(new[number].astype(np.float64) - old[found[0]]))
        moves.append(
            WeightMove(
                path=layer.path,
                before_path=path,
                values=layer.values,
                relative=relative(away, found[1], layer),
                exact=layer.values <= SKETCH_SIZE,
            )
        )
    return WeightMoves(layers=tuple(moves), unmatched=unmatched, numbers=SKETCH_SIZE)


def relative(away: float, before: SketchedLayer, after: SketchedLayer) -> float | None:
    """‖w − w₀‖ / ‖w₀‖; None where it is not defined, or a weight not finite."""
    return away / before.norm if before.norm and after.norm is not None else None


def has_sketch(record: RunRecord) -> bool:
    """Whether a record holds the sketch of its weights, whole."""
    found = record.arrays.get(SKETCH_ARRAY)
    return record.sketch is not None and found is not None and found.shape == (len(record.sketch.layers), SKETCH_SIZE)


def pair_paths(matched: Matched) -> dict[str, str]:
    """Path in the candidate -> path in the baseline, of every part that both have."""
    pairs = ((one.before, one.after) for one in walk(matched))
    return {new.facts.path: old.facts.path for old, new in pairs if old and new and not new.is_operator}


def find_path(path: str, names: dict[str, str]) -> str | None:
    """The baseline's path of a layer of the candidate, by the nearest part around it that both have."""
    around = path
    while around not in names:
        if not around:
            return None
        around = around.rpartition(".")[0]
    return f"{names[around]}{path[len(around) :]}".lstrip(".")
