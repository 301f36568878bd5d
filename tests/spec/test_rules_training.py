"""Optimiser, loss, mixing and seeds in a spec: what is taken, and what each refusal says and where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reportgen.errors import SpecError
from reportgen.spec import ReportSpec, override_report, read_spec, spec_schema, written_out
from reportgen.spec.model_parts import KnownWeights
from reportgen.spec.optimizers import ARGUMENTS, REFUSED, TITLES, UNUSED
from reportgen.spec.paths import without_absolute_paths
from reportgen.spec.types import ModelSpec, RunSpec

MODEL = "model: {source: builtin:two_conv}\n"
TEACHER = "teacher: {source: builtin:resnet9, weights: best.pt}"


def read(folder: Path, text: str, *overrides: str) -> ReportSpec:
    (folder / "spec.yaml").write_text(MODEL + text + "\n", encoding="utf-8")
    return read_spec(folder / "spec.yaml", overrides)


def optimizer(folder: Path, text: str) -> ReportSpec:
    return read(folder, f"run: {{optimizer: {{{text}}}}}")


@pytest.mark.parametrize("title", TITLES.values())
def test_torchs_names_are_taken_in_any_case(tmp_path: Path, title: str) -> None:
    for name in (title, title.lower(), title.upper()):
        found = optimizer(tmp_path, f"name: {name}").run.optimizer
        assert (found.name, found.title, found.given) == (title.lower(), title, ())


@pytest.mark.parametrize(
    ("text", "given"),
    [
        (
            "name: AdamW, lr: 1e-3, betas: [0.9, .95], amsgrad: true",
            {"lr": 1e-3, "betas": (0.9, 0.95), "amsgrad": True},
        ),
        ("name: adafactor, eps: [null, 1e-3], beta2_decay: -0.8", {"eps": (None, 1e-3), "beta2_decay": -0.8}),
        ("momentum: 0.8, dampening: 0.1, nesterov: false", {"momentum": 0.8, "dampening": 0.1, "nesterov": False}),
        ("name: rprop, etas: [0.5, 1.2], step_sizes: [1e-6, 50]", {"etas": (0.5, 1.2), "step_sizes": (1e-6, 50)}),
        ("name: muon, ns_steps: 4, adjust_lr_fn: original", {"ns_steps": 4, "adjust_lr_fn": "original"}),
    ],
)
def test_arguments_are_kept_as_given(tmp_path: Path, text: str, given: dict[str, object]) -> None:
    found = optimizer(tmp_path, text).run.optimizer
    assert set(found.given) == set(given)
    assert {key: getattr(found, key) for key in given} == given


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        ("name: adam, beta: [0.9, 0.99]", 31, "there is no key 'beta' in run.optimizer", "Did you mean betas?"),
        ("name: adam, beta: [0.9, 0.99]", 31, "no key 'beta'", "lr, betas, eps, weight_decay, amsgrad"),
        ("weight_dcay: 0", 19, "no key 'weight_dcay'", "Did you mean weight_decay? There is: name, lr, momentum,"),
        ("name: RAdam, amsgrad: true", 32, "run.optimizer.amsgrad has no meaning with radam", "one of adam, adamw."),
        ("name: rprop, weight_decay: 1", 32, "weight_decay has no meaning with rprop", "rprop takes lr, etas"),
        ("name: LBFGS", 25, "LBFGS can't be used here: it evaluates the loss several times", "Use one of sgd, adam"),
        ("name: sparse_adam", 25, "expected sgd, adam", "Did you mean"),
        ("name: SparseAdam, lr: 1", 25, "SparseAdam can't be used here: it takes sparse", "Use one of"),
        ("name: adm", 25, 'found the text "adm"', "Did you mean adam?"),
        ("name: [sgd]", 25, "expected sgd, adam", ""),
        ("maximize: true", 19, "there is no key 'maximize'", "torch.optim has it, and this has no use for it: a loss"),
        ("name: adam, betas: [0.9]", 38, "expected a list of at least 2, found one of 1", "default"),
        ("name: adam, betas: [0.9, 1]", 44, "run.optimizer.betas[1]: expected a number below 1", "default"),
        ("name: adam, betas: 0.9", 38, "expected a list, found the number 0.9", "[0.9]"),
        ("name: adam, amsgrad: 1", 40, "expected true or false, found the number 1", "default"),
        ("name: adam, eps: [1e-3, 1e-3]", 31, "eps is a pair, and adam takes one number", "one number"),
        ("name: adafactor, eps: 1e-3", 36, "eps is one number, and adafactor takes a pair", "[null, 0.001]"),
        ("name: rprop, weight_decay_on: all", 32, "weight_decay_on has no meaning with rprop", ""),
        ("momentum: 0, nesterov: true", 32, "nesterov needs a momentum", "Remove"),
        ("name: rprop, etas: [1, 2]", 32, "not a factor below 1 and one above", "[0.5, 1.2]"),
        ("name: adam, fused: true, foreach: true", 31, "exclude each other", "Remove"),
        ("name: muon, ns_steps: 2.5", 41, "a whole number", ""),
    ],
)
def test_arguments_that_are_refused(tmp_path: Path, text: str, column: int, message: str, hint: str) -> None:
    with pytest.raises(SpecError) as caught:
        optimizer(tmp_path, text)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.location is not None
    assert (caught.value.location.line, caught.value.location.column) == (2, column)


@pytest.mark.parametrize("name", [*TITLES, *REFUSED])
def test_every_refusal_has_a_reason(tmp_path: Path, name: str) -> None:
    for key in UNUSED:
        with pytest.raises(SpecError):
            optimizer(tmp_path, f"name: {name}, {key}: true")
    for key in {key for keys in ARGUMENTS.values() for key in keys} - set(ARGUMENTS.get(name, ())):
        with pytest.raises(SpecError):
            optimizer(tmp_path, f"name: {name}, {key}: 0.5")


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        ("run: {loss: {gamma: 1}}", 14, "run.loss.gamma has no meaning with cross_entropy", "focal"),
        ("run: {loss: {name: focal, gamma: -1}}", 34, "a number of at least 0", ""),
        ("run: {loss: {name: nll, label_smoothing: 0.1}}", 25, "label_smoothing has no meaning with nll", "kl_div"),
        (f"run: {{loss: {{name: mse, {TEACHER}}}}}", 25, "run.loss.teacher has no meaning with mse", "kl_div"),
        ("run: {loss: {name: kl_div, alpha: 0.5}}", 28, "alpha has no meaning without a teacher", "teacher: {source"),
        ("run: {loss: {name: kl_div, temperature: 2}}", 28, "temperature has no meaning without", "teacher"),
        ("run: {loss: {name: kl_div, teacher: builtin:x}}", 37, "expected a mapping", "teacher: {source: builtin:x}"),
        ("run: {loss: {name: kl_div, teacher: {}}}", 28, "run.loss.teacher.source is missing", "source"),
        ("run: {loss: focal}", 13, "expected a mapping", "loss: {name: focal}"),
        (f"run: {{loss: {{name: kl_div, {TEACHER}, alpha: 1.1}}}}", 89, "at most 1", ""),
        (f"run: {{loss: {{name: kl_div, {TEACHER}, temperature: 0}}}}", 95, "above 0", ""),
        ("data: {mixup: 0}", 15, "data.mixup: expected a number above 0", ""),
        ("data: {mixup: true}", 15, "a number, found the truth value", ""),
        ("run: {mixup: 0.2}", 7, "no key 'mixup' in run", "It belongs to data.mixup."),
        ("run: {mode: evaluate, seeds: [1, 2]}", 23, "run.seeds has no meaning with run.mode: evaluate", "mode: train"),
        ("run: {seed: 1, seeds: [1, 2]}", 7, "run.seed and run.seeds exclude each other", "Keep run.seeds"),
        ("run: {seeds: [1, 2, 1]}", 21, "run.seeds names 1 twice", "once"),
        ("run: {seeds: []}", 14, "at least 1", ""),
        ("run: {seeds: [1, -1]}", 18, "run.seeds[1]: expected a number of at least 0", ""),
        ("run: {seeds: 3}", 14, "expected a list", "[3]"),
    ],
)
def test_losses_mixing_and_seeds_that_are_refused(
    tmp_path: Path, text: str, column: int, message: str, hint: str
) -> None:
    with pytest.raises(SpecError) as caught:
        read(tmp_path, text)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.location is not None
    assert (caught.value.location.line, caught.value.location.column) == (2, column)


def test_mixing_has_no_meaning_where_nothing_is_trained(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"data.mixup has no meaning with run.mode: evaluate"):
        read(tmp_path, "run: {mode: evaluate}\ndata: {mixup: 0.2}")


def test_the_first_seed_is_the_runs(tmp_path: Path) -> None:
    run = read(tmp_path, "run: {seeds: [5, 0, 7]}").run
    assert (run.seed, run.seeds) == (5, (5, 0, 7))
    assert read(tmp_path, "run: {seed: 4}").run.seeds == (4,)
    assert read(tmp_path, "run: {epochs: 1}", "run.seeds=[2, 3]").run.seed == 2
    assert RunSpec(seeds=(8, 9)).seed == 8


def test_a_spec_with_seeds_is_written_so_that_it_can_be_read(tmp_path: Path) -> None:
    spec = read(tmp_path, f"run: {{seeds: [5, 0], loss: {{name: kl_div, {TEACHER}}}}}")
    (tmp_path / "again.yaml").write_text(json.dumps(written_out(spec, "json")))
    assert read_spec(tmp_path / "again.yaml") == spec
    assert override_report(spec, ["title=New"]).run == spec.run
    assert ReportSpec.model_validate_json(spec.model_dump_json()) == spec


def test_of_a_teachers_absolute_paths_only_the_names_are_kept(tmp_path: Path) -> None:
    teacher = f"teacher: {{source: '{tmp_path}/net.py:make', weights: '{tmp_path}/best.pt'}}"
    spec = without_absolute_paths(read(tmp_path, f"run: {{loss: {{name: kl_div, {teacher}}}}}"))
    assert spec.run.loss.teacher == ModelSpec(source="net.py:make", weights=Path("best.pt"))
    relative = read(tmp_path, f"run: {{loss: {{name: kl_div, {TEACHER}}}}}")
    assert without_absolute_paths(relative) == relative


def test_editors_are_told_both_ways_to_write_an_optimiser() -> None:
    names = spec_schema()["$defs"]["OptimizerSpec"]["properties"]["name"]["enum"]
    assert {"adamw", "AdamW", "sgd", "SGD"} <= set(names)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("model: {source: 'torchvision:resnet18', pretrained: true, weights: w.pt}", "exclude each other", 1),
        ("model: {source: 'net.py:make', pretrained: true}", "no meaning with net.py:make", 1),
        ("model: {source: 'net.py:make', head: replace}\nrun: {mode: evaluate}", "the new layer is not trained", 1),
        ("model: {source: 'net.py:make', head: new}", "model.head: expected replace", 1),
        ("model: {source: 'net.py:make', freeze: conv1}", "a list", 1),
        ("model: {source: 'net.py:make'}\ndata: {channels: 2}", "1 or 3", 2),
        (
            "model: {source: 'net.py:make'}\nrun:\n  loss:\n    name: kl_div\n    teacher:\n"
            "      {source: 'timm:resnet18', pretrained: true}",
            "run.loss.teacher.pretrained has no meaning",
            6,
        ),
    ],
)
def test_what_training_starts_from_is_checked(tmp_path: Path, text: str, message: str, line: int) -> None:
    (tmp_path / "spec.yaml").write_text(text)
    with pytest.raises(SpecError, match=message) as caught:
        read_spec(tmp_path / "spec.yaml")
    assert caught.value.location is not None
    assert caught.value.location.line == line


def test_pretrained_weights_are_all_or_one_by_name(tmp_path: Path) -> None:
    named = KnownWeights("IMAGENET1K_V1")
    for written, expected in (("true", KnownWeights()), ("IMAGENET1K_V1", named), ("null", None), ("false", None)):
        (tmp_path / "spec.yaml").write_text(f"model: {{source: 'timm:resnet18', pretrained: {written}}}")
        model = read_spec(tmp_path / "spec.yaml").model
        assert model.pretrained == expected
        told = model.model_dump(mode="json")
        assert told["pretrained"] == {"true": True, "IMAGENET1K_V1": "IMAGENET1K_V1"}.get(written)
        assert type(model).model_validate(told) == model == type(model).model_validate(dict(model))


def test_an_output_is_held_as_its_name_and_written_as_it_was(tmp_path: Path) -> None:
    for written, held, told in (
        ("0", "0", 0),
        ("-1", "-1", -1),
        ("heads.1", "heads.1", "heads.1"),
        ("null", None, None),
    ):
        (tmp_path / "spec.yaml").write_text(f"model: {{source: 'builtin:two_conv', output: {written}}}")
        model = read_spec(tmp_path / "spec.yaml").model
        assert (model.output, model.model_dump(mode="json")["output"]) == (held, told)
        assert type(model).model_validate_json(model.model_dump_json()) == model
