"""The spec that `reportgen new` writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.comparison.gate_names import check_names
from reportgen.errors import SpecError
from reportgen.report.sections import find_sections
from reportgen.spec import read_spec
from reportgen.spec.probes import ProbesSpec
from reportgen.spec.starter import starter_spec
from reportgen.spec.types import CardSpec, DataSpec, ModelSpec, ReportOptions, RunSpec


@pytest.mark.parametrize(
    "model",
    [
        None,
        "builtin:two_conv",
        "torchvision:resnet18",
        "timm:resnet26",
        "models/net.py:make",
        "a b/ü # x.py:make",
        "torchvision:vit_b_16",
        'quote".py:f',
    ],
)
def test_it_can_be_read(tmp_path: Path, model: str | None) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(starter_spec(model), encoding="utf-8")
    spec = read_spec(path)
    assert spec.model.source == (model or "builtin:two_conv")
    assert spec.data.fallback == "digits"
    assert spec.run.max_minutes == 5


def test_library_models_are_fitted_to_small_images(tmp_path: Path) -> None:
    def model(source: str) -> ModelSpec:
        (tmp_path / "spec.yaml").write_text(starter_spec(source))
        return read_spec(tmp_path / "spec.yaml").model

    assert model("torchvision:resnet18").stem == "cifar"
    assert model("builtin:resnet9").stem == "as_is"
    assert model("torchvision:vit_b_16") == ModelSpec(source="torchvision:vit_b_16", args={"image_size": 32})
    assert model("timm:vit_tiny_patch16_224").args == {"img_size": 32, "patch_size": 4}


def test_what_is_commented_out_can_be_commented_in(tmp_path: Path) -> None:
    lines = starter_spec().splitlines()
    active = [
        line.replace("# ", "", 1) if line.lstrip().startswith("# ") and ": " in line else line for line in lines[3:]
    ]
    text = "\n".join(line for line in active if not line.startswith("What only")).replace("[…]", "[0.5, 0.5, 0.5]")
    (tmp_path / "spec.yaml").write_text(text)
    spec = read_spec(tmp_path / "spec.yaml")
    assert spec.title == "My model on CIFAR-10"
    assert spec.model.args == {"dropout": 0.1}
    assert spec.card.version == "1.0"
    assert isinstance(spec.run.probes, ProbesSpec)
    assert spec.run.probes.max_seconds == 120
    assert [spec.run.probes.level_of(name) for name in ("robustness", "cost", "autograd")] == ["fast", "full", "none"]
    assert [rule.text for rule in spec.gates] == ["accuracy >= 0.60 confidently"]
    check_names(spec.gates, [name for section in find_sections().values() for name in section.metrics])


def test_every_key_is_there() -> None:
    text = starter_spec()
    for part in (ModelSpec, DataSpec, RunSpec, ProbesSpec, ReportOptions, CardSpec):
        for name in part.model_fields:
            assert f"{name}: " in text, name


def test_lines_are_short_and_comments_aligned() -> None:
    lines = starter_spec("torchvision:resnet18").splitlines()
    assert max(map(len, lines)) <= 120
    columns = {line.index("  # ", 6) for line in lines if "  # " in line[6:] and line.index("  # ", 6) > 30}
    assert columns == {44}


@pytest.mark.parametrize("model", ["resnet18", ":x", "builtin:", "", "a\0:b", "a\x1b:b"])
def test_what_can_not_be_a_source(model: str) -> None:
    with pytest.raises(SpecError, match="is not a model source") as caught:
        starter_spec(model)
    assert "torchvision:NAME" in caught.value.hint
