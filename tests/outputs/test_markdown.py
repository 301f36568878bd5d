"""Markdown that shows what it says, through GitHub's own renderer and sanitiser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.outputs.markdown import Raw, bar, code, finalize, one_line, plain
from tests.outputs.github import linked, show, text_of

NASTY = [
    "<script>alert(1)</script>",
    "@torvalds and @org/team fix #12, GH-7 and org/repo#1",
    ":smile: :+1:",
    "http://evil.example www.evil.example a@b.example",
    "deadbeef1234 0123456789abcdef0123456789abcdef01234567",
    "*a* _b_ __c__ `d` ``e`` ~~f~~",
    "a | b || c",
    "- x",
    "1. x",
    "# x",
    "> x",
    "    x",
    "===",
    "---",
    "[x](http://a.b)",
    "![x](y)",
    "[x]: y",
    "$x^2$",
    "&lt;b&gt; &#64;x",
    "\\* \\`",
    "<!-- x",
    "--> x",
    "{{7*7}}{% raw %}",
    "`",
    "``",
    "|",
    "",
    "猫の写真 🐈",
    "مرحبا",
    "w" * 300,
    "line\nbreak\r\n# head",
    "tab\there",
    "nul\x00l",
    "</details><details open>",
]


@pytest.mark.parametrize("text", NASTY)
def test_text_is_shown_as_it_is_and_does_nothing(text: str) -> None:
    for cell in (plain(text), code(text, 400)):
        for page in (show(f"before {cell} after"), show(f"{cell}\n"), show(f"| a | b |\n|--|--|\n| {cell} | end |\n")):
            assert linked(page) == []
            assert one_line(text) in text_of(page).replace("\n", " ") or one_line(text) == ""
            assert "<script" not in page
        table = show(f"| a | b |\n|--|--|\n| {cell} | end |\n")
        assert table.count("<td") == 2
        assert "<li" not in table + show(f"{cell}\n")
        assert "<h" not in show(f"{cell}\n")


@pytest.mark.slow
@given(st.text(max_size=40))
def test_any_text_survives(text: str) -> None:
    page = show(f"| a |\n|--|\n| x{plain(text)} |\n| {code(text)} |\n")
    assert page.count("<td") == 2
    assert linked(page) == []
    assert text_of(page).count(one_line(text)) >= (2 if one_line(text) else 0)


def test_a_bar_counts_in_eighths() -> None:
    assert bar(1.0, 4) == "████"
    assert bar(0.5, 4) == "██"
    assert bar(1 / 32, 4) == "▏"
    assert bar(0.0, 4) == bar(None, 4) == bar(1.5, 4) == ""


def test_raw_text_is_left_alone() -> None:
    assert finalize(Raw("**x**")) == "**x**"
    assert finalize("**x**") != "**x**"
    assert finalize(3) == "3"


def test_of_a_long_rule_both_ends_are_kept() -> None:
    rule = f'class."{"a name that goes on and on, " * 6}".recall >= 0.95 confidently'
    assert len(rule) > 100
    assert code(rule, ends=True).endswith(".recall >= 0.95 confidently`")
    assert code(rule, ends=True).startswith('`class."a name that goes on')
    assert len(code(rule, ends=True)) == 82
