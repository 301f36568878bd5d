"""The same model with weights that have learnt nothing: the control of Adebayo et al. 2018."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from reportgen.experiment.layer_types import BatchNorm
from reportgen.experiment.snapshot import kept_buffers


@contextmanager
def randomised(module: nn.Module, images: Tensor, seed: int) -> Iterator[None]:
    """Inside, every parameter is redrawn from a normal distribution of its own tensor's mean and deviation.

    Full randomisation (Adebayo et al. 2018, "Sanity checks for saliency maps", section 3). Running statistics of
    normalisation are measured again on `images` (b, C, H, W), so that activations keep their size. All comes back.
    """
    held = {name: tensor.detach().clone() for name, tensor in tensors_of(module).items()}
    try:
        with kept_buffers(module):
            redraw(module, seed)
            renew_statistics(module, images)
            yield
    finally:
        restore(module, held)


def tensors_of(module: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers by name; a state dict can hold other things too."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def redraw(module: nn.Module, seed: int) -> None:
    """New values for every parameter, each tensor with the mean and deviation it has; single numbers stay."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.numel() > 1 and parameter.is_floating_point():
                noise = torch.randn(parameter.shape, generator=generator).to(parameter)
                deviation = parameter.std(correction=0)
                parameter.copy_(noise.mul_(deviation).add_(parameter.mean()))


def renew_statistics(module: nn.Module, images: Tensor) -> None:
    """Running means and variances of batch normalisation from one batch; modes and momentum as before."""
    layers = [layer for layer in module.modules() if isinstance(layer, BatchNorm) and layer.track_running_stats]
    if not layers or len(images) < 2:
        return
    before = [(layer.training, layer.momentum) for layer in layers]
    try:
        for layer in layers:
            layer.train()
            layer.momentum = 1.0
        with torch.no_grad():
            module(images)
    finally:
        for layer, (training, momentum) in zip(layers, before, strict=True):
            layer.train(training)
            layer.momentum = momentum


def restore(module: nn.Module, held: dict[str, Tensor]) -> None:
    """The values of parameters and buffers as they were, in place."""
    with torch.no_grad():
        for name, tensor in tensors_of(module).items():
            if name in held:
                tensor.copy_(held[name])
