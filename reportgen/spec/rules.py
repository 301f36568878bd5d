"""Rules of a spec that concern more than one key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reportgen.spec.gates import FORM, parse_rule
from reportgen.spec.types import UNSMOOTHED, Normalization, ReportSpec

WITH_MOMENTUM = ("sgd", "rmsprop")
"""The optimisers of torch.optim whose constructor takes `momentum`."""


@dataclass(frozen=True)
class BrokenRule:
    """One rule a spec breaks, and the key to look at."""

    path: tuple[str | int, ...]
    message: str
    hint: str


def broken_rules(spec: ReportSpec) -> Iterator[BrokenRule]:
    """Every rule that this spec breaks."""
    run, normalize = spec.run, spec.data.normalize
    if run.mode == "evaluate":
        for key in ("epochs", "steps", "max_minutes"):
            if getattr(run, key) is not None:
                yield BrokenRule(
                    ("run", key),
                    f"run.{key} has no meaning with run.mode: evaluate, which trains nothing",
                    f"Remove {key}, or set mode: train.",
                )
    name = run.optimizer.name
    if run.optimizer.momentum is not None and name not in WITH_MOMENTUM:
        yield BrokenRule(
            ("run", "optimizer", "momentum"),
            f"run.optimizer.momentum has no meaning with {name}",
            f"Remove it, or use one of {', '.join(WITH_MOMENTUM)}.",
        )
    if run.loss.label_smoothing > 0 and run.loss.name in UNSMOOTHED:
        yield BrokenRule(
            ("run", "loss", "label_smoothing"),
            f"run.loss.label_smoothing has no meaning with {run.loss.name}",
            "Remove it, or use cross_entropy, kl_div or mse.",
        )
    if isinstance(normalize, Normalization) and len(normalize.mean) != len(normalize.std):
        yield BrokenRule(
            ("data", "normalize", "std"),
            f"data.normalize has {len(normalize.mean)} values for mean and {len(normalize.std)} for std",
            "Give both one value for each channel.",
        )
    yield from broken_gates(spec)
    if "num_classes" in spec.model.args and not isinstance(spec.model.args["num_classes"], int):
        yield BrokenRule(
            ("model", "args", "num_classes"),
            "model.args.num_classes is not a whole number",
            "Leave it out: it is filled in from the data set.",
        )


def broken_gates(spec: ReportSpec) -> Iterator[BrokenRule]:
    """Every gate that can't be read."""
    for place, text in enumerate(spec.gates):
        try:
            parse_rule(text)
        except ValueError as error:
            yield BrokenRule(("gates", place), f"the gate {text!r} can't be read: {error}", FORM)
