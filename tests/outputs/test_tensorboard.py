"""tensorboard/: read back with TensorBoard's own reader; the same bytes from every process; no torch on the way."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata as hparams
from tensorboard.util.tensor_util import make_ndarray

from reportgen.errors import EnvironmentTrouble
from reportgen.outputs import tensorboard
from reportgen.outputs._tensorboard.matrix import draw_matrix, error_depth, label
from reportgen.outputs.tensorboard import EACH, OUTPUT, flatten
from reportgen.record.probes.weights import HISTOGRAM_BINS
from reportgen.record.run import Divergence, SeedRun
from reportgen.report.model import Report
from tests.outputs.reports import plain_report
from tests.support.weights import weighed

BEGUN = datetime.fromisoformat("2026-01-02T03:04:05Z").timestamp()


def written(report: Report, folder: Path) -> Path:
    """The files of a report in a folder; its path."""
    for file in OUTPUT.render(report, pytest.fail):
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
    return folder / "tensorboard"


def read(folder: Path, run: str = ".") -> EventAccumulator:
    """One run, everything kept."""
    found = EventAccumulator(str(folder / run), size_guidance={"tensors": 0, "scalars": 0, "images": 0})
    found.Reload()
    return found


@pytest.fixture(scope="module")
def report() -> Report:
    from tests.support.records import small_record

    return plain_report(small_record())


@pytest.fixture(scope="module")
def logs(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(report, tmp_path_factory.mktemp("logs"))


def test_the_files_are_three_runs_without_a_host(logs: Path) -> None:
    files = sorted(path.relative_to(logs).as_posix() for path in logs.rglob("*") if path.is_file())
    name = f"events.out.tfevents.{int(BEGUN)}.reportgen"
    assert files == [name, f"test/{name}", f"train/{name}"]


@pytest.mark.parametrize(
    ("tag", "array"),
    [("step/loss", "train.loss"), ("step/learning_rate", "train.lr"), ("step/gradient_norm", "train.grad_norm")],
)
def test_every_step_is_there_at_its_time(logs: Path, report: Report, tag: str, array: str) -> None:
    arrays = report.record.arrays
    found = read(logs, "train").Scalars(tag)
    assert [event.step for event in found] == list(range(1, len(arrays[array]) + 1))
    np.testing.assert_array_equal(np.float32([event.value for event in found]), arrays[array])
    np.testing.assert_allclose([event.wall_time for event in found], BEGUN + arrays["train.seconds"])


def test_throughput_by_step(logs: Path, report: Report) -> None:
    found = [event.value for event in read(logs, "train").Scalars("step/images_per_second")]
    took = np.diff(report.record.arrays["train.seconds"], prepend=0.0)
    np.testing.assert_allclose(found, 128 / took, rtol=1e-6)


@pytest.mark.parametrize(
    ("run", "tag", "field"),
    [
        ("train", "epoch/loss", "train_loss"),
        ("train", "epoch/accuracy", "train_accuracy"),
        ("test", "epoch/loss", "test_loss"),
        ("test", "epoch/accuracy", "test_accuracy"),
    ],
)
def test_epochs_lie_over_each_other(logs: Path, report: Report, run: str, tag: str, field: str) -> None:
    training = report.record.training
    assert training is not None
    found = read(logs, run).Scalars(tag)
    assert [event.step for event in found] == [point.step for point in training.epochs]
    assert [event.value for event in found] == pytest.approx([getattr(point, field) for point in training.epochs])
    assert [event.wall_time for event in found] == [BEGUN + point.seconds for point in training.epochs]


def test_every_number_of_the_report_is_a_final_metric(logs: Path, report: Report) -> None:
    found = read(logs)
    known = {value.name: value for value in report.metrics if value.value is not None}
    tags = {tag.removeprefix("metrics/") for tag in found.Tags()["scalars"]}
    assert tags == set(known)
    for name in ("accuracy", "parameters", "latency.batch_16.p50"):
        (event,) = found.Scalars(f"metrics/{name}")
        assert event.value == pytest.approx(known[name].value, rel=1e-6)
        assert event.step == 90
    described = found.SummaryMetadata("metrics/accuracy")
    assert described.display_name == "Top-1 accuracy"
    assert described.summary_description == known["accuracy"].display_full


def strings(accumulator: EventAccumulator, tag: str) -> list[bytes]:
    (event,) = accumulator.Tensors(tag)
    return list(event.tensor_proto.string_val)


def test_images_with_their_predictions(logs: Path, report: Report) -> None:
    found, record = read(logs), report.record
    tags = [tag for tag in found.Tags()["tensors"] if tag.startswith("barely_wrong/")]
    assert len(tags) == EACH
    index = int(tags[0].partition("/")[2])
    width, height, png = strings(found, tags[0])
    pixels = np.asarray(Image.open(io.BytesIO(png)))
    assert pixels.shape == (int(height), int(width), 3) == (128, 128, 3)
    np.testing.assert_array_equal(pixels[::4, ::4], record.arrays["images"][index])
    logits, classes = record.arrays["eval.logits"][index].astype(float), record.data.classes
    share = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    named = found.SummaryMetadata(tags[0])
    called = classes[int(logits.argmax())]
    expected = f"Barely wrong: {classes[index % 10]}, predicted as {called} ({100 * share.max():.1f}\u00a0%)"
    assert named.display_name == expected
    assert named.summary_description.endswith(f"Test image {index}.")
    assert named.plugin_data.plugin_name == "images"


def test_the_confusion_matrix_is_an_image(logs: Path) -> None:
    width, height, png = strings(read(logs), "confusion")
    assert Image.open(io.BytesIO(png)).size == (int(width), int(height))


@pytest.mark.parametrize("trained", [True, False])
def test_the_weights_before_and_after_are_histograms(report: Report, tmp_path: Path, trained: bool) -> None:
    whole = weighed(report.record, trained=trained, shown=(0, 2))
    assert whole.probes is not None
    facts, counts = whole.probes.weights, np.array(whole.arrays["weights.histograms"])
    assert facts is not None
    counts[1] = np.arange(counts[1].size).reshape(counts[1].shape)
    record = whole.model_copy(update={"arrays": whole.arrays.merged({"weights.histograms": counts})})
    found = read(written(replace(report, subject=replace(report.subject, record=record)), tmp_path))
    names = [facts.matrices[place].name for place in (0, 2)]
    tags = [f"weights/{name}" for name in names]
    assert [tag for tag in found.Tags()["tensors"] if tag.startswith("weights/")] == tags
    for row, tag in enumerate(tags):
        assert found.SummaryMetadata(tag).plugin_data.plugin_name == "histograms"
        events = found.Tensors(tag)
        assert [event.step for event in events] == ([0, 90] if trained else [90])
        end = whole.arrays["weights.ranges"][row]
        for event, expected in zip(events, counts[row], strict=True):
            low, high, many = make_ndarray(event.tensor_proto).T
            np.testing.assert_array_equal(many, expected)
            np.testing.assert_allclose([low[0], high[-1]], [-end, end])
            np.testing.assert_allclose(high - low, 2 * end / HISTOGRAM_BINS)
            np.testing.assert_array_equal(low[1:], high[:-1])
    named = found.SummaryMetadata(tags[1])
    assert (named.display_name, named.summary_description.partition(",")[0]) == (names[1], "16 × 144")


def test_a_matrix_that_was_not_counted_has_no_histogram(report: Report, tmp_path: Path) -> None:
    whole = weighed(report.record)
    counts = np.array(whole.arrays["weights.histograms"])
    counts[1] = 0
    record = whole.model_copy(update={"arrays": whole.arrays.merged({"weights.histograms": counts})})
    found = read(written(replace(report, subject=replace(report.subject, record=record)), tmp_path))
    assert sum(tag.startswith("weights/") for tag in found.Tags()["tensors"]) == len(counts) - 1


def test_settings_and_metrics_for_the_table_of_runs(logs: Path) -> None:
    found = read(logs)
    begun, ended, experiment = (
        found.SummaryMetadata(tag).plugin_data.content
        for tag in (hparams.SESSION_START_INFO_TAG, hparams.SESSION_END_INFO_TAG, hparams.EXPERIMENT_TAG)
    )
    session = hparams.parse_session_start_info_plugin_data(begun)
    assert session.start_time_secs == BEGUN
    settings = session.hparams
    assert settings["model.source"].string_value == "builtin:tiny"
    assert settings["run.batch_size"].number_value == 128
    assert settings["data.augment"].string_value == "crop, flip"
    assert settings["run.epochs"].number_value == 3
    assert "run.max_minutes" not in settings  # the spec leaves it open
    over = hparams.parse_session_end_info_plugin_data(ended)
    assert (over.status, over.end_time_secs) == (1, BEGUN + 12.0)  # STATUS_SUCCESS
    table = hparams.parse_experiment_plugin_data(experiment)
    assert {info.name for info in table.hparam_infos} == set(settings)
    tags = {info.name.tag: info.display_name for info in table.metric_infos}
    assert tags["metrics/accuracy"] == "Top-1 accuracy"
    assert set(tags) <= set(found.Tags()["scalars"])


def change(report: Report, **fields: object) -> Report:
    subject = replace(report.subject, record=report.record.model_copy(update=fields))
    return replace(report, subject=subject)


def test_a_diverged_run_has_failed(report: Report, tmp_path: Path) -> None:
    training = report.record.training
    assert training is not None
    event = Divergence(step=61, epoch=2.0, learning_rate=0.1, batch_ids=())
    fell = change(report, training=training.model_copy(update={"divergence": event}))
    found = read(written(fell, tmp_path))
    content = found.SummaryMetadata(hparams.SESSION_END_INFO_TAG).plugin_data.content
    assert hparams.parse_session_end_info_plugin_data(content).status == 2  # STATUS_FAILURE


def test_an_evaluation_has_no_history(report: Report, tmp_path: Path) -> None:
    logs = written(change(report, training=None), tmp_path)
    assert [path.parent for path in logs.rglob("events*")] == [logs]
    assert read(logs).Scalars("metrics/accuracy")[0].step == 0


def test_further_seeds_are_runs(report: Report, tmp_path: Path) -> None:
    training = report.record.training
    assert training is not None
    seed = SeedRun(seed=7, training=training, correct=1, n=2, loss=0.5)
    logs = written(change(report, seeds=(seed,)), tmp_path)
    assert len(read(logs, "seed-7/test").Scalars("epoch/accuracy")) == len(training.epochs)


def test_long_histories_are_thinned_and_that_is_said(
    report: Report, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tensorboard, "MOST_STEPS", 30)
    heard: list[str] = []
    for file in OUTPUT.render(report, heard.append):
        (tmp_path / file.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file.path).write_bytes(file.data)
    assert heard == ["TensorBoard gets one of every 3 steps."]
    steps = [event.step for event in read(tmp_path / "tensorboard", "train").Scalars("step/loss")]
    assert steps == list(range(3, 91, 3))


def test_a_record_without_arrays_has_what_it_has(report: Report, tmp_path: Path) -> None:
    bare = change(report, arrays=type(report.record.arrays)())
    logs = written(bare, tmp_path)
    assert "confusion" in read(logs).Tags()["tensors"]
    assert read(logs, "train").Tags()["scalars"] == ["epoch/loss", "epoch/accuracy"]


@pytest.mark.slow
def test_the_same_bytes_from_every_process_and_no_torch(report: Report) -> None:
    script = (
        "import hashlib, sys\nfrom reportgen.outputs.tensorboard import OUTPUT\n"
        "from tests.support.records import small_record\n"
        "from tests.outputs.reports import plain_report\n"
        "files = OUTPUT.render(plain_report(small_record()), print)\n"
        "assert not {'torch', 'tensorflow'} & set(sys.modules)\n"
        "print(hashlib.sha256(b''.join(file.data for file in files)).hexdigest())"
    )
    here = hashlib.sha256(b"".join(file.data for file in OUTPUT.render(report, pytest.fail))).hexdigest()
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "PATH": ""},
    )
    assert done.stdout.split()[-1] == here


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    OUTPUT.check()
    monkeypatch.setattr(tensorboard.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EnvironmentTrouble) as caught:
        OUTPUT.check()
    assert caught.value.hint == "pip install 'reportgen-torch[tensorboard]'"


def test_plain_values_by_dotted_key() -> None:
    nested = {"a": {"b": 1, "c": None, "d": [1, 2]}, "e": True, "f": [], "g": "x"}
    assert list(flatten(nested, "")) == [("a.b", 1), ("a.d", "1, 2"), ("e", True), ("f", "none"), ("g", "x")]


def test_errors_are_the_darker_the_larger_their_share() -> None:
    depth = error_depth(np.array([[90, 10, 0], [5, 75, 20], [0, 0, 0]]))
    np.testing.assert_allclose(depth, [[0, 0.5, 0], [0.25, 0, 1], [0, 0, 0]])


@pytest.mark.parametrize("classes", [1, 2, 10, 100, 400])
def test_the_matrix_fits_whatever_its_size(classes: int) -> None:
    counts = np.eye(classes, dtype=np.int64) * 3
    png, size = draw_matrix(counts, [f"name {index}" * 9 for index in range(classes)])
    assert Image.open(io.BytesIO(png)).size == size
    assert max(size) <= 1000
    assert len(png) < 60_000


@pytest.mark.parametrize(
    ("name", "text"),
    [("cat", "cat"), ("猫", "class 4"), ("", "class 4"), ("a" * 40, "a" * 11 + "..."), ("\n", "class 4")],
)
def test_names_that_the_font_has_no_letters_for(name: str, text: str) -> None:
    assert label(name, 4) == text
