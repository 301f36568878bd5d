"""How texts are joined, and in which language they are drawn."""

from __future__ import annotations

from threading import Thread

import pytest

from reportgen.text import i18n
from reportgen.text.i18n import (
    _,
    current_language,
    join_choices,
    join_names,
    join_rows,
    join_sentences,
    join_steps,
    join_terms,
    language,
    languages,
    ngettext,
)


@pytest.mark.parametrize(
    ("items", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_lists_in_words(items: list[str], text: str) -> None:
    assert join_names(items) == text


def test_texts_side_by_side() -> None:
    assert join_sentences(["A.", "", "B {x}.", "C."]) == "A. B {x}. C."
    assert join_terms(["a", "b", "c"]) == "a, b, c"
    assert join_rows(["a 1, 2", "b 3"]) == "a 1, 2; b 3"
    assert join_steps(["a", "b", "c"]) == "a, then b, then c"
    assert join_choices(["a", "b"]) == "a or b"
    assert join_sentences([]) == join_rows(["", ""]) == ""


def test_braces_in_a_text_without_values_stay() -> None:
    assert _("{left} alone") == "{left} alone"
    assert ngettext("{count} thing of {name}", "{count} things of {name}", 1234, name="{x}") == "1,234 things of {x}"
    assert i18n.translate("", {}) == ""


def test_the_language_is_that_of_the_drawing() -> None:
    heard: list[str] = []
    assert current_language() == "en"
    with language("xx"):
        assert current_language() == "xx"
        thread = Thread(target=lambda: heard.append(current_language()))
        thread.start()
        thread.join()
        with language("en"):
            assert current_language() == "en"
        assert current_language() == "xx"
    assert (current_language(), heard) == ("en", ["en"])
    assert languages() == ("en", "zh")
