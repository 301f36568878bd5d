"""What a comment draws: a line of blocks through the last builds, and the classes as a chart of Mermaid."""

from __future__ import annotations

import json
from collections.abc import Sequence

from reportgen.outputs.markdown import Raw, fenced, one_line
from reportgen.record.comparison import ClassChange
from reportgen.record.history import Build
from reportgen.record.metric_value import MetricValue
from reportgen.report.sparkline import interval, is_finite
from reportgen.text import numerals
from reportgen.text.i18n import _, ngettext
from reportgen.text.shorten import shorten_family

BLOCKS = "▁▂▃▄▅▆▇█"
LONGEST_UPRIGHT = 6
"""Characters of a name for which there is room below a bar that stands."""
UNKNOWN = "·"
"""In the place of a build whose accuracy is not known."""
LONGEST_NAME = 16
"""Characters of a class beside its bar."""
ALIKE = str.maketrans({'"': "”", "`": "’", "<": "‹", ">": "›", "#": "＃", "%": "％", "&": "＆", "{": "(", "}": ")"})
"""What Mermaid could read as the end of a text, a tag, an entity, Markdown or a directive, by what looks like it."""
COLOURS = "#63b5ad, #666f7c"
"""Of this run and of the baseline: the line is seen on white, on GitHub's black and on the bars."""
HEIGHT, ROW_HEIGHT, UPRIGHT_HEIGHT = 80, 26, 300
"""Pixels: of what stands above lying bars, of each of those, and of a chart of bars that stand."""


def sparkline(values: Sequence[MetricValue | None]) -> str:
    """A block for each value, low to high, on the scale of their intervals: what may be chance looks flat.

    Empty where fewer than two are known.
    """
    known = [value for value in values if value is not None and is_finite(value)]
    if len(known) < 2:
        return ""
    ends = [end for value in known for end in interval(value)]
    low, span = min(ends), max(ends) - min(ends)

    def block(value: MetricValue | None) -> str:
        if value is None or not is_finite(value):
            return UNKNOWN
        share = ((value.value or 0.0) - low) / span if span > 0 else 0.5
        return BLOCKS[min(int(share * len(BLOCKS)), len(BLOCKS) - 1)]

    return "".join(map(block, values))


def draw_builds(builds: Sequence[Build], now: MetricValue | None) -> tuple[str, str]:
    """The last builds of the target branch and this run as a line of blocks, and the line in words; both empty where
    there are fewer than two builds."""
    line = sparkline([*(build.accuracy for build in builds), now])
    known = [build.accuracy for build in builds if build.accuracy is not None and is_finite(build.accuracy)]
    if not line or len(known) < 2:
        return "", ""
    told = ngettext(
        "Top-1 accuracy of the last {count} build of the target branch, from {first} to {last}, and of this run, "
        "{now}.",
        "Top-1 accuracy of the last {count} builds of the target branch, from {first} to {last}, and of this run, "
        "{now}.",
        len(builds),
        first=known[0].display,
        last=known[-1].display,
        now=now.display if now is not None else numerals.DASH,
    )
    return f"{line[:-1]} {line[-1]}", told


def draw_classes(changes: Sequence[ClassChange]) -> Raw:
    """The recall of classes as a chart of Mermaid, this run in bars and the baseline as a line; empty without any.

    Mermaid begins every bar at the foot of the chart, below zero too, so that a bar of a change would say nothing; and
    with numbers at the axis it moves zero away from the foot, so that a recall of zero would have a bar.
    """
    shown = [one for one in changes if one.before.value is not None and one.after.value is not None]
    if not shown:
        return Raw("")
    now, before = (
        ", ".join(f"{100 * (value.value or 0.0):.1f}" for value in values)
        for values in ([one.after for one in shown], [one.before for one in shown])
    )
    long = any(len(one.name) > LONGEST_UPRIGHT for one in shown)
    title = _("Recall: bars this run, line the baseline")
    axis = _("Recall from {low} to {high}", low=numerals.in_percent("0"), high=numerals.in_percent("100"))
    height = HEIGHT + ROW_HEIGHT * len(shown) if long else UPRIGHT_HEIGHT
    config = json.dumps(
        {
            "xyChart": {"height": height, "yAxis": {"showLabel": False}},
            "themeVariables": {"xyChart": {"plotColorPalette": COLOURS, "backgroundColor": "transparent"}},
        }
    )
    lines = (
        f"%%{{init: {config}}}%%",
        "xychart-beta horizontal" if long else "xychart-beta",
        f"  title {spell(title)}",
        f"  x-axis [{', '.join(name_bars([one.name for one in shown]))}]",
        f"  y-axis {spell(axis)} 0 --> 100",
        f"  bar [{now}]",
        f"  line [{before}]",
    )
    return fenced("\n".join(lines), "mermaid")


def spell(text: str) -> str:
    """A text as Mermaid takes it."""
    return f'"{one_line(text).translate(ALIKE).strip() or "?"}"'


def name_bars(names: Sequence[str]) -> list[str]:
    """Names short enough to stand beside bars, as Mermaid takes them; those that it would draw as one get numbers."""
    safe = [one_line(name).translate(ALIKE).strip() or "?" for name in names]
    told = [f"{name} {safe[:at].count(name) + 1}" if name in safe[:at] else name for at, name in enumerate(safe)]
    short = shorten_family(tuple(told), LONGEST_NAME)
    return [f'"{short[name]}"' for name in told]
