"""What captions, notes, marks, tiles and verdicts judge: the places that say it, and records that show each wording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from reportgen.outputs.comment import format_line, headline, note_classes
from reportgen.outputs.junit import comparison_case
from reportgen.record.comparison import Comparison
from reportgen.record.judgement import Judgement
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.index import Line, format_verdict
from reportgen.report.sections.baseline.view import SECTION as BASELINE
from reportgen.report.sections.history import SECTION as HISTORY
from reportgen.report.sections.summary import against_baseline
from reportgen.report.verdict import write_verdict
from tests.comparison.cases import improved, judged, ranked
from tests.figures.drawing import drawn
from tests.outputs.reports import plain_report
from tests.report.register.baseline import BASELINE as COMPARED
from tests.report.register.case import Make, listening
from tests.report.register.history import HISTORY as RUNS
from tests.report.sections.baseline.test_ranking import made, third, with_ranking
from tests.report.sections.evaluation.test_calibration_wording import CASES, Group, of
from tests.support.cost_facts import latency, with_cost
from tests.support.explanation_facts import check_arrays, explained
from tests.support.records import as_subject, presented


@dataclass(frozen=True)
class Place:
    """Where something is said without a finding."""

    draw: Callable[[Subject], object]
    records: dict[str, Make]

    def said(self, record: RunRecord, name: str) -> dict[str, set[str]]:
        """What one of the records makes it say, by the key of the claim."""
        with listening() as heard:
            self.draw(as_subject(self.records[name](record)))
        return heard


def figure(name: str) -> Callable[[Subject], object]:
    """The drawing of one figure."""
    return lambda subject: drawn(subject, name)


def seeded(make: Make) -> Make:
    """The same comparison, of models with two trainings each."""

    def made(record: RunRecord) -> Subject:
        subject = as_subject(make(record))
        compared = subject.judgement.compared
        assert compared is not None
        over = compared.model_copy(update={"seeds": (2, 2)})
        return replace(subject, judgement=subject.judgement.model_copy(update={"comparison": over}))

    return made


VERDICTS = ("better", "worse", "undecided", "equivalent")
WEIGHTS = {name: COMPARED.records[name] for name in (*VERDICTS, "same")}
COMPARISONS = WEIGHTS | {f"{name} over seeds": seeded(COMPARED.records[name]) for name in VERDICTS}
CLASSES = {name: COMPARED.records[name] for name in ("lost cats", "undecided", "same")}
RANKINGS: dict[str, Make] = {
    "several first": COMPARED.records["ranked"],
    "one first": lambda record: rank(record, improved(record, 40)),
    "none apart": lambda record: rank(record, improved(record, 3)),
}
PAIRS: dict[str, Make] = {
    name: lambda record, ranking=ranking: with_ranking(third(record, "Main", "Good", "Other", "Little"), ranking)
    for name, ranking in {
        "none compared": made(),
        "none of two": made(("A", "B", 0.01, False)),
        "all of six": made(*((one, other, 0.1, True) for one, other in combinations("ABCDEF", 2))),
        "one of three": made(("A", "B", 0.1, True), ("A", "C", 0.1, True), ("B", "C", 0.01, False)),
        "two of four": made(
            ("A", "B", 0.1, True),
            ("A", "C", 0.1, True),
            ("A", "D", 0.1, False),
            ("B", "C", 0.01, True),
            ("B", "D", 0.01, True),
            ("C", "D", 0.01, False),
        ),
    }.items()
}
TIMES = {
    "rising": ((4, 0.004), (256, 0.05)),
    "highest": ((4, 0.004), (64, 0.03), (256, 0.2)),
    "enough": ((1, 0.002), (4, 0.004), (16, 0.0109), (64, 0.043)),
    "falling": ((4, 0.1), (16, 0.0108), (256, 0.3)),
}


def rank(*records: RunRecord) -> Subject:
    """Two models, ranked."""
    ranking = ranked(dict(enumerate(records)), ("A", "B"))
    return presented(records[0], Judgement(ranking=ranking.seen_by(1)))


def index_line(subject: Subject) -> str:
    """What the index says of a line of two records whose change was tested, or of one that was not."""
    history = subject.judgement.history
    step = history.step if history is not None else None
    line = Line(records=(), steps=(None, step), images="", n=0)  # type: ignore[arg-type]
    return format_verdict(line, [1] if step is not None and step.p <= 0.05 else [])


def small_gain(record: RunRecord) -> Subject:
    """A gain that is sure, within a wide margin."""
    return judged(improved(record, 20), record, margin=0.2)


def small_loss(record: RunRecord) -> Subject:
    """A loss that is sure, within a wide margin."""
    return judged(record, improved(record, 20), margin=0.2)


def hidden_class(record: RunRecord) -> Subject:
    """Thirty classes with more flips than the one that changed significantly."""
    subject = COMPARED.records["lost cats"](record)
    assert isinstance(subject, Subject)
    sure = next(one for one in compared(subject).classes if one.p_adjusted <= 0.05)
    more = tuple(
        sure.model_copy(update={"index": at, "name": f"more {at}", "lost": 50, "gained": 50, "p_adjusted": 1.0})
        for at in range(30)
    )
    found = compared(subject).model_copy(update={"classes": (*more, sure)})
    return replace(subject, judgement=subject.judgement.model_copy(update={"comparison": found}))


def alone(**how: Any) -> Make:
    """A record with maps of integrated gradients alone, whose checks are as said."""
    arrays = {name.replace(".", "__"): array for name, array in check_arrays("ig", **how).items()}
    return lambda record: explained(record, deletion__cam=None, **arrays)


def calibrated(groups: Sequence[Group]) -> Make:
    """A record whose images have these confidences."""
    return lambda record: of(record, *groups)


def timed(times: Sequence[tuple[int, float]]) -> Make:
    """A record whose model was timed at these batch sizes."""
    return lambda record: with_cost(record, latency=tuple(latency(*one) for one in times))


def compared(subject: Subject) -> Comparison:
    """The comparison of a subject that has one."""
    found = subject.judgement.compared
    assert found is not None
    return found


PLACES = {
    "verdict": Place(write_verdict, COMPARISONS),
    "tile": Place(lambda subject: against_baseline(subject.judgement.compared), COMPARISONS),
    "small change": Place(figure("mail_change"), {**COMPARISONS, "small gain": small_gain, "small loss": small_loss}),
    "comment, headline": Place(lambda subject: headline(subject.judgement), COMPARISONS),
    "comment, line": Place(lambda subject: format_line(plain_report(subject)), CLASSES),
    "comment, classes": Place(lambda subject: note_classes(compared(subject)), CLASSES),
    "recall by class": Place(figure("baseline_recall"), {**CLASSES, "one not shown": hidden_class}),
    "ranking": Place(figure("baseline_ranking"), RANKINGS),
    "pairs": Place(lambda subject: BASELINE.build(subject, {}), RANKINGS | PAIRS),
    "index": Place(index_line, RUNS.records),
    "history": Place(lambda subject: HISTORY.build(subject, {}), RUNS.records),
    "reliability": Place(
        figure("reliability"), {f"{at} {said[:30]}": calibrated(groups) for at, (groups, said) in enumerate(CASES)}
    ),
    "maps": Place(
        figure("explanation_checks"),
        {
            "plain": alone(),
            "alike": alone(rank=0.9),
            "half alike": alone(rank=0.5),
            "constant": alone(rank=float("nan")),
            "few": alone(n=8),
            "misleading": alone(fall=2.0, chance=6.0),
            "open": alone(fall=3.0, chance=3.0),
        },
    ),
    "junit": Place(lambda subject: comparison_case(compared(subject)), COMPARISONS),
    "batches": Place(figure("cost_batches"), {name: timed(times) for name, times in TIMES.items()}),
}
"""Every place where a claim is said, and records of which each wording is said of one and not of another."""
ONLY_SAID = {"evaluation.bins_differ", "explanations.learnt", "explanations.learnt_open", "explanations.informative"}
"""Keys of the claims that no finding makes."""
