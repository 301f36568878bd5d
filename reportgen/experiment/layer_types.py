"""Families of torch's layers, by their public classes."""

from __future__ import annotations

from typing import TypeAlias

from torch import nn

BatchNorm: TypeAlias = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d | nn.SyncBatchNorm
TransposedConvolution: TypeAlias = nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d
Convolution: TypeAlias = nn.Conv1d | nn.Conv2d | nn.Conv3d | TransposedConvolution
