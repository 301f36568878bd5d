"""What is known of gates before anything is computed: classes that the data lacks, numbers that a run won't have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from reportgen.errors import DataError
from reportgen.experiment.datasets import choose_dataset, find_datasets
from reportgen.plugins import DatasetKind, Plugins
from reportgen.record.definitions import MILLISECONDS, find_definition
from reportgen.record.probe_levels import level_of
from reportgen.spec.gates import CLASS, check_classes, split_change
from reportgen.spec.probes import PROBE_NAMES
from reportgen.spec.types import DataSpec, ReportSpec
from reportgen.text.visible import visible

OF_TRAINING = ("train_accuracy", "generalisation_gap", "train_seconds", "train_images_per_second")
OF_TRAINING_DATA = ("data.duplicates_across",)
OF_STEPS = "train_step."
OF_SEEDS = ("accuracy_seeds", "accuracy_seed_deviation")
TOP5, MOST_WITHOUT_TOP5 = "top5_accuracy", 5
"""Classes of which the first five are all, as in `reportgen.metrics.scores`."""


def check_gated_classes(spec: ReportSpec, base: Path, data_root: Path | None, offline: bool, plugins: Plugins) -> None:
    """Raise SpecError for a gate on a class that the data set does not have, where that is known without its images.

    What is wrong with the data itself is told by whoever loads it.
    """
    if not any(CLASS.fullmatch(split_change(rule.metric)[0]) for rule in spec.gates):
        return
    kinds = find_datasets() | plugins.datasets
    evaluating = spec.run.mode == "evaluate"
    names = find_classes(spec.data, kinds, base, data_root, offline, evaluating)
    if names is None:
        names = sum(classes_of_either(spec.data, kinds, base, data_root, offline, evaluating).values(), ()) or None
    if names is not None:
        check_classes(spec.gates, tuple(map(visible, names)))


def classes_of_either(
    data: DataSpec,
    kinds: Mapping[str, DatasetKind],
    base: Path,
    data_root: Path | None,
    offline: bool,
    evaluating: bool,
) -> dict[str, tuple[str, ...]]:
    """Name -> classes of the data set and of the one that stands in for it, where it shows only when the first is
    fetched which of them a run will use; empty for any other, and where the classes of either are not known."""
    kind, fallback = choose_dataset(data, kinds)
    if fallback is None or not kind.download or offline:
        return {}
    try:
        if kind.files(data, data_root, base) is not None:
            return {}
        names = {one.name: one.name_classes(data, data_root, base, evaluating) for one in (kind, fallback)}
    except DataError:
        return {}
    found = {name: classes for name, classes in names.items() if classes is not None}
    return found if len(found) == len(names) else {}


def find_classes(
    data: DataSpec,
    kinds: Mapping[str, DatasetKind],
    base: Path,
    data_root: Path | None,
    offline: bool,
    evaluating: bool,
) -> tuple[str, ...] | None:
    """The names of the classes of the data that a run would use; None where that shows only once they are loaded.

    Raises SpecError for a data set that is not known.
    """
    kind, fallback = choose_dataset(data, kinds)
    given = (data, data_root, base)
    try:
        if kind.files(*given) is not None or fallback is None:
            return kind.name_classes(*given, evaluating)
    except DataError:
        if fallback is None:
            return None
        return name_fallback(fallback, data, data_root, base, evaluating)
    if kind.download and not offline:
        return None  # which of the two it will be shows when it is fetched
    return name_fallback(fallback, data, data_root, base, evaluating)


def name_fallback(
    kind: DatasetKind, data: DataSpec, data_root: Path | None, base: Path, evaluating: bool
) -> tuple[str, ...] | None:
    """The names of the classes of the data set that stands in."""
    try:
        return kind.name_classes(data, data_root, base, evaluating)
    except DataError:
        return None


def find_undecided(
    spec: ReportSpec, base: Path, data_root: Path | None, offline: bool, plugins: Plugins
) -> Iterator[str]:
    """A sentence for each gate on a number that the run of this spec will not have."""
    for rule in spec.gates:
        name = split_change(rule.metric)[0].removesuffix(MILLISECONDS)
        why = say_missing(name, spec)
        if name == TOP5:
            kinds = find_datasets() | plugins.datasets
            names = find_classes(spec.data, kinds, base, data_root, offline, evaluating=spec.run.mode == "evaluate")
            few = names is not None and len(names) <= MOST_WITHOUT_TOP5
            why = f"the data has {len(names)} classes, of which all are among the first five" if names and few else ""
        if why:
            yield f"the gate {rule.text} will be undecided: {why}"
    yield from find_lacking(spec, base, data_root, offline, plugins)


def find_lacking(
    spec: ReportSpec, base: Path, data_root: Path | None, offline: bool, plugins: Plugins
) -> Iterator[str]:
    """A sentence for each gate on a class that only one of the data sets has which a run may come to use."""
    kinds, evaluating = find_datasets() | plugins.datasets, spec.run.mode == "evaluate"
    either: dict[str, tuple[str, ...]] | None = None
    for rule in spec.gates:
        asked = CLASS.fullmatch(split_change(rule.metric)[0])
        if asked is None:
            continue
        if either is None:
            either = classes_of_either(spec.data, kinds, base, data_root, offline, evaluating)
        for name, classes in either.items():
            if asked["name"] not in map(visible, classes):
                when = "is used" if name == spec.data.name else "stands in, where the download fails"
                yield f"the gate {rule.text} names a class that {name} does not have: a build stops if {name} {when}"


def say_missing(name: str, spec: ReportSpec) -> str:
    """Why a run of this spec has no number of this name; empty where it may have one."""
    run = spec.run
    definition, _ = find_definition(name)
    section = definition.section if definition is not None else ""
    if section in PROBE_NAMES and level_of(spec, section) == "none":
        return f"run.probes.{section} is none"
    if run.mode == "evaluate" and (name in (*OF_TRAINING, *OF_TRAINING_DATA) or name.startswith(OF_STEPS)):
        return "run.mode: evaluate trains nothing"
    if name in OF_SEEDS and len(run.seeds) == 1:
        return "run.seeds names one seed"
    if name == "teacher_accuracy" and (run.loss.teacher is None or run.mode == "evaluate"):
        return "run.loss.teacher names no model"
    return ""
