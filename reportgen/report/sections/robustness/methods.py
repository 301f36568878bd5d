"""How the numbers of the section Robustness come about, and who described them."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.metrics.influence import FEWEST
from reportgen.metrics.preprocessing import ALARM, BOUND, WORTH
from reportgen.record.probes.robustness import AttackSettings, RobustnessFacts
from reportgen.report.model import MethodNote
from reportgen.report.naming import name_kind
from reportgen.text import numerals
from reportgen.text.i18n import _, join_names, join_sentences, ngettext

SMALL, LARGE = 32, 224
"""Pixels a side of the images of CIFAR-10-C and ImageNet-C."""


def list_methods(facts: RobustnessFacts) -> Iterator[MethodNote]:
    """The methods that this report uses."""
    if facts.preparation is not None:
        yield preparation_check()
    if facts.conditions:
        yield paired_changes()
        yield describe_corruptions(facts)
    if facts.attack is not None:
        yield describe_attacks(facts.attack)


def preparation_check() -> MethodNote:
    """When a normalisation is doubted."""
    return MethodNote(
        _("Preprocessing check"),
        _(
            "The same weights on the same images under the other usual normalisations, value ranges, channel orders, "
            "layouts and another crop; those that may be better are tried on more images, in stages. The spec’s own "
            "is questioned when another one is better by the exact McNemar test, p < {alarm} after Holm’s correction "
            "for all ways tried, times the number of stages; when the change, at the corrected level, is "
            "significantly above {worth}; and when the better one is clearly above chance. It is confirmed only when "
            "every usual way was tried, none can be better by {bound} or more, and the accuracy is above chance. "
            "Variants of nearly the same accuracy are distinguished by their loss on training images. Weights that "
            "this run trained from scratch are never questioned.",
            bound=ngettext("{count} point", "{count} points", round(100 * BOUND)),
            alarm=numerals.general(ALARM),
            worth=ngettext("{count} point", "{count} points", round(100 * WORTH)),
        ),
        "McNemar 1947, Note on the sampling error of the difference between correlated proportions or percentages. "
        "Psychometrika 12, 153–157. Holm 1979, A simple sequentially rejective multiple test procedure. Scandinavian "
        "Journal of Statistics 6, 65–70.",
    )


def paired_changes() -> MethodNote:
    """The interval of a change on the same images."""
    return MethodNote(
        _("Changes in accuracy"),
        _(
            "Accuracy on the changed images minus that on the same unmodified images, with the score interval for "
            "paired proportions, 95 %."
        ),
        "Tango 1998, Equivalence test and confidence interval for the difference in proportions for the paired-sample "
        "design. Statistics in Medicine 17, 891–908.",
    )


def describe_corruptions(facts: RobustnessFacts) -> MethodNote:
    """What the corruptions are, and what their mean is."""
    return MethodNote(
        _("Corruptions"),
        join_sentences(
            [
                _(
                    "Batched operators of this program, severities 1 to 5, seeded, rounded down to 8 bits as the "
                    "published files are; frost is left out, as it needs images of ice."
                ),
                say_constants(facts.constants_side),
                _(
                    "The mean over corruptions is that over kinds of the mean over severities. What an image adds to "
                    "it counts once, however many corruptions it was shown under, and the interval is that of the "
                    "mean of so many images, within their classes, on a logit scale; with fewer than {least} images "
                    "there is none. Shifts repeat the edge, rotations mirror it.",
                    least=numerals.count(FEWEST),
                ),
                *filter(None, [say_mean(facts)]),
            ]
        ),
        "Hendrycks and Dietterich 2019, Benchmarking neural network robustness to common corruptions and "
        "perturbations. ICLR.",
    )


def say_mean(facts: RobustnessFacts) -> str:
    """Over which kinds the mean is, whatever else there was time for; empty where it is over all that were measured."""
    if not facts.mean_kinds:
        return ""
    return ngettext(
        "The spec and the level determine the kinds and the number of images of the mean: {kinds}, {count} image.",
        "The spec and the level determine the kinds and the number of images of the mean: {kinds}, {count} images.",
        max(condition.images for condition in facts.conditions),
        kinds=join_names([name_kind(kind) for kind in facts.mean_kinds]),
    )


def say_constants(side: int) -> str:
    """Whose constants the corruptions have."""
    if side <= SMALL:
        return _("The constants are those of CIFAR-10-C, for images of 32×32.")
    if side >= LARGE:
        return _("The constants are those of ImageNet-C, for images of 224×224; larger images have the same.")
    return _(
        "The constants lie between those of CIFAR-10-C, for images of 32×32, and those of ImageNet-C, for 224×224, by "
        "the logarithm of the side, here {side} pixels.",
        side=side,
    )


def describe_attacks(settings: AttackSettings) -> MethodNote:
    """What the attacks are, and what they can't show."""
    return MethodNote(
        _("Attacks"),
        _(
            "Within ε of every pixel value (maximum norm), in steps of 1/255, in the pixels before normalisation, "
            "clipped to the valid range. FGSM takes one step of ε along the sign of the gradient of the cross "
            "entropy; PGD takes {steps} steps of {share} ε from {restarts}, projected back after each; an image "
            "counts as right when it is still right at the end of every start. What is wrong within a smaller ε is "
            "wrong within a larger one. Accuracy under attack is an upper bound: a better attack may find more, above "
            "all where a model masks its gradient.",
            steps=numerals.count(settings.steps),
            share=numerals.significant(settings.step_share, 2),
            restarts=ngettext("{count} random start", "{count} random starts", settings.restarts),
        ),
        "Goodfellow, Shlens and Szegedy 2015, Explaining and harnessing adversarial examples. ICLR. Madry et al. 2018, "
        "Towards deep learning models resistant to adversarial attacks. ICLR. Athalye, Carlini and Wagner 2018, "
        "Obfuscated gradients give a false sense of security. ICML.",
    )
