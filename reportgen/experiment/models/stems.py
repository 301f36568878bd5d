"""ImageNet stems on small images: which they are, and their replacement by a stem that keeps every pixel."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn

from reportgen.errors import ModelError
from reportgen.record.message import N_, Message

POOL_WITHIN = 3
"""A max pool belongs to the stem when at most this many convolutions follow the strided one before it (deep stems)."""


@dataclass(frozen=True)
class Stem:
    """The parts of a model's beginning that shrink the image."""

    conv_path: str
    conv: nn.Conv2d
    pool_path: str | None
    pool_stride: int

    @property
    def factor(self) -> int:
        """How many times the image is smaller after the stem, per side."""
        return max(self.conv.stride) * self.pool_stride

    @property
    def is_patches(self) -> bool:
        """Whether the convolution cuts the image into patches that don't overlap."""
        return max(self.conv.stride) > 1 and self.conv.kernel_size == self.conv.stride


def find_stem(module: nn.Module) -> Stem | None:
    """The first convolution on an image, and the max pool right after it when the convolution is strided; None without
    a convolution."""
    convs: list[tuple[str, nn.Conv2d]] = []
    for path, child in module.named_modules():
        if isinstance(child, nn.Conv2d):
            convs.append((path, child))
        if not convs or max(convs[0][1].stride) == 1 or len(convs) > 1 + POOL_WITHIN:
            continue
        if isinstance(child, nn.MaxPool2d) and size(child.stride) > 1:
            return Stem(*convs[0], path, size(child.stride))
    return Stem(*convs[0], None, 1) if convs else None


def size(value: int | tuple[int, ...]) -> int:
    """The larger of a pair, or the number itself."""
    return value if isinstance(value, int) else max(value)


def adapt_stem(module: nn.Module) -> tuple[Message, ...]:
    """Let the first convolution be 3×3 with stride 1 and take the max pool after it away; returns what was changed.

    Patches of a windowed transformer are halved to 2×2. Raises ModelError for a model without a convolution and for
    transformers whose position embedding fixes the number of patches.
    """
    stem = find_stem(module)
    if stem is None:
        raise ModelError("model.stem: cifar found no convolution to adapt", "Remove model.stem from the spec.")
    if stem.factor == 1:
        return (N_("`stem: cifar` changed nothing: the first convolution already has stride 1."),)
    if stem.is_patches and has_attention(module):
        return adapt_patches(module, stem)
    replace_conv(module, stem, kernel=3, stride=1, padding=1)
    note = N_(
        "The ImageNet stem was adapted to small images: {conv} is now 3×3 with stride 1 instead of {kernel} with "
        "stride {stride}.",
        conv=stem.conv_path,
        kernel="×".join(map(str, stem.conv.kernel_size)),
        stride=max(stem.conv.stride),
    )
    if stem.pool_path is not None:
        module.set_submodule(stem.pool_path, nn.Identity())
        return note, N_("The pooling after the stem ({pool}) was removed.", pool=stem.pool_path)
    return (note,)


def has_attention(module: nn.Module) -> bool:
    """Whether any part of the model is an attention block, by the names of classes."""
    return any("Attention" in type(child).__name__ for child in module.modules())


def adapt_patches(module: nn.Module, stem: Stem) -> tuple[Message, ...]:
    """Cut windowed transformers' images into 2×2 patches; raises ModelError where the patch count is fixed."""
    fixed = [
        name for name, _unused in module.named_parameters() if name.rpartition(".")[2] in {"pos_embedding", "pos_embed"}
    ]
    if fixed or not type(module).__module__.startswith("torchvision."):
        patch = "×".join(map(str, stem.conv.kernel_size))
        raise ModelError(
            f"model.stem: cifar can't change the {patch} patches of {type(module).__name__}: "
            + (f"{fixed[0]} fixes their number" if fixed else "its layers are built for their number"),
            "Give the image size to the factory instead, and the patch size where it takes one: "
            "args: {image_size: 32} for torchvision's ViT, args: {img_size: 32, patch_size: 4} for timm's; or resize "
            "the images: data: {image_size: 224}.",
        )
    replace_conv(module, stem, kernel=2, stride=2, padding=0)
    return (
        N_(
            "The stem was adapted to small images: {conv} now cuts patches of 2×2 pixels instead of {kernel}.",
            conv=stem.conv_path,
            kernel="×".join(map(str, stem.conv.kernel_size)),
        ),
    )


def replace_conv(module: nn.Module, stem: Stem, kernel: int, stride: int, padding: int) -> None:
    """Put a new first convolution in place, drawn from the normal law whose variance per input matches the old one's.

    Both usual laws, constant variance over fan-in and over fan-out (He et al. 2015), scale with 1/kernel area.
    """
    old = stem.conv
    new = nn.Conv2d(
        old.in_channels,
        old.out_channels,
        kernel,
        stride=stride,
        padding=padding,
        groups=old.groups,
        bias=old.bias is not None,
        device=old.weight.device,
        dtype=old.weight.dtype,
    )
    area = old.kernel_size[0] * old.kernel_size[1]
    with torch.no_grad():
        new.weight.normal_(0.0, float(old.weight.std()) * math.sqrt(area) / kernel)
        if old.bias is not None and new.bias is not None:
            new.bias.copy_(old.bias)
    new.requires_grad_(old.weight.requires_grad)
    module.set_submodule(stem.conv_path, new)
