"""Figures kept: drawn once, again when an input changes, never when only words do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import reportgen.figures
from reportgen.pipeline import figure_cache
from reportgen.pipeline.figure_cache import CACHE, draw_once, inputs_digest, keep, load
from reportgen.plugins import FigureKind
from reportgen.record.gate_result import GateResult
from reportgen.record.judgement import Judgement
from reportgen.record.metric_value import MetricValue
from reportgen.record.presentation import Presentation
from reportgen.record.run import RunRecord
from reportgen.record.store import store
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.spec.types import CardSpec
from reportgen.text.i18n import language
from tests.comparison.cases import judged
from tests.support.commands import ROOT
from tests.support.records import save_record

NAMES = ("class_counts", "confidence", "diagram_blocks_2")


@pytest.fixture
def drawings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The names asked of the figures package, call by call, with an empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    asked: list[list[str]] = []
    draw = reportgen.figures.draw

    def listen(subject: Subject, names: list[str], extra: dict[str, FigureKind]) -> object:
        asked.append(list(names))
        return draw(subject, names, extra)

    monkeypatch.setattr(reportgen.figures, "draw", listen)
    return asked


@pytest.mark.slow
def test_what_was_drawn_is_not_drawn_again(record: RunRecord, drawings: list[list[str]]) -> None:
    first = draw_once(store(record), NAMES, {})
    assert isinstance(first["diagram_blocks_2"], Skipped)
    assert draw_once(store(record), NAMES[::-1], {}) == first
    assert list(draw_once(store(record), NAMES[::-1], {})) == list(NAMES[::-1])
    assert drawings == [list(NAMES)]
    draw_once(store(record), (*NAMES, "reliability"), {})
    assert drawings[1:] == [["reliability"]]


@pytest.mark.slow
def test_numbers_alone_draw_no_figure(record: RunRecord, drawings: list[list[str]], tmp_path: Path) -> None:
    (tmp_path / "record").mkdir()
    save_record(record, tmp_path / "record")
    for out, formats in (("numbers", ["json", "comment"]), ("page", ["json", "html"])):
        outcome = reportgen.render(
            tmp_path / "record",
            tmp_path / out,
            formats=formats,
            overrides={"report.sections": ["data"]},
            progress=False,
        )
        assert outcome.exit_code == 0
        assert (drawings == []) is (out == "numbers")
    assert (tmp_path / "numbers" / "metrics.json").read_bytes() == (tmp_path / "page" / "metrics.json").read_bytes()


def test_words_change_nothing_and_numbers_everything(record: RunRecord, drawings: list[list[str]]) -> None:
    before = inputs_digest(store(record))
    words = Presentation(title="Another", card=CardSpec(licence="other"), outputs=("html",))
    assert inputs_digest(store(record).drawn_as(Judgement(), words)) == before
    judged_now = judged(record, record).judgement
    compared = inputs_digest(store(record).drawn_as(judged_now, words))
    assert compared != before
    number = MetricValue(name="accuracy", value=1.0, unit="share")
    gate = GateResult(
        rule="accuracy > 0", metric="accuracy", confidently=False, outcome="pass", judged=number, bound=0.0
    )
    assert inputs_digest(store(record).drawn_as(judged_now.with_gates((gate,)), words)) == compared
    logits = np.array(record.arrays["eval.logits"])
    logits[0, 0] += 1
    moved = record.model_copy(update={"arrays": record.arrays.merged({"eval.logits": logits})})
    assert inputs_digest(store(moved)) != before
    assert inputs_digest(store(record.model_copy(update={"eval_seconds": 9.0}))) != before
    data = record.data.model_copy(update={"title": "Other"})
    assert inputs_digest(store(record.model_copy(update={"data": data}))) != before


def test_changed_code_draws_again(record: RunRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    before = inputs_digest(store(record))
    monkeypatch.setattr(figure_cache, "code_digest", lambda *roots: f"another of {roots}")
    assert inputs_digest(store(record)) != before


def test_figures_are_kept_by_language_and_its_catalogue(record: RunRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    english = inputs_digest(store(record))
    with language("zh"):
        chinese = inputs_digest(store(record))
        monkeypatch.setattr(figure_cache, "catalogue_digest", lambda name: f"another of {name}")
        assert len({english, chinese, inputs_digest(store(record))}) == 3


def test_a_plugins_figure_is_always_drawn(record: RunRecord, drawings: list[list[str]]) -> None:
    own = FigureKind("own", lambda _: Skipped("own", "Own", "It is a test."))
    for _ in range(2):
        draw_once(store(record), ("own",), {"own": own})
    assert drawings == [["own"], ["own"]]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"x": 1}', b'{"x": {"data": "*"}}', b"\xff"])
def test_a_file_that_holds_something_else_is_a_miss(damage: bytes) -> None:
    CACHE.write("x", damage)
    assert load("x") == {}


def test_what_is_kept_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    figure = FigureFile("a", "image/png", b"\x00\xff", 1, 2, "t", "c", "alt")
    keep("x", {"a": figure})
    assert load("x") == {"a": figure}
    assert load("y") == {}


def test_a_cache_that_can_t_be_written_is_no_error(record: RunRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/nowhere")
    assert isinstance(draw_once(store(record), ("confidence",), {})["confidence"], FigureFile)


@pytest.mark.slow
def test_render_with_all_figures_kept_imports_neither_matplotlib_nor_scipy(
    record: RunRecord, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "record").mkdir()
    save_record(record, tmp_path / "record")
    code = (
        "import sys; from reportgen.cli import commands; from click.testing import CliRunner\n"
        f"done = CliRunner().invoke(commands, ['render', {str(tmp_path / 'record')!r}, '-o', {str(tmp_path / 'out')!r},"
        " '--format', 'html', '-q'])\n"
        "assert done.exit_code in (0, None), done.output\n"
        "print('matplotlib' in sys.modules, 'scipy' in sys.modules)"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.splitlines()[-1]
        for _ in range(2)
    ]
    assert said[0].startswith("True")
    assert said[1] == "False False"
