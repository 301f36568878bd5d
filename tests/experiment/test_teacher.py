"""A teacher is loaded and checked as the model is, and every complaint is about its own keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from reportgen.errors import ModelError
from reportgen.experiment.models import load_model
from reportgen.experiment.teacher import evaluate_teacher, load_teacher
from reportgen.spec.types import ModelSpec
from tests.experiment.cases import Heard, noise, plain_cpu


def test_its_accuracy_is_counted_once_on_the_evaluation_images(tmp_path: Path) -> None:
    torch.manual_seed(3)
    weights = tmp_path / "best.pt"
    torch.save(load_model(ModelSpec(source="builtin:linear"), tmp_path, 10).module.state_dict(), weights)
    spec, data, heard = ModelSpec(source="builtin:linear", weights=weights), noise(test=20), Heard()
    loaded = load_teacher(spec, tmp_path, data)
    taught = evaluate_teacher(loaded, spec, data, plain_cpu(), heard)
    with torch.no_grad():
        logits = loaded.module(data.normalization.apply(data.test_images))
    right = (logits.argmax(1) == data.test_labels).numpy()
    assert (taught.facts.correct, taught.facts.n, heard.total) == (int(right.sum()), 20, 20)
    assert np.array_equal(taught.arrays["teacher.correct"], right.astype(np.uint8))
    assert taught.facts.loss == pytest.approx(float(torch.nn.functional.cross_entropy(logits, data.test_labels)))
    assert taught.facts.parameters == 30_730
    assert (taught.facts.weights_file, len(taught.facts.weights_sha256 or "")) == ("best.pt", 64)


def test_random_numbers_go_on_as_without_it() -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    load_teacher(ModelSpec(source="builtin:two_conv"), Path(), noise())
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    ("given", "key", "message", "hint"),
    [
        ({"source": "builtin:two_cnov"}, "source", "no builtin model 'two_cnov'", "two_conv"),
        ({"source": "two_conv"}, "source", "run.loss.teacher.source 'two_conv' is not understood", "builtin:NAME"),
        ({"source": "builtin:linear", "weights": "no.pt"}, "weights", "do not exist", "run.loss.teacher.weights is"),
        (
            {"source": "builtin:two_conv", "weights": "other.pt"},
            "weights",
            "other.pt does not fit",
            "Check run.loss.teacher.source",
        ),
        (
            {"source": "builtin:linear", "weights": "seven.pt"},
            "weights",
            "seven.pt has 7 classes and the model 10",
            "lse use data of 7 classes",
        ),
        (
            {"source": "builtin:linear", "args": {"num_classes": 7}},
            "source",
            "7 classes and the data set has 10",
            "run.loss.teacher: args",
        ),
        ({"source": "model.py:make"}, "source", "model.py does not exist", ""),
    ],
)
def test_complaints(tmp_path: Path, given: dict[str, object], key: str, message: str, hint: str) -> None:
    torch.save(load_model(ModelSpec(source="builtin:linear"), tmp_path, 10).module.state_dict(), tmp_path / "other.pt")
    torch.save(load_model(ModelSpec(source="builtin:linear"), tmp_path, 7).module.state_dict(), tmp_path / "seven.pt")
    with pytest.raises(ModelError) as caught:
        load_teacher(ModelSpec.model_validate(given), tmp_path, noise())
    assert caught.value.key == f"run.loss.teacher.{key}"
    assert caught.value.message.startswith("the teacher: ")
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert " model." not in caught.value.hint


def test_absolute_paths_stay_on_this_machine(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "import torch\ndef make(): return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3072, 10))\n"
    )
    spec, data = ModelSpec(source=f"{tmp_path}/net.py:make"), noise()
    loaded = load_teacher(spec, Path(), data)
    facts = evaluate_teacher(loaded, spec, data, plain_cpu(), Heard()).facts
    assert (facts.source, facts.weights_file) == ("net.py:make", None)
    assert facts.source_sha256
