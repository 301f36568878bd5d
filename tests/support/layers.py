"""Records with characteristic curves and dynamics by layer, made by hand. No torch."""

from __future__ import annotations

import numpy as np

from reportgen.record.message import N_
from reportgen.record.probes import Probes
from reportgen.record.probes.dynamics import Activations, ActivationSite, DynamicsFacts
from reportgen.record.probes.response import BlackAnswer, ResponseFacts, ResponseUnit
from reportgen.record.probes.sampling import Sampled
from reportgen.record.run import RunRecord

EXPOSURES = np.array([0, 0.125, 0.25, 0.5, 0.5**0.5, 1, 2**0.5, 2, 4, 8], np.float32)
DRIVES = np.array([-1, -0.5, 0, 0.25, 0.5, 0.75, 0.9, 1, 1.1, 1.25, 1.5, 2, 2.5, 3], np.float32)
CURVES = {"proportional": np.abs(DRIVES), "limited": np.minimum(np.abs(DRIVES), 1.5), "flat": np.ones(len(DRIVES))}
N, M = 100, 40


def held(record: RunRecord, name: str, facts: object, arrays: dict[str, np.ndarray]) -> RunRecord:
    """The record with the facts and arrays of one probe more."""
    probes = record.probes or Probes(level="fast", budget_seconds=20.0)
    kept = {key: value.astype(value.dtype if value.dtype.kind in "iu" else np.float32) for key, value in arrays.items()}
    update = {"probes": probes.model_copy(update={name: facts}), "arrays": record.arrays.merged(kept)}
    return record.model_copy(update=update)


def with_responses(
    record: RunRecord, count: int, curve: str = "proportional", compared: bool = True, name: str | None = None
) -> RunRecord:
    """`count` units that all have one curve; right for 80 % of the images as they are, and sure as it grows bright."""
    sets = 2 if compared else 1
    rms = np.broadcast_to(CURVES[curve][None, :, None], (sets, len(DRIVES), count))
    near = np.interp([0.9, 1, 1.1], DRIVES, CURVES[curve])
    light = np.sqrt(0.1 + 0.9 * EXPOSURES**2) / (1 + 0.1 * np.arange(count))[:, None]
    share = np.array([0.1, 0.3, 0.5, 0.7, 0.75, 0.8, 0.7, 0.6, 0.4, 0.2])
    right = (np.arange(N)[None, :] < N * share[:, None]).astype(np.uint8)
    sure = np.clip(np.linspace(0.5, 0.95, len(EXPOSURES))[:, None] + np.zeros(N), 0, 1)
    arrays = {
        "exposures": EXPOSURES,
        "drives": DRIVES,
        "layers": np.broadcast_to(light.T, (sets, 2, len(EXPOSURES), count)),
        "right": np.stack([right, right]),
        "confidence": np.stack([sure, sure]),
        "rms": rms,
        "channels": np.stack([0.8 * rms, rms, 1.2 * rms], axis=2),
        "power": np.broadcast_to((near**2)[None, :, None, None], (sets, 3, count, M)),
        "bend": np.ones((sets, count)),
    }
    facts = ResponseFacts(
        sampled=Sampled(images=N, split="test", seed=0),
        by_layer=Sampled(images=M, split="test", seed=0),
        units=tuple(
            ResponseUnit(
                path=f"layer{place + 1}" if name is None else name,
                kind="conv2d + relu",
                channels=16,
                bends=True,
                normalises=False,
                dead=0,
                dead_before=0 if compared else None,
            )
            for place in range(count)
        ),
        why_alone=None if compared else N_("The model was not trained."),
        black=BlackAnswer(label=6, confidence=0.4),
    )
    return held(record, "response", facts, {f"response.{key}": value for key, value in arrays.items()})


def with_dynamics(
    record: RunRecord, layers: int, steps: int, frozen: int | None = None, sites: bool = True, name: str | None = None
) -> RunRecord:
    """Gradients that grow with depth and fall over the steps; the layer `frozen` does not move."""
    rng = np.random.default_rng(0)
    noise = np.exp(rng.normal(0, 0.2, (steps, layers)))
    gradient = noise * np.linspace(0.5, 2, layers) * np.linspace(2, 0.5, steps)[:, None]
    weight = np.broadcast_to(np.linspace(3, 6, layers), (steps, layers))
    update = weight * 1e-3 * noise
    if frozen is not None:
        update[:, frozen] = 0.0
    names = tuple(f"layer{place + 1}" if name is None else name for place in range(layers))
    found = tuple(
        ActivationSite(
            path=path,
            kind="relu",
            channels=16,
            after=Activations(mean=0.4, spread=0.6, dead=place // 2),
            before=Activations(mean=0.3, spread=0.5, dead=0),
        )
        for place, path in enumerate(names[:20])
    )
    facts = DynamicsFacts(
        sampled=Sampled(images=200, split="test", seed=0),
        layers=names,
        order=tuple(range(layers)),
        sites=found if sites else (),
    )
    arrays = {
        "steps": 1 + 3 * np.arange(steps, dtype=np.int64),
        "gradient": gradient,
        "weight": weight,
        "update": update,
    }
    return held(record, "dynamics", facts, {f"dynamics.{key}": value for key, value in arrays.items()})
