"""The digest of weights: as a naive loop over plain lists of values computes it, whatever they lie in."""

from __future__ import annotations

import hashlib
import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from reportgen.experiment.weights_digest import digest_state, digest_weights
from reportgen.record import weights_digest as described

LETTERS = {
    "float32": "f",
    "float64": "d",
    "float16": "e",
    "int64": "q",
    "int32": "i",
    "int8": "b",
    "uint8": "B",
    "bool": "?",
}


def numbers(values: Any) -> Iterator[Any]:
    """The numbers of nested lists, one after another."""
    for value in values if isinstance(values, list) else [values]:
        if isinstance(value, list):
            yield from numbers(value)
        elif isinstance(value, complex):
            yield from (value.real, value.imag)
        else:
            yield value


def naive(parts: list[tuple[str, str, Any, Any]]) -> str:
    """The digest of (name, type, shape, nested lists of values or None), number by number."""
    text = b""
    for name, kind, shape, values in parts:
        text += json.dumps([name, kind, shape], ensure_ascii=False).encode() + b"\n"
        letter = {"complex64": "f", "complex128": "d"}.get(kind) or LETTERS.get(kind, "")
        text += b"".join(struct.pack(f"<{letter}", value) for value in ([] if values is None else numbers(values)))
    return hashlib.sha256(text).hexdigest()


def test_plain_tensors_in_the_order_of_their_names() -> None:
    state = {
        "b.weight": torch.randn(4, 3, dtype=torch.float64),
        "a": torch.tensor(7),
        "z": torch.tensor([[True, False]]),
        "größe": torch.arange(6, dtype=torch.int32).reshape(2, 3),
        "half": torch.tensor([1.5, -2]).half(),
        "nothing": torch.zeros(0, 3),
    }
    parts = [(n, str(t.dtype)[6:], list(t.shape), t.tolist()) for n, t in sorted(state.items())]
    assert digest_state(state) == naive(parts) == digest_state(dict(reversed(state.items())))
    assert digest_state({"bf": torch.tensor([1.0, -0.5], dtype=torch.bfloat16)}) == digest_bytes(
        ["bf", "bfloat16", [2]], b"\x80\x3f\x00\xbf"
    )


def digest_bytes(head: list[object], values: bytes) -> str:
    return hashlib.sha256(json.dumps(head).encode() + b"\n" + values).hexdigest()


def test_the_memory_format_and_views_do_not_matter_and_one_bit_does() -> None:
    weight = torch.randn(4, 3, 5, 5)
    one = digest_state({"w": weight})
    assert one == naive([("w", "float32", [4, 3, 5, 5], weight.tolist())])
    assert one == digest_state({"w": weight.to(memory_format=torch.channels_last)})
    assert (
        one
        == digest_state({"w": torch.stack([weight, weight], -1)[..., 0]})
        == digest_state({"w": weight.neg()._neg_view()})
    )
    weight[0, 0, 0, 0] = torch.nextafter(weight[0, 0, 0, 0], torch.tensor(torch.inf))
    assert one != digest_state({"w": weight})
    assert digest_state({"w": torch.zeros(2, 3)}) != digest_state({"w": torch.zeros(3, 2)})
    assert digest_state({"w": torch.zeros(2)}) != digest_state({"w": torch.zeros(2, dtype=torch.int32)})


def test_complex_numbers_also_as_a_lazy_conjugate() -> None:
    value = torch.randn(3, dtype=torch.complex64)
    assert digest_state({"c": value.conj()}) == naive([("c", "complex64", [3], value.conj().tolist())])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("layout", ["to_sparse_coo", "to_sparse_csr", "to_sparse_csc"])
def test_sparse_of_any_layout(layout: str) -> None:
    dense = torch.tensor([[0.0, 2.0, 0.0], [3.0, 0.0, 4.0]])
    expected = [
        ("s", "sparse", [2, 3], None),
        ("s.indices", "int64", [2, 3], [[0, 1, 1], [1, 0, 2]]),
        ("s.values", "float32", [3], [2.0, 3.0, 4.0]),
    ]
    assert digest_state({"s": getattr(dense, layout)()}) == naive(expected)


@pytest.mark.filterwarnings("ignore")
def test_quantised_and_packed() -> None:
    values = torch.tensor([[0.1, -0.2], [0.3, 0.4]])
    whole = torch.quantize_per_tensor(values, 0.1, 2, torch.quint8)
    parts: list[tuple[str, str, Any, Any]] = [
        ("q", "quantized quint8 per_tensor_affine", [2, 2], None),
        ("q.int_repr", "uint8", [2, 2], whole.int_repr().tolist()),
        ("q.scales", "float64", [], 0.1),
        ("q.zero_points", "int64", [], 2),
    ]
    assert digest_state({"q": whole}) == naive(parts)
    scales, zeros = torch.tensor([0.1, 0.2], dtype=torch.float64), torch.tensor([0, 1])
    rows = torch.quantize_per_channel(values, scales, zeros, 0, torch.qint8)
    parts = [
        ("q", "quantized qint8 per_channel_affine", [2, 2], None),
        ("q.int_repr", "int8", [2, 2], rows.int_repr().tolist()),
        ("q.scales", "float64", [2], [0.1, 0.2]),
        ("q.zero_points", "int64", [2], [0, 1]),
        ("q.axis", "value", "0", None),
    ]
    assert digest_state({"q": rows}) == naive(parts)
    assert digest_state({"p": (whole, None)}) == naive(
        [("p", "sequence", [2], None)]
        + [
            (f"p.0{n[1:]}", k, s, v)
            for n, k, s, v in [
                ("q", "quantized quint8 per_tensor_affine", [2, 2], None),
                ("q.int_repr", "uint8", [2, 2], whole.int_repr().tolist()),
                ("q.scales", "float64", [], 0.1),
                ("q.zero_points", "int64", [], 2),
            ]
        ]
        + [("p.1", "value", "None", None)]
    )


@pytest.mark.filterwarnings("ignore")
def test_packed_layers_have_the_digest_of_their_numbers() -> None:
    def made(seed: int) -> nn.Module:
        torch.manual_seed(seed)
        plain = nn.Sequential(nn.Linear(3, 4), nn.LSTM(4, 3))
        return torch.ao.quantization.quantize_dynamic(plain, {nn.Linear, nn.LSTM}, dtype=torch.qint8)

    first, again, other = (digest_weights(made(seed)) for seed in (1, 1, 2))
    assert first.reason is None
    assert first == again != other


def test_tied_weights_count_under_each_name_and_looking_changes_nothing() -> None:
    net = nn.Sequential(nn.Linear(3, 3, bias=False), nn.BatchNorm1d(3), nn.Linear(3, 3, bias=False))
    net[2].weight = net[0].weight
    state = net.state_dict()
    parts = [(n, str(t.dtype)[6:], list(t.shape), t.tolist()) for n, t in sorted(state.items())]
    before = torch.get_rng_state()
    found = digest_weights(net)
    assert (found.sha256, found.entries) == (naive(parts), 7)
    assert torch.equal(before, torch.get_rng_state())
    assert all(parameter.requires_grad for parameter in net.parameters())


@pytest.mark.filterwarnings("ignore")
def test_a_model_in_torchscript_has_the_names_of_its_own() -> None:
    from reportgen.experiment.models.preparing import in_python

    net = nn.Sequential(nn.Linear(2, 2)).eval()
    around = in_python(torch.jit.trace(net, torch.zeros(1, 2)))
    assert digest_weights(around) == digest_weights(net)


class Odd(nn.Module):
    def get_extra_state(self) -> object:
        return {"pool": object()}


class Raising(nn.Module):
    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("not now")


def test_why_there_is_none() -> None:
    odd, raising = digest_weights(Odd()), digest_weights(Raising())
    assert odd.sha256 is None is raising.sha256
    assert odd.reason is not None
    assert raising.reason is not None
    assert odd.reason.text == (
        "The entry _extra_state.pool of the state dict (object) has no bytes that mean the same everywhere."
    )
    assert "not now" in raising.reason.text
    meta = digest_weights(nn.Linear(2, 2, device="meta"))
    assert meta.reason is not None
    assert "bias" in meta.reason.text


def test_the_recipe_in_the_docstring_gives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).to(memory_format=torch.channels_last)
    torch.save(net.state_dict(), tmp_path / "weights.pt")
    monkeypatch.chdir(tmp_path)
    recipe = re.search(r"```python\n(.*?)```", described.__doc__ or "", re.DOTALL)
    assert recipe is not None
    exec(recipe[1], {})  # a text of this package
    assert capsys.readouterr().out.strip() == digest_weights(net).sha256
