"""Section 9: what limits the model, which batch is enough, idle modules, the step; each by a record made for it."""

from __future__ import annotations

import pytest

from reportgen.metrics.cost import list_latency, saturation, whole_pass
from reportgen.record.message import N_
from reportgen.record.metric_value import MetricValue
from reportgen.record.probes import NotProbed, Probes
from reportgen.record.probes.cost import Energy, PeakMemory
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import Skipped
from reportgen.report.naming import name_device
from reportgen.report.sections.cost.view import MOST_ROWS, SECTION, CostView
from reportgen.report.sections.model.layers import make_layer_table
from reportgen.report.table import Table
from reportgen.text import numerals
from tests.report.sections.cases import Built, build, change, page
from tests.support.cost_facts import cost_facts, in_processes, latency, roofs, step, timed, untimed, with_cost
from tests.support.records import module


def view_of(record: RunRecord) -> CostView:
    view = build(SECTION, record).view
    assert isinstance(view, CostView)
    return view


def values(record: RunRecord) -> dict[str, MetricValue]:
    return {value.name: value for value in view_of(record).metrics}


def shown(value: MetricValue) -> str:
    return value.display_full.replace("\u00a0", " ")


def test_without_the_probe_it_says_why(record: RunRecord) -> None:
    before = SECTION.build(Subject(change(record, probes=None)), {})
    assert isinstance(before, Skipped)
    refused = Probes(level="fast", budget_seconds=1.0, missing=(NotProbed(name="cost", reason="No clock."),))
    after = SECTION.build(Subject(change(record, probes=refused)), {})
    assert isinstance(after, Skipped)
    assert after.reason == "No clock."


def test_the_share_of_the_machine_s_rate(record: RunRecord) -> None:
    given = with_cost(record)
    flops = 2 * 9_880_224 * 8
    found = values(given)["matrix_rate_share"]
    assert found.value == pytest.approx(flops / 0.002 / 100e9)
    assert found.low == pytest.approx(flops / 0.0022 / 100e9)
    assert found.high == pytest.approx(flops / 0.0018 / 100e9)
    sentence = build(SECTION, given).sentence("A forward pass of 8 images reaches")
    assert shown(found) in sentence
    assert "79.0 GFLOP/s of 100 GFLOP/s (float32, 2 threads, Example CPU)" in sentence


def test_the_machine_s_limits_have_intervals_where_they_were_measured_several_times(record: RunRecord) -> None:
    uncertain = roofs().model_copy(update={"flops_low": 80e9, "flops_high": 130e9, "rounds": 6})
    found = values(with_cost(record, roofs=uncertain))
    assert (found["machine.matrix_rate"].low, found["machine.matrix_rate"].high) == (80e9, 130e9)
    assert found["machine.matrix_rate"].n == 6
    share = found["matrix_rate_share"]
    assert (share.low or 0) < 0.9 * (share.value or 0)
    assert values(with_cost(record))["machine.matrix_rate"].n is None


def test_a_module_above_a_roof_is_not_said_to_be_limited_by_it(record: RunRecord) -> None:
    built = build(SECTION, with_cost(record, roofs=roofs(flops=1e9, bandwidth=1e15, call=1e-12)))
    sentence = built.sentence("What limits the modules, by their share of the time")
    assert "at or above the roof as measured" in sentence
    assert "arithmetic" not in sentence


def test_the_table_says_how_many_processes_the_times_are_of(record: RunRecord) -> None:
    not_known = "the spread between processes is not known"
    one = batches(with_cost(record))
    assert f"All were timed in one process: {not_known}, so there are no intervals." in one.caption
    heads = ["Median", "95th percentile", "Throughput", "Processes", "Passes"]
    assert [column.head for column in one.columns][1:] == heads
    assert {row[-2] for row in one.rows} == {"1"}
    assert [row[-1] for row in one.rows] == ["50", "40", "40", "20", "6"]
    late = change(record, latency_missing=N_("It took too long."))
    assert "so there are no intervals. It took too long." in batches(with_cost(late)).caption
    few = change(record, latency=(in_processes(1, 0.002, 3), *record.latency[1:]))
    table = batches(with_cost(few))
    assert "Batches of 1 were timed in 3 fresh processes: medians over processes, too few for" in table.caption
    assert (len(table.columns), table.rows[0][-2]) == (6, "3")
    assert values(with_cost(few))["latency.batch_1.p50"].n == 3
    five = change(record, latency=(in_processes(1, 0.002), in_processes(64, 0.04)))
    table = batches(with_cost(five))
    assert "Batches of 1 and 64 were timed in 5 fresh processes" in table.caption
    assert "with the least and the most as the interval (94" in table.caption
    assert f"The other sizes were timed in one process: {not_known}" in table.caption
    row = [cell.replace("\u00a0", " ") for cell in table.rows[0]]
    assert row == [
        "1",
        "2.00 ms",
        "1.92–2.12",
        "2.40 ms",
        "2.30–2.54",
        "500 images/s",
        "472–521",
        "5",
        "100",
    ]
    six = change(record, latency=(in_processes(1, 0.002, 6), in_processes(64, 0.04, 6)))
    table = batches(with_cost(six, latency=()))
    assert "with the interval between processes (95" in table.caption
    assert not_known not in table.caption  # every size was


def batches(record: RunRecord) -> Table:
    view = SECTION.build(Subject(record), {})
    assert isinstance(view, CostView)
    return view.batches


def test_where_throughput_saturates_may_be_another_where_processes_are_too_few(record: RunRecord) -> None:
    unsure = "Too few processes timed these sizes to say whether another run would agree."
    times = [in_processes(size, seconds) for size, seconds in ((1, 0.0021), (64, 0.041), (16, 0.0108))]
    several = change(record, latency=(*times[:2],))
    mixed = build(SECTION, with_cost(several)).sentence("Throughput saturates at batches of 16 images")
    assert "n = 40 passes in one process" in mixed
    assert unsure in build(SECTION, with_cost(several)).text
    assert unsure in build(SECTION, with_cost(record)).text
    sure = build(SECTION, with_cost(several, latency=(times[2],))).text
    assert "saturates at batches of 16 images" in sure
    assert unsure not in sure


def test_the_median_of_the_pass_that_timed_the_modules_is_told_beside_another_of_its_batch(record: RunRecord) -> None:
    given = with_cost(record)
    batch, seconds = given.trace.timed_batch, given.trace.modules[0].seconds
    assert batch
    assert seconds
    said = f"other passes of {batch} images, whose median is {numerals.seconds_text(seconds)}."
    same = with_cost(record, latency=(latency(batch, 2 * seconds),))
    assert said.replace("\xa0", r"\xa0") in str(SECTION.build(Subject(same), {}))
    assert "other passes of" not in str(SECTION.build(Subject(with_cost(record, latency=(latency(3, 0.1),))), {}))


def test_the_limits_add_up_to_the_pass(record: RunRecord) -> None:
    sentence = build(SECTION, with_cost(record)).sentence("What limits the modules, by their share of the time")
    shares = [float(word) for word in sentence.replace("%", " ").split() if word.replace(".", "").isdigit()]
    assert sum(shares[:-1]) == pytest.approx(100, abs=0.2)
    assert "(n = 7 passes)" in sentence
    slow = build(SECTION, with_cost(record, roofs=roofs(flops=1e15, bandwidth=1e15, call=1e-12)))
    assert "nothing (below a third of every limit) 100.0 %" in slow.sentence(
        "What limits the modules, by their share of the time"
    )
    weights = [
        next(f.weight for f in built.findings if "What limits the modules, by their share of the time" in f.text)
        for built in (slow, build(SECTION, with_cost(record, roofs=roofs(bandwidth=1e7))))
    ]
    assert weights[0] > weights[1]


@pytest.mark.parametrize(("seconds", "said"), [(0.0008, True), (0.00001, False)])
def test_time_without_arithmetic(record: RunRecord, seconds: float, said: bool) -> None:
    rows = [
        call.model_copy(update={"seconds": seconds}) if call.kind == "ReLU" else call for call in record.trace.modules
    ]
    given = with_cost(change(record, trace={"modules": tuple(rows)}))
    text = build(SECTION, given).text
    assert ("2 calls of ReLU take" in text) is said
    assert ("2 calls of BasicBlock (its child modules not counted) take" in text) is not said


def test_where_throughput_saturates(record: RunRecord) -> None:
    given = with_cost(record)
    at = saturation(list_latency(given, cost_facts()))
    assert at is not None
    assert (at.at.batch_size, at.best.batch_size, at.rising) == (16, 64, False)
    sentence = build(SECTION, given).sentence("Throughput saturates at batches of 16 images")
    assert shown(values(given)["throughput.batch_16"]) in sentence
    assert "94.9 % of the best" in sentence
    assert shown(values(given)["throughput.best"]) in sentence


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        ({4: 0.004, 16: 0.012, 256: 0.08}, "still rises at the largest batch timed, 256 images"),
        ({4: 0.1, 16: 0.4, 256: 7.0}, "is highest at batches of 64 images"),
        ({4: 0.1, 16: 0.0108, 128: 0.3, 256: 0.17}, "in one process) at 64. Too few processes"),
        ({4: 0.1, 16: 0.0108, 256: 0.3}, "at 64. It is lower at the largest batch timed."),
    ],
)
def test_other_shapes_of_the_curve(record: RunRecord, seconds: dict[int, float], said: str) -> None:
    facts = tuple(latency(batch, time) for batch, time in seconds.items())
    assert said in build(SECTION, with_cost(record, latency=facts)).text


def test_two_batch_sizes_tell_nothing(record: RunRecord) -> None:
    given = with_cost(record, latency=())
    assert saturation(list_latency(given, cost_facts().model_copy(update={"latency": ()}))) is None
    assert "throughput.best" not in values(given)
    assert "Throughput" not in build(SECTION, given).text


def test_unsteady_times_are_said(record: RunRecord) -> None:
    assert "unsteady" not in build(SECTION, with_cost(record)).text
    jumpy = latency(32, 0.02).model_copy(update={"p95_seconds": 0.05})
    built = build(SECTION, with_cost(record, latency=(jumpy,)))
    assert "one in twenty passes of 32 images took at least 2.5 times the median (n = 40)" in built.text


def finding(built: Built, part: str) -> str:
    return next(found.tone for found in built.findings if part in found.text)


def test_a_step_that_waits_for_its_data(record: RunRecord) -> None:
    calm = build(SECTION, with_cost(record))
    sentence = calm.sentence("A training step of 128 images takes")
    assert "takes 100 ms (90–110, n = 9): 5.0 % on data, 30.0 % forward, 60.0 % backward, 5.0 % in the" in sentence
    assert finding(calm, "A training step of 128 images takes") == "plain"
    starved = build(SECTION, with_cost(record, step=step(0.06, 0.01, 0.02, 0.01)))
    assert "60.0 % on data" in starved.sentence("Preparing the data is the bottleneck")
    assert finding(starved, "is the bottleneck") == "caution"


def test_a_smaller_step_than_the_run_s(record: RunRecord) -> None:
    less = build(SECTION, with_cost(record, step=step(0.1, 0.2, 0.3, 0.2, batch=8)))
    told = less.sentence("The run’s own batches of 128")
    assert told.endswith(" The run’s own batches of 128 did not fit into the budget of time and memory.")


def test_memory_with_what_stays(record: RunRecord) -> None:
    given = with_cost(record)
    whole = 39_592 + 39_592 + 104_857_600
    assert values(given)["peak_memory.training.batch_128"].value == whole
    sentence = build(SECTION, given).sentence("needs at least")
    assert "100 MiB at once: 38.7 KiB for the model, 38.7 KiB for the optimiser, 100 MiB for activations" in sentence
    asked = PeakMemory(what="inference", batch_size=64, peak_bytes=2**20, how="allocator")
    evaluated = build(SECTION, with_cost(record, memory=(asked,), step=None, step_missing=N_("It trained nothing.")))
    assert "A forward pass of 64 images needs 1.04 MiB at once" in evaluated.text
    assert ("Training step", "not measured", "It trained nothing.") in [
        (fact.label, fact.value, fact.note)
        for fact in evaluated.view.facts  # type: ignore[attr-defined]
    ]


def test_energy_or_why_not(record: RunRecord) -> None:
    facts = {fact.label: fact for fact in view_of(with_cost(record)).facts}
    assert (facts["Energy"].value, facts["Energy"].note[:12]) == ("not measured", "This machine")
    assert "energy_per_image" not in values(with_cost(record))
    found = with_cost(record, energy=Energy(source="rapl", batch_size=8, n=5, seconds=1.0, joules=20.0))
    assert values(found)["energy_per_image"].value == 0.5
    assert {fact.label: fact.value for fact in view_of(found).facts}["Energy"] == "0.50 J"


def test_stable_names(record: RunRecord) -> None:
    found = values(with_cost(record))
    assert {
        "latency.batch_1.p50",
        "latency.batch_64.p95",
        "throughput.batch_256",
        "throughput.best",
        "peak_memory.inference.batch_256",
        "peak_memory.training.batch_128",
        "machine.matrix_rate",
        "machine.copy_rate",
        "matrix_rate_share",
        "train_step.p50",
        "train_step.data_share",
    } <= set(found)
    assert all(value.method == "measured" for value in found.values())
    headline = record.measured.value("latency_p50") if record.measured else None
    assert headline is not None
    assert found["latency.batch_1.p50"].display == headline.display


def test_the_table_of_modules(record: RunRecord) -> None:
    view = view_of(with_cost(record))
    rows = {row[0]: row for row in view.modules}
    conv = rows["layer1.0.conv1 ×4"]
    assert rows["conv1"][2:4] == ("100\u00a0µs", "90–110")
    assert conv[1:6] == ("Conv2d", "400\u00a0µs", "—", "19.0\u00a0%".replace("19.0", conv[4][:-2]), "9.44\u00a0M")
    seconds, flops = 0.0004, 2 * 8 * 4 * 2_359_296
    assert conv[7] == f"{flops / seconds / 1e9:.0f}"
    assert conv[9] == f"{100 * flops / seconds / 100e9:.1f}\u00a0%"
    assert rows["layer1.0.relu ×2"][7:10] == ("—", "—", "—")
    shares = [float(row[4].split("\u00a0")[0]) for row in view.modules]
    assert sum(shares) == pytest.approx(100, abs=0.5)


def test_a_module_has_the_share_of_the_time_that_the_layer_table_has(record: RunRecord) -> None:
    """Of the median of the whole pass, whatever those of its parts add up to."""
    given = with_cost(record)
    whole = given.trace.modules[0].model_copy(update={"seconds": 1.25 * (given.trace.modules[0].seconds or 0.0)})
    given = change(given, trace={"modules": (whole, *given.trace.modules[1:])})
    rows = {row[0]: row[4] for row in view_of(given).modules}
    told = {row.path: row.time for row in make_layer_table(given.trace).rows if row.is_leaf and not row.times}
    both = rows.keys() & told.keys()
    assert both
    assert {name: rows[name] for name in both} == {name: told[name] for name in both}


def test_many_modules_end_in_one_row(record: RunRecord) -> None:
    rows = [record.trace.modules[0].model_copy(update={"seconds": 1.0})]
    rows += [module(i, f"layer{i}", f"Kind{i}", 0, 1, seconds=0.002, own_macs=5, macs=5) for i in range(1, 101)]
    trace = timed(record.trace.model_copy(update={"modules": tuple(rows), "operators": (), "edges": ()}))
    operators = tuple(record.trace.operators[1].model_copy(update={"index": i, "module": i}) for i in range(1, 101))
    given = with_cost(record).model_copy(update={"trace": trace.model_copy(update={"operators": operators})})
    view = view_of(given)
    assert len(view.modules) == MOST_ROWS
    assert view.modules[-1][0] == f"{101 - MOST_ROWS + 1} other groups"
    assert view.modules[-1][5] == "360"


def test_nothing_timed_means_no_table(record: RunRecord) -> None:
    bare = with_cost(record).model_copy(update={"trace": untimed(record.trace)})
    assert not view_of(bare).modules
    assert whole_pass(record.trace.model_copy(update={"timed_batch": None}), roofs()) is None
    assert "<table" in page(SECTION, bare)  # that of the batch sizes


def test_no_limits_measured(record: RunRecord) -> None:
    built = build(SECTION, with_cost(record, roofs=None))
    assert "matrix_rate_share" not in {value.name for value in built.view.metrics}
    assert "What limits the modules, by their share of the time" not in built.text


def test_a_device_with_a_long_name(record: RunRecord) -> None:
    device = record.device.model_copy(update={"name": "x" * 300, "threads": 1})
    assert name_device(device, "float64") == f"float64, 1 thread, {'x' * 59}…"


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_the_page(record: RunRecord, medium: str) -> None:
    text = page(SECTION, with_cost(record), medium)
    assert "layer1.0.conv1 ×4" in text
    assert text.count("<table") == (2 if medium == "screen" else 1)  # on paper the figure shows the batches
    assert "An empty call" in text
