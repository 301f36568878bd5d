"""What page 1, the evaluation and metrics.json say of models that answer otherwise again or beside others."""

from __future__ import annotations

import json

import numpy as np
import pytest

from reportgen.outputs.json import OUTPUT, metrics_schema
from reportgen.record.answers import AnswerChange, AnswerFacts, OutputFacts
from reportgen.record.run import RunRecord
from reportgen.report.banners import find_banners
from tests.metrics.test_draws import by_chance, noisy
from tests.outputs.reports import plain_report

SAME = AnswerChange(images=64, changed=0.0, logits=0.0)
FACTS = AnswerFacts(batch=500, spread=1.0, again=SAME, alone=AnswerChange(images=64, changed=0.0, logits=1e-6))
BESIDE = AnswerChange(images=32, changed=0.25, logits=0.31)


def told(record: RunRecord, facts: AnswerFacts | None) -> list[str]:
    bare = record.model_copy(update={"answers": None})
    before = {banner.text for banner in find_banners(bare)}
    found = find_banners(bare.model_copy(update={"answers": facts}))
    return [banner.text for banner in found if banner.text not in before]


def conditions(record: RunRecord) -> dict[str, object] | None:
    (file,) = OUTPUT.render(plain_report(record), pytest.fail)
    found: dict[str, object] | None = json.loads(file.data).get("conditions")
    return found


def test_a_model_that_answers_the_same_has_no_banner(record: RunRecord) -> None:
    assert told(record, FACTS) == []
    assert conditions(record.model_copy(update={"answers": FACTS, "output": OutputFacts()})) is None


def test_chance_is_said_with_its_size(record: RunRecord) -> None:
    drawn = by_chance(record, noisy(record, 2.0))
    (text,) = told(drawn, drawn.answers)
    labels = drawn.arrays["eval.labels"]
    names = ("eval.logits", *(f"draw.{at}.logits" for at in range(1, 5)))
    shares = [(drawn.arrays[name].argmax(1) == labels).mean() for name in names]
    assert "of 64 test images that were evaluated twice, 10.0\u00a0% got a different prediction" in text
    assert f"means over 5 evaluations, whose accuracies range from {100 * min(shares):.1f}\u00a0%" in text
    assert f"to {100 * max(shares):.1f}\u00a0%" in text
    found = conditions(drawn)
    assert found is not None
    assert (found["evaluations"], found["by_chance"], found["changed_again"]) == (5, True, 0.1)
    assert set(found) == set(metrics_schema()["properties"]["conditions"]["properties"])


def test_neighbours_are_said_with_the_batch(record: RunRecord) -> None:
    alone = AnswerChange(images=64, changed=0.125, logits=0.0213)
    facts = FACTS.model_copy(update={"by_neighbours": True, "alone": alone, "others_beside": BESIDE})
    (text,) = told(record, facts)
    assert "of 64 test images, 12.5\u00a0% get a different prediction alone than in a batch" in text
    assert "up to 0.021" in text
    assert "batches of 500 images" in text


def test_neighbours_where_nothing_can_be_evaluated_alone(record: RunRecord) -> None:
    facts = FACTS.model_copy(update={"by_neighbours": True, "alone": None, "others_beside": BESIDE})
    (text,) = told(record, facts)
    assert "of 32 test images, 25" in text
    assert "when the others in the batch are exchanged" in text


def test_what_was_read_is_in_the_conditions(record: RunRecord) -> None:
    found = conditions(record.model_copy(update={"output": OutputFacts(name="1", kind="probabilities")}))
    assert found is not None
    assert (found["output"], found["output_kind"], found["evaluations"]) == ("1", "probabilities", 1)


def test_chance_that_strikes_whole_batches(record: RunRecord) -> None:
    drawn = by_chance(record, [np.roll(one, at, 1) for at, one in enumerate(noisy(record, 0.1, 2))])
    facts = drawn.answers.model_copy(update={"again": SAME})  # type: ignore[union-attr]
    (text,) = told(drawn, facts)
    assert text.startswith("This model is stochastic: the same test images do not get the same prediction each time.")
