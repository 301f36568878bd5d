"""Rules of a spec that concern more than one key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reportgen.spec.optimizers import broken_optimizer_rules
from reportgen.spec.types import UNSMOOTHED, BaselineSpec, LossSpec, ModelSpec, ReportSpec, RunSpec

TRAINING_ONLY = (("run", "epochs"), ("run", "steps"), ("run", "max_minutes"), ("data", "mixup"))


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
        yield from rules_of_evaluation(spec)
    for key, message, hint in broken_optimizer_rules(run.optimizer):
        yield BrokenRule(("run", "optimizer", key), message, hint)
    yield from rules_of_weights(("model",), spec.model)
    yield from rules_of_weights(("run", "loss", "teacher"), run.loss.teacher)
    yield from rules_of_model(spec)
    if run.cycle_momentum is not None and run.schedule != "one_cycle":
        told = f"run.cycle_momentum has no meaning with schedule: {run.schedule}"
        yield BrokenRule(("run", "cycle_momentum"), told, "Remove it, or use schedule: one_cycle.")
    yield from rules_of_loss(run.loss)
    yield from rules_of_seeds(run)
    yield from rules_of_baseline(spec.baseline)
    if normalize is not None and len(normalize.mean) != len(normalize.std):
        yield BrokenRule(
            ("data", "normalize", "std"),
            f"data.normalize has {len(normalize.mean)} values for mean and {len(normalize.std)} for std",
            "Give both one value for each channel.",
        )
    if "num_classes" in spec.model.args and not isinstance(spec.model.args["num_classes"], int):
        yield BrokenRule(
            ("model", "args", "num_classes"),
            "model.args.num_classes is not a whole number",
            "Leave it out: it is filled in from the data set.",
        )


def rules_of_model(spec: ReportSpec) -> Iterator[BrokenRule]:
    """Where the weights that training starts from come from, and what of them is kept."""
    model, teacher = spec.model, spec.run.loss.teacher
    if model.pretrained is not None and model.weights is not None:
        yield BrokenRule(
            ("model", "pretrained"),
            "model.pretrained and model.weights exclude each other",
            "Keep one of them.",
        )
    if model.pretrained is not None and model.source.partition(":")[0] not in ("torchvision", "timm"):
        yield BrokenRule(
            ("model", "pretrained"),
            f"model.pretrained has no meaning with {model.source[:80]}",
            "It is for torchvision:NAME and timm:NAME. Name a file in model.weights instead.",
        )
    if spec.run.mode == "evaluate" and model.head == "replace":
        yield BrokenRule(
            ("model", "head"),
            "model.head: replace has no meaning with run.mode: evaluate: the new layer is not trained",
            "Remove it, or set mode: train.",
        )
    for key in ("pretrained", "head", "freeze"):
        if teacher is not None and getattr(teacher, key):
            yield BrokenRule(
                ("run", "loss", "teacher", key),
                f"run.loss.teacher.{key} has no meaning: a teacher is what its weights make it",
                "Name its weights in run.loss.teacher.weights.",
            )


def rules_of_evaluation(spec: ReportSpec) -> Iterator[BrokenRule]:
    """Keys that have no meaning where nothing is trained."""
    several = [("run", "seeds")] if len(spec.run.seeds) > 1 else []
    for part, key in (*TRAINING_ONLY, *several):
        if getattr(getattr(spec, part), key) is not None:
            yield BrokenRule(
                (part, key),
                f"{part}.{key} has no meaning with run.mode: evaluate, which trains nothing",
                f"Remove {key}, or set mode: train.",
            )


def rules_of_weights(path: tuple[str, ...], model: ModelSpec | None) -> Iterator[BrokenRule]:
    """A key into a file needs the file."""
    if model is not None and model.weights_key is not None and model.weights is None:
        yield BrokenRule(
            (*path, "weights_key"),
            f"{'.'.join(path)}.weights_key chooses among the weights in a file, and no file is named",
            "Add weights: with the file, or remove weights_key.",
        )


def rules_of_loss(loss: LossSpec) -> Iterator[BrokenRule]:
    """Keys of `run.loss` that belong to another loss, or to a teacher that is not there."""
    if loss.label_smoothing > 0 and loss.name in UNSMOOTHED:
        yield BrokenRule(
            ("run", "loss", "label_smoothing"),
            f"run.loss.label_smoothing has no meaning with {loss.name}",
            "Remove it, or use cross_entropy, kl_div or mse.",
        )
    if loss.gamma is not None and loss.name != "focal":
        yield BrokenRule(
            ("run", "loss", "gamma"), f"run.loss.gamma has no meaning with {loss.name}", "Remove it, or use focal."
        )
    if loss.teacher is not None and loss.name != "kl_div":
        yield BrokenRule(
            ("run", "loss", "teacher"), f"run.loss.teacher has no meaning with {loss.name}", "Use name: kl_div."
        )
    for key in ("temperature", "alpha"):
        if loss.teacher is None and getattr(loss, key) is not None:
            yield BrokenRule(
                ("run", "loss", key),
                f"run.loss.{key} has no meaning without a teacher",
                "Remove it, or add teacher: {source: …, weights: …} with name: kl_div.",
            )


def rules_of_baseline(baseline: BaselineSpec | None) -> Iterator[BrokenRule]:
    """A record to compare with, or the reason why there is none."""
    if baseline is not None and baseline.record is None and baseline.missing is None:
        yield BrokenRule(("baseline",), "baseline names no record", "Add record: with a report's folder, or remove it.")
    if baseline is not None and baseline.record is not None and baseline.missing is not None:
        told = "baseline.record and baseline.missing exclude each other"
        yield BrokenRule(("baseline", "missing"), told, "Keep missing: only where there is no record to compare with.")


def rules_of_seeds(run: RunSpec) -> Iterator[BrokenRule]:
    """One way to say which seeds, each once."""
    if {"seed", "seeds"} <= run.model_fields_set:
        yield BrokenRule(
            ("run", "seed"),
            "run.seed and run.seeds exclude each other",
            "Keep run.seeds; the report is about the first of them.",
        )
    twice = next((place for place, seed in enumerate(run.seeds) if seed in run.seeds[:place]), None)
    if twice is not None:
        yield BrokenRule(("run", "seeds", twice), f"run.seeds names {run.seeds[twice]} twice", "Give each seed once.")
