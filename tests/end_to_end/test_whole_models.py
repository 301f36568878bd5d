"""Whole builds of models as people bring them: pretrained, frozen, with a new head, of one channel, reading files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision

from reportgen.errors import ModelError
from reportgen.experiment import latency
from reportgen.pipeline.build import Options, build
from reportgen.pipeline.drawing import Outcome
from reportgen.progress import Silent

pytestmark = [pytest.mark.slow, pytest.mark.e2e]
REST = "run: {steps: 2, batch_size: 8, threads: 1, probes: none}\noutputs: [html, json]\n"


@pytest.fixture(autouse=True)
def own_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


def run(folder: Path, text: str, *overrides: str) -> Outcome:
    (folder / "spec.yaml").write_text(text + REST)
    return build(folder / "spec.yaml", folder / "out", Options(offline=True, overrides=overrides), Silent())


def record(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "out" / "record" / "record.json").read_text())
    return found


def test_fine_tuning_of_weights_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "LONGEST", 0.1)  # seconds: that 64 images take longer is no part of this
    cache = tmp_path / "torch" / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    torch.manual_seed(3)
    torch.save(torchvision.models.squeezenet1_1().state_dict(), cache / "squeezenet1_1-b8a52dc0.pth")
    text = "model: {source: 'torchvision:squeezenet1_1', pretrained: true, freeze: [features]}\n"
    text += "data: {name: digits, train_limit: 12, eval_limit: 6}\n"
    text += "report: {sections: [summary, model, reproduce]}\n"
    assert run(tmp_path, text).exit_code == 0
    found = record(tmp_path)
    assert found["data"]["image_shape"] == [3, 224, 224]
    assert found["data"]["normalize_name"] == "imagenet"
    assert found["provenance"]["weights_file"] == "squeezenet1_1-b8a52dc0.pth"
    page = (tmp_path / "out" / "report.html").read_text()
    for words in ("SqueezeNet1_1_Weights.IMAGENET1K_V1", "is not the published one", "1,000 outputs before, 10 now"):
        assert words in page
    assert "https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth" in page
    assert str(tmp_path) not in page
    assert run(tmp_path, text).reused
    torch.save({"another.weight": torch.zeros(1)}, cache / "squeezenet1_1-b8a52dc0.pth")
    with pytest.raises(ModelError, match="in torchvision's cache does not fit squeezenet1_1"):
        run(tmp_path, text)  # which has read it again, and reused nothing


NET = """
import json, torch
def make(num_class=3):
    with open(__file__.replace("net.py", "wid" + "th.json")) as file:
        width = json.load(file)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1024, width), torch.nn.Linear(width, num_class))
"""


def test_a_file_that_the_factory_reads_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET)
    (tmp_path / "width.json").write_text("4")
    text = (
        f"model: {{source: '{tmp_path}/net.py:make', args: {{num_class: 10}}}}\ndata: {{name: digits, channels: 1}}\n"
    )
    assert not run(tmp_path, text).reused
    assert run(tmp_path, text).reused
    (tmp_path / "width.json").write_text("8")
    assert not run(tmp_path, text).reused
    found = record(tmp_path)
    assert found["trace"]["parameters"] == 1025 * 8 + 9 * 10
    assert found["trace"]["source"] == "net.py:make"
    assert [name for name, _ in found["provenance"]["model_files"]] == ["net.py", "width.json"]
    for file in (tmp_path / "out").rglob("*"):
        assert not file.is_file() or str(tmp_path).encode() not in file.read_bytes()
