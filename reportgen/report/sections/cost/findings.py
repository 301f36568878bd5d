"""What the timings say: what limits the model, which batch is enough, where time goes without arithmetic."""

from __future__ import annotations

from collections import defaultdict

from reportgen.metrics.cost import list_latency, saturation, timed_alike, whole_pass
from reportgen.metrics.roofline import Group, Limit, group_calls, place, whole_seconds
from reportgen.record.latency import Latency
from reportgen.record.metric_value import MetricValue
from reportgen.record.probes.cost import CostFacts, PeakMemory, StepTime
from reportgen.record.run import RunRecord
from reportgen.report.components import Figures
from reportgen.report.model import Finding
from reportgen.report.naming import name_device
from reportgen.report.sections.cost import claims
from reportgen.report.wording import count_images, evidence
from reportgen.text import numerals
from reportgen.text.i18n import _, join_names, join_sentences, ngettext

NAME = "cost"
IDLE = 0.15
"""Share of the time that modules almost without MACs must take to be named."""
ALMOST = 0.1
"""A kind of module has almost no MACs when its share of them is less than this part of its share of the time."""
MUCH = 0.3
WAITING = 0.25
"""Share of a training step spent on data that is worth changing."""
UNSETTLED = 1.5
"""Ratio of the 95th percentile to the median at which times are not to be relied on."""
UNUSED = 0.5
"""Share of the time in modules that no limit of the machine explains, or the overhead of calls alone, from which on the
machine is not made use of."""
SAVED = 4.0
"""How many times faster than a matrix product a convolution may be at most (Winograd F(4×4, 3×3); Lavin and Gray 2016).
"""

Values = dict[str, MetricValue]


def find_cost(record: RunRecord, facts: CostFacts, values: Values, figures: Figures) -> list[Finding]:
    """The findings of this section, in the order of the text."""
    groups = group_calls(record.trace, facts.roofs.element_bytes) if facts.roofs else ()
    roof, batches = evidence(figures, "roofline", NAME), evidence(figures, "cost_batches", NAME)
    found = [
        find_peak(record, facts, values, roof),
        find_limits(record, facts, groups, roof),
        find_idle(record, groups),
        find_saturation(record, facts, values, batches),
        find_unsettled(list_latency(record, facts), batches),
        find_step(facts.step, values, evidence(figures, "step_time", NAME)),
        find_memory(record, facts, values),
    ]
    return [finding for finding in found if finding is not None]


def find_peak(record: RunRecord, facts: CostFacts, values: Values, anchor: str) -> Finding | None:
    """How much of the machine's arithmetic the model uses."""
    whole = whole_pass(record.trace, facts.roofs) if facts.roofs else None
    if facts.roofs is None or whole is None:
        return None
    if whole.low is not None and whole.low > SAVED:
        text = _(
            "A forward pass of {batch} ran at {rate}, far above the {peak} of matrix products as measured here "
            "({device}): something else was using the machine while those were timed, and the shares of that limit "
            "are meaningless.",
            batch=count_images(whole.batch_size),
            rate=numerals.compact(whole.flops_per_second, "FLOP/s"),
            peak=numerals.compact(facts.roofs.flops_per_second, "FLOP/s"),
            device=name_device(record.device, facts.roofs.precision),
        )
        return claims.FALSE_ROOF.finding(text, 0.35, anchor, "caution")
    text = _(
        "A forward pass of {batch} reaches {share} of what matrix products reached here: {rate} of {peak} ({device}).",
        batch=count_images(whole.batch_size),
        share=values["matrix_rate_share"].display_full,
        rate=numerals.compact(whole.flops_per_second, "FLOP/s"),
        peak=numerals.compact(facts.roofs.flops_per_second, "FLOP/s"),
        device=name_device(record.device, facts.roofs.precision),
    )
    return claims.PEAK.finding(text, 0.3, anchor)


def find_limits(record: RunRecord, facts: CostFacts, groups: tuple[Group, ...], anchor: str) -> Finding | None:
    """What limits the modules, by their time."""
    whole = sum(group.seconds for group in groups)
    if facts.roofs is None or not whole:
        return None
    shares: dict[Limit, float] = defaultdict(float)
    for group in groups:
        shares[place(group, facts.roofs).limit] += group.seconds / whole
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    told = join_names([format_share(limit, share) for limit, share in ordered])
    text = _(
        "What limits the modules, by their share of the time: {parts} (n\u00a0=\u00a0{n} passes).",
        parts=told,
        n=record.trace.timed_passes or 0,
    )
    if shares["none"] + shares["overhead"] > UNUSED:
        return claims.UNUSED.finding(text, 0.25, anchor)
    return claims.LIMITS.finding(text, 0.2, anchor)


def format_share(limit: Limit, share: float) -> str:
    """The share of the time under one limit."""
    part = numerals.percent(share)
    return {
        "arithmetic": _("arithmetic {share}", share=part),
        "memory": _("memory {share}", share=part),
        "overhead": _("the overhead of calls {share}", share=part),
        "none": _("nothing (below a third of every limit) {share}", share=part),
        "beyond": _("at or above the roof as measured {share}", share=part),
    }[limit]


def find_idle(record: RunRecord, groups: tuple[Group, ...]) -> Finding | None:
    """The kind of module that takes much of the time for next to no MACs."""
    whole, macs = whole_seconds(record.trace, groups), record.trace.macs
    if not whole or not macs:
        return None
    seconds: dict[str, float] = defaultdict(float)
    work: dict[str, int] = defaultdict(int)
    calls: dict[str, int] = defaultdict(int)
    for group in groups:
        if group.kind:
            kind = _("{kind} (its child modules not counted)", kind=group.kind) if group.outer else group.kind
            seconds[kind] += group.seconds
            work[kind] += group.macs
            calls[kind] += group.times
    idle = {kind: time / whole for kind, time in seconds.items() if work[kind] / macs < ALMOST * time / whole}
    longest = max(idle, key=lambda name: idle[name], default="")
    if idle.get(longest, 0.0) < IDLE:
        return None
    share = numerals.percent(idle[longest])
    if work[longest]:
        text = ngettext(
            "{count} call of {kind} takes {share} of the time of the pass and does {macs} of the MACs.",
            "{count} calls of {kind} take {share} of the time of the pass and do {macs} of the MACs.",
            calls[longest],
            kind=longest,
            share=share,
            macs=numerals.percent(work[longest] / macs),
        )
    else:
        text = ngettext(
            "{count} call of {kind} takes {share} of the time of the pass and does none of the MACs.",
            "{count} calls of {kind} take {share} of the time of the pass and do none of the MACs.",
            calls[longest],
            kind=longest,
            share=share,
        )
    return claims.IDLE.finding(text, 0.28 if idle[longest] >= MUCH else 0.25, f"section-{NAME}")


def find_saturation(record: RunRecord, facts: CostFacts, values: Values, anchor: str) -> Finding | None:
    """The smallest batch that is nearly as fast as the best."""
    latency = list_latency(record, facts)
    at = saturation(latency)
    if at is None:
        return None
    speed, best = values[f"throughput.batch_{at.at.batch_size}"], values["throughput.best"]
    words = {
        "batch": count_images(at.at.batch_size),
        "speed": speed.display_full,
        "share": numerals.percent(at.at.images_per_second / at.best.images_per_second),
        "best": best.display_full,
        "largest": numerals.count(at.best.batch_size),
    }
    if at.rising:
        text = _(
            "Throughput still rises at the largest batch timed, {batch}: {speed}.",
            batch=words["batch"],
            speed=words["speed"],
        )
    elif at.at is at.best:
        text = _(
            "Throughput is highest at batches of {batch}: {speed}.",
            batch=words["batch"],
            speed=words["speed"],
        )
    else:
        text = _(
            "Throughput saturates at batches of {batch}: {speed}, {share} of the best, {best} at {largest}.",
            batch=words["batch"],
            speed=words["speed"],
            share=words["share"],
            best=words["best"],
            largest=words["largest"],
        )
        text = join_sentences([text, _("It is lower at the largest batch timed.") if at.falling else ""])
    if not at.between_processes:
        unsure = _("Too few processes timed these sizes to say whether another run would agree.")
        text = join_sentences([text, unsure, note_apart(latency)])
    return claims.SATURATION.finding(text, 0.3, anchor)


def note_apart(latency: tuple[Latency, ...]) -> str:
    """Which batch sizes are not compared with the others; empty where all are."""
    alike = timed_alike(latency)
    apart = [numerals.count(one.batch_size) for one in latency if one not in alike]
    if not apart:
        return ""
    return _(
        "Not compared with them: batches of {sizes}, which were timed in another number of processes.",
        sizes=join_names(apart),
    )


def find_unsettled(latency: tuple[Latency, ...], anchor: str) -> Finding | None:
    """Times that something else on the machine has disturbed."""
    enough = [one for one in latency if one.stated_p95 is not None]
    worst = max(enough, key=lambda one: one.p95_seconds / one.p50_seconds, default=None)
    if worst is None or worst.p95_seconds < UNSETTLED * worst.p50_seconds:
        return None
    text = _(
        "The times vary widely: one in twenty passes of {batch} took at least {ratio} times the median "
        "(n\u00a0=\u00a0{n}). If "
        "something else used the machine, they are too long.",
        batch=count_images(worst.batch_size),
        ratio=numerals.significant(worst.p95_seconds / worst.p50_seconds, 2),
        n=numerals.count(worst.n),
    )
    return claims.UNSETTLED.finding(text, 0.35, anchor, "caution")


def find_step(step: StepTime | None, values: Values, anchor: str) -> Finding | None:
    """Where a training step's time goes, and whether it waits for data."""
    if step is None:
        return None
    text = _(
        "A training step of {batch} takes {time}: {data} on data, {forward} forward, {backward} backward, "
        "{optimizer} in the optimiser.",
        batch=count_images(step.batch_size),
        time=values["train_step.p50"].display_full,
        data=values["train_step.data_share"].display,
        forward=values["train_step.forward_share"].display,
        backward=values["train_step.backward_share"].display,
        optimizer=values["train_step.optimizer_share"].display,
    )
    if step.batch_size < step.planned_batch:
        less = _(
            "The run’s own batches of {planned} did not fit into the budget of time and memory.",
            planned=numerals.count(step.planned_batch),
        )
        text = join_sentences([text, less])
    if step.shares[0] >= WAITING:
        waits = _("Preparing the data is the bottleneck.")
        return claims.WAITS.finding(join_sentences([text, waits]), 0.6, anchor, "caution")
    return claims.STEP.finding(text, 0.25, anchor)


def find_memory(record: RunRecord, facts: CostFacts, values: Values) -> Finding | None:
    """What a training step needs at once, or a forward pass where nothing was trained."""
    if not facts.memory:
        return None
    peak = facts.memory[-1]
    whole = values[f"peak_memory.{peak.what}.batch_{peak.batch_size}"]
    return claims.MEMORY.finding(format_memory(record, peak, whole.display), 0.2, f"section-{NAME}")


def format_memory(record: RunRecord, peak: PeakMemory, whole: str) -> str:
    """How much memory at once, and for what; a lower bound where only the tensors alive were counted."""
    batch, least = count_images(peak.batch_size), peak.how == "tensors"
    model, made = numerals.bytes_text(record.trace.parameter_bytes), numerals.bytes_text(peak.peak_bytes)
    state = numerals.bytes_text(peak.optimizer_bytes)
    if peak.what == "training" and least:
        return _(
            "A training step of {batch} needs at least {whole} at once: {model} for the model, {state} for the "
            "optimiser, {made} for activations and gradients.",
            batch=batch,
            whole=whole,
            model=model,
            state=state,
            made=made,
        )
    if peak.what == "training":
        return _(
            "A training step of {batch} needs {whole} at once: {model} for the model, {state} for the "
            "optimiser, {made} for activations and gradients.",
            batch=batch,
            whole=whole,
            model=model,
            state=state,
            made=made,
        )
    if least:
        return _(
            "A forward pass of {batch} needs at least {whole} at once: {model} for the model, {made} for activations.",
            batch=batch,
            whole=whole,
            model=model,
            made=made,
        )
    return _(
        "A forward pass of {batch} needs {whole} at once: {model} for the model, {made} for activations.",
        batch=batch,
        whole=whole,
        model=model,
        made=made,
    )
