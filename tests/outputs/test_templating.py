"""The door to jinja2: what it escapes, what it refuses, and what it says when a template is wrong."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import nodes
from markupsafe import Markup

from reportgen.errors import RenderError
from reportgen.outputs import template_process
from reportgen.outputs.page import make_page
from reportgen.outputs.template_process import read_answer, write_answer
from reportgen.outputs.templating import (
    Medium,
    anchor,
    data_uri,
    inline_svg,
    make_environment,
    render_template,
    stylesheet,
    template_root,
)
from reportgen.record.run import RunRecord
from reportgen.report.model import FigureFile, Finding, MethodNote, SectionView, Skipped
from reportgen.report.sections import find_sections
from reportgen.report.table import Column, Table, numbers, words
from tests.outputs.reports import plain_figure, plain_report

MACROS = '{% import "_macros.html.j2" as ui %}'


@pytest.fixture(autouse=True)
def filled_in_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's templates are filled in by this process, with the same answers: the other one is not the point here, and
    `test_sandbox.py` shows it."""
    monkeypatch.setattr(template_process, "fill_in_apart", lambda job: read_answer(json.loads(write_answer(job))))


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
        ("one\n{{ nothing_there }}", 2, "'nothing_there' is undefined"),
        ("one\ntwo\n{{ figure.nothing }}", 3, "<FigureFile> has no attribute 'nothing'"),
        ("one\n{% if %}", 2, "Expected an expression"),
        ("one\n{% block a %}", 2, "Unexpected end of template"),
        ("{{ 1 / 0 }}", 1, "ZeroDivisionError"),
        ("{{ none.real }}", 1, "real"),
        ("\n\n{{ ''.__class__.__mro__ }}", 3, "unsafe"),
        ("\n{{ names.append(3) }}", 2, "unsafe"),
        ("\n{{ 'a' + 1 }}", 2, "TypeError"),
        ("\n{{ figure | nothing }}", 2, "No filter named 'nothing'"),
        ("\n{{ names | inline_svg }}", 2, "AttributeError"),
        ("\n{{ raster | inline_svg }}", 2, "holds no <svg> element"),
        ("\n{{ broken }}", 2, "AssertionError: not today"),
        ("{% for i in range(1000000000) %}{% endfor %}", 1, "Range too big"),
        ("{% macro a() %}\n{{ a() }}\n{% endmacro %}\n{{ a() }}", 2, "without end"),
        (f"{{{{ {'(' * 3000}1{')' * 3000} }}}}", 1, "nested too deeply"),
        ("{% for i in names %}" * 30 + "{% endfor %}" * 30, 1, "nested too deeply"),
    ],
)
def test_a_wrong_template_names_itself_and_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    folder = write(tmp_path, text)
    with pytest.raises(RenderError, match=says) as caught:
        render_template("page.html.j2", dict(VALUES), folder=folder)
    assert caught.value.location is not None
    assert (caught.value.location.file, caught.value.location.line) == ("page.html.j2", line)
    assert str(folder) in caught.value.hint
    assert caught.value.exit_code == 5


class Broken:
    def __str__(self) -> str:
        raise AssertionError("not today")


VALUES = {
    "figure": plain_figure("a"),
    "names": [1],
    "broken": Broken(),
    "raster": FigureFile(**{**vars(plain_figure("b")), "media_type": "image/png"}),
}


def test_what_a_name_should_have_been_is_said(tmp_path: Path) -> None:
    for text, says in (("{{ figur }}", "Did you mean figure?"), ("{{ figure.captain }}", "Did you mean caption?")):
        with pytest.raises(RenderError) as caught:
            render_template("page.html.j2", dict(VALUES), folder=write(tmp_path, text))
        assert caught.value.hint.startswith(says)


BASE = "{% extends 'root.j2' %}{% block header %}{% block within %}{% endblock %}{% endblock %}"


@pytest.mark.parametrize(
    ("parent", "says"),
    [
        ("default/report.html.j2", "no block 'head_er', so that nothing shows this one"),
        ("base.j2", "no block 'head_er', so that nothing shows this one; did you mean header?"),
    ],
)
def test_a_block_that_nothing_shows_is_told(tmp_path: Path, parent: str, says: str) -> None:
    write(
        tmp_path, "{% extends 'root.j2' %}{% block header %}{% block within %}{% endblock %}{% endblock %}", "base.j2"
    )
    write(tmp_path, "{% block header %}{% endblock %}{% block last %}{% endblock %}", "root.j2")
    write(tmp_path, f"{{% extends '{parent}' %}}\n{{% block head_er %}}{{% endblock %}}")
    with pytest.raises(RenderError, match=re.escape(says)) as caught:
        render_template("page.html.j2", dict(VALUES), folder=tmp_path)
    assert str(caught.value.location) == "page.html.j2:2"


def test_blocks_that_are_shown_are_not_told(tmp_path: Path) -> None:
    write(
        tmp_path, "{% extends 'root.j2' %}{% block header %}{% block within %}{% endblock %}{% endblock %}", "base.j2"
    )
    write(tmp_path, "{% block header %}{% endblock %}{% block last %}{% endblock %}", "root.j2")
    text = (
        "{% extends 'base.j2' %}{% block within %}1{% block new %}2{% endblock %}{% endblock %}"
        "{% block last %}{{ self.part() }}{% endblock %}{% block part %}3{% endblock %}"
    )
    assert render_template("page.html.j2", {}, folder=write(tmp_path, text)) == "123"
    chosen = "{% extends names and 'base.j2' %}{% block other %}{% endblock %}"
    assert render_template("page.html.j2", {"names": [1]}, folder=write(tmp_path, chosen)) == ""


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"page.html.j2": '{% extends "page.html.j2" %}'}, "page.html.j2:1"),
        ({"page.html.j2": '{% extends "a.j2" %}', "a.j2": '\n{% extends "page.html.j2" %}'}, "a.j2:2|page.html.j2:1"),
        ({"page.html.j2": '\n{% include "page.html.j2" %}'}, "page.html.j2:2"),
        ({"page.html.j2": '{% include "screen.css" %}', "screen.css": '{% include "screen.css" %}'}, "screen.css:1"),
    ],
)
def test_templates_that_lead_to_themselves_are_told(tmp_path: Path, files: dict[str, str], place: str) -> None:
    for name, text in files.items():
        write(tmp_path, text, name)
    with pytest.raises(RenderError, match="extends, includes or calls itself without end") as caught:
        render_template("page.html.j2", {}, folder=tmp_path)
    assert str(caught.value.location) in place.split("|")
    assert ("default/screen.css" in caught.value.hint) is (place == "screen.css:1")


@pytest.mark.parametrize("word", ["include", "extends", "import"])
def test_a_template_that_is_not_there_is_told_with_the_line_that_names_it(tmp_path: Path, word: str) -> None:
    rest = " as x" if word == "import" else ""
    write(tmp_path, f'\n\n{{% {word} "default/sections/sumary.html.j2"{rest} %}}')
    with pytest.raises(RenderError, match=r"default/sections/sumary\.html\.j2 is missing") as caught:
        render_template("page.html.j2", {}, folder=tmp_path)
    assert str(caught.value.location) == "page.html.j2:3"
    assert "default/sections/summary.html.j2" in caught.value.hint


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "page.html.j2").write_bytes(b"one\ntwo \xff")
    with pytest.raises(RenderError, match="not text in UTF-8") as caught:
        render_template("page.html.j2", {}, folder=tmp_path)
    assert str(caught.value.location) == "page.html.j2:2"


def test_an_error_in_ours_names_the_line_of_the_users_that_led_there(tmp_path: Path) -> None:
    folder = write(tmp_path, f"{MACROS}\n\n{{{{ ui.figure(3) }}}}")
    with pytest.raises(RenderError) as caught:
        render_template("page.html.j2", {}, folder=folder)
    assert caught.value.location is not None
    assert caught.value.location.file == "default/_macros.html.j2"
    assert "reached from page.html.j2:3" in caught.value.hint


def test_ours_that_lacks_what_the_user_replaced_is_told(record: RunRecord, tmp_path: Path) -> None:
    folder = write(tmp_path, "{% macro findings(section) %}{% endmacro %}", "_macros.html.j2")
    with pytest.raises(RenderError) as caught:
        make_page(replace(plain_report(record), templates=folder), "screen")
    assert caught.value.location is not None
    assert caught.value.location.file.startswith("default/")
    assert str(folder) in caught.value.hint


def test_without_the_users_templates_a_failure_is_ours() -> None:
    with pytest.raises(RenderError, match="is undefined") as caught:
        render_template("report.html.j2", {})
    assert "fault of reportgen" in caught.value.hint


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


BLOCKS = (
    "head",
    "styles",
    "title_block",
    "banners",
    "contents",
    "sections",
    "section",
    "section_title",
    "section_body",
    "footer",
)


@pytest.mark.slow
@pytest.mark.parametrize("medium", ["screen", "print"])
def test_every_block_of_the_report_can_be_replaced_and_kept(record: RunRecord, tmp_path: Path, medium: Medium) -> None:
    report = plain_report(record)
    own = "".join(f"{{% block {name} %}}{{{{ super() }}}}<i>{name}</i>{{% endblock %}}" for name in BLOCKS)
    write(tmp_path, '{% extends "default/report.html.j2" %}' + own, "report.html.j2")
    page = make_page(replace(report, templates=tmp_path), medium)
    for name in BLOCKS:
        repeated = name.startswith("section_") or name == "section"
        assert page.count(f"<i>{name}</i>") == (len(report.sections) if repeated else 1)
        page = page.replace(f"<i>{name}</i>", "")
    assert page == make_page(report, medium)


@pytest.mark.slow
def test_a_block_of_every_section_can_be_replaced(record: RunRecord, tmp_path: Path) -> None:
    report = plain_report(record)
    for name in find_sections():
        extends = f'{{% extends "default/sections/{name}.html.j2" %}}'
        write(tmp_path, f"{extends}{{% block methods %}}<i>{name}</i>{{% endblock %}}", f"sections/{name}.html.j2")
    page = make_page(replace(report, templates=tmp_path), "screen")
    for name in find_sections():
        shown = any(view.name == name and isinstance(view, SectionView) for view in report.sections)
        assert page.count(f"<i>{name}</i>") == int(shown)
        page = page.replace(f"<i>{name}</i>", "")
    assert page == make_page(report, "screen")


def test_what_all_sections_share_can_be_replaced(record: RunRecord, tmp_path: Path) -> None:
    report = plain_report(record)
    text = '{% extends "default/sections/_base.html.j2" %}{% block methods %}<i>mine</i>{% endblock %}'
    write(tmp_path, text, "sections/_base.html.j2")
    made = [view for view in report.sections if isinstance(view, SectionView)]
    assert make_page(replace(report, templates=tmp_path), "screen").count("<i>mine</i>") == len(made)


@pytest.mark.slow
def test_style_sheets_come_from_the_users_folder_and_can_take_in_ours(record: RunRecord, tmp_path: Path) -> None:
    report = replace(plain_report(record), templates=tmp_path)
    write(tmp_path, "/* mine */ body { margin: 1px }", "screen.css")
    assert "<style>\nbody { margin: 1px }\n</style>" in re.sub(r"\n+", "\n", make_page(report, "screen"))
    write(tmp_path, '{% include "default/screen.css" %}\nbody { margin: 1px }', "screen.css")
    page = make_page(report, "screen")
    assert "--accent: #0b6b66" in page
    assert "body { margin: 1px }" in page
    write(tmp_path, "p { background: url(http://example.org/a.png) }", "print.css")
    assert make_page(report, "screen") == page
    with pytest.raises(RenderError, match=r"outside the page: http://example\.org") as caught:
        make_page(report, "print")
    assert str(caught.value.location) == "print.css:1:17"


def test_a_section_without_a_template_is_drawn_by_the_default_one(record: RunRecord) -> None:
    assert record.measured is not None
    view = SectionView(
        "mine",
        "Mine & <yours>",
        (Finding("Found <it>.", 0.1, "section-mine"),),
        record.measured.values[:1],
        (MethodNote("How", "So & so.", "Somebody 2020."),),
        (plain_figure("a"), Skipped("b", "B", "Nothing to draw.")),
    )
    page = make_page(replace(plain_report(record), sections=(view,)), "screen")
    section = page.partition('<section id="section-mine"')[2].partition("</section>")[0]
    for part in (
        "Found &lt;it&gt;.",
        record.measured.values[0].display,
        plain_figure("a").caption,
        "Nothing to draw.",
        "So &amp; so.",
        "Somebody 2020.",
    ):
        assert part in section


NUMBERS = (nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow, nodes.Neg, nodes.Slice)
FORMATTING = {
    "abs",
    "batch",
    "default",
    "filesizeformat",
    "first",
    "float",
    "format",
    "indent",
    "int",
    "join",
    "last",
    "length",
    "lower",
    "map",
    "max",
    "min",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "slice",
    "sort",
    "sum",
    "title",
    "truncate",
    "unique",
    "upper",
    "wordcount",
    "wordwrap",
}


@pytest.mark.parametrize("path", sorted(template_root().rglob("*.*")), ids=lambda path: path.name)
def test_templates_compute_and_format_nothing(path: Path) -> None:
    tree = make_environment("screen").parse(
        path.read_text(encoding="utf-8").replace("| code", "").replace("| plain", "")
    )
    found = [f"{type(node).__name__}:{node.lineno}" for node in tree.find_all(NUMBERS)]
    found += [f"{node.name}:{node.lineno}" for node in tree.find_all(nodes.Filter) if node.name in FORMATTING]
    found += [
        f"{node.node.attr}():{node.lineno}"
        for node in tree.find_all(nodes.Call)
        if isinstance(node.node, nodes.Getattr) and node.node.attr in ("format", "join", "split", "strip", "replace")
    ]
    found += [
        f"{node.ops[0].op}:{node.lineno}"
        for node in tree.find_all(nodes.Compare)
        if node.ops[0].op not in ("eq", "ne", "in", "notin")
    ]
    assert found == []


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
        text = stylesheet((template_root() / name).read_text(encoding="utf-8"), name, checked=True)
        assert "/*" not in text
        assert "</" not in text
        assert "url(" not in text
        assert "@import" not in text


def test_skipped_is_a_test(tmp_path: Path) -> None:
    folder = write(tmp_path, "{{ one is skipped }} {{ other is skipped }}")
    values = {"one": Skipped("a", "A", "why"), "other": plain_figure("a")}
    assert render_template("page.html.j2", values, folder=folder) == "True False"


@pytest.mark.slow
def test_long_tables_are_cut_in_print_and_say_so(tmp_path: Path) -> None:
    folder = write(tmp_path, MACROS + "{{ ui.datatable(table) }}")
    table = Table("Rows", words("a"), tuple((f"row {index}",) for index in range(1234)))
    screen = render_template("page.html.j2", {"table": table}, "screen", folder)
    paper = render_template("page.html.j2", {"table": table}, "print", folder)
    assert screen.count("<tr>") == 1235
    assert paper.count("<tr>") == 41
    assert "The first 40 of 1,234 rows" in paper
    assert "The first" not in screen


def test_a_table_has_heads_scopes_and_a_caption(tmp_path: Path) -> None:
    folder = write(tmp_path, MACROS + "{{ ui.datatable(table) }}")
    table = Table("What it is", (Column("a", "code"), *numbers("b")), (("x", "1"),))
    page = render_template("page.html.j2", {"table": table}, folder=folder)
    assert '<th scope="col" class="numeric">b</th>' in page
    assert '<th scope="row" class="code"><code>x</code></th><td class="numeric">1</td>' in page
    assert '<caption><span class="said">What it is</span></caption>' in page
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
