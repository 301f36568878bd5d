"""card/: a folder that can be pushed to the Hugging Face Hub as it is, README.md with its images and .eval_results."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reportgen.outputs._card.hub import find_dataset, is_on_hub, list_results, write_eval_results, write_front_matter
from reportgen.outputs._card.use import describe_use
from reportgen.outputs.mail import choose_images as choose_for_mail
from reportgen.outputs.markdown import Raw, code, fenced, plain
from reportgen.outputs.page import PageView
from reportgen.outputs.template_folder import template_root
from reportgen.outputs.templating import render_markdown
from reportgen.plugins import Output, OutputFile
from reportgen.record.definitions import shown_in
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Report, SectionView
from reportgen.report.sections.card import NAME as CARD
from reportgen.report.sections.card import list_parts, measure_completeness
from reportgen.report.sections.reproduce.spec_text import format_spec
from reportgen.report.sections.reproduce.view import list_digests, list_weights
from reportgen.report.sections.summary import choose_highlights
from reportgen.spec.types import ReviewSpec
from reportgen.system.version import __version__
from reportgen.text import numerals
from reportgen.text.dates import format_day
from reportgen.text.i18n import _, join_parts, join_terms, language, with_label, with_note

FOLDER = "card"
IMAGES = 4
BESIDE = 2
"""Images in a row: a figure of a mail is half as wide as a card, and its text as large as that beside it."""
LIMITS = 8
"""Findings that speak against the model."""
DIGESTS = 30
HEXADECIMAL = re.compile(r"[0-9a-f]{64}")
AGAINST = ("caution", "bad")


@dataclass(frozen=True)
class NumberRow:
    """One line of the table of numbers."""

    label: str
    value: str
    interval: str
    n: str


@dataclass(frozen=True)
class CardImage:
    """One image of the card."""

    path: Raw
    """From README.md."""
    title: str
    alt: str
    caption: str


def check() -> None:
    """Raise RenderError when the templates are missing."""
    template_root()


def choose_images(subject: Subject) -> tuple[str, ...]:
    """The figures of a mail, which stand alone as an image with an alternative text; the card has room for four."""
    return choose_for_mail(subject)


def render(report: Report, warn: Callable[[str], None]) -> tuple[OutputFile, ...]:
    """The files of the card. Raises RenderError for a template that fails."""
    with language(report.language):
        drawn = {figure.name: figure for figure in report.figures}
        chosen = [drawn[name] for name in choose_images(report.subject) if name in drawn][:IMAGES]
        files = {name_image(figure): figure.data for figure in chosen}
        files["README.md"] = write_readme(report, chosen).encode()
        results = write_eval_results(report)
        if results is not None:
            files[results[0]] = results[1].encode()
            if not is_on_hub(report):
                warn(
                    _(
                        "There is no data set “{name}” on the Hub: card.dataset in the spec names the one of "
                        ".eval_results.",
                        name=find_dataset(report),
                    )
                )
    return tuple(OutputFile(f"{FOLDER}/{name}", data) for name, data in sorted(files.items()))


def name_image(figure: FigureFile) -> str:
    """The file of an image beside README.md."""
    ending = "svg" if figure.kind == "vector" else "png"
    return f"images/{figure.name.removeprefix('mail_')}.{ending}"


def write_readme(report: Report, images: list[FigureFile]) -> str:
    """README.md with its front matter."""
    return render_markdown("card.md.j2", view(report, images), report.templates, report.language).strip() + "\n"


def view(report: Report, images: list[FigureFile]) -> dict[str, object]:
    """Everything that the template prints."""
    card, record = report.subject.presentation.card, report.record
    parts = list_parts(record, card)
    digests = list_digests(record)
    return {
        "front_matter": Raw(write_front_matter(report)),
        "report": PageView.of(report),
        "colon": Raw(with_label("", "")),
        "review": describe_review(card.review),
        "gates": report.gates,
        "rows": tuple(list_rows(report)),
        "findings": tuple(list_findings(report)),
        "images": pair_up(images),
        "limits": tuple(list_limits(report)),
        "use": describe_use(record.data),
        "unsaid": not (card.out_of_scope or "").strip() and not (card.limitations or "").strip(),
        "parts": parts,
        "completeness": measure_completeness(parts).display,
        "command": record.provenance.command,
        "commit": record.provenance.commit or "",
        "versions": join_terms([f"{name} {version}" for name, version in record.provenance.versions.items()]),
        "device": record.device.name,
        "weights": tuple(describe_weights(record)),
        "spec": fenced(format_spec(report.subject.spec, record), "yaml"),
        "digests": digests[:DIGESTS],
        "more_digests": max(0, len(digests) - DIGESTS),
        "version": __version__,
    }


def describe_review(review: ReviewSpec | None) -> Raw:
    """What came of the review, in bold, by whom and when; empty where nobody has reviewed the card."""
    if review is None:
        return Raw("")
    by = join_parts([review.by, format_day(review.date)])
    return Raw(with_note(f"**{plain(review.decision)}**", plain(by)))


def describe_weights(record: RunRecord) -> Iterator[Raw]:
    """The digest of the weights that the numbers are about, and of those of other seeds; or why there is none."""
    for fact in list_weights(record):
        value = code(fact.value) if HEXADECIMAL.fullmatch(fact.value) else plain(fact.value)
        yield Raw(with_label(plain(fact.label), with_note(value, plain(fact.note))))


def pair_up(images: list[FigureFile]) -> tuple[tuple[CardImage, ...], ...]:
    """The images in rows."""
    cells = [CardImage(Raw(name_image(one)), one.title, one.alt, one.caption) for one in images]
    return tuple(tuple(cells[at : at + BESIDE]) for at in range(0, len(cells), BESIDE))


def list_rows(report: Report) -> list[NumberRow]:
    """The numbers of the card and what the model costs, each with its interval and n."""
    known = {value.name: value for value in report.metrics if value.value is not None}
    of_card = [value.name for value in list_results(report)]
    others = [definition.name for definition in shown_in("comment") if definition.name not in of_card]
    return [number_row(known[name]) for name in (*of_card, *others) if name in known]


def number_row(value: MetricValue) -> NumberRow:
    """One number; a dash for an interval or an n that it has not."""
    n = numerals.count(value.n) if value.n is not None else numerals.DASH
    return NumberRow(
        label=value.label,
        value=value.display,
        interval=value.display_interval or numerals.DASH,
        n=f"{n}\u00a0{value.counted}" if value.counted and value.n is not None else n,
    )


def list_findings(report: Report) -> list[str]:
    """The first findings that do not speak against using the model."""
    return [one.text for one in choose_highlights(report.sections, AGAINST)]


def list_limits(report: Report) -> list[str]:
    """What speaks against using the model: what a person wrote, then cautions and problems as page 1 orders them."""
    card = report.subject.presentation.card
    views = [view for view in report.sections if isinstance(view, SectionView) and view.name != CARD]
    bad = [one for view in views for one in view.findings if one.tone in AGAINST and not one.in_banner]
    found = [one.text for one in sorted(bad, key=lambda finding: finding.rank)]
    said = [text for text in (card.out_of_scope, card.limitations) if text and text.strip()]
    return [*said, *list(dict.fromkeys(found))[:LIMITS]]


OUTPUT = Output(
    "model_card",
    "a folder for the Hugging Face Hub: README.md, images, results",
    (f"{FOLDER}/",),
    check,
    render,
    figures=choose_images,
)
