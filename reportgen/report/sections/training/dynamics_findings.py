"""What gradients and updates of the layers say of a training pass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.metrics.dynamics import Dynamics, read_dynamics
from reportgen.metrics.intervals import FloatArray
from reportgen.record.run import RunRecord
from reportgen.report.components import Figures
from reportgen.report.model import Finding
from reportgen.report.sections.training import claims
from reportgen.report.sections.training.activation_findings import find_killed
from reportgen.report.wording import evidence, join_few, quote
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, ngettext

JUMP = 100.0
"""Times its median so far to which a layer's gradient jumps when it explodes."""
BEFORE = 5
"""Samples before a jump, for their median to mean something."""
APART = 1000.0
"""Ratio of the gradients at the two ends of a network from which on they vanish or explode through depth."""
DEEP = 4
"""Layers from which on a network has two ends."""
USUAL = 1e-3
"""Update against weight: Hinton 2010, A practical guide to training restricted Boltzmann machines, §7, and Karpathy's
notes for cs231n; both mean it to within about an order of magnitude."""
FAR = 100.0
"""Times the usual ratio, or its part, that counts as far from it."""


def find_dynamics(record: RunRecord, figures: Figures, section: str) -> list[Finding]:
    """The findings by layer, in the order of the text; none where nothing was recorded."""
    dynamics, facts = read_dynamics(record), record.probes.dynamics if record.probes is not None else None
    layers, activations = (evidence(figures, f"training_{name}", section) for name in ("layers", "activations"))
    found: list[Finding | None] = []
    if dynamics is not None:
        found += [
            find_exploding(dynamics, record.device.precision, layers),
            find_still(dynamics, layers),
            find_depth(dynamics, layers),
            find_updates(dynamics, layers),
        ]
    if facts is not None:
        found.append(find_killed(facts, activations))
    return [finding for finding in found if finding is not None]


def names_of(dynamics: Dynamics, places: Sequence[int]) -> str:
    """At most three of the layers in quotation marks and how many more."""
    return join_few([quote(dynamics.facts.layers[place]) for place in places])


def find_exploding(dynamics: Dynamics, precision: str, anchor: str) -> Finding | None:
    """A gradient that leaves the finite numbers, or jumps far beyond all it was before.

    Where float16 losses are scaled, single gradients that are not finite belong to the search for the scale.
    """
    gradient, steps = dynamics.gradient, dynamics.steps
    broken = ~np.isfinite(gradient)
    if broken[-1].any() or (broken.any() and precision != "float16"):
        first = int(np.argmax(broken.any(axis=1)))
        text = ngettext(
            "Gradients exploded: at step {step} that of {count} layer is no longer a finite number ({layers}).",
            "Gradients exploded: at step {step} those of {count} layers are no longer finite numbers ({layers}).",
            int(broken[first].sum()),
            step=numerals.count(steps[first]),
            layers=names_of(dynamics, np.flatnonzero(broken[first]).tolist()),
        )
        return claims.GRADIENT_BROKEN.finding(text, 0.9, anchor, "bad")
    jumps = [
        (float(jump), place, layer)
        for place in range(BEFORE, len(steps))
        for layer, jump in enumerate(jump_at(gradient, place))
        if jump >= JUMP
    ]
    if not jumps:
        return None
    times, place, layer = max(jumps)
    text = _(
        "The gradient of {layer} jumped to {norm} at step {step}, {times} times its median until then: a sign of "
        "exploding gradients ({samples} of {count} sampled steps).",
        layer=quote(dynamics.facts.layers[layer]),
        norm=numerals.significant(float(gradient[place, layer]), 3),
        step=numerals.count(steps[place]),
        times=numerals.count(times),
        samples=len({one[1] for one in jumps}),
        count=numerals.count(len(steps)),
    )
    return claims.GRADIENT_JUMP.finding(text, 0.7, anchor, "bad")


def jump_at(gradient: FloatArray, place: int) -> FloatArray:
    """How many times its median over the samples before is each layer's gradient (L,); 0 where that was zero."""
    before = np.nanmedian(np.where(np.isfinite(gradient[:place]), gradient[:place], np.nan), axis=0)
    found: FloatArray = np.divide(gradient[place], before, out=np.zeros_like(before), where=before > 0)
    return found


def find_still(dynamics: Dynamics, anchor: str) -> Finding | None:
    """Layers that could be trained and did not move, or only shrank because nothing told them where to go."""
    update, gradient = dynamics.norms("update"), dynamics.gradient
    frozen = np.flatnonzero((update == 0).all(axis=0)).tolist()
    blind = np.flatnonzero((gradient == 0).all(axis=0) & (update > 0).any(axis=0)).tolist()
    samples, count = numerals.count(len(dynamics.steps)), numerals.count(len(dynamics.facts.layers))
    if frozen:
        silent = bool((gradient[:, frozen] == 0).all())
        why = _("No gradient reaches them.") if silent else _("Gradients do reach them.")
        text = ngettext(
            "{count} of {all} trainable layers did not move in training: {layers} ({samples} sampled steps).",
            "{count} of {all} trainable layers did not move in training: {layers} ({samples} sampled steps).",
            len(frozen),
            all=count,
            layers=names_of(dynamics, frozen),
            samples=samples,
        )
        text = join_sentences([text, why])
        return claims.UNMOVED.finding(text, 0.8, anchor, "bad")
    if not blind:
        return None
    text = ngettext(
        "No gradient reaches {count} of {all} trainable layers, {layers}: weight decay alone moves it ({samples} "
        "sampled steps).",
        "No gradient reaches {count} of {all} trainable layers, {layers}: weight decay alone moves them ({samples} "
        "sampled steps).",
        len(blind),
        all=count,
        layers=names_of(dynamics, blind),
        samples=samples,
    )
    return claims.BLIND.finding(text, 0.75, anchor, "bad")


def find_typical(values: FloatArray) -> FloatArray:
    """Median (layers,) over the steps of what is finite in (steps, layers), nan where nothing is."""
    finite = np.where(np.isfinite(values), values, np.nan)
    known = np.isfinite(finite).any(axis=0)
    found = np.full(values.shape[1], np.nan)
    found[known] = np.nanmedian(finite[:, known], axis=0)
    return found


def find_depth(dynamics: Dynamics, anchor: str) -> Finding | None:
    """Gradients that shrink or grow a thousandfold between the two ends of the network."""
    usual = find_typical(dynamics.gradient)
    known = np.flatnonzero(usual > 0)
    if len(known) < DEEP:
        return None
    quarter = len(known) // DEEP
    near, far = (float(np.median(usual[places])) for places in (known[:quarter], known[-quarter:]))
    ratio = near / far
    if 1 / APART < ratio < APART:
        return None
    numbers = {
        "near": format_norm(near),
        "far": format_norm(far),
        "first": quote(dynamics.facts.layers[int(known[0])]),
        "last": quote(dynamics.facts.layers[int(known[-1])]),
        "times": numerals.compact(max(ratio, 1 / ratio)),
        "samples": numerals.count(len(dynamics.steps)),
    }
    if ratio < 1:
        text = _(
            "Gradients vanish on their way to the input: the median norm is {near} in the first quarter of the layers "
            "(from {first} on) and {far} in the last (up to {last}), {times} times as much ({samples} sampled steps).",
            near=numbers["near"],
            first=numbers["first"],
            far=numbers["far"],
            last=numbers["last"],
            times=numbers["times"],
            samples=numbers["samples"],
        )
        return claims.GRADIENTS_VANISH.finding(text, 0.7, anchor, "bad")
    text = _(
        "Gradients grow on their way to the input: the median norm is {near} in the first quarter of the layers (from "
        "{first} on), {times} times the {far} in the last (up to {last}; {samples} sampled steps).",
        near=numbers["near"],
        first=numbers["first"],
        times=numbers["times"],
        far=numbers["far"],
        last=numbers["last"],
        samples=numbers["samples"],
    )
    return claims.GRADIENTS_GROW.finding(text, 0.6, anchor, "caution")


def format_norm(value: float) -> str:
    """A norm, in exponent form where it has many zeros."""
    if 1e-4 <= value < 1e5:
        return numerals.significant(value, 2)
    return numerals.exponential(value, 2)


def find_updates(dynamics: Dynamics, anchor: str) -> Finding | None:
    """How far a step moves a layer against its size, and which layers are far from what is usual."""
    usual = find_typical(dynamics.ratio)
    known = np.flatnonzero(usual > 0)
    if not len(known):
        return None
    moved = usual[known]
    fast, slow = known[moved > FAR * USUAL], known[moved < USUAL / FAR]
    if len(fast):
        return find_fast_layers(dynamics, usual, len(fast), len(known), anchor)
    if len(slow):
        return find_slow_layers(dynamics, usual, len(slow), len(known), anchor)
    low, high = int(known[moved.argmin()]), int(known[moved.argmax()])
    rule = _("A rule of thumb expects about 0.1 % (Hinton 2010, §7).")
    text = _(
        "A step moves a layer by {median} of its norm in the median, from {least} ({slow}) to {most} ({fast}; "
        "{samples} sampled steps).",
        median=format_share(float(np.median(moved))),
        least=format_share(float(usual[low])),
        slow=quote(dynamics.facts.layers[low]),
        most=format_share(float(usual[high])),
        fast=quote(dynamics.facts.layers[high]),
        samples=numerals.count(len(dynamics.steps)),
    )
    return claims.UPDATES.finding(join_sentences([text, rule]), 0.15, anchor)


def find_fast_layers(dynamics: Dynamics, usual: FloatArray, far: int, of: int, anchor: str) -> Finding:
    """`far` of `of` layers that a step moves much; `usual` (layers,): the median ratio of update and weight norm."""
    end = int(np.where(usual > 0, usual, -np.inf).argmax())
    text = ngettext(
        "A step moves {count} of {all} layers by more than 10 % of its norm: {name} by {ratio} in the median of "
        "{samples} sampled steps.",
        "A step moves {count} of {all} layers by more than 10 % of their norm, {name} by {ratio} in the median of "
        "{samples} sampled steps.",
        far,
        all=numerals.count(of),
        name=quote(dynamics.facts.layers[end]),
        ratio=format_share(float(usual[end])),
        samples=numerals.count(len(dynamics.steps)),
    )
    rule = _(
        "A rule of thumb expects about 0.1 % (Hinton 2010, §7), though layers in front of a normalisation "
        "tolerate more."
    )
    return claims.ODD_UPDATES.finding(join_sentences([text, rule]), 0.35, anchor, "caution")


def find_slow_layers(dynamics: Dynamics, usual: FloatArray, far: int, of: int, anchor: str) -> Finding:
    """`far` of `of` layers that a step hardly moves; `usual` (layers,): the median ratio of update and weight norm."""
    end = int(np.where(usual > 0, usual, np.inf).argmin())
    text = ngettext(
        "A step moves {count} of {all} layers by less than 0.001 % of its norm, so that it hardly learns: {name} "
        "by {ratio} in the median of {samples} sampled steps.",
        "A step moves {count} of {all} layers by less than 0.001 % of their norm, so that they hardly learn: "
        "{name} by {ratio} in the median of {samples} sampled steps.",
        far,
        all=numerals.count(of),
        name=quote(dynamics.facts.layers[end]),
        ratio=format_share(float(usual[end])),
        samples=numerals.count(len(dynamics.steps)),
    )
    rule = _("A rule of thumb expects about 0.1 % (Hinton 2010, §7).")
    return claims.ODD_UPDATES.finding(join_sentences([text, rule]), 0.35, anchor, "caution")


def format_share(ratio: float) -> str:
    """A share of a norm with two significant digits: "0.42 %"."""
    return numerals.in_percent(format_norm(100 * ratio))
