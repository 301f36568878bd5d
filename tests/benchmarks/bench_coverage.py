"""How often every interval holds the truth: the whole table, of many more samples than the suite can take.

    python -m tests.benchmarks.bench_coverage [SAMPLES]

SAMPLES of each scenario with up to 1,000 images (1,000 where nothing else is said, about half an hour), a tenth with
10,000. Prints one line a scenario and size, and at the end what is surely outside of what `tests.metrics.covering`
asks.
"""

from __future__ import annotations

import sys

from reportgen.comparison import changes as module
from tests.comparison.test_changes_coverage import PAIRS, changes
from tests.comparison.test_changes_coverage import most_of as most_of_score
from tests.metrics.covering import HIGH, Counts, outside
from tests.metrics.test_intervals_coverage import IMAGES, PASSES, PROCESSES, most_of, sizes_of, tell
from tests.metrics.test_progress import cover
from tests.metrics.test_scores_coverage import MODELS, SCENARIOS, coverage, mislabelled, scaled_coverage

LEVEL = 1e-4
SIZES = (10, 50, 100, 200, 1000, 10_000)


def show(scenario: str, n: int, found: dict[str, Counts], samples: int, pair: str = "") -> list[str]:
    """Print one line, with the number given where it is not that of the samples; what is outside. `pair`: of the
    models whose scores changed."""
    told = "  ".join(
        f"{name} {held / given:.3f}{'' if given == samples else f' of {given}'}"
        for name, (held, given) in found.items()
        if given
    )
    print(f"{scenario:32s} n={n:<6d} {told or 'not given'}", flush=True)
    wrong = []
    for name, counts in found.items():
        wrong += outside(name, n, counts, LEVEL, most_of_score(pair, name, n) if pair else HIGH)
    return [f"{scenario}: {line}" for line in wrong]


def show_beside(samples: int) -> list[str]:
    """The numbers beside the scores and their changes; what is outside."""
    wrong = []
    for share in (0.0, 0.1):
        for n in SIZES:
            number = samples if n < 10_000 else samples // 10
            found = {"ece_scaled": scaled_coverage(*mislabelled(share, even=True), n, number)}
            wrong += show(f"after scaling, {share:.0%} mislabelled", n, found, number)
    for n in (100, 200, 500, 1000, 2000):
        wrong += show("last quarter of a training", n, {"change": cover(n, samples)}, samples)
    for case in (*IMAGES, *PROCESSES, *PASSES):
        for n in sizes_of(case):
            name = case.__name__
            wrong += outside(name, n, tell(case, n, samples if n < 10_000 else samples // 10), LEVEL, most_of(case, n))
    return wrong


def main(samples: int) -> None:
    """The scores, the changes of scores, and the numbers beside them."""
    module.scale_crosswise = lambda predictions, _seed: (predictions.confidence, 1.0)  # takes most of the time
    wrong = []
    for model in MODELS:
        for even, fixed in SCENARIOS:
            for n in SIZES:
                if not fixed or even or n >= 200:
                    name = f"{model}, {'even' if even else '50 : 1'}, {'fixed' if fixed else 'free'}"
                    number = samples if n < 10_000 else samples // 10
                    wrong += show(name, n, coverage(model, even, fixed, n, number), number)
    for pair in PAIRS:
        for n in (50, 500, 1000, 10_000):
            number = samples if n < 10_000 else samples // 10
            wrong += show(f"change, {pair}", n, changes(pair, n, number), number, pair)
    wrong += show_beside(samples)
    print("\n".join(["", "Outside:", *wrong]) if wrong else "\nNothing is outside.")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
