"""The door to jinja2: what it escapes, what it refuses, and what it says when a template is wrong."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from markupsafe import Markup

from reportgen.errors import RenderError
from reportgen.outputs.templating import (
    anchor,
    data_uri,
    fit,
    has_template,
    inline_svg,
    make_environment,
    render_template,
    stylesheet,
)
from reportgen.report.model import FigureFile, Skipped
from tests.outputs.reports import plain_figure


def write(folder: Path, text: str, name: str = "page.html.j2") -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_text_from_outside_is_escaped_and_not_evaluated(tmp_path: Path) -> None:
    folder = write(tmp_path, '<p title="{{ name }}">{{ name }}</p>')
    page = render_template("page.html.j2", {"name": '"><script>{{7*7}}</script>'}, folder=folder)
    assert page == (
        '<p title="&#34;&gt;&lt;script&gt;{{7*7}}&lt;/script&gt;">&#34;&gt;&lt;script&gt;{{7*7}}&lt;/script&gt;</p>'
    )


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("one\n{{ nothing_there }}", 2, "nothing_there"),
        ("one\ntwo\n{{ figure.nothing }}", 3, "nothing"),
        ("one\n{% if %}", 2, "Expected an expression"),
        ("{{ 1 / 0 }}", 1, "division"),
        ("{{ none.real }}", 1, "real"),
        ("\n\n{{ ''.__class__.__mro__ }}", 3, "unsafe"),
        ("\n{{ names.append(3) }}", 2, "unsafe"),
    ],
)
def test_a_wrong_template_names_itself_and_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    folder = write(tmp_path, text)
    values = {"figure": plain_figure("a"), "names": [1]}
    with pytest.raises(RenderError, match=says) as caught:
        render_template("page.html.j2", values, folder=folder)
    assert caught.value.location is not None
    assert (caught.value.location.file, caught.value.location.line) == ("page.html.j2", line)
    assert str(folder) in caught.value.hint
    assert caught.value.exit_code == 5


def test_an_included_template_is_named_by_its_own_line(tmp_path: Path) -> None:
    write(tmp_path, "x\n\n{{ nothing_there }}", "sections/inner.html.j2")
    write(tmp_path, "\n{% include 'sections/inner.html.j2' %}")
    with pytest.raises(RenderError) as caught:
        render_template("page.html.j2", {}, folder=tmp_path)
    assert str(caught.value.location) == "sections/inner.html.j2:3"


def test_a_missing_template_is_named() -> None:
    with pytest.raises(RenderError, match=r"the template sections/none\.html\.j2 is missing"):
        render_template("sections/none.html.j2", {})


def test_the_users_templates_come_first(tmp_path: Path) -> None:
    write(tmp_path, "{% macro metric(value) %}mine{% endmacro %}", "_macros.html.j2")
    write(tmp_path, '{% import "_macros.html.j2" as ui %}{{ ui.metric(1) }}')
    assert render_template("page.html.j2", {}, folder=tmp_path) == "mine"


def test_words_go_through_the_catalogue_with_named_values(tmp_path: Path) -> None:
    folder = write(tmp_path, '{{ _("%(count)s of all", count="<3") }}')
    assert render_template("page.html.j2", {}, folder=folder) == "&lt;3 of all"


def test_medium_is_known_everywhere(tmp_path: Path) -> None:
    folder = write(tmp_path, "{{ medium }}")
    assert [render_template("page.html.j2", {}, medium, folder) for medium in ("screen", "print")] == [
        "screen",
        "print",
    ]


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(RenderError, match="'xx'"):
        make_environment("screen", language="xx")


def test_data_uri_holds_the_bytes() -> None:
    data = bytes(range(256))
    head, _, tail = data_uri(data).partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(tail) == data
    assert data_uri(plain_figure("a")).startswith("data:image/svg+xml;base64,")


def test_inline_svg_is_the_element_alone() -> None:
    figure = plain_figure("a")
    with_head = FigureFile(**{**vars(figure), "data": b'<?xml version="1.0"?>\n<!DOCTYPE svg>\n' + figure.data})
    assert inline_svg(with_head) == Markup(figure.data.decode())
    drawn_as_image = figure.data.replace(b"<svg ", b'<svg role="img" ')
    assert inline_svg(FigureFile(**{**vars(figure), "data": drawn_as_image})) == figure.data.decode()


@pytest.mark.parametrize("change", [{"media_type": "image/png"}, {"data": b"no drawing"}])
def test_inline_svg_refuses_what_is_none(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no <svg>"):
        inline_svg(FigureFile(**{**vars(plain_figure("a")), **change}))


def test_anchor_is_an_id_for_any_text() -> None:
    assert anchor("layer1.0-conv_1") == "layer1_2e_0-conv_1"
    assert anchor("猫 <x>").isascii()
    assert anchor("a.b") != anchor("a:b")


def test_stylesheets_are_small_and_close_nothing() -> None:
    for name in ("screen.css", "print.css"):
        text = stylesheet(name)
        assert "/*" not in text
        assert "</" not in text
        assert "url(" not in text
        assert "@import" not in text


def test_skipped_is_a_test(tmp_path: Path) -> None:
    folder = write(tmp_path, "{{ one is skipped }} {{ other is skipped }}")
    values = {"one": Skipped("a", "A", "why"), "other": plain_figure("a")}
    assert render_template("page.html.j2", values, folder=folder) == "True False"


def test_has_template_looks_in_both_places(tmp_path: Path) -> None:
    write(tmp_path, "", "sections/mine.html.j2")
    assert has_template("sections/mine.html.j2", tmp_path)
    assert has_template("report.html.j2", tmp_path)
    assert not has_template("sections/mine.html.j2")


MACROS = '{% import "_macros.html.j2" as ui %}'


def test_long_tables_are_cut_in_print_and_say_so(tmp_path: Path) -> None:
    folder = write(tmp_path, MACROS + '{{ ui.datatable(["a"], rows, "Rows") }}')
    rows = [[f"row {index}"] for index in range(1234)]
    screen = render_template("page.html.j2", {"rows": rows}, "screen", folder)
    paper = render_template("page.html.j2", {"rows": rows}, "print", folder)
    assert screen.count("<tr>") == 1235
    assert paper.count("<tr>") == 101
    assert "The first 100 of 1,234 rows" in paper
    assert "The first" not in screen


def test_a_table_has_heads_scopes_and_a_caption(tmp_path: Path) -> None:
    folder = write(
        tmp_path, MACROS + '{{ ui.datatable(["a", "b"], [["x", "1"]], "What it is", numeric=(1,), code=(0,)) }}'
    )
    page = render_template("page.html.j2", {}, folder=folder)
    assert '<th scope="col" class="numeric">b</th>' in page
    assert '<th scope="row" class="code"><code>x</code></th><td class="numeric">1</td>' in page
    assert "<caption>What it is</caption>" in page
    assert 'role="region" aria-label="What it is" tabindex="0"' in page


def test_details_are_open_in_print(tmp_path: Path) -> None:
    folder = write(tmp_path, MACROS + '{% call ui.details("More") %}inside{% endcall %}')
    screen, paper = (render_template("page.html.j2", {}, medium, folder) for medium in ("screen", "print"))
    assert "<summary>More</summary>" in screen
    assert "details" not in paper
    assert "inside" in paper


def test_a_skipped_figure_says_why(tmp_path: Path) -> None:
    folder = write(tmp_path, MACROS + "{{ ui.figure(fig) }}")
    page = render_template("page.html.j2", {"fig": Skipped("loss", "Loss", "No training.")}, folder=folder)
    assert 'id="figure-loss"' in page
    assert "<strong>Loss.</strong> No training." in page


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("automobile", 10, "automobile"),
        ("automobile", 9, "automobi…"),
        ("two words", 5, "two…"),
        ("line\nbreak\u200b", 20, "line break"),
        ("飞机飞机", 8, "飞机飞机"),
        ("飞机飞机", 6, "飞机…"),
        ("", 3, ""),
    ],
)
def test_a_name_is_cut_to_the_letters_it_has_room_for(text: str, most: int, shown: str) -> None:
    assert fit(text, most) == shown
