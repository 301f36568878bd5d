"""What the trace of a model says: where parameters, arithmetic and time are, and what does not count or train."""

from __future__ import annotations

from dataclasses import dataclass

from reportgen.record.run import RunRecord
from reportgen.record.trace import ModelTrace
from reportgen.report.components import Figures
from reportgen.report.layer_table import Row, fold
from reportgen.report.model import Finding
from reportgen.report.sections.model import claims
from reportgen.report.sections.model.input_size_findings import find_fit, find_stretched
from reportgen.report.sections.model.receptive_field_findings import find_reach
from reportgen.report.wording import LONGEST_DEVICE, count_images, evidence, join_few, quote, shorten
from reportgen.text import numerals
from reportgen.text.i18n import _, ngettext

NAME = "model"
MOST = 0.5
"""A stage with this share of the parameters is named as the place where they are."""
MISMATCH = 0.1
"""Difference between a stage’s share of the time and of the MACs that is worth a sentence."""


@dataclass(frozen=True)
class Share:
    """What one stage has of the whole, 0 to 1."""

    stage: Row
    parameters: float
    macs: float
    time: float | None


def find_model(record: RunRecord, figures: Figures) -> list[Finding]:
    """The findings of this section, in the order of the text."""
    trace, cost = record.trace, evidence(figures, "cost_share", NAME)
    shares = stage_shares(trace)
    found = [
        find_fit(record),
        find_stretched(record),
        find_concentration(trace, shares, cost),
        find_work(shares, cost),
        find_time(record, shares, cost),
        find_memory(record, cost),
        find_frozen(trace),
        find_tied(trace),
        find_unused(trace),
        find_reach(record, figures),
        find_uncounted(trace),
    ]
    return [finding for finding in found if finding is not None]


def stage_shares(trace: ModelTrace) -> list[Share]:
    """What each stage has of the whole: the children of the model, or of the only child that does all the work."""
    rows = fold(trace, max_rows=len(trace.modules) + 1)
    if not rows:
        return []
    level = 1
    while len(stages := [row for row in rows if row.depth == level]) == 1 and not stages[0].is_leaf:
        level += 1
    seconds = rows[0].seconds
    return [
        Share(
            stage=row,
            parameters=row.parameters / max(trace.parameters, 1),
            macs=row.macs / max(trace.macs, 1),
            time=row.seconds / seconds if seconds and row.seconds is not None else None,
        )
        for row in stages
    ]


def find_concentration(trace: ModelTrace, shares: list[Share], anchor: str) -> Finding | None:
    """Where the parameters are."""
    if len(shares) < 2 or not trace.parameters:
        return None
    top = max(shares, key=lambda share: share.parameters)
    values = {
        "stage": quote(top.stage.path),
        "share": numerals.percent(top.parameters),
        "all": numerals.count(trace.parameters),
        "macs": numerals.percent(top.macs),
    }
    if top.parameters >= MOST:
        text = _(
            "{stage} holds {share} of the {all} parameters and does {macs} of the MACs.",
            stage=values["stage"],
            share=values["share"],
            all=values["all"],
            macs=values["macs"],
        )
    else:
        text = _(
            "No stage holds half of the {all} parameters; the largest, {stage}, holds {share} and does {macs} of the "
            "MACs.",
            all=values["all"],
            stage=values["stage"],
            share=values["share"],
            macs=values["macs"],
        )
    return claims.CONCENTRATION.finding(text, 0.28, anchor)


def find_work(shares: list[Share], anchor: str) -> Finding | None:
    """Where the MACs are, when that is not where the parameters are."""
    if len(shares) < 2:
        return None
    top = max(shares, key=lambda share: share.macs)
    if not top.macs or top is max(shares, key=lambda share: share.parameters):
        return None
    values = {
        "stage": quote(top.stage.path),
        "macs": numerals.percent(top.macs),
        "share": numerals.percent(top.parameters),
    }
    if top.macs >= MOST:
        text = _(
            "Most of the arithmetic is in {stage}: {macs} of the MACs, {share} of the parameters.",
            stage=values["stage"],
            macs=values["macs"],
            share=values["share"],
        )
    else:
        text = _(
            "The largest part of the arithmetic is in {stage}: {macs} of the MACs, {share} of the parameters.",
            stage=values["stage"],
            macs=values["macs"],
            share=values["share"],
        )
    return claims.WORK.finding(text, 0.18, anchor)


def find_time(record: RunRecord, shares: list[Share], anchor: str) -> Finding | None:
    """Where the time does not follow the MACs."""
    timed = [(share, share.time - share.macs) for share in shares if share.time is not None]
    if len(timed) < 2 or not record.trace.macs:
        return None
    share, difference = max(timed, key=lambda pair: abs(pair[1]))
    batch, device = numerals.count(record.trace.timed_batch), shorten(record.device.name, LONGEST_DEVICE)
    if abs(difference) < MISMATCH:
        text = _(
            "The time follows the arithmetic: a stage’s share of the forward pass (median, batches of {batch}, "
            "{device}) is never more than {points} from its share of the MACs.",
            batch=batch,
            device=device,
            points=numerals.points_apart(abs(difference)),
        )
        return claims.TIME_FOLLOWS.finding(text, 0.15, anchor)
    stage, time, macs = quote(share.stage.path), numerals.percent(share.time), numerals.percent(share.macs)
    if difference < 0:
        text = _(
            "{stage} takes only {time} of the forward pass (median, batches of {batch}, {device}) for {macs} of the "
            "MACs.",
            stage=stage,
            time=time,
            batch=batch,
            device=device,
            macs=macs,
        )
    else:
        text = _(
            "{stage} takes {time} of the forward pass (median, batches of {batch}, {device}) for {macs} of the MACs.",
            stage=stage,
            time=time,
            batch=batch,
            device=device,
            macs=macs,
        )
    return claims.TIME_APART.finding(text, 0.28, anchor)


def find_memory(record: RunRecord, anchor: str) -> Finding | None:
    """What a training batch keeps in activations, against the parameters."""
    trace, batch = record.trace, record.spec.run.batch_size
    if record.training is None or not trace.parameter_bytes or not trace.activation_bytes_training:
        return None
    kept = batch * trace.activation_bytes_training
    text = _(
        "A training batch of {batch} keeps {kept} of activations for the backward pass, {ratio} times the "
        "{size} of parameters and buffers.",
        batch=count_images(batch),
        kept=numerals.bytes_text(kept),
        ratio=numerals.significant(kept / trace.parameter_bytes, 2),
        size=numerals.bytes_text(trace.parameter_bytes),
    )
    return claims.MEMORY.finding(text, 0.2, anchor)


def find_frozen(trace: ModelTrace) -> Finding | None:
    """Parameters that do not train."""
    frozen = trace.parameters - trace.trainable_parameters
    if not frozen:
        return None
    if not trace.trainable_parameters:
        text = _("Every parameter is frozen: nothing here can train.")
    else:
        text = _(
            "{share} of the parameters are frozen: {frozen} of {all}.",
            share=numerals.percent(frozen / trace.parameters),
            frozen=numerals.count(frozen),
            all=numerals.count(trace.parameters),
        )
    return claims.FROZEN.finding(text, 0.5, f"section-{NAME}", "caution")


def find_tied(trace: ModelTrace) -> Finding | None:
    """Tensors that several modules hold."""
    tied = list(dict.fromkeys(module.path for module in trace.modules if module.shared and module.is_leaf))
    if not tied:
        return None
    text = ngettext(
        "{count} module shares parameters with another and they are counted once: {names}.",
        "{count} modules share parameters, which are counted once: {names}.",
        len(tied),
        names=join_few([quote(path) for path in tied]),
    )
    return claims.TIED.finding(text, 0.3, f"section-{NAME}")


def find_unused(trace: ModelTrace) -> Finding | None:
    """Modules with parameters that the forward pass never calls."""
    if not trace.unused:
        return None
    names, idle = join_few([quote(path) for path in trace.unused]), trace.unused_parameters
    if idle is None:
        text = ngettext(
            "{count} module with parameters is not called in any forward pass that was traced: {names}.",
            "{count} modules with parameters are not called in any forward pass that was traced: {names}.",
            len(trace.unused),
            names=names,
        )
    else:
        text = ngettext(
            "{count} module with parameters is not called in any forward pass that was traced: {names} "
            "({idle} parameters).",
            "{count} modules with parameters are not called in any forward pass that was traced: {names} "
            "({idle} parameters).",
            len(trace.unused),
            names=names,
            idle=numerals.count(idle),
        )
    return claims.UNUSED.finding(text, 0.6, f"section-{NAME}", "caution")


def find_uncounted(trace: ModelTrace) -> Finding | None:
    """Operators whose MACs nobody knows."""
    if not trace.uncounted:
        return None
    names = list(dict.fromkeys(trace.uncounted))
    text = ngettext(
        "The MACs of {count} kind of operator are unknown and missing from the total: {names}.",
        "The MACs of {count} kinds of operator are unknown and missing from the total: {names}.",
        len(names),
        names=join_few([quote(name) for name in names]),
    )
    return claims.UNCOUNTED.finding(text, 0.55, f"section-{NAME}", "caution")
