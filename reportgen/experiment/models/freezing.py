"""`model.freeze`: parameters that training leaves as they are.

A batch normalisation whose own parameters are all frozen stays in evaluation mode too: it uses and keeps the mean and
variance that it came with, as is usual in fine-tuning; else its layers would change with every batch that passes.
Dropout goes on as in any training.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

from torch import nn

from reportgen.errors import ModelError, about
from reportgen.record.message import N_, Message, nN_
from reportgen.text.suggest import nearest

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


def freeze(module: nn.Module, patterns: Sequence[str]) -> tuple[Message, ...]:
    """Freeze the parameters that the patterns match, and say how many.

    A pattern is the name of a parameter or of a module, which stands for all below it, with `*`, `?` and `[…]`.
    Raises ModelError about `model.freeze` for one that matches nothing.
    """
    if not patterns:
        return ()
    frozen: set[str] = set()
    for number, pattern in enumerate(patterns):
        found = matched(module, pattern)
        if not found:
            names = [name for name, _ in module.named_modules() if name]
            with about(f"model.freeze.{number}"):
                raise ModelError(f"model.freeze: {pattern!r} matches no parameter", nearest(pattern, names))
        frozen |= found
    held = dict(module.named_parameters(remove_duplicate=False))
    for name in frozen:
        held[name].requires_grad_(False)
    norms = freeze_norms(module)
    every = list(module.parameters())
    count = sum(parameter.numel() for parameter in every if not parameter.requires_grad)
    told = N_(
        "Frozen: {count} of {all} parameters ({patterns}).",
        count=count,
        all=sum(parameter.numel() for parameter in every),
        patterns=list(patterns),
    )
    kept = nN_(
        "{count} batch normalisation in the frozen part keeps its mean and variance.",
        "{count} batch normalisations in the frozen part keep their means and variances.",
        norms,
    )
    return (told, kept) if norms else (told,)


def matched(module: nn.Module, pattern: str) -> set[str]:
    """Names of the parameters that a pattern matches, themselves or a module around them."""
    return {
        name
        for name, _ in module.named_parameters(remove_duplicate=False)
        if any(fnmatchcase(part, pattern) for part in with_parents(name))
    }


def with_parents(name: str) -> list[str]:
    """A parameter's name and those of the modules around it."""
    parts = name.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]


def freeze_norms(module: nn.Module) -> int:
    """Keep the batch normalisations whose parameters are all frozen in evaluation mode; returns how many."""
    count = 0
    for child in module.modules():
        own = list(child.parameters(recurse=False))
        if isinstance(child, NORMS) and own and not any(parameter.requires_grad for parameter in own):
            child.__class__ = in_evaluation(type(child))  # type: ignore[assignment,arg-type]
            child.eval()
            count += 1
    return count


@lru_cache(maxsize=64)
def in_evaluation(kind: type[nn.Module]) -> type[nn.Module]:
    """The same kind of module, of the same name, that `train()` leaves in evaluation mode."""

    def train(self: nn.Module, mode: bool = True) -> nn.Module:
        del mode
        return kind.train(self, False)

    return type(kind.__name__, (kind,), {"train": train, "__module__": kind.__module__, "__doc__": kind.__doc__})
