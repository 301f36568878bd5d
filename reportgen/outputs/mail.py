"""report.eml: the summary of a report as a mail that stands alone, with the PDF attached."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from email import policy
from email.parser import BytesParser

import css_inline

from reportgen.errors import RenderError
from reportgen.outputs import pdf
from reportgen.outputs._mail.message import PDF, Mail, compose
from reportgen.outputs._mail.view import GATES, IMAGES, MailImage, MailView, make_view, name_image, name_logo
from reportgen.outputs.logos import logo_pixels
from reportgen.outputs.stylesheets import COLOURS, DARK_COLOURS, changed_colours
from reportgen.outputs.template_folder import template_root
from reportgen.outputs.templating import own_sheets, render_template, render_text
from reportgen.plugins import Output, OutputFile
from reportgen.record.subject import Subject
from reportgen.report.model import Logo, Report
from reportgen.text import numerals
from reportgen.text.i18n import _, language
from reportgen.text.wrapping import wrap_columns

FILE = "report.eml"
MOST_BYTES = 10_000_000
"""Of the whole message, encoded: many servers take no more."""
MOST_HTML = 80_000
"""Bytes of the HTML part, encoded: Gmail cuts at about 102,000."""
FEWER = (GATES, 5, 2)
"""Gates, banners and differences listed, fewer and fewer where the HTML part would be too large."""
RAW = ("<!--", "<style", "<script")
"""What begins a stretch of HTML in which quotation marks have no meaning."""
MARKUP = re.compile(r"""<!--.*?-->|<style\b.*?</style|<script\b.*?</script|<[a-zA-Z](?:[^">]|"[^"]*")*>""", re.DOTALL)
QUOTED = re.compile(r'"[^"]*"')
DARK = "@media (prefers-color-scheme: dark)"
LOGO_HEIGHT, LOGO_WIDTH = 48, 240
"""Pixels that a logo is shown high and wide at most."""
WIDTH = 76
"""Columns of the plain text."""


def check() -> None:
    """Raise EnvironmentTrouble or RenderError when the PDF can't be made here or the templates are missing."""
    template_root()
    pdf.check()


def choose_images(subject: Subject) -> tuple[str, ...]:
    """The figures that matter most for this report, the first ones most.

    After a training its curves; of every model where its confidence can be believed and which classes it takes for
    which; against a baseline, before all that, the change on its margin and the images that flipped. The first three
    that can be drawn are shown.
    """
    of_training = ("mail_curves",) if subject.record.training is not None else ()
    of_comparison = ("mail_change", "mail_flips") if subject.judgement.compared is not None else ()
    return (*of_comparison, *of_training, "mail_reliability", "mail_confusions", "mail_classes")


def render(report: Report, warn: Callable[[str], None]) -> tuple[OutputFile, ...]:
    """The mail of a report whose PDF is not made otherwise."""
    return gather(report, warn, {})


def gather(report: Report, warn: Callable[[str], None], made: Mapping[str, bytes]) -> tuple[OutputFile, ...]:
    """The mail, with the report.pdf of `made` attached, or with one that is made for it.

    Raises RenderError for a template that fails, and for a mail that is too large without the PDF too.
    """
    document = made[PDF] if PDF in made else pdf.render(report, warn)[0].data
    with language(report.language):
        images = list_images(report)
        logo = draw_logo(report.logo, warn) if report.logo is not None else None
        mail = fit(report, images, logo, document, describe_enclosed(document, bool(report.abridged)))
        if len(compose(mail)) > MOST_BYTES and document:
            left_out = _(
                "The PDF of {size} is not attached: with it the mail would be larger than {most}.",
                size=numerals.bytes_text(len(document)),
                most=numerals.bytes_text(MOST_BYTES),
            )
            warn(left_out)
            mail = fit(report, images, logo, b"", left_out)
    message = compose(mail)
    if len(message) > MOST_BYTES:
        raise RenderError(
            f"{FILE} would have {len(message):,} bytes, and {MOST_BYTES:,} are allowed", "Leave out mail."
        )
    return (OutputFile(FILE, message),)


def describe_enclosed(document: bytes, brief: bool = False) -> str:
    """The sentence about the PDF."""
    if document and brief:
        return _("A brief report is attached as {file} ({size}).", file=PDF, size=numerals.bytes_text(len(document)))
    if document:
        return _("The whole report is attached as {file} ({size}).", file=PDF, size=numerals.bytes_text(len(document)))
    return _("The PDF of the report could not be made and is not attached.")


def list_images(report: Report) -> tuple[MailImage, ...]:
    """The first three of the chosen figures that were drawn."""
    drawn = {figure.name: figure for figure in report.figures}
    chosen = [drawn[name] for name in choose_images(report.subject) if name in drawn][:IMAGES]
    return tuple(name_image(figure, place) for place, figure in enumerate(chosen, 1))


def draw_logo(logo: Logo, warn: Callable[[str], None]) -> MailImage | None:
    """One's own logo as PNG, which every client shows, on white as in the dark too; None, which is said, where it is an
    SVG and nothing here can draw one."""
    try:
        png, width = logo_pixels(logo, LOGO_HEIGHT, LOGO_WIDTH)
    except Exception:  # no resvg, or one that raises whatever a drawing that it does not know makes it raise
        warn(
            _(
                "The logo is not in the mail, where no client shows an SVG: save it as PNG, or install {package}.",
                package="reportgen-torch[figures]",
            )
        )
        return None
    return name_logo(png, width, logo.alt)


def fit(report: Report, images: tuple[MailImage, ...], logo: MailImage | None, document: bytes, enclosed: str) -> Mail:
    """The mail with as much in its HTML part as that has room for. Raises RenderError where the least is too much."""
    for most in FEWER:
        view = make_view(report, images, enclosed, most, logo)
        text, html = write_plain(report, view), write_html(report, view)
        shown = (*((logo,) if logo is not None else ()), *images)
        mail = Mail(view.subject, report.created, report.language, text, html, shown, document)
        if html_bytes(mail) <= MOST_HTML:
            return mail
    raise RenderError(f"the HTML part of {FILE} is larger than {MOST_HTML:,} bytes", "Shorten its template.")


def html_bytes(mail: Mail) -> int:
    """Encoded bytes of the HTML part."""
    alone = Mail(mail.subject, mail.created, mail.language, mail.text, mail.html, (), b"")
    part = BytesParser(policy=policy.SMTP).parsebytes(compose(alone)).get_body(("html",))
    return len(part.as_bytes()) if part is not None else 0


def write_html(report: Report, view: MailView) -> str:
    """The HTML part, with every rule outside of @media written into the elements."""
    text = render_template("mail.html.j2", {"mail": view}, "screen", report.templates, report.language)
    sheet = own_sheets(report.templates) + report.css
    text = paint(text, changed_colours(sheet), changed_colours(sheet, dark=True))
    inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False, minify_css=True)
    return escape_values(inliner.inline(text))


def escape_values(html: str) -> str:
    """HTML as css-inline writes it, with < and > in the values of attributes escaped as they are in text.

    It leaves them as they are, which HTML allows inside of quotation marks and not every filter of mails understands.
    """

    def escape_tag(found: re.Match[str]) -> str:
        if found[0].startswith(RAW):
            return found[0]
        return QUOTED.sub(lambda value: value[0].replace("<", "&lt;").replace(">", "&gt;"), found[0])

    return MARKUP.sub(escape_tag, html)


def paint(text: str, colours: Mapping[str, str], dark: Mapping[str, str]) -> str:
    """The HTML part with one's own colours for text and lines; the ground stays as it is, as that of its images is.

    What stands behind the @media of the dark takes those `dark` colours alone that a sheet gives for the dark: one
    chosen for paper may be illegible there. The accent is a line, and has no letters.
    """
    before, media, rest = text.partition(DARK)
    sheet, end, below = rest.partition("</style")
    for name, colour in colours.items():
        if name != "paper":
            before, below = before.replace(COLOURS[name], colour), below.replace(COLOURS[name], colour)
    for name, colour in (dark if "accent" in dark else {**dark, **only_accent(colours)}).items():
        if name != "paper":
            sheet = sheet.replace(DARK_COLOURS[name], colour)
    return before + media + sheet + end + below


def only_accent(colours: Mapping[str, str]) -> dict[str, str]:
    """The accent of some colours."""
    return {name: colour for name, colour in colours.items() if name == "accent"}


def write_plain(report: Report, view: MailView) -> str:
    """The plain text, its lines broken between words."""
    text = render_text("mail.txt.j2", {"mail": view}, report.templates, report.language)
    return "\n".join(line for whole in text.strip().splitlines() for line in wrap_columns(whole, WIDTH)) + "\n"


OUTPUT = Output(
    "mail",
    "a mail with the summary and the PDF, for reportgen send",
    (FILE,),
    check,
    render,
    gather=gather,
    figures=choose_images,
)
