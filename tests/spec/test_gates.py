"""The language of gates: names of any characters, and the rules that are recommended."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.comparison.gate_names import check_names
from reportgen.errors import SpecError
from reportgen.spec import open_spec
from reportgen.spec.gates import check_classes, in_marks, parse_rule


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ('class."<=50K".recall >= 0.5', "class.<=50K.recall"),
        ("class.<unk>.recall >= 0.5", "class.<unk>.recall"),
        ('class."a == b".f1.change > -0.1', "class.a == b.f1.change"),
        ("class.>50K.precision > 0.5 confidently", "class.>50K.precision"),
        ('class."two words".recall >= 70 %', "class.two words.recall"),
        (r'class."say \"no\" >= 3".recall >= 0.5', 'class.say "no" >= 3.recall'),
        ('class."a.recall >= 0.1".recall >= 0.5', "class.a.recall >= 0.1.recall"),
        ('class."x confidently".f1 >= 0.5 confidently', "class.x confidently.f1"),
        ('class."5\n6".recall >= 0.5', "class.5\n6.recall"),
        ('my.section."a <= b".share >= 0.5', "my.section.a <= b.share"),
        ('"odd = name" >= 0.5', "odd = name"),
    ],
)
def test_a_name_may_have_any_characters(text: str, metric: str) -> None:
    rule = parse_rule(text)
    assert (rule.metric, rule.text) == (metric, text)
    assert rule.bound in (0.5, -0.1, 0.7)


@pytest.mark.parametrize(
    "name",
    ["cat", "two words", "<=50K", 'say "hi"', "back\\slash", 'both \\"', "a.recall", "größer", "#1 > @x", "a\nb"],
)
def test_a_name_in_marks_is_read_as_the_name(name: str) -> None:
    assert parse_rule(f"class.{in_marks(name)}.recall >= 0").metric == f"class.{name}.recall"


@pytest.mark.parametrize("bound", ["1e999", "-1e400", "1e309 %"])
def test_a_bound_beyond_all_numbers_is_refused(bound: str) -> None:
    with pytest.raises(ValueError, match="is no number that a computer can hold"):
        parse_rule(f"accuracy >= {bound}")


def test_marks_that_are_not_closed_are_told() -> None:
    with pytest.raises(ValueError, match="quotation mark is not closed"):
        parse_rule('class."<=50K.recall >= 0.5')


def test_the_nearest_class_is_told_as_it_can_be_written() -> None:
    with pytest.raises(SpecError) as caught:
        check_classes([parse_rule('class."<=50k".recall >= 0')], ("<=50K", ">50K"))
    assert 'Did you mean "<=50K"?' in caught.value.hint


def gates_of(folder: Path, text: str, *overrides: str) -> list[tuple[str, int | None]]:
    path = folder / "spec.yaml"
    path.write_text(f"model: {{source: builtin:linear}}\n{text}", encoding="utf-8")
    return [
        (rule.text, rule.location.line if rule.location else None) for rule in open_spec(path, overrides).spec.gates
    ]


def test_what_is_recommended_fits_the_rest_of_the_spec(tmp_path: Path) -> None:
    ece, leak = "ece <= 0.1 confidently", "data.duplicates_across == 0"
    assert gates_of(tmp_path, "gates: recommended") == [(ece, 2), (leak, 2)]
    assert gates_of(tmp_path, "run: {mode: evaluate}\ngates: [recommended]") == [(ece, 3)]
    assert gates_of(tmp_path, "report: {sections: [summary]}\ngates: recommended") == [(ece, 3)]
    text = "baseline: {record: x, margin: 0.01}\ngates:\n  - macs <= 1e9\n  - recommended\n  - nll <= 3"
    mixed = gates_of(tmp_path, text)
    assert [mixed[0], mixed[-1]] == [("macs <= 1e9", 4), ("nll <= 3", 6)]
    assert ("accuracy.change > -0.01 confidently", 5) in mixed
    rules = [parse_rule(rule) for rule, _line in mixed]
    check_names(rules, ["data.duplicates_across"], baseline=True)
    assert gates_of(tmp_path, "", "gates=recommended")[0][0] == ece


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gates: recomended", "Did you mean recommended?"),
        ("gates: accuracy >= 0.9", "Write a list: [accuracy >= 0.9]."),
        ('gates:\n  - class."a: b".recall >= 1', "quotation marks, ' on the outside"),
        ('gates:\n  - class."a #b".recall >= 1', "put the whole gate into single quotes"),
        ('gates: [class."a, b".recall >= 1]', "put the whole gate into single quotes"),
        ("comment: changed", "Write: comment: {when: changed}"),
        ("comment: {when: chnaged}", "Did you mean changed?"),
        ("comment: {platform: github.com}", "Did you mean github?"),
        ("baseline: {margin: 0.1}", "Add record:"),
        ("baseline: {record: x, missing: it has expired}", "Keep missing: only where"),
        ("baseline: {missing: ' '}", "Change the value"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        gates_of(tmp_path, text)
    assert said in caught.value.hint
    assert caught.value.location is not None
    assert caught.value.location.line in (2, 3)
