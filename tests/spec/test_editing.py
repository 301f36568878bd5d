"""Answers put into a spec's text: nothing else of it changes."""

from __future__ import annotations

import pytest

from reportgen.errors import SpecError
from reportgen.spec.composer import compose
from reportgen.spec.editing import with_card
from reportgen.spec.nodes import value_of
from reportgen.spec.starter import starter_spec

ANSWERS = {
    "licence": "MIT",
    "authors": ["A. Author", "Müller, B.: x"],
    "caveats": 'Says "no": # never, {really}',
    "review": {"by": "B", "date": "2026-11-30", "decision": "approved, for now"},
}
MODEL = "model: {source: builtin:two_conv}\n"
LAYOUTS = {
    "no card": MODEL,
    "no line end": "model:\n  source: builtin:two_conv",
    "starter": starter_spec(),
    "empty card": MODEL + "card:   # mine\noutputs: [html]  # last\n",
    "null": "card: null # mine\n" + MODEL,
    "tilde": "card: ~\n" + MODEL,
    "empty braces": "card: {}\n" + MODEL,
    "braces": "card: {contact: me, }  # c\n" + MODEL,
    "wide block": "card:\n      # first\n      contact: me   # c\n\n      # last\n\n# between\n" + MODEL,
    "empty keys": 'card:\n  licence:   # which?\n  caveats: ""\n  review: null\n' + MODEL,
    "block text": "card:\n  citation: |\n    One\n    two\n\n\n# below\n" + MODEL,
    "folded": "card:\n  citation: >-\n    One\n    two\n" + MODEL,
    "many lines": "card:\n  citation: One\n    two\n  contact: 'a\n\n    b'\n" + MODEL,
    "at the end": MODEL + "card:\n  version: 1.0",
    "windows": ("# x\n" + MODEL + "card:\n  version: 1.0\n").replace("\n", "\r\n"),
    "json": '{"model": {"source": "builtin:two_conv"}, "outputs": ["html"]}\n',
    "json with card": '{\n  "model": {"source": "builtin:two_conv"},\n  "card": {}\n}\n',
    "json without card": '{\n  "card": null,\n  "model": {"source": "builtin:two_conv"}\n}\n',
    "markers": "---\n" + MODEL + "card:\n  version: 1.0\n...\n",
    "markers without card": "---\n" + MODEL + "...\n",
    "dashes": "card:\n  authors:\n  - A\n  - B\n" + MODEL,
    "quoted key": '"card":\n  "version": 1.0\n' + MODEL,
}


def value_in(text: str) -> object:
    node = compose(text, "spec.yaml")
    assert node is not None
    return value_of(node)


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_the_answers_are_there_and_the_rest_is_as_it_was(name: str) -> None:
    text = LAYOUTS[name]
    before = value_in(text)
    assert isinstance(before, dict)
    card = {key: value for key, value in (before.get("card") or {}).items() if value}
    edited = with_card(text, "spec.yaml", ANSWERS)
    assert value_in(edited) == before | {"card": ANSWERS | card}
    comments = [line.partition("#")[2] for line in text.splitlines() if "#" in line]
    for comment in comments:
        assert f"#{comment}" in edited
    if "windows" in name:
        assert edited.count("\n") == edited.count("\r\n")
    assert with_card(edited, "spec.yaml", ANSWERS) == edited


def test_every_line_of_the_starter_is_kept_in_its_order() -> None:
    text = starter_spec()
    lines = iter(with_card(text, "spec.yaml", ANSWERS).splitlines())
    assert all(any(line == other for other in lines) for line in text.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "null",
        "3.10",
        "1e3",
        "- x",
        "a: b",
        "x # y",
        "[a]",
        "'",
        '"',
        "\u2028b",
        "a\x85b",
        "é",
        "*a",
        "&b",
        "!c",
        "%",
        "@x",
        "`y",
        "~",
        "a:",
        "key: ",
        "=",
        "?",
        "猫 🐈",
    ],
)
def test_any_answer_is_read_back_as_it_was_given(text: str) -> None:
    for layout in ("no card", "json", "braces", "wide block"):
        found = value_in(with_card(LAYOUTS[layout], "spec.yaml", {"caveats": text, "authors": [text, text]}))
        assert isinstance(found, dict)
        assert found["card"]["caveats"] == text
        assert found["card"]["authors"] == [text, text]


def test_a_card_that_is_no_mapping_is_told() -> None:
    with pytest.raises(SpecError, match="card is not a mapping") as caught:
        with_card(MODEL + "card: what?\n", "spec.yaml", ANSWERS)
    assert caught.value.location is not None
    assert caught.value.location.line == 2


def test_a_text_that_no_line_can_be_added_to_is_left_alone() -> None:
    text = "card:\n  citation: |+\n    x\n\n" + MODEL  # whose empty line at the end counts
    with pytest.raises(SpecError, match="can't be added to") as caught:
        with_card(text, "spec.yaml", ANSWERS)
    assert "licence: MIT" in caught.value.hint
