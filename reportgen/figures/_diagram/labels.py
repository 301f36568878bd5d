"""What a node says: kind and essential settings, merged over the calls it stands for, and how wide that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reportgen.record.operators import is_follower
from reportgen.record.trace import ModuleCall, Shape
from reportgen.report.layer_wording import USUAL, format_setting, list_essentials

FULL_LISTS, RANGES, CONSTANTS, KIND_ONLY = range(4)
"""How much of the settings a label tells, from most to least."""

LISTED = 4
"""So many different values of one setting are listed; more are drawn together as a range."""


def shape_text(shape: Shape) -> str:
    """Sizes without the batch dimension: 64×32×32."""
    return "×".join(str(size) for size in shape[1:]) or "1"


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
    usual = USUAL if slot in ("stride", "dilation", "groups") else ""
    distinct = list(dict.fromkeys(values))
    if len(distinct) > 1 and slot == "features":
        distinct = list(dict.fromkeys(value.rpartition("→")[2] for value in values))
    if distinct == [usual] or (len(distinct) > 1 and detail == CONSTANTS):
        return ""
    text = series(distinct, LISTED if detail == FULL_LISTS else 1)
    if slot == "features" and "→" not in text:
        return f"→{text}"
    return format_setting(slot, text)


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
    """The settings worth showing, by slot, in reading order: "features" where the width alone says little."""
    found = list_essentials(call.kind, call.settings)
    if "size" in found and "outputs" in found:
        kept = ("stride", "dilation", "groups")
        return {"size": found["size"], "width": found["outputs"]} | {slot: found[slot] for slot in kept}
    if "outputs" in found:
        return {"features": f"{found['inputs']}→{found['outputs']}"}
    return found or {"none": ""}
