"""Multiply-accumulates of one ATen operator: torch's own formulas, and those it lacks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from reportgen.experiment._torch_internals import look_up, registered_macs
from reportgen.record.operators import is_matrix_like

Formula = Callable[[tuple[Any, ...], Mapping[str, Any], Any], int | None]
"""(positional arguments, keyword arguments, output) of the operator -> MACs; None where they are not known."""


def macs_of(operator: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], output: Any) -> int | None:
    """MACs of one call of an ATen operator packet; 0 for work that the convention leaves out (element-wise,
    normalisation), None for a matrix-like operator without a formula."""
    formula = own_formulas().get(operator)
    if formula is not None:
        return formula(args, kwargs, output)
    known = registered_macs(operator, args, kwargs, output)
    if known is not None:
        return known
    plain = plain_formulas().get(operator)
    if plain is not None:
        return plain(args, kwargs, output)
    return None if is_matrix_like(str(operator).rpartition(".")[2]) else 0


@lru_cache(maxsize=1)
def own_formulas() -> Mapping[Any, Formula]:
    """Formulas that this version of torch.utils.flop_counter lacks, by operator packet."""
    aten = torch.ops.aten
    formulas: dict[str, Formula] = {
        "mv": lambda args, _kwargs, _out: args[0].numel(),
        "addmv": lambda args, _kwargs, _out: args[1].numel(),
        "dot": lambda args, _kwargs, _out: args[0].numel(),
        "vdot": lambda args, _kwargs, _out: args[0].numel(),
        "addbmm": lambda args, _kwargs, _out: args[1].numel() * args[2].shape[-1],
        "_trilinear": trilinear_macs,
        "_cdist_forward": distance_macs,
        "_euclidean_dist": distance_macs,
        "_pdist_forward": distance_macs,
        "affine_grid_generator": grid_macs,
        "cudnn_affine_grid_generator": grid_macs,
        "_scaled_dot_product_flash_attention_for_cpu": attention_macs,
        "_scaled_dot_product_fused_attention_overrideable": attention_macs,
        "mkldnn_rnn_layer": lambda args, _kwargs, _out: steps(args[0]) * (args[1].numel() + args[2].numel()),
        "_cudnn_rnn": lambda args, _kwargs, _out: steps(args[0]) * matrix_elements(args[1]),
        "miopen_rnn": lambda args, _kwargs, _out: steps(args[0]) * matrix_elements(args[1]),
    }
    found = {getattr(aten, name): formula for name, formula in formulas.items() if hasattr(aten, name)}
    flexible = look_up("torch:ops.higher_order.flex_attention")
    return {**found, **quantised_formulas(), **({flexible: attention_macs} if flexible is not None else {})}


def quantised_formulas() -> Mapping[Any, Formula]:
    """Integer multiply-accumulates of quantised layers, by torch.ops.quantized's packet."""
    known = torch.ops.quantized
    linear = ("linear", "linear_relu", "linear_dynamic", "linear_relu_dynamic", "linear_leaky_relu", "linear_tanh")
    convolutions = ("conv1d", "conv2d", "conv3d")
    names = [f"{name}{ending}" for name in convolutions for ending in ("", "_relu", "_add", "_add_relu", "_dynamic")]
    formulas: dict[str, Formula] = dict.fromkeys(linear, quantised_macs) | dict.fromkeys(names, quantised_macs)
    return {getattr(known, name): formula for name, formula in formulas.items() if hasattr(known, name)}


def quantised_macs(args: tuple[Any, ...], _kwargs: Mapping[str, Any], output: Any) -> int:
    """Every value of the output sums over one row of the packed weight (outputs, …)."""
    packed: Any = next(arg for arg in args if isinstance(arg, torch.ScriptObject))
    weight: Tensor = packed.unpack()[0]
    return int(output.numel() * (weight.numel() // weight.shape[0]))


@lru_cache(maxsize=1)
def plain_formulas() -> Mapping[Any, Formula]:
    """Formulas of the most usual operators, for a version of torch whose own are not where they were."""
    aten = torch.ops.aten
    formulas: dict[str, Formula] = {
        "mm": lambda args, _kwargs, _out: args[0].numel() * args[1].shape[-1],
        "bmm": lambda args, _kwargs, _out: args[0].numel() * args[1].shape[-1],
        "addmm": lambda args, _kwargs, _out: args[1].numel() * args[2].shape[-1],
        "baddbmm": lambda args, _kwargs, _out: args[1].numel() * args[2].shape[-1],
        "convolution": convolution_macs,
        "_convolution": convolution_macs,
        "_scaled_dot_product_flash_attention": attention_macs,
        "_scaled_dot_product_efficient_attention": attention_macs,
        "_scaled_dot_product_cudnn_attention": attention_macs,
    }
    return {getattr(aten, name): formula for name, formula in formulas.items() if hasattr(aten, name)}


def convolution_macs(args: tuple[Any, ...], _kwargs: Mapping[str, Any], output: Any) -> int:
    """Every weight once per place of the output, of a transposed convolution per place of the input."""
    images, weight, transposed = args[0], args[1], args[6]
    places = images.shape[2:] if transposed else output.shape[2:]
    return int(images.shape[0] * math.prod(places) * weight.numel())


def attention_macs(args: tuple[Any, ...], _kwargs: Mapping[str, Any], _out: Any) -> int:
    """Scores, queries × keys, and their product with the values, for every head of every image."""
    query, key, value = (args[position].shape for position in range(3))
    return int(math.prod(query) * key[-2] + math.prod(query[:-1]) * key[-2] * value[-1])


def trilinear_macs(args: tuple[Any, ...], _kwargs: Mapping[str, Any], _out: Any) -> int:
    """nn.Bilinear, Σ_ij x_i·W_kij·y_j: every weight once per row, and each of the k·i partial sums times x_i."""
    weight: Tensor = args[1]
    rows = math.prod(args[0].shape[:1])
    outputs, first, second = weight.shape
    return int(rows * outputs * first * (second + 1))


def distance_macs(args: tuple[Any, ...], kwargs: Mapping[str, Any], output: Any) -> int | None:
    """torch.cdist and torch.pdist, √Σ_i (x_i − y_i)²: every distance sums over the coordinates; None for other norms.

    For many points torch takes the product of two matrices in place of the differences: the same number but for the
    points' own squares, so that it does not depend on how many there are.
    """
    exponent = next((arg for arg in (*args, *kwargs.values()) if isinstance(arg, float)), 2.0)
    return int(output.numel() * args[0].shape[-1]) if exponent == 2 else None


def grid_macs(args: tuple[Any, ...], _kwargs: Mapping[str, Any], output: Any) -> int:
    """functional.affine_grid: every coordinate of every place is a row of θ (n, 2, 3) or (n, 3, 4) times a vector."""
    return int(output.numel() * args[0].shape[-1])


def steps(sequence: Tensor) -> int:
    """Time steps times batch: how often a recurrent layer's matrices are applied to a vector."""
    return math.prod(sequence.shape[:-1])


def matrix_elements(weights: list[Tensor]) -> int:
    """Elements of the matrices among a recurrent layer's weights, biases left out."""
    return sum(weight.numel() for weight in weights if weight.dim() == 2)
