"""One format a unit: values, intervals, changes and distances."""

from __future__ import annotations

from typing import get_args

import pytest

from reportgen.text.units import (
    Form,
    Unit,
    format_change,
    format_change_interval,
    format_distance,
    format_form,
    format_interval,
    format_value,
)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize("unit", get_args(Unit))
def test_what_is_unknown_is_a_dash_without_an_interval(unit: Unit) -> None:
    assert format_value(unit, None, None, None, None) == "—"
    assert format_change(unit, None, None, None, None) == "—"
    assert format_interval(unit, None, None, None, None) == ""
    assert format_change_interval(unit, None, None, None) == ""


@pytest.mark.parametrize(
    ("unit", "value", "shown", "changed", "away"),
    [
        ("share", 0.25, "25.0 %", "+25.0 points", "25.00 points"),
        ("score", 0.25, "0.250", "+0.250", "0.25"),
        ("nats", 0.25, "0.250", "+0.250", "0.25"),
        ("ratio", 1.5, "×1.50", "+1.500", "1.5"),
        ("count", 1200.0, "1,200", "+1,200", "1,200"),
        ("macs", 40.8e6, "40.8 M", "+40.8 M", "40.8 M"),
        ("bytes", 2048.0, "2.00 KiB", "+2.00 KiB", "2.00 KiB"),
        ("seconds", 0.0021, "2.10 ms", "+2.10 ms", "2.10 ms"),
        ("images/s", 1500.0, "1,500 images/s", "+1,500 images/s", "1,500 images/s"),
        ("joules", 0.5, "0.50 J", "+0.50 J", "0.50 J"),
        ("FLOP/s", 1e11, "100 GFLOP/s", "+100 GFLOP/s", "100 GFLOP/s"),
    ],
)
def test_each_unit_has_its_format(unit: Unit, value: float, shown: str, changed: str, away: str) -> None:
    assert plain(format_value(unit, value, None, None, None)) == shown
    assert plain(format_change(unit, value, None, None, None)) == changed
    assert plain(format_change(unit, -value, None, None, None)) == f"−{changed[1:]}"
    assert plain(format_distance(unit, value)) == away


def test_a_change_of_many_images_has_a_digit_more() -> None:
    assert plain(format_change("share", 0.0123, None, None, 9_999)) == "+1.2 points"
    assert plain(format_change("share", 0.0123, None, None, 10_000)) == "+1.23 points"
    assert format_change_interval("share", -0.001, 0.0034, 10_000) == "−0.10 to +0.34"


def test_a_change_of_a_time_says_the_unit_of_each_end() -> None:
    assert plain(format_change_interval("seconds", -4.82e-6, 0.00123, 6)) == "−4.82 µs to +1.23 ms"
    assert plain(format_change_interval("seconds", 0.0, 0.0021, 6)) == "0 to +2.10 ms"


def test_a_ratio_has_its_interval_in_as_many_digits() -> None:
    assert format_interval("ratio", 1.0001, 0.98031, 1.0203, 6) == "0.98–1.02"
    assert format_interval("ratio", 0.8967, 0.72270, 1.11259, 6) == "0.723–1.113"
    assert format_interval("ratio", 12.34, 11.0, 13.96, 6) == "11.0–14.0"
    assert format_interval("ratio", 1.0, None, None, None) == ""


@pytest.mark.parametrize("form", get_args(Form))
def test_every_form_writes_an_unknown_value(form: Form) -> None:
    assert format_form(form, "share", None, None, None, None) == ("—", "")
