"""The verb, the style, and what makes a figure the same everywhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import pairwise
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.font_manager import FontProperties, findfont, fontManager

from reportgen.errors import RenderError
from reportgen.figures import _style
from reportgen.figures._compact import compact, name_clips
from reportgen.figures._style import (
    END_ISOLATE,
    ERRORS,
    ISOLATE,
    contrast,
    ink_on,
    measured,
    shorten,
    spread,
    squeeze,
)
from reportgen.plugins import FigureKind
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.system.fonts import chinese_fonts
from tests.figures.drawing import DATA_FIGURES, digest, draw, drawn, texts, with_classes

HOSTILE = (
    "飞机",
    "🦊 fox",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "x" * 300,
    r"$\frac{1}{2}$",
    'a & b "c" <!--',
    "two\nlines",
    "_^%",
    "عربي",
    "\u202eevil",
    "]]>",
)
ELSEWHERE = """
import sys
from reportgen.figures import draw_one
from reportgen.plugins import FigureKind, discover
from tests.figures.drawing import digest
from tests.support.records import as_subject, small_record
kinds = discover("reportgen.figures", "FIGURE", FigureKind)
subject = as_subject(small_record())
assert "seaborn" not in sys.modules
for kind in sorted(kinds.values(), key=lambda kind: kind.by_seaborn):
    assert kind.by_seaborn or "seaborn" not in sys.modules, kind.name
    drawn = draw_one(kind, subject)
    assert "seaborn" in sys.modules or not kind.by_seaborn or "reason" in vars(drawn), kind.name
    if kind.name in sys.argv[1:]:
        print(kind.name, digest(drawn))
assert not sys.modules["matplotlib.pyplot"].get_fignums()  # seaborn imports it; no figure of ours goes through it
assert "torch" not in sys.modules
assert sum(kind.by_seaborn for kind in kinds.values()) > 20
"""


@pytest.fixture(scope="module")
def of_data(record: RunRecord) -> dict[str, FigureFile | Skipped]:
    return draw(record, DATA_FIGURES)


@pytest.mark.slow
def test_bytes_are_the_same_in_every_process_and_seaborn_draws_what_says_so(
    of_data: dict[str, FigureFile | Skipped],
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, *DATA_FIGURES],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"},
    )
    assert done.returncode == 0, done.stderr
    there = dict(line.split() for line in done.stdout.splitlines())
    here = {name: digest(figure) for name, figure in of_data.items()}
    assert there == here
    assert len(here) == len(DATA_FIGURES)


def test_user_settings_change_nothing_and_stay(record: RunRecord) -> None:
    plain = drawn(record, "class_counts").data
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "path"}):
        assert drawn(record, "class_counts").data == plain
        assert matplotlib.rcParams["font.size"] == 30


@pytest.mark.slow
def test_no_two_figures_share_an_id(of_data: dict[str, FigureFile | Skipped]) -> None:
    seen: dict[bytes, str] = {}
    for name, figure in of_data.items():
        assert isinstance(figure, FigureFile)
        if figure.media_type == "image/png":
            continue
        referred = set(
            re.findall(rb'(?:#|url\(#)([^")]+)', b" ".join(re.findall(rb'(?:href|clip-path)="[^"]*"', figure.data)))
        )
        defined = set(re.findall(rb' id="([^"]+)"', figure.data))
        assert referred <= defined
        for key in referred:
            assert seen.setdefault(key, name) == name


@pytest.mark.parametrize(
    "name",
    [
        "class_scores",
        "confusion",
        pytest.param("precision_recall", marks=pytest.mark.slow),
        "class_counts",
        "sample_raw",
    ],
)
def test_names_from_outside_are_shown_as_they_are(record: RunRecord, name: str) -> None:
    figure = drawn(with_classes(record, HOSTILE, 360), name)
    if figure.media_type == "image/png":
        assert "<script>alert(1)</script>" in figure.caption
        return
    shown = [re.sub(r"  \d+$", "", text) for text in texts(figure)]  # a row of the confusions and its number
    for text in ("飞机", "🦊 fox", "{{7*7}}", "_^%", f"{ISOLATE}عربي{END_ISOLATE}", "two lines", "]]>"):
        assert text in shown, text
    assert not any("\u202e" in text or "x" * 25 in text for text in shown)
    tags = {node.tag.rpartition("}")[2] for node in ElementTree.fromstring(figure.data).iter()}
    assert "script" not in tags
    assert len(figure.data) < 60_000


def test_an_unknown_name_is_named(record: RunRecord) -> None:
    with pytest.raises(RenderError, match="'nonsense'"):
        draw(record, ["nonsense"])


def test_a_figure_that_raises_leaves_its_reason_and_the_others(record: RunRecord) -> None:
    def fail(_: Subject) -> Skipped:
        raise ZeroDivisionError("no such file: /home/somebody/secret.txt")

    drawn = draw(record, ["mine", "time_spent"], {"mine": FigureKind("mine", fail)})
    mine = drawn["mine"]
    assert isinstance(mine, Skipped)
    assert mine.reason == "Not made: ZeroDivisionError: no such file: secret.txt."
    assert mine.is_fault
    assert "Traceback" in mine.details
    assert isinstance(drawn["time_spent"], FigureFile)


def test_extra_figure_is_drawn_with_the_others(record: RunRecord) -> None:
    mine = FigureKind("mine", lambda _: Skipped("mine", "Mine", "Not today."))
    assert draw(record, ["mine", "time_spent", "mine"], {"mine": mine}).keys() == {"mine", "time_spent"}


@given(st.lists(st.floats(-50, 50), max_size=12), st.floats(0.1, 3))
def test_spread_keeps_order_distance_and_centre(wanted: list[float], gap: float) -> None:
    placed = spread(wanted, gap)
    order = sorted(range(len(wanted)), key=lambda index: (wanted[index], index))
    for before, after in pairwise(order):
        assert placed[after] - placed[before] >= gap - 1e-6
    assert sum(placed) == pytest.approx(sum(wanted), abs=1e-6)


def test_spread_leaves_what_is_far_enough_apart() -> None:
    assert spread([3.0, 1.0, 2.0], 0.5) == [3.0, 1.0, 2.0]


@pytest.mark.slow
@given(st.text(max_size=80), st.integers(2, 40))
def test_shortened_text_is_one_printable_line(text: str, most: int) -> None:
    line = shorten(text, most).strip(ISOLATE + END_ISOLATE)
    assert 0 < len(line) <= most
    assert line.isprintable()


def test_measured_is_wilson() -> None:
    # Wilson 1927 for 8 of 10: 0.490 to 0.943
    assert measured(8, 10) == "80.0\u00a0% (49–94, n\u00a0=\u00a010)"


def test_compact_changes_no_text() -> None:
    svg = (
        b'<?xml version="1.0"?>\n<svg width="1pt">\n <!-- a -->\n <g id="text_1">\n'
        b'  <text style="font-size: 9px; font-family: \'DejaVu Sans\'; fill: #000000" x="1.23456" '
        b'transform="rotate(-0 1.2 3.4)">1.23456  &lt;!-- rotate(-0 1) --&gt;</text>\n </g>\n</svg>\n'
    )
    small = compact(svg, "figure", "Arial", 9.0)
    assert b">1.23456  &lt;!-- rotate(-0 1) --&gt;</text>" in small
    assert small.startswith(
        b'<svg font-family="Arial" font-size="9px" width="1pt"><g><text style="fill: #000000" x="1.23">'
    )


def test_names_lose_their_middle_or_their_beginning() -> None:
    assert squeeze("layer1.0.conv1", 20) == "layer1.0.conv1"
    assert squeeze("encoder.layers.encoder_layer_0.mlp", 21) == "encoder…r_layer_0.mlp"
    assert squeeze("layer4.0.downsample.0", 10) == "…nsample.0"
    assert squeeze("encoder_layer_11", 11) == "…r_layer_11"
    assert squeeze("fc", 11) == "fc"


def test_clips_are_named_by_their_figure_and_not_by_the_last_digit_of_a_corner() -> None:
    def svg(one: str, other: str) -> bytes:
        return (
            f'<svg ><path clip-path="url(#{one})"/><path clip-path="url(#{other})"/><defs><clipPath id="{one}"><rect/>'
            f'</clipPath><clipPath id="{other}"><rect/></clipPath></defs></svg>'
        ).encode()

    named = name_clips(svg("pbafeda0488", "p1234567890"), "figure")
    assert named == name_clips(svg("pcdd56e215a", "p0987654321"), "figure")
    assert named != name_clips(svg("pbafeda0488", "p1234567890"), "another")
    first, second = re.findall(rb'clipPath id="(\w+)"', named)
    assert first != second
    assert re.findall(rb"url\(#(\w+)\)", named) == [first, second]


def test_bold_chinese_is_measured_with_the_bold_font_where_matplotlib_remembers_fewer_fonts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual = chinese_fonts()[:1]
    bold = [font for font in chinese_fonts() if font.is_other and usual and font.family == usual[0].family]
    if not bold:
        pytest.skip("no font of Chinese with bold letters is installed")
    paths = {str(font.path) for font in chinese_fonts()}
    remembered = [font for font in fontManager.ttflist if font.fname not in paths]
    monkeypatch.setattr(fontManager, "ttflist", remembered)
    _style.chinese_font.cache_clear()
    try:
        heading = FontProperties(family=list(_style.chinese_font()), weight="bold")
        assert findfont(heading) == str(bold[0].path)
    finally:
        _style.chinese_font.cache_clear()


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    assert contrast("#ffffff", "#777777") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("colours", [ERRORS, matplotlib.colormaps["gray"], matplotlib.colormaps["coolwarm"]])
def test_numbers_on_a_heat_map_are_legible_on_every_colour(colours: matplotlib.colors.Colormap) -> None:
    for share in np.linspace(0, 1, 257):
        behind = to_hex(colours(share))
        assert contrast(ink_on(behind), behind) >= 4.5, share
