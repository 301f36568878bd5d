"""Why: each finding on a record made to show it and one made not to, the numbers, the page."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.figures import draw
from reportgen.metrics.explanations import read_check
from reportgen.record.probes import NotProbed, Probes
from reportgen.record.probes.explanations import ExplanationFacts, NotExplained, RefusedLayer
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import Skipped
from reportgen.report.sections.explanations.view import SECTION
from tests.figures.drawing import drawn
from tests.report.sections.cases import build, page
from tests.support.explanation_facts import LAYER, checked, explained, make_facts


def refusing(*refused: tuple[str, int, str]) -> ExplanationFacts:
    """Facts whose layer had these refused before it."""
    layers = tuple(
        RefusedLayer(path=path, height=side, width=side, reason=reason)  # type: ignore[arg-type]
        for path, side, reason in refused
    )
    return make_facts(layer=LAYER.model_copy(update={"refused": layers}))


def test_without_the_probe_the_section_says_why(record: RunRecord) -> None:
    view = SECTION.build(Subject(record), {})
    assert isinstance(view, Skipped)
    assert "was not run" in view.reason
    missing = (NotProbed(name="explanations", reason="Not measured: the spec says run.probes: none."),)
    probes = Probes(level="none", budget_seconds=None, missing=missing)
    view = SECTION.build(Subject(record.model_copy(update={"probes": probes})), {})
    assert isinstance(view, Skipped)
    assert view.reason == missing[0].reason.text


def test_a_last_map_of_one_cell_is_called_out(record: RunRecord) -> None:
    facts = refusing(("layer4", 1, "one_cell"), ("layer3", 2, "few_cells"))
    built = build(SECTION, explained(record, facts))
    sentence = built.sentence("can’t localise anything")
    assert "“layer4”, is only 1×1 for images of 32×32" in sentence
    assert "of “layer1” (8×8 cells)" in sentence
    fact = next(fact for fact in built.view.facts if fact.label == "Layer of Grad-CAM")  # type: ignore[attr-defined]
    assert "layer4 (1×1: a single cell) and layer3 (2×2: too few cells)" in fact.note


def test_a_constant_map_is_called_out_and_a_class_token_is_not(record: RunRecord) -> None:
    assert "is the same everywhere" in build(SECTION, explained(record, refusing(("norm", 8, "constant")))).text
    token = build(SECTION, explained(record, refusing(("norm", 8, "no_gradient"))))
    assert "can’t localise anything" not in token.text
    assert "same everywhere" not in token.text
    plain = build(SECTION, explained(record))
    assert "earlier one" not in plain.text


def test_no_layer_at_all(record: RunRecord) -> None:
    gap = NotExplained(part="grad_cam", reason="no_grid")
    built = build(SECTION, explained(record, make_facts(layer=None, gaps=(gap,)), deletion__cam=None))
    assert "there is no Grad-CAM" in built.text
    assert "no layer of this model keeps spatial positions" in built.view.gaps[0]  # type: ignore[attr-defined]


def test_maps_that_stand_both_checks(record: RunRecord) -> None:
    found = explained(record)
    sentence = build(SECTION, found).sentence("Grad-CAM’s maps of “layer1” pass both checks")
    check = read_check(found.arrays, "cam")
    assert check is not None
    assert check.rank is not None
    assert f"area under the curve {check.area.value:.3f} against {check.chance.value:.3f}" in sentence
    assert f"{check.rank.value:.2f}"[:4] in sentence
    assert "n = 40" in sentence


@pytest.mark.parametrize(
    ("how", "words", "tone"),
    [
        ({"rank": 0.9}, "reflect the image rather than what was learnt", "caution"),
        ({"fall": 2.0, "chance": 6.0}, "do not find what the model relies on", "caution"),
        ({"fall": 3.0, "chance": 3.0}, "It is not certain that replacing the pixels highest in", "caution"),
        ({"rank": 0.5}, "whether they depend on what was learnt is unclear", "plain"),
    ],
)
def test_maps_that_do_not(record: RunRecord, how: dict[str, float], words: str, tone: str) -> None:
    built = build(SECTION, checked(record, "ig", **how))
    sentence = built.sentence(words)
    finding = next(finding for finding in built.findings if words in finding.text)
    assert finding.tone == tone
    assert "integrated gradients" in sentence
    assert len([line for line in built.text.splitlines() if "pass both checks" in line]) == 1


@pytest.mark.parametrize(
    ("images", "how", "said"),
    [
        (8, {}, "Too few images (n = 8) to tell whether replacing the pixels highest in the maps of"),
        (40, {"fall": 3.0, "chance": 3.0}, "It is not certain that replacing the pixels highest in the maps of"),
    ],
)
def test_the_finding_on_maps_and_the_caption_of_their_figure_give_one_reason(
    record: RunRecord, images: int, how: dict[str, float], said: str
) -> None:
    found = checked(record, "ig", n=images, **how)
    finding = build(SECTION, found).sentence("integrated gradients first lowers").replace("\u00a0", " ")
    caption = drawn(found, "explanation_checks").caption.replace("\u00a0", " ")
    sentence = finding.partition(" Area under")[0]
    assert sentence.startswith(said)
    assert sentence in caption
    other = "Too few images" if "certain" in said else "not certain that replacing"
    assert other not in finding + caption


def test_features_that_say_as_much_as_the_model_more_and_less(record: RunRecord) -> None:
    labels = record.arrays["eval.labels"][:200]
    model = record.arrays["eval.logits"][:200].argmax(1)
    same = build(SECTION, explained(record, embedding__vote=model.astype(np.int64)))
    assert "(−1.9 to +1.9) can’t be distinguished from zero" in same.sentence("a vote of the")
    better = build(SECTION, explained(record, embedding__vote=labels.copy()))
    assert "the features contain information that the last layer does not use" in better.text
    assert "100.0 % of the test images" in better.sentence("a vote of the")
    worse = build(SECTION, explained(record, embedding__vote=((labels + 1) % 10).astype(np.int64)))
    assert "−" in worse.sentence("a vote of the")


def test_the_pair_that_overlaps_is_named_only_where_it_stands_out(record: RunRecord) -> None:
    labels = record.arrays["eval.labels"][:200]
    votes = labels.copy()
    cats = np.flatnonzero(labels == 3)
    votes[cats[:9]] = 5
    sentence = build(SECTION, explained(record, embedding__vote=votes)).sentence(
        "is close to another class more often than usual"
    )
    assert "“cat”" in sentence
    assert "“dog”" in sentence
    assert "45.0 %" in sentence
    assert "n = 20" in sentence
    assert "is close to another" not in build(SECTION, explained(record, embedding__vote=labels.copy())).text


@pytest.mark.slow
def test_votes_that_are_wrong_at_random_name_no_overlap(record: RunRecord) -> None:
    labels, named = record.arrays["eval.labels"][:200], 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        spread = np.where(rng.random(200) < 0.2, rng.integers(0, 10, 200), labels).astype(np.int64)
        named += "is close to another" in build(SECTION, explained(record, embedding__vote=spread)).text
    assert named <= 6  # 5 % of 40 are 2; more than 6 have a probability below 0.005


def test_whose_side_the_neighbours_take(record: RunRecord) -> None:
    found = explained(record)
    assert "most confident errors" not in build(SECTION, found).text  # they lie where they are called, as all do
    true = record.arrays["eval.labels"][found.arrays["explanations.neighbours.rows"]]
    own = build(SECTION, explained(record, neighbours__labels=np.repeat(true[:, None], 5, 1)))
    sentence = own.sentence("most confident errors")
    assert "Of the 20 most confident errors 20 (100.0 %, 84–100)" in sentence
    assert "the last layer misclassifies them" in sentence
    none = build(SECTION, explained(record, neighbours__rows=None))
    assert "mistake" not in none.text


def test_one_mistake_says_nothing(record: RunRecord) -> None:
    keys = ("rows", "ids", "labels", "similarity", "images")
    one = {f"neighbours__{key}": explained(record).arrays[f"explanations.neighbours.{key}"][:1] for key in keys}
    one["neighbours__labels"] = record.arrays["eval.labels"][one["neighbours__rows"]][:, None].repeat(5, 1)
    assert "most confident error" not in build(SECTION, explained(record, **one)).text


def test_the_numbers_of_the_section(record: RunRecord) -> None:
    metrics = {value.name: value for value in build(SECTION, explained(record)).view.metrics}
    assert set(metrics) == {
        "explanations.cam.rank_correlation",
        "explanations.cam.deletion_gain",
        "explanations.ig.rank_correlation",
        "explanations.ig.deletion_gain",
        "explanations.neighbour_accuracy",
    }
    vote = metrics["explanations.neighbour_accuracy"]
    assert (vote.value, vote.n, vote.display) == (0.9, 200, "90.0\u00a0%")
    assert all(value.low is not None and value.n for value in metrics.values())


def test_methods_are_those_that_were_used(record: RunRecord) -> None:
    names = [note.name for note in build(SECTION, explained(record)).view.methods]
    assert {"Grad-CAM", "Integrated gradients", "Deletion curve", "Principal components"} <= set(names)
    assert "t-SNE" not in names
    bare = make_facts(layer=None, steps=0, embedding=None)
    assert not build(SECTION, explained(record, bare, deletion__cam=None, deletion__ig=None)).view.methods


def test_the_page_shows_figures_and_says_what_is_missing(record: RunRecord) -> None:
    gaps = (NotExplained(part="integrated_gradients", reason="time", seconds=31.0),)
    found = explained(record, make_facts(gaps=gaps))
    figures = draw(Subject(found), SECTION.figures)
    for medium in ("screen", "print"):
        text = page(SECTION, found, medium, figures)
        for name in SECTION.figures:
            assert f'id="figure-{name}"' in text
        assert "Integrated gradients: left out; even its smallest setting would take 31\u00a0s." in text
        assert "run.probes: {explanations: full}" in text
    anchors = {finding.anchor for finding in build(SECTION, found, figures).findings}
    assert anchors <= {f"figure-{name}" for name in SECTION.figures}


def test_hostile_names_are_escaped(record: RunRecord) -> None:
    layer = LAYER.model_copy(update={"path": "<script>alert(1)</script>"})
    found = explained(record, make_facts(layer=layer))
    assert "<script" not in page(SECTION, found, "screen", draw(Subject(found), SECTION.figures))
