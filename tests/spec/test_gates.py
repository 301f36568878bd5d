"""The language of gates: class names of any characters."""

from __future__ import annotations

import pytest

from reportgen.spec.gates import parse_rule


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ('class."<=50K".recall >= 0.5', "class.<=50K.recall"),
        ("class.<unk>.recall >= 0.5", "class.<unk>.recall"),
        ('class."a == b".f1.change > -0.1', "class.a == b.f1.change"),
        ("class.>50K.precision > 0.5 confidently", "class.>50K.precision"),
        ('class."two words".recall >= 70 %', "class.two words.recall"),
    ],
)
def test_a_class_may_have_any_name(text: str, metric: str) -> None:
    rule = parse_rule(text)
    assert (rule.metric, rule.text) == (metric, text)
    assert rule.bound in (0.5, -0.1, 0.7)
