"""Residual networks for 32×32 images: He et al. 2016, "Deep Residual Learning for Image Recognition", §4.2.

Names of modules and parameters are those of the published checkpoints (github.com/akamaster/pytorch_resnet_cifar10).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (16, 32, 64)


class Subsample(nn.Module):
    """Option A shortcut: every second pixel, new channels filled with zeros; it has no parameters."""

    def __init__(self, added: int) -> None:
        super().__init__()
        self.before = added // 2
        self.after = added - added // 2

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to (n, c + added, ⌈h/2⌉, ⌈w/2⌉)."""
        return functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.before, self.after))


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut around them."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity() if inputs == outputs else Subsample(outputs - inputs)

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, outputs, h/stride, w/stride)."""
        out = functional.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return functional.relu(out + self.shortcut(x))


class CifarResNet(nn.Module):
    """6n + 2 layers: a 3×3 convolution, three stages of n blocks with 16, 32 and 64 channels, and a classifier."""

    def __init__(self, blocks: int, num_classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, WIDTHS[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        self.layer1 = make_stage(WIDTHS[0], WIDTHS[0], blocks, 1)
        self.layer2 = make_stage(WIDTHS[0], WIDTHS[1], blocks, 2)
        self.layer3 = make_stage(WIDTHS[1], WIDTHS[2], blocks, 2)
        self.linear = nn.Linear(WIDTHS[2], num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight)  # He et al. 2015, as in the paper

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, h, w) to logits (n, num_classes)."""
        out = functional.relu(self.bn1(self.conv1(x)))
        out = self.layer3(self.layer2(self.layer1(out)))
        logits: Tensor = self.linear(torch.flatten(functional.adaptive_avg_pool2d(out, 1), 1))
        return logits


def make_stage(inputs: int, outputs: int, blocks: int, stride: int) -> nn.Sequential:
    """`blocks` blocks, of which the first changes width and size."""
    first = BasicBlock(inputs, outputs, stride)
    return nn.Sequential(first, *(BasicBlock(outputs, outputs, 1) for _ in range(blocks - 1)))


def cifar_resnet20(num_classes: int = 10) -> CifarResNet:
    """20 layers, 269,722 parameters."""
    return CifarResNet(3, num_classes)


def cifar_resnet32(num_classes: int = 10) -> CifarResNet:
    """32 layers, 464,154 parameters."""
    return CifarResNet(5, num_classes)


def cifar_resnet44(num_classes: int = 10) -> CifarResNet:
    """44 layers, 658,586 parameters."""
    return CifarResNet(7, num_classes)


def cifar_resnet56(num_classes: int = 10) -> CifarResNet:
    """56 layers, 853,018 parameters."""
    return CifarResNet(9, num_classes)
