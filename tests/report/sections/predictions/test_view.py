"""Section 6: counts behind the sentences, the cards' contents, and the weight of the images."""

from __future__ import annotations

import base64
import html
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import scipy.stats
from PIL import Image
from scipy.special import softmax

from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import Skipped
from reportgen.report.sections.predictions.view import SECTION, PredictionsView
from reportgen.report.wording import confidence_text
from tests.report.sections.cases import build, change, evaluated, outputs, page


def view_of(record: RunRecord) -> PredictionsView:
    view = build(SECTION, record).view
    assert isinstance(view, PredictionsView)
    return view


def sized(record: RunRecord, predicted: list[int], labels: list[int], confidence: list[float]) -> RunRecord:
    return evaluated(record, outputs(predicted, 3, np.array(confidence)), np.array(labels), ("cat", "dog", "ship"))


def test_sure_and_wrong_is_counted(record: RunRecord) -> None:
    some = sized(record, [1, 1, 0, 0, 2, 1], [0, 1, 0, 0, 0, 1], [0.95, 0.95, 0.95, 0.92, 0.6, 0.5])
    sentence = build(SECTION, some).sentence("no evidence that predictions")
    assert sentence.startswith(
        "There is no evidence that predictions with at least 90 % confidence are wrong more often than these "
        "confidences admit: 1 of 4 (25.0 %, "
    )
    assert "where about 0.23 would be expected. That is 50.0 % of all errors." in sentence
    alone = sized(record, [1, 0], [0, 0], [0.95, 0.6])
    assert "The one prediction with at least 90 % confidence is wrong." in build(SECTION, alone).text


@pytest.mark.parametrize(("wrong", "more"), [(3, 0), (5, 0), (6, 4), (12, 10)])
def test_sure_errors_are_more_than_the_confidences_admit(record: RunRecord, wrong: int, more: int) -> None:
    """40 predictions of 95 %: two are expected to be wrong, and 6 or more in less than one in forty reports."""
    assert (scipy.stats.binom.sf(wrong - 1, 40, 0.05) <= 0.025) == bool(more)
    found = sized(record, [0] * 40, [1] * wrong + [0] * (40 - wrong), [0.95] * 40)
    sentence = build(SECTION, found).sentence("confidences admit")
    assert f"{wrong} of 40 (" in sentence
    assert "where about 2.0 would be expected. That is 100.0 % of all errors." in sentence
    assert sentence.startswith(f"About {more} more predictions with at least 90 % confidence are wrong") == bool(more)


@pytest.mark.parametrize(("wrong", "fewer"), [(2, True), (9, True), (10, False), (18, False)])
def test_sure_errors_are_fewer_than_the_confidences_admit(record: RunRecord, wrong: int, fewer: bool) -> None:
    """200 predictions of 91 %, of which 18 are expected to be wrong."""
    assert (scipy.stats.binom.cdf(wrong, 200, 0.09) <= 0.025) == fewer
    found = sized(record, [0] * 200, [1] * wrong + [0] * (200 - wrong), [0.91] * 200)
    sentence = build(SECTION, found).sentence("confidences admit")
    assert f"{wrong} of 200 (" in sentence
    assert "about 18 would be expected" in sentence
    said = "Predictions with at least 90 % confidence are wrong less often than these confidences admit"
    assert sentence.startswith(said) == fewer


def test_sure_and_right(record: RunRecord) -> None:
    text = build(SECTION, sized(record, [0, 1], [0, 1], [0.95, 0.95])).text
    assert "None of the 2 predictions with at least 90 % confidence is wrong (0.0 %" in text
    assert "The one prediction with" in build(SECTION, sized(record, [0, 1], [0, 1], [0.95, 0.6])).text


def test_never_sure(record: RunRecord) -> None:
    assert "No prediction reaches 90 % confidence." in build(SECTION, sized(record, [0, 1], [0, 1], [0.5, 0.5])).text


def test_close_calls_are_counted(record: RunRecord) -> None:
    logits, labels = record.arrays["eval.logits"].astype(float), record.arrays["eval.labels"]
    ordered = np.sort(softmax(logits, axis=1), axis=1)
    close = ordered[:, -1] - ordered[:, -2] < 0.1
    right = (logits.argmax(1) == labels)[close]
    sentence = build(SECTION, record).sentence("less than ten points")
    assert sentence.startswith(f"{close.sum()} predictions ({100 * close.mean():.1f} %)")
    assert f"{100 * right.mean():.1f} %" in sentence


def test_labels_are_doubted_only_beyond_those_that_a_right_model_would_contradict(record: RunRecord) -> None:
    clear = sized(record, [0, 1, 1, 1, 0, 0], [0, 1, 1, 0, 0, 0], [0.93, 0.93, 0.93, 0.999, 0.93, 0.93])
    clear = clear.model_copy(update={"measured": None})  # so that no temperature is known
    text = build(SECTION, clear).text
    assert text.count("There is no evidence of wrong labels: the model confidently contradicts 1 of 6;") == 1
    assert "more than expected" not in text
    denied = sized(
        record, [0] * 28 + [1] * 12, [0] * 20 + [1] * 20, [0.91] * 10 + [0.97] * 10 + [0.99] * 8 + [0.93] * 12
    )
    sentence = build(SECTION, denied.model_copy(update={"measured": None})).sentence("contradicts")
    # of class 0 the mean is 0.94, of class 1 (8 × 0.005 + 12 × 0.93) / 20; class 2, with half the rest, has no image
    expected = 10 * 0.03 / 2 + 12 * 0.07 / 2 + 8 * 0.01 / 2
    assert scipy.stats.poisson.sf(7, expected) < 0.001
    assert sentence.startswith(
        f"The model confidently contradicts about {8 - expected:.0f} labels more than expected: 8 of 40, where about "
        f"{expected:.2f} would be expected if it were calibrated and every label right"
    )
    assert "(p < 0.001, Poisson)" in sentence.replace("\u00a0", " ")
    right = sized(record, [0, 1, 1], [0, 1, 1], [0.95, 0.95, 0.99])
    assert "contradicts" not in build(SECTION, right).text


def test_cards_say_what_the_model_said(record: RunRecord) -> None:
    probabilities = softmax(record.arrays["eval.logits"].astype(float), axis=1)
    names = list(record.data.classes)
    for group in view_of(record).groups:
        for card in group.cards:
            row = int(card.index.replace(",", ""))
            order = np.argsort(-probabilities[row], kind="stable")[:3]
            assert [guess.name for guess in card.guesses] == [names[place] for place in order]
            assert [guess.width for guess in card.guesses] == [
                round(100 * probabilities[row][place]) for place in order
            ]
            assert card.label == names[int(record.arrays["eval.labels"][row])]
            assert card.right == (card.guesses[0].name == card.label)
            assert [guess.is_label for guess in card.guesses] == [guess.name == card.label for guess in card.guesses]


def test_cards_show_the_image_of_their_index(record: RunRecord) -> None:
    ids = np.arange(600, dtype=np.int64)[::-1].copy()
    images = np.zeros((600, 8, 8, 3), np.uint8)
    images[:, 0, 0, 0], images[:, 0, 0, 1] = ids // 256, ids % 256
    shuffled = change(record, arrays={"images": images, "images.ids": ids})
    cards = [card for group in view_of(shuffled).groups for card in group.cards]
    assert cards
    for card in cards:
        high, low, _ = np.asarray(Image.open(io.BytesIO(card.png)))[0, 0]
        assert int(high) * 256 + int(low) == int(card.index.replace(",", ""))


def test_no_image_is_shown_twice(record: RunRecord) -> None:
    groups = view_of(record).groups
    indices = [card.index for group in groups for card in group.cards]
    assert len(indices) == len(set(indices))
    for place, group in enumerate(groups):
        before = {card.index for earlier in groups[:place] for card in earlier.cards}
        assert {name.rstrip(",.") for name in re.findall(r"no\.\u00a0(\S+)", group.above)} <= before


def test_images_that_the_record_does_not_keep_are_left_out(record: RunRecord) -> None:
    few = change(record, arrays={"images": record.arrays["images"][:3], "images.ids": np.arange(3)})
    assert all(int(card.index) < 3 for group in view_of(few).groups for card in group.cards)
    none = change(record, arrays={"images": np.zeros((0, 8, 8, 3), np.uint8), "images.ids": np.arange(0)})
    assert view_of(none).groups == ()
    assert "keeps no images" in page(SECTION, none)


def test_the_section_stays_light_with_heavy_images(record: RunRecord) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (600, 224, 224, 3), dtype=np.uint8)
    text = page(SECTION, change(record, arrays={"images": noise}))
    assert len(text) <= 350_000


def test_the_page_has_every_card_with_word_and_symbol(record: RunRecord) -> None:
    groups = view_of(record).groups
    text = page(SECTION, record)
    cards = [card for group in groups for card in group.cards]
    assert text.count('<li class="card') == len(cards)
    assert text.count("✓ right") == sum(card.right for card in cards)
    assert text.count("✗ wrong") == sum(not card.right for card in cards)
    for group in groups:
        assert group.rule in text.replace("&#39;", "'")


def test_paper_gets_larger_pixels(record: RunRecord) -> None:
    def side(medium: str) -> int:
        text = page(SECTION, record, medium)
        row = re.search(r"image/svg\+xml;base64,([^\"]+)", text)
        text = base64.b64decode(row[1]).decode() if row is not None else text
        data = re.search(r"image/png;base64,([^\"]+)", text)
        assert data is not None
        return Image.open(io.BytesIO(base64.b64decode(data[1]))).width

    assert side("print") == 3 * side("screen")


def test_cards_on_paper_say_what_those_on_screen_say(record: RunRecord) -> None:
    cards = [card for group in view_of(record).groups for card in group.cards]
    text = page(SECTION, record, "print")
    rows = [base64.b64decode(data).decode() for data in re.findall(r"image/svg\+xml;base64,([^\"]+)", text)]
    assert sum(row.count("<image ") for row in rows) == len(cards)
    words = [" ".join(ElementTree.fromstring(row).itertext()) for row in rows]
    for card in cards:
        (row,) = [row for row in words if f"no. {card.index} " in row]
        assert card.verdict in row
        assert not card.shows_label or card.label in row
        assert all(guess.name in row and guess.percent in row for guess in card.guesses)
        assert html.escape(card.alt, quote=False) in text


def test_anchors_of_findings_exist(record: RunRecord) -> None:
    wrong = sized(record, [1, 1, 0], [0, 1, 0], [0.95, 0.95, 0.95])
    text = page(SECTION, wrong)
    for finding in build(SECTION, wrong).findings:
        assert finding.anchor == "section-predictions" or f'id="{finding.anchor}"' in text


def test_outputs_that_are_no_numbers_skip_the_section(record: RunRecord) -> None:
    logits = np.array(record.arrays["eval.logits"])
    logits[4, 2] = np.inf
    view = SECTION.build(Subject(change(record, arrays={"eval.logits": logits})), {})
    assert isinstance(view, Skipped)
    assert "not finite" in view.reason


@pytest.mark.parametrize(("n", "classes"), [(1, 1), (1, 2), (5, 2), (200, 100)])
def test_extreme_sizes_render(record: RunRecord, n: int, classes: int) -> None:
    rng = np.random.default_rng(n)
    odd = evaluated(record, rng.normal(size=(n, classes)), np.arange(n) % classes)
    for medium in ("screen", "print"):
        assert "class 0" in page(SECTION, odd, medium)


@pytest.mark.parametrize("side", ["right", "wrong"])
def test_all_right_or_all_wrong_render(record: RunRecord, side: str) -> None:
    labels = [0, 1, 2] * 4
    predicted = labels if side == "right" else [(label + 1) % 3 for label in labels]
    text = page(SECTION, sized(record, predicted, labels, [0.95] * 12))
    assert ("✗" in text) == (side == "wrong")
    assert ("✓" in text) == (side == "right")


@pytest.mark.parametrize(
    ("probability", "text"), [(1.0, ">99.9 %"), (0.9994, "99.9 %"), (0.5, "50.0 %"), (0.0006, "0.1 %"), (0.0, "<0.1 %")]
)
def test_no_confidence_is_certain(probability: float, text: str) -> None:
    assert confidence_text(probability).replace("\u00a0", " ") == text


def test_hostile_names_stay_names(record: RunRecord) -> None:
    names = ("{index}<script>", '"><img src=x>', "猫" * 300)
    odd = evaluated(record, outputs([0, 1, 2], 3, 0.95), np.array([0, 1, 0]), names)
    text = page(SECTION, odd)
    assert "<script>" not in text
    assert "<img src=x>" not in text
    assert "{index}&lt;script&gt;" in text
