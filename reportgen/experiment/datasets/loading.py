"""The package's main function: find the data set, fall back where the spec allows it, limit, measure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from reportgen.errors import DataError
from reportgen.experiment.datasets import choose_dataset, find_datasets
from reportgen.experiment.datasets.channels import with_channels
from reportgen.experiment.datasets.facts import gather_facts, pixel_digests, resolve_normalization
from reportgen.experiment.datasets.files import NotAvailable, search_folders
from reportgen.experiment.datasets.loaded import LoadedData, Normalizer, stratified_rows
from reportgen.experiment.datasets.raw import DataRequest, LabelArray, RawData, RawSplit
from reportgen.plugins import DatasetKind
from reportgen.progress import Progress
from reportgen.record.message import Message
from reportgen.record.run import DataFacts
from reportgen.spec.types import DataSpec
from reportgen.system.memory import needing_memory
from reportgen.text.visible import visible

SMALLER = "Use smaller data.train_limit and data.eval_limit, or end other programs."


def load_data(
    spec: DataSpec,
    *,
    data_root: Path | None,
    offline: bool,
    seed: int,
    base: Path,
    progress: Progress,
    evaluating: bool = False,
    kinds: dict[str, DatasetKind] | None = None,
) -> LoadedData:
    """The data of a spec, or its fallback's.

    Raises SpecError for an unknown name, DataError where the data isn't available and the spec names no fallback.
    """
    kind, fallback = choose_dataset(spec, find_datasets() if kinds is None else kinds)
    request = DataRequest(spec, base, data_root, offline, progress, seed, evaluating)
    reason, used = None, kind
    try:
        raw = load_raw(kind, request)
    except DataError as error:
        if fallback is None:
            raise
        progress.warn(f"{spec.fallback} in place of {spec.name}: {error.message}\n{error.hint}")
        reason = without_folders(reason_for(error), search_folders(spec, data_root, base))
        raw, used = load_raw(fallback, request), fallback
    with needing_memory("preparing the images", SMALLER):
        loaded = prepare(with_channels(raw, spec.channels), spec, seed, reason)
    told = {"hub": used.hub} | ({} if reason is None else title_of(kind))
    return replace(loaded, facts=loaded.facts.model_copy(update=told))


def load_raw(kind: DatasetKind, request: DataRequest) -> RawData:
    """The images of a data set; raises EnvironmentTrouble where there is no memory for them, and what `load` raises."""
    with needing_memory(f"loading the data set {kind.name}", SMALLER):
        return kind.load(request)


def title_of(kind: DatasetKind) -> dict[str, str | Message]:
    """What the data set that was asked for is called, for the record of one that stands in for it."""
    return {"requested_title": visible(kind.title) if isinstance(kind.title, str) else kind.title}


def reason_for(error: DataError) -> Message:
    """Why other data stand in; an error that has no message of the catalogue gives its text."""
    return error.reason if isinstance(error, NotAvailable) else Message(id=error.message)


def without_folders(message: Message, folders: tuple[Path, ...]) -> Message:
    """A message as a record may hold it: of each folder only its name is left."""
    ordered = sorted(folders, key=lambda folder: -len(str(folder)))

    def cleaned(value: Any) -> Any:
        if isinstance(value, Message):
            return without_folders(value, folders)
        if isinstance(value, tuple):
            return tuple(cleaned(part) for part in value)
        if isinstance(value, str):
            for folder in ordered:
                value = value.replace(str(folder), folder.name)
        return value

    values = {name: cleaned(value) for name, value in message.values.items()}
    return message.model_copy(update={"id": cleaned(message.id), "values": values})


def prepare(raw: RawData, spec: DataSpec, seed: int, reason: Message | None = None) -> LoadedData:
    """The part of the data that the spec asks for, with facts and normalisation."""
    train, train_ids = keep(raw.train, spec.train_limit, seed)
    test, test_ids = keep(raw.test, spec.eval_limit, seed)
    augmentations = tuple(name for name in spec.augment if name not in raw.unfit)
    digests = pixel_digests(train.images), pixel_digests(test.images)
    facts = gather_facts(raw, spec, train, test, digests, (train_ids, test_ids), augmentations)
    name, mean, std = resolve_normalization(spec, raw, facts)
    size = None if spec.image_size is None else (spec.image_size, spec.image_size)
    facts = resized(facts, size).model_copy(
        update={"normalize_name": name, "normalize_mean": mean, "normalize_std": std, "fallback_reason": reason}
    )
    return LoadedData(
        train_images=torch.from_numpy(train.images),
        train_labels=torch.from_numpy(train.labels),
        test_images=torch.from_numpy(test.images),
        test_labels=torch.from_numpy(test.labels),
        train_ids=train_ids,
        test_ids=test_ids,
        test_digests=digests[1],
        facts=facts,
        normalization=Normalizer(mean, std, size),
        augment=augmentations,
        mixup=spec.mixup,
        test_coarse_labels=None if raw.test_coarse_labels is None else raw.test_coarse_labels[test_ids],
    )


def resized(facts: DataFacts, size: tuple[int, int] | None) -> DataFacts:
    """The facts where images are resized to `size` (height, width) for the model."""
    channels, *stored = facts.image_shape
    if size is None or list(size) == stored:
        return facts
    return facts.model_copy(update={"image_shape": (channels, *size), "resized_from": tuple(stored)})


def limit(labels: LabelArray, number: int | None, seed: int) -> LabelArray:
    """Rows (used,) of labels (n,) to use, in order: all, or `number` of them taken from the classes in turn."""
    if number is None or number >= len(labels):
        return np.arange(len(labels), dtype=np.int64)
    return np.sort(stratified_rows(labels, number, seed))


def keep(split: RawSplit, number: int | None, seed: int) -> tuple[RawSplit, LabelArray]:
    """The part of a split that a limit keeps, and the index (kept,) of each image in the whole."""
    if split.ids is not None:
        return split, split.ids
    rows = limit(split.labels, number, seed)
    return take(split, rows), rows


def take(split: RawSplit, rows: LabelArray) -> RawSplit:
    """Some rows of a split; no copy when it is all of them."""
    if len(rows) == len(split.labels):
        return split
    files = tuple(split.files[row] for row in rows) if split.files else ()
    return RawSplit(
        np.ascontiguousarray(split.images[rows]), split.labels[rows], available=len(split.labels), files=files
    )
