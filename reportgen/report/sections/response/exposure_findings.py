"""What the characteristic curves of the whole network say: how much light it needs to be right and to be sure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.metrics.differences import mean_difference, share_difference
from reportgen.metrics.responses import Responses
from reportgen.record.probes.response import CLIPPED
from reportgen.record.run import RunRecord
from reportgen.report.components import Figures
from reportgen.report.model import Finding
from reportgen.report.sections.response import claims
from reportgen.report.sections.response.findings import NAME
from reportgen.report.wording import evidence, quote
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, with_note

OVERSURE = 0.05
"""Confidence beyond accuracy, against the images as they are, from which on it is worth a word."""
HARMFUL = 0.05
"""A loss of accuracy beyond which one stop of light matters."""
FEWEST = 30
"""Images below which an interval of the mean of differences says nothing: all the same gives one of no width."""
SURE = 0.9
"""Confidence in the class of a black image from which on it is a fault."""


def find_light(record: RunRecord, responses: Responses, figures: Figures) -> list[Finding]:
    """The findings about exposure, in the order of the text."""
    anchor = evidence(figures, "response_exposure", NAME)
    found = [find_black(record, responses, anchor)]
    if responses.array("right").shape[2] >= FEWEST:
        found = [find_oversure(responses, anchor), find_stops(responses, anchor), *found]
    return [finding for finding in found if finding is not None]


def find_oversure(responses: Responses, anchor: str) -> Finding | None:
    """Confidence that stays, or grows, when the light takes the accuracy away."""
    one = responses.exposure(1.0)
    right, sure = (responses.array(name)[CLIPPED] for name in ("right", "confidence"))
    exposures = responses.array("exposures")
    if one is None:
        return None
    gaps = []
    for place in np.flatnonzero((exposures > 0) & (exposures != 1.0)).tolist():
        change = mean_difference(sure[place] - right[place], sure[one] - right[one])
        if change is not None and change[1] > OVERSURE:
            gaps.append((change[1], place))
    if not gaps:
        return None
    place = max(gaps)[1]
    sides = {
        "exposure": format_exposure(float(exposures[place])),
        "right": numerals.percent(float(right[place].mean())),
        "sure": numerals.percent(float(sure[place].mean())),
        "usual_right": numerals.percent(float(right[one].mean())),
        "usual_sure": numerals.percent(float(sure[one].mean())),
        "n": numerals.count(right.shape[1]),
    }
    grew = mean_difference(sure[place], sure[one])
    start = (
        _("Confidence grows with the intensity, accuracy does not.")
        if grew is not None and grew[1] > 0 and exposures[place] > 1
        else _("Confidence falls less than accuracy.")
    )
    text = _(
        "At {exposure} the model classifies {right} of the images correctly, with a mean confidence "
        "of {sure}; on the unmodified images these are {usual_right} and {usual_sure} (n = {n}).",
        exposure=sides["exposure"],
        right=sides["right"],
        sure=sides["sure"],
        usual_right=sides["usual_right"],
        usual_sure=sides["usual_sure"],
        n=sides["n"],
    )
    return claims.OVERSURE.finding(join_sentences([start, text]), 0.55, anchor, "caution")


def format_exposure(exposure: float) -> str:
    """An exposure in a sentence: "4 times the brightness", "1/8 of the brightness"."""
    if exposure < 1:
        return _("1/{part} of the brightness", part=numerals.brief(1 / exposure))
    return _("{times} times the brightness", times=numerals.brief(exposure))


def find_stops(responses: Responses, anchor: str) -> Finding | None:
    """What half and twice the light cost, and what the extremes do."""
    one, half, twice = (responses.exposure(wanted) for wanted in (1.0, 0.5, 2.0))
    right, exposures = responses.array("right")[CLIPPED], responses.array("exposures")
    if one is None or half is None or twice is None:
        return None
    lit = int(np.argmax(exposures > 0))
    losses = [share_difference(right[place], right[one]) for place in (half, twice, lit, len(exposures) - 1)]
    told = [loss_text(loss) for loss in losses if loss is not None]
    if len(told) < 4:
        return None
    text = _(
        "At half the intensity the accuracy changes by {half}, at twice the intensity (clipped at "
        "white) by {twice}, at 1/{low} by {dark} and at {high} times by {bright} (paired 95 % "
        "intervals, n = {n}).",
        half=told[0],
        twice=told[1],
        dark=told[2],
        bright=told[3],
        low=numerals.count(1 / exposures[lit]),
        high=numerals.count(exposures[-1]),
        n=numerals.count(right.shape[1]),
    )
    harmful = any(loss is not None and loss[2] < -HARMFUL for loss in losses[:2])
    return claims.STOPS.finding(text, 0.45 if harmful else 0.2, anchor, "caution" if harmful else "plain")


def loss_text(loss: Sequence[float]) -> str:
    """A difference of accuracies with its interval."""
    return with_note(numerals.points(loss[0]), numerals.points_interval(loss[1], loss[2]))


def find_black(record: RunRecord, responses: Responses, anchor: str) -> Finding | None:
    """What it takes a black image for."""
    black, classes = responses.facts.black, record.data.classes
    if black.label >= len(classes):
        return None
    text = _(
        "A black image is predicted as {name} with a confidence of {confidence}; chance would be {chance}.",
        name=quote(classes[black.label]),
        confidence=numerals.percent(black.confidence),
        chance=numerals.percent(1 / len(classes)),
    )
    if black.confidence > SURE:
        return claims.SURE_OF_BLACK.finding(text, 0.35, anchor, "caution")
    return claims.BLACK.finding(text, 0.1, anchor)
