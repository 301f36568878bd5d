"""The smallest networks worth a report: a linear classifier, and two convolutions before one."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Linear(nn.Module):
    """Logits straight from the pixels: multinomial logistic regression."""

    def __init__(self, num_classes: int = 10, image_size: int = 32) -> None:
        super().__init__()
        self.linear = nn.Linear(3 * image_size * image_size, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, image_size, image_size) to logits (n, num_classes)."""
        logits: Tensor = self.linear(torch.flatten(x, 1))
        return logits


class TwoConv(nn.Module):
    """Two 3×3 convolutions, each with ReLU and 2×2 max pooling, and one linear layer."""

    def __init__(self, num_classes: int = 10, image_size: int = 32) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.linear = nn.Linear(64 * (image_size // 4) ** 2, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, image_size, image_size) to logits (n, num_classes)."""
        x = functional.max_pool2d(functional.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)
        logits: Tensor = self.linear(torch.flatten(x, 1))
        return logits
