"""How the numbers of the section Why come about, and who described them."""

from __future__ import annotations

from reportgen.metrics.explanations import LEAST_GAIN
from reportgen.record.probes.explanations import EmbeddingFacts, ExplanationFacts
from reportgen.report.model import MethodNote
from reportgen.text import numerals
from reportgen.text.i18n import _


def list_methods(facts: ExplanationFacts) -> list[MethodNote]:
    """The methods that this report uses."""
    notes = []
    if facts.layer is not None:
        notes.append(grad_cam())
    if facts.steps:
        notes.append(integrated_gradients(facts.steps))
    if facts.layer is not None or facts.steps:
        notes += [random_weights(), describe_deletion()]
    if facts.embedding is not None:
        notes += describe_embedding(facts.embedding)
    return notes


def grad_cam() -> MethodNote:
    """Which feature maps speak for a class."""
    return MethodNote(
        _("Grad-CAM"),
        _(
            "Feature maps of one layer, each weighted by the mean over its cells of the gradient of the class’s "
            "logit, added up; the positive part is shown. Computed by captum. The layer is the last one that "
            "everything passes, keeps spatial positions, has at least 4×4 cells where there is such a layer, and "
            "gives maps that vary; class tokens are left out."
        ),
        "Selvaraju et al. 2017, Grad-CAM: visual explanations from deep networks. ICCV. Kokhlikyan et al. 2020, "
        "Captum: a unified and generic model interpretability library for PyTorch. arXiv:2009.07896.",
    )


def integrated_gradients(steps: int) -> MethodNote:
    """Which pixels speak for a class."""
    return MethodNote(
        _("Integrated gradients"),
        _(
            "Gradients of the class’s logit along the straight line from the mean colour of the training images to "
            "the image, {steps} points (Gauss–Legendre), times the distance, summed over channels. Computed by "
            "captum.",
            steps=numerals.count(steps),
        ),
        "Sundararajan, Taly and Yan 2017, Axiomatic attribution for deep networks. ICML.",
    )


def random_weights() -> MethodNote:
    """The control that has learnt nothing."""
    return MethodNote(
        _("Maps with random weights"),
        _(
            "The same maps after every parameter was redrawn from a normal distribution with its tensor’s mean and "
            "standard deviation (one draw, seeded) and running statistics were measured again; Spearman’s rank "
            "correlation of the positive parts, mean over images. Below 0.5 with its whole interval, the maps count "
            "as learnt."
        ),
        "Adebayo et al. 2018, Sanity checks for saliency maps. NeurIPS.",
    )


def describe_deletion() -> MethodNote:
    """What becomes of the class without the pixels a map points at."""
    return MethodNote(
        _("Deletion curve"),
        _(
            "Probability of the predicted class as a growing share of the pixels is replaced by the mean "
            "colour of the training images, those highest in the map first; area by the trapezoidal rule,"
            " compared with a random map of the same resolution on the same images. A map counts as "
            "informative where the whole interval of the difference is above {least}.",
            least=numerals.fixed(LEAST_GAIN, 2),
        ),
        "Petsiuk, Das and Saenko 2018, RISE: randomized input sampling for explanation of black-box models. BMVC.",
    )


def describe_embedding(facts: EmbeddingFacts) -> list[MethodNote]:
    """Two dimensions of many, and who is near whom."""
    notes = [
        MethodNote(
            _("Features and neighbours"),
            _(
                "Features are the input of the last layer with weights. Neighbours: the {k} training images of a "
                "sample with the highest cosine similarity; their vote is the class that most of them belong to.",
                k=facts.neighbours,
            ),
        ),
        MethodNote(
            _("Principal components"),
            _("The plane of greatest variance of the centred features of the embedded test images."),
            "Pearson 1901, On lines and planes of closest fit to systems of points in space. Philosophical Magazine 2.",
        ),
    ]
    if facts.method == "tsne":
        notes.append(
            MethodNote(
                _("t-SNE"),
                _("By scikit-learn, perplexity at most 30, begun from the principal components, seeded."),
                "van der Maaten and Hinton 2008, Visualizing data using t-SNE. Journal of Machine Learning Research 9.",
            )
        )
    if facts.method == "umap":
        notes.append(
            MethodNote(
                _("UMAP"),
                _("By umap-learn, at most 15 neighbours, seeded."),
                "McInnes, Healy and Melville 2018, UMAP: uniform manifold approximation and projection. "
                "arXiv:1802.03426.",
            )
        )
    return notes
