"""Addresses: what no mail can go to, and what would smuggle in a line or a recipient, is refused."""

from __future__ import annotations

from email.utils import getaddresses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.errors import SpecError
from reportgen.pipeline.sending.addresses import parse_addresses


def specs(*texts: str) -> list[str]:
    return [one.spec for one in parse_addresses(texts, "--to")]


def test_several_come_with_commas_or_one_by_one_each_mailbox_once() -> None:
    assert specs("a@x.org, b@x.org", "c@x.org", "A@X.org") == ["a@x.org", "b@x.org", "c@x.org"]
    assert specs('"Author, Ann" <ann@x.org>, Bob <bob@x.org>') == ["ann@x.org", "bob@x.org"]
    (named,) = parse_addresses(('"Author, Ann" <ann@x.org>',), "--to")
    assert (named.name, str(named.header)) == ("Author, Ann", '"Author, Ann" <ann@x.org>')


@pytest.mark.parametrize(
    "text", ["ann+tag@x-y.example.org", "o'hara@x.org", "a.b.c@localhost", "x@xn--bcher-kva.example"]
)
def test_usual_ones_are_taken(text: str) -> None:
    assert specs(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "@x.org",
        "ann@",
        "ann@@x.org",
        "a..b@x.org",
        ".a@x.org",
        "ann@-x.org",
        "ann@x..org",
        "ann@[127.0.0.1]",
        "ann b@x.org",
        "ann@x.org>",
        "Ann <ann@x.org",
        "Ann <ann@x.org> more",
        '"a b"@x.org',
        "ann@x.org\r\nBcc: all@x.org",
        "ann\n@x.org",
        "ann@x.org\0",
        "Ann\r\nSubject: no <ann@x.org>",
        "ann@x.org;bob@x.org",
        "a" * 65 + "@x.org",
        "a@" + "x" * 250 + ".org",
        "\u202eann@x.org",
    ],
)
def test_what_is_none_is_refused_by_its_option(text: str) -> None:
    with pytest.raises(SpecError, match=r"^--to: .* is not an address: ") as caught:
        specs(text)
    assert caught.value.message.isprintable()


def test_other_alphabets_are_known_by_what_they_need() -> None:
    found = parse_addresses(("ü@x.org", "a@x.org"), "--to")
    assert [one.needs_utf8 for one in found] == [True, False]


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
        ("a@例え.jp", "a@xn--r8jz45g.jp"),
        ("a@straße.example", "a@xn--strae-oqa.example"),
        ("a@faß.example", "a@xn--fa-hia.example"),
        ("a@βόλος.example", "a@xn--nxasmm1c.example"),
        ("Ann <a@mail.пример.example>", "a@mail.xn--e1afmkfd.example"),
    ],
)
def test_a_domain_in_another_alphabet_is_known_to_every_server(text: str, spec: str) -> None:
    (one,) = parse_addresses((text,), "--to")
    assert (one.spec, one.needs_utf8) == (spec, False)
    assert specs(text, f"b{spec}") == [spec, f"b{spec}"]
    assert specs(text, spec) == [spec]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('Ann "Annie" B <a@b.org>', 'Ann "Annie" B'),
        ('"Annie" Ann B <a@b.org>', '"Annie" Ann B'),
        ('Ann B "Annie" <a@b.org>', 'Ann B "Annie"'),
        ('"Ann" "B" <a@b.org>', '"Ann" "B"'),
        ('"Ann B" <a@b.org>', "Ann B"),
    ],
)
def test_a_nickname_in_quotation_marks_stays_in_the_name(text: str, name: str) -> None:
    (one,) = parse_addresses((text,), "--to")
    assert (one.name, one.spec) == (name, "a@b.org")
    (read,) = getaddresses([str(one.header)])
    assert read == (name, "a@b.org")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text('ab@.<>", \r\n\0;:()ü\u2028', max_size=30))
def test_no_text_gives_an_address_with_a_line_of_its_own(text: str) -> None:
    try:
        found = parse_addresses((text,), "--to")
    except SpecError:
        return
    for one in found:
        assert one.spec.isprintable()
        assert one.spec.count("@") == 1
        assert not set(one.spec) & set(' <>,;:"\\()[]')
        assert one.name.isprintable()
