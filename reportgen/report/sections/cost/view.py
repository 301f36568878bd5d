"""Section 9: how fast the model is, what it needs, and what limits it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reportgen.metrics.cost import list_latency
from reportgen.metrics.roofline import Group, Placed, group_calls, place, whole_seconds
from reportgen.plugins import Section
from reportgen.record.latency import FEWEST_FOR_P95, FEWEST_PROCESSES, Latency
from reportgen.record.message import draw_note
from reportgen.record.probes import why_missing
from reportgen.record.probes.cost import CostFacts, PeakMemory, Roofs
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.components import Fact, Figures, choose_figures
from reportgen.report.model import FigureFile, SectionView, Skipped
from reportgen.report.naming import name_group, name_limit
from reportgen.report.sections.cost.findings import NAME, find_cost
from reportgen.report.sections.cost.methods import list_methods
from reportgen.report.sections.cost.numbers import METRICS, list_values, read_values
from reportgen.report.table import NO_TABLE, Column, Row, Table, numbers, words
from reportgen.report.wording import count_images, shorten
from reportgen.text import numerals
from reportgen.text.i18n import _, join_names, join_parts, join_sentences, ngettext, with_note
from reportgen.text.shorten import shorten_family

MOST_ROWS = 30
"""Rows of the table of modules; the shortest are put together in one."""
LONGEST_NAME, LONGEST_KIND = 44, 20
INTENSITY = 8
"""The column of the modules that paper has no room for."""
INTERVALS = (2, 4, 6)
"""The columns of the batches that hold nothing where no size was timed in enough processes for an interval."""


@dataclass(frozen=True)
class CostView(SectionView):
    """The values of sections/cost.html.j2."""

    facts: tuple[Fact, ...] = ()
    speeds: tuple[FigureFile | Skipped, ...] = ()
    limits: tuple[FigureFile | Skipped, ...] = ()
    steps: tuple[FigureFile | Skipped, ...] = ()
    modules: Table = NO_TABLE
    modules_on_paper: Table = NO_TABLE
    """With a column fewer."""
    batches: Table = NO_TABLE


def build(subject: Subject, figures: Figures) -> CostView | Skipped:
    """The section from the timings, or why there are none."""
    record = subject.record
    facts = record.probes.cost if record.probes else None
    if facts is None:
        return Skipped(NAME, _("Cost"), why_missing(record.probes, NAME))
    metrics = list_values(record, facts)
    values = {value.name: value for value in metrics}
    groups = group_calls(record.trace, facts.roofs.element_bytes) if facts.roofs else ()
    modules = tuple(list_modules(record, groups, facts))
    return CostView(
        name=NAME,
        title=_("Cost"),
        findings=tuple(find_cost(record, facts, values, figures)),
        metrics=metrics,
        methods=tuple(list_methods(facts)),
        facts=tuple(list_facts(record, facts)),
        speeds=choose_figures(figures, "cost_batches"),
        limits=choose_figures(figures, "roofline"),
        steps=choose_figures(figures, "step_time"),
        modules=module_table(record, modules),
        modules_on_paper=replace(module_table(record, modules).without(INTENSITY), caption=caption_modules(record)),
        batches=batch_table(record, facts),
    )


def list_facts(record: RunRecord, facts: CostFacts) -> list[Fact]:
    """On what and how everything was measured, and what was measured once."""
    device = record.device
    threads = ngettext("{count} thread", "{count} threads", device.threads)
    found = [Fact(_("Device"), shorten(device.name, 60), join_parts([device.kind, threads]))]
    if facts.roofs is not None:
        found += list_roofs(facts.roofs)
    found += [memory_fact(record, peak) for peak in facts.memory]
    if facts.memory_missing:
        found.append(Fact(_("Memory"), _("not measured"), draw_note(facts.memory_missing)))
    if facts.process_bytes is not None:
        note = _("the whole process, libraries and data set included")
        found.append(Fact(_("Largest resident size"), numerals.bytes_text(facts.process_bytes), note))
    if facts.step is None:
        found.append(Fact(_("Training step"), _("not measured"), draw_note(facts.step_missing)))
    found.append(energy_fact(facts))
    if record.stages:
        whole = sum(stage.seconds for stage in record.stages)
        found.append(Fact(_("The whole run"), numerals.seconds_text(whole), _("from loading to the last probe")))
    return found


def list_roofs(roofs: Roofs) -> list[Fact]:
    """How fast the machine itself is."""
    return [
        Fact(
            _("Matrix products"),
            numerals.compact(roofs.flops_per_second, "FLOP/s"),
            _(
                "{interval}, n\u00a0=\u00a0{n}; {size} rows, {precision}",
                interval=rate_interval(roofs.flops_low, roofs.flops_high, "FLOP/s"),
                n=numerals.count(roofs.rounds),
                size=numerals.count(roofs.matrix_size),
                precision=roofs.precision,
            ),
        ),
        Fact(
            _("Memory copies"),
            numerals.compact(roofs.bytes_per_second, "B/s"),
            _(
                "{interval}, n\u00a0=\u00a0{n}; read and written, {size}",
                interval=rate_interval(roofs.bytes_low, roofs.bytes_high, "B/s"),
                n=numerals.count(roofs.rounds),
                size=numerals.bytes_text(roofs.buffer_bytes),
            ),
        ),
        Fact(
            _("An empty call"),
            numerals.seconds_text(roofs.call_seconds),
            _("median of {n}", n=numerals.count(roofs.call_repeats)),
        ),
    ]


def rate_interval(low: float | None, high: float | None, unit: str) -> str:
    """Least and most of what was measured of a rate; "—" where it was measured once."""
    if low is None or high is None:
        return numerals.DASH
    return _("{low} to {high}", low=numerals.compact(low, unit), high=numerals.compact(high, unit))


def memory_fact(record: RunRecord, peak: PeakMemory) -> Fact:
    """The most memory of a pass or step, and how that is known."""
    batch = numerals.count(peak.batch_size)
    label = (
        _("Memory of a training step of {batch}", batch=batch)
        if peak.what == "training"
        else _("Memory of a forward pass of {batch}", batch=batch)
    )
    how = {
        "allocator": _("model included; reported by the allocator"),
        "driver": _("model included; reported by the driver"),
        "tensors": _("lower bound, model included; from the live tensors"),
    }[peak.how]
    whole = record.trace.parameter_bytes + peak.optimizer_bytes + peak.peak_bytes
    return Fact(label, numerals.bytes_text(whole), how)


def energy_fact(facts: CostFacts) -> Fact:
    """Energy of an image, or why it is not known."""
    if facts.energy is None:
        return Fact(_("Energy"), _("not measured"), draw_note(facts.energy_missing))
    batch = numerals.count(facts.energy.batch_size)
    note = {
        "nvml": _("per image in batches of {batch}; GPU, by NVML, idle power included", batch=batch),
        "rapl": _("per image in batches of {batch}; processor, by RAPL, all that ran on it included", batch=batch),
    }[facts.energy.source]
    joules = numerals.significant(facts.energy.joules_per_image, 2)
    return Fact(_("Energy"), _("{number} J", number=joules), note)


def module_table(record: RunRecord, rows: tuple[Row, ...]) -> Table:
    """The groups of equal modules in numbers."""
    columns = (
        *words(_("Module")),
        Column(_("Type"), "short"),
        *numbers(_("Time"), _("Interval"), _("Share"), _("MACs"), _("Activations")),
        *numbers(_("GFLOP/s"), _("FLOP/byte"), _("Of peak")),
        Column(_("Limit"), "short"),
    )
    intensity = _("FLOP/byte: operations per byte of inputs, outputs and parameters.")
    return Table(join_sentences([caption_modules(record), intensity]), columns, rows, dense=True)


def batch_table(record: RunRecord, facts: CostFacts) -> Table:
    """Every batch size in numbers."""
    columns = numbers(
        _("Images"),
        _("Median"),
        _("Interval"),
        _("95th percentile"),
        _("Interval"),
        _("Throughput"),
        _("Interval"),
        _("Processes"),
        _("Passes"),
    )
    caption = _(
        "Time of a forward pass by the images in it, warmed up and synchronised. No 95th percentile is stated where a "
        "process timed fewer than {fewest} passes.",
        fewest=FEWEST_FOR_P95,
    )
    latency = list_latency(record, facts)
    missing = draw_note(record.latency_missing)
    said = join_sentences([caption, say_processes(latency), missing, say_traced(record, latency)])
    table = Table(said, columns, tuple(list_batches(record, facts)), dense=True)
    return table if any(one.is_between_processes for one in latency) else table.without(*INTERVALS)


def say_traced(record: RunRecord, latency: Sequence[Latency]) -> str:
    """The other median of a batch in the table: that of the passes in which the modules were timed."""
    trace = record.trace
    seconds = trace.modules[0].seconds if trace.modules else None
    if not seconds or not trace.timed_batch or all(one.batch_size != trace.timed_batch for one in latency):
        return ""
    return _(
        "The shares of the modules are of {n} other passes of {batch}, whose median is {time}.",
        n=numerals.count(trace.timed_passes),
        batch=count_images(trace.timed_batch),
        time=numerals.seconds_text(seconds),
    )


def say_processes(latency: Sequence[Latency]) -> str:
    """In how many processes the times were taken, what their intervals hold, and which have none."""
    several = max((len(one.processes) for one in latency), default=0)
    if not several:
        return _("All were timed in one process: the spread between processes is not known, so there are no intervals.")
    timed = join_names([numerals.count(one.batch_size) for one in latency if one.processes])
    told = say_few(timed, several) if several < FEWEST_PROCESSES else say_between(timed, several)
    if all(one.processes for one in latency):
        return told
    others = _(
        "The other sizes were timed in one process: the spread between processes is not known, so there are no "
        "intervals."
    )
    return join_sentences([told, others])


def say_few(sizes: str, processes: int) -> str:
    """Of too few processes for an interval."""
    return _(
        "Batches of {sizes} were timed in {processes} fresh processes: medians over processes, too few for an "
        "interval, which needs {fewest}.",
        sizes=sizes,
        processes=processes,
        fewest=FEWEST_PROCESSES,
    )


def say_between(sizes: str, processes: int) -> str:
    """Of enough."""
    if processes == FEWEST_PROCESSES:
        return _(
            "Batches of {sizes} were timed in {processes} fresh processes, one after the other: medians over "
            "processes, with the least and the most as the interval (94\u00a0%).",
            sizes=sizes,
            processes=processes,
        )
    return _(
        "Batches of {sizes} were timed in {processes} fresh processes, one after the other: medians over processes, "
        "with the interval between processes (95\u00a0%).",
        sizes=sizes,
        processes=processes,
    )


def list_modules(record: RunRecord, groups: tuple[Group, ...], facts: CostFacts) -> list[Row]:
    """The groups of equal modules, the longest first, the rest in one row; shares as the layer table has them."""
    whole = whole_seconds(record.trace, groups)
    if facts.roofs is None or not whole:
        return []
    room = MOST_ROWS if len(groups) <= MOST_ROWS else MOST_ROWS - 1
    rows: list[Row] = []
    names = shorten_family(tuple(name_group(group) for group in groups), LONGEST_NAME)
    for group in groups[:room]:
        placed = place(group, facts.roofs)
        rows.append(
            (
                names[name_group(group)],
                shorten(group.kind, LONGEST_KIND) or numerals.DASH,
                numerals.seconds_text(group.seconds),
                interval(group),
                numerals.percent(group.seconds / whole),
                numerals.compact(group.macs) if group.macs else "0",
                numerals.bytes_text(group.activation_bytes) if group.activation_bytes else "0",
                numerals.significant(group.rate / 1e9, 3) if group.rate else numerals.DASH,
                numerals.significant(group.intensity, 2) if group.intensity else numerals.DASH,
                numerals.percent(group.rate / facts.roofs.flops_per_second) if group.rate else numerals.DASH,
                format_limit(placed),
            )
        )
    rest = groups[room:]
    if rest:
        seconds, kept = sum(group.seconds for group in rest), sum(group.activation_bytes for group in rest)
        name = ngettext("{count} other group", "{count} other groups", len(rest))
        share, macs = numerals.percent(seconds / whole), numerals.compact(sum(group.macs for group in rest))
        dash = (numerals.DASH,)
        rows.append(
            (name, *dash, numerals.seconds_text(seconds), *dash, share, macs, numerals.bytes_text(kept), *dash * 4)
        )
    return rows


def format_limit(placed: Placed) -> str:
    """The longest of the least times, and how much of the time taken it explains."""
    name = _("none") if placed.limit == "none" else name_limit(placed.limit)
    return with_note(name, numerals.percent(placed.reach))


def interval(group: Group) -> str:
    """Of a group's time, in the unit of the time; "—" of several calls, and where there were too few passes."""
    return numerals.seconds_interval(group.low, group.high, group.seconds) or numerals.DASH


def caption_modules(record: RunRecord) -> str:
    """What a row is, what the columns are, and how the time was taken."""
    return _(
        "Equal modules share a row, without their child modules; the longest time first. Time: "
        "medians of {n} forward passes of {batch} images in one process, with the 95 % interval over these passes; the "
        "spread between processes is not in it. Share: of the whole pass, to "
        "whose median those of the parts need not add up. MACs and "
        "activations (kept for the backward pass, float32) of one image. Of peak: share of the "
        "measured rate of matrix products. Limit: the longest of the times that arithmetic, memory "
        "traffic and calls would take at the measured rates, and the share of the time that it "
        "explains; a module whose share exceeds 100\u00a0% by more than the interval of the rate is not limited by it.",
        n=numerals.count(record.trace.timed_passes),
        batch=numerals.count(record.trace.timed_batch),
    )


def list_batches(record: RunRecord, facts: CostFacts) -> list[Row]:
    """Every batch size in numbers."""
    rows: list[Row] = []
    for one in list_latency(record, facts):
        speeds = one.throughput_interval
        rows.append(
            (
                numerals.count(one.batch_size),
                numerals.seconds_text(one.p50_seconds),
                numerals.seconds_interval(*one.p50_interval, one.p50_seconds) if one.p50_interval else numerals.DASH,
                numerals.seconds_text(one.stated_p95) if one.stated_p95 is not None else numerals.DASH,
                numerals.seconds_interval(*one.p95_interval, one.p95_seconds) if one.p95_interval else numerals.DASH,
                numerals.speed(one.images_per_second),
                numerals.speed_interval(*speeds, one.images_per_second) if speeds else numerals.DASH,
                numerals.count(len(one.processes) or 1),
                numerals.count(one.n),
            )
        )
    return rows


SECTION = Section(
    NAME,
    "Cost",
    90,
    ("cost_batches", "roofline", "step_time"),
    build,
    METRICS,
    values=lambda subject: read_values(subject.record),
)
