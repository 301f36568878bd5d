"""How the numbers of a comparison are computed, and who described it."""

from __future__ import annotations

from reportgen.comparison.decision import ALPHA, ALPHA_OF_OTHERS
from reportgen.metrics.influence import FEWEST, FEWEST_OF_CHANGE, FEWEST_OF_CLASS, FEWEST_OF_CURVE, FEWEST_OF_FLIPS
from reportgen.record.comparison import Comparison
from reportgen.report.model import MethodNote
from reportgen.report.sections.baseline import claims
from reportgen.text import numerals
from reportgen.text.i18n import _


def list_methods(comparison: Comparison) -> tuple[MethodNote, ...]:
    """The methods that this comparison used."""
    more = describe_seeds() if comparison.seed_spread is not None else ()
    more += describe_chance() if max(comparison.evaluations) > 1 else ()
    latency = comparison.value("latency_p50.change_ratio")
    in_turn = latency is not None and latency.method == "alternated"
    return (describe_rule(comparison), describe_changes(), *describe_tests(), describe_times(in_turn), *more)


def describe_times(in_turn: bool) -> MethodNote:
    """What a difference of two measured times is worth."""
    return MethodNote(_("Changes in latency"), timed_in_turn() if in_turn else timed_apart(), KALIBERA)


def timed_in_turn() -> str:
    """How both models were timed."""
    return _(
        "Both models were made again, without their weights, and timed in fresh processes in turn on this machine: "
        "baseline, this model, this model, baseline, and so on, with the same threads, random images and the "
        "libraries of this run. The ratio is the geometric mean over pairs of neighbours of the ratio of their median "
        "passes, its interval Student’s t of the logarithms over pairs, 95\u00a0%. What changes from one run to the "
        "next, such as clock rates and neighbours on the machine, affects both equally. Other times, such as that of "
        "training, were taken once in each run: a gate on their change is undecided where they do not meet it."
    )


def timed_apart() -> str:
    """Why latencies are not compared, and how they would be."""
    return _(
        "The latency of each was measured in its own run. From one run to the next the same model on the same machine "
        "can take 40 % longer, which the variation within a run does not show, so latencies are not compared. A build "
        "whose spec names the baseline makes both models again and times them in turn, in fresh processes, unless "
        "run.probes.cost.processes is 1."
    )


KALIBERA = "Kalibera and Jones 2013, Rigorous benchmarking in reasonable time. ISMM."


def describe_rule(comparison: Comparison) -> MethodNote:
    """How the verdict follows from the numbers."""
    return MethodNote(
        _("Verdict against the baseline"),
        _(
            "Equivalent where the 95 % interval of the change in top-1 accuracy lies inside ± {margin}; otherwise "
            "better or worse where it excludes zero, which it does only where the test of no change gives p ≤ 0.05; "
            "otherwise not enough evidence. A true change of zero is called better or worse in at most 5 % of "
            "comparisons. Numbers of images that would decide, and changes that can be shown, are for a power of 80 %.",
            margin=numerals.points_apart(comparison.equivalence.margin),
        ),
        "Miettinen 1968, The matched pairs design in the case of all-or-none responses. Biometrics 24, 339–352.",
    )


def describe_changes() -> MethodNote:
    """Where the intervals of changes come from."""
    return MethodNote(
        _("Changes on the same images"),
        _(
            "Accuracies and changes of single classes: score intervals for paired proportions, that of accuracy "
            "reaching to zero where the exact test does not reject; balanced accuracy: the same with each image "
            "counted by its weight. Other scores: from the difference of what each image adds to both, by Student’s t "
            "with fewer degrees of freedom where few images carry it. Where fewer than about ten images flip, the "
            "exact test and the interval with it are cautious: more than 97.5 % of such intervals hold the true "
            "change. The change of accuracy has no interval below {fewest} images ({many} over seeds); there is none "
            "below {images} images for means over images, below {each} of each class for means over classes ({curve} "
            "for areas under curves), and for a calibration error that is not clearly more than a perfectly calibrated "
            "model’s.",
            fewest=FEWEST_OF_FLIPS,
            many=FEWEST,
            images=FEWEST_OF_CHANGE,
            each=FEWEST_OF_CLASS,
            curve=FEWEST_OF_CURVE,
        ),
        "Tango 1998, Equivalence test and confidence interval for the difference in proportions for the paired-sample "
        "design. Statistics in Medicine 17, 891–908.",
    )


def describe_tests() -> tuple[MethodNote, ...]:
    """The tests of a change, of equivalence, and of many classes at once."""
    return (
        MethodNote(
            _("Exact McNemar test"),
            _("Of the images on which only one model is right, two-sided binomial test of one half each way."),
            "McNemar 1947, Note on the sampling error of the difference between correlated proportions or percentages. "
            "Psychometrika 12, 153–157.",
        ),
        MethodNote(
            _("Equivalence"),
            _("Two one-sided score tests against a change of the margin or more, each at 2.5 %."),
            "Schuirmann 1987, A comparison of the two one-sided tests procedure and the power approach for assessing "
            "the equivalence of average bioavailability. Journal of Pharmacokinetics and Biopharmaceutics 15, 657–680.",
        ),
        MethodNote(
            _("Multiple comparisons over classes"),
            _(
                "Holm’s step-down correction of the exact McNemar tests of all classes that have images. Classes, and "
                "other scores, are tested at {level} where accuracy changed significantly, and at {strict} where it "
                "did not.",
                level=numerals.whole_percent(ALPHA),
                strict=numerals.whole_percent(ALPHA_OF_OTHERS),
            ),
            "Holm 1979, A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6, "
            "65–70. Wiens and Dmitrienko 2005, The fallback procedure for evaluating a single family of hypotheses. "
            "Journal of Biopharmaceutical Statistics 15, 929–942.",
        ),
        MethodNote(
            _("Findings by chance"),
            _(
                "In {share} of {draws} simulated comparisons of two equally good models on 1,000 images, the report "
                "states a change of accuracy, of another score or of a class. The latency is tested separately: of "
                "models that are equally fast, a change is stated in {latency} of comparisons.",
                share=numerals.percent(claims.ANY_CHANGE.share),
                draws=numerals.count(claims.ANY_CHANGE.draws),
                latency=numerals.percent(claims.OF_LATENCY.share),
            ),
        ),
    )


def describe_seeds() -> tuple[MethodNote, ...]:
    """How the scatter of training is counted."""
    return (
        MethodNote(
            _("Several seeds"),
            _(
                "Means over seeds; the variance of a change is that over images plus that between seeds, pooled over "
                "both models; critical values of Student’s t, weighted by the two variances. Images that the seeds "
                "answer differently add to both variances: four fifths of this is subtracted from the first. No "
                "interval is narrower than three fifths of that over images alone. The test of no change uses the same "
                "variances, in place of McNemar’s."
            ),
            "Cochran and Cox 1950, Experimental Designs. Wiley.",
        ),
    )


def describe_chance() -> tuple[MethodNote, ...]:
    """How chance inside a model is counted."""
    return (
        MethodNote(
            _("Several evaluations"),
            _(
                "For a stochastic model: means over its evaluations; the variance of a change is that over images "
                "plus, of each such model, that between its evaluations over their number; of what images that the "
                "evaluations answer differently add to both, four fifths is subtracted. Critical values of "
                "Student’s t, weighted by the variances. The test of no change uses the same variance, in place of "
                "McNemar’s."
            ),
            "Cochran and Cox 1950, Experimental Designs. Wiley.",
        ),
    )
