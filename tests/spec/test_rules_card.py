"""`card.review` and `card.dataset`: what is taken, and what each refusal says and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import SpecError
from reportgen.spec import ReportSpec, read_spec, spec_schema, written_out

START = "model: {source: builtin:two_conv}\ncard:\n  "
REVIEW = "review: {by: B, date: 2026-11-30, decision: approved}"


def read(folder: Path, text: str) -> ReportSpec:
    (folder / "spec.yaml").write_text(START + text + "\n", encoding="utf-8")
    return read_spec(folder / "spec.yaml")


def test_a_review_and_a_data_set_are_read_and_written(tmp_path: Path) -> None:
    import jsonschema

    spec = read(tmp_path, REVIEW + "\n  dataset: owner/my.data-1")
    assert spec.card.review is not None
    assert (spec.card.review.by, spec.card.review.date, spec.card.review.decision) == ("B", "2026-11-30", "approved")
    written = written_out(spec, "json")
    jsonschema.Draft202012Validator(spec_schema()).validate(written)
    assert ReportSpec.model_validate(written) == spec


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("review: {by: B, decision: x}", 3, "card.review.date is missing"),
        ("review: {by: B, date: 2026-02-30, decision: x}", 25, "card.review.date: expected a day such as 2026-11-30"),
        ("review: {by: B, date: 20261130, decision: x}", 25, "card.review.date: expected a day such as 2026-11-30"),
        ("review: {by: B, date: 30 Nov, decision: x}", 25, 'found the text "30 Nov"'),
        ('review: {by: " ", date: 2026-11-30, decision: x}', 16, "card.review.by: expected text that is not empty"),
        ("review: {by: B, date: 2026-11-30, decision: x, who: y}", 50, "there is no key 'who' in card.review"),
        ("review: approved", 11, "card.review: expected a mapping"),
        ("dataset: mine", 12, "card.dataset: expected a data set of the Hugging Face Hub such as owner/name"),
        ("dataset: https://huggingface.co/datasets/a/b", 12, "card.dataset"),
        ("dataset: ../../etc", 12, "card.dataset"),
    ],
)
def test_what_is_refused_and_where(tmp_path: Path, text: str, column: int, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(tmp_path, text)
    assert message in caught.value.message
    assert caught.value.location is not None
    assert (caught.value.location.line, caught.value.location.column) == (3, column)
