"""The package's main function: two records become a comparison, or a refusal that says why."""

from __future__ import annotations

from reportgen.comparison.accuracy import AccuracyChange, compare_accuracy
from reportgen.comparison.architecture import compare_architectures
from reportgen.comparison.changes import describe_accuracy, score_changes
from reportgen.comparison.classes import compare_classes
from reportgen.comparison.costs import compare_costs, one_model_twice, other_machine
from reportgen.comparison.decision import decide
from reportgen.comparison.differences import find_differences
from reportgen.comparison.flips import find_flips
from reportgen.comparison.latencies import LatencyChanges
from reportgen.comparison.matching import Matched, Mismatch, match
from reportgen.comparison.numbers import SectionNumbers, compare_numbers
from reportgen.comparison.power import images_needed, seeds_needed
from reportgen.comparison.weight_moves import compare_weights
from reportgen.record.arrays import Arrays
from reportgen.record.comparison import Baseline, Comparison, NotCompared, Refusal, Verdict
from reportgen.record.judgement import Judgement
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject


def compare(
    candidate: RunRecord, baseline: Subject, numbers: SectionNumbers, *, digest: str, margin: float
) -> Judgement:
    """The candidate against the baseline on the same images, and the arrays that go with it.

    `numbers` are those of the sections; `digest` is that of the baseline's record.json. Intervals are 95 %.
    """
    earlier, identity = baseline.record, identify(baseline, digest)
    matched = match(candidate, earlier)
    if isinstance(matched, Mismatch):
        return Judgement(comparison=Refusal(baseline=identity, reason=matched.reason, advice=matched.advice))
    found = compare_accuracy(matched, margin)
    verdict = decide(found.change, margin, matched.identical)
    latencies = LatencyChanges.of(candidate, digest)
    changes, gaps = compare_values(candidate, earlier, matched, numbers, latencies)
    flips = find_flips(matched, candidate, earlier)
    images, seeds = needed(verdict, matched, found, margin)
    comparison = Comparison(
        baseline=identity,
        verdict=verdict,
        n=matched.n,
        p=found.change.p,
        mcnemar=found.mcnemar,
        equivalence=found.equivalence,
        identical=matched.identical,
        seeds=(len(matched.before), len(matched.after)),
        seed_spread=found.seed_spread,
        evaluations=(max(1, len(matched.drawn[0])), max(1, len(matched.drawn[1]))),
        detectable=found.detectable,
        images_needed=images,
        seeds_needed=seeds,
        values=(describe_accuracy(matched, found.change), *changes),
        before=tuple(latencies.before(value) for value in earlier.measured.values) if earlier.measured else (),
        not_compared=gaps,
        classes=compare_classes(matched),
        lost=flips.lost,
        gained=flips.gained,
        differences=find_differences(candidate, earlier),
        architecture=compare_architectures(earlier.trace, candidate.trace),
        weights=compare_weights(earlier, candidate),
    )
    return Judgement(comparison=comparison, arrays=Arrays(flips.arrays))


def identify(baseline: Subject, digest: str) -> Baseline:
    """Which record it is."""
    record = baseline.record
    origin = record.provenance
    return Baseline(
        title=baseline.title,
        fingerprint=record.fingerprint,
        digest=digest,
        created=origin.created,
        commit=origin.commit,
        dirty=origin.dirty,
    )


def compare_values(
    candidate: RunRecord, earlier: RunRecord, matched: Matched, numbers: SectionNumbers, latencies: LatencyChanges
) -> tuple[tuple[MetricValue, ...], tuple[NotCompared, ...]]:
    """The changes of scores, of costs and of the sections' numbers, and what of them could not be compared."""
    twice = one_model_twice(candidate, earlier) if matched.identical else None
    costs, gaps = compare_costs(candidate, earlier, latencies, identical=matched.identical)
    more, further = compare_numbers(numbers, other_machine(candidate, earlier), twice, latencies)
    timed = (value.name for value in (*costs, *more) if value.method == "alternated")
    noise = [NotCompared(name=name, reason=twice) for name in timed if twice is not None]
    return (*score_changes(matched), *costs, *more), (*gaps, *further, *noise)


def needed(verdict: Verdict, matched: Matched, found: AccuracyChange, margin: float) -> tuple[int | None, int | None]:
    """About how many images, and how many seeds, would decide; both None where it is decided."""
    if verdict != "undecided" or (any(matched.drawn) and found.seed_spread is None):
        return None, None
    if found.seed_spread is None:
        return images_needed(matched.n, found.mcnemar.lost, found.mcnemar.gained, margin), None
    return None, seeds_needed(found.change.value, found.image_error, found.seed_spread, margin, matched.n)
