"""Lines of plain text in columns."""

from __future__ import annotations

import pytest

from reportgen.text.shorten import columns
from reportgen.text.wrapping import CLOSING, OPENING, keep_whole, split_note, split_ranges, split_rule, wrap_columns

CHINESE = (
    "  ! 训练使部分通道失活：96 个通道中有 19 个（19.8%）输出相同，训练前为 0 个；以“relu”为最多（n = 359 张图像）。"
)


@pytest.mark.parametrize("width", [16, 20, 31, 40, 76])
def test_chinese_breaks_between_characters_and_not_before_a_full_stop(width: int) -> None:
    lines = wrap_columns(CHINESE, width)
    assert all(columns(line) <= width for line in lines)
    assert all(line.startswith("  ") and not line.endswith(" ") for line in lines)
    assert not any(line.strip()[0] in CLOSING or line[-1] in OPENING for line in lines)
    assert "".join(lines).replace(" ", "") == CHINESE.replace(" ", "")
    assert all(columns(line) > width - 14 for line in lines[:-1])


def test_words_break_at_spaces_and_one_that_is_too_long_stays() -> None:
    assert wrap_columns("  one two three", 10) == ["  one two", "  three"]
    assert wrap_columns("a" * 12 + " b", 5) == ["a" * 12, "b"]
    assert wrap_columns("https://example.org/longer/than/that 中文", 10) == [
        "https://example.org/longer/than/that",
        "中文",
    ]
    assert wrap_columns("short", 10) == ["short"]


def test_the_brackets_behind_a_value_are_split_off() -> None:
    assert split_note("0.737 (0.728–0.745)") == ("0.737", " ", "(0.728–0.745)")
    assert split_note("0.737（0.728–0.745）") == ("0.737", "", "（0.728–0.745）")
    assert split_note("5.64 M") == ("5.64 M", "", "")
    assert split_note("1 (of which a phone can hold no line)") == ("1 (of which a phone can hold no line)", "", "")


def test_numbers_that_belong_together_stay_on_one_line() -> None:
    said = (
        "fell by −1.02 points (−1.67 to −0.37, n = 10,000), +14.5\u00a0µs (−19.5\u00a0µs to +56.3\u00a0µs), p < 0.001"
    )
    whole = keep_whole(said)
    assert whole.replace("\u00a0", " ") == said.replace("\u00a0", " ")
    for part in ("−1.67 to −0.37", "n = 10,000", "−19.5 µs to +56.3", "p < 0.001"):
        assert part.replace(" ", "\u00a0") in whole
    assert keep_whole("from right to wrong, 3 to many") == "from right to wrong, 3 to many"
    assert keep_whole("高出 1.3 个百分点（+0.1 至 +2.5）") == "高出 1.3 个百分点（+0.1\u00a0至\u00a0+2.5）"
    for width in (20, 30, 40):
        for line in wrap_columns(whole, width) + wrap_columns(f"{whole} 张图像", width):
            assert not line.endswith(("to", "=", "n")), line


@pytest.mark.parametrize(
    "said",
    [
        "95\u00a0% intervals",
        "inside ±\u00a00.5 points",
        "2.5\u00a0%.",
        "1.3\u00a0×\u00a02.6 values",
        "3\u00a0×\u00a032\u00a0×\u00a032",
        "completeness: 4\u00a0of\u00a014 (n = 14)".replace(" = ", "\u00a0=\u00a0"),
        "training (1\u00a0min\u00a023\u00a0s)",
        "after 2\u00a0h\u00a05\u00a0min",
    ],
)
def test_no_line_ends_before_per_cent_behind_plus_or_minus_or_in_a_product(said: str) -> None:
    loose = said.replace("\u00a0%", " %").replace("±\u00a0", "± ").replace("\u00a0×\u00a0", " × ")
    loose = loose.replace("\u00a0of\u00a0", " of ").replace("min\u00a0", "min ").replace("h\u00a0", "h ")
    assert keep_whole(loose) == said


@pytest.mark.parametrize(
    ("rule", "pieces"),
    [
        ("accuracy.change > -0.005 confidently", ["accuracy.", "change > -0.005 confidently"]),
        ("parameters.change_ratio<=1", ["parameters.", "change_", "ratio", "<=", "1"]),
        ("ece <= 0.05", ["ece <= 0.05"]),
        ('class."<=50K".recall >= 0.5', ["class.", '"<=50K".', "recall >= 0.5"]),
        ("latency.b1.p50<2e-3", ["latency.", "b1.", "p50", "<", "2e-3"]),
    ],
)
def test_the_rule_of_a_gate_ends_a_line_between_its_parts_alone(rule: str, pieces: list[str]) -> None:
    assert split_rule(rule) == pieces


@pytest.mark.parametrize("name", ["CIFAR-10", "SHA-256", "Top-1", "GFLOP/s", "images/s"])
def test_a_rate_and_a_name_with_a_number_are_found_whole(name: str) -> None:
    assert [piece for piece, held in split_ranges(f"The {name}, and/or well-known 3-D.") if held] == [name]


@pytest.mark.parametrize(
    "interval", ["72.0–73.8", "−0.5–+1.2", "1,024–2,048", "91.2–93.0\u00a0%", "91.2\u202f%–93.0\u202f%", "158–226"]
)
def test_an_interval_with_a_dash_is_found_whole(interval: str) -> None:
    sentence = f"Accuracy ({interval}, n = 3), next–door."
    pieces = split_ranges(sentence)
    assert "".join(piece for piece, _held in pieces) == sentence
    assert [piece for piece, held in pieces if held] == [interval]


@pytest.mark.parametrize(
    ("said", "tied"),
    [
        ("(−1 to 1)", "−1\u00a0to\u00a01"),
        ("mean and standard deviation 0.5 (−1 to 1) of each", "−1\u00a0to\u00a01"),
        ("on 2 threads, float32", "2\u00a0threads"),
        ("trained with seed 0 again", "seed\u00a00"),
        ("moved by 4 px", "4\u00a0px"),
        ("up to 4 pixels", "4\u00a0pixels"),
        ("Epoch 12 of 30", "Epoch\u00a012\u00a0of\u00a030"),
        ("takes 1,024 MiB there", "1,024\u00a0MiB"),
    ],
)
def test_a_number_stays_with_its_unit(said: str, tied: str) -> None:
    whole = keep_whole(said)
    assert tied in whole
    assert whole.replace("\u00a0", " ") == said


@pytest.mark.parametrize("said", ["CIFAR-10 images", "of 2 models", "version 1.2 still", "seed of 0", "3 pxx", "5 pxx"])
def test_other_words_behind_numbers_are_let_go(said: str) -> None:
    assert keep_whole(said) == said
