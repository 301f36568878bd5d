"""The history that a report carries: of its own series, ten runs at most, from folder to folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reportgen.comparison.history import Earlier, compare_losses, continue_history, read_answers
from reportgen.record.history import MOST_RUNS, History
from reportgen.record.judgement import Judgement
from reportgen.record.locate import find_source
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import Skipped
from reportgen.report.sections.history import HistoryView, build, has_history
from tests.comparison.cases import improved
from tests.report.sections.cases import change
from tests.support.commands import TINY, run_here, write_spec
from tests.support.records import presented, with_seeds


def on(record: RunRecord, day: int) -> RunRecord:
    """The record of another day, commit and spec."""
    origin = {"created": f"2026-01-{day:02d}T00:00:00Z", "commit": f"{day:02d}" * 20}
    provenance = record.provenance.model_copy(update=origin)
    return record.model_copy(update={"provenance": provenance, "fingerprint": f"{day:064x}"})


def chain(records: list[RunRecord]) -> History | None:
    """What the last of these reports carries, each having taken the place of the one before."""
    history, before = None, None
    for one in records:
        history = continue_history(one, [] if before is None else [Earlier(before, "A net", history)])
        before = one
    return history


def test_ten_runs_are_carried_and_the_changes_with_them(record: RunRecord) -> None:
    better = improved(record, 30)
    history = chain([on(record if day < 8 else better, day) for day in range(1, 14)])
    assert history is not None
    assert [run.created[8:10] for run in history.runs] == [f"{day:02d}" for day in range(3, 13)]
    assert len(history.runs) == MOST_RUNS
    jump = history.runs[5]
    assert jump.step is not None
    assert (jump.created[:10], jump.step.change.value) == ("2026-01-08", pytest.approx(30 / 600))
    assert history.step is not None
    assert history.step.p == 1
    view = build(presented(on(better, 13), Judgement(history=history)), {})
    assert isinstance(view, HistoryView)
    assert "10 earlier runs" in view.findings[0].text
    assert "last changed on 2026-01-08, commit 08080808: +5.0\u00a0points" in view.findings[0].text
    outside = [run.model_copy(update={"commit": None}) for run in history.runs]
    bare = build(presented(on(better, 13), Judgement(history=history.model_copy(update={"runs": tuple(outside)}))), {})
    assert isinstance(bare, HistoryView)
    assert "last changed on 2026-01-08: +5.0\u00a0points" in bare.findings[0].text
    assert len(view.runs) == 11
    assert view.runs[0][:3] == ("this report", "2026-01-13", "13131313")
    assert view.chart is not None
    assert view.chart.data.count(b"l-3.5-6h7z") == 1
    assert [column.head for column in view.others.columns] == ["Number", "Earliest run", "Previous run", "This report"]
    assert {"Macro F1", "Expected calibration error"} <= {row[0] for row in view.others.rows}
    assert all(len(row) == 4 for row in view.others.rows)
    assert not any("Latency" in row[0] or "time" in row[0] for row in view.others.rows)
    assert "not tested" in view.others.caption
    assert "Negative log-likelihood is tested too" in view.methods[0].text


def test_the_loss_is_tested_as_the_index_tests_it(record: RunRecord) -> None:
    better = improved(record, 30)
    history = chain([on(record if day < 3 else better, day) for day in range(1, 6)])
    assert history is not None
    jump = history.runs[2]
    assert jump.loss_step is not None
    old, new = (read_answers(one.data.classes, one.arrays) for one in (record, better))
    assert old is not None
    assert new is not None
    step = compare_losses(old, new)
    assert step is not None
    assert (jump.loss_step.change, jump.loss_step.p) == (step.change, step.p)
    assert history.runs[1].loss_step is None  # the same answers
    view = build(presented(on(better, 5), Judgement(history=history)), {})
    assert isinstance(view, HistoryView)
    (row,) = view.losses.rows
    assert (row[1], row[2], row[4]) == ("2026-01-03", "03030303", step.change.display_full)
    assert row[6] == ("changed" if step.p <= 0.05 else "no significant change")
    assert "Negative log-likelihood" not in [other[0] for other in view.others.rows]
    several = with_seeds(on(better, 5), 400)
    of_seeds = continue_history(several, [Earlier(on(record, 4), "A net", None)])
    assert of_seeds is not None
    assert of_seeds.loss_step is None


def test_other_images_and_other_models_are_no_part_of_it(record: RunRecord) -> None:
    names = ("eval.logits", "eval.labels", "eval.ids", "eval.digests")
    fewer = change(record, arrays={name: record.arrays[name][:500] for name in names})
    model = record.spec.model.model_copy(update={"source": "builtin:another"})
    other = record.model_copy(update={"spec": record.spec.model_copy(update={"model": model})})
    assert chain([on(fewer, 1), on(record, 2)]) is None
    assert chain([on(other, 1), on(record, 2)]) is None
    back = chain([on(record, 1), on(record, 2), on(fewer, 3), on(record, 4)])
    assert back is None  # what carried it on was another series


def test_the_same_run_again_takes_its_place(record: RunRecord) -> None:
    again = on(record, 2).model_copy(update={"fingerprint": on(record, 1).fingerprint})
    assert chain([on(record, 1), again]) is None
    history = chain([on(record, 1), on(record, 2), on(record, 2)])
    assert history is not None
    assert [run.created[8:10] for run in history.runs] == ["01"]
    assert history.step is not None  # kept, although the record of the first is gone


def test_folder_and_baseline_are_put_together(record: RunRecord) -> None:
    mine = Earlier(on(record, 3), "Mine", chain([on(record, 1), on(record, 3)]))
    base = Earlier(on(improved(record, 40), 4), "Main", chain([on(record, 1), on(record, 2), on(record, 4)]))
    later = Earlier(on(record, 9), "Later", None)
    history = continue_history(on(record, 5), [mine, base, later])
    assert history is not None
    assert [(run.created[8:10], run.title) for run in history.runs] == [
        ("01", "A net"),
        ("02", "A net"),
        ("03", "Mine"),
        ("04", "Main"),
    ]
    view = build(presented(on(record, 5), Judgement(history=history)), {})
    assert isinstance(view, HistoryView)
    shown = [row[4] != "—" for row in view.runs]
    assert shown == [True, False, False, True, False]  # 3 and 4 were held against others than 2 and 3


def test_without_one_nothing_is_shown(record: RunRecord) -> None:
    subject = presented(record)
    assert not has_history(subject)
    assert isinstance(build(subject, {}), Skipped)


@pytest.mark.slow
@pytest.mark.e2e
def test_a_report_shows_its_history_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_spec(tmp_path, TINY)
    for size, form in ((50, "json"), (30, "html,json")):
        again = ("--set", f"run.batch_size={size}", "--format", form)
        assert run_here(capsys, "build", "spec.yaml", "-o", "out", *again).code == 0
    judgement = json.loads(Path("out/record/judgement.json").read_text(encoding="utf-8"))
    assert len(judgement["history"]["runs"]) == 1
    record = Path("out/record/record.json").read_bytes()
    assert b"history" not in record
    page = Path("out/report.html").read_text(encoding="utf-8")
    assert "1 earlier run of this model on the same test images is known." in page
    said = run_here(capsys, "build", "spec.yaml", "-o", "out", "--set", "run.batch_size=30", "--set", "title=Another")
    assert said.code == 0
    assert "1 earlier run" in Path("out/report.html").read_text(encoding="utf-8")
    assert run_here(capsys, "verify", "out").code == 0
    assert run_here(capsys, "render", "out", "-o", "drawn").code == 0
    assert "1 earlier run" in Path("drawn/report.html").read_text(encoding="utf-8")
    other = ("--set", "run.batch_size=20", "--set", "baseline=out", "--set", "report.sections=[history]")
    said = run_here(capsys, "build", "spec.yaml", "-o", "next", *other)
    assert said.code == 0
    assert "2 earlier runs" in Path("next/report.html").read_text(encoding="utf-8")
    assert history_of(Path("next")) != history_of(Path("out"))


def history_of(out: Path) -> History | None:
    """What a report carries."""
    subject: Subject = find_source(out).load().subject
    return subject.judgement.history
