"""Facts, judgement and presentation together: the spec comes apart into two of them and is whole again."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.record.presentation import Presentation
from reportgen.record.run import MeasuredSpec, RunRecord
from reportgen.record.subject import Subject
from reportgen.spec import read_spec
from reportgen.spec.types import ReportSpec
from tests.support.commands import write_spec
from tests.support.records import presented

WHOLE = """\
title: Everything
model: {source: "builtin:linear", weights: /home/someone/best.pt}
data: {name: digits, root: /home/someone/data}
run: {epochs: 2, seeds: [1, 2]}
report: {paper: letter, templates: /home/someone/mine}
card: {authors: [A, B]}
outputs: [html]
baseline: {record: /home/someone/main, margin: 0.01}
gates: [accuracy >= 0.5]
plugins: [json]
"""


def test_every_key_of_a_spec_is_either_measured_with_or_presented() -> None:
    measured, drawn = set(MeasuredSpec.model_fields), set(Presentation.model_fields)
    assert measured | drawn == set(ReportSpec.model_fields)
    assert not measured & drawn


def test_a_spec_comes_apart_and_is_whole_again_but_for_the_machines_paths(record: RunRecord, tmp_path: Path) -> None:
    spec = read_spec(write_spec(tmp_path, WHOLE))
    kept = record.model_copy(update={"spec": MeasuredSpec.of(spec)})
    again = Subject(kept, presentation=Presentation.of(spec)).spec
    assert "someone" not in again.model_dump_json()
    assert again.model_dump(
        exclude={"model": {"weights"}, "data": {"root"}, "report": {"templates"}, "baseline": True}
    ) == (spec.model_dump(exclude={"model": {"weights"}, "data": {"root"}, "report": {"templates"}, "baseline": True}))
    assert (again.model.weights, again.report.templates) == (Path("best.pt"), Path("mine"))


@pytest.mark.parametrize(("title", "shown"), [(None, "tiny on CIFAR-10"), ("", "tiny on CIFAR-10"), ("Mine", "Mine")])
def test_the_title_is_the_specs_or_made_from_model_and_data(record: RunRecord, title: str | None, shown: str) -> None:
    assert presented(record, title=title).title == shown
