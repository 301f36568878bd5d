"""Small networks, each with one property that tracing must get right."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


class Reused(nn.Module):
    """One convolution called four times."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 1, bias=False)
        self.conv = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.head = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for _ in range(4):
            x = functional.relu(self.conv(x))
        return self.head(x.mean((2, 3)))


class Tied(nn.Module):
    """Two linear layers that hold the same tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 3, bias=False)
        self.second = nn.Linear(3, 3, bias=False)
        self.second.weight = self.first.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x.mean((2, 3))))


class Dynamic(nn.Module):
    """Takes another branch when the image is bright, and loops a number of times that the data decides."""

    def __init__(self) -> None:
        super().__init__()
        self.bright = nn.Conv2d(3, 4, 3, bias=False)
        self.dark = nn.Conv2d(3, 4, 1, bias=False)
        self.again = nn.Conv2d(4, 4, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        out = self.bright(x) if x.mean() > 0 else self.dark(x)
        for _ in range(int(x.mean().abs().item()) + 1):
            out = self.again(out)
        return out.mean((2, 3))


class Named(nn.Module):
    """Returns a dict whose logits are not its first tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 10, 3)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        maps = self.conv(x)
        return {"maps": maps, "logits": maps.mean((2, 3))}


class Paired(Named):
    """Returns a tuple."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.conv(x)
        return maps.mean((2, 3)), maps


@dataclass
class Answer:
    scores: Tensor
    maps: Tensor


class Structured(Named):
    """Returns a dataclass."""

    def forward(self, x: Tensor) -> Answer:
        maps = self.conv(x)
        return Answer(maps.mean((2, 3)), maps)


class InPlace(nn.Module):
    """Writes into a view of its own feature map."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 10, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        kept = y * 1
        functional.relu_(y)
        y[:, :4] += 1
        return (y + kept).mean((2, 3))


class Residual(nn.Module):
    """conv → relu → conv, plus its own input."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 3, 3, padding=1)
        self.conv2 = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv2(torch.relu(self.conv1(x)))
        out += x
        return out.flatten(1)


class Recurrent(nn.Module):
    """Reads the rows of the image's mean with two bidirectional LSTM layers."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(32, 20, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(40, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x.mean(1))[0][:, -1])


class Vectors(nn.Module):
    """mv and dot."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(10, 3072))

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten()
        return (torch.mv(self.weight, flat) + torch.dot(self.weight[0], flat)).unsqueeze(0)


class Spare(nn.Module):
    """Holds a layer that it never calls, and one whose weight it only reads."""

    def __init__(self) -> None:
        super().__init__()
        self.read = nn.Linear(3, 10, bias=False)
        self.spare = nn.Linear(7, 7)
        self.running = nn.BatchNorm2d(3)
        self.register_buffer("count", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        self.count.add_(1)
        return functional.linear(self.running(x).mean((2, 3)), self.read.weight)
