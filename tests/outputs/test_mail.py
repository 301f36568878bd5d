"""report.eml: read back as a client reads it, the same bytes everywhere, and names that try to break out."""

from __future__ import annotations

import base64
import io
import json
import re
import sys
from dataclasses import replace
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
import tinycss2
from PIL import Image

from reportgen.errors import RenderError
from reportgen.outputs import mail
from reportgen.outputs.mail import MOST_BYTES, MOST_HTML, choose_images, escape_values, gather
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.assemble import assemble
from reportgen.report.model import FigureFile, Logo, Report, Skipped
from reportgen.report.sections import find_sections
from reportgen.text.i18n import language
from tests.outputs.hostile import NASTY, hostile_subject
from tests.outputs.test_comment import GATES, compared, gated, many_classes
from tests.support.browser import look, node_file
from tests.support.records import as_subject

PDF = b"%PDF-1.7\nnot really"


def report_of(subject: Subject | RunRecord, leave_out: str = "") -> Report:
    """A report with small stand-ins for the mail's figures; the one called `leave_out` is skipped."""
    whole = as_subject(subject)
    names = choose_images(whole)
    figures: dict[str, FigureFile | Skipped] = {name: stand_in(name) for name in names}
    if leave_out:
        figures[leave_out] = Skipped(leave_out, f"Title of {leave_out}", "There was nothing to draw.")
    return assemble(whole, figures, find_sections(), further=names)


@cache
def dot() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(buffer, "PNG")
    return buffer.getvalue()


def stand_in(name: str) -> FigureFile:
    data = dot() + name.encode()
    return FigureFile(
        name, "image/png", data, 340, 100, f"Title of {name}", f"Caption of {name}.", f"Alt of {name}: 7 %."
    )


def made(subject: Subject | RunRecord, pdf: bytes = PDF) -> bytes:
    (file,) = gather(report_of(subject), lambda _: None, {"report.pdf": pdf})
    assert file.path == "report.eml"
    return file.data


def opened(data: bytes) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(data)
    assert isinstance(message, EmailMessage)
    assert [part.defects for part in message.walk() if part.defects] == []
    return message


def html_of(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def words(html: str) -> str:
    """What a person reads of a page, the hidden preview included."""
    found: list[str] = []
    reader = HTMLParser()
    reader.handle_data = found.append  # type: ignore[method-assign]
    reader.feed(re.sub(r"(?s)<(style|title)>.*?</\1>", "", html))
    return re.sub(r"\s+", " ", " ".join(found)).strip()


def test_the_parts_are_nested_as_clients_expect(record: RunRecord) -> None:
    message = opened(made(compared(record, GATES)))
    kinds = [part.get_content_type() for part in message.walk()]
    images = ["image/png"] * 3
    related = ["multipart/related", "text/html", *images]
    assert kinds == ["multipart/mixed", "multipart/alternative", "text/plain", *related, "application/pdf"]
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("report.pdf", PDF)
    assert [value for part in message.walk() for value in part.get_all("MIME-Version", [])] == ["1.0"]


def test_every_content_id_is_used_once_and_nothing_else_is_referred_to(record: RunRecord) -> None:
    message = opened(made(record))
    html = html_of(message)
    given = [str(part["Content-ID"]).strip("<>") for part in message.walk() if part.get_content_maintype() == "image"]
    assert sorted(re.findall(r'src="cid:([^"]+)"', html)) == sorted(given)
    assert len(set(given)) == 3
    assert set(re.findall(r'(?:src|href|background|action)\s*=\s*"([a-z]+):', html)) == {"cid"}
    assert "url(" not in html
    assert "@import" not in html


def test_the_verdict_is_in_the_subject_and_in_the_first_words(record: RunRecord) -> None:
    report = report_of(gated(record))
    message = opened(gather(report, lambda _: None, {"report.pdf": PDF})[0].data)
    assert message["Subject"] == f"✗ 1 gate of 4 failed: {report.title}"
    verdict = re.sub(r"\s+", " ", report.verdict)
    assert words(html_of(message)).startswith(f"✗ 1 gate of 4 failed. {verdict}")
    first = re.sub(r"\s+", " ", text_of(message))
    assert first.startswith(f"✗ 1 gate of 4 failed {verdict}")
    plain = opened(made(record))
    assert str(plain["Subject"]).startswith("Top-1 accuracy 75.8\u00a0%: ")


def test_numbers_gates_findings_and_changes_agree_with_the_report(record: RunRecord) -> None:
    report = report_of(compared(record, ("accuracy.change > -0.005", "macs.change_ratio <= 1.1")))
    message = opened(gather(report, lambda _: None, {"report.pdf": PDF})[0].data)
    comparison = report.subject.judgement.compared
    assert comparison is not None
    change = comparison.value("accuracy.change")
    assert change is not None
    for text in (words(html_of(message)), re.sub(r"\s+", " ", text_of(message))):
        squeezed = text.replace("\u00a0", " ")
        for said in (
            f"{change.display} ({change.display_interval})",
            "What changed against the baseline",
            "Unchanged: Parameters, MACs",
            f"{comparison.mcnemar.lost} images went from right to wrong",
            "7.00 points from the bound",
            "accuracy.change > -0.005",
        ):
            assert re.sub(r"\s+", " ", said) in squeezed, said
        for value in report.metrics:
            if value.name in ("accuracy", "ece", "nll"):
                assert re.sub(r"\s+", " ", f"{value.display} ({value.display_interval})") in squeezed
    assert html_of(message).count('class="finding"') == 5


def test_an_interval_stays_in_one_piece_with_the_brackets_of_its_language(record: RunRecord) -> None:
    english = html_of(opened(made(compared(record, GATES))))
    cells = re.findall(r'<td class="cell number".*?</td>', english, re.DOTALL)
    assert len(cells) > 3
    assert sum(cell.count("(") for cell in cells) == sum(cell.count('nowrap">(') for cell in cells) > 3
    with language("zh"):
        chinese = html_of(opened(made(in_chinese(compared(record, GATES)))))
    cells = re.findall(r'<td class="cell number".*?</td>', chinese, re.DOTALL)
    assert "(" not in "".join(re.sub(r'style="[^"]*"', "", cell) for cell in cells)
    assert sum(cell.count('nowrap">（') for cell in cells) > 3


def test_no_interval_of_a_sentence_ends_a_line(record: RunRecord) -> None:
    message = opened(made(compared(record, GATES)))
    html, text = html_of(message), text_of(message)
    shown = re.sub(r'(?s)<style>.*?</style>|alt="[^"]*"|<div class="preview".*?</div>', "", html)
    ranges = list(re.finditer(r"\d–[−+]?\d", re.sub(r'style="[^"]*"', "", shown)))
    held = re.findall(r'<span class="whole" ?style="white-space: ?nowrap;?">[^<]*\d–[−+]?\d[^<]*</span>', shown)
    assert len(held) == len(ranges) > 5
    for of in (unescape(html), text):
        assert not re.search(r"\d to [−+]?\d|\bn = \d", of)
        assert re.search("\\d\u00a0to\u00a0[−+]?\\d", of)
    assert not re.search(r"[–(]\n", text)


def in_chinese(subject: Subject) -> Subject:
    shown = subject.presentation.report.model_copy(update={"language": "zh"})
    return replace(subject, presentation=subject.presentation.model_copy(update={"report": shown}))


@pytest.mark.parametrize(
    ("of", "first"),
    [
        ("training", ("mail_curves", "mail_reliability", "mail_confusions")),
        ("evaluation", ("mail_reliability", "mail_confusions", "mail_classes")),
        ("comparison", ("mail_change", "mail_flips", "mail_curves")),
    ],
)
def test_the_images_are_those_that_matter_for_this_report(record: RunRecord, of: str, first: tuple[str, ...]) -> None:
    evaluated = record.model_copy(update={"training": None})
    subject = {"training": as_subject(record), "evaluation": as_subject(evaluated), "comparison": compared(record, ())}[
        of
    ]
    html = html_of(opened(made(subject)))
    assert tuple(re.findall(r'alt="Alt of (\w+): 7(?:\s|&nbsp;)%\."', html)) == first


def test_one_that_can_not_be_drawn_makes_room_for_the_next(record: RunRecord) -> None:
    report = report_of(compared(record, ()), leave_out="mail_flips")
    html = html_of(opened(gather(report, lambda _: None, {"report.pdf": PDF})[0].data))
    shown = re.findall(r'alt="Alt of (\w+): 7(?:\s|&nbsp;)%\."', html)
    assert shown == ["mail_change", "mail_curves", "mail_reliability"]


def test_nothing_in_it_tells_of_the_machine(record: RunRecord) -> None:
    data = made(record)
    message = opened(data)
    assert re.fullmatch(r"<[0-9a-f]{32}@reportgen\.invalid>", str(message["Message-ID"]))
    assert message["Date"].datetime.isoformat() == "2026-01-02T03:04:05+00:00"
    assert message["From"] is message["To"] is None
    boundaries = [part.get_boundary() for part in message.walk() if part.is_multipart()]
    assert len(set(boundaries)) == 3
    assert made(gated(record)) != data
    assert str(opened(made(gated(record)))["Message-ID"]) != str(message["Message-ID"])


def test_lines_are_short_and_end_as_servers_want_them(record: RunRecord) -> None:
    for line in made(compared(record, GATES)).split(b"\r\n"):
        assert len(line) <= 998
        assert b"\n" not in line
        assert b"\r" not in line
        assert line.isascii()


def test_names_from_outside_break_nothing(tmp_path: Path) -> None:
    title = "Prüfbericht 模型\r\nBcc: everybody@example.org\n\n<b>"
    message = opened(made(hostile_subject(gates=GATES, title=title)))
    assert message["Bcc"] is None
    assert str(message["Subject"]).endswith("Prüfbericht 模型 Bcc: everybody@example.org <b>")
    assert {str(key).lower() for key in message} == {
        "subject",
        "date",
        "message-id",
        "auto-submitted",
        "x-unsent",
        "mime-version",
        "content-type",
        "content-language",
    }
    html = html_of(message)
    assert "<script" not in html
    assert "<b>&amp;" not in html
    assert NASTY[2] in text_of(opened(made(hostile_subject(title=NASTY[2]))))
    assert "\nBcc:" not in text_of(message)


class Seen(HTMLParser):
    """What a reader of HTML understands of it, and its tags as they are written."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.events: list[object] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.events.append((tag, attrs))
        self.tags.append(self.get_starttag_text() or "")

    def handle_data(self, data: str) -> None:
        self.events.append(data)

    def handle_comment(self, data: str) -> None:
        self.events.append(("comment", data))


def test_no_markup_stands_in_the_values_of_attributes() -> None:
    html = (
        '<!DOCTYPE html><html><head><style>p>a{color:"<"}</style></head><body><!--[if mso]><td width="<"><![endif]-->'
        '<p title="a <script> &amp; &quot;x&quot;" class="k">1 &lt; 2 "<b>" x</b></p>'
        '<img alt="<img src=x>" hidden=""><br>'
    )
    escaped = escape_values(html)
    seen, before = Seen(escaped), Seen(html)
    assert seen.events == before.events
    assert not any("<" in tag[1:] or ">" in tag[:-1] for tag in seen.tags)
    assert '<img alt="&lt;img src=x&gt;" hidden="">' in escaped
    assert 'color:"<"' in escaped
    whole = Seen(html_of(opened(made(hostile_subject(gates=GATES, title='"<b>&')))))
    assert not any("<" in tag[1:] or ">" in tag[:-1] for tag in whole.tags)


@pytest.mark.slow
def test_a_hundred_long_names_and_gates_keep_to_their_size(record: RunRecord) -> None:
    wide = many_classes(record)
    gates = tuple(f"class.{number}.recall >= 0" for number in range(100))
    data = made(gated(wide, gates))
    part = opened(data).get_body(("html",))
    assert part is not None
    assert len(part.as_bytes()) <= MOST_HTML
    assert len(data) <= MOST_BYTES
    assert "more in the report" in str(part.get_content())


def test_a_pdf_that_is_too_large_is_left_out_and_that_is_said(record: RunRecord) -> None:
    heard: list[str] = []
    (file,) = gather(report_of(record), heard.append, {"report.pdf": b"\0" * 8_000_000})
    assert len(file.data) < 200_000
    message = opened(file.data)
    assert list(message.iter_attachments()) == []
    (told,) = heard
    assert told.startswith("The PDF of 7.63\u00a0MiB is not attached")
    assert told.replace("\u00a0", " ") in words(html_of(message)).replace("\u00a0", " ")


def test_a_pdf_that_failed_is_missed_and_one_that_was_not_asked_for_is_made(
    record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = opened(made(record, pdf=b""))
    assert list(message.iter_attachments()) == []
    assert "The PDF of the report could not be made and is not attached." in words(html_of(message))

    def asked(report: Report, warn: object) -> object:
        raise RenderError("asked for")

    monkeypatch.setattr("reportgen.outputs.pdf.render", asked)
    with pytest.raises(RenderError, match="asked for"):
        mail.render(report_of(record), lambda _: None)


def test_a_template_that_is_too_large_is_refused(record: RunRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reportgen.outputs.mail.MOST_HTML", 1000)
    with pytest.raises(RenderError, match="HTML part"):
        made(record)


def test_dark_mode_is_declared_and_every_colour_has_a_dark_one(record: RunRecord) -> None:
    html = html_of(opened(made(compared(record, GATES))))
    assert '<meta name="color-scheme" content="light dark">' in html
    dark = re.search(r"@media \(prefers-color-scheme: ?dark\) ?\{(.*)\}", html, re.DOTALL)
    assert dark is not None
    for name in ("body", ".ground", "td", "th", "p", "h1", "h2", ".muted", ".fail", ".pass", ".undecided", ".cell"):
        assert re.search(rf"(^|[\s,}}]){re.escape(name)}\b", dark[1]), name
    assert dark[1].count("!important") == dark[1].count(":") - 0


LUMINANCE = (0.2126, 0.7152, 0.0722)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast of two colours."""

    def light(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip(LUMINANCE, linear, strict=True))

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def inverted(colour: str) -> str:
    """What a client makes of a colour that inverts lightness and keeps the hue, as some do."""
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    shift = 255 - max(parts) - min(parts)
    return "#" + "".join(f"{min(255, max(0, part + shift)):02x}" for part in parts)


def test_text_can_be_read_in_the_light_in_the_dark_and_inverted(record: RunRecord) -> None:
    html = html_of(opened(made(compared(record, GATES))))
    dark = "".join(re.findall(r"@media.*?</style>", html, re.DOTALL))
    lights = set(re.findall(r"(?<![-\w])color: ?(#[0-9a-f]{6})", html.replace(dark, "")))
    darks = set(re.findall(r"(?<![-\w])color: ?(#[0-9a-f]{6})", dark))
    assert len(lights) == len(darks) == 4
    assert min(contrast(colour, "#ffffff") for colour in lights) >= 4.5
    assert min(contrast(colour, "#14171a") for colour in darks) >= 4.5
    assert min(contrast(inverted(colour), "#000000") for colour in lights) >= 4.5


def features_used(html: str) -> tuple[set[str], set[str]]:
    """CSS properties, inline and in @media, and elements."""
    properties: set[str] = set()
    elements: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            elements.add(tag)
            properties.update(declared(dict(attrs).get("style") or ""))

    Reader().feed(html)
    sheet = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert sheet is not None
    for rule in tinycss2.parse_stylesheet(sheet[1], skip_whitespace=True):
        for inner in tinycss2.parse_stylesheet(tinycss2.serialize(rule.content), skip_whitespace=True):
            properties |= declared(tinycss2.serialize(inner.content))
    return properties, elements


def declared(style: str) -> set[str]:
    found = tinycss2.parse_blocks_contents(style, skip_whitespace=True)
    return {item.lower_name for item in found if item.type == "declaration"}


OF_PAGES = ("landmark-one-main", "region")
"""Rules of axe-core that a mail can't follow: the landmarks around it are those of the client that shows it."""
CLIENTS = ("apple-mail", "gmail", "outlook", "yahoo", "thunderbird", "samsung-email", "protonmail", "gmx")
UNTESTED = {"color", "mso-hide", "b", "br", "h1", "h2", "head", "html", "meta", "tbody", "td", "th", "title", "tr"}
"""What caniemail has no page about: every client knows it, and mso-hide is Outlook's own."""
WITHOUT = {
    "css-max-height": "display: none hides the preview; the rest is for clients that drop that",
    "css-overflow": "as max-height",
    "css-table-layout": "columns are as wide as their words",
    "css-height": "without it the image keeps its proportions, because no height is given",
    "css-word-break": "only a very long name is affected, which makes its table wider",
    "css-white-space": "an interval may break after its dash",
    "html-style": "light colours are written into the elements; the dark is left to the client",
    "html-body": "the outer table has the same colours",
    "css-important": "only the dark colours need it",
    "html-meta-color-scheme": "as html-style",
    "css-at-media-prefers-color-scheme": "as html-style; what such clients invert stays legible, see above",
}
"""What a client that lacks it does."""


@pytest.mark.browser
def test_every_client_knows_what_is_used_or_can_do_without(record: RunRecord) -> None:
    """Against the data of caniemail.com, as its package on npm has it."""
    data = json.loads(node_file("caniemail/data/caniemail.json").read_text(encoding="utf-8"))
    pages = {page["slug"]: page for page in data["data"]}
    properties, elements = features_used(html_of(opened(made(compared(record, GATES)))))
    used = {("css", name) for name in properties} | {("html", name) for name in elements}
    slugs = {"css-at-media-prefers-color-scheme", "html-meta-color-scheme", "css-important", "image-png"} & set(pages)
    for kind, name in used:
        slug = next((slug for slug in (f"{kind}-{name}", f"{kind}-{name.split('-')[0]}") if slug in pages), None)
        assert slug is not None or name in UNTESTED, name
        slugs |= {slug} if slug else set()
    lacking = {
        slug
        for slug in slugs
        for client in CLIENTS
        for versions in pages[slug]["stats"].get(client, {}).values()
        if list(versions.values())[-1].startswith("n")
    }
    assert lacking <= set(WITHOUT), lacking - set(WITHOUT)
    assert len(slugs) > 20


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_phone_and_is_no_obstacle_to_a_screen_reader(record: RunRecord, tmp_path: Path, dark: bool) -> None:
    html = html_of(opened(made(compared(record, GATES)))).replace('src="cid:', 'src="missing/')
    seen = look(html, tmp_path, 320, dark=dark, axe=True)
    assert seen["width"] <= 320
    assert [rule for rule in seen["violations"] if rule.partition(":")[0] not in OF_PAGES] == []


@pytest.mark.browser
def test_a_long_name_does_not_make_it_wider_than_a_phone(tmp_path: Path) -> None:
    html = html_of(opened(made(hostile_subject(gates=("class.cat.recall >= 0.5", "accuracy >= 0.7")))))
    assert look(html.replace('src="cid:', 'src="missing/'), tmp_path, 320)["width"] <= 320


def test_words_and_lines_have_the_colours_of_ones_own_style_sheet(record: RunRecord) -> None:
    report = replace(report_of(compared(record, GATES)), css=":root { --wrong: #8a1c5b; --paper: #fff4e0; }")
    (file,) = gather(report, lambda _: None, {"report.pdf": PDF})
    light, _media, dark = html_of(opened(file.data)).partition("@media")
    dark, _end, below = dark.partition("</style>")
    assert ("#8a1c5b" in light + below, "#b34a00" in light + below) == (True, False)
    assert ("#8a1c5b" in dark, "#fff4e0" in light + below + dark) == (False, False)


def own_look(report: Report, logo: Logo | None = None, css: str = "", templates: Path | None = None) -> EmailMessage:
    (file,) = gather(replace(report, logo=logo, css=css, templates=templates), lambda _: None, {"report.pdf": PDF})
    return opened(file.data)


def test_the_accent_is_a_line_above_the_title_in_the_light_and_the_dark(record: RunRecord) -> None:
    report = report_of(record)
    for css, light, dark in (
        ("", "#0b6b66", "#58bdb5"),
        (":root { --accent: #8a1c5b }", "#8a1c5b", "#8a1c5b"),
        (
            ":root { --accent: #8a1c5b } @media (prefers-color-scheme: dark) { :root { --accent: #e58cc0 } }",
            "#8a1c5b",
            "#e58cc0",
        ),
    ):
        html = html_of(own_look(report, css=css))
        assert re.search(rf'<td class="accent" style="[^"]*border-top: ?3px solid {light}', html), css
        assert re.search(rf"\.accent ?{{ ?border-top-color: ?{dark} ?!important", html), css


def test_words_in_the_dark_have_the_colours_that_a_sheet_gives_for_the_dark(record: RunRecord) -> None:
    css = ":root { --right: #23558f } @media (prefers-color-scheme: dark) { :root { --right: #8fc0f5; --paper: #000 } }"
    html = html_of(own_look(report_of(compared(record, GATES)), css=css))
    light, _media, rest = html.partition("@media")
    dark, _end, below = rest.partition("</style>")
    assert ("#8fc0f5" in dark, "#6db6ee" in dark, "#23558f" in dark, "#14171a" in dark) == (True, False, False, True)
    assert ("#23558f" in light + below, "#8fc0f5" in light + below) == (True, False)


@pytest.mark.parametrize("kind", ["PNG", "SVG"])
def test_a_logo_is_one_more_image_as_png_on_white(record: RunRecord, kind: str) -> None:
    if kind == "SVG":
        pytest.importorskip("resvg_py")
        data = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 220 48"><circle cx="24" cy="24" r="20"/></svg>'
    else:
        buffer = io.BytesIO()
        Image.new("RGBA", (1100, 240), (0, 0, 0, 0)).save(buffer, "PNG")
        data = buffer.getvalue()
    media_type = "image/svg+xml" if kind == "SVG" else "image/png"
    logo = Logo(f"data:{media_type};base64,{base64.b64encode(data).decode()}", "Example & Sons")
    message = own_look(report_of(record), logo)
    html = html_of(message)
    parts = [part for part in message.walk() if part.get_content_maintype() == "image"]
    assert len(parts) == 4
    assert {part.get_content_type() for part in parts} == {"image/png"}
    first = parts[0]
    assert first.get_filename() == "logo.png"
    shown = re.search(r'<img class="logo"[^>]*>', html)
    assert shown is not None
    for said in (f'src="cid:{str(first["Content-ID"]).strip("<>")}"', 'width="220"', 'alt="Example &amp; Sons"'):
        assert said in shown[0]
    assert html.index('alt="Example') < html.index("<h1")
    image = Image.open(io.BytesIO(first.get_payload(decode=True)))  # type: ignore[arg-type]
    assert (image.size, image.mode, image.getpixel((439, 0))) == ((440, 96), "RGB", (255, 255, 255))
    assert len(html.encode()) < MOST_HTML


def test_an_svg_logo_that_nothing_can_draw_is_left_out_and_that_is_said(
    record: RunRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    heard: list[str] = []
    report = replace(report_of(record), logo=Logo("data:image/svg+xml;base64,PHN2Zy8+", "Example Ltd"))
    (file,) = gather(report, heard.append, {"report.pdf": PDF})
    message = opened(file.data)
    assert "Example Ltd" in html_of(message)
    assert len([part for part in message.walk() if part.get_content_maintype() == "image"]) == 3
    assert "save it as PNG" in heard[0]


def test_a_footer_of_ones_own(record: RunRecord, tmp_path: Path) -> None:
    own = """{% extends "default/mail.html.j2" %}
{% block footer %}{{ super() }}<p class="small">Internal.</p>{% endblock %}"""
    (tmp_path / "mail.html.j2").write_text(own, encoding="utf-8")
    html = html_of(own_look(report_of(record), templates=tmp_path))
    assert re.search(r'<p class="small" style="[^"]+">Internal\.</p>', html)
    assert "is attached as report.pdf" in words(html)
