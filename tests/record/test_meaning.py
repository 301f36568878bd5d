"""What the names of values say."""

from __future__ import annotations

from reportgen.record.meaning import find_meaning
from reportgen.text.i18n import language


def test_a_change_knows_what_the_number_itself_is_called() -> None:
    fastest, of = find_meaning("throughput.best.change"), {"batch": 64}
    assert fastest.label(of) == "Best throughput, batches of 64, change"
    assert fastest.label_of_number(of) == "Best throughput, batches of 64"
    brier = find_meaning("brier.change")
    for name in ("en", "zh"):
        with language(name):
            assert brier.label_of_number({}) == find_meaning("brier").label({}) != brier.label({})
    assert find_meaning("nobody.knows.change").label_of_number({}) == "nobody.knows"
