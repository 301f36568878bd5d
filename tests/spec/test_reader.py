"""The reader of specs: what it takes, what it refuses, and what it says."""

from __future__ import annotations

import json
import math
import os
import re
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reportgen.errors import EnvironmentTrouble, ReportgenError, SpecError
from reportgen.spec import ReportSpec, override_report, read_spec, spec_schema
from reportgen.spec.checking import check
from reportgen.spec.composer import compose
from reportgen.spec.nodes import scalar_value, value_of
from reportgen.spec.normalization import UNCHANGED

MODEL = "model: {source: builtin:two_conv}\n"


def read(folder: Path, text: str | bytes, *overrides: str) -> ReportSpec:
    path = folder / "spec.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_spec(path, overrides)


def refused(folder: Path, text: str | bytes, *overrides: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        read(folder, text, *overrides)
    error = caught.value
    assert error.hint, "every refusal says what to do"
    return error


def place(error: SpecError) -> tuple[int | None, int | None]:
    assert error.location is not None
    assert error.location.file.endswith("spec.yaml")
    return error.location.line, error.location.column


def test_a_whole_spec_is_read(tmp_path: Path) -> None:
    spec = read(
        tmp_path,
        """
title: ResNet-18, five minutes on CIFAR-10
model: {source: torchvision:resnet18, args: {num_classes: 10, rates: [1e-3, .5]}, stem: cifar, weights: best.pt}
data: {name: cifar10, train_limit: 1_000, normalize: {mean: [0, 0.5, 1], std: [1, 1, 1]}, augment: []}
run:
  epochs: 0.5
  steps: 2e3
  optimizer: {name: sgd, lr: 1e-1, momentum: 0.9, weight_decay: 0}
  loss: {name: kl_div, label_smoothing: 0.1}
  seed: 0x10
card: {authors: [A, B], version: 3.10, citation: 2020-01-01, licence: NO}
outputs: [html]
""",
    )
    assert spec.model.args == {"num_classes": 10, "rates": [1e-3, 0.5]}
    assert (spec.run.epochs, spec.run.steps, spec.run.seed) == (0.5, 2000, 16)
    assert spec.data.train_limit == 1000
    assert spec.data.augment == ()
    assert spec.data.normalize is not None
    assert not isinstance(spec.data.normalize, str)
    assert spec.data.normalize.mean == (0.0, 0.5, 1.0)
    assert (spec.card.version, spec.card.citation, spec.card.licence) == ("3.10", "2020-01-01", "NO")
    assert spec.card.authors == ("A", "B")
    assert spec.model.weights == Path("best.pt")
    assert spec.outputs == ("html",)


def test_nothing_but_a_model_gives_the_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, MODEL) == ReportSpec.model_validate({"model": {"source": "builtin:two_conv"}})
    assert read(tmp_path, MODEL + "run:\ndata:\ncard:  # nothing\n") == read(tmp_path, MODEL)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E+3", 1000.0),
        ("+.5", 0.5),
        ("5.", 5.0),
        ("-0", 0),
        ("007", 7),
        ("1_000", 1000),
        ("0x1F", 31),
        ("0o17", 15),
        ("true", True),
        ("False", False),
        ("NULL", None),
        ("~", None),
        ("", None),
        ("yes", "yes"),
        ("NO", "NO"),
        ("on", "on"),
        ("off", "off"),
        ("y", "y"),
        ("2020-01-01", "2020-01-01"),
        ("12:30:45", "12:30:45"),
        ("1_", "1_"),
        ("_1", "_1"),
        ("0b11", "0b11"),
        ("1e", "1e"),
        ("1,000", "1,000"),
        ("9" * 301, "9" * 301),
        ("=", "="),
        ("<<", "<<"),
        ("tRue", "tRue"),
        ("٣", "٣"),
    ],
)
def test_plain_scalars_mean_what_people_mean(text: str, value: object) -> None:
    found = scalar_value(text)
    assert found == value
    assert type(found) is type(value)


@given(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
def test_numbers_read_back_exactly(number: float) -> None:
    assert scalar_value(repr(number)) == number


@pytest.mark.parametrize(
    ("text", "where", "message", "hint"),
    [
        (MODEL + "titel: x\n", (2, 1), "no key 'titel' in a spec", "Did you mean title?"),
        (MODEL + "run:\n  epoch: 3\n", (3, 3), "no key 'epoch' in run", "Did you mean epochs?"),
        (MODEL + "run: {optimizer: {moment: 1}}\n", (2, 19), "'moment' in run.optimizer", "Did you mean momentum?"),
        (MODEL + "data: {normalize: {mean: [1], dev: [1]}}\n", (2, 8), "data.normalize.std is missing", "std"),
        (MODEL + "epochs: 3\n", (2, 1), "no key 'epochs'", "It belongs to run.epochs."),
        (MODEL + "run: {mode: trian}\n", (2, 13), 'expected train or evaluate, found the text "trian"', "mean train?"),
        (MODEL + "run: {seed: -1}\n", (2, 13), "a number of at least 0, found the number -1", "default"),
        (MODEL + "run: {batch_size: 0}\n", (2, 19), "a number above 0, found the number 0", "default"),
        (MODEL + "run: {batch_size: 1.5}\n", (2, 19), "a whole number, found the number 1.5", "default"),
        (MODEL + "run: {batch_size: true}\n", (2, 19), "a whole number, found the truth value true", "default"),
        (MODEL + "run: {batch_size: '8'}\n", (2, 19), 'a whole number, found the text "8"', "without quotation"),
        (MODEL + "run: {batch_size: 1e13}\n", (2, 19), "at most 1,000,000,000,000, found", "default"),
        (MODEL + "run: {max_minutes: yes}\n", (2, 20), 'a number, found the text "yes"', "default"),
        (MODEL + "run: {max_minutes: .inf}\n", (2, 20), "not a finite number", "no limit"),
        (MODEL + "run: {optimizer: {lr: 1e400}}\n", (2, 23), '"1e400" is not a finite number', "computer"),
        (MODEL + "run: {optimizer: adam}\n", (2, 18), 'a mapping, found the text "adam"', "{name: adam}"),
        (MODEL + "run: {device: gpu}\n", (2, 15), "expected auto, cpu, mps, cuda or", "default"),
        (MODEL + "run: {loss: {label_smoothing: 1}}\n", (2, 31), "a number below 1, found the number 1", "default"),
        (MODEL + "outputs: html\n", (2, 10), 'a list, found the text "html"', "[html]"),
        (MODEL + "outputs: []\n", (2, 10), "a list of at least 1, found an empty list", "default"),
        (
            MODEL + "report: {sections: defualt}\n",
            (2, 20),
            "expected default, full or brief",
            "mean default?",
        ),
        (MODEL + "data: {augment: [crop, filp]}\n", (2, 24), "data.augment[1]: expected crop, flip", "mean flip?"),
        (
            MODEL + "data: {normalize: cifar}\n",
            (2, 19),
            "cifar10, cifar100, imagenet or none or a mapping",
            "mean cifar10?",
        ),
        ("model: builtin:x\n", (1, 8), 'model: expected a mapping, found the text "builtin:x"', "{source: builtin:x}"),
        ("model: {source: 1.10, args: []}\n", (1, 29), "model.args: expected a mapping, found an empty", "default"),
        ("model: {}\n", (1, 1), "model.source is missing", "source: torchvision:resnet18"),
        ("title: x\n", (1, 1), "model is missing", "builtin:two_conv"),
        ("- 1\n", (1, 1), "this is a list", "reportgen new"),
        ("just text\n", (1, 1), "this is the text", "reportgen new"),
        ("", (1, 1), "the spec is empty", "reportgen new"),
        ("# only a comment\n", (1, 1), "the spec is empty", "reportgen new"),
        ("--- \n", (1, 1), "the spec is empty", "reportgen new"),
        (MODEL + "a: 1\ntitle: b\na: 2\n", (4, 1), 'the key "a" is given twice', "line 2"),
        (MODEL + "run: {seed: 1, seed: 1}\n", (2, 16), 'the key "seed" is given twice', "line 2"),
        ("model: &m {source: x}\n", (1, 8), "the anchor &m is not allowed", "quotes"),
        ("model: *m\n", (1, 8), "the alias *m is not allowed", "quotes"),
        ("title: !!python/name:os.system x\n", (1, 8), "the tag tag:yaml.org,2002:python/name:os.system", "Remove"),
        ("title: !x y\n", (1, 8), "the tag !x", "Remove"),
        (MODEL + "---\n" + MODEL, (2, 1), "a second document", "one file"),
        ("? [a]\n: 1\n", (1, 3), "a key must be a word", "key: value"),
        ("a" + ": {a" * 40 + "}" * 40, (1, 129), "nested deeper than 32", "flatten"),
        ("model:\n\tsource: a\n", (2, 1), "a tab stands where spaces are needed", "spaces"),
        ('title: "abc\nmodel: x\n', (3, 1), "a quotation mark is never closed (it begins in line 1)", "Close"),
        ("title: [a, b\nmodel: x\n", (2, 6), "a list in brackets is not closed", "[a, b, c]"),
        ("title: a: b\n", (1, 9), "a second colon on one line", "quotes"),
        ("model: {source: a}\n   run: 3\n", (2, 4), "the indentation does not fit", "Align"),
        ("title: @x\n", (1, 8), "can't begin with this character", "quotes"),
        ('title: "\\U7fffffff"\n', (1, 11), "not YAML", "characters"),
        ('title: "a\\0b"\n', (1, 8), "U+0000 is a control character", "Remove"),
        ('title: "\\ud800"\n', (1, 8), "U+D800", "Remove"),
        (b"title: a\n  \x07\n", (2, 3), "U+0007", "Remove"),
        (b"title: \xe4\n", (1, 8), "not UTF-8", "UTF-8"),
        ("model: {source: a}\n".encode("utf-16"), (1, 1), "not UTF-8", "UTF-8"),
    ],
)
def test_refusals(tmp_path: Path, text: str | bytes, where: tuple[int, int], message: str, hint: str) -> None:
    error = refused(tmp_path, text)
    assert message in error.message
    assert hint in error.hint
    assert place(error) == where


def test_several_mistakes_are_told_at_once_in_the_order_of_the_text(tmp_path: Path) -> None:
    error = refused(tmp_path, "run: {epoch: 1, seed: x}\nmodel: {source: a, stem: b}\ntitel: y\n")
    assert place(error) == (1, 7)
    others = [line for line in error.hint.splitlines() if line.startswith("Also ")]
    assert [line.split(":")[1:3] for line in others] == [["1", "23"], ["2", "26"], ["3", "1"]]


def test_twenty_mistakes_are_not_all_told(tmp_path: Path) -> None:
    error = refused(tmp_path, MODEL + "".join(f"key{index}: 1\n" for index in range(20)))
    assert error.hint.count("\n") == 10
    assert error.hint.endswith("And 10 more.")


@pytest.mark.slow
def test_a_file_of_many_keys_that_nobody_knows_is_refused_at_once(tmp_path: Path) -> None:
    began = time.process_time()
    error = refused(tmp_path, MODEL + "".join(f"k{number}: 1\n" for number in range(3000)))
    assert time.process_time() - began < 6  # less than one; a search for the home of each took ten
    assert error.hint.endswith("And 2990 more.")


def test_rules_over_several_keys(tmp_path: Path) -> None:
    for key, value in (("epochs", 1), ("steps", 5), ("max_minutes", 2)):
        error = refused(tmp_path, MODEL + f"run:\n  mode: evaluate\n  {key}: {value}\n")
        assert f"run.{key} has no meaning with run.mode: evaluate" in error.message
        assert place(error) == (4, 3)
    for name in ("adam", "adamw"):
        error = refused(tmp_path, MODEL + f"run: {{optimizer: {{name: {name}, momentum: 0.9}}}}\n")
        assert f"run.optimizer.momentum has no meaning with {name}" in error.message
    assert read(tmp_path, MODEL + "run: {optimizer: {name: rmsprop, momentum: 0.9}}\n").run.optimizer.momentum == 0.9
    error = refused(tmp_path, MODEL + "data: {normalize: {mean: [0, 0], std: [1]}}\n")
    assert "2 values for mean and 1 for std" in error.message


def test_overrides(tmp_path: Path) -> None:
    spec = read(
        tmp_path,
        MODEL,
        "run.epochs=2",
        "run.optimizer.lr=3e-4",
        "model.args.width=1e-3",
        "model.args.a.b=[1, x]",
        "title=*best* [c]",
        "outputs=[json]",
        "run.seed=1",
        "run.seed=2",
        "data.normalize=none",
        "card.version=3.10",
    )
    assert spec.run.epochs == 2
    assert spec.run.optimizer.lr == 3e-4
    assert spec.model.args == {"width": 1e-3, "a": {"b": [1, "x"]}}
    assert spec.title == "*best* [c]"
    assert spec.outputs == ("json",)
    assert spec.run.seed == 2
    assert spec.data.normalize == UNCHANGED
    assert spec.card.version == "3.10"


def test_an_override_below_one_value_keeps_what_that_stands_for(tmp_path: Path) -> None:
    text = MODEL + "baseline: old\nrun: {probes: full}\n"
    spec = read(tmp_path, text, "baseline.margin=0.01", "run.probes.cost=none")
    assert spec.baseline is not None
    assert (spec.baseline.record, spec.baseline.margin) == (Path("old"), 0.01)
    probes = spec.run.probes
    assert (probes.cost.level, probes.level) == ("none", "full")
    alone = read(tmp_path, MODEL + "baseline: null\n", "baseline.missing=It is gone.").baseline
    assert alone is not None
    assert (alone.record, alone.missing) == (None, "It is gone.")


@pytest.mark.parametrize(
    ("override", "where", "message"),
    [
        ("run.epoch=2", "--set run.epoch", "no key 'epoch' in run"),
        ("run.batch_size=abc", "--set run.batch_size", "expected a whole number"),
        ("run.epochs", "--set", "is not KEY=VALUE"),
        ("=3", "--set", "is not KEY=VALUE"),
        ("run..epochs=3", "--set", "is not KEY=VALUE"),
        ("model.source.x=3", "--set model.source.x", "has no key 'x'"),
        ("model.source=", "--set model.source", "found nothing"),
        ("model.args={a: 1, a: 2}", "--set model.args", "given twice"),
        ("model.args={a: &x 3}", "--set model.args", "the anchor &x is not allowed"),
        (" model.args = {a: {b: [*x]}} ", "--set model.args", "the alias *x is not allowed"),
        ("model.args={a: !!python/name:os.system x}", "--set model.args", "the tag "),
        ("run.probes=[&y cost]", "--set run.probes", "the anchor &y is not allowed"),
        ("title=\x1b[31m", "--set title", "U+001B"),
        ("run.optimizer={momentum: 0.9, name: adam}", "--set run.optimizer", "no meaning with adam"),
        (f"{'x' * 5000}=1", f"--set {'x' * 99}…", "there is no key"),
    ],
)
def test_overrides_that_are_refused(tmp_path: Path, override: str, where: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(tmp_path, MODEL, override)
    assert message in caught.value.message
    assert str(caught.value.location) == where
    assert caught.value.hint


@pytest.mark.parametrize("title", ["[draft] *new* model", "*new* model", "&co", "{a} & [b]", "[wip] !important"])
def test_a_text_with_signs_of_yaml_is_a_text(tmp_path: Path, title: str) -> None:
    assert read(tmp_path, MODEL, f"title={title}").title == title


def test_an_override_fixes_a_spec(tmp_path: Path) -> None:
    assert read(tmp_path, MODEL + "run: {seed: x}\n", "run.seed=3").run.seed == 3
    assert read(tmp_path, MODEL + "run: 3\n", "run={seed: 4}").run.seed == 4


def test_the_spec_of_a_record_changes_only_in_what_is_drawn() -> None:
    spec = ReportSpec.model_validate({"model": {"source": "a:b", "weights": "x.pt"}, "title": "3.10"})
    changed = override_report(spec, ["report.paper=letter", "title=New", "card.version=1.0"])
    assert changed == spec.model_copy(
        update={
            "title": "New",
            "report": spec.report.model_copy(update={"paper": "letter"}),
            "card": spec.card.model_copy(update={"version": "1.0"}),
        }
    )
    assert override_report(spec, []) is spec
    for override in ("run.epochs=3", "model.source=x", "data={}"):
        with pytest.raises(SpecError, match="can't change here"):
            override_report(spec, [override])
    with pytest.raises(SpecError, match="no key 'papre'") as caught:
        override_report(spec, ["report.papre=letter"])
    assert "paper" in caught.value.hint


def test_the_one_theme_there_was_is_accepted_and_gone(tmp_path: Path) -> None:
    spec = read(tmp_path, MODEL + "report: {theme: default, paper: letter, css: house.css}\n")
    assert spec.report.paper == "letter"
    assert "theme" not in spec.model_dump()["report"]
    old = spec.model_dump(mode="json") | {"report": {"theme": "default", "sections": "default"}}
    assert ReportSpec.model_validate(old).report.css is None
    error = refused(tmp_path, MODEL + "report: {theme: dark}\n")
    assert place(error) == (2, 10)
    assert "'theme'" in error.message


def test_files_that_are_not_specs(tmp_path: Path) -> None:
    (tmp_path / "quickstart.yaml").write_text(MODEL)
    with pytest.raises(SpecError) as caught:
        read_spec(tmp_path / "quikstart.yaml")
    assert "there is no file" in caught.value.message
    assert "Did you mean quickstart.yaml?" in caught.value.hint
    with pytest.raises(SpecError, match="is a folder"):
        read_spec(tmp_path)
    with pytest.raises(SpecError, match="there is no file") as caught:
        read_spec(tmp_path / "none" / "a.yaml")
    assert "There is no folder" in caught.value.hint
    with pytest.raises(ReportgenError):
        read_spec(tmp_path / "a\0b.yaml")
    with pytest.raises(EnvironmentTrouble):
        read_spec(tmp_path / ("x" * 300))
    assert "larger than" in refused(tmp_path, "# " + "x" * 1_000_001).message


def test_byte_order_mark_and_line_ends_of_other_systems(tmp_path: Path) -> None:
    assert (
        read(tmp_path, b"\xef\xbb\xbf" + MODEL.replace("\n", "\r\n").encode() + b"title: \xe4\xb8\xad\r\n").title
        == "中"
    )


def test_a_bomb_of_aliases_costs_nothing(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{index}: &a{index} [{', '.join([f'*a{index - 1}'] * 9)}]" for index in range(1, 9)]
    start = time.process_time()
    assert "the anchor &a0 is not allowed" in refused(tmp_path, "\n".join(lines)).message
    assert "nested deeper" in refused(tmp_path, "[" * 100_000).message
    assert time.process_time() - start < 2


def spec_or_refusal(text: str) -> ReportSpec | SpecError | None:
    try:
        root = compose(text, "spec.yaml")
        return check(root) if root is not None else None
    except SpecError as error:
        return error


def assert_helpful(outcome: ReportSpec | SpecError | None) -> None:
    if isinstance(outcome, SpecError):
        assert outcome.location is not None
        assert outcome.location.line is not None
        assert outcome.hint
        outcome.message.encode()


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_a_spec_or_a_refusal(text: str) -> None:
    assert_helpful(spec_or_refusal(text))


YAML_PIECES = st.lists(
    st.sampled_from(
        [
            *"[]{}:,-?!&*#|>'\"%@`~ \n\t\\",
            "  ",
            "\n  ",
            "\n- ",
            ": ",
            "model: ",
            "source: ",
            "run:\n",
            "a",
            "1",
            "1e3",
            "---\n",
            "...\n",
            "<<: ",
            "!!str ",
            "%YAML 1.1\n",
            '"\\x',
            "true",
            "null",
            "é",
            "中",
            "epochs: ",
            "{a: ",
            "? ",
        ]
    ),
    max_size=25,
).map("".join)


@pytest.mark.slow
@settings(max_examples=800, deadline=None)
@given(YAML_PIECES)
def test_anything_like_yaml_is_a_spec_or_a_refusal(text: str) -> None:
    assert_helpful(spec_or_refusal(text))


PLAIN_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**18), 10**18),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(alphabet=st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=12),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(alphabet="abcdefgh_é中", min_size=1, max_size=6), inner, max_size=4),
    ),
    max_leaves=12,
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text(alphabet="abcdefgh", min_size=1, max_size=5), PLAIN_VALUES, min_size=1, max_size=4))
def test_json_is_read_as_json_reads_it(value: dict[str, object]) -> None:
    root = compose(json.dumps(value, ensure_ascii=False), "x")
    assert root is not None
    assert value_of(root) == value


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text(alphabet="abcdefgh", min_size=1, max_size=5), PLAIN_VALUES, min_size=1, max_size=4))
def test_what_pyyaml_writes_is_read_back(value: dict[str, object]) -> None:
    text = yaml.safe_dump(value, allow_unicode=True)
    # Text in YAML 1.1, a number in 1.2, as we read it: 08, 1e5.
    assume(not re.search(r"(?m)(?:^|[\s:,\[-])[-+]?(?:0\d*[89]|\d+[eE][-+]?\d)", text))
    root = compose(text, "x")
    assert root is not None
    assert value_of(root) == value


def test_every_default_can_be_written_out_and_read(tmp_path: Path) -> None:
    spec = read(tmp_path, MODEL)
    assert read(tmp_path, json.dumps(spec.model_dump(mode="json"))) == spec


def test_the_schema_names_every_key() -> None:
    schema = spec_schema()
    assert schema["required"] == ["model"]
    assert set(schema["properties"]) == set(ReportSpec.model_fields)
    assert schema["$defs"]["RunSpec"]["additionalProperties"] is False
    assert math.isclose(schema["$defs"]["RunSpec"]["properties"]["seed"]["exclusiveMaximum"], 2**32)


def test_an_emoji_as_json_spells_it_is_one_character(tmp_path: Path) -> None:
    path = tmp_path / "spec.json"
    path.write_text('{"title": "a \\ud83d\\ude00", "model": {"source": "builtin:linear"}}', encoding="utf-8")
    assert read_spec(path).title == "a \U0001f600"
    path.write_text('{"title": "a \\ude00\\ud83d", "model": {"source": "builtin:linear"}}', encoding="utf-8")
    with pytest.raises(SpecError, match="U\\+DE00"):
        read_spec(path)


def test_a_pipe_is_no_spec(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "spec.yaml")
    with pytest.raises(SpecError, match="not a spec file"):
        read_spec(tmp_path / "spec.yaml")


def test_a_long_key_is_repeated_in_part(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(f'{{"model": {{"source": "builtin:linear"}}, "{"k" * 900}": 1}}', encoding="utf-8")
    with pytest.raises(SpecError, match="there is no key 'kkkk") as caught:
        read_spec(path)
    assert len(caught.value.message) < 200
