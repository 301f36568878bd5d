"""What templates can reach: plain values, the methods of the list, and no more time and memory than they need."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jinja2.exceptions import SecurityError
from markupsafe import Markup

from reportgen.errors import RenderError
from reportgen.outputs import comment, template_process, templating
from reportgen.outputs.markdown import Raw
from reportgen.outputs.page import PageView, make_page
from reportgen.outputs.plain_values import make_plain
from reportgen.outputs.sandbox import Sandbox
from reportgen.outputs.templating import Job, render_template
from reportgen.outputs.view_values import SequenceView, View
from reportgen.record.run import RunRecord
from reportgen.report.model import SectionView
from tests.outputs.reports import plain_report

PLAIN = {str, int, float, bool, type(None), bytes, Markup, Raw}


def write(folder: Path, text: str, name: str = "page.html.j2") -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def not_plain(value: Any, path: str, seen: set[int]) -> Iterator[str]:
    """Where below a value stands something that is neither text, number, tuple, mapping nor view."""
    if id(value) in seen or type(value) in PLAIN:
        return
    seen.add(id(value))
    if type(value) in (View, SequenceView):
        for name, part in vars(value).items():
            yield from not_plain(part, f"{path}.{name}", seen)
    elif type(value) is tuple:
        for place, part in enumerate(value):
            yield from not_plain(part, f"{path}[{place}]", seen)
    elif type(value) is dict:
        for name, part in value.items():
            yield from not_plain(name, f"{path} key {name!r}", seen)
            yield from not_plain(part, f"{path}[{name!r}]", seen)
    else:
        yield f"{path}: {type(value)}"


@pytest.fixture
def handed_in(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """The jobs whose templates are filled in, with the values that the templates see."""
    jobs: list[Job] = []
    fill_in = Job.fill_in

    def noted(job: Job) -> str:
        jobs.append(job)
        return fill_in(job)

    monkeypatch.setattr(Job, "fill_in", noted)
    return jobs


def test_every_output_hands_its_templates_plain_values(
    record: RunRecord, handed_in: list[Job], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    report = replace(plain_report(record), templates=tmp_path)
    monkeypatch.setattr(template_process, "fill_in_apart", lambda job: job.fill_in())
    for medium in ("screen", "print"):
        make_page(report, medium)  # type: ignore[arg-type]
    comment.make_comment(report)
    assert {job.name for job in handed_in} == {"report.html.j2", "comment.md.j2"}
    sections = {view.name for job in handed_in for view in job.values["report"].sections}
    assert len(sections) == len(report.sections) > 8
    assert [found for job in handed_in for found in not_plain(job.values, job.name, set())] == []


@dataclass(frozen=True)
class OddView(SectionView):
    """A plug-in's section with values of every wrong kind."""

    path: Any = None
    array: Any = None
    number: Any = None
    record: Any = None
    many: Any = None

    @property
    def fails(self) -> str:
        raise OSError("not now")


def same(lazy: Any, eager: Any, seen: set[int]) -> bool:
    """Whether a view that makes its parts when they are asked for comes to the same as one that is whole."""
    if isinstance(eager, View):
        if id(eager) in seen:
            return True
        seen.add(id(eager))
        names = [name for name in vars(eager) if not name.startswith("_")]
        assert sorted(dir(lazy)) == sorted(name for name in vars(eager) if name not in ("_kind", "_skipped"))
        if isinstance(eager, SequenceView):
            assert all(same(one, other, seen) for one, other in zip(lazy, eager, strict=True))
        assert vars(lazy)["_skipped"] == vars(eager)["_skipped"]
        return all(same(getattr(lazy, name), getattr(eager, name), seen) for name in names)
    if isinstance(eager, tuple):
        return len(lazy) == len(eager) and all(same(*pair, seen) for pair in zip(lazy, eager, strict=True))
    if isinstance(eager, dict):
        return list(lazy) == list(eager) and all(same(lazy[name], eager[name], seen) for name in eager)
    return type(lazy) is type(eager) and (lazy == eager or lazy != lazy)


def test_our_own_templates_see_the_same_values(record: RunRecord) -> None:
    values = {"report": PageView.of(plain_report(record))}
    assert same(make_plain(values, lazy=True), make_plain(values), set())


@pytest.mark.slow
def test_what_a_plugin_hands_in_becomes_plain(record: RunRecord, tmp_path: Path) -> None:
    odd = OddView("odd", "Odd", path=tmp_path, array=np.eye(2), number=np.float32(0.5), record=record, many={"b", "a"})
    (values,) = make_plain({"odd": odd}).values()
    assert (values.path, values.array, values.number) == (str(tmp_path), ((1.0, 0.0), (0.0, 1.0)), 0.5)
    assert values.many == ("a", "b")
    found = list(not_plain(values, "odd", set()))
    assert all("Unprintable" in one for one in found)
    assert "odd.fails: <class 'reportgen.outputs.view_values.Unprintable'>" in found
    assert not hasattr(values.record, "parse_raw")
    with pytest.raises(RenderError, match="OSError: not now") as caught:
        render_template("page.html.j2", {"section": odd}, folder=write(tmp_path, "\n{{ section.fails }}"))
    assert str(caught.value.location) == "page.html.j2:2"


def test_a_view_is_not_changed_and_leads_back_to_itself(record: RunRecord) -> None:
    (view,) = make_plain({"report": PageView.of(plain_report(record))}).values()
    with pytest.raises(AttributeError):
        view.title = "other"
    with pytest.raises(AttributeError):
        del view.title
    assert view.title == plain_report(record).title


ESCAPES = {
    "record": "{{ report.record.parse_raw('x') }}",
    "model": "{{ report.sections[0].tiles[0].value.parse_raw('x', proto='pickle', allow_pickle=true) }}",
    "model copy": "{{ report.sections[0].tiles[0].value.model_copy() }}",
    "model fields": "{{ report.sections[0].tiles[0].value.model_fields }}",
    "path": "{{ (report.templates / '/etc/passwd').read_text() }}",
    "write": "{{ report.templates.write_text('x') }}",
    "array": "{{ report.record.arrays['eval.logits'].tofile('x') }}",
    "method of a section": "{{ report.sections[0].beside((), ()) }}",
    "class method": "{{ report.of(report) }}",
    "underscores": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "underscores by filter": "{{ '' | attr('__class__') }}",
    "underscores by map": "{{ [''] | map(attribute='__class__') | list | first | upper | length and x }}",
    "underscores by item": "{{ ''['__class__'] }}",
    "underscores by format": "{{ '{0.__class__}'.format('') }}",
    "kind of a view": "{{ report._kind }}",
    "globals of a function": "{{ _.__globals__ }}",
    "globals of a macro": "{% macro m() %}{% endmacro %}{{ m.__call__ }}",
    "function's code": "{{ gettext.__code__ }}",
    "template": "{{ self._TemplateReference__context }}",
    "block": "{% block b %}{% endblock %}{{ self.b._context }}",
    "loop": "{% for i in [1] %}{{ loop._iterator }}{% endfor %}",
    "cycler": "{{ cycler('a').__init__ }}",
    "translate": "{{ 'a'.translate({}) }}",
    "bytes": "{{ picture.hex() }}",
    "lipsum": "{{ lipsum() }}",
    "lipsum's globals": "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "generator": "{{ ([1] | map('string')).gi_frame }}",
    "set item": "{% set report.title = 'x' %}",
    "update": "{{ {}.update(a=1) }}",
    "style sheet": "{{ '/etc/passwd' | stylesheet }}",
    "include absolute": "{% include '/etc/passwd' %}",
    "include up": "{% include '../outside.txt' %}",
    "include ours up": "{% include 'default/../../pyproject.toml' %}",
    "include a link": "{% include 'link.txt' %}",
    "include below a link": "{% include 'away/outside.txt' %}",
    "include a pipe": "{% include 'pipe.txt' %}",
}


@pytest.fixture(scope="module")
def seen(record: RunRecord) -> dict[str, Any]:
    """What the templates of a page see, and bytes."""
    return dict(make_plain({"report": PageView.of(plain_report(record)), "picture": b"abc"}, lazy=True))


@pytest.mark.parametrize("kind", ["html", "markdown"])
@pytest.mark.parametrize("name", ESCAPES)
def test_no_way_out_of_the_sandbox(seen: dict[str, Any], tmp_path: Path, name: str, kind: Any) -> None:
    folder = tmp_path / "templates"
    write(tmp_path, "secret", "outside.txt")
    write(folder, f"one\n{ESCAPES[name]}")
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "away").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.txt")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RenderError) as caught:
        Job(kind, "page.html.j2", seen, folder=folder).fill_in()
    assert "secret" not in caught.value.message
    assert sorted(tmp_path.rglob("*")) == before
    assert caught.value.location is not None


@pytest.mark.parametrize("name", ["/etc/passwd", "../outside.txt", "/etc/nothing-of-this-name"])
def test_a_name_that_leads_out_of_the_folder_is_blamed_on_the_line_that_has_it(
    record: RunRecord, tmp_path: Path, name: str
) -> None:
    write(tmp_path, "secret", "outside.txt")
    folder = tmp_path / "templates"
    write(folder, f"one\n{{% include '{name}' %}}")
    with pytest.raises(
        RenderError, match=f"page.html.j2 can't be rendered: {name} is not a file of that folder"
    ) as caught:
        Job("html", "page.html.j2", {}, folder=folder).fill_in()
    assert str(caught.value.location) == "page.html.j2:2"


def test_what_templates_need_is_allowed(tmp_path: Path) -> None:
    text = (
        "{% set ns = namespace(n=1) %}{% set ns.n = ns.n + 1 %}{{ ns.n }}"
        "{{ 'a-b'.upper().split('-') | join(' ') }} {{ '{} {x}'.format(1, x=2) }} {{ {'k': 1}.get('k') }}"
        "{% for k, v in {'p': 'q'}.items() %}{{ loop.index }}{{ k }}{{ v }}{{ loop.cycle('x', 'y') }}{% endfor %}"
        "{% set c = cycler('u', 'v') %}{{ c.next() }}{{ c.next() }}{{ c.current }}"
        "{% macro m(a) %}<{{ caller() }}{{ a }}>{% endmacro %}{% call m(3) %}in{% endcall %}"
        "{% block b %}B{% endblock %}{{ self.b() }}{{ range(3) | map('string') | list | length }}"
        "{% set j = joiner(',') %}{{ j() }}{{ j() }}{{ _('%(count)s of all', count=2) }}"
    )
    page = render_template("page.html.j2", {}, folder=write(tmp_path, text))
    assert page == "2A B 1 2 11pqxuvu<in3>BB3,2 of all"


WITHOUT_END = {
    "loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}"
    "{{ '' }}{% endfor %}{% endfor %}{% endfor %}",
    "a number": "{{ 10 ** (10 ** 9) }}",
    "doubled text": "{% set ns = namespace(x='x' * 1000) %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}"
    "{% endfor %}{{ ns.x }}",
    "doubled blocks": "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% else %}{{ 'x' * 1000 }}{% endif %}"
    "{% endmacro %}{{ m(60) }}",
    "padding": "{{ 'x' | center(10 ** 11) }}",
    "format": "{{ '%099999999999d' | format(1) }}",
    "format method": "{{ '{:>99999999999}'.format(1) }}",
    "batch": "{{ [1] | batch(10 ** 11, 'x') | list }}",
    "list": "{% set ns = namespace(x=[1, 2, 3]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WITHOUT_END)
def test_what_never_ends_or_fills_the_memory_ends_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(template_process, "SECONDS", 1)
    monkeypatch.setattr(template_process, "MOST_SECONDS", 20)
    monkeypatch.setattr(template_process, "MEBIBYTES", 256)
    folder = write(tmp_path, f"one\n{WITHOUT_END[name]}")
    with pytest.raises(RenderError) as caught:
        render_template("page.html.j2", {}, folder=folder)
    assert caught.value.location is not None
    assert caught.value.location.file == "page.html.j2"
    if name != "a number":  # Python itself is at work, and is ended from outside
        assert caught.value.location.line == 2
    assert str(folder) in caught.value.hint


def test_a_process_that_ends_by_itself_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = template_process.start_module
    monkeypatch.setattr(template_process, "start_module", lambda _name, *_arguments: start("reportgen.nothing"))
    with pytest.raises(RenderError, match=r"page\.html\.j2 can't be rendered.*No module named") as caught:
        render_template("page.html.j2", {}, folder=write(tmp_path, "text"))
    assert caught.value.exit_code == 5


def test_own_style_sheets_are_not_links_that_lead_outside(record: RunRecord, tmp_path: Path) -> None:
    outside = write(tmp_path / "other", "body { color: red }", "secret.css") / "secret.css"
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "screen.css").symlink_to(outside)
    assert templating.own_sheets(folder) == ""
    with pytest.raises(RenderError, match="link out of it"):
        make_page(replace(plain_report(record), templates=folder), "screen")


def test_a_file_outside_the_folder_is_refused_by_the_line_that_names_it(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("TOKEN=1")
    folder = write(tmp_path / "templates", f"one\n{{% include '{secret}' %}}")
    with pytest.raises(RenderError, match="link out of it, or no file") as caught:
        render_template("page.html.j2", {}, folder=folder)
    assert caught.value.hint == f"Fix the template in {folder}."
    assert "TOKEN" not in str(caught.value)


def test_powers_are_those_of_a_template_and_not_of_a_program() -> None:
    sandbox = Sandbox()
    assert sandbox.from_string("{{ 2 ** 10 }}").render() == "1024"
    for text in ("{{ 10 ** 100000000 }}", "{{ 10 ** n }}", "{{ 10 ** (10 ** 10) }}"):
        with pytest.raises(SecurityError, match="is too large for a template"):
            sandbox.from_string(text).render(n=10**8)
