"""Addresses that can be followed, and words that say of which language they are."""

from __future__ import annotations

import pytest

from reportgen.outputs._words import link_addresses, mark_languages


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://a.org/b.", '<a href="https://a.org/b">https://a.org/b</a>'),
        ("(http://a.org/?x=1&amp;y=2)", '<a href="http://a.org/?x=1&amp;y=2">http://a.org/?x=1&amp;y=2</a>'),
        (
            "https://www.a-university.edu/~k/cifar.html",
            '<a href="https://www.a-university.edu/~k/cifar.html">'
            "https://www.a-university.edu/<wbr>~k/<wbr>cifar.html</a>",
        ),
        ("www.a.org/b, or", '<a href="https://www.a.org/b">www.a.org/b</a>'),
        ("to me.too@a-b.co.uk.", '<a href="mailto:me.too@a-b.co.uk">me.too@a-b.co.uk</a>'),
        ("https://a.org/&quot;onclick", '<a href="https://a.org/">https://a.org/</a>'),
    ],
)
def test_an_address_is_a_link(text: str, expected: str) -> None:
    page = link_addresses(f"<html><title>https://t.org</title><body><p>{text}</p></body>")
    assert expected in page
    assert page.count("<a ") == 1


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://a.org">https://a.org</a>',
        '<img alt="https://a.org">',
        "<style>a { b: 'https://a.org' }</style>",
        "javascript:alert(1)",
        "builtin:tiny",
        "ftp://a.org",
        "a @ b",
        "<svg><text>https://a.org</text></svg>",
    ],
)
def test_what_is_none_or_is_linked_stays(text: str) -> None:
    page = f"<body>{text} @ www. ://</body>"
    assert link_addresses(page) == page


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("猫", '<span lang="zh">猫</span>'),
        ("ねこ と 猫", '<span lang="ja">ねこ と 猫</span>'),
        ("고양이 및 개", '<span lang="ko">고양이 및 개</span>'),
        ("кошка и кот, да", '<span lang="ru">кошка и кот</span>, <span lang="ru">да</span>'),
        ("قط", '<span lang="ar">قط</span>'),
        ("σ₁, μ and Σ of naïve façades", "σ₁, μ and Σ of naïve façades"),
        ("γάτα", '<span lang="el">γάτα</span>'),
    ],
)
def test_words_in_another_script_say_their_language(text: str, expected: str) -> None:
    assert mark_languages(f'<body><p title="{text}">{text}</p>', "en") == f'<body><p title="{text}">{expected}</p>'


def test_a_page_in_that_language_is_left_alone() -> None:
    page = "<body><p>猫和狗</p>"
    assert mark_languages(page, "zh") == mark_languages(page, "zh-Hans") == page
