"""Records on disk: the round trip is exact, and whatever is wrong with the files is said."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open

from reportgen.errors import RecordError
from reportgen.record.arrays import Arrays
from reportgen.record.judgement import Judgement
from reportgen.record.run import RECORD_FORMAT, RunRecord
from reportgen.record.store import (
    FILES,
    load_judgement,
    load_measured,
    load_record,
    load_stored,
    record_schema,
    spell,
    store,
    write_files,
)
from reportgen.record.subject import Subject
from reportgen.record.trace import Edge
from tests.comparison.cases import another_seed, judged, with_logits
from tests.support.records import presented, save_record, write_subject


@pytest.fixture
def saved(record: RunRecord, tmp_path: Path) -> Path:
    save_record(record, tmp_path)
    return tmp_path


def test_the_round_trip_is_exact(record: RunRecord, saved: Path) -> None:
    again = load_record(saved)
    assert again == record
    for name, array in record.arrays.items():
        assert again.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(again.arrays[name], array)
    assert not any(array.flags.writeable for array in again.arrays.values())


def test_the_same_record_gives_the_same_bytes(record: RunRecord, saved: Path, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    items = dict(reversed([(name, np.asfortranarray(array)) for name, array in record.arrays.items()]))
    save_record(record.model_copy(update={"arrays": Arrays(items)}), tmp_path / "again")
    for name in ("record.json", "arrays.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes()


def test_numbers_that_are_none(record: RunRecord, tmp_path: Path) -> None:
    training = record.training
    assert training is not None
    odd = (math.nan, math.inf, -math.inf, 5e-324, 0.1 + 0.2, 1e308)
    rows = tuple(training.epochs[0].model_copy(update={"train_loss": value, "test_loss": value}) for value in odd)
    changed = record.model_copy(
        update={
            "training": training.model_copy(update={"epochs": rows}),
            "arrays": Arrays(
                {"x": np.array(odd), "none": np.zeros((0, 3), np.float32), "bit": np.array([True, False])}
            ),
        }
    )
    save_record(changed, tmp_path)
    json.loads((tmp_path / "record.json").read_text(), parse_constant=pytest.fail)
    again = load_record(tmp_path)
    assert again.training is not None
    assert repr([row.train_loss for row in again.training.epochs]) == repr(list(odd))
    assert repr([row.test_loss for row in again.training.epochs]) == repr(list(odd))
    assert again.arrays == changed.arrays


def test_the_files_are_what_they_say(record: RunRecord, saved: Path) -> None:
    fields = json.loads((saved / "record.json").read_text(encoding="utf-8"))
    assert fields["format"] == RECORD_FORMAT
    assert fields["arrays"]["bytes"] == (saved / "arrays.safetensors").stat().st_size
    assert list(fields) == sorted(fields)
    with safe_open(saved / "arrays.safetensors", "numpy") as file:
        assert set(file.keys()) == set(record.arrays)
    assert fields["spec"]["model"]["source"] == "builtin:tiny"


def change(folder: Path, act: Callable[[dict[str, Any]], object]) -> None:
    fields = json.loads((folder / "record.json").read_text())
    act(fields)
    (folder / "record.json").write_text(json.dumps(fields))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "record.json").unlink(), r"record\.json is missing"),
        (lambda folder: (folder / "arrays.safetensors").unlink(), r"arrays\.safetensors is missing"),
        (lambda folder: (folder / "record.json").write_text("{"), "not JSON"),
        (lambda folder: (folder / "record.json").write_bytes(b"\xff\xfe"), "not JSON"),
        (lambda folder: (folder / "record.json").write_text("[" * 100_000), "not JSON"),
        (lambda folder: (folder / "record.json").write_text("[]"), "states no format"),
        (lambda folder: change(folder, lambda fields: fields.update(format="1")), "states no format"),
        (lambda folder: change(folder, lambda fields: fields.update(format=True)), "states no format"),
        (lambda folder: change(folder, lambda fields: fields.update(format=99)), "format 99, and this version"),
        (lambda folder: change(folder, lambda fields: fields.pop("arrays")), "is not the file"),
        (lambda folder: change(folder, lambda fields: fields.pop("trace")), "damaged: trace"),
        (
            lambda folder: change(folder, lambda fields: fields.update(more=1)),
            "damaged: more: this version of reportgen has no such field; a later",
        ),
        (lambda folder: (folder / "arrays.safetensors").write_bytes(b"\0" * 64), "is not the file"),
    ],
)
def test_damage_is_said(saved: Path, damage: Callable[[Path], object], message: str) -> None:
    damage(saved)
    with pytest.raises(RecordError, match=message) as caught:
        load_record(saved)
    assert caught.value.hint
    assert caught.value.exit_code == 5


def test_one_flipped_bit_is_noticed(saved: Path) -> None:
    data = bytearray((saved / "arrays.safetensors").read_bytes())
    data[-1] ^= 1
    (saved / "arrays.safetensors").write_bytes(data)
    with pytest.raises(RecordError, match="is not the file"):
        load_record(saved)


def test_a_file_of_other_arrays_with_a_fitting_digest(saved: Path) -> None:
    import hashlib

    (saved / "arrays.safetensors").write_bytes(b"nonsense")
    digest = hashlib.sha256(b"nonsense").hexdigest()
    change(saved, lambda fields: fields["arrays"].update(sha256=digest))
    with pytest.raises(RecordError, match="damaged"):
        load_record(saved)


def test_there_is_no_record_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="there is no record"):
        load_record(tmp_path / "nowhere")


@pytest.mark.slow
def test_a_large_record_comes_back(record: RunRecord, tmp_path: Path) -> None:
    trace = record.trace
    operators = tuple(trace.operators[1].model_copy(update={"index": index}) for index in range(2000))
    edges = tuple(Edge(source=index, target=index + 1, shape=(1, 64, 32, 32)) for index in range(1999))
    below = (trace.modules[1].model_copy(update={"index": index}) for index in range(1, 1000))
    modules = (trace.modules[0], *below)
    large = record.model_copy(
        update={
            "trace": trace.model_copy(update={"operators": operators, "edges": edges, "modules": modules}),
            "arrays": record.arrays.merged({"seed.9.steps": np.zeros((10_000, 10), np.float32)}),
        }
    )
    save_record(large, tmp_path)
    assert load_record(tmp_path) == large


@pytest.mark.slow
def test_neither_torch_nor_matplotlib_is_imported(saved: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from reportgen.record.store import load_record; "
        f"load_record(Path({str(saved)!r})); "
        "print([name for name in ('torch', 'matplotlib', 'seaborn', 'weasyprint', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.slow
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)),
        max_leaves=15,
    )
)
def test_spelled_json_is_json(value: object) -> None:
    assert json.loads(spell(value)) == value


def test_the_schema_describes_the_file(saved: Path) -> None:
    schema = record_schema()
    fields = json.loads((saved / "record.json").read_text())
    assert set(fields) == set(schema["properties"])
    assert set(schema["required"]) <= set(fields)


def test_judgement_and_presentation_lie_beside_the_record_and_do_not_touch_it(
    record: RunRecord, tmp_path: Path
) -> None:
    alone, whole = tmp_path / "alone", tmp_path / "whole"
    subject = judged(with_logits(record, another_seed()), record)
    write_subject(presented(subject.record), alone)
    write_subject(subject, whole)
    assert sorted(path.name for path in alone.iterdir()) == ["arrays.safetensors", "presentation.json", "record.json"]
    assert sorted(path.name for path in whole.iterdir()) == sorted(FILES)
    for name in ("record.json", "arrays.safetensors"):
        assert (alone / name).read_bytes() == (whole / name).read_bytes()
    assert load_stored(whole).subject == subject
    assert load_stored(whole).digest == load_stored(alone).digest == load_measured(whole).digest
    assert load_judgement(whole) == subject.judgement
    assert load_judgement(alone) == Judgement()


def test_a_record_alone_has_a_title_and_the_defaults(record: RunRecord, saved: Path) -> None:
    subject = load_stored(saved).subject
    assert subject == Subject(record)
    assert subject.title == "tiny on CIFAR-10"
    assert subject.presentation.outputs == ("html", "pdf", "json")
    assert subject.spec.run == record.spec.run


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("judgement.json", b"{", r"judgement\.json is damaged: it is not JSON"),
        ("judgement.json", b"[]", r"judgement\.safetensors is not the file that judgement\.json was written with"),
        ("judgement.safetensors", b"", r"judgement\.safetensors is not the file"),
        ("presentation.json", b'{"titel": 1}', r"presentation\.json is damaged: titel"),
    ],
)
def test_damage_beside_a_record_is_said_and_leaves_the_record(
    record: RunRecord, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    write_subject(judged(record, record), tmp_path / "x")
    (tmp_path / "x" / name).write_bytes(content)
    with pytest.raises(RecordError, match=message) as caught:
        load_stored(tmp_path / "x")
    assert "to draw the record without it" in (caught.value.hint or "")
    assert load_record(tmp_path / "x") == record


def test_what_is_kept_is_what_is_read_back(record: RunRecord, tmp_path: Path) -> None:
    stored = store(record)
    write_files(stored.record_files, tmp_path)
    assert load_stored(tmp_path) == stored
    assert load_stored(tmp_path).files == stored.files


def test_names_that_are_no_text_are_spelled_out(record: RunRecord, tmp_path: Path) -> None:
    odd = record.model_copy(
        update={"data": record.data.model_copy(update={"classes": ("caf\udce9", *record.data.classes[1:])})}
    )
    save_record(odd, tmp_path)
    loaded = load_record(tmp_path)
    assert loaded.data.classes[0] == "caf\\udce9"
    assert loaded.data.classes[1:] == record.data.classes[1:]
    assert loaded.arrays == record.arrays
