"""ResNet-9, the small fast network of David Page's "How to Train Your ResNet" (2018), for 32×32 images."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class ConvBlock(nn.Sequential):
    """3×3 convolution, batch normalisation, ReLU and, where asked, 2×2 max pooling."""

    def __init__(self, inputs: int, outputs: int, pool: bool = False) -> None:
        layers = [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
        super().__init__(*layers, *([nn.MaxPool2d(2)] if pool else []))


class Residual(nn.Module):
    """Two blocks of one width and a shortcut around them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = ConvBlock(width, width)
        self.conv2 = ConvBlock(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """The shape stays."""
        out: Tensor = x + self.conv2(self.conv1(x))
        return out


class ResNet9(nn.Module):
    """Four stages of 64, 128, 256 and 512 channels, the second and the fourth with a residual pair."""

    def __init__(self, num_classes: int = 10, scale: float = 0.125) -> None:
        super().__init__()
        self.prep = ConvBlock(3, 64)
        self.layer1 = nn.Sequential(ConvBlock(64, 128, pool=True), Residual(128))
        self.layer2 = ConvBlock(128, 256, pool=True)
        self.layer3 = nn.Sequential(ConvBlock(256, 512, pool=True), Residual(512))
        self.linear = nn.Linear(512, num_classes, bias=False)
        self.scale = scale

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, h, w) to logits (n, num_classes), scaled by 1/8 as published."""
        out = self.layer3(self.layer2(self.layer1(self.prep(x))))
        logits: Tensor = self.linear(torch.flatten(functional.adaptive_max_pool2d(out, 1), 1)) * self.scale
        return logits
