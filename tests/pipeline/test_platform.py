"""What the platform says of a report: the form of its comment, and the places of its gates."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.comparison.gates import find_place, located
from reportgen.pipeline.drawing import inputs_digest, to_be_judged
from reportgen.pipeline.platform import in_checkout, on_platform
from reportgen.plugins import Plugins
from reportgen.record.gate_result import GateResult, Place
from reportgen.record.judgement import Judgement
from reportgen.record.presentation import Presentation
from reportgen.record.run import RunRecord
from reportgen.record.store import store
from reportgen.spec import open_spec
from reportgen.spec.types import ReportSpec


def spec_in(folder: Path, above: str = "") -> tuple[Path, ReportSpec]:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "spec.yaml"
    path.write_text(f"{above}model: {{source: builtin:linear}}\ngates:\n  - nll <= 3\n", encoding="utf-8")
    return path, open_spec(path, ["gates=[macs <= 1e9]"] if above == "set" else ()).spec


@pytest.mark.parametrize(
    ("asked", "environment", "found"),
    [
        ("auto", {}, "auto"),
        ("auto", {"GITHUB_ACTIONS": "true"}, "auto"),
        ("auto", {"GITLAB_CI": "true"}, "gitlab"),
        ("auto", {"BITBUCKET_BUILD_NUMBER": "7"}, "bitbucket"),
        ("github", {"GITLAB_CI": "true"}, "github"),
    ],
)
def test_the_platform_is_that_of_the_build_unless_the_spec_says(
    asked: str, environment: dict[str, str], found: str
) -> None:
    spec = ReportSpec.model_validate({"model": {"source": "builtin:linear"}, "comment": {"platform": asked}})
    assert on_platform(spec, environment).comment.platform == found


def test_gates_stand_in_the_checkout_and_tell_no_folder_outside(tmp_path: Path) -> None:
    path, spec = spec_in(tmp_path / "repo" / "models" / "deep")
    alone = in_checkout(Presentation.of(spec), path)
    assert [find_place(rule) for rule in alone.gates] == [Place(file="spec.yaml", line=3, column=5)]
    (tmp_path / "repo" / ".git").mkdir()
    inside = in_checkout(Presentation.of(spec), path)
    assert [find_place(rule) for rule in inside.gates] == [Place(file="models/deep/spec.yaml", line=3, column=5)]


def test_a_record_keeps_the_places_of_its_gates(record: RunRecord, tmp_path: Path) -> None:
    path, spec = spec_in(tmp_path)
    rules = in_checkout(Presentation.of(spec), path).gates
    bare = Presentation.model_validate_json(Presentation(gates=rules).model_dump_json())
    assert [find_place(rule) for rule in bare.gates] == [None]
    result = GateResult(
        rule="nll <= 3",
        metric="nll",
        confidently=False,
        outcome="pass",
        judged=None,
        bound=3,
        place=find_place(rules[0]),
    )
    assert located(bare.gates, (result,))[0].location == rules[0].location
    again = to_be_judged(store(record).drawn_as(Judgement(gates=(result,)), bare)).subject
    assert again.judgement.gates == ()
    assert find_place(again.presentation.gates[0]) == result.place


def test_a_gate_that_moved_is_drawn_again(tmp_path: Path) -> None:
    digests = set()
    for above in ("", "# a comment\n", ""):
        path, spec = spec_in(tmp_path, above)
        digests.add(inputs_digest("", "", in_checkout(Presentation.of(spec), path), None, Plugins()))
    assert len(digests) == 2
