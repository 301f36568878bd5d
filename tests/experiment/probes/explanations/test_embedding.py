"""Features before the last layer, their plane and neighbours, and feature maps: against scikit-learn and by hand."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from torch import Tensor, nn

from reportgen.experiment.probes.explanations.candidates import find_candidates
from reportgen.experiment.probes.explanations.embedding import (
    Head,
    ScatteredError,
    embed,
    extract,
    find_head,
    nearest,
    principal_components,
    vote,
)
from reportgen.experiment.probes.explanations.feature_maps import choose_stages, feature_maps, shrink
from reportgen.experiment.probes.explanations.samples import pick_mistakes, pick_rows
from reportgen.experiment.trace import trace_model
from tests.experiment.probes.explanations.explained import Awkward, Conv, Patches, make


def features(n: int = 60, d: int = 20, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) + 3).astype(np.float32)


@pytest.mark.parametrize(("n", "d"), [(60, 20), (20, 60), (5, 2)])
def test_the_plane_is_scikit_learns(n: int, d: int) -> None:
    values = features(n, d)
    points, shares = principal_components(values)
    model = PCA(2, svd_solver="full")
    wanted = model.fit_transform(values.astype(np.float64))
    assert shares == pytest.approx(model.explained_variance_ratio_, rel=1e-5)
    for axis in range(2):
        sign = np.sign(points[:, axis] @ wanted[:, axis])
        np.testing.assert_allclose(points[:, axis], sign * wanted[:, axis], rtol=1e-3, atol=1e-4)


def test_features_that_never_vary_have_no_plane() -> None:
    points, shares = principal_components(np.ones((7, 4), np.float32))
    assert shares == (0.0, 0.0)
    assert np.abs(points).max() < 1e-6
    points, shares = principal_components(np.arange(5, dtype=np.float32)[:, None])
    assert points.shape == (5, 2)
    assert shares[0] == pytest.approx(1)


def test_neighbours_are_scikit_learns() -> None:
    one, two = features(12, seed=1), features(40, seed=2)
    found, similarity = nearest(one, two, 5)
    distance, wanted = NearestNeighbors(n_neighbors=5, metric="cosine").fit(two).kneighbors(one)
    assert np.array_equal(found, wanted)
    np.testing.assert_allclose(similarity, 1 - distance, atol=1e-5)


def test_the_vote_is_that_of_most_and_then_of_the_nearest() -> None:
    labels = np.array([[3, 1, 1, 2, 1], [2, 0, 0, 2, 4], [5, 6, 7, 8, 9]])
    similarity = np.array([[0.9, 0.8, 0.8, 0.1, 0.1], [0.9, 0.8, 0.8, 0.9, 0.1], [0.9, 0.8, 0.7, 0.6, 0.5]], np.float32)
    assert vote(labels, similarity).tolist() == [1, 2, 5]


def test_a_vote_of_the_trained_is_plausible() -> None:
    """Ten well separated groups: every vote is the group's own."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(10, 30)) * 5
    labels = np.arange(100) % 10
    points = (centres[labels] + rng.normal(size=(100, 30)) * 0.1).astype(np.float32)
    found, similarity = nearest(points[:30], points[30:])
    assert np.array_equal(vote(labels[30:][found], similarity), labels[:30])


def test_features_are_what_the_last_layer_is_given() -> None:
    images = torch.randn(5, 3, 32, 32)
    module = make(Conv)
    head = find_head(trace_model(module, images[:1], "test"))
    assert (head.path, head.kind) == ("head", "Linear")
    with torch.no_grad():
        wanted = module.body(images).mean((2, 3))
    np.testing.assert_allclose(extract(module, head, images.split(2)), wanted.numpy(), atol=1e-6)
    tokens = make(Patches, 1)
    assert extract(tokens, find_head(trace_model(tokens, images[:1], "test")), [images]).shape == (5, 16)
    assert not module.head._forward_pre_hooks


def test_a_convolution_may_be_the_last_layer_and_the_logits_stand_in_for_none() -> None:
    images = torch.randn(4, 3, 32, 32)
    squeeze = nn.Sequential(
        nn.Conv2d(3, 6, 4, stride=4), nn.ReLU(), nn.Conv2d(6, 10, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    head = find_head(trace_model(squeeze.eval(), images[:1], "test"))
    assert head.path == "2"
    with torch.no_grad():
        wanted = squeeze[:2](images).mean((2, 3))
    np.testing.assert_allclose(extract(squeeze, head, [images]), wanted.numpy(), atol=1e-6)

    class Bare(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.mean((2, 3))

    head = find_head(trace_model(Bare(), images[:1], "test"))
    assert head.path == ""
    np.testing.assert_allclose(extract(Bare(), head, [images]), images.mean((2, 3)).numpy(), atol=1e-6)


def test_stages_are_the_last_layer_of_each_size() -> None:
    image = torch.randn(1, 3, 32, 32)
    module = make(Conv)
    stages = choose_stages(find_candidates(trace_model(module, image, "test")))
    assert stages[-1].path == "body"
    assert [stage.grid.height for stage in stages] == sorted((stage.grid.height for stage in stages), reverse=True)
    facts, maps = feature_maps(module, stages, image)
    with torch.no_grad():
        wanted = module.body(image)[0]
    last = facts[-1]
    assert (last.path, last.height, last.channels, len(last.shown)) == ("body", 8, 8, 8)
    spread = wanted.flatten(1).std(1, correction=0)
    assert list(last.shown) == spread.argsort(descending=True).tolist()
    first = wanted[last.shown[0]]
    scaled = (first - first.min()) / (first.max() - first.min()) * 255
    np.testing.assert_allclose(maps[-1][0], scaled.numpy(), atol=0.51)


def test_blocks_of_one_size_are_spread_evenly() -> None:
    torch.manual_seed(0)
    vit = torchvision.models.VisionTransformer(32, 8, 12, 2, 24, 48, num_classes=10).eval()
    stages = choose_stages(find_candidates(trace_model(vit, torch.randn(1, 3, 32, 32), "test")))
    names = [stage.path.rpartition("_")[2] for stage in stages if "encoder_layer" in stage.path]
    assert names == ["0", "2", "4", "7", "9", "11"][-len(names) :]
    assert len(stages) == 6
    assert choose_stages([]) == []
    assert feature_maps(make(Awkward), [], torch.randn(1, 3, 32, 32, dtype=torch.float64)) == ([], [])


def test_large_maps_are_averaged() -> None:
    maps = torch.arange(4 * 130 * 128, dtype=torch.float32).reshape(4, 130, 128)
    small = shrink(maps)
    assert small.shape == (4, 44, 43)
    assert float(small[0, 0, 0]) == pytest.approx(float(maps[0, :3, :3].mean()))
    assert shrink(maps[:, :64, :64]).shape == (4, 64, 64)


def test_the_explained_are_the_surest_right_and_wrong_by_turns() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    sure = np.array([9.0, 8.0, 7.0, 6.0, 9.5, 5.0, 4.0, 3.0])
    predicted = np.array([0, 0, 0, 1, 0, 2, 0, 1])
    logits = np.zeros((8, 3))
    logits[np.arange(8), predicted] = sure
    shown = np.arange(8)
    assert pick_rows(shown, logits, labels, 4).tolist() == [0, 3, 4, 6]
    assert pick_rows(np.array([0, 1, 2, 3]), logits, labels, 4).tolist() == [0, 1, 2, 3]
    assert pick_rows(np.array([4, 5]), logits, labels, 4).tolist() == [4, 5]
    assert pick_mistakes(np.array([0, 6]), logits, labels, 3).tolist() == [6, 4, 5]


def test_t_sne_keeps_groups_apart() -> None:
    rng = np.random.default_rng(0)
    groups = np.concatenate([rng.normal(size=(20, 8)), rng.normal(size=(20, 8)) + 30]).astype(np.float32)
    points = embed(groups, "tsne", 0)
    assert points.shape == (40, 2)
    apart = np.linalg.norm(points[:20].mean(0) - points[20:].mean(0))
    assert apart > 2 * np.linalg.norm(points[:20] - points[:20].mean(0), axis=1).mean()


def test_umap_is_asked_with_a_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    class Fake:
        def __init__(self, **given: Any) -> None:
            seen.update(given)

        def fit_transform(self, values: np.ndarray) -> np.ndarray:
            return values[:, :2]

    module = ModuleType("umap")
    module.__dict__.update(vars(SimpleNamespace(UMAP=Fake)))
    monkeypatch.setitem(sys.modules, "umap", module)
    values = features(8)
    assert np.array_equal(embed(values, "umap", 3), values[:, :2])
    assert seen["random_state"] == 3
    assert seen["n_neighbors"] == 7


class Experts(nn.Module):
    """Two last layers, each of which sees some of the images."""

    def __init__(self) -> None:
        super().__init__()
        self.experts = nn.ModuleList(nn.Linear(192, 10) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        rows, flat = x[:, 0, 0, 0] > 0, x.flatten(1)
        found = torch.zeros(len(x), 10)
        found[rows], found[~rows] = self.experts[0](flat[rows]), self.experts[1](flat[~rows])
        return found


def test_a_last_layer_that_sees_only_some_images_gives_no_features() -> None:
    model, images = Experts().eval(), torch.randn(9, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ScatteredError):
        extract(model, Head("experts.1", "Linear"), [images])
    found = extract(model, Head("", ""), [images])
    np.testing.assert_allclose(found, model(images).detach().numpy(), rtol=1e-6)
