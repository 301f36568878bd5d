"""Corruptions against published parameters and other libraries, attacks against a naive loop, the preprocessing check
on the real checkpoint."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from reportgen.experiment.attacks import NoGradientError, fgsm, gradient, pgd
from reportgen.experiment.corruptions import OPERATORS, corrupt
from reportgen.metrics.robustness import doubt_preparation
from reportgen.store import load_record
from tests.commands import run_here, write_spec


def pictures(n: int = 4) -> torch.Tensor:
    ramp = torch.linspace(40, 200, 32)
    base = torch.stack([ramp[:, None].expand(32, 32), ramp[None].expand(32, 32), (ramp[:, None] + ramp[None]) / 2], -1)
    noise = torch.randint(0, 30, (n, 32, 32, 3), generator=torch.Generator().manual_seed(0))
    return (base[None] + noise).clamp(0, 255).to(torch.uint8)


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_a_corruption_keeps_shape_repeats_itself_and_grows(name: str) -> None:
    images = pictures()
    moved = []
    for severity in (1, 3, 5):
        changed = corrupt(images, name, severity, 0)
        assert changed.shape == images.shape
        assert changed.dtype == torch.uint8
        assert torch.equal(changed, corrupt(images, name, severity, 0))
        moved.append(float((changed.float() - images.float()).abs().mean()))
    assert moved[0] > 0
    assert moved[2] > moved[0] or name == "elastic_transform"  # published: coarser, not larger, at first


@pytest.mark.parametrize(("severity", "sigma"), [(1, 0.04), (3, 0.08), (5, 0.10)])
def test_gaussian_noise_has_the_published_deviation(severity: int, sigma: float) -> None:
    grey = torch.full((50, 32, 32, 3), 128, dtype=torch.uint8)
    changed = corrupt(grey, "gaussian_noise", severity, 0).double()
    assert float(changed.std() / 255) == pytest.approx(sigma, rel=0.03)


@pytest.mark.parametrize(("severity", "quality"), [(1, 80), (5, 40)])
def test_jpeg_is_pillows_at_the_published_quality(severity: int, quality: int) -> None:
    images = pictures(2)
    changed = corrupt(images, "jpeg_compression", severity, 0).numpy()
    for image, found in zip(images.numpy(), changed, strict=True):
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=quality)
        expected = np.asarray(Image.open(buffer)).astype(int)
        assert np.abs(expected - found.astype(int)).max() <= 1


def test_brightness_adds_the_published_amount_to_the_value_of_hsv() -> None:
    grey = torch.full((1, 32, 32, 3), 100, dtype=torch.uint8)
    changed = corrupt(grey, "brightness", 5, 0)
    assert int(changed[0, 0, 0, 0]) == pytest.approx(100 + 0.3 * 255, abs=1)


def small_net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Flatten(), nn.LazyLinear(5)).eval()


def test_fgsm_is_one_signed_step_of_each_pictures_own_gradient() -> None:
    net, x, labels = small_net(), torch.rand(3, 3, 8, 8), torch.tensor([0, 1, 2])
    slope = gradient(net, x, labels)
    for place in range(3):
        pixels = x[place : place + 1].clone().requires_grad_()
        nn.functional.cross_entropy(net(pixels), labels[place : place + 1]).backward()
        assert torch.allclose(slope[place], pixels.grad[0], atol=1e-6)
    assert torch.equal(fgsm(x, slope, 0.1), (x + 0.1 * slope.sign()).clamp(0, 1))


def test_pgd_stays_within_epsilon_and_follows_the_naive_loop() -> None:
    net, x, labels = small_net(), torch.rand(2, 3, 8, 8), torch.tensor([0, 1])
    found = pgd(net, x, labels, 0.05, 4, 0.02, None)
    naive = x.clone()
    for _ in range(4):
        pixels = naive.clone().requires_grad_()
        nn.functional.cross_entropy(net(pixels), labels, reduction="sum").backward()
        naive = torch.max(torch.min(naive + 0.02 * pixels.grad.sign(), x + 0.05), x - 0.05).clamp(0, 1)
    assert torch.allclose(found, naive, atol=1e-6)
    wild = pgd(net, x, labels, 0.05, 4, 0.02, torch.Generator().manual_seed(0))
    assert float((wild - x).abs().max()) <= 0.05 + 1e-6
    before, after = (nn.functional.cross_entropy(net(part), labels) for part in (x, found))
    assert after > before


def test_a_model_without_a_gradient_is_refused() -> None:
    with pytest.raises(NoGradientError):
        gradient(lambda x: x.detach().flatten(1)[:, :5], torch.rand(2, 3, 8, 8), torch.tensor([0, 1]))


CHECKPOINT = """\
title: The published checkpoint
model: {{source: "builtin:cifar_resnet20", weights: "{root}/checkpoints/resnet20-12fca82f.th"}}
data: {{name: cifar10, normalize: {normalize}, eval_limit: 400, root: "{root}"}}
run: {{mode: evaluate, precision: float32, probes: {{level: none, max_seconds: 20.0, robustness: fast}}}}
outputs: [json]
"""


@pytest.mark.data
@pytest.mark.parametrize(("normalize", "wrong"), [("none", True), ("imagenet", False)])
def test_a_wrong_normalisation_of_the_published_checkpoint_is_caught(
    normalize: str, wrong: bool, data_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = write_spec(tmp_path, CHECKPOINT.format(root=data_root, normalize=normalize))
    assert run_here(capsys, "build", spec, "-o", tmp_path / "out").code == 0
    record = load_record(tmp_path / "out" / "record")
    assert record.probes is not None
    assert record.probes.robustness is not None
    doubt = doubt_preparation(record.probes.robustness.preparation, 10)
    assert (doubt is not None) == wrong
    if doubt is not None:
        assert (doubt.best.name, doubt.best.order) == ("imagenet", "rgb")
        assert doubt.now.high < doubt.then.low
