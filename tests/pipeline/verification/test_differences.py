"""One file compared with the same file drawn again: what differs is found, named and placed."""

from __future__ import annotations

import json
from email.message import EmailMessage
from io import BytesIO

import pikepdf
import pytest

from reportgen.pipeline.verification.comparing import Terms, compare_file
from reportgen.pipeline.verification.differences import Compared
from reportgen.text import numerals

TERMS = Terms("1.0")
PAGE = """<!DOCTYPE html><html><head><meta name="generator" content="reportgen 1.0"><title>A model</title>
<style>.bar {{width: 91%}}</style></head><body>
<section id="section-evaluation"><h2>Evaluation</h2><p>Top-1 accuracy <b>{accuracy} %</b> (91.18–92.25, n = 10,000)</p>
<figure><svg aria-label="a curve that ends at {end}"><text>{tick}</text><path d="M0 {y}"/></svg></figure></section>
<section id="section-data"><h2>Data</h2><img alt="30 images" src="data:image/png;base64,{image}"><p>{words}</p>
</section></body></html>"""
TRUE = {"accuracy": "91.73", "end": "0.92", "tick": "0.5", "y": "4.2", "image": "AAAA", "words": "CIFAR-10"}


def page(**changed: str) -> bytes:
    return PAGE.format(**{**TRUE, **changed}).encode()


def compared(**changed: str) -> Compared:
    return compare_file("report.html", page(**changed), page(), TERMS)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"accuracy": "91.83"}, "report.html, section Evaluation: printed 91.83 %, the record gives 91.73 %"),
        ({"end": "0.82"}, "section Evaluation, figure, alternative text: printed 0.82, the record gives 0.92"),
        ({"tick": "0.6"}, "section Evaluation, figure: printed 0.6, the record gives 0.5"),
        ({"y": "4.3"}, "section Evaluation, figure: is drawn otherwise"),
        ({"image": "AAAB"}, "section Data, figure: is drawn otherwise"),
        ({"words": "CIFAR-100"}, "section Data: printed 100, the record gives 10"),
        ({"words": "SVHN"}, "section Data: printed “SVHN”, the record gives “CIFAR-10”"),
        ({"words": ""}, "the record gives “CIFAR-10”, which is missing"),
        ({"words": "CIFAR-10</p><p>and 5"}, "section Data: printed “and 5”, the record gives nothing there"),
    ],
)
def test_what_differs_in_a_page_is_named_with_its_place(changed: dict[str, str], said: str) -> None:
    found = compared(**changed).alterations[0]
    assert said.replace("Data, figure", "Data, image") in str(found)


def test_an_equal_page_has_its_numbers_counted() -> None:
    result = compared()
    assert (result.alterations, result.notes) == ((), ())
    assert result.numbers == 10


OWN = Terms("1.0", other_look="drawn with templates of its own, which are not used here")


def held_in_own_look(**changed: str) -> Compared:
    ours = page(**changed).replace(b"</section></body>", b"<p>Call 555 before 91.73 o'clock</p></section></body>")
    return compare_file("report.html", ours, page(), OWN)


def test_numbers_of_a_report_in_its_own_look_are_compared_and_what_it_adds_is_named() -> None:
    result = held_in_own_look()
    assert result.alterations == ()
    (note,) = result.notes
    assert note.endswith(
        "nor 2 numbers among other words, of which the record gives these nowhere: "
        "555 in section Data, “Call 555 before 91.73 o'clock”."
    )


@pytest.mark.parametrize(
    "changed",
    [{"accuracy": "91.83"}, {"accuracy": "91.18"}, {"end": "0.5"}, {"tick": "0.92"}, {"words": "CIFAR-91.73"}],
)
def test_a_number_of_its_own_look_is_told_although_the_record_gives_it_elsewhere(changed: dict[str, str]) -> None:
    (found,) = held_in_own_look(**changed).alterations
    assert found.printed
    assert found.given


def test_a_look_that_leaves_out_a_column_alters_nothing_and_two_numbers_that_change_places_do() -> None:
    rows = [("cat", "0.10", "0.20", "0.30"), ("dog", "0.40", "0.50", "0.60"), ("cow", "0.70", "0.80", "0.90")]

    def table(rows: list[tuple[str, ...]]) -> bytes:
        cells = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
        return f"<table>{cells}</table>".encode()

    given = table(rows)
    for left in (1, 2, 3):
        fewer = table([(*row[:left], *row[left + 1 :]) for row in rows])
        assert compare_file("report.html", fewer, given, OWN).alterations == ()
    assert compare_file("report.html", table(rows[1:]), given, OWN).alterations == ()
    swapped = [rows[0], ("dog", "0.80", "0.50", "0.60"), rows[2]]
    (found,) = compare_file("report.html", table(swapped), given, OWN).alterations
    assert (found.printed, found.given) == ("0.80", "0.40")


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_bare_number_beside_words_of_its_own_is_told_although_the_record_gives_it_elsewhere(side: str) -> None:
    def cells(*texts: str) -> bytes:
        return "".join(f"<p>{text}</p>" for text in texts).encode()

    given = cells("cat", "0.10", "0.20", "dog", "0.30", "0.40", "cow", "0.50", "0.60")

    def own(first: str, second: str) -> bytes:
        added = ["ours!", first, second] if side == "before" else [first, second, "ours!"]
        return cells("cat", "0.10", "0.20", *added, "cow", "0.50", "0.60")

    assert compare_file("report.html", own("0.30", "0.40"), given, OWN).alterations == ()
    first, second = ("0.60", "0.40") if side == "before" else ("0.30", "0.10")
    (found,) = compare_file("report.html", own(first, second), given, OWN).alterations
    assert found.printed in ("0.60", "0.10")


def test_bytes_that_print_nothing_count_too() -> None:
    (found,) = compare_file("metrics.json", b'{"a": 1}\n', b'{"a":  1}\n', TERMS).alterations
    assert "bytes" in str(found)


def test_a_machine_that_draws_everything_otherwise_says_nothing_of_shapes() -> None:
    body = "".join(f"<section id=s{n}><svg><path d='{{y}}{n}'/><text>{n}.5</text></svg></section>" for n in range(5))
    result = compare_file("a.html", body.format(y="M1").encode(), body.format(y="M2").encode(), TERMS)
    assert result.alterations == ()
    assert "5 of" in result.notes[0]
    changed = body.format(y="M1").replace("3.5", "8.5").encode()
    (found,) = compare_file("a.html", changed, body.format(y="M2").encode(), TERMS).alterations
    assert "section s3, figure: printed 8.5, the record gives 3.5" in str(found)


def test_of_another_version_numbers_are_compared_and_words_are_not() -> None:
    other = Terms("2.0", "1.0")
    result = compare_file("report.html", page(words="CIFAR-10 of Toronto"), page(), other)
    assert result.alterations == ()
    assert "drawn by version 1.0, this is 2.0" in result.notes[0]
    (found,) = compare_file(
        "report.html", page(accuracy="91.83", words="CIFAR-10 of Toronto"), page(), other
    ).alterations
    assert "section Evaluation: printed 91.83 %, the record gives 91.73 %" in str(found)


def test_a_page_that_claims_another_version_than_the_rest_is_told() -> None:
    changed = page().replace(b"reportgen 1.0", b"reportgen 1.1")
    told = [str(one) for one in compare_file("report.html", changed, page(), TERMS).alterations]
    assert told[0] == "report.html: says that version 1.1 drew it, others say 1.0"


def test_of_own_templates_words_are_not_compared() -> None:
    result = compare_file(
        "report.html", page(words="in our house"), page(), Terms("1.0", other_look="drawn with templates")
    )
    assert result.alterations == ()
    assert "drawn with templates" in result.notes[0]


def test_json_is_compared_by_path() -> None:
    true = {"metrics": [{"name": "accuracy", "value": 0.9173}, {"name": "ece", "value": 0.04}]}
    false = {"metrics": [{"name": "accuracy", "value": 0.9183}, {"name": "ece", "value": 0.04}]}
    (found,) = compare_file("metrics.json", json.dumps(false).encode(), json.dumps(true).encode(), TERMS).alterations
    assert str(found) == "metrics.json, metrics[accuracy].value: printed 0.9183, the record gives 0.9173"


@pytest.mark.parametrize("name", ["comment.md", "junit.xml", "metrics.txt", "README.md", ".eval_results/a.yaml"])
def test_text_is_compared_by_line(name: str) -> None:
    (found,) = compare_file(name, b"# A\n\nloss: 0.34\n", b"# A\n\nloss: 0.35\n", TERMS).alterations
    assert (found.place, found.printed, found.given) == ("line 3", "0.34", "0.35")


@pytest.mark.parametrize("part", ["plain", "html", "image", "subject"])
def test_every_part_of_a_message_is_compared(part: str) -> None:
    (found,) = compare_file("report.eml", message(part), message(), TERMS).alterations
    said = {"plain": "line 2", "html": "section", "image": "the whole file", "subject": "header Subject"}
    assert said[part] in str(found)


def message(changed: str = "") -> bytes:
    """A mail of which one part has another digit."""
    number = {name: "91.83" if changed == name else "91.73" for name in ("plain", "html", "subject")}
    mail = EmailMessage()
    mail["Subject"] = f"A model: {number['subject']} %"
    mail.set_content(f"A model\n{number['plain']} %\n")
    mail.add_alternative(f"<section id='section-a'>{number['html']} %</section>", subtype="html")
    image = b"\x89PNG\0" + (b"b" if changed == "image" else b"a")
    mail.add_attachment(image, maintype="image", subtype="png", filename="a.png")
    mail.set_boundary("b" * 20)
    for at, inner in enumerate(part for part in mail.walk() if part.is_multipart()):
        inner.set_boundary(f"b{at}")
    return mail.as_bytes()


def test_what_is_not_what_its_name_says_is_told() -> None:
    (found,) = compare_file("metrics.json", b"{", b"{}", TERMS).alterations
    assert "not JSON" in str(found)
    (found,) = compare_file("report.pdf", b"%PDF-1.7 nothing", b"%PDF-1.7 something", TERMS).alterations
    assert "can't be read as a PDF" in str(found)
    deep = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
    (found,) = compare_file("metrics.json", deep, b"{}", TERMS).alterations
    assert "not JSON" in str(found)
    (found,) = compare_file(
        "report.eml", message().replace(b'charset="utf-8"', b'charset="utf-9"'), message(), TERMS
    ).alterations
    assert "can't be read as a mail: LookupError" in str(found)


def document(*lines: str) -> bytes:
    """A PDF of one page."""
    made = pikepdf.new()
    page = made.add_blank_page(page_size=(600, 800))
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
    drawn = "".join(f"1 0 0 1 50 {700 - 20 * at} Tm ({line}) Tj\n" for at, line in enumerate(lines))
    page.obj.Contents = made.make_stream(f"BT /F 12 Tf\n{drawn}ET".encode())
    made.docinfo["/Creator"] = "reportgen 1.0"
    buffer = BytesIO()
    made.save(buffer, static_id=True)
    return buffer.getvalue()


def enclosing(data: bytes, said: str = "See 1 file.") -> bytes:
    mail = EmailMessage()
    mail.set_content(said)
    mail.add_attachment(data, maintype="application", subtype="pdf", filename="report.pdf")
    mail.set_boundary("b" * 20)
    return mail.as_bytes()


WORDS = ("accuracy is 91.73 % of 10000", "images and the loss is 0.34 where", "it was 0.56 before; all is well.")
REFLOWED = ("accuracy is 91.73 %", "of 10000 images and the", "loss is 0.34 where it was", "0.56 before; all is well.")


@pytest.mark.parametrize("name", ["report.pdf", "report.eml"])
def test_of_a_document_with_other_fonts_numbers_alone_are_compared_in_a_mail_too(name: str) -> None:
    def wrap(data: bytes) -> bytes:
        return enclosing(data) if name.endswith(".eml") else data

    place = "part 3 (report.pdf), page 1" if name.endswith(".eml") else "page 1"
    given = wrap(document(*WORDS))
    result = compare_file(name, wrap(document(*REFLOWED)), given, TERMS)
    assert result.alterations == ()
    assert result.foreign
    assert any("its numbers were compared, its words were not" in note for note in result.notes)
    forged = compare_file(
        name, wrap(document(*(line.replace("0.34", "0.31") for line in REFLOWED))), given, TERMS
    ).alterations
    assert [(one.file, one.place, one.printed, one.given) for one in forged] == [(name, place, "0.31", "0.34")]


def test_a_mail_whose_document_alone_was_altered_names_its_place() -> None:
    changed = document(*WORDS[:2], "it was 0.57 before; all is well.")
    told = map(str, compare_file("report.eml", enclosing(changed), enclosing(document(*WORDS)), TERMS).alterations)
    assert any("part 3 (report.pdf), page 1: printed 0.57, the record gives 0.56" in one for one in told)
    (gone,) = compare_file("report.eml", enclosing(b""), enclosing(document(*WORDS)), TERMS).alterations
    assert "can't be read as a PDF" in str(gone)


def test_a_mail_says_the_size_of_its_own_document_which_other_fonts_make_another() -> None:
    ours, theirs = document(*WORDS), document(*WORDS, "x" * 300)
    told = [f"Attached as report.pdf ({numerals.bytes_text(len(data))})." for data in (ours, theirs)]
    assert told[0] != told[1]
    given = enclosing(ours, told[0])
    assert not [
        one
        for one in compare_file("report.eml", enclosing(theirs, told[1]), given, TERMS).alterations
        if "part 2" in one.place
    ]
    (lie,) = [
        one
        for one in compare_file("report.eml", enclosing(theirs, told[0]), given, TERMS).alterations
        if "part 2" in one.place
    ]
    assert lie.printed
