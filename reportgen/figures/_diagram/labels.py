"""What a node says: kind and essential settings, merged over the calls it stands for, and how wide that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reportgen.record.layer_settings import parse_settings, parse_sides
from reportgen.record.operators import is_follower
from reportgen.record.trace import ModuleCall, Shape
from reportgen.text.i18n import _

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
    usual = {"stride": "1", "dilation": "1", "groups": "1"}.get(slot, "")
    distinct = list(dict.fromkeys(values))
    if len(distinct) > 1 and slot == "features":
        distinct = list(dict.fromkeys(value.rpartition("→")[2] for value in values))
    if distinct == [usual] or (len(distinct) > 1 and detail == CONSTANTS):
        return ""
    text = series(distinct, LISTED if detail == FULL_LISTS else 1)
    if slot == "features" and "→" not in text:
        return f"→{text}"
    named = {"stride": _("stride {value}", value=text), "dilation": _("dilation {value}", value=text)}
    if slot == "groups" and text != "depthwise":
        named["groups"] = _("groups {value}", value=text)
    return named.get(slot, text)


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
    given = parse_settings(call.settings)
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
    numbers = parse_sides(text)
    if short and len(set(numbers)) == 1:
        return numbers[0]
    return "×".join(numbers * 2 if len(numbers) == 1 and not short and "(" not in text else numbers)
