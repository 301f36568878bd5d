"""What a node says: kind and essential settings, merged over the calls it stands for, and how wide that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType

from reportgen.trace import ModuleCall, Shape
from reportgen.words import say

FONT = 'Arial, "Helvetica Neue", "Liberation Sans", "DejaVu Sans", sans-serif'
"""Faces of nearly one width first, so that boxes measured here fit wherever the drawing is opened."""

FOLLOWERS = frozenset(
    [
        "relu",
        "relu6",
        "gelu",
        "silu",
        "hardswish",
        "hardsigmoid",
        "sigmoid",
        "tanh",
        "softmax",
        "log_softmax",
        "leaky_relu",
        "elu",
        "mish",
        "dropout",
        "celu",
        "selu",
        "batch_norm",
        "layer_norm",
        "group_norm",
        "instance_norm",
        "local_response_norm",
        "normalize",
        "prelu",
        "glu",
        "softplus",
    ]
)
"""Lower-case kinds that stand in small type under the operator they follow."""

FULL_LISTS, RANGES, CONSTANTS, KIND_ONLY = range(4)
"""How much of the settings a label tells, from most to least."""

LISTED = 4
"""So many different values of one setting are listed; more are drawn together as a range."""

LONGEST = 140
"""No drawn text has more characters, whatever its width."""

# Advance widths of Helvetica, thousandths of an em (Adobe Font Metrics), for 0x20 to 0x7E.
_ADVANCES = [
    "278",
    "278",
    "355",
    "556",
    "556",
    "889",
    "667",
    "191",
    "333",
    "333",
    "389",
    "584",
    "278",
    "333",
    "278",
    "278",
    "556",
    "556",
    "556",
    "556",
    "556",
    "556",
    "556",
    "556",
    "556",
    "556",
    "278",
    "278",
    "584",
    "584",
    "584",
    "556",
    "1015",
    "667",
    "667",
    "722",
    "722",
    "667",
    "611",
    "778",
    "722",
    "278",
    "500",
    "667",
    "556",
    "833",
    "722",
    "778",
    "667",
    "778",
    "722",
    "667",
    "611",
    "722",
    "667",
    "944",
    "667",
    "667",
    "611",
    "278",
    "278",
    "278",
    "469",
    "556",
    "333",
    "556",
    "556",
    "500",
    "556",
    "556",
    "278",
    "556",
    "556",
    "222",
    "222",
    "500",
    "222",
    "833",
    "556",
    "556",
    "556",
    "556",
    "333",
    "500",
    "278",
    "556",
    "500",
    "722",
    "500",
    "500",
    "500",
    "334",
    "260",
    "334",
    "584",
]
_OTHERS = MappingProxyType({"·": 278, "…": 1000, "×": 584, "→": 1000, "–": 556, "−": 584, "›": 333, "—": 1000})


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width in pixels, 5 % on the safe side; characters outside Latin count as one em."""
    total = 0
    for char in text:
        code = ord(char)
        total += int(_ADVANCES[code - 32]) if 32 <= code < 127 else _OTHERS.get(char, 600 if code < 0x250 else 1000)
    return total / 1000 * size * (1.12 if bold else 1.05)


def shorten(text: str, width: float, size: float, bold: bool = False) -> str:
    """The text, cut with "…" in the middle so that it fits `width` pixels."""
    whole = clean(text)
    if text_width(whole, size, bold) <= width:
        return whole
    for keep in range(min(len(whole) - 1, LONGEST), 1, -1):
        tail = keep // 2
        cut = f"{whole[: keep - tail].rstrip()}…{whole[len(whole) - tail :].lstrip()}"
        if text_width(cut, size, bold) <= width:
            return cut
    return whole[:1] + "…"


def clean(text: str) -> str:
    """One line without characters that can't be printed (XML refuses some of them)."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def shape_text(shape: Shape) -> str:
    """Sizes without the batch dimension: 64×32×32."""
    return "×".join(str(size) for size in shape[1:]) or "1"


def is_follower(kind: str) -> bool:
    """True for normalisation, activation and dropout: what belongs to the operator before it."""
    lowered = kind.lower().replace("_", "")
    plain = {name.replace("_", "") for name in FOLLOWERS}
    return lowered in plain or "norm" in lowered or lowered.startswith("dropout")


def label(calls: Sequence[ModuleCall], detail: int = FULL_LISTS) -> str:
    """Kind and settings of calls of one kind: "Conv2d 3×3, 64·128, stride 1·2"."""
    kind = calls[0].kind
    if detail == KIND_ONLY or is_follower(kind):
        return kind
    every = [essentials(call) for call in calls]
    words = [merged(slot, [found[slot] for found in every], detail) for slot in every[0]]
    return f"{kind} {', '.join(word for word in words if word)}".strip()


def merged(slot: str, values: Sequence[str], detail: int) -> str:
    """One setting over several calls; "" where it is always the usual value."""
    usual = {"stride": "1", "dilation": "1", "groups": "1"}.get(slot, "")
    distinct = list(dict.fromkeys(values))
    if len(distinct) > 1 and slot == "features":
        distinct = list(dict.fromkeys(value.rpartition("→")[2] for value in values))
    if distinct == [usual] or (len(distinct) > 1 and detail == CONSTANTS):
        return ""
    text = series(distinct, LISTED if detail == FULL_LISTS else 1)
    if slot == "features" and "→" not in text:
        return f"→{text}"
    return {
        "stride": say("stride {value}", value=text),
        "dilation": say("dilation {value}", value=text),
        "groups": text if text == "depthwise" else say("groups {value}", value=text),
    }.get(slot, text)


def series(values: Iterable[str], listed: int = LISTED, between: str = "·") -> str:
    """Different values in few characters: "64·128·256", or "64–512" where they are many."""
    distinct = list(dict.fromkeys(values))
    if len(distinct) <= listed:
        return between.join(distinct)
    numbers = sorted(int(value) for value in distinct if value.isdigit())
    if len(numbers) == len(distinct):
        return f"{numbers[0]}–{numbers[-1]}"
    return f"{distinct[0]} … {distinct[-1]}"


def essentials(call: ModuleCall) -> dict[str, str]:
    """The settings worth showing, by slot, in reading order."""
    given = parsed(call.settings)
    if call.kind.startswith("Conv") or call.kind.startswith("LazyConv"):
        channels, groups = given.get("0", ""), given.get("groups", "1")
        return {
            "size": sizes(given.get("kernel_size", "")),
            "width": given.get("1", ""),
            "stride": sizes(given.get("stride", "1"), short=True),
            "dilation": sizes(given.get("dilation", "1"), short=True),
            "groups": "depthwise" if groups == channels != "1" else groups,
        }
    if call.kind.endswith("Linear"):
        return {"features": "→".join(given[key] for key in ("in_features", "out_features") if key in given)}
    if "Pool" in call.kind:
        size = given.get("kernel_size") or given.get("output_size", "")
        stride = sizes(given.get("stride", "1"), short=True) if "kernel_size" in given else "1"
        return {"size": sizes(size), "stride": stride}
    return {"none": ""}


def sizes(text: str, short: bool = False) -> str:
    """ "(3, 3)" and "3" as 3×3; with `short`, as 3 where all are equal."""
    numbers = [part.strip() for part in text.strip("()").split(",") if part.strip()]
    if short and len(set(numbers)) == 1:
        return numbers[0]
    return "×".join(numbers * 2 if len(numbers) == 1 and not short and "(" not in text else numbers)


def parsed(settings: str) -> dict[str, str]:
    """extra_repr's text as a mapping; positional parts are called "0", "1", …"""
    parts, depth, current = [], 0, ""
    for char in settings:
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += char
    parts.append(current)
    found: dict[str, str] = {}
    for number, part in enumerate(parts):
        name, equals, value = part.strip().partition("=")
        found[name if equals else str(number)] = value if equals else name
    return found
