"""The package's main function: two records become a comparison, or a refusal that says why."""

from __future__ import annotations

from reportgen.comparison.accuracy import AccuracyChange, compare_accuracy
from reportgen.comparison.architecture import compare_architectures
from reportgen.comparison.changes import describe_change, method_of, score_changes
from reportgen.comparison.classes import compare_classes
from reportgen.comparison.costs import compare_costs, one_model_twice, other_machine
from reportgen.comparison.decision import decide
from reportgen.comparison.differences import find_differences
from reportgen.comparison.flips import find_flips
from reportgen.comparison.interval_adjustment import Ends
from reportgen.comparison.latencies import LatencyChanges
from reportgen.comparison.matching import Matched, Mismatch, match
from reportgen.comparison.numbers import SectionNumbers, compare_numbers
from reportgen.comparison.power import images_needed, seeds_needed
from reportgen.comparison.weight_moves import compare_weights
from reportgen.record.arrays import Arrays
from reportgen.record.comparison import Baseline, Comparison, Refusal, Verdict
from reportgen.record.judgement import Judgement
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject


def compare(
    candidate: RunRecord,
    baseline: Subject,
    numbers: SectionNumbers,
    *,
    digest: str,
    margin: float,
) -> Judgement:
    """The candidate against the baseline on the same images, and the arrays that go with it.

    `numbers` are those of the sections; `digest` is that of the baseline's record.json. Intervals are 95 %.
    """
    earlier = baseline.record
    origin = earlier.provenance
    identity = Baseline(
        title=baseline.title,
        fingerprint=earlier.fingerprint,
        digest=digest,
        created=origin.created,
        commit=origin.commit,
        dirty=origin.dirty,
    )
    matched = match(candidate, earlier)
    if isinstance(matched, Mismatch):
        return Judgement(comparison=Refusal(baseline=identity, reason=matched.reason, advice=matched.advice))
    found = compare_accuracy(matched, margin)
    change = found.change
    verdict = decide(change, margin, matched.identical)
    twice = one_model_twice(candidate, earlier) if matched.identical else None
    latencies = LatencyChanges.of(candidate, digest)
    costs, gaps = compare_costs(candidate, earlier, latencies, identical=matched.identical)
    more, further = compare_numbers(numbers, other_machine(candidate, earlier), twice, latencies)
    flips = find_flips(matched, candidate, earlier)
    accuracy = describe_change("accuracy", Ends(change.value, change.low, change.high), matched.n, method_of(matched))
    images, seeds = needed(verdict, matched, found, margin)
    comparison = Comparison(
        baseline=identity,
        verdict=verdict,
        n=matched.n,
        p=change.p,
        mcnemar=found.mcnemar,
        equivalence=found.equivalence,
        identical=matched.identical,
        seeds=(len(matched.before), len(matched.after)),
        seed_spread=found.seed_spread,
        evaluations=(max(1, len(matched.drawn[0])), max(1, len(matched.drawn[1]))),
        detectable=found.detectable,
        images_needed=images,
        seeds_needed=seeds,
        values=(accuracy, *score_changes(matched), *costs, *more),
        before=tuple(latencies.before(value) for value in earlier.measured.values) if earlier.measured else (),
        not_compared=(*gaps, *further),
        classes=compare_classes(matched),
        lost=flips.lost,
        gained=flips.gained,
        differences=find_differences(candidate, earlier),
        architecture=compare_architectures(earlier.trace, candidate.trace),
        weights=compare_weights(earlier, candidate),
    )
    return Judgement(comparison=comparison, arrays=Arrays(flips.arrays))


def needed(verdict: Verdict, matched: Matched, found: AccuracyChange, margin: float) -> tuple[int | None, int | None]:
    """About how many images, and how many seeds, would decide; both None where it is decided."""
    if verdict != "undecided" or (any(matched.drawn) and found.seed_spread is None):
        return None, None
    if found.seed_spread is None:
        return images_needed(matched.n, found.mcnemar.lost, found.mcnemar.gained, margin), None
    return None, seeds_needed(found.change.value, found.image_error, found.seed_spread, margin, matched.n)
