"""Every corruption, at the published constants, against a reference of scipy, Pillow or a naive loop by the image."""

from __future__ import annotations

import colorsys
import io
import math
from collections.abc import Iterator
from typing import get_args

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage, stats

from reportgen.experiment.corruptions import OPERATORS, corrupt
from reportgen.experiment.corruptions.blur import disk
from reportgen.experiment.corruptions.digital import affine_places
from reportgen.experiment.corruptions.operators import gaussian_matrix, magnify, sample, smear, smooth
from reportgen.experiment.corruptions.weather import plasma
from reportgen.experiment.probes.robustness.conditions import CORE, FAMILIES
from reportgen.record.probes.robustness import CORRUPTED
from reportgen.spec.probes import CorruptionName

Array = np.ndarray
PUBLISHED = {
    "gaussian_noise": [0.04, 0.06, 0.08, 0.09, 0.10],
    "shot_noise": [500, 250, 100, 75, 50],
    "impulse_noise": [0.01, 0.02, 0.03, 0.05, 0.07],
    "defocus_blur": [(0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)],
    "glass_blur": [(0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2)],
    "motion_blur": [(6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)],
    "zoom_blur": [(1.06, 0.01), (1.11, 0.01), (1.16, 0.01), (1.21, 0.01), (1.26, 0.01)],
    "snow": [
        (0.1, 0.2, 1, 0.6, 8, 3, 0.95),
        (0.1, 0.2, 1, 0.5, 10, 4, 0.9),
        (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
        (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
        (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
    ],
    "fog": [(0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75)],
    "brightness": [0.05, 0.1, 0.15, 0.2, 0.3],
    "contrast": [0.75, 0.5, 0.4, 0.3, 0.15],
    "elastic_transform": [(0, 0, 0.08), (0.05, 0.2, 0.07), (0.08, 0.06, 0.06), (0.1, 0.04, 0.05), (0.1, 0.03, 0.03)],
    "pixelate": [0.95, 0.9, 0.85, 0.75, 0.65],
    "jpeg_compression": [80, 65, 58, 50, 40],
}
"""As the authors' make_cifar_c.py has them."""
PUBLISHED_LARGE = {
    "gaussian_noise": [0.08, 0.12, 0.18, 0.26, 0.38],
    "shot_noise": [60, 25, 12, 5, 3],
    "impulse_noise": [0.03, 0.06, 0.09, 0.17, 0.27],
    "defocus_blur": [(3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)],
    "glass_blur": [(0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2)],
    "motion_blur": [(10, 3), (15, 5), (15, 8), (15, 12), (20, 15)],
    "zoom_blur": [(1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03)],
    "snow": [
        (0.1, 0.3, 3, 0.5, 10, 4, 0.8),
        (0.2, 0.3, 2, 0.5, 12, 4, 0.7),
        (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
        (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
        (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
    ],
    "fog": [(1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)],
    "brightness": [0.1, 0.2, 0.3, 0.4, 0.5],
    "contrast": [0.4, 0.3, 0.2, 0.1, 0.05],
    "elastic_transform": [
        (488 / 224, 170.8 / 224, 24.4 / 224),
        (488 / 224, 19.52 / 224, 48.8 / 224),
        (12.2 / 224, 2.44 / 224, 4.88 / 224),
        (17.08 / 224, 2.44 / 224, 4.88 / 224),
        (29.28 / 224, 2.44 / 224, 4.88 / 224),
    ],
    "pixelate": [0.6, 0.5, 0.4, 0.3, 0.25],
    "jpeg_compression": [25, 18, 15, 10, 7],
}
"""As the authors' ImageNet-C has them; those of the warp, which are in pixels there, as shares of 224."""


def pictures(count: int = 4, side: int = 32, channels: int = 3) -> torch.Tensor:
    """Smooth images with edges and a little noise, among them a black and a white corner."""
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 255, side)
    base = np.stack([np.add.outer(ramp, ramp) / 2, np.tile(ramp, (side, 1)), np.tile(ramp[::-1, None], (1, side))], -1)
    found = np.stack([np.roll(base, 5 * place, (0, 1)) for place in range(count)])[..., :channels]
    found = np.clip(found + rng.normal(0, 20, found.shape), 0, 255)
    found[:, :4, :4], found[:, -4:, -4:] = 0, 255
    return torch.from_numpy(found.astype(np.uint8))


def floats(images: torch.Tensor) -> torch.Tensor:
    """(n, C, H, W), 0 to 1, float64."""
    return images.permute(0, 3, 1, 2).double() / 255


def channels_of(x: torch.Tensor) -> Iterator[Array]:
    """Every channel of every image, (H, W)."""
    yield from x.flatten(0, 1).numpy()


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_constants_are_the_published_ones(name: str) -> None:
    published = [tuple(level) if isinstance(level, tuple) else (level,) for level in PUBLISHED[name]]
    assert [tuple(level) for level in OPERATORS[name].levels] == published


@pytest.mark.parametrize("name", PUBLISHED_LARGE)
@pytest.mark.parametrize("side", [224, 500])
def test_large_images_have_the_constants_published_for_them(name: str, side: int) -> None:
    published = [level if isinstance(level, tuple) else (level,) for level in PUBLISHED_LARGE[name]]
    for severity, level in enumerate(published, start=1):
        assert OPERATORS[name].level(severity, side) == pytest.approx(level)
        assert OPERATORS[name].level(severity, 32) == OPERATORS[name].level(severity, 8)
        assert OPERATORS[name].level(severity, 32) == OPERATORS[name].levels[severity - 1]


@pytest.mark.parametrize("name", PUBLISHED)
def test_between_the_two_sizes_every_constant_lies_between(name: str) -> None:
    for severity in range(1, 6):
        ends = [OPERATORS[name].level(severity, side) for side in (32, 224)]
        for side in (33, 64, 96, 223):
            for one, low, high in zip(OPERATORS[name].level(severity, side), *ends, strict=True):
                assert min(low, high) - 1e-12 <= one <= max(low, high) + 1e-12
    middle = round(math.sqrt(32 * 224))
    assert OPERATORS["defocus_blur"].level(1, middle)[0] == pytest.approx(math.sqrt(0.3 * 3), rel=0.01)


def test_on_large_images_a_severity_changes_more_than_the_constants_of_small_ones_would() -> None:
    small = pictures(2)
    large = torch.nn.functional.interpolate(small.permute(0, 3, 1, 2).float(), scale_factor=7, mode="bilinear")
    large = large.round().to(torch.uint8).permute(0, 2, 3, 1).contiguous()
    pixels = large.permute(0, 3, 1, 2).float() / 255
    for name in ("defocus_blur", "glass_blur", "pixelate", "motion_blur", "jpeg_compression", "gaussian_noise"):
        operator = OPERATORS[name]
        as_small = operator.apply(pixels, operator.level(5, 32), torch.Generator().manual_seed(0)).clamp(0, 1)
        as_it_is = corrupt(large, name, 5, 0).permute(0, 3, 1, 2).float() / 255
        errors = [float((found - pixels).square().mean().sqrt()) for found in (as_small, as_it_is)]
        assert errors[1] > 1.3 * errors[0], (name, errors)


def test_the_names_are_those_a_spec_knows_and_each_has_its_family() -> None:
    assert tuple(OPERATORS) == get_args(CorruptionName) == tuple(PUBLISHED) == tuple(FAMILIES)
    assert {FAMILIES[name] for name in CORE} == set(FAMILIES.values()) == set(CORRUPTED)


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize(("side", "channels"), [(32, 3), (28, 1), (64, 3)])
def test_images_stay_images_and_come_out_the_same_again(name: str, side: int, channels: int) -> None:
    images = pictures(3, side, channels)
    kept = images.clone()
    once, again = corrupt(images, name, 3, 7), corrupt(images, name, 3, 7)
    assert once.dtype == torch.uint8
    assert once.shape == images.shape
    assert torch.equal(once, again)
    assert torch.equal(images, kept)
    assert not torch.equal(once, images)


@pytest.mark.parametrize("name", OPERATORS)
def test_the_first_hundred_do_not_depend_on_what_follows(name: str) -> None:
    images = pictures(1).repeat(103, 1, 1, 1)
    assert torch.equal(corrupt(images, name, 2, 0)[:100], corrupt(images[:100], name, 2, 0))


@pytest.mark.parametrize("name", sorted(set(OPERATORS) - {"elastic_transform", "glass_blur", "pixelate"}))
def test_each_severity_changes_more_than_the_one_before(name: str) -> None:
    images = pictures(8)
    change = [float((corrupt(images, name, s, 0).float() - images.float()).abs().mean()) for s in range(1, 6)]
    assert change == sorted(change)


def test_nothing_that_is_not_touched_is_rounded_down() -> None:
    every = torch.arange(256, dtype=torch.uint8).view(1, 16, 16, 1)
    changed = corrupt(every, "impulse_noise", 1, 0)
    assert set(changed[changed != every].tolist()) <= {0, 255}
    assert float((changed != every).float().mean()) < 0.05


def test_gaussian_noise_has_its_deviation() -> None:
    grey = torch.full((100, 32, 32, 3), 128, dtype=torch.uint8)
    noise = (corrupt(grey, "gaussian_noise", 3, 0).float() + 0.5 - 128) / 255
    assert float(noise.std()) == pytest.approx(0.08, rel=0.01)
    assert float(noise.mean()) == pytest.approx(0, abs=0.001)


def test_shot_noise_is_poisson() -> None:
    grey = torch.full((50, 32, 32, 3), 102, dtype=torch.uint8)
    photons = (corrupt(grey, "shot_noise", 5, 0).double() / 255 * 50).round().flatten().numpy()
    assert photons.mean() == pytest.approx(20, rel=0.01)
    assert photons.var() == pytest.approx(20, rel=0.02)
    assert (photons <= 12).mean() == pytest.approx(stats.poisson(20).cdf(12), abs=0.003)


def test_impulse_noise_is_as_often_black_as_white() -> None:
    changed = corrupt(torch.full((100, 32, 32, 3), 100, dtype=torch.uint8), "impulse_noise", 5, 0)
    assert float((changed == 0).float().mean()) == pytest.approx(0.035, rel=0.03)
    assert float((changed == 255).float().mean()) == pytest.approx(0.035, rel=0.03)


@pytest.mark.parametrize(("radius", "sigma"), PUBLISHED["defocus_blur"])
def test_defocus_is_scipys_convolution_with_the_smoothed_disk(radius: float, sigma: float) -> None:
    line = np.arange(-8, 9)
    flat = (line[:, None] ** 2 + line**2 <= radius**2).astype(float)
    edge = np.exp(-(np.arange(-1, 2) ** 2) / (2 * sigma**2))
    edge = np.outer(edge, edge) / edge.sum() ** 2
    kernel = ndimage.convolve(flat / flat.sum(), edge, mode="constant")
    reach = len(disk(radius, sigma)) // 2
    assert np.abs(kernel[8 - reach : 9 + reach, 8 - reach : 9 + reach] - disk(radius, sigma).numpy()).max() < 1e-12
    assert kernel.sum() == pytest.approx(float(disk(radius, sigma).sum()))
    x = floats(pictures())
    found = OPERATORS["defocus_blur"].apply(x, (radius, sigma), torch.Generator())
    for before, after in zip(channels_of(x), channels_of(found), strict=True):
        assert np.abs(ndimage.correlate(before, kernel, mode="mirror") - after).max() < 1e-12


@pytest.mark.parametrize("sigma", [0.05, 0.25, 0.4, 1.7])
@pytest.mark.parametrize(("mirrored", "mode", "truncate"), [(False, "nearest", 4.0), (True, "reflect", 3.0)])
def test_smoothing_is_scipys(sigma: float, mirrored: bool, mode: str, truncate: float) -> None:
    x = floats(pictures(1, 12))
    for before, after in zip(channels_of(x), channels_of(smooth(x, sigma, truncate, mirrored)), strict=True):
        assert np.abs(ndimage.gaussian_filter(before, sigma, mode=mode, truncate=truncate) - after).max() < 1e-12


def test_a_smoothing_wider_than_the_image_is_scipys_too() -> None:
    line = np.random.default_rng(0).normal(size=10)
    expected = ndimage.gaussian_filter1d(line, 6.4, mode="reflect", truncate=3.0)
    assert np.abs(gaussian_matrix(10, 6.4, 3.0, True).numpy() @ line - expected).max() < 1e-12


@pytest.mark.parametrize("severity", [1, 2, 4, 5])
def test_glass_blur_is_the_published_loop(severity: int) -> None:
    """Its exchange of two views of an array included, pixel after pixel from the lower right."""
    sigma, reach, times = PUBLISHED["glass_blur"][severity - 1]
    x = floats(pictures(2))
    found = OPERATORS["glass_blur"].apply(x, (sigma, reach, times), torch.Generator().manual_seed(3))
    generator = torch.Generator().manual_seed(3)
    moves = [torch.randint(-reach, reach, (2, 2, 32, 32), generator=generator).numpy() for _ in range(times)]
    for place, image in enumerate(x.permute(0, 2, 3, 1).numpy()):
        blurred = np.uint8(ndimage.gaussian_filter(image, (sigma, sigma, 0), mode="nearest") * 255 + 1e-3)
        for way in moves:
            for h in range(32 - reach, reach, -1):
                for w in range(32 - reach, reach, -1):
                    down, across = way[:, place, h, w]
                    one, other = blurred[h, w], blurred[h + down, w + across]
                    blurred[h, w], blurred[h + down, w + across] = other, one
        expected = ndimage.gaussian_filter(blurred / 255, (sigma, sigma, 0), mode="nearest")
        assert np.abs(found[place].permute(1, 2, 0).numpy() - expected).max() < 1e-12


@pytest.mark.parametrize(("radius", "sigma"), [(6, 1), (9, 2.5), (14, 12)])
def test_motion_blur_is_a_walk_over_the_pixels(radius: int, sigma: float) -> None:
    x, degrees = floats(pictures(3)), torch.tensor([-45.0, 12.3, -100.0])
    found = smear(x, radius, sigma, degrees)
    weights = np.exp(-(np.arange(2 * radius + 1) ** 2) / (2 * sigma**2))
    weights /= weights.sum()
    for place, angle in enumerate(np.deg2rad(degrees.numpy())):
        rows, columns = np.mgrid[:32, :32]
        total = np.zeros((3, 32, 32))
        for step, weight in enumerate(weights):
            down, across = math.ceil(step * math.sin(angle) - 0.5), math.ceil(step * math.cos(angle) - 0.5)
            total += weight * x[place].numpy()[:, np.clip(rows + down, 0, 31), np.clip(columns + across, 0, 31)]
        assert np.abs(found[place].numpy() - total).max() < 1e-6


@pytest.mark.parametrize("factor", [1.0, 1.01, 1.07, 1.25, 1.75, 2.25])
def test_magnifying_is_scipys_zoom_of_the_middle(factor: float) -> None:
    x = floats(pictures(1))
    kept = math.ceil(32 / factor)
    top = (32 - kept) // 2
    for before, after in zip(channels_of(x), channels_of(magnify(x, factor)), strict=True):
        big = ndimage.zoom(before[top : top + kept, top : top + kept], factor, order=1)
        trim = (len(big) - 32) // 2
        assert np.abs(big[trim : trim + 32, trim : trim + 32] - after).max() < 1e-12


def test_zoom_blur_is_the_mean_of_the_enlargements() -> None:
    x = floats(pictures(2))
    factors = np.arange(1, 1.11, 0.01)
    expected = (x + sum(magnify(x, float(factor)) for factor in factors)) / (len(factors) + 1)
    found = OPERATORS["zoom_blur"].apply(x, (1.11, 0.01), torch.Generator())
    assert float((found - expected).abs().max()) < 1e-12


def test_plasma_is_the_diamond_square_algorithm() -> None:
    generator = torch.Generator().manual_seed(5)
    found = plasma(1, 8, 2.5, generator)[0].numpy()
    heights, step, wibble = np.zeros((8, 8)), 8, 100.0
    generator.manual_seed(5)

    def jitter(shape: int) -> Array:
        return wibble * (-wibble + 2 * wibble * torch.rand((1, shape, shape), generator=generator)[0].numpy())

    while step >= 2:
        half, cells = step // 2, range(0, 8, step)
        noise = jitter(8 // step)
        for i, h in enumerate(cells):
            for j, w in enumerate(cells):
                corners = [heights[(h + a) % 8, (w + b) % 8] for a in (0, step) for b in (0, step)]
                heights[h + half, w + half] = np.mean(corners) + noise[i, j]
        for down, across in ((0, half), (half, 0)):
            noise = jitter(8 // step)
            for i, h in enumerate(cells):
                for j, w in enumerate(cells):
                    at = h + down, w + across
                    around = [
                        heights[(at[0] + a) % 8, (at[1] + b) % 8]
                        for a, b in ((half, 0), (-half, 0), (0, half), (0, -half))
                    ]
                    heights[at] = np.mean(around) + noise[i, j]
        step, wibble = half, wibble / 2.5
    heights -= heights.min()
    assert np.abs(found - heights / heights.max()).max() < 1e-6


def test_fog_keeps_the_brightest_value_at_most() -> None:
    x = floats(pictures())
    found = OPERATORS["fog"].apply(x, (1.5, 1.75), torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(0)
    clouds = plasma(4, 32, 1.75, generator)[:, None]
    assert float((found - (x + 1.5 * clouds) / 2.5).abs().max()) < 1e-6


def test_brightness_is_more_of_hsvs_value() -> None:
    x = floats(pictures(1))
    found = OPERATORS["brightness"].apply(x, (0.3,), torch.Generator())[0].permute(1, 2, 0).numpy()
    for at in np.ndindex(32, 32):
        hue, saturation, value = colorsys.rgb_to_hsv(*x[0, :, at[0], at[1]].tolist())
        expected = colorsys.hsv_to_rgb(hue, saturation, min(1.0, value + 0.3))
        assert np.abs(found[at] - expected).max() < 1e-9


def test_contrast_shrinks_the_distance_from_each_channels_mean() -> None:
    x = floats(pictures(1))
    found = OPERATORS["contrast"].apply(x, (0.15,), torch.Generator())
    for before, after in zip(channels_of(x), channels_of(found), strict=True):
        assert np.abs((before - before.mean()) * 0.15 + before.mean() - after).max() < 1e-12


def test_snow_is_its_published_formula() -> None:
    x = floats(pictures(2))
    level = PUBLISHED["snow"][3]
    found = OPERATORS["snow"].apply(x, level, torch.Generator().manual_seed(1))
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn((2, 1, 32, 32), generator=generator).double()
    layer = magnify(level[0] + level[1] * noise, level[2])
    layer = torch.where(layer < level[3], 0.0, layer).clamp(0, 1)
    degrees = -135 + 90 * torch.rand(2, generator=generator).double()
    layer = (smear((layer * 255).floor() / 255, level[4], level[5], degrees) * 255).round() / 255
    grey = (0.299 * x[:, 0] + 0.587 * x[:, 1] + 0.114 * x[:, 2])[:, None]
    expected = level[6] * x + (1 - level[6]) * torch.maximum(x, grey * 1.5 + 0.5) + layer + layer.flip(2, 3)
    assert float((found - expected).abs().max()) < 1e-6


@pytest.mark.parametrize(("mirrored_edge", "mode"), [(True, "reflect"), (False, "mirror")])
def test_sampling_between_pixels_is_scipys(mirrored_edge: bool, mode: str) -> None:
    rng = np.random.default_rng(0)
    x = floats(pictures(1, 16))
    rows, columns = rng.uniform(-6, 21, (2, 1, 16, 16))
    found = sample(x, torch.from_numpy(columns), torch.from_numpy(rows), mirrored_edge)
    for before, after in zip(channels_of(x), channels_of(found), strict=True):
        expected = ndimage.map_coordinates(before, [rows[0], columns[0]], order=1, mode=mode)
        assert np.abs(expected - after).max() < 1e-9


def test_the_affine_map_takes_the_moved_points_from_the_old_ones() -> None:
    columns, rows = affine_places(5, 32, 32, 2.56, torch.Generator().manual_seed(0))
    moved = -2.56 + 5.12 * torch.rand((5, 3, 2), generator=torch.Generator().manual_seed(0)).double()
    points = np.array([[26.0, 26.0], [26.0, 6.0], [6.0, 6.0]])
    for place in range(5):
        for point, move in zip(points, moved[place].numpy(), strict=True):
            x, y = point + move
            at = [ndimage.map_coordinates(part[place].numpy(), [[y], [x]], order=1)[0] for part in (columns, rows)]
            if 0 <= x <= 31 and 0 <= y <= 31:
                assert at == pytest.approx(point, abs=1e-6)


def test_elastic_warps_by_noise_smoothed_as_scipy_does() -> None:
    x = floats(pictures(1))
    found = OPERATORS["elastic_transform"].apply(x, (0.1, 0.04, 0.0), torch.Generator().manual_seed(2))
    generator = torch.Generator().manual_seed(2)
    torch.rand((1, 3, 2), generator=generator)
    noise = -1 + 2 * torch.rand((2, 1, 32, 32), generator=generator).double().numpy()[:, 0]
    across, down = (3.2 * ndimage.gaussian_filter(part, 1.28, mode="reflect", truncate=3.0) for part in noise)
    rows, columns = np.mgrid[:32, :32]
    for before, after in zip(channels_of(x), channels_of(found), strict=True):
        expected = ndimage.map_coordinates(before, [rows + down, columns + across], order=1, mode="reflect")
        assert np.abs(expected - after).max() < 1e-6


@pytest.mark.parametrize("severity", range(1, 6))
def test_pixelate_is_pillows_box(severity: int) -> None:
    images = pictures()
    found = corrupt(images, "pixelate", severity, 0).numpy()
    side = int(32 * PUBLISHED["pixelate"][severity - 1])
    for before, after in zip(images.numpy(), found, strict=True):
        small = Image.fromarray(before).resize((side, side), Image.Resampling.BOX)
        expected = np.asarray(small.resize((32, 32), Image.Resampling.BOX))
        assert np.abs(expected.astype(int) - after).max() <= 1
        assert (expected != after).mean() < 0.001


def test_jpeg_is_pillows() -> None:
    images = pictures(2)
    found = corrupt(images, "jpeg_compression", 4, 0).numpy()
    for before, after in zip(images.numpy(), found, strict=True):
        buffer = io.BytesIO()
        Image.fromarray(before).save(buffer, "JPEG", quality=50)
        assert np.array_equal(np.asarray(Image.open(buffer)), after)
