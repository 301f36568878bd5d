"""Images of one channel and of three."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from reportgen.errors import SpecError
from reportgen.experiment.datasets.channels import convert
from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.datasets.loading import load_data
from reportgen.progress import Silent
from reportgen.spec.types import DataSpec


def digits(tmp_path: object, **more: object) -> LoadedData:
    spec = DataSpec.model_validate({"name": "digits", "train_limit": 40, "eval_limit": 20} | more)
    return load_data(spec, data_root=None, offline=True, seed=0, base=tmp_path, progress=Silent())  # type: ignore[arg-type]


def test_grey_is_the_luma_that_pillow_computes() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (5, 40, 30, 3), np.uint8)
    pillow = np.stack([np.asarray(Image.fromarray(image).convert("L")) for image in colours])
    assert np.abs(convert(colours, 1)[..., 0].astype(int) - pillow.astype(int)).max() <= 1
    exact = colours.astype(np.float64) @ [0.299, 0.587, 0.114]
    assert np.abs(convert(colours, 1)[..., 0] - exact).max() <= 0.5 + 1e-9


def test_grey_images_stay_what_they_are() -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    three = convert(grey, 3)
    assert three.shape == (1, 16, 16, 3)
    np.testing.assert_array_equal(convert(three, 1), grey)


def test_a_data_set_of_one_channel(tmp_path: object) -> None:
    one, three = digits(tmp_path, channels=1), digits(tmp_path)
    assert one.facts.image_shape == (1, 32, 32)
    assert one.normalization.apply(one.test_images).shape == (20, 1, 32, 32)
    np.testing.assert_array_equal(one.test_images, three.test_images[..., :1])
    assert one.facts.channel_mean == three.facts.channel_mean[:1]
    with pytest.raises(SpecError, match="3 means and deviations for images of 1 channels"):
        digits(tmp_path, channels=1, normalize="imagenet")
