"""This model and its baseline timed in turn, in fresh processes: what the machine does meanwhile meets both alike.

Two builds of one model can differ by two fifths in latency, because clock rates, temperature and neighbours change
between them. Neighbouring processes share that, so that the ratio within a pair does not hold it; which of the two
comes first alternates (ABBA), so that neither a drift nor coming second favours one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

from reportgen.experiment.latency_processes import (
    ONLY_HERE,
    Expected,
    Seconds,
    Timed,
    TimedModel,
    count_half,
    is_in_plugin,
    is_late,
    not_made,
    own_model,
    put_together,
    time_in_process,
)
from reportgen.experiment.nominal import nominal_seconds
from reportgen.experiment.request import BaselineModel, Request
from reportgen.record.latency import Latency
from reportgen.record.message import N_, Message
from reportgen.record.paired_latency import TOO_LONG, PairedLatency, PairedTimes, Side
from reportgen.record.run import RunRecord

Pair = Mapping[Side, Seconds]


def measure_in_pairs(request: Request, candidate: TimedModel) -> tuple[PairedLatency | None, list[Seconds]]:
    """Both models in alternation, and what each process of this one measured; None where nothing is to be timed so."""
    number, baseline = request.spec.latency_pairs, request.baseline
    if baseline is None or not number:
        return None, []
    if baseline.model is None or is_in_plugin(request):
        refused = baseline.refused or ONLY_HERE
        return PairedLatency(baseline=baseline.digest, choice=baseline.choice, reason=refused), []
    sides: dict[Side, TimedModel] = {"baseline": as_baseline(baseline, candidate), "candidate": candidate}
    pairs: list[Pair] = []
    order: list[Side] = []
    reason, begun = None, time.perf_counter()
    while len(pairs) < number and not is_late(request.spec, begun):
        turn: tuple[Side, ...] = ("baseline", "candidate") if len(pairs) % 2 == 0 else ("candidate", "baseline")
        pair, reason = time_pair({side: sides[side] for side in turn})
        if pair is None:
            break
        pairs.append(pair)
        order += turn
    if len(pairs) < 2:
        return PairedLatency(baseline=baseline.digest, choice=baseline.choice, reason=reason or TOO_LONG), []
    counts = {side: model.counts for side, model in sides.items()}
    paired = PairedLatency(
        baseline=baseline.digest,
        choice=baseline.choice,
        model=baseline.named,
        order=tuple(order),
        threads=candidate.device.threads,
        times=summarise_pairs(pairs, counts),
    )
    return paired, [pair["candidate"] for pair in pairs]


def as_baseline(baseline: BaselineModel, candidate: TimedModel) -> TimedModel:
    """The baseline's model, on the device and with the threads of this one, in the precision it was measured in where
    that was on a device of this kind."""
    record, here, model = baseline.record, candidate.device, baseline.model
    assert model is not None  # else it is refused
    chosen = record.device if record.device.kind == here.kind else here
    known = {"precision", "precision_reason", "channels_last"}
    nominal = nominal_seconds(record.trace)
    origin = record.provenance
    return replace(
        candidate,
        model=model,
        base=baseline.base,
        classes=len(record.data.classes),
        shape=record.data.image_shape,
        device=here.model_copy(update=chosen.model_dump(include=known) | {"precision_reason": chosen.precision_reason}),
        counts={size: count_half(size, nominal) for size in candidate.counts},
        expected=Expected(
            origin.model_source_sha256,
            tuple(sorted({digest for _name, digest in origin.model_files})),
            record.trace.parameters,
        ),
        image_seconds=nominal,
    )


def time_pair(models: Mapping[Side, TimedModel]) -> tuple[Pair | None, Message | None]:
    """One process of each, in the order of `models`; None, with the reason, where one of them comes to nothing."""
    pair: dict[Side, Seconds] = {}
    for side, model in models.items():
        timed = time_in_process(model)
        if timed.seconds is None:
            return None, describe_failure(side, timed, model)
        pair[side] = timed.seconds
    return pair, None


def describe_failure(side: Side, timed: Timed, model: TimedModel) -> Message:
    """Why a process has no times."""
    if timed.changed:
        return N_(
            "The baseline’s model can’t be built here as it was: its code has changed. baseline.code in the spec can "
            "name a folder that holds the code as it was."
        )
    if side == "baseline":
        seconds = int(model.longest)
        return N_("The baseline’s model could not be made and timed here within {seconds} s.", seconds=seconds)
    return not_made(model)


def summarise_pairs(pairs: Sequence[Pair], counts: Mapping[Side, Mapping[int, int]]) -> tuple[PairedTimes, ...]:
    """The medians of all processes, by the batch sizes that all of them timed."""
    timed = [set(times) for pair in pairs for times in pair.values()]
    return tuple(
        PairedTimes(
            batch_size=size,
            baseline=tuple(median(pair["baseline"][size]) for pair in pairs),
            candidate=tuple(median(pair["candidate"][size]) for pair in pairs),
            baseline_passes=counts["baseline"][size],
            candidate_passes=counts["candidate"][size],
        )
        for size in sorted(set.intersection(*timed))
    )


def time_again(request: Request, record: RunRecord) -> tuple[PairedLatency | None, tuple[Latency, ...]]:
    """The model of a record that is there already, timed in turn with the baseline of the request, and its latencies
    from the same processes, as a first build with this baseline has them; those of the record where none was timed."""
    classes, shape = len(record.data.classes), record.data.image_shape
    mine = own_model(request, record.device, classes, shape, record.latency, record.trace)
    paired, runs = measure_in_pairs(request, mine)
    return paired, put_together(record.latency, runs)
