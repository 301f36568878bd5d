"""Numbers as people read them, against hand-written texts, Decimal arithmetic and what a reader would parse back."""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from reportgen.text import numerals

S = "\u00a0"
SHARES = st.floats(0, 1)
UNKNOWN = [None, math.nan, math.inf, -math.inf]
SIZES = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
BYTES = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def read(text: str) -> float:
    """The number that a person reads in `text`, which has to be written as the house writes numbers."""
    assert re.fullmatch(r"[−+]?(\d{1,3}(,\d{3})*|\d+)(\.\d+)?", text), text
    return float(text.replace("−", "-").replace(",", ""))


def last_digit(text: str) -> float:
    """The worth of one step of the last digit written."""
    return float(10.0 ** -len(text.partition(".")[2]))


@pytest.mark.parametrize(
    ("share", "n", "text"),
    [
        (0.9173, 10_000, f"91.73{S}%"),
        (0.9173, 50_000, f"91.73{S}%"),
        (0.9173, 9_999, f"91.7{S}%"),
        (0.9173, None, f"91.7{S}%"),
        (0.0, 10_000, f"0.00{S}%"),
        (1.0, 10, f"100.0{S}%"),
        (-0.00001, None, f"0.0{S}%"),
    ],
)
def test_a_percentage_has_two_digits_only_from_ten_thousand_on(share: float, n: int | None, text: str) -> None:
    assert numerals.percent(share, n) == text


@given(st.integers(0, 100_000), st.integers(1, 100_000))
def test_percent_rounds_the_share_to_its_last_digit(k: int, n: int) -> None:
    assume(k <= n)
    text = numerals.percent(k / n, n)
    number, unit = text.split(S)
    exact = Decimal(100) * Decimal(k) / Decimal(n)
    assert unit == "%"
    assert abs(Decimal(number) - exact) <= Decimal(last_digit(number)) / 2 + Decimal("1e-10")
    assert len(number.partition(".")[2]) == (2 if n >= 10_000 else 1)


@pytest.mark.parametrize("value", UNKNOWN)
def test_what_is_unknown_is_a_dash_and_never_zero(value: float | None) -> None:
    writers = (
        numerals.percent,
        numerals.points,
        numerals.count,
        numerals.compact,
        numerals.bytes_text,
        numerals.seconds_text,
        numerals.score,
        numerals.p_value,
        numerals.p_number,
        numerals.points_apart,
    )
    assert [write(value) for write in writers] == ["—"] * len(writers)
    assert numerals.fixed(value, 2) == numerals.significant(value, 3) == "—"
    assert numerals.percent_interval(value, 0.5) == numerals.percent_interval(0.5, value) == ""
    assert numerals.points_interval(value, 0.5) == numerals.points_interval(0.5, value) == ""
    assert numerals.score_interval(value, 0.5) == numerals.score_interval(0.5, value) == ""


@pytest.mark.parametrize(
    ("low", "high", "n", "text"),
    [
        (0.9118, 0.9226, 10_000, "91.2–92.3"),
        (0.817, 0.862, 1_000, "81.7–86.2"),
        (0.0, 1.0, None, "0.0–100.0"),
        (0.62, 0.88, 50, "62–88"),
        (0.0, 0.0354, 105, "0–4"),
    ],
)
def test_the_interval_of_a_percentage(low: float, high: float, n: int | None, text: str) -> None:
    assert numerals.percent_interval(low, high, n) == text


@given(SHARES, SHARES, st.integers(1, 20_000))
def test_the_interval_never_has_more_digits_than_the_value(one: float, other: float, n: int) -> None:
    low, high = sorted((one, other))
    ends = numerals.percent_interval(low, high, n).split("–")
    value = numerals.percent(low, n).split(S)[0]
    assert [read(end) for end in ends] == pytest.approx([100 * low, 100 * high], abs=0.5 * last_digit(ends[0]) + 1e-9)
    assert all(last_digit(end) >= last_digit(value) for end in ends)


@pytest.mark.parametrize(
    ("difference", "digits", "text"),
    [
        (0.003, 1, f"+0.3{S}points"),
        (-0.0021, 1, f"−0.2{S}points"),
        (0.0, 1, f"0.0{S}points"),
        (0.0004, 1, f"0.0{S}points"),
        (-0.0004, 1, f"0.0{S}points"),
        (0.0004, 2, f"+0.04{S}points"),
        (0.1234, 0, f"+12{S}points"),
        (0.1, 0, f"+10{S}points"),
    ],
)
def test_points_carry_their_sign_and_zero_carries_none(difference: float, digits: int, text: str) -> None:
    assert numerals.points(difference, digits) == text


def test_the_interval_beside_rose_or_fell_by_has_a_sign_only_where_it_holds_zero() -> None:
    assert numerals.apart_interval(0.001, 0.026) == numerals.apart_interval(-0.026, -0.001) == "0.1–2.6"
    assert numerals.apart_interval(-0.001, 0.026) == "−0.1 to +2.6"
    assert numerals.apart_interval(None, 0.026) == ""


def test_the_interval_of_a_difference_names_both_signs() -> None:
    assert numerals.points_interval(-0.002, 0.008) == "−0.2 to +0.8"
    assert numerals.points_interval(0.002, 0.008) == "+0.2 to +0.8"
    assert numerals.points_interval(-0.02, -0.008) == "−2.0 to −0.8"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (0.25, 0.75, "0.2–0.8"),
        (-0.25, 0.75, "−0.2 to +0.8"),
        (-0.75, -0.25, "−0.8 to −0.2"),
        (-0.75, 0.0, "−0.8 to 0.0"),
        (-0.75, 0.01, "−0.8 to 0.0"),
        (-0.01, 0.75, "0.0 to +0.8"),
    ],
)
def test_an_interval_with_a_negative_end_has_no_dash(low: float, high: float, text: str) -> None:
    assert numerals.interval(low, high, 1) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (999, "999"), (12_345, "12,345"), (1_234_567, "1,234,567"), (-1_000, "−1,000"), (-0.2, "0")],
)
def test_counts_separate_their_thousands(value: float, text: str) -> None:
    assert numerals.count(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (12, "12"),
        (999, "999"),
        (1_000, f"1.00{S}k"),
        (269_722, f"270{S}k"),
        (999_499, f"999{S}k"),
        (999_500, f"1.00{S}M"),
        (11_173_962, f"11.2{S}M"),
        (40_813_184, f"40.8{S}M"),
        (556_651_530, f"557{S}M"),
        (17_564_310_000, f"17.6{S}G"),
        (1.5e12, f"1.50{S}T"),
    ],
)
def test_compact_numbers_have_three_digits_and_a_letter(value: float, text: str) -> None:
    assert numerals.compact(value) == text


def test_the_unit_of_a_compact_number_joins_its_letter() -> None:
    assert numerals.compact(40_813_184, "MACs") == f"40.8{S}MMACs"
    assert numerals.compact(12, "MACs") == f"12{S}MACs"


@given(st.integers(0, 10**15 - 1))
def test_compact_is_within_half_a_step_of_the_third_digit(value: int) -> None:
    number, _, letter = numerals.compact(value).partition(S)
    assert read(number) * SIZES[letter] == pytest.approx(value, rel=0.0051 if value >= 1000 else 1e-12)
    assert len(number.replace(".", "").replace(",", "")) <= 4
    assert not letter or 1 <= read(number) < 1000 or letter == "T"


@given(st.floats(1e-9, 9e8), st.integers(1, 6))
def test_significant_digits_against_decimal(value: float, digits: int) -> None:
    written = numerals.significant(value, digits)
    exact = Decimal(value)
    step = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    nearest = (exact / step).quantize(Decimal(1), ROUND_HALF_EVEN) * step
    assert Decimal(written.replace(",", "")) == pytest.approx(nearest, rel=Decimal("1e-12"))
    if value < 1:
        assert len(written.replace(".", "").lstrip("0")) == digits


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, f"0{S}B"),
        (512, f"512{S}B"),
        (1_000, f"1,000{S}B"),
        (1_024, f"1.00{S}KiB"),
        (39_592, f"38.7{S}KiB"),
        (2**20, f"1.00{S}MiB"),
        (13.9 * 2**20, f"13.9{S}MiB"),
        (44_695_848, f"42.6{S}MiB"),
        (3 * 2**30, f"3.00{S}GiB"),
    ],
)
def test_bytes_are_written_in_binary_units(value: float, text: str) -> None:
    assert numerals.bytes_text(value) == text


@given(st.integers(0, 2**40))
def test_bytes_read_back_to_three_digits(value: int) -> None:
    number, unit = numerals.bytes_text(value).split(S)
    assert read(number) * BYTES[unit] == pytest.approx(value, rel=0.0051, abs=0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0000042, f"4.20{S}µs"),
        (0.0021, f"2.10{S}ms"),
        (0.041, f"41.0{S}ms"),
        (0.9994, f"999{S}ms"),
        (0.9996, f"1.0{S}s"),
        (1.25, f"1.2{S}s"),
        (9.94, f"9.9{S}s"),
        (9.96, f"10{S}s"),
        (41.3, f"41{S}s"),
        (59.4, f"59{S}s"),
        (59.7, f"1{S}min 0{S}s"),
        (60, f"1{S}min 0{S}s"),
        (200, f"3{S}min 20{S}s"),
        (119.6, f"2{S}min 0{S}s"),
        (3_599.4, f"59{S}min 59{S}s"),
        (3_599.6, f"1{S}h 0{S}min"),
        (7_500, f"2{S}h 5{S}min"),
        (360_000, f"100{S}h 0{S}min"),
    ],
)
def test_durations_as_people_say_them(value: float, text: str) -> None:
    assert numerals.seconds_text(value) == text


@given(st.floats(1e-6, 1e6))
@example(59.7)
@example(3599.7)
def test_durations_read_back_and_never_say_sixty(value: float) -> None:
    units = {"µs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
    parts = [part.split(S) for part in numerals.seconds_text(value).split(" ")]
    total = sum(read(number) * units[unit] for number, unit in parts)
    assert total == pytest.approx(value, rel=0.051 if value < 60 else 0.0085)
    assert all(read(number) < 60 for number, unit in parts if unit in ("s", "min"))
    assert all(read(number) < 1000 for number, unit in parts if unit in ("µs", "ms"))


@pytest.mark.parametrize(
    ("value", "low", "high", "text", "interval"),
    [
        (0.34567, 0.33012, 0.36012, "0.346", "0.330–0.360"),
        (0.9731, 0.9725, 0.9737, "0.9731", "0.9725–0.9737"),
        (0.5, 0.2, 0.9, "0.50", "0.20–0.90"),
        (1.23456, None, None, "1.235", ""),
        (1.0, 1.0, 1.0, "1.000", "1.000–1.000"),
    ],
)
def test_a_score_has_the_digits_that_its_interval_justifies(
    value: float, low: float | None, high: float | None, text: str, interval: str
) -> None:
    assert numerals.score(value, low, high) == text
    assert numerals.score_interval(low, high) == interval


@given(st.floats(0, 1), st.floats(1e-5, 0.999))
def test_the_width_of_an_interval_shows_in_its_last_two_digits(low: float, width: float) -> None:
    assume(low + width > low)
    step = 10.0 ** -numerals.interval_digits(low, low + width)
    steps = (low + width - low) / step
    assert steps < 100.0001
    assert steps >= 9.9999 or step == pytest.approx(1e-4)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0312, f"p{S}={S}0.031"), (0.0002, f"p{S}<{S}0.001"), (0.5, f"p{S}={S}0.50"), (1.0, f"p{S}={S}1.00")],
)
def test_p_values(value: float, text: str) -> None:
    assert numerals.p_value(value) == text
    assert numerals.p_number(value) == text.removeprefix(f"p{S}").removeprefix(f"={S}")


@pytest.mark.parametrize(
    ("value", "digits", "text", "short"),
    [
        (1.234e-5, 2, "1.2e−5", "1.2e−5"),
        (-1e-12, 2, "−1.0e−12", "−1e−12"),
        (2.5e7, 2, "2.5e7", "2.5e7"),
        (0.25, 2, "2.5e−1", "0.25"),
        (-3.0, 1, "−3e0", "−3"),
        (0.0, 2, "0.0e0", "0"),
    ],
)
def test_exponents_have_no_more_digits_than_they_need(value: float, digits: int, text: str, short: str) -> None:
    assert (numerals.exponential(value, digits), numerals.general(value, digits)) == (text, short)


def test_a_distance_has_no_plus_and_a_chosen_share_no_digits() -> None:
    assert [numerals.points_apart(value) for value in (0.0123, 0.0, -0.01)] == [
        f"1.2{S}points",
        f"0.0{S}points",
        f"−1.0{S}points",
    ]
    assert [numerals.whole_percent(share) for share in (0.9, 0.8, 0.29)] == [f"90{S}%", f"80{S}%", f"29{S}%"]
    assert numerals.unbroken("1.2 M parameters") == f"1.2{S}M{S}parameters"


@given(st.floats(0, 1e9))
def test_a_number_and_its_unit_never_part_at_the_end_of_a_line(value: float) -> None:
    texts = [numerals.percent(value), numerals.compact(value), numerals.bytes_text(value), numerals.points(value)]
    assert not any(" " in text for text in texts)
    assert all(re.search(rf"\d{S}[a-zµ]", part) for part in numerals.seconds_text(value).split(" "))


@pytest.mark.parametrize(
    ("value", "low", "high", "text", "ends"),
    [
        (0.0123, 0.004, 0.028, "+0.012", "+0.004 to +0.028"),
        (-0.3, -0.5, 0.1, "−0.30", "−0.50 to +0.10"),
        (0.0, -0.2, 0.2, "0.00", "−0.20 to +0.20"),
        (0.0, None, None, "0.000", ""),
        (None, None, None, "—", ""),
    ],
)
def test_changes_are_signed(value: float | None, low: float | None, high: float | None, text: str, ends: str) -> None:
    assert (numerals.change(value, low, high), numerals.change_interval(low, high)) == (text, ends)


@pytest.mark.parametrize(("value", "text"), [(1.0, "×1.00"), (1.104, "×1.10"), (0.5, "×0.500"), (None, "—")])
def test_ratios_are_multiples(value: float | None, text: str) -> None:
    assert numerals.ratio(value) == text


@pytest.mark.parametrize(
    ("low", "high", "value", "text"),
    [
        (0.00205, 0.002183, 0.0021, "2.05–2.18"),
        (0.0401, 0.0449, 0.0413, "40.1–44.9"),
        (0.000581, 0.00123, 0.0009, "581–1,230"),
        (1.21, 1.44, 1.3, "1.2–1.4"),
        (11.0, 14.2, 12.0, "11–14"),
        (58.0, 200.0, 100.0, f"58{S}s–3{S}min 20{S}s"),
        (None, 1.0, 1.0, ""),
    ],
)
def test_intervals_of_durations_have_the_unit_of_the_value(
    low: float | None, high: float, value: float, text: str
) -> None:
    assert numerals.seconds_interval(low, high, value) == text


@pytest.mark.parametrize(
    ("low", "high", "value", "text"),
    [
        (1433.7, 1585.2, 1505.9, "1,434–1,585"),
        (7.1, 9.4, 8.2, "7.1–9.4"),
        (0.31, 0.44, 0.4, "0.31–0.44"),
        (None, None, 5.0, ""),
    ],
)
def test_intervals_of_speeds(low: float | None, high: float | None, value: float, text: str) -> None:
    assert numerals.speed_interval(low, high, value) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (8.0, 2, "8"),
        (1.41, 2, "1.4"),
        (0.25, 2, "0.25"),
        (120.0, 2, "120"),
        (0.1, 3, "0.1"),
        (None, 2, "—"),
        (0.0, 2, "0"),
    ],
)
def test_brief_numbers_have_no_zeros_behind_the_point(value: float | None, digits: int, text: str) -> None:
    assert numerals.brief(value, digits) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (999_999_999.0, "999,999,999"),
        (1e9, "1.00\u00a0×\u00a010⁹"),
        (-3.7149e12, "−3.71\u00a0×\u00a010¹²"),
        (26_571_778_232_130_648_576.0, "2.66\u00a0×\u00a010¹⁹"),
    ],
)
def test_nobody_counts_the_digits_of_a_huge_number(value: float, text: str) -> None:
    assert numerals.fixed(value, 0) == text
    assert numerals.significant(value, 9 if value < 1e9 and value > 0 else 3) == text
