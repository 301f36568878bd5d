"""What the explanations say: whether the maps can be believed, how far the features separate the classes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from reportgen.metrics.differences import binomial_tail, share_difference
from reportgen.metrics.explanations import (
    METHODS,
    Estimate,
    MapCheck,
    Votes,
    read_check,
    read_neighbours,
    read_votes,
)
from reportgen.metrics.intervals import wilson
from reportgen.record.probes.explanations import EmbeddingFacts, ExplanationFacts
from reportgen.record.run import RunRecord
from reportgen.report.components import Figures
from reportgen.report.model import Finding
from reportgen.report.sections.explanations import claims
from reportgen.report.sections.explanations.map_wording import format_open
from reportgen.report.wording import evidence, quote, share_interval
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences

NAME = "explanations"
LEAST_CLASS = 10
"""Images of a class in the sample before its overlap is named."""
SIGNIFICANT = 0.05
HALF = 0.5
SAME = 0.005
"""Difference of two shares that is taken as none, as the usual margin between two models; tested by both ends of the
95 % interval lying within it, which is two one-sided tests at 2.5 % (Schuirmann 1987)."""


def find_explanations(record: RunRecord, facts: ExplanationFacts, figures: Figures) -> list[Finding]:
    """The findings of this section, in the order of the text."""
    maps, checks = evidence(figures, "explanation_maps", NAME), evidence(figures, "explanation_checks", NAME)
    plane, nearest = evidence(figures, "embedding", NAME), evidence(figures, "nearest_images", NAME)
    found = [find_layer(facts, record, maps)]
    found += [find_worth(check, facts, checks) for check in (read_check(record.arrays, m) for m in METHODS) if check]
    votes = read_votes(record.arrays)
    if votes is not None and facts.embedding is not None:
        found += [find_separation(votes, facts, plane), find_overlap(votes, record, plane)]
    found.append(find_mistakes(record, facts, nearest))
    return [finding for finding in found if finding is not None]


def find_layer(facts: ExplanationFacts, record: RunRecord, anchor: str) -> Finding | None:
    """A last feature map too small for an image, and what is taken instead."""
    if facts.layer is None:
        if all(gap.part != "grad_cam" for gap in facts.gaps):
            return None
        text = _(
            "No layer of this model keeps spatial positions and gives a map that varies, so there is no Grad-CAM; "
            "integrated gradients need no such layer."
        )
        return claims.NO_MAP.finding(text, 0.2, anchor)
    small = [layer for layer in facts.layer.refused if layer.reason in ("one_cell", "few_cells", "constant")]
    if not small:
        return None
    size = record.trace.input_shape[2:]
    first = small[0]
    values = {
        "last": quote(first.path),
        "size": f"{size[0]}×{size[1]}",
        "grid": f"{first.height}×{first.width}",
        "layer": quote(facts.layer.path),
        "cells": f"{facts.layer.height}×{facts.layer.width}",
    }
    if first.reason == "constant":
        text = _(
            "The map of the last layer, {last}, is the same everywhere; Grad-CAM is of {layer} ({cells} cells), the "
            "nearest earlier one with a usable map.",
            last=values["last"],
            layer=values["layer"],
            cells=values["cells"],
        )
    else:
        text = _(
            "The last feature map, {last}, is only {grid} for images of {size} and can’t localise anything; "
            "Grad-CAM is of {layer} ({cells} cells), the nearest earlier one with a usable map.",
            last=values["last"],
            grid=values["grid"],
            size=values["size"],
            layer=values["layer"],
            cells=values["cells"],
        )
    return claims.SMALL_MAP.finding(text, 0.4 if first.reason == "one_cell" else 0.25, anchor, "caution")


def find_worth(check: MapCheck, facts: ExplanationFacts, anchor: str) -> Finding:
    """Whether maps of one kind stand both checks."""
    if check.method == "cam" and facts.layer is not None:
        kind = _("Grad-CAM’s maps of {layer}", layer=quote(facts.layer.path))
    else:
        kind = _("The maps of integrated gradients")
    values = {"kind": kind, "rank": format_rank(check.rank), "gain": format_gain(check)}
    if check.learnt is False:
        text = _(
            "{kind} reflect the image rather than what was learnt: with random weights they are much the same "
            "({rank}).",
            kind=values["kind"],
            rank=values["rank"],
        )
        return claims.NOT_LEARNT.finding(text, 0.6, anchor, "caution")
    if check.is_informative is False:
        text = _(
            "{kind} do not find what the model relies on: replacing the pixels they point at first lowers the "
            "probability of the class less than a random order does ({gain}).",
            kind=values["kind"],
            gain=values["gain"],
        )
        return claims.MISLEADING.finding(text, 0.6, anchor, "caution")
    if check.is_informative is None:
        maps = (
            _("the maps of Grad-CAM ({layer})", layer=quote(facts.layer.path))
            if check.method == "cam" and facts.layer is not None
            else _("the maps of integrated gradients")
        )
        text = join_sentences([format_open(check, maps), format_areas(check)])
        claim = claims.FEW_MAPS if check.gain.low is None else claims.GAIN_OPEN
        return claim.finding(text, 0.45, anchor, "caution")
    return find_informative(check, values, anchor)


def find_informative(check: MapCheck, values: Mapping[str, str], anchor: str) -> Finding:
    """Of maps that find what the model relies on: whether they depend on what was learnt; `values`: their kind and both
    checks."""
    if check.learnt:
        text = _(
            "{kind} pass both checks: with random weights they differ ({rank}), and replacing the pixels they point "
            "at first lowers the probability of the class faster than a random order does ({gain}).",
            kind=values["kind"],
            rank=values["rank"],
            gain=values["gain"],
        )
        return claims.MAPS_PASS.finding(text, 0.25, anchor, "good")
    text = _(
        "{kind} find pixels that matter ({gain}); whether they depend on what was learnt is unclear ({rank}).",
        kind=values["kind"],
        gain=values["gain"],
        rank=values["rank"],
    )
    return claims.RANK_OPEN.finding(text, 0.3, anchor)


def format_rank(rank: Estimate | None) -> str:
    """Rank correlation with the maps of random weights, interval and n."""
    if rank is None:
        return _("every one of those is constant")
    return _("rank correlation {value}", value=format_estimate(rank))


def format_gain(check: MapCheck) -> str:
    """Both areas under the deletion curve and their difference."""
    return _(
        "area under the curve {own} against {chance}; difference {gain}",
        own=numerals.fixed(check.area.value, 3),
        chance=numerals.fixed(check.chance.value, 3),
        gain=format_estimate(check.gain),
    )


def format_areas(check: MapCheck) -> str:
    """Both areas under the deletion curve and their difference, as a sentence of its own."""
    return _(
        "Area under the deletion curve: {own} with the maps, {chance} in random order; difference {gain}.",
        own=numerals.fixed(check.area.value, 3),
        chance=numerals.fixed(check.chance.value, 3),
        gain=format_estimate(check.gain),
    )


def format_estimate(estimate: Estimate) -> str:
    """Value, interval and n."""
    value = numerals.score(estimate.value, estimate.low, estimate.high)
    ends = numerals.score_interval(estimate.low, estimate.high) or _("no interval")
    return _("{value}, {ends}, n\u00a0=\u00a0{n}", value=value, ends=ends, n=numerals.count(estimate.n))


def find_separation(votes: Votes, facts: ExplanationFacts, anchor: str) -> Finding | None:
    """How well the nearest training images tell the class, beside the model itself on the same images."""
    embedding, difference = facts.embedding, share_difference(votes.model, votes.right)
    if embedding is None or difference is None:
        return None
    text = format_votes(votes, embedding)
    change, ends = numerals.points(-difference[0]), numerals.points_interval(-difference[2], -difference[1])
    if difference[1] > 0:
        end = _("The vote differs by {change} ({ends}).", change=change, ends=ends)
    elif difference[2] < 0:
        end = _(
            "The vote differs by {change} ({ends}), so the features contain information that the last layer does not "
            "use.",
            change=change,
            ends=ends,
        )
        return claims.FEATURES_MORE.finding(join_sentences([text, end]), 0.5, anchor, "caution")
    elif max(-difference[1], difference[2]) <= SAME:
        end = _(
            "The two agree within half a point ({ends}): a vote on the features classifies as well as the last layer.",
            ends=ends,
        )
        return claims.FEATURES_ALONE.finding(join_sentences([text, end]), 0.2, anchor)
    else:
        end = _("The difference of {change} ({ends}) can’t be distinguished from zero.", change=change, ends=ends)
    return claims.SEPARATION.finding(join_sentences([text, end]), 0.2, anchor)


def format_votes(votes: Votes, embedding: EmbeddingFacts) -> str:
    """How often the nearest training images vote for the right class, and how often the model itself is right."""
    n, right = len(votes.labels), int(votes.right.sum())
    return _(
        "By the features before the last layer, a vote of the {k} nearest of {train} training images "
        "gives the right class for {share} of the test images ({interval}, n = {n}); the model itself"
        " classifies {model} of them correctly.",
        k=embedding.neighbours,
        train=numerals.count(embedding.train.images),
        share=numerals.percent(right / n, n),
        interval=share_interval(right, n),
        n=numerals.count(n),
        model=numerals.percent(float(votes.model.mean()), n),
    )


def find_overlap(votes: Votes, record: RunRecord, anchor: str) -> Finding | None:
    """The pair of classes that lie most among each other, where that is more than the largest of so many by chance."""
    names = record.data.classes
    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (votes.labels, votes.votes), 1)
    totals = counts.sum(1)
    np.fill_diagonal(counts, 0)
    shares = np.where((totals >= LEAST_CLASS)[:, None], counts / np.maximum(totals, 1)[:, None], 0)
    true, other = np.unravel_index(int(shares.argmax()), shares.shape)
    usual = float(counts.sum() / (totals.sum() * max(len(names) - 1, 1)))
    cells = int((totals >= LEAST_CLASS).sum()) * max(len(names) - 1, 1)
    p = cells * binomial_tail(int(counts[true, other]), int(totals[true]), usual)
    if not cells or p > SIGNIFICANT:
        return None
    text = _(
        "{true} is close to another class more often than usual: {share} of its images ({interval}, "
        "n = {n}) have mostly {other} among their nearest neighbours; the mean over pairs of classes "
        "is {usual} ({p}, corrected for all {cells} pairs).",
        p=numerals.p_value(p),
        cells=numerals.count(cells),
        true=quote(names[true]),
        other=quote(names[other]),
        n=numerals.count(int(totals[true])),
        share=numerals.percent(float(shares[true, other])),
        usual=numerals.percent(usual),
        interval=share_interval(int(counts[true, other]), int(totals[true])),
    )
    return claims.OVERLAP.finding(text, 0.25, anchor)


def find_mistakes(record: RunRecord, facts: ExplanationFacts, anchor: str) -> Finding | None:
    """Most confident errors that lie among training images of their own label.

    The other way round is no finding: what is called confidently lies among images of the class it is called, right or
    wrong, since the last layer reads the same features; it says nothing about labels.
    """
    found = read_neighbours(record.arrays)
    if found is None or facts.embedding is None:
        return None
    sides = found.sides()
    n, own = len(sides), int((sides < 0).sum())
    ends = wilson(own, n)
    if ends is None or ends[0] <= HALF:
        return None
    text = _(
        "Of the {count} most confident errors {number} ({share}, {interval}) lie among training images of their own "
        "label: their features are near the right class, and the last layer misclassifies them.",
        count=numerals.count(n),
        number=numerals.count(own),
        share=numerals.percent(own / n),
        interval=share_interval(own, n),
    )
    return claims.OWN_SIDE.finding(text, 0.45, anchor, "caution")
